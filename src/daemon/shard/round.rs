//! A slice on its way to many peers. It is queued once, not once per peer: whoever has nothing else
//! waiting is written to straight from it.

use std::collections::VecDeque;
use std::slice;

use bytes::Bytes;

use super::share::Share;

/// One slice and who gets it.
#[derive(Debug)]
pub(super) struct Round {
    share: Share,
    slots: Vec<u32>,
    /// Those before this place have got it.
    next: usize,
}

impl Round {
    pub(super) fn new(share: Share, slots: Vec<u32>) -> Self {
        Self {
            share,
            slots,
            next: 0,
        }
    }

    /// What it costs to look for a peer here, in places looked at: to come here costs as much as some.
    pub(super) fn search_cost(&self) -> usize {
        self.slots.len() - self.next + 16
    }

    /// Who gets the slice next.
    pub(super) fn next_slot(&mut self) -> Option<u32> {
        while let Some(&slot) = self.slots.get(self.next) {
            self.next += 1;
            if slot != SERVED {
                return Some(slot);
            }
        }
        None
    }

    /// Hands over what a peer gets, in pieces; nothing when it gets nothing.
    pub(super) fn give(&self, slot: u32, give: impl FnOnce(&[Bytes])) {
        match self.share.pieces(slot) {
            None => give(slice::from_ref(self.share.slice())),
            Some(pieces) if pieces.is_empty() => {}
            Some(pieces) => give(&pieces),
        }
    }
}

/// Takes a peer out of all rounds that have not reached it; returns what it was to get of them.
pub(super) fn withdraw(rounds: &mut VecDeque<Round>, slot: u32) -> Vec<Bytes> {
    let mut owed = Vec::new();
    for round in rounds {
        let waiting = &mut round.slots[round.next..];
        if let Some(place) = waiting.iter_mut().find(|place| **place == slot) {
            *place = SERVED;
            round.give(slot, |pieces| owed.extend_from_slice(pieces));
        }
    }
    owed
}

/// In the place of a slot that got the slice ahead of its turn.
const SERVED: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(round: &mut Round) -> Vec<u32> {
        std::iter::from_fn(|| round.next_slot()).collect()
    }

    #[test]
    fn who_is_withdrawn_is_owed_only_what_has_not_reached_it() {
        let mut rounds = VecDeque::from([
            Round::new(Bytes::from_static(b"a").into(), vec![1, 2, 3]),
            Round::new(Bytes::from_static(b"b").into(), vec![3, 2, 1]),
        ]);
        assert_eq!(rounds[0].next_slot(), Some(1));
        assert_eq!(withdraw(&mut rounds, 1), ["b"]);
        assert_eq!(withdraw(&mut rounds, 2), ["a", "b"]);
        assert!(withdraw(&mut rounds, 2).is_empty());
        assert_eq!(rest(&mut rounds[0]), [3]);
        assert_eq!(rest(&mut rounds[1]), [3]);
    }
}

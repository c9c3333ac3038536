//! Those in a room who hear it in one dialect, and the turn as it is rendered for them.

use std::mem;

use bytes::Bytes;

use crate::daemon::shard::{Gap, Share};

/// The members of one dialect.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// Slots of the sessions that hear the whole turn.
    members: Vec<u32>,
    /// Those that entered in this turn, and the place in `turn` from which they hear it.
    entered: Vec<(u32, usize)>,
    turn: Vec<u8>,
    lines: u64,
    /// A guess at how long the next turn will be.
    last_turn_bytes: usize,
    /// Pieces of `turn` that single members must not hear, because they do not want to hear the speaker,
    pub(super) skips: Vec<Gap>,
    /// or because they said it and want no echo. Apart, so that each kind finds its last ones to make longer.
    pub(super) own_lines: Vec<Gap>,
}

impl Side {
    /// From which place of the turn a member hears it; `None` of who is no member.
    fn heard_from(&self, slot: u32) -> Option<usize> {
        let mut entered = self.entered.iter();
        let from = entered
            .find(|&&(member, _)| member == slot)
            .map(|&(_, from)| from);
        from.or_else(|| self.members.contains(&slot).then_some(0))
    }

    pub(super) fn has(&self, slot: u32) -> bool {
        self.heard_from(slot).is_some()
    }

    pub(super) fn owes(&self, slot: u32) -> bool {
        !self.turn.is_empty()
            && self
                .heard_from(slot)
                .is_some_and(|from| self.turn.len() > from)
    }

    pub(super) fn hearers(&self) -> usize {
        self.members.len() + self.entered.len()
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        let entered = self.entered.iter().map(|&(slot, _)| slot);
        self.members.iter().copied().chain(entered)
    }

    /// Whether nobody hears it, and nothing is left to be heard.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_heard() && self.turn.is_empty()
    }

    pub(super) fn enter(&mut self, slot: u32) {
        debug_assert!(!self.has(slot), "nobody enters twice");
        self.entered.push((slot, self.turn.len()));
    }

    /// Takes a member out; returns what it has not been given. Whoever is none is owed nothing.
    pub(super) fn leave(&mut self, slot: u32) -> Vec<u8> {
        let heard_from = if let Some(at) = self.members.iter().position(|&it| it == slot) {
            self.members.swap_remove(at);
            0
        } else if let Some(at) = self.entered.iter().position(|&(it, _)| it == slot) {
            self.entered.swap_remove(at).1
        } else {
            return Vec::new();
        };
        let is_its = |gap: &mut Gap| gap.slot == slot;
        let mut gaps: Vec<Gap> = self.skips.extract_if(.., is_its).collect();
        gaps.extend(self.own_lines.extract_if(.., is_its));
        gaps.sort_unstable();
        self.without(&gaps, heard_from)
    }

    pub(super) fn append(
        &mut self,
        except: &[u32],
        unechoed: Option<u32>,
        render: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        if !self.is_heard() || unechoed.is_some_and(|slot| self.is_alone(slot)) {
            return 0;
        }
        if self.turn.is_empty() {
            self.turn.reserve(self.last_turn_bytes.min(TURN_BYTES_KEPT));
        }
        let from = self.turn.len();
        render(&mut self.turn);
        let to = self.turn.len();
        if to > from {
            self.lines += 1;
            self.skip(except, from, to);
            if let Some(slot) = unechoed {
                self.skip_own(slot, from, to);
            }
        }
        to - from
    }

    pub(super) fn is_heard(&self) -> bool {
        !self.members.is_empty() || !self.entered.is_empty()
    }

    /// Hands the turn's lines to the members and begins anew. Returns the deliveries.
    pub(super) fn seal(&mut self, give: &mut impl FnMut(Share, &[u32])) -> u64 {
        let mut gaps = mem::take(&mut self.skips);
        gaps.append(&mut mem::take(&mut self.own_lines));
        for (slot, from) in self.entered.drain(..) {
            self.members.push(slot);
            if from > 0 {
                let (from, to) = (0, from);
                gaps.push(Gap { slot, from, to });
            }
        }
        let deliveries = self.lines * self.members.len() as u64;
        if !self.turn.is_empty() {
            self.last_turn_bytes = self.turn.len();
            let whole = Bytes::from(mem::take(&mut self.turn));
            give(Share::new(whole, gaps), &self.members);
        }
        self.lines = 0;
        if self.members.is_empty() {
            *self = Self::default(); // whoever fills the room next begins small
        }
        deliveries
    }

    /// Whether this member is the only one to hear the room.
    fn is_alone(&self, slot: u32) -> bool {
        match (&self.members[..], &self.entered[..]) {
            ([member], []) | ([], [(member, _)]) => *member == slot,
            _ => false,
        }
    }

    /// Notes a member's own line, which it must not hear. What it says without a break is one gap.
    fn skip_own(&mut self, slot: u32, from: usize, to: usize) {
        match self.own_lines.last_mut() {
            Some(last) if last.slot == slot && last.to == from => last.to = to,
            _ => self.own_lines.push(Gap { slot, from, to }),
        }
    }

    /// Notes a piece that these members must not hear. Those who have group chat off miss line
    /// after line: their gaps grow instead of becoming more.
    fn skip(&mut self, except: &[u32], from: usize, to: usize) {
        let latest = self.skips.len().saturating_sub(except.len());
        let are_adjacent = self.skips[latest..]
            .iter()
            .map(|skip| (skip.slot, skip.to))
            .eq(except.iter().map(|&slot| (slot, from)));
        if are_adjacent {
            for skip in &mut self.skips[latest..] {
                skip.to = to;
            }
        } else {
            let skips = except.iter().map(|&slot| Gap { slot, from, to });
            self.skips.extend(skips);
        }
    }

    /// The turn from a place on, without one member's gaps.
    fn without(&self, gaps: &[Gap], heard_from: usize) -> Vec<u8> {
        let mut rest = Vec::new();
        let mut at = heard_from;
        for gap in gaps.iter().filter(|gap| gap.from >= heard_from) {
            rest.extend_from_slice(&self.turn[at..gap.from]);
            at = gap.to;
        }
        rest.extend_from_slice(&self.turn[at..]);
        rest
    }
}

/// Most bytes set aside for a turn that has only begun.
const TURN_BYTES_KEPT: usize = 64 * 1024;

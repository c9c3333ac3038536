//! Which messages came under an id of their sender's client, so that a message that is sent again after
//! a reconnect is found to have been said. Bounded in time and number.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use super::history::{ClientMsgId, OwnerId, RESENDS_KEPT_FOR_MS, RESENDS_MAX, Sent};
use super::id::MessageId;
use super::time::UnixMillis;

/// The messages of the last ten minutes that have such an id.
#[derive(Debug, Default)]
pub(super) struct Resends {
    /// In the order of their ids.
    sent: VecDeque<Sent>,
    /// Only looked up, never walked through: its order hangs on chance.
    by_client: HashMap<(OwnerId, ClientMsgId), Said>,
}

/// What the first ack of a message said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) id: MessageId,
    pub(super) at: UnixMillis,
    /// As far as is known: whether it waits for the disk still is for others to say.
    pub(super) is_kept: bool,
}

impl Resends {
    /// How a message was said already.
    pub(super) fn find(
        &mut self,
        owner: OwnerId,
        client_msgid: &ClientMsgId,
        now: UnixMillis,
    ) -> Option<Said> {
        self.forget_old(now);
        let found = self.by_client.get(&(owner, client_msgid.clone()));
        found.copied()
    }

    pub(super) fn remember(&mut self, sent: Sent) {
        self.forget_old(sent.at);
        let key = (sent.owner, sent.client_msgid.clone());
        let said = Said {
            id: sent.id,
            at: sent.at,
            is_kept: true,
        };
        self.by_client.insert(key, said);
        self.sent.push_back(sent);
        if self.sent.len() > RESENDS_MAX {
            self.forget_first();
        }
    }

    /// These could not be kept: said again, they are new.
    pub(super) fn forget(&mut self, from: MessageId, upto: MessageId) {
        for sent in self.sent.drain(range_of(&self.sent, from, upto)) {
            self.by_client.remove(&(sent.owner, sent.client_msgid));
        }
    }

    /// These were said, but could not be kept.
    pub(super) fn note_lost(&mut self, from: MessageId, upto: MessageId) {
        for sent in self.sent.range(range_of(&self.sent, from, upto)) {
            let key = (sent.owner, sent.client_msgid.clone());
            if let Some(said) = self.by_client.get_mut(&key) {
                said.is_kept = false;
            }
        }
    }

    fn forget_old(&mut self, now: UnixMillis) {
        let oldest = now.0.saturating_sub(RESENDS_KEPT_FOR_MS);
        while self.sent.front().is_some_and(|sent| sent.at.0 < oldest) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(sent) = self.sent.pop_front() {
            self.by_client.remove(&(sent.owner, sent.client_msgid));
        }
    }
}

/// Where those stand that have ids from `from` to `upto`.
fn range_of(sent: &VecDeque<Sent>, from: MessageId, upto: MessageId) -> Range<usize> {
    let first = sent.partition_point(|sent| sent.id < from);
    let end = sent.partition_point(|sent| sent.id <= upto);
    first..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(owner: u64, name: &str, id: u64) -> Sent {
        Sent {
            owner: OwnerId(owner),
            client_msgid: ClientMsgId::new(name).unwrap(),
            id: MessageId(id),
            at: UnixMillis(id),
        }
    }

    fn find(resends: &mut Resends, owner: u64, name: &str, now: u64) -> Option<u64> {
        let name = ClientMsgId::new(name).unwrap();
        let found = resends.find(OwnerId(owner), &name, UnixMillis(now));
        found.map(|said| said.id.0)
    }

    #[test]
    fn a_message_is_found_by_its_sender_for_ten_minutes() {
        let mut resends = Resends::default();
        resends.remember(sent(1, "a", 1000));
        assert_eq!(find(&mut resends, 1, "a", 601_000), Some(1000));
        assert_eq!(find(&mut resends, 2, "a", 601_000), None);
        assert_eq!(find(&mut resends, 1, "a", 601_001), None);
    }

    #[test]
    fn what_was_lost_may_be_said_again() {
        let mut resends = Resends::default();
        for (name, id) in [("a", 1), ("b", 2), ("c", 3)] {
            resends.remember(sent(1, name, id));
        }
        resends.forget(MessageId(2), MessageId(2));
        let found = ["a", "b", "c"].map(|name| find(&mut resends, 1, name, 3));
        assert_eq!(found, [Some(1), None, Some(3)]);
    }

    #[test]
    fn what_was_said_and_not_kept_is_remembered_as_that() {
        let mut resends = Resends::default();
        for (name, id) in [("a", 1), ("b", 2), ("c", 3)] {
            resends.remember(sent(1, name, id));
        }
        resends.note_lost(MessageId(2), MessageId(2));
        let found = ["a", "b", "c"].map(|name| {
            let name = ClientMsgId::new(name).unwrap();
            let found = resends.find(OwnerId(1), &name, UnixMillis(3));
            found.map(|said| said.is_kept)
        });
        assert_eq!(found, [Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn the_oldest_give_way_when_there_are_too_many() {
        let mut resends = Resends::default();
        for id in 0..=RESENDS_MAX as u64 {
            resends.remember(sent(id, "a", id));
        }
        assert_eq!(find(&mut resends, 0, "a", 1), None);
        assert_eq!(find(&mut resends, 1, "a", 1), Some(1));
        assert_eq!(resends.by_client.len(), RESENDS_MAX);
    }
}

//! Writing: rounds and outboxes into sockets, slice by slice, and what becomes of a peer that does
//! not take what it is sent. Nothing here waits.

use std::io::{self, IoSlice};
use std::mem;
use std::time::Duration;

use bytes::Bytes;
use smallvec::SmallVec;

use super::deadlines::Due;
use super::link::Stage;
use super::outbox::Written;
use super::round::{self, Round};
use super::way::Way;
use super::{Report, Shard};

impl Shard {
    /// Writes to at most `flush_slice` peers that have something of their own, and to as many that
    /// share something with others. Says whether there is more to write or to report.
    pub fn flush(&mut self, now: Duration) -> bool {
        self.meet_deadlines(now);
        let places: usize = self.rounds.iter().map(Round::search_cost).sum();
        for _ in 0..self.bounds.flush_slice {
            let Some(slot) = self.urgent.pop_front() else {
                break;
            };
            if places <= PLACES_SEARCHED_MAX {
                self.catch_up(slot); // one write for both
            }
            if let Some(link) = self.link(slot) {
                link.is_queued = false;
            }
            self.flush_link(slot);
            self.watch(slot);
        }
        self.flush_rounds();
        self.cut_slow_readers();
        self.has_writes() || self.has_news()
    }

    /// Whether somebody is to be written to at once.
    pub(super) fn has_writes(&self) -> bool {
        !self.urgent.is_empty() || self.is_flushing()
    }

    /// Whether something has happened that has not been reported.
    pub(super) fn has_news(&self) -> bool {
        !self.happened.is_empty()
    }

    /// Whether something shared is still on its way, so that the next turn had better wait.
    #[must_use]
    pub fn is_flushing(&self) -> bool {
        !self.rounds.is_empty()
    }

    fn flush_rounds(&mut self) {
        let mut left = self.bounds.flush_slice;
        while let Some(mut round) = self.rounds.pop_front() {
            while left > 0
                && let Some(slot) = round.next_slot()
            {
                left -= 1;
                round.give(slot, |pieces| self.deliver(slot, pieces));
            }
            if left == 0 {
                self.rounds.push_front(round); // if it was the last one, the next slice finds out
                return;
            }
        }
    }

    /// Writes pieces of a shared slice to one peer, behind what waits for it already.
    fn deliver(&mut self, slot: u32, pieces: &[Bytes]) {
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        if !link.takes_more() {
            return;
        }
        if link.must_queue() {
            for piece in pieces {
                link.outbox().push_shared(piece.clone());
            }
            self.queued(slot);
            return;
        }
        let mut way = Way::new(&link.socket, link.tls.as_deref_mut(), &mut self.tls_buffers);
        let written = match pieces {
            [piece] => way.write(piece),
            pieces => {
                let slices: SmallVec<[IoSlice<'_>; 4]> =
                    pieces.iter().map(|piece| IoSlice::new(piece)).collect();
                way.write_vectored(&slices)
            }
        };
        let has_unsent = way.has_unsent();
        self.tally.writes += way.calls as u64;
        let written = match written {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return self.fail(slot, error),
        };
        link.bytes_written += written as u64;
        self.tally.bytes_written += written as u64;
        let bytes: usize = pieces.iter().map(Bytes::len).sum();
        if written < bytes || has_unsent {
            if written < bytes {
                link.outbox().push_rest(pieces, written);
            }
            link.is_blocked = true;
            self.tally.writes_short += 1;
            self.watch(slot);
            self.note_overflow(slot);
        }
    }

    /// Notes that something was queued for a peer.
    pub(super) fn queued(&mut self, slot: u32) {
        self.note_overflow(slot);
        self.mark(slot);
    }

    fn note_overflow(&mut self, slot: u32) {
        let limit = self.bounds.send_queue_bytes;
        if self
            .link(slot)
            .is_some_and(|link| link.queued_bytes() > limit)
        {
            self.overflowed.push(slot);
        }
    }

    /// Puts a connection into the list of those to be written to.
    pub(super) fn mark(&mut self, slot: u32) {
        let Some(link) = self.link(slot) else {
            return;
        };
        if !mem::replace(&mut link.is_queued, true) {
            self.urgent.push_back(slot);
        }
    }

    /// Writes what waits for one peer, as far as the kernel takes it and its pace allows. The caller
    /// sees to what the kernel is to tell.
    pub(super) fn flush_link(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        if link.is_blocked || link.stage == Stage::Failed {
            return;
        }
        if link.tls.is_some() && !self.flush_tls(slot) {
            return;
        }
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        let is_waiting = link
            .pace
            .as_ref()
            .is_some_and(|pace| pace.next_at.is_some());
        let Some(outbox) = link.outbox.as_mut() else {
            return self.sent(slot);
        };
        if is_waiting {
            if link.stage == Stage::Draining && !link.is_patient {
                self.remove(slot);
            }
            return;
        }
        let mut way = Way::new(&link.socket, link.tls.as_deref_mut(), &mut self.tls_buffers);
        let written = match &mut link.pace {
            None => outbox.write_to(&mut way),
            Some(pace) => {
                let next_at = self.now + pace.pause;
                pace.next_at = Some(next_at);
                self.deadlines.add(next_at, slot, Due::Object);
                outbox.write_object_to(&mut way)
            }
        };
        let has_unsent = way.has_unsent();
        self.tally.writes += way.calls as u64;
        let Written { bytes, blocked } = match written {
            Ok(written) => written,
            Err(error) => return self.fail(slot, error),
        };
        let blocked = blocked || has_unsent;
        link.bytes_written += bytes as u64;
        link.is_blocked = blocked;
        self.tally.bytes_written += bytes as u64;
        self.tally.writes_short += u64::from(blocked);
        if blocked && link.stage == Stage::Draining && !link.is_patient {
            self.remove(slot);
        } else if link
            .outbox
            .as_ref()
            .is_some_and(|outbox| outbox.bytes() == 0)
        {
            link.outbox = None;
            if !blocked {
                self.sent(slot);
            }
        }
    }

    /// Everything that waited for a peer has left. If that was the end, the peer is told.
    fn sent(&mut self, slot: u32) {
        let ends_at = self.now + LINGER;
        let Some(link) = self.link(slot) else {
            return;
        };
        if link.stage != Stage::Draining {
            return;
        }
        if link.tls.is_some() && !self.says_good_bye_by_tls(slot) {
            return;
        }
        let Some(link) = self.link(slot) else {
            return;
        };
        // Who has finished is waiting for nothing. Else those who have been let in come before
        // those who go.
        if link.has_ended || !link.is_patient {
            return self.remove(slot);
        }
        link.socket.finish();
        link.stage = Stage::Lingering;
        let before = link.ends_at();
        link.set_ends_at(ends_at);
        self.deadlines.remove(before, slot, Due::End);
        self.deadlines.add(ends_at, slot, Due::End);
    }

    /// The next object may go to a paced peer.
    pub(super) fn pace_is_over(&mut self, slot: u32) {
        if let Some(pace) = self.link(slot).and_then(|link| link.pace.as_mut()) {
            pace.next_at = None;
            self.mark(slot);
        }
    }

    /// Puts what rounds still have for a peer into its outbox, so that what comes next is behind it.
    pub(super) fn catch_up(&mut self, slot: u32) {
        for slice in round::withdraw(&mut self.rounds, slot) {
            if let Some(link) = self.link(slot).filter(|link| link.takes_more()) {
                link.outbox().push_shared(slice);
                self.queued(slot);
            }
        }
    }

    /// Peers who do not read what they are sent keep nobody waiting and no memory. Slow is only
    /// who does not take it now: a burst within one turn says nothing about its hearers.
    fn cut_slow_readers(&mut self) {
        while let Some(slot) = self.overflowed.pop() {
            self.flush_link(slot);
            let limit = self.bounds.send_queue_bytes;
            let Some(link) = self.link(slot).filter(|link| link.takes_more()) else {
                continue;
            };
            let queued_bytes = link.queued_bytes();
            if queued_bytes > limit {
                link.stage = Stage::Cut;
                link.release(&[]);
                link.outbox().forget_unbegun();
                let report = Report::Overflowed { slot, queued_bytes };
                self.happened.push(report);
            }
            self.watch(slot);
        }
    }
}

/// Places in rounds among which a peer is looked for, to spare it a second write: looking for one
/// among so many costs half as much as a write.
const PLACES_SEARCHED_MAX: usize = 16 * 1024;
/// How long a peer may take to close its side after we have closed ours.
const LINGER: Duration = Duration::from_secs(1);

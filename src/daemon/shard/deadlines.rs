//! When something must happen on a connection although its socket says nothing: the next object of a
//! paced peer, the end of a handshake, and of the patience with one that is closing. Idle connections stand nowhere.

use std::collections::BTreeSet;
use std::time::Duration;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The next object may go.
    Object,
    /// TLS must have been agreed on.
    Handshake,
    /// The connection is closed, sent or not.
    End,
}

/// Moments as uptime, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Deadlines(BTreeSet<(Duration, u32, Due)>);

impl Deadlines {
    pub(super) fn add(&mut self, at: Duration, slot: u32, due: Due) {
        self.0.insert((at, slot, due));
    }

    pub(super) fn remove(&mut self, at: Duration, slot: u32, due: Due) {
        self.0.remove(&(at, slot, due));
    }

    /// Takes one that has come.
    pub(super) fn pop(&mut self, now: Duration) -> Option<(u32, Due)> {
        self.0.first().filter(|(at, ..)| *at <= now)?;
        self.0.pop_first().map(|(_, slot, due)| (slot, due))
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.0.first().map(|&(at, ..)| at)
    }
}

//! Which message ids may have been given out. An id must never be given twice, also after a crash, although
//! most events are kept nowhere: so the database knows a *ceiling* that runs ahead of them.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::hub::id::MessageId;

use super::clock::ids_of;

/// How far the ceiling runs ahead when it is raised.
const AHEAD: u64 = ids_of(3_000);

/// When an id comes so near to it, it is raised: half of the way leaves a second and a half for the disk.
const NEAR: u64 = AHEAD / 2;

/// The ids that matter, each of them only rising.
#[derive(Debug)]
pub(super) struct Ids {
    /// Of the newest record that was taken.
    pushed: AtomicU64,
    /// Of the newest record that is in the database or was lost, and all before it.
    settled: AtomicU64,
    /// The same, of what is in the database on the disk.
    durable: AtomicU64,
    /// The newest that was ever given, kept or not.
    given: AtomicU64,
    /// The ceiling in the database.
    ceiling: AtomicU64,
}

impl Ids {
    pub(super) fn new(ceiling: MessageId) -> Self {
        Self {
            pushed: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            durable: AtomicU64::new(0),
            given: AtomicU64::new(ceiling.0),
            ceiling: AtomicU64::new(ceiling.0),
        }
    }

    /// A record was taken. One thread does this, and in order.
    pub(super) fn push(&self, id: MessageId) {
        self.pushed.store(id.0, Ordering::Release);
        self.given.fetch_max(id.0, Ordering::Relaxed);
    }

    pub(super) fn pushed(&self) -> MessageId {
        MessageId(self.pushed.load(Ordering::Acquire))
    }

    pub(super) fn settle(&self, upto: MessageId) {
        self.settled.fetch_max(upto.0, Ordering::Release);
    }

    pub(super) fn settled(&self) -> MessageId {
        MessageId(self.settled.load(Ordering::Acquire))
    }

    /// What was settled up to now is on the disk.
    pub(super) fn make_durable(&self, upto: MessageId) {
        self.durable.fetch_max(upto.0, Ordering::Release);
    }

    pub(super) fn durable(&self) -> MessageId {
        MessageId(self.durable.load(Ordering::Acquire))
    }

    /// An id was given to something that is not kept. Whether the ceiling should be raised.
    pub(super) fn give(&self, id: MessageId) -> bool {
        self.given.fetch_max(id.0, Ordering::Relaxed);
        id.0.saturating_add(NEAR) > self.ceiling.load(Ordering::Relaxed)
    }

    /// Whether something was given so near to the ceiling that it should be raised.
    pub(super) fn is_near(&self) -> bool {
        self.give(self.given())
    }

    pub(super) fn given(&self) -> MessageId {
        MessageId(self.given.load(Ordering::Relaxed))
    }

    /// Where the ceiling must be for `newest` to be given: what is written down with it.
    pub(super) fn ceiling_above(&self, newest: MessageId) -> MessageId {
        let wanted = newest.0.max(self.given().0).saturating_add(AHEAD);
        MessageId(wanted.max(self.ceiling.load(Ordering::Relaxed)))
    }

    /// The ceiling was written down.
    pub(super) fn raised(&self, ceiling: MessageId) {
        self.ceiling.fetch_max(ceiling.0, Ordering::Relaxed);
    }
}

/// An id as SQLite has it. Ids of the next centuries have no highest bit; what has one was made up by a
/// client and is beyond everything.
pub(super) fn to_sql(id: MessageId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}

/// The way back.
pub(super) fn from_sql(id: i64) -> MessageId {
    MessageId(id.cast_unsigned())
}

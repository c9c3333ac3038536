//! What the store tells its owner, and the box in which the threads leave it. Whoever leaves something
//! rings once per batch; the owner takes everything at once and never waits for a disk.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::hub::history::{Answer, Ticket, Trouble};
use crate::hub::id::MessageId;

use super::clock;

/// One thing that has happened in the store.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Every record up to this id that was not reported as lost is kept.
    Kept { upto: MessageId },
    /// The records with these ids, both included, are not kept and never will be.
    Lost {
        from: MessageId,
        upto: MessageId,
        why: Trouble,
    },
    /// Records are kept again.
    Works,
    /// Records cannot be kept, or not fast enough, until [`News::Works`]. Comes again when the reason
    /// changes.
    Fails(Trouble),
    /// Nothing can be searched for until [`News::SearchWorks`]: the sentence says why and what to do. Comes
    /// again when the reason changes.
    SearchFails(String),
    /// The search index follows the history again.
    SearchWorks,
    /// The answer to a question.
    Answered { ticket: Ticket, answer: Answer },
}

/// Where news wait for the owner. Bounded by what its owner gave us: one answer per question, and one
/// line per batch.
pub(super) struct Newsbox {
    waiting: Mutex<Vec<News>>,
    ring: Box<dyn Fn() + Send + Sync>,
}

impl Newsbox {
    pub(super) fn new(ring: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            waiting: Mutex::default(),
            ring: Box::new(ring),
        }
    }

    /// Leaves all of `news` and rings once, or does nothing when there is none. Two `Kept` in a row
    /// become one, so that an owner who never looks does not make the box grow with every batch.
    pub(super) fn leave(&self, news: impl IntoIterator<Item = News>) {
        let mut any = false;
        {
            let mut waiting = locked(&self.waiting);
            for one in news {
                any = true;
                if let (Some(News::Kept { upto }), News::Kept { upto: later }) =
                    (waiting.last_mut(), &one)
                {
                    *upto = *later;
                } else {
                    waiting.push(one);
                }
            }
        }
        if any {
            (self.ring)();
        }
    }

    pub(super) fn take(&self, out: &mut Vec<News>) {
        out.append(&mut locked(&self.waiting));
    }
}

impl fmt::Debug for Newsbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newsbox").finish_non_exhaustive()
    }
}

/// A lock, whether or not a thread died with it: a thread of the store that panics takes the process
/// with it, so nobody ever sees what it left half done.
pub(super) fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits to be woken, at most until `deadline`; says whether that is over.
pub(super) fn wait_until<'a, T>(
    wake: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> (MutexGuard<'a, T>, bool) {
    let Some(deadline) = deadline else {
        let guard = wake.wait(guard);
        return (guard.unwrap_or_else(PoisonError::into_inner), false);
    };
    let left = deadline.saturating_duration_since(clock::now());
    if left.is_zero() {
        return (guard, true);
    }
    let woken = wake.wait_timeout(guard, left);
    let (guard, _) = woken.unwrap_or_else(PoisonError::into_inner);
    (guard, false)
}

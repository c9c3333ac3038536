//! What the store's threads share: letter boxes, counters and the files' names. Each part guards itself, and
//! no lock in it is ever held while a disk is waited for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::clock;
use super::commit_log::CommitLog;
use super::condition::Condition;
use super::disk::Identity;
use super::ids::Ids;
use super::inbox::Inbox;
use super::ledger::{Files, Gauges};
use super::news::{Newsbox, locked, wait_until};
use super::options::{Durability, Retention};
use super::questions::Questions;
use super::renaming::Held;
use super::search::Progress;

/// All of it.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) files: Files,
    /// The database's files as they were when it was opened.
    pub(super) identity: Identity,
    pub(super) pace: Pace,
    pub(super) news: Newsbox,
    pub(super) inbox: Inbox,
    pub(super) backlog: Backlog,
    /// For the writer: the committer has no log, or none that can be trusted, and waits for another.
    pub(super) needs_log: AtomicBool,
    /// For the committer: that other log.
    pub(super) new_log: Mutex<Option<CommitLog>>,
    /// For the committer: a half of the log may be written over.
    pub(super) log_room: Bell,
    pub(super) questions: Questions,
    /// Renamings that wait for what was said before them.
    pub(super) renamings: Held,
    pub(super) ids: Ids,
    pub(super) condition: Condition,
    pub(super) settings: Mutex<Settings>,
    pub(super) meter: Meter,
    pub(super) gauges: Arc<Gauges>,
    /// For the search index: something was kept or changed.
    pub(super) index: Bell,
    pub(super) progress: Progress,
    /// For the checkpointer: the write-ahead log has grown.
    pub(super) checkpoint: Bell,
    /// For the watch: so much waits that it should look.
    pub(super) watch: Bell,
}

/// What may be changed while the store runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) durability: Durability,
    pub(super) retention: Retention,
}

impl Shared {
    pub(super) fn settings(&self) -> Settings {
        *locked(&self.settings)
    }

    /// Has every thread end, in any order.
    pub(super) fn close(&self) {
        self.inbox.close();
        self.backlog.close();
        self.questions.close();
        self.index.close();
        self.checkpoint.close();
        self.watch.close();
    }

    /// Whether the files are still those that were opened.
    pub(super) fn files_are_ours(&self) -> bool {
        Identity::of(&self.files.database) == self.identity
    }
}

/// How patient the store is; a test is less so.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// How long a question may take, waiting included.
    pub(super) question_limit: Duration,
    /// How long records may wait before the disk is called too slow.
    pub(super) stall_after: Duration,
    /// How often a disk that failed is tried, and the files are looked at.
    pub(super) look_every: Duration,
    /// How often messages are looked for that are too old or too many.
    pub(super) sweep_every: Duration,
    /// How long committed records gather before the database gets them, if nobody asks about them.
    pub(super) gather: Duration,
}

impl Pace {
    pub(super) const USUAL: Self = Self {
        question_limit: Duration::from_secs(5),
        stall_after: Duration::from_secs(5),
        look_every: Duration::from_secs(1),
        sweep_every: Duration::from_secs(10),
        gather: Duration::from_millis(200),
    };
}

/// What was done since the start.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// All that are kept, from before the start too.
    pub(super) messages: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) records: AtomicU64,
    pub(super) lost: AtomicU64,
    pub(super) largest_batch: AtomicU64,
    pub(super) last_commit_us: AtomicU64,
    pub(super) longest_commit_us: AtomicU64,
}

impl Meter {
    pub(super) fn committed(&self, records: usize, took: Duration) {
        let records = records as u64;
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.records.fetch_add(records, Ordering::Relaxed);
        self.largest_batch.fetch_max(records, Ordering::Relaxed);
        self.last_commit_us.store(us, Ordering::Relaxed);
        self.longest_commit_us.fetch_max(us, Ordering::Relaxed);
    }
}

/// Wakes one thread. Rung twice before that thread looks, it is still one call.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: Mutex<BellState>,
    wake: Condvar,
    /// The state's `is_rung`, to be looked at without the lock.
    is_rung: AtomicBool,
}

#[derive(Debug, Default)]
struct BellState {
    is_rung: bool,
    is_closed: bool,
}

impl Bell {
    pub(super) fn ring(&self) {
        if self.is_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        locked(&self.state).is_rung = true;
        self.wake.notify_one();
    }

    /// The thread shall end.
    pub(super) fn close(&self) {
        locked(&self.state).is_closed = true;
        self.wake.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        locked(&self.state).is_closed
    }

    /// Waits for a ring, at most until `deadline`. Whether the thread may go on.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut state = locked(&self.state);
        while !state.is_rung && !state.is_closed {
            let is_over;
            (state, is_over) = wait_until(&self.wake, state, deadline);
            if is_over {
                break;
            }
        }
        state.is_rung = false;
        self.is_rung.store(false, Ordering::Release);
        !state.is_closed
    }

    /// Waits for `time`, whatever rings. Whether the thread may go on.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let end = Some(clock::now() + time);
        let mut state = locked(&self.state);
        while !state.is_closed {
            let is_over;
            (state, is_over) = wait_until(&self.wake, state, end);
            if is_over {
                break;
            }
        }
        !state.is_closed
    }
}

//! What waits for the writer: records, bounded by their bytes, and jobs of operators, bounded by their
//! number. Pushing is a short lock and no system call while the writer is awake; the writer takes all
//! records at once by swapping the list.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use crate::hub::history::{ClientMsgId, Record, RecordKind};

use super::error::Full;
use super::ledger::Ledger;
use super::news::{held, wait_until};
use crate::hub::history::Trouble;

/// Something that an operator asked for, done between two batches. It gets the trouble when there is no
/// database to do it with.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Ledger, Trouble>) + Send>;

/// Most jobs that wait.
const JOBS_MAX: usize = 64;

/// The writer's letter box.
pub(super) struct Inbox {
    state: Mutex<State>,
    wake: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    jobs: VecDeque<Job>,
    /// Taken and not settled yet, so also what the writer has in its hands.
    waiting_records: usize,
    waiting_bytes: usize,
    is_asleep: bool,
    is_poked: bool,
    is_closing: bool,
}

/// How full the inbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) records: usize,
    pub(super) bytes: usize,
    pub(super) bytes_max: usize,
}

impl Waiting {
    /// So much waits that the disk does not keep up.
    pub(super) fn is_high(self) -> bool {
        self.bytes / 3 > self.bytes_max / 4
    }

    /// So little that it does again.
    pub(super) fn is_low(self) -> bool {
        self.bytes <= self.bytes_max / 4
    }
}

impl Inbox {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            bytes_max,
        }
    }

    /// Takes a record; says how full it is now.
    pub(super) fn push(&self, record: Record) -> Result<Waiting, Full> {
        let bytes = size_of_record(&record);
        let mut state = held(&self.state);
        let is_full = state.waiting_bytes.saturating_add(bytes) > self.bytes_max;
        if state.is_closing || (is_full && state.waiting_records > 0) {
            return Err(Full);
        }
        state.records.push(record);
        state.waiting_records += 1;
        state.waiting_bytes += bytes;
        let waiting = self.measure(&state);
        if mem::take(&mut state.is_asleep) {
            drop(state);
            self.wake.notify_one();
        }
        Ok(waiting)
    }

    pub(super) fn push_job(&self, job: Job) -> Result<(), Full> {
        let mut state = held(&self.state);
        if state.is_closing || state.jobs.len() >= JOBS_MAX {
            return Err(Full);
        }
        state.jobs.push_back(job);
        state.is_asleep = false;
        self.wake.notify_one();
        Ok(())
    }

    /// Wakes the writer to look at what else is to be done.
    pub(super) fn poke(&self) {
        let mut state = held(&self.state);
        state.is_poked = true;
        state.is_asleep = false;
        self.wake.notify_one();
    }

    /// Nothing more is taken from now on.
    pub(super) fn close(&self) {
        held(&self.state).is_closing = true;
        self.poke();
    }

    /// Waits until there is something to do, at most until `deadline`, and moves all records to `out`.
    pub(super) fn take(&self, out: &mut Vec<Record>, deadline: Option<Instant>) -> Taken {
        let mut state = held(&self.state);
        while state.is_idle() {
            state.is_asleep = true;
            let is_over;
            (state, is_over) = wait_until(&self.wake, state, deadline);
            if is_over {
                break;
            }
        }
        state.is_asleep = false;
        state.is_poked = false;
        if out.is_empty() {
            mem::swap(out, &mut state.records);
        } else {
            out.append(&mut state.records);
        }
        Taken {
            jobs: mem::take(&mut state.jobs),
            is_closing: state.is_closing,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        held(&self.state).is_closing
    }

    /// Whether something waits that the writer has not taken yet.
    pub(super) fn has_work(&self) -> bool {
        !held(&self.state).is_idle()
    }

    /// Records were kept or lost, and wait no more.
    pub(super) fn settle(&self, records: &[Record]) -> Waiting {
        let bytes: usize = records.iter().map(size_of_record).sum();
        let mut state = held(&self.state);
        state.waiting_records -= records.len();
        state.waiting_bytes -= bytes;
        self.measure(&state)
    }

    pub(super) fn waiting(&self) -> Waiting {
        self.measure(&held(&self.state))
    }

    fn measure(&self, state: &State) -> Waiting {
        Waiting {
            records: state.waiting_records,
            bytes: state.waiting_bytes,
            bytes_max: self.bytes_max,
        }
    }
}

/// What the writer found.
pub(super) struct Taken {
    pub(super) jobs: VecDeque<Job>,
    pub(super) is_closing: bool,
}

impl State {
    fn is_idle(&self) -> bool {
        self.records.is_empty() && self.jobs.is_empty() && !self.is_poked && !self.is_closing
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inbox").field(&self.waiting()).finish()
    }
}

/// What a record counts for, in bytes: itself and its texts. Names longer than 23 bytes are not counted.
pub(super) fn size_of_record(record: &Record) -> usize {
    let texts = match &record.kind {
        RecordKind::Said {
            text, client_msgid, ..
        } => {
            let own = client_msgid
                .as_ref()
                .map_or(0, |id: &ClientMsgId| id.as_str().len());
            text.len() + own
        }
        RecordKind::Edited { text, .. } => text.len(),
        RecordKind::TopicSet { topic, .. } => topic.as_ref().map_or(0, |topic| topic.len()),
        RecordKind::Deleted { .. } | RecordKind::MarkSet { .. } => 0,
    };
    size_of::<Record>() + texts
}

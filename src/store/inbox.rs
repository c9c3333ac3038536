//! What waits for the committer: records, bounded by their bytes. Pushing is a short lock and no system call
//! while the committer is awake; it takes all records at once by swapping the list. A record counts until
//! the database has it, so the bound holds for the writer's backlog too.

use std::fmt;
use std::mem;
use std::sync::{Condvar, Mutex};
use std::time::Instant;

use crate::hub::history::{ClientMsgId, Record, RecordKind};

use super::error::Full;
use super::news::{locked, wait_until};

/// The committer's letter box.
pub(super) struct Inbox {
    state: Mutex<State>,
    wake: Condvar,
    bytes_max: usize,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    /// Taken and not settled yet, so also those in the hands of committer and writer.
    waiting_records: usize,
    waiting_bytes: usize,
    is_asleep: bool,
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
        let mut state = locked(&self.state);
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

    /// Nothing more is taken from now on.
    pub(super) fn close(&self) {
        let mut state = locked(&self.state);
        state.is_closing = true;
        self.wake.notify_one();
    }

    /// Waits until there is something to do, at most until `deadline`, and moves all records to `out`.
    /// Whether nothing more will come.
    pub(super) fn take(&self, out: &mut Vec<Record>, deadline: Option<Instant>) -> bool {
        let mut state = locked(&self.state);
        while state.records.is_empty() && !state.is_closing {
            state.is_asleep = true;
            let is_over;
            (state, is_over) = wait_until(&self.wake, state, deadline);
            if is_over {
                break;
            }
        }
        state.is_asleep = false;
        if out.is_empty() {
            mem::swap(out, &mut state.records);
        } else {
            out.append(&mut state.records);
        }
        state.is_closing
    }

    /// Counts records that a start found in the log, and that wait for the writer.
    pub(super) fn count(&self, records: &[Record]) {
        let mut state = locked(&self.state);
        state.waiting_records += records.len();
        state.waiting_bytes += records.iter().map(size_of_record).sum::<usize>();
    }

    /// Records are in the database or were lost, and wait no more.
    pub(super) fn settle(&self, records: &[Record]) -> Waiting {
        let bytes: usize = records.iter().map(size_of_record).sum();
        let mut state = locked(&self.state);
        state.waiting_records -= records.len();
        state.waiting_bytes -= bytes;
        self.measure(&state)
    }

    pub(super) fn waiting(&self) -> Waiting {
        self.measure(&locked(&self.state))
    }

    fn measure(&self, state: &State) -> Waiting {
        Waiting {
            records: state.waiting_records,
            bytes: state.waiting_bytes,
            bytes_max: self.bytes_max,
        }
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
            text,
            client_msgid,
            tags,
            ..
        } => {
            let own = client_msgid
                .as_ref()
                .map_or(0, |id: &ClientMsgId| id.as_str().len());
            text.len() + own + tags.as_ref().map_or(0, |tags| tags.as_str().len())
        }
        RecordKind::Tagged { tags, .. } => tags.as_str().len(),
        RecordKind::Edited { text, .. } => text.len(),
        RecordKind::TopicSet { topic, .. } => topic.as_ref().map_or(0, |topic| topic.len()),
        RecordKind::Deleted { .. } | RecordKind::MarkSet { .. } => 0,
    };
    size_of::<Record>() + texts
}

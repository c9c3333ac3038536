//! What waits for the writer: committed records, which have time, and jobs of operators. Records gather for
//! a moment, since a thousand in one transaction cost a tenth of a thousand transactions; they are
//! hurried on when somebody asks about what was just said.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::hub::history::{Record, Trouble};
use crate::hub::id::MessageId;

use super::clock;
use super::error::Full;
use super::ledger::Ledger;
use super::news::{locked, wait_until};

/// Something that an operator asked for, done between two batches. It gets the trouble when there is no
/// database to do it with.
pub(super) type Job = Box<dyn FnOnce(Result<&mut Ledger, Trouble>) + Send>;

/// Most jobs that wait.
const JOBS_MAX: usize = 64;

/// So many records wait for no more.
const MANY: usize = 4096;

/// The writer's letter box. The inbox bounds the records in it.
pub(super) struct Backlog {
    state: Mutex<State>,
    wake: Condvar,
    gather: Duration,
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    /// When the first of them came.
    since: Option<Instant>,
    /// Records up to here are in the list, were taken from it, or were lost.
    upto: MessageId,
    /// Somebody waits for the records up to here.
    hurried: MessageId,
    jobs: VecDeque<Job>,
    wants_durable: bool,
    is_poked: bool,
    is_closing: bool,
}

/// What the writer found.
pub(super) struct Taken {
    /// With what was taken, all records up to here were taken or lost.
    pub(super) upto: MessageId,
    pub(super) jobs: VecDeque<Job>,
    /// What is in the database shall be on the disk.
    pub(super) wants_durable: bool,
    pub(super) is_closing: bool,
}

impl Backlog {
    /// A letter box in which records gather for `gather` at most.
    pub(super) fn new(gather: Duration) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            gather,
        }
    }

    /// Takes committed records, at least one.
    pub(super) fn add(&self, mut records: Vec<Record>) {
        let mut state = locked(&self.state);
        if let Some(last) = records.last() {
            state.upto = last.id;
        }
        if state.since.is_none() {
            state.since = Some(clock::now());
            self.wake.notify_one(); // the writer then knows how long to wait
        }
        state.records.append(&mut records);
        if state.records.len() >= MANY || state.is_hurried() {
            self.wake.notify_one();
        }
    }

    /// Records up to here will not come: they were lost.
    pub(super) fn pass(&self, upto: MessageId) {
        let mut state = locked(&self.state);
        state.upto = upto;
        state.is_poked = true;
        self.wake.notify_one();
    }

    /// Somebody waits for the records up to `upto`, which may be on their way here yet.
    pub(super) fn hurry(&self, upto: MessageId) {
        let mut state = locked(&self.state);
        state.hurried = state.hurried.max(upto);
        if state.is_hurried() {
            self.wake.notify_one();
        }
    }

    /// What is in the database shall be on the disk soon, so that the log may be written over.
    pub(super) fn want_durable(&self) {
        let mut state = locked(&self.state);
        if !mem::replace(&mut state.wants_durable, true) {
            self.wake.notify_one();
        }
    }

    pub(super) fn push_job(&self, job: Job) -> Result<(), Full> {
        let mut state = locked(&self.state);
        if state.is_closing || state.jobs.len() >= JOBS_MAX {
            return Err(Full);
        }
        state.jobs.push_back(job);
        self.wake.notify_one();
        Ok(())
    }

    /// One that has waited elsewhere, where there is a bound of its own.
    pub(super) fn push_held_job(&self, job: Job) {
        locked(&self.state).jobs.push_back(job);
        self.wake.notify_one();
    }

    /// The jobs that have come since.
    pub(super) fn take_jobs(&self) -> VecDeque<Job> {
        mem::take(&mut locked(&self.state).jobs)
    }

    /// Wakes the writer to look at what else is to be done.
    pub(super) fn poke(&self) {
        locked(&self.state).is_poked = true;
        self.wake.notify_one();
    }

    /// Nothing more comes from now on.
    pub(super) fn close(&self) {
        locked(&self.state).is_closing = true;
        self.wake.notify_one();
    }

    /// Waits until there is something to do, at most until `deadline`, and moves all records to the end of
    /// `out`.
    pub(super) fn take(&self, out: &mut Vec<Record>, deadline: Option<Instant>) -> Taken {
        let mut state = locked(&self.state);
        while !state.is_pressing() {
            let gathered = state.since.map(|since| since + self.gather);
            let until = [gathered, deadline].into_iter().flatten().min();
            let is_over;
            (state, is_over) = wait_until(&self.wake, state, until);
            if is_over {
                break;
            }
        }
        state.is_poked = false;
        state.since = None;
        out.append(&mut state.records);
        Taken {
            upto: state.upto,
            jobs: mem::take(&mut state.jobs),
            wants_durable: mem::take(&mut state.wants_durable),
            is_closing: state.is_closing,
        }
    }

    /// Whether something waits that does not let itself be put off any longer.
    pub(super) fn has_work(&self) -> bool {
        let state = locked(&self.state);
        let gathered = state.since.map(|since| since + self.gather);
        state.is_pressing() || gathered.is_some_and(|at| at <= clock::now())
    }
}

impl State {
    fn is_pressing(&self) -> bool {
        self.is_poked
            || self.is_closing
            || self.wants_durable
            || !self.jobs.is_empty()
            || self.records.len() >= MANY
            || self.is_hurried()
    }

    fn is_hurried(&self) -> bool {
        let first = self.records.first();
        first.is_some_and(|record| record.id <= self.hurried)
    }
}

impl fmt::Debug for Backlog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = locked(&self.state);
        f.debug_struct("Backlog")
            .field("records", &state.records.len())
            .field("upto", &state.upto)
            .finish_non_exhaustive()
    }
}

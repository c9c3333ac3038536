//! The one thread that changes the database. What it takes over was committed before, and is acknowledged:
//! so it has time, and takes as much with one transaction as has gathered. In between it does the operators'
//! jobs and removes what is too old, in small steps. While the database fails, records stay in its hands
//! and in the commit log.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::hub::history::{Record, Trouble};
use crate::hub::id::MessageId;

use super::backlog::Job;
use super::clock;
use super::commit_log;
use super::error::trouble;
use super::ledger::{Ledger, Undone};
use super::news::locked;
use super::retention::Sweep;
use super::shared::Shared;

/// Most records of one transaction.
const BATCH_RECORDS: usize = 4096;

/// Pages in the write-ahead log from which on the checkpointer is called: 4 MiB.
const WAL_PAGES_SOON: u32 = 1_000;

/// The writer's own.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    /// Nothing after a failure, until it could be opened again.
    ledger: Option<Ledger>,
    /// Committed, and not in the database yet.
    backlog: Vec<Record>,
    /// With these, everything up to here was committed or lost.
    upto: MessageId,
    /// What is too old, and how far it was looked for.
    pub(super) sweep: Sweep,
    pub(super) next_sweep: Instant,
    /// How long the present walk has looked in vain, and whether it has found anything.
    pub(super) swept: Duration,
    pub(super) has_removed: bool,
    next_probe: Instant,
}

impl Writer {
    /// A writer with what a start could not take over from the log.
    pub(super) fn new(shared: Arc<Shared>, ledger: Ledger, backlog: Vec<Record>) -> Self {
        let now = clock::now();
        Self {
            next_sweep: now + shared.pace.sweep_every,
            next_probe: now,
            shared,
            ledger: Some(ledger),
            upto: backlog.last().map_or(MessageId::default(), |last| last.id),
            backlog,
            sweep: Sweep::default(),
            swept: Duration::ZERO,
            has_removed: false,
        }
    }

    /// Runs until the backlog is closed and empty. Whether nobody needs the commit log any more.
    pub(super) fn run(mut self) -> bool {
        loop {
            let shared = Arc::clone(&self.shared);
            let next_turn = self.next_turn();
            let taken = shared.backlog.take(&mut self.backlog, next_turn);
            self.upto = self.upto.max(taken.upto);
            self.apply_settings();
            if shared.condition.writer().is_none() {
                self.keep_all();
            }
            for job in taken.jobs {
                self.do_job(job);
            }
            if taken.is_closing {
                // Renamings that waited for what was just kept, and those that wait in vain.
                for job in shared.backlog.take_jobs() {
                    self.do_job(job);
                }
                shared.renamings.close(&shared.news);
                break;
            }
            if taken.wants_durable || shared.ids.is_near() {
                self.make_durable();
            }
            if shared.condition.writer().is_none() {
                self.begin_log_if_needed();
            }
            self.probe_when_due();
            self.sweep_when_due();
        }
        self.finish()
    }

    /// When to wake although nothing has come.
    fn next_turn(&self) -> Option<Instant> {
        if !self.backlog.is_empty() && self.shared.condition.writer().is_none() {
            return Some(clock::now()); // whoever has the lock has been waited for
        }
        let sweep = self.sweep.is_needed().then_some(self.next_sweep);
        wake_at(self.shared.condition.trouble(), self.next_probe, sweep)
    }

    fn apply_settings(&mut self) {
        let settings = self.shared.settings();
        self.sweep.set_common(settings.retention);
        self.sweep.heed_index(self.shared.progress.durable_seq());
    }

    /// Takes over what waits, as far as the database lets itself be written to.
    fn keep_all(&mut self) {
        let mut backlog = mem::take(&mut self.backlog);
        let mut kept = 0;
        for batch in backlog.chunks(BATCH_RECORDS) {
            match self.keep(batch) {
                Ok(()) => kept += batch.len(),
                // Somebody else holds the lock, an operator's shell or a checkpoint: that is no failure yet.
                // The watch tells of it when it takes long.
                Err(Trouble::Behind) => break,
                Err(why) => {
                    self.failed(why);
                    break;
                }
            }
        }
        if kept == backlog.len() {
            self.settle(self.upto); // also what was lost behind the last of them
            // One burst must not hold its memory for ever.
            backlog.clear();
            backlog.shrink_to(2 * BATCH_RECORDS);
        } else {
            backlog.drain(..kept);
        }
        self.backlog = backlog;
    }

    fn keep(&mut self, batch: &[Record]) -> Result<(), Trouble> {
        let Some(last) = batch.last() else {
            return Ok(());
        };
        let added = self.try_to_keep(batch, last.id)?;
        let shared = Arc::clone(&self.shared);
        let messages = Record::messages_in(batch);
        shared
            .meter
            .messages
            .fetch_sub(messages - added, Ordering::Relaxed); // they were there already
        shared.progress.add_behind(added);
        let waiting = shared.inbox.settle(batch);
        self.settle(last.id);
        if waiting.is_low() {
            shared.condition.set_behind(false, &shared.news);
        }
        self.call_others();
        self.restart_wal();
        Ok(())
    }

    /// A question that is let go must find what it waited for.
    fn settle(&self, upto: MessageId) {
        self.shared.ids.settle(upto);
        self.shared.questions.release(upto);
        self.shared.renamings.release(&self.shared, upto);
    }

    /// Tries a batch until it is known whether it is kept.
    fn try_to_keep(&mut self, batch: &[Record], last: MessageId) -> Result<u64, Trouble> {
        let Undone(error) = match self.open_ledger()?.keep(batch) {
            Ok(added) => return Ok(added),
            Err(undone) => undone,
        };
        let why = trouble(&error);
        if why == Trouble::Behind {
            return Err(why);
        }
        // A failed commit may have reached the disk all the same. Only a new connection knows: it reads
        // the write-ahead log as the next start would.
        self.close_ledger();
        match self.open_ledger()?.progress() {
            Ok((applied, _)) if applied >= last => Ok(Record::messages_in(batch)),
            Ok(_) | Err(_) => Err(why),
        }
    }

    pub(super) fn open_ledger(&mut self) -> Result<&mut Ledger, Trouble> {
        if self.shared.condition.is_gone() {
            return Err(Trouble::Gone);
        }
        let ledger = match self.ledger.take() {
            Some(ledger) => ledger,
            None => {
                if !self.shared.files_are_ours() {
                    self.shared.condition.set_gone(true, &self.shared.news);
                    return Err(Trouble::Gone);
                }
                let shared = &self.shared;
                let opened = Ledger::open(&shared.files.database, &shared.gauges)
                    .and_then(|ledger| ledger.bound_pages(&shared.gauges).map(|()| ledger));
                opened.map_err(|error| trouble(&error))?
            }
        };
        Ok(self.ledger.insert(ledger))
    }

    fn close_ledger(&mut self) {
        drop(self.ledger.take());
    }

    fn do_job(&mut self, job: Job) {
        let shared = Arc::clone(&self.shared);
        // What an operator changes comes behind all that was acknowledged before.
        job(if self.backlog.is_empty() {
            self.open_ledger()
        } else {
            Err(shared.condition.writer().unwrap_or(Trouble::Behind))
        });
        shared.index.ring();
        self.sweep.look_again();
    }

    /// Raises the ceiling, which brings everything in the database to the disk, so that the commit log may be
    /// written over.
    fn make_durable(&mut self) {
        let shared = Arc::clone(&self.shared);
        // Trouble with the log is no reason: it may be that it needs room.
        if shared.condition.is_gone() || shared.condition.writer().is_some() {
            return;
        }
        let settled = shared.ids.settled();
        let ceiling = shared.ids.ceiling_above(shared.ids.given());
        let raised = self.open_ledger().and_then(|ledger| {
            ledger
                .set_ceiling(ceiling)
                .map_err(|Undone(error)| trouble(&error))
        });
        match raised {
            Ok(()) => {
                shared.ids.raised(ceiling);
                shared.ids.make_durable(settled);
                shared.log_room.ring();
            }
            Err(Trouble::Behind) => {} // the next turn tries again
            Err(why) => self.failed(why),
        }
    }

    pub(super) fn failed(&mut self, why: Trouble) {
        self.close_ledger();
        self.next_probe = clock::now() + self.shared.pace.look_every;
        self.shared
            .condition
            .set_writer(Some(why), &self.shared.news);
    }

    fn probe_when_due(&mut self) {
        let shared = Arc::clone(&self.shared);
        let now = clock::now();
        if shared.condition.trouble().is_none() || now < self.next_probe {
            return;
        }
        self.next_probe = now + shared.pace.look_every;
        let is_gone = !shared.files_are_ours();
        shared.condition.set_gone(is_gone, &shared.news);
        let had_lost_pages = shared.condition.writer() == Some(Trouble::Io);
        let probed = self.open_ledger().and_then(|ledger| {
            // A full disk is often full of our own log, most of which is the same few pages again and again.
            match ledger.restart_wal() {
                // A write that failed once is not tried again by the system: what is in the log must go into
                // the database from memory.
                Err(error) if had_lost_pages => return Err(trouble(&error)),
                Ok(()) | Err(_) => {} // the probe tells
            }
            let bounded = ledger.bound_pages(&shared.gauges).map_err(Undone);
            bounded
                .and_then(|()| ledger.probe())
                .map_err(|Undone(error)| trouble(&error))
        });
        match probed {
            Ok(()) => {
                self.keep_all();
                if self.backlog.is_empty() && self.begin_log_if_needed() {
                    shared.condition.set_writer(None, &shared.news);
                }
            }
            Err(Trouble::Gone) => {}
            Err(why) => self.failed(why),
        }
    }

    /// Begins another log where the committer waits for one, once the database has all of the last one.
    /// Whether none is needed any more.
    fn begin_log_if_needed(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        if !shared.needs_log.load(Ordering::Acquire) {
            return true;
        }
        if !self.backlog.is_empty() {
            return false;
        }
        let database = &shared.files.database;
        let begun = self
            .open_ledger()
            .and_then(|ledger| commit_log::begin(ledger, database));
        match begun {
            Ok(log) => {
                *locked(&shared.new_log) = Some(log);
                shared.needs_log.store(false, Ordering::Release);
                true
            }
            Err(why) => {
                if why != Trouble::Behind {
                    self.failed(why);
                }
                false
            }
        }
    }

    pub(super) fn call_others(&self) {
        self.shared.index.ring();
        let pages = self.shared.gauges.wal_pages.load(Ordering::Relaxed);
        if pages >= WAL_PAGES_SOON {
            self.shared.checkpoint.ring();
        }
    }

    fn restart_wal(&mut self) {
        let restart = &self.shared.gauges.restart_wal;
        if restart.swap(false, Ordering::Relaxed)
            && let Some(ledger) = &self.ledger
        {
            let _ = ledger.restart_wal(); // the checkpointer asks again
        }
    }

    /// The exact last id: nothing more is given out. Whether with that everything is in the database, on the
    /// disk.
    fn finish(mut self) -> bool {
        let given = self.shared.ids.given();
        let closed = self.open_ledger().map(|ledger| ledger.set_ceiling(given));
        if let Some(ledger) = self.ledger.take() {
            ledger.finish();
        }
        self.backlog.is_empty() && matches!(closed, Ok(Ok(())))
    }
}

/// In trouble nothing is swept, so a sweep that is due must not wake the writer again and again.
fn wake_at(trouble: Option<Trouble>, probe: Instant, sweep: Option<Instant>) -> Option<Instant> {
    match trouble {
        Some(_) => Some(probe),
        None => sweep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_that_is_due_wakes_nobody_in_trouble() {
        let overdue = clock::now();
        let probe = overdue + Duration::from_secs(1);
        assert_eq!(wake_at(None, probe, Some(overdue)), Some(overdue));
        assert_eq!(wake_at(None, probe, None), None);
        let gone = Some(Trouble::Gone);
        assert_eq!(wake_at(gone, probe, Some(overdue)), Some(probe));
    }
}

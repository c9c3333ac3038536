//! The one thread that changes the database. It sleeps until something waits, takes all that waits, and
//! keeps it with one commit: while a disk is busy with one batch, the next one gathers by itself. Between
//! batches it does the operators' jobs and removes what is too old, in small steps.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;

use crate::hub::history::{Record, Trouble};

use super::clock;
use super::error::trouble;
use super::inbox::{Job, size_of_record};
use super::ledger::{Ledger, Undone};
use super::news::News;
use super::options::Durability;
use super::retention::Sweep;
use super::shared::Shared;

/// Most records of one transaction, and most bytes of them.
const BATCH_RECORDS: usize = 4096;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Pages in the log from which on the checkpointer is called: 4 MiB.
const WAL_PAGES_SOON: u32 = 1_000;

/// The writer's own.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    /// Nothing after a failure, until it could be opened again.
    ledger: Option<Ledger>,
    durability: Durability,
    /// What is too old, and how far it was looked for.
    pub(super) sweep: Sweep,
    pub(super) next_sweep: Instant,
    /// How long the present walk has looked in vain, and whether it has found anything.
    pub(super) swept: Duration,
    pub(super) has_removed: bool,
    next_probe: Instant,
    next_look: Instant,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, ledger: Ledger) -> Self {
        let now = clock::now();
        Self {
            durability: shared.settings().durability,
            next_sweep: now + shared.pace.sweep_every,
            next_probe: now,
            next_look: now + shared.pace.look_every,
            shared,
            ledger: Some(ledger),
            sweep: Sweep::default(),
            swept: Duration::ZERO,
            has_removed: false,
        }
    }

    /// Runs until the inbox is closed and empty.
    pub(super) fn run(mut self) {
        let mut waiting = Vec::new();
        loop {
            let taken = self.shared.inbox.take(&mut waiting, self.next_turn());
            self.apply_settings();
            self.keep_all(&mut waiting);
            for job in taken.jobs {
                self.do_job(job);
            }
            if taken.is_closing {
                break;
            }
            self.raise_ceiling();
            self.probe_when_due();
            self.sweep_when_due();
        }
        self.finish();
    }

    /// When to wake although nothing has come.
    fn next_turn(&self) -> Option<Instant> {
        let sweep = self.sweep.is_needed().then_some(self.next_sweep);
        wake_at(self.shared.condition.trouble(), self.next_probe, sweep)
    }

    fn apply_settings(&mut self) {
        let settings = self.shared.settings();
        self.sweep.set_common(settings.retention);
        self.sweep.heed_index(self.shared.progress.durable_seq());
        if settings.durability != self.durability
            && let Some(ledger) = &self.ledger
            && ledger.set_durability(settings.durability).is_ok()
        {
            self.durability = settings.durability;
        }
    }

    fn keep_all(&mut self, waiting: &mut Vec<Record>) {
        let mut rest = waiting.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(batch_length(rest));
            self.keep(batch);
            rest = later;
        }
        // One burst must not hold its memory for ever.
        if waiting.capacity() > 2 * BATCH_RECORDS {
            *waiting = Vec::new();
        }
        waiting.clear();
    }

    /// Keeps a batch or loses it; either way it waits no more.
    fn keep(&mut self, batch: &[Record]) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let ceiling = shared.ids.ceiling_above(last.id);
        let begun = clock::now();
        self.look_at_files(begun);
        let result = self
            .try_to_keep(batch, |ledger| ledger.keep(batch, ceiling))
            .and_then(|added| self.still_ours(added));
        let news = match result {
            Ok(added) => {
                shared.ids.raised(ceiling);
                shared.meter.messages.fetch_add(added, Ordering::Relaxed);
                shared.progress.add_behind(added);
                let took = clock::now().saturating_duration_since(begun);
                shared.meter.committed(batch.len(), took);
                News::Kept { upto: last.id }
            }
            Err(why) => {
                let lost = batch.len() as u64;
                shared.meter.lost.fetch_add(lost, Ordering::Relaxed);
                News::Lost {
                    from: first.id,
                    upto: last.id,
                    why,
                }
            }
        };
        // In this order: who hears that it works may send at once, and a question that is let go must find
        // what it waited for.
        let waiting = shared.inbox.settle(batch);
        shared.ids.settle(last.id);
        shared.news.leave([news]);
        shared.condition.set_writer(result.err(), &shared.news);
        if waiting.is_low() {
            shared.condition.set_behind(false, &shared.news);
        }
        shared.questions.release(last.id);
        match result {
            Ok(_) => {
                self.call_others();
                self.restart_log();
            }
            Err(_) => self.next_probe = clock::now() + shared.pace.look_every,
        }
    }

    /// Tries a batch until it is known whether it is kept.
    fn try_to_keep(
        &mut self,
        batch: &[Record],
        mut keep: impl FnMut(&mut Ledger) -> Result<u64, Undone>,
    ) -> Result<u64, Trouble> {
        loop {
            let Undone(error) = match keep(self.open_ledger()?) {
                Ok(added) => return Ok(added),
                Err(undone) => undone,
            };
            // Somebody else holds the lock, an operator's shell or a checkpoint: that is no failure yet. The
            // watch tells of it when it takes long.
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                && !self.shared.inbox.is_closing()
            {
                continue;
            }
            // A failed commit may have reached the disk all the same. Only a new connection knows: it reads
            // the log as the next start would.
            self.close_ledger();
            let is_there = self.open_ledger()?.has(batch);
            return match is_there {
                Ok(true) => Ok(batch.len() as u64),
                Ok(false) => {
                    self.overwrite_what_failed();
                    Err(trouble(&error))
                }
                Err(_) => {
                    self.close_ledger();
                    Err(trouble(&error))
                }
            };
        }
    }

    /// The pages of a failed commit may stand in the log behind its end, whole and with valid sums. A crash
    /// now would make the next start believe in them, after the records were reported as lost. Whatever is
    /// written next takes their place.
    fn overwrite_what_failed(&mut self) {
        let ceiling = self.shared.ids.ceiling_above(self.shared.ids.given());
        if let Some(ledger) = &mut self.ledger {
            let _ = ledger.set_ceiling(ceiling); // then it is the probe's first success that does it
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
                let opened = Ledger::open(&shared.files.database, self.durability, &shared.gauges)
                    .and_then(|ledger| ledger.bound_pages(&shared.gauges).map(|()| ledger));
                opened.map_err(|error| trouble(&error))?
            }
        };
        Ok(self.ledger.insert(ledger))
    }

    fn close_ledger(&mut self) {
        drop(self.ledger.take());
    }

    fn look_at_files(&mut self, now: Instant) {
        if now >= self.next_look {
            self.next_look = now + self.shared.pace.look_every;
            let is_gone = !self.shared.files_are_ours();
            self.shared.condition.set_gone(is_gone, &self.shared.news);
        }
    }

    /// Whoever removes the file under us leaves its last commits nowhere: so each asks, before it is told.
    fn still_ours(&mut self, added: u64) -> Result<u64, Trouble> {
        if self.shared.files_are_ours() {
            return Ok(added);
        }
        self.shared.condition.set_gone(true, &self.shared.news);
        Err(Trouble::Gone)
    }

    fn do_job(&mut self, job: Job) {
        let shared = Arc::clone(&self.shared);
        job(self.open_ledger());
        shared.index.ring();
        self.sweep.look_again();
    }

    fn raise_ceiling(&mut self) {
        let shared = Arc::clone(&self.shared);
        if !shared.ids.is_near() || shared.condition.trouble().is_some() {
            return;
        }
        let ceiling = shared.ids.ceiling_above(shared.ids.given());
        let raised = self.open_ledger().and_then(|ledger| {
            ledger
                .set_ceiling(ceiling)
                .map_err(|Undone(error)| trouble(&error))
        });
        match raised {
            Ok(()) => shared.ids.raised(ceiling),
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
        let probed = self.open_ledger().and_then(|ledger| {
            // A full disk is often full of our own log, most of which is the same few pages again and again.
            let _ = ledger.restart_log(); // the probe tells
            let bounded = ledger.bound_pages(&shared.gauges).map_err(Undone);
            bounded
                .and_then(|()| ledger.probe())
                .map_err(|Undone(error)| trouble(&error))
        });
        match probed {
            Ok(()) => {
                if shared.inbox.waiting().is_low() {
                    shared.condition.set_behind(false, &shared.news);
                }
                shared.condition.set_writer(None, &shared.news);
            }
            Err(Trouble::Gone) => {}
            Err(why) => self.failed(why),
        }
    }

    pub(super) fn call_others(&self) {
        self.shared.index.ring();
        let pages = self.shared.gauges.wal_pages.load(Ordering::Relaxed);
        if pages >= WAL_PAGES_SOON || self.durability == Durability::Relaxed {
            self.shared.checkpoint.ring();
        }
    }

    fn restart_log(&mut self) {
        let restart = &self.shared.gauges.restart_log;
        if restart.swap(false, Ordering::Relaxed)
            && let Some(ledger) = &self.ledger
        {
            let _ = ledger.restart_log(); // the checkpointer asks again
        }
    }

    /// The exact last id: nothing more is given out.
    fn finish(mut self) {
        let given = self.shared.ids.given();
        if let Ok(ledger) = self.open_ledger() {
            let _ = ledger.set_ceiling(given); // the ceiling above it is as safe
        }
        if let Some(ledger) = self.ledger.take() {
            ledger.finish();
        }
    }
}

/// How many of these records go into one transaction: at least one.
fn batch_length(records: &[Record]) -> usize {
    let mut bytes = 0;
    let fits = records.iter().take(BATCH_RECORDS).take_while(|record| {
        bytes += size_of_record(record);
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
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

//! The thread that acknowledgements wait for. It sleeps until something waits, takes all that waits, and
//! puts it on the disk with one write and one `fdatasync`: while a disk is busy with one batch, the next one
//! gathers by itself. What it has committed it hands on to the writer, who has time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::hub::history::{Record, Trouble};
use crate::store::clock;
use crate::store::error::trouble_of;
use crate::store::inbox::size_of_record;
use crate::store::news::{News, locked};
use crate::store::options::Durability;
use crate::store::shared::Shared;

use super::file::{AppendError, CommitLog};

/// Most records of one frame, and most bytes of them.
const BATCH_RECORDS: usize = 4096;
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// How old a commit becomes that need not be on the disk.
const RELAXED_FOR: Duration = Duration::from_secs(1);

/// How often a full log is looked at again when nobody says that there is room.
const ROOM_WAIT: Duration = Duration::from_millis(100);

/// The committer's own.
#[derive(Debug)]
pub(in crate::store) struct Committer {
    shared: Arc<Shared>,
    /// Nothing while the disk has not let it begin.
    log: Option<CommitLog>,
    /// When what was written but not synchronised must be.
    next_sync: Option<Instant>,
    /// When a log that failed is tried again.
    next_probe: Option<Instant>,
}

impl Committer {
    pub(in crate::store) fn new(shared: Arc<Shared>, log: Option<CommitLog>) -> Self {
        Self {
            shared,
            next_probe: log.is_none().then(clock::now),
            log,
            next_sync: None,
        }
    }

    /// Runs until the inbox is closed and empty.
    pub(in crate::store) fn run(mut self) {
        let mut waiting = Vec::new();
        loop {
            let next_turn = [self.next_sync, self.next_probe]
                .into_iter()
                .flatten()
                .min();
            let is_closing = self.shared.inbox.take(&mut waiting, next_turn);
            while !waiting.is_empty() {
                let later = waiting.split_off(batch_length(&waiting));
                self.commit(std::mem::replace(&mut waiting, later));
            }
            self.synchronise_when_due(is_closing);
            if is_closing {
                return;
            }
            self.probe_when_due();
        }
    }

    /// Commits a batch or loses it.
    fn commit(&mut self, batch: Vec<Record>) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return;
        };
        let (from, upto) = (first.id, last.id);
        let shared = Arc::clone(&self.shared);
        let begun = clock::now();
        let result = self.try_to_commit(&batch);
        let records = batch.len();
        let news = match result {
            Ok(()) => {
                let took = clock::now().saturating_duration_since(begun);
                shared.meter.committed(records, took);
                let messages = Record::messages_in(&batch);
                shared.meter.messages.fetch_add(messages, Ordering::Relaxed);
                shared.backlog.add(batch);
                News::Kept { upto }
            }
            Err(why) => {
                shared
                    .meter
                    .lost
                    .fetch_add(records as u64, Ordering::Relaxed);
                shared.inbox.settle(&batch);
                shared.backlog.pass(upto);
                News::Lost { from, upto, why }
            }
        };
        // In this order: who hears that it works may send at once.
        shared.news.leave([news]);
        shared.condition.set_log(result.err(), &shared.news);
        self.next_probe = result.err().map(|_| clock::now() + shared.pace.look_every);
    }

    fn try_to_commit(&mut self, batch: &[Record]) -> Result<(), Trouble> {
        if self.shared.condition.is_gone() {
            return Err(Trouble::Gone);
        }
        let shared = Arc::clone(&self.shared);
        let Some(log) = &mut self.log else {
            return Err(shared.condition.trouble().unwrap_or(Trouble::Io));
        };
        let mark = log.mark();
        append(log, batch, &shared)?;
        match shared.settings().durability {
            Durability::Commit => {
                if let Err(error) = log.synchronise() {
                    log.retract(mark);
                    self.abandon_log();
                    return Err(trouble_of(&error));
                }
                self.next_sync = None;
            }
            Durability::Relaxed => {
                self.next_sync
                    .get_or_insert_with(|| clock::now() + RELAXED_FOR);
            }
        }
        // Whoever removes the files under us leaves their last bytes nowhere: so each batch asks, before
        // anybody is told.
        if !log.is_in_place() {
            self.abandon_log();
            return Err(Trouble::Gone);
        }
        if !shared.files_are_ours() {
            log.retract(mark);
            shared.condition.set_gone(true, &shared.news);
            return Err(Trouble::Gone);
        }
        Ok(())
    }

    /// Has the writer begin another log, as soon as the database has what is in this one: after a failed
    /// `fdatasync` nobody knows which of its pages are on the disk, and no later one tells.
    fn abandon_log(&mut self) {
        self.log = None;
        self.shared.needs_log.store(true, Ordering::Release);
        self.shared.backlog.poke();
    }

    fn synchronise_when_due(&mut self, is_closing: bool) {
        let is_due = |at: Instant| is_closing || at <= clock::now();
        if self.next_sync.is_some_and(is_due) {
            self.next_sync = None;
            let synchronised = self.log.as_ref().map_or(Ok(()), CommitLog::synchronise);
            if let Err(error) = synchronised {
                self.abandon_log();
                self.failed(trouble_of(&error));
            }
        }
    }

    fn probe_when_due(&mut self) {
        if self.next_probe.is_none_or(|at| at > clock::now()) {
            return;
        }
        // The writer begins another log as soon as it can.
        self.log = self
            .log
            .take()
            .or_else(|| locked(&self.shared.new_log).take());
        let Some(log) = &mut self.log else {
            self.next_probe = Some(clock::now() + self.shared.pace.look_every);
            return;
        };
        match log.probe() {
            Ok(()) => {
                self.next_probe = None;
                self.shared.condition.set_log(None, &self.shared.news);
            }
            Err(error) => self.failed(trouble_of(&error)),
        }
    }

    fn failed(&mut self, why: Trouble) {
        self.next_probe = Some(clock::now() + self.shared.pace.look_every);
        self.shared.condition.set_log(Some(why), &self.shared.news);
    }
}

/// Appends a batch, as soon as the database has what stands in its place; waits for that as long as a disk
/// may stand still.
fn append(log: &mut CommitLog, batch: &[Record], shared: &Shared) -> Result<(), Trouble> {
    let deadline = clock::now() + shared.pace.stall_after;
    loop {
        match log.append(batch, shared.ids.durable()) {
            Ok(()) => break,
            Err(AppendError::Io(error)) => return Err(trouble_of(&error)),
            Err(AppendError::Full) => {}
        }
        if shared.condition.is_gone() {
            return Err(Trouble::Gone);
        }
        if let Some(why) = shared.condition.writer() {
            return Err(why);
        }
        if clock::now() >= deadline {
            return Err(Trouble::Behind);
        }
        shared.backlog.want_durable();
        shared.log_room.wait(Some(clock::now() + ROOM_WAIT));
    }
    if log.needs_room(shared.ids.durable()) {
        shared.backlog.want_durable();
    }
    Ok(())
}

/// How many of these records go into one frame: at least one.
fn batch_length(records: &[Record]) -> usize {
    let mut bytes = 0;
    let fits = records.iter().take(BATCH_RECORDS).take_while(|record| {
        bytes += size_of_record(record);
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

//! The operators' door to a running store. Its methods wait for disks: call them from a thread that may
//! wait, never from the one that owns the store. What reads does so with a connection of its own, what
//! changes something asks the writer.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Weak};

use rusqlite::Connection;

use crate::hub::history::{Stored, Trouble};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;

use super::backup;
use super::check;
use super::clock;
use super::commit_log;
use super::connection;
use super::disk;
use super::error::{StoreError, trouble};
use super::ledger::{Ledger, Undone};
use super::lock::beside;
use super::options::Retention;
use super::removal::{REMOVED_AT_ONCE, remove};
use super::report::{
    BackupReport, CheckReport, ExportFilter, ImportReport, Imported, Selection, StoreStatus,
};
use super::retention;
use super::schema::VERSION;
use super::shared::Shared;
use super::transfer::{self, Selected};

/// The operators' door to a store. It may outlive the store; then everything but its status is refused.
#[derive(Clone, Debug)]
pub struct StoreHandle {
    shared: Arc<Shared>,
    /// Gone when the store is closed.
    open: Weak<()>,
}

/// Messages that one transaction of an import adds.
const IMPORTED_AT_ONCE: usize = 1_000;

impl StoreHandle {
    pub(super) fn new(shared: Arc<Shared>, open: &Arc<()>) -> Self {
        Self {
            shared,
            open: Arc::downgrade(open),
        }
    }

    /// How the store does. Cheap; sizes that cannot be told are 0.
    #[must_use]
    pub fn status(&self) -> StoreStatus {
        let shared = &self.shared;
        let waiting = shared.inbox.waiting();
        let meter = &shared.meter;
        StoreStatus {
            path: shared.files.database.clone(),
            schema: VERSION,
            messages: meter.messages.load(Ordering::Relaxed),
            database_bytes: disk::bytes(&shared.files.database),
            wal_bytes: disk::bytes(&beside(&shared.files.database, "-wal")),
            log_bytes: disk::bytes(&commit_log::path_of(&shared.files.database)),
            search_bytes: disk::bytes_with_wal(&shared.files.search),
            unindexed: shared.progress.behind(),
            search_note: shared.progress.note(),
            search_fault: shared.progress.fault(),
            waiting_records: waiting.records,
            waiting_bytes: waiting.bytes,
            state: shared.condition.trouble(),
            commits: meter.commits.load(Ordering::Relaxed),
            records: meter.records.load(Ordering::Relaxed),
            lost: meter.lost.load(Ordering::Relaxed),
            largest_batch: meter.largest_batch.load(Ordering::Relaxed),
            last_commit_us: meter.last_commit_us.load(Ordering::Relaxed),
            longest_commit_us: meter.longest_commit_us.load(Ordering::Relaxed),
            free_bytes: disk::free_bytes(&shared.files.database),
        }
    }

    /// Writes a whole and consistent copy to `to` while the store goes on.
    ///
    /// # Errors
    /// [`StoreError`]: `to` exists, cannot be written, or the copy is not sound or would lack something that
    /// was acknowledged.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        self.catch_up()?;
        backup::backup(&self.shared.files.database, to)
    }

    /// Reads everything and looks for contradictions. Takes as long as reading the file takes.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read at all; damage is in the report.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        let mut connection = self.reading()?;
        // All of it is of one moment.
        let moment = connection.transaction()?;
        Ok(check::check(&moment)?)
    }

    /// Gives every message that `filter` lets pass to `each`, by rising id, until it breaks off.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read, or lacks something that was acknowledged.
    pub fn export(
        &self,
        filter: &ExportFilter,
        each: &mut dyn FnMut(&Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.catch_up()?;
        Ok(transfer::export(&self.reading()?, filter, each)?)
    }

    /// Adds messages of another history, or of this one's past, under their own ids. Importing them again
    /// adds nothing.
    ///
    /// # Errors
    /// [`StoreError::Future`] for an id that may yet be given to a new message; then none is added. With
    /// another error those before it may have been.
    pub fn import(&self, messages: &[Imported]) -> Result<ImportReport, StoreError> {
        // Whoever gives out ids takes the clock's, or one above the last.
        let bound = clock::id_of(std::time::Duration::ZERO).max(self.shared.ids.settled());
        let beyond = |message: &&Imported| message.id > bound;
        if let Some(future) = messages.iter().find(beyond) {
            return Err(StoreError::Future {
                id: future.id,
                bound,
            });
        }
        if let Some(newest) = messages.iter().map(|message| message.id).max() {
            self.shared.ids.give(newest); // or the exact last id at the end would be below it
        }
        let mut report = ImportReport::default();
        for some in messages.chunks(IMPORTED_AT_ONCE) {
            let some: Vec<Imported> = some.to_vec();
            let added = self.change(move |ledger| {
                ledger.change(|db, names| transfer::import(db, names, &some))
            })?;
            let meter = &self.shared.meter;
            meter.messages.fetch_add(added.added, Ordering::Relaxed);
            report.added += added.added;
            report.known += added.known;
        }
        Ok(report)
    }

    /// Removes messages without a trace, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed before it stays removed.
    pub fn delete(&self, selection: &Selection) -> Result<u64, StoreError> {
        let connection = self.reading()?;
        let mut selected = Selected::new(selection);
        let mut removed = 0;
        loop {
            let some: Vec<MessageId> = selected.next(&connection, REMOVED_AT_ONCE)?;
            if some.is_empty() {
                return Ok(removed);
            }
            let gone =
                self.change(move |ledger| ledger.change(|db, names| remove(db, names, &some)))?;
            let meter = &self.shared.meter;
            meter.messages.fetch_sub(gone, Ordering::Relaxed);
            removed += gone;
        }
    }

    /// Gives a room a retention of its own, or the common one again.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written down.
    pub fn set_retention(
        &self,
        room: &RoomName,
        retention: Option<Retention>,
    ) -> Result<(), StoreError> {
        let room = room.clone();
        self.change(move |ledger| {
            ledger.change(|db, names| retention::set_own(db, names, &room, retention))
        })
    }

    /// The rooms that have a retention of their own, by name.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn retentions(&self) -> Result<Vec<(RoomName, Retention)>, StoreError> {
        Ok(retention::own(&self.reading()?)?)
    }

    /// A connection that sees everything that was acknowledged before; while the database fails, what it has
    /// must do.
    fn reading(&self) -> Result<Connection, StoreError> {
        if let Err(StoreError::Closing) = self.catch_up() {
            return Err(StoreError::Closing);
        }
        Ok(connection::reader(&self.shared.files.database)?)
    }

    /// Waits until the database has what was acknowledged up to now.
    fn catch_up(&self) -> Result<(), StoreError> {
        self.change(|_| Ok(()))
    }

    fn must_be_open(&self) -> Result<(), StoreError> {
        match self.open.upgrade() {
            Some(_) => Ok(()),
            None => Err(StoreError::Closing),
        }
    }

    /// Has the writer do something between two batches, and waits for it.
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, Undone> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.must_be_open()?;
        let (done, result) = sync_channel(1);
        let job = move |ledger: Result<&mut Ledger, Trouble>| {
            let changed =
                ledger.and_then(|ledger| change(ledger).map_err(|Undone(error)| trouble(&error)));
            let _ = done.send(changed); // nobody waits any more
        };
        if self.shared.backlog.push_job(Box::new(job)).is_err() {
            return Err(StoreError::Fails(Trouble::Behind));
        }
        // The writer ends without having done it only when the store is closed.
        let changed = result.recv().map_err(|_| StoreError::Closing)?;
        changed.map_err(StoreError::Fails)
    }
}

//! The operators' door to a running store. Its methods wait for disks: call them from a thread that may
//! wait, never from the one that owns the store.

use std::ops::ControlFlow;
use std::path::Path;

use crate::hub::history::Stored;
use crate::hub::name::RoomName;

use super::error::StoreError;
use super::options::Retention;
use super::report::{
    BackupReport, CheckReport, ExportFilter, ImportReport, Imported, Selection, StoreStatus,
};

/// The operators' door to a store. It may outlive the store; then everything is refused.
#[derive(Clone, Debug)]
pub struct StoreHandle {}

impl StoreHandle {
    /// How the store does. Cheap; what cannot be told is 0.
    #[must_use]
    pub fn status(&self) -> StoreStatus {
        StoreStatus {
            path: std::path::PathBuf::new(),
            schema: 0,
            messages: 0,
            database_bytes: 0,
            wal_bytes: 0,
            search_bytes: 0,
            unindexed: 0,
            search_note: None,
            waiting_records: 0,
            waiting_bytes: 0,
            state: None,
            commits: 0,
            records: 0,
            lost: 0,
            largest_batch: 0,
            last_commit_us: 0,
            longest_commit_us: 0,
            free_bytes: None,
        }
    }

    /// Writes a whole and consistent copy to `to` while the store goes on.
    ///
    /// # Errors
    /// [`StoreError`]: `to` exists, cannot be written, or the copy is not sound.
    pub fn backup(&self, _to: &Path) -> Result<BackupReport, StoreError> {
        Err(StoreError::Closing)
    }

    /// Reads everything and looks for contradictions. Takes as long as reading the file takes.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read at all; damage is in the report.
    pub fn check(&self) -> Result<CheckReport, StoreError> {
        Err(StoreError::Closing)
    }

    /// Gives every message that `filter` lets pass to `each`, by rising id, until it breaks off.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn export(
        &self,
        _filter: &ExportFilter,
        _each: &mut dyn FnMut(&Stored) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closing)
    }

    /// Adds messages of another history, or of this one's past, under their own ids. All or none.
    ///
    /// # Errors
    /// [`StoreError::Future`] for an id that may yet be given to a new message.
    pub fn import(&self, _messages: &[Imported]) -> Result<ImportReport, StoreError> {
        Err(StoreError::Closing)
    }

    /// Removes messages without a trace, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed before it stays removed.
    pub fn delete(&self, _selection: &Selection) -> Result<u64, StoreError> {
        Err(StoreError::Closing)
    }

    /// Gives a room a retention of its own, or the common one again.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be written down.
    pub fn set_retention(
        &self,
        _room: &RoomName,
        _retention: Option<Retention>,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closing)
    }

    /// The rooms that have a retention of their own, by name.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn retentions(&self) -> Result<Vec<(RoomName, Retention)>, StoreError> {
        Err(StoreError::Closing)
    }
}

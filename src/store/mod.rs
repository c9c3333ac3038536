//! What was said, kept in a SQLite file: one writer that commits whatever waits as one transaction, readers
//! that answer the hub's questions, and a search index in a file of its own. Nothing here knows a protocol, a
//! socket or the engine; the owner hands in records and questions and takes news, and never waits.
//!
//! ```text
//! keep(record) ─► queue ─► writer ─► history.db ─► index ─► history-search.db
//! ask(question) ─► readers ◄───────────┴──────────────────────┘     news ─► take_news
//! ```

mod error;
mod handle;
mod news;
mod options;
mod report;

use std::path::Path;

use crate::hub::history::{Question, Record, Restored, Ticket};
use crate::hub::id::MessageId;

pub use error::{Full, OpenError, StoreError};
pub use handle::StoreHandle;
pub use news::News;
pub use options::{Durability, Options, Retention};
pub use report::{
    BackupReport, CheckReport, ExportFilter, ImportReport, Imported, RestoreReport, Selection,
    StoreStatus,
};

/// A history that is open. Dropping it closes it.
#[derive(Debug)]
pub struct Store {
    news: news::Newsbox,
}

impl Store {
    /// Opens a history, or begins one where no file is, and starts its threads. `news` is called, from any
    /// thread, whenever there is something to take with [`take_news`](Self::take_news); it must not wait.
    ///
    /// # Errors
    /// [`OpenError`] says why not and what to do.
    pub fn open(
        options: Options,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Restored), OpenError> {
        let _ = (options, news::Newsbox::new(news));
        Err(OpenError::Thread(std::io::ErrorKind::Unsupported.into()))
    }

    /// Takes a record to be kept; never waits. Ids must rise from record to record.
    ///
    /// # Errors
    /// [`Full`]: it was not taken, and will not be reported as lost.
    pub fn keep(&self, _record: Record) -> Result<(), Full> {
        Err(Full)
    }

    /// Takes a question; never waits. Exactly one [`News::Answered`] follows.
    ///
    /// # Errors
    /// [`Full`]: too many questions wait already; no answer follows.
    pub fn ask(&self, _ticket: Ticket, _question: Question) -> Result<(), Full> {
        Err(Full)
    }

    /// Moves what has happened to the end of `out`; never waits for a disk.
    pub fn take_news(&self, out: &mut Vec<News>) {
        self.news.take(out);
    }

    /// Says that `id` was given to something that is not kept, so that it is not given again after a
    /// restart. Usually one comparison.
    pub fn reserve(&self, _id: MessageId) {}

    /// Other settings from now on.
    pub fn reconfigure(&self, _durability: Durability, _retention: Retention) {}

    /// The operators' door.
    #[must_use]
    pub fn handle(&self) -> StoreHandle {
        StoreHandle {}
    }

    /// Writes out everything that waits and ends the threads; what cannot be written is reported as lost.
    /// Afterwards nothing more is taken, and the last news can be.
    pub fn finish(&mut self) {}

    /// [`finish`](Self::finish) for an owner who has no use for the last news.
    pub fn close(mut self) {
        self.finish();
    }
}

/// Checks a history that no daemon has open, or a backup.
///
/// # Errors
/// [`OpenError`] when it is no history that this chatd can read; damage further inside is in the report.
pub fn check_file(_path: &Path) -> Result<CheckReport, OpenError> {
    Err(OpenError::Thread(std::io::ErrorKind::Unsupported.into()))
}

/// Puts a backup in the place of the history at `to`, which is kept aside.
///
/// # Errors
/// [`StoreError`]: a daemon runs on it, or the backup is not sound. Then nothing has changed.
pub fn restore(_backup: &Path, _to: &Path) -> Result<RestoreReport, StoreError> {
    Err(StoreError::Closing)
}

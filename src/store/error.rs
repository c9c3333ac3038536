//! Why the store cannot be opened or cannot do what an operator asked, in words that say what to do, and
//! how SQLite's error codes become the hub's few kinds of trouble.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;
use rustix::io::Errno;

use crate::hub::history::Trouble;
use crate::hub::id::MessageId;

/// So much waits already that nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("so much waits already that nothing more is taken")]
pub struct Full;

/// Why a history cannot be opened. It is never begun anew over what is there.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the history {path} is in use{}: one daemon at a time; ask it with `chatctl status`, end it with `chatctl shutdown`, or give this one another `[history] path`", as_pid(*pid))]
    InUse { path: PathBuf, pid: Option<u32> },
    #[error("the directory {path} cannot be used: {source}")]
    Directory { path: PathBuf, source: io::Error },
    #[error(
        "the lock {path} cannot be taken: {source}; it must be a file that chatd's user may read and write: chown it, or remove it while no chatd runs"
    )]
    Lock { path: PathBuf, source: io::Error },
    #[error(
        "the history {path} is of version {found}, this chatd knows up to {known}: start the newer chatd again, or bring back a backup with `chatctl restore FILE`"
    )]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error(
        "{path} is a database, but no history of chatd: give `[history] path` another name, or move the file away"
    )]
    Foreign { path: PathBuf },
    #[error(
        "the history {path} is damaged ({what}): look at it with `chatctl db check`, bring back a backup with `chatctl restore FILE`, or move it away to begin anew"
    )]
    Damaged { path: PathBuf, what: String },
    #[error(
        "the history {path} is missing or empty, but {rest} is there, and may hold what was acknowledged last: bring the history back (a backup by `chatctl restore FILE`), or move all that begins with its name away to begin anew"
    )]
    Missing { path: PathBuf, rest: PathBuf },
    #[error(
        "the commit log {path} cannot be used ({what}): it may hold what was acknowledged last; bring back a backup with `chatctl restore FILE`, or move it away to go on without what it holds"
    )]
    Log { path: PathBuf, what: String },
    #[error(
        "{path} cannot be opened: {source}; it must be a file that chatd's user may read and write: chown it, or give `[history] path` another name"
    )]
    File { path: PathBuf, source: io::Error },
    #[error("the history {path} cannot be opened: {source}")]
    Sqlite {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("a thread of the history cannot be started: {0}")]
    Thread(io::Error),
}

fn as_pid(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" by pid {pid}"))
}

/// Why something that an operator asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path} exists already: nothing is written over it")]
    Exists { path: PathBuf },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("the history cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the history fails, because {}", .0.because())]
    Fails(Trouble),
    #[error("{path} is no sound history: {}", .complaints.join("; "))]
    Unsound {
        path: PathBuf,
        complaints: Vec<String>,
    },
    #[error("the message {id} is of the future: messages up to {bound} may be imported")]
    Future { id: MessageId, bound: MessageId },
    #[error("the history is being closed")]
    Closing,
}

/// Which trouble an error of SQLite is.
pub(super) fn trouble(error: &rusqlite::Error) -> Trouble {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Trouble::DiskFull,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Trouble::ReadOnly,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Trouble::Damaged,
        Some(ErrorCode::OperationInterrupted) => Trouble::TimedOut,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Behind,
        // `ErrorCode` is open, and all the rest is the system's or our own mistake.
        Some(_) => Trouble::Io,
        // What is stored is of another type than it must be.
        None => Trouble::Damaged,
    }
}

/// Which trouble an error of the system is.
pub(super) fn trouble_of(error: &io::Error) -> Trouble {
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => Trouble::DiskFull,
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => Trouble::ReadOnly,
        Some(_) | None => Trouble::Io,
    }
}

//! The index's file: its one table of words, how far it is, and what happens to a file that cannot be used.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::store::lock::beside;

/// "chas" in ASCII.
const APPLICATION_ID: i32 = 0x6368_6173;

/// Rises with every change of the tables or of how text is cut; an index of another version is built anew.
const VERSION: i64 = 1;

/// The tokenizer `ascii` leaves everything beyond ASCII as it is: the text is already cut and folded.
const TABLES: &str = "
CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    upto INTEGER NOT NULL,
    seq INTEGER NOT NULL
);
CREATE VIRTUAL TABLE words USING fts5 (
    text, tags, content = '', contentless_delete = 1, tokenize = 'ascii'
);
";

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub(super) enum IndexError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    File(#[from] io::Error),
}

/// Why an index is not used as it is.
pub(super) enum Unusable {
    Missing,
    OtherVersion,
    Damaged,
    /// More was changed since than the history has notes of.
    Outrun,
}

impl Unusable {
    pub(super) fn note(&self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            Self::OtherVersion => Some("it was of another version and is built anew"),
            Self::Damaged => Some("it was damaged and is built anew"),
            Self::Outrun => Some("it was out of use for too many changes and is built anew"),
        }
    }
}

/// Opens the index for writing, if it is one that can be used.
///
/// # Errors
/// [`Unusable`].
pub(super) fn open(path: &Path) -> Result<Connection, Unusable> {
    if fs::metadata(path).map_or(true, |found| found.len() == 0) {
        return Err(Unusable::Missing);
    }
    let connection =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|_| Unusable::Damaged)?;
    let header = |pragma: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let id = header("application_id").map_err(|_| Unusable::Damaged)?;
    let version = header("user_version").map_err(|_| Unusable::Damaged)?;
    if (id, version) != (APPLICATION_ID.into(), VERSION) {
        return Err(Unusable::OtherVersion);
    }
    let found: rusqlite::Result<i64> =
        connection.query_row("SELECT upto FROM state", [], |row| row.get(0));
    found.map_err(|_| Unusable::Damaged)?;
    Ok(connection)
}

/// Begins an empty index whose notes up to `seq` need not be read.
///
/// # Errors
/// Whatever SQLite or the system says.
pub(super) fn begin(path: &Path, seq: i64) -> Result<Connection, IndexError> {
    remove_files(path)?;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO state VALUES (1, 0, ?1)", [seq])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(connection)
}

/// Opens the index for looking things up.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
        // No commit waits for the disk, only checkpoints do. OFF would be no faster, and a loss of power
        // could then leave an index that finds the wrong messages without anybody noticing.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // As in the history itself: words of deleted messages do not stay in free pages.
        connection.pragma_update(None, "secure_delete", true)?;
    }
    Ok(connection)
}

/// Removes an index with all that belongs to it, as far as it is there.
///
/// # Errors
/// The system's, for a file that is there and stays.
pub(in crate::store) fn remove_files(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

//! How a connection to `history.db` is opened: for the writer, for reading, and what both ask for.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// How long a statement waits for another connection's lock. Only a checkpoint or somebody with a
/// `sqlite3` shell can hold one.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Pages of cache per connection, in KiB.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
const READER_CACHE_KIB: i64 = 2 * 1024;

/// The write-ahead log is cut back to this when it begins anew.
const WAL_BYTES_KEPT: i64 = 64 * 1024 * 1024;

/// Opens the writer's connection; the file must exist. Checkpoints are somebody else's
/// work, so that no commit ever pays for one.
pub(super) fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // What was deleted is overwritten: somebody who asked for that will not be found in the free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the connection that moves the log into the database. It gives way to everybody at once.
pub(super) fn checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.busy_timeout(Duration::from_millis(20))?;
    Ok(connection)
}

fn open(path: &Path, access: OpenFlags, cache_kib: i64) -> rusqlite::Result<Connection> {
    // NO_MUTEX: each connection belongs to one thread.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A file that somebody prepared must not run functions of ours with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

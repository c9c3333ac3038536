//! Whether a history that nobody has open would be opened, found out without opening it: no lock is taken,
//! no file is made and no byte is changed, not even the log's index of shared memory.

use std::fmt::Write;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::commit_log;
use super::connection::BUSY;
use super::disk;
use super::error::OpenError;
use super::ledger::progress;
use super::lock::{Lock, beside};
use super::open::{must_be_whole, restored, search_path, sort_out, version_of, without_links};
use super::schema::{FIRST_WITH_LOG, VERSION};
use super::search::complaint;

/// What opening the history at `path` would begin with: its version, 0 of an empty file, or `None` where
/// one would be made.
///
/// # Errors
/// The [`OpenError`] with which it would be refused; [`OpenError::InUse`] also of a daemon that works well.
pub fn look(path: &Path) -> Result<Option<u32>, OpenError> {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    if directory.is_some_and(|it| fs::metadata(it).is_err_and(|error| is_missing(&error))) {
        return Ok(None); // it would be made, too
    }
    let path = &without_links(path)?;
    Lock::could_be_taken(path)?;
    must_be_whole(path)?;
    let cannot = |source| OpenError::File {
        path: path.clone(),
        source,
    };
    match open_plain(path) {
        Err(error) if is_missing(&error) => return Ok(None),
        opened => drop(opened.map_err(cannot)?),
    }
    let log = beside(path, "-wal");
    for log in [&log, &commit_log::path_of(path)] {
        match open_plain(log) {
            Err(source) if !is_missing(&source) => {
                let path = log.clone();
                return Err(OpenError::File { path, source });
            }
            Ok(_) | Err(_) => {}
        }
    }
    let connection = connect(path, disk::bytes(&log) > 0)?;
    let version = version_of(&connection, path)?;
    if version == VERSION {
        restored(&connection, path)?;
    }
    if version >= FIRST_WITH_LOG {
        let (applied, tag) = progress(&connection).map_err(|source| sort_out(path, source))?;
        commit_log::inspect(path, applied, tag)?;
    }
    Ok(Some(version))
}

/// Whether the search index of the history at `path` could be opened, or made.
///
/// # Errors
/// The sentence that would be logged.
pub fn look_at_search(path: &Path) -> Result<(), String> {
    let path = &search_path(path);
    match open_plain(path) {
        Err(error) if !is_missing(&error) => Err(complaint(path, &error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A file that is there, opened as its owner's program must be able to.
///
/// # Errors
/// The system's; and of whatever is no plain file.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() {
        return Err(io::Error::other("it is a link, and links are not followed"));
    }
    if !found.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    OpenOptions::new().read(true).write(true).open(path)
}

/// Without a log the file is all there is, and SQLite reads it as one that nobody changes. A log is part of
/// the database, and SQLite makes an index of shared memory to read it, unless nobody else may read along: then
/// that index is its own. What is in the log stays there at the end.
fn connect(path: &Path, has_log: bool) -> Result<Connection, OpenError> {
    let failed = |source| sort_out(path, source);
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    if !has_log {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(uri(path), flags).map_err(failed)?;
        connection
            .pragma_update(None, "trusted_schema", false)
            .map_err(failed)?;
        return Ok(connection);
    }
    let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let keep_log = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection
        .busy_timeout(BUSY)
        .and_then(|()| connection.set_db_config(keep_log, true).map(|_| ()))
        .and_then(|()| connection.pragma_update(None, "trusted_schema", false))
        .and_then(|()| connection.pragma_update(None, "query_only", true))
        .and_then(|()| {
            connection.pragma_update_and_check(None, "locking_mode", "EXCLUSIVE", |_| Ok(()))
        })
        .map_err(failed)?;
    Ok(connection)
}

/// A file that SQLite takes to be on a medium that cannot be written (sqlite.org/uri.html).
fn uri(path: &Path) -> PathBuf {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}"); // a String takes everything
        }
    }
    uri.push_str("?immutable=1");
    uri.into()
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

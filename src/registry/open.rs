//! Opening a registry: the lock, the file, what it says it is. A file that cannot be read as a registry
//! of today is refused and left as it was.
//!
//! A registry is made under another name and then renamed, so that one that is empty is never ours, and the
//! lock file is written to once there is one, so that one that is missing was lost.
//!
//! The journal is SQLite's rollback journal, cut to nothing at each commit, and not a write-ahead log:
//! accounts change seldom, one thread alone reads and writes, and so the file alone is the whole truth
//! whenever nothing is being written, for everybody who copies it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::OpenError;
use super::schema::{self, APPLICATION_ID, TABLES, VERSION};

/// Held as long as the registry is open: a file beside it, as SQLite's own locks are lost whenever
/// somebody in this process closes the database.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

/// A registry that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) lock: Lock,
    /// Nothing was there before.
    pub(super) is_new: bool,
    /// The file's permissions.
    pub(super) mode: u32,
}

/// Opens the registry at `path`, or makes one for its owner only where nothing is and nothing was.
///
/// # Errors
/// [`OpenError`]; then what was there is as it was.
pub(super) fn open(path: &Path) -> Result<Opened, OpenError> {
    let cannot = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let path = &without_links(path).map_err(cannot)?;
    let lock = lock(path)?;
    let is_new = match fs::symlink_metadata(path) {
        Ok(_) => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(cannot(error)),
    };
    if is_new {
        if lock.tells_of_registry().map_err(cannot)? {
            return Err(OpenError::Lost {
                path: path.to_owned(),
                lock: lock.path,
            });
        }
        begin(path)?;
    }
    let mode = fs::symlink_metadata(path).map_err(cannot)?.mode();
    let failed = |source| sort_out(path, source);
    let mut connection = connect(path).map_err(failed)?;
    let version = version_of(&connection, path)?;
    schema::migrate(&mut connection, version).map_err(failed)?;
    must_have_tables(&connection, path)?;
    lock.tell_of_registry().map_err(cannot)?;
    Ok(Opened {
        connection,
        lock,
        is_new,
        mode,
    })
}

/// Makes an empty registry, whole or not at all.
fn begin(path: &Path) -> Result<(), OpenError> {
    let cannot = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    let unfinished = beside(path, ".new");
    // Whatever is there is left over of a start that was cut short.
    for left_over in [&unfinished, &beside(&unfinished, "-journal")] {
        match fs::remove_file(left_over) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error)),
            Ok(()) | Err(_) => {}
        }
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(cannot)?;
    let failed = |source| sort_out(path, source);
    let mut connection = connect(&unfinished).map_err(failed)?;
    schema::migrate(&mut connection, 0).map_err(failed)?;
    connection.close().map_err(|(_, source)| failed(source))?;
    let _ = fs::remove_file(beside(&unfinished, "-journal")); // empty, and nobody's from now on
    fs::rename(&unfinished, path).map_err(cannot)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let directory = File::open(directory).map_err(cannot)?;
    directory.sync_all().map_err(cannot)
}

/// Which refusal an error of SQLite is.
pub(super) fn sort_out(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        // Without a code: what a table holds is not what we write.
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) | None => OpenError::Damaged {
            path,
            what: source.to_string(),
        },
        Some(_) => OpenError::Sqlite { path, source },
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    // Only somebody with a `sqlite3` shell can hold a lock.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "journal_mode", "TRUNCATE")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn version_of(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let path = path.to_owned();
    let pragma = |name: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    let read = || {
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((pragma("application_id")?, pragma("user_version")?, tables))
    };
    let (id, version, tables) = read().map_err(|source| sort_out(&path, source))?;
    if (id, version, tables) == (0, 0, 0) {
        let what = "it is empty".to_owned();
        return Err(OpenError::Damaged { path, what });
    }
    if id != i64::from(APPLICATION_ID) {
        return Err(OpenError::Foreign { path });
    }
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    if version > VERSION {
        return Err(OpenError::Newer {
            path,
            found: version,
            known: VERSION,
        });
    }
    if version == 0 || tables == 0 {
        let what = "its tables are missing".to_owned();
        return Err(OpenError::Damaged { path, what });
    }
    Ok(version)
}

fn must_have_tables(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    for &table in TABLES {
        let is_there = connection.table_exists(None, table);
        if !is_there.map_err(|source| sort_out(path, source))? {
            return Err(OpenError::Damaged {
                path: path.to_owned(),
                what: format!("its table {table} is missing"),
            });
        }
    }
    Ok(())
}

impl Lock {
    fn tells_of_registry(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() > 0)
    }

    fn tell_of_registry(&self) -> io::Result<()> {
        if !self.tells_of_registry()? {
            (&self.file).write_all(THERE_IS_ONE)?;
            self.file.sync_all()?;
        }
        Ok(())
    }
}

/// What the lock file holds once there is a registry, for whoever looks into it.
const THERE_IS_ONE: &[u8] =
    b"A registry of chatd is beside this file. Without it, chatd does not start; \
remove this file, too, to begin a new one without any account or rule.\n";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// One daemon per registry.
fn lock(path: &Path) -> Result<Lock, OpenError> {
    let beside = beside(path, ".lock");
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nofollow)
        .open(&beside);
    let cannot = |source| OpenError::File {
        path: beside.clone(),
        source,
    };
    let file = opened.map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { path: beside, file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(cannot(source)),
    }
}

/// The path without links in its directory, which is made when it is missing: SQLite is told to follow
/// none.
fn without_links(path: &Path) -> io::Result<PathBuf> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    if !directory.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    Ok(fs::canonicalize(directory)?.join(path.file_name().unwrap_or_default()))
}

//! One daemon per history: a lock file beside the database, with the holder's pid in it. SQLite's own
//! locks would let two daemons write by turns, each giving out ids that the other does not know.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::OpenError;
use super::look::open_plain;

/// Held as long as the store is open; the system takes it back when the process ends, however it ends.
/// The file stays: removing it would let two daemons lock two files of one name.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the history at `database`; makes the directory when it is missing.
    ///
    /// # Errors
    /// [`OpenError::InUse`] names the holder.
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        make_directory(database)?;
        let path = beside(database, ".lock");
        let cannot = |source| OpenError::Lock {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(NOFOLLOW)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(database, &mut file)),
            Err(TryLockError::Error(source)) => return Err(cannot(source)),
        }
        file.set_len(0).map_err(cannot)?;
        writeln!(file, "{}", std::process::id()).map_err(cannot)?;
        Ok(Self { _file: file })
    }

    /// Whether the lock could be taken now. Taking it, even for a moment, could make a daemon fail that
    /// starts just then, so the kernel's list of locks is read.
    ///
    /// # Errors
    /// As [`take`](Self::take), but for the directory.
    pub(super) fn could_be_taken(database: &Path) -> Result<(), OpenError> {
        let path = beside(database, ".lock");
        let mut file = match open_plain(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(|source| OpenError::Lock {
                path: path.clone(),
                source,
            })?,
        };
        let inode = file.metadata().map_or(0, |found| found.ino());
        let suffix = format!(":{inode} ");
        let locks = fs::read_to_string("/proc/locks").unwrap_or_default(); // then nobody is known to
        let is_held = locks
            .lines()
            .any(|line| line.contains("FLOCK") && line.contains(&suffix) && !line.contains("->"));
        if is_held {
            return Err(in_use(database, &mut file));
        }
        Ok(())
    }
}

fn in_use(database: &Path, lock: &mut File) -> OpenError {
    let mut pid = String::new();
    let _ = lock.read_to_string(&mut pid); // the message goes without it
    OpenError::InUse {
        path: database.to_owned(),
        pid: pid.trim().parse().ok(),
    }
}

/// For opening a file that must be no link.
pub(super) const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// A file beside another: its whole name and something after it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut longer = path.as_os_str().to_owned();
    longer.push(suffix);
    longer.into()
}

fn make_directory(database: &Path) -> Result<(), OpenError> {
    let Some(directory) = database.parent() else {
        return Ok(());
    };
    if directory.as_os_str().is_empty() || fs::metadata(directory).is_ok_and(|it| it.is_dir()) {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|source| OpenError::Directory {
            path: directory.to_owned(),
            source,
        })
}

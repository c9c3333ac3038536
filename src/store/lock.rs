//! One daemon per history: a lock file beside the database, with the holder's pid in it. SQLite's own
//! locks would let two daemons write by turns, each giving out ids that the other does not know.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::error::OpenError;

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
        let nofollow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(nofollow)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid); // the message goes without it
                return Err(OpenError::InUse {
                    path: database.to_owned(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(cannot(source)),
        }
        file.set_len(0).map_err(cannot)?;
        writeln!(file, "{}", std::process::id()).map_err(cannot)?;
        Ok(Self { _file: file })
    }
}

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

//! What the file system says about the store's files, without opening them: closing any descriptor of a
//! database file would drop the locks that SQLite holds on it (POSIX's rule for such locks).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::lock::beside;

/// Which files a database and its write-ahead log are: device and inode of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity([Option<(u64, u64)>; 2]);

impl Identity {
    pub(super) fn of(database: &Path) -> Self {
        Self([database, &beside(database, "-wal")].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.dev(), found.ino()))
        }))
    }
}

/// Length in bytes; 0 for a file that is not there.
pub(super) fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

/// Length of a database and its write-ahead log.
pub(super) fn bytes_with_wal(database: &Path) -> u64 {
    bytes(database) + bytes(&beside(database, "-wal"))
}

/// Bytes that an ordinary user may still write to the file system.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(path).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

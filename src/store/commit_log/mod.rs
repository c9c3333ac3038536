//! The commit log, `history.db-log`: where a record is on the disk first, and what its acknowledgement
//! stands on. The database follows behind, in larger steps; what it lacks after a crash is read from here
//! once more.
//!
//! A database changes pages of 4 KiB here and there for a message of 200 bytes, and writes each of them
//! twice; the log appends those 200 bytes.

mod committer;
mod entry;
mod file;
mod recovery;
#[cfg(test)]
mod tests;

pub(super) use committer::Committer;
pub(super) use file::{CommitLog, HEADER_BYTES};
pub(super) use recovery::{Recovered, begin, inspect, recover};

use std::path::{Path, PathBuf};

use super::lock::beside;

/// Where the commit log of a history is.
pub(super) fn path_of(database: &Path) -> PathBuf {
    beside(database, "-log")
}

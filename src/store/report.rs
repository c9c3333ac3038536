//! What operators hear of a store, and what they ask of it. Plain data; sizes are in bytes.

use std::path::PathBuf;

use crate::hub::history::{Partner, Stored, Trouble};
use crate::hub::id::MessageId;
use crate::hub::name::Nick;

/// How a store does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreStatus {
    pub path: PathBuf,
    /// Version of the schema.
    pub schema: u32,
    /// Messages that are kept.
    pub messages: u64,
    pub database_bytes: u64,
    pub wal_bytes: u64,
    pub log_bytes: u64,
    /// The search index with its own write-ahead log.
    pub search_bytes: u64,
    /// Messages that the search does not find yet; counted up to a million.
    pub unindexed: u64,
    /// What the search index has gone through since the start, if anything: "it was damaged and is
    /// built anew".
    pub search_note: Option<String>,
    /// Why nothing can be searched for now, if so, and what to do.
    pub search_fault: Option<String>,
    /// Records that the database does not have yet; most of them are kept already, in the commit log.
    pub waiting_records: usize,
    pub waiting_bytes: usize,
    /// Why nothing can be kept now, if so.
    pub state: Option<Trouble>,
    /// Commits since the start.
    pub commits: u64,
    /// Records in them.
    pub records: u64,
    /// Records that were reported as lost since the start.
    pub lost: u64,
    /// Most records of one commit.
    pub largest_batch: u64,
    /// How long the last batch took, with its commit, in microseconds.
    pub last_commit_us: u64,
    /// The longest since the start, in microseconds.
    pub longest_commit_us: u64,
    /// Free space of the file system; `None` if it cannot be told.
    pub free_bytes: Option<u64>,
}

/// What a check of a database found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong, at most [`CheckReport::COMPLAINTS_MAX`] lines; empty when it is sound.
    pub complaints: Vec<String>,
    /// Version of the schema.
    pub schema: u32,
    pub messages: u64,
    pub conversations: u64,
    pub authors: u64,
    /// Records that only the commit log has, because the daemon was killed: the next start takes them over.
    pub in_log: u64,
}

impl CheckReport {
    /// Where complaining ends.
    pub const COMPLAINTS_MAX: usize = 100;

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.complaints.is_empty()
    }
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    pub path: PathBuf,
    pub bytes: u64,
    pub messages: u64,
}

/// A backup that was brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreReport {
    pub messages: u64,
    /// Where the database that was there before is now.
    pub kept_aside: Option<PathBuf>,
}

/// A message of another history.
pub type Imported = Stored;

/// What became of messages that were to be imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub added: u64,
    /// Those whose id was there already; what is kept stays.
    pub known: u64,
}

/// Which messages are exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// One room, or everybody's private conversations with one nick; the latter needs `everything`.
    pub of: Option<Partner>,
    /// Private messages too.
    pub everything: bool,
    /// Only ids above it.
    pub since: Option<MessageId>,
    /// Only ids up to it.
    pub until: Option<MessageId>,
}

/// Which messages are removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Ids(Vec<MessageId>),
    /// All that is given must be true of a message.
    Range {
        /// One room, or everybody's private conversations with one nick.
        of: Option<Partner>,
        from: Option<Nick>,
        /// Only ids above it.
        after: Option<MessageId>,
        /// Only ids below it.
        before: Option<MessageId>,
    },
}

//! What the owner of a store decides about it: where it is, how sure "kept" is, how much may wait, and how
//! long messages stay. Plain data, checked elsewhere.

use std::path::PathBuf;
use std::time::Duration;

/// How a store is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The database, `history.db`. The search index stands beside it under the same name with
    /// `-search` before the extension, and may be deleted while no daemon runs.
    pub path: PathBuf,
    pub durability: Durability,
    /// Most bytes of records that wait for the writer; one record is taken whatever its size when
    /// nothing waits.
    pub queue_bytes: usize,
    /// Threads that answer questions; taken as 1 when 0.
    pub readers: usize,
    /// For rooms without a retention of their own, and for private conversations.
    pub retention: Retention,
}

/// What is true of a record that was reported as kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a loss of power: the commit was synchronised with the disk.
    Commit,
    /// It survives the end of the process; a loss of power may take the last second.
    Relaxed,
}

/// How long messages stay. The stricter of the two bounds holds; `None` is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Since they were said.
    pub age: Option<Duration>,
    /// The newest so many of each conversation.
    pub messages: Option<u64>,
}

impl Retention {
    /// Nothing is ever removed.
    pub const FOR_EVER: Self = Self {
        age: None,
        messages: None,
    };
}

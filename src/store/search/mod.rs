//! Finding what was said by its words. The index stands in a file of its own, is written by a thread of its
//! own, and holds no text: only which message has which words, and who may see it. It is derived from the
//! history and may be lost at any time; then it is built anew while everything else goes on.

mod file;
mod find;
mod index;
mod query;
mod segment;

use std::fmt::Display;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub(super) use file::remove_files;
pub(super) use find::Finder;
pub(super) use index::run;
#[cfg(test)]
pub(super) use segment::tokens as tokens_for_tests;

use super::news::{News, Newsbox, locked};

/// How far the index is, for those who wait for it or look at it.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Notes up to here are in the index for good.
    durable_seq: AtomicI64,
    /// About so many messages that cannot be found yet.
    behind: AtomicI64,
    /// Rises when the file is replaced; who has it open must open it again.
    generation: AtomicU64,
    /// Somebody found the file damaged.
    damaged: AtomicU64,
    note: Mutex<Option<String>>,
    /// Why it cannot be used now, and what to do.
    fault: Mutex<Option<String>>,
}

impl Progress {
    /// So many more messages wait to be indexed.
    pub(super) fn add_behind(&self, messages: u64) {
        let messages = i64::try_from(messages).unwrap_or(i64::MAX);
        self.behind.fetch_add(messages, Ordering::Relaxed);
    }

    /// About how many messages cannot be found yet: the writer and the index count without each other.
    pub(super) fn behind(&self) -> u64 {
        u64::try_from(self.behind.load(Ordering::Relaxed)).unwrap_or(0)
    }

    pub(super) fn durable_seq(&self) -> i64 {
        self.durable_seq.load(Ordering::Acquire)
    }

    pub(super) fn note(&self) -> Option<String> {
        locked(&self.note).clone()
    }

    /// Why nothing can be searched for, and what to do; `None` while it works.
    pub(super) fn fault(&self) -> Option<String> {
        locked(&self.fault).clone()
    }

    pub(super) fn is_failing(&self) -> bool {
        locked(&self.fault).is_some()
    }

    /// Tells of it when that is new.
    fn set_fault(&self, fault: Option<String>, news: &Newsbox) {
        let mut known = locked(&self.fault);
        if *known != fault {
            known.clone_from(&fault);
            news.leave([fault.map_or(News::SearchWorks, News::SearchFails)]);
        }
    }

    /// Rises from 0 when there is an index, and with every new one.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The file of this generation is not to be used any more.
    fn report_damage(&self, generation: u64) {
        self.damaged.fetch_max(generation, Ordering::AcqRel);
    }

    fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire) >= self.generation()
    }

    fn begin_generation(&self, note: Option<&str>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        if let Some(note) = note {
            *locked(&self.note) = Some(note.to_owned());
        }
    }
}

/// That the index cannot be used, and what to do.
pub(super) fn complaint(path: &Path, error: &dyn Display) -> String {
    format!(
        "the search index {} cannot be used: {error}; until it can be, searches are refused. It must be a file that chatd's user may read and write, on a disk with room; once removed, it is made anew",
        path.display()
    )
}

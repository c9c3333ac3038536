//! Whether records can be kept, and why not. Three watch over it, the committer and the writer for what the
//! disk says and the watch for what it does not say; the owner hears of it when what they make of it together
//! changes.

use std::sync::Mutex;

use crate::hub::history::Trouble;

use super::news::{News, Newsbox, locked};

/// What is known of the disk.
#[derive(Debug, Default)]
pub(super) struct Condition {
    known: Mutex<Known>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Why the last batch could not be committed, if it could not.
    log: Option<Trouble>,
    /// Why the writer's last transaction failed, if it did.
    writer: Option<Trouble>,
    /// The file is not where it was.
    is_gone: bool,
    /// The disk does not keep up.
    is_behind: bool,
}

impl Known {
    fn trouble(self) -> Option<Trouble> {
        let gone = self.is_gone.then_some(Trouble::Gone);
        let behind = self.is_behind.then_some(Trouble::Behind);
        gone.or(self.log).or(self.writer).or(behind)
    }
}

impl Condition {
    pub(super) fn trouble(&self) -> Option<Trouble> {
        locked(&self.known).trouble()
    }

    pub(super) fn is_gone(&self) -> bool {
        locked(&self.known).is_gone
    }

    /// What keeps the database from being written to.
    pub(super) fn writer(&self) -> Option<Trouble> {
        locked(&self.known).writer
    }

    pub(super) fn set_log(&self, trouble: Option<Trouble>, news: &Newsbox) {
        self.change(news, |known| known.log = trouble);
    }

    pub(super) fn set_writer(&self, trouble: Option<Trouble>, news: &Newsbox) {
        self.change(news, |known| known.writer = trouble);
    }

    pub(super) fn set_gone(&self, is_gone: bool, news: &Newsbox) {
        self.change(news, |known| known.is_gone = is_gone);
    }

    pub(super) fn set_behind(&self, is_behind: bool, news: &Newsbox) {
        self.change(news, |known| known.is_behind = is_behind);
    }

    /// The news are left under the lock, so that they tell of changes in the order of these.
    fn change(&self, news: &Newsbox, change: impl FnOnce(&mut Known)) {
        let mut known = locked(&self.known);
        let before = known.trouble();
        change(&mut known);
        let after = known.trouble();
        if before != after {
            news.leave([after.map_or(News::Works, News::Fails)]);
        }
    }
}

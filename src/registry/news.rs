//! What the registry tells its owner, and the box in which it waits to be taken. There is at most one answer
//! per question that was taken, one change per request of an operator and one word per record that was given,
//! so the box is bounded by those.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::hub::account::{AccountAnswer, AccountChange};
use crate::hub::history::Ticket;

/// One thing that has happened in the registry.
#[derive(Debug, PartialEq)]
pub enum News {
    Answered {
        ticket: Ticket,
        answer: AccountAnswer,
    },
    Changed(AccountChange),
    /// So many of what was given to be kept are on the disk.
    Kept {
        records: usize,
    },
    /// What was given cannot be written, and why. It waits, and is tried again every second.
    KeepingFails(String),
    /// It could be written again.
    KeepingWorks,
    /// When somebody last logged in could not be written down; it is tried again.
    NotWritten(String),
}

/// Where news wait for the owner, who takes all at once and never waits.
pub(super) struct Newsbox {
    waiting: Mutex<Vec<News>>,
    ring: Box<dyn Fn() + Send + Sync>,
}

impl Newsbox {
    pub(super) fn new(ring: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            waiting: Mutex::default(),
            ring: Box::new(ring),
        }
    }

    pub(super) fn leave(&self, news: News) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(news);
        drop(waiting);
        (self.ring)();
    }

    pub(super) fn take(&self, out: &mut Vec<News>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        out.append(&mut waiting);
    }
}

impl fmt::Debug for Newsbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Newsbox").finish_non_exhaustive()
    }
}

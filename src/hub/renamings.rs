//! Which rooms are getting another name, and which names are held back for it.

use std::sync::Arc;
use std::time::Duration;

use super::history::Ticket;
use super::moderate::By;
use super::name::{Nick, RoomName};
use super::turn::Asked;

/// Renamings that may be under way.
pub(super) const RENAMINGS_MAX: usize = 64;

/// Those that are under way, in no order that means anything.
#[derive(Debug, Default)]
pub(super) struct Renamings(pub(super) Vec<Entry>);

/// One of them.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) from: RoomName,
    pub(super) to: RoomName,
    pub(super) step: Step,
}

/// How far it has come.
#[derive(Debug)]
pub(super) enum Step {
    /// The store has been asked; the room is called as before.
    Asked { ticket: Ticket, wish: Wish },
    /// The room has its new name. What is on its way under the other: records for the registry, and answers to
    /// questions up to this one.
    Settling { records: usize, upto: Ticket },
    /// The store has been asked to forget the former name.
    Forgetting { ticket: Ticket },
    /// It could not, and is asked again then (uptime).
    Failed { retry_at: Duration },
}

/// Who wants it, and why.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) by: By,
    /// As they were called; `None` for the admin socket.
    pub(super) nick: Option<Nick>,
    /// `None` for the admin socket, which is answered under the ticket.
    pub(super) asked: Option<Asked>,
    pub(super) reason: Option<Arc<str>>,
}

impl Renamings {
    /// Whether nobody may open a room of this name now, or give it to one. While the store is asked, that is so of the
    /// name before too: should the room close, it would be another that gets the new name.
    pub(super) fn hold(&self, name: &RoomName) -> bool {
        let is_asked = |it: &Entry| matches!(it.step, Step::Asked { .. });
        let holds = |it: &Entry| name == it.held() || (is_asked(it) && *name == it.from);
        self.0.iter().any(holds)
    }

    /// Whether the store may take this name for that of a room that has another: what it keeps under it is not to be
    /// asked for.
    pub(super) fn mislead(&self, name: &RoomName) -> bool {
        let is_other = |it: &Entry| it.from != it.to;
        self.0.iter().any(|it| is_other(it) && name == it.held())
    }

    /// Whether a room is about to have another name, or has just got one.
    pub(super) fn concern(&self, room: &RoomName) -> bool {
        self.0.iter().any(|it| room == it.current())
    }

    /// Whether a name is about to be free.
    pub(super) fn will_free(&self, name: &RoomName) -> bool {
        let is_ending = |it: &Entry| match it.step {
            Step::Settling { .. } | Step::Forgetting { .. } => it.from == *name,
            Step::Asked { .. } | Step::Failed { .. } => false,
        };
        self.0.iter().any(is_ending)
    }

    pub(super) fn are_full(&self) -> bool {
        self.0.len() >= RENAMINGS_MAX
    }

    /// Whether the store may know a room by this name already.
    pub(super) fn expect(&self, name: &RoomName) -> bool {
        let is_asked = |it: &Entry| matches!(it.step, Step::Asked { .. }) && it.from != it.to;
        let expects = |it: &Entry| is_asked(it) && it.to == *name;
        self.0.iter().any(expects)
    }

    /// When one is to be tried again, as uptime.
    pub(super) fn next_retry(&self) -> Option<Duration> {
        let retries = self.0.iter().filter_map(|it| match it.step {
            Step::Failed { retry_at } => Some(retry_at),
            Step::Asked { .. } | Step::Settling { .. } | Step::Forgetting { .. } => None,
        });
        retries.min()
    }

    /// The registry has written so many records more.
    pub(super) fn written(&mut self, written: usize) {
        for entry in &mut self.0 {
            if let Step::Settling { records, .. } = &mut entry.step {
                *records = records.saturating_sub(written);
            }
        }
    }

    /// The one that the store was asked for under this ticket.
    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Entry> {
        let at = self.0.iter().position(|it| match it.step {
            Step::Asked { ticket: its, .. } | Step::Forgetting { ticket: its } => its == ticket,
            Step::Settling { .. } | Step::Failed { .. } => false,
        })?;
        Some(self.0.swap_remove(at))
    }

    /// What the store says of a room is said of it under the name that it has.
    pub(super) fn correct(&self, room: &mut RoomName) {
        if let Some(entry) = self.0.iter().find(|it| room == it.held()) {
            *room = entry.current().clone();
        }
    }
}

impl Entry {
    /// The name that the room has.
    fn current(&self) -> &RoomName {
        match self.step {
            Step::Asked { .. } => &self.from,
            Step::Settling { .. } | Step::Forgetting { .. } | Step::Failed { .. } => &self.to,
        }
    }

    /// The one that it does not have any more, or not yet.
    fn held(&self) -> &RoomName {
        match self.step {
            Step::Asked { .. } => &self.to,
            Step::Settling { .. } | Step::Forgetting { .. } | Step::Failed { .. } => &self.from,
        }
    }
}

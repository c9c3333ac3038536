//! One person (or bot) behind one nick: their sessions, where they are, whom they ignore.

use std::sync::Arc;

use super::id::{RoomId, SessionId, UserId};
use super::name::Nick;
use super::time::UnixMillis;

/// A user exists from the login of their first session to the end of their last.
#[derive(Debug)]
pub(super) struct User {
    pub(super) nick: Nick,
    pub(super) since: UnixMillis,
    /// Never empty, in the order of login.
    pub(super) sessions: Vec<SessionId>,
    /// In the order of entering.
    pub(super) places: Vec<Place>,
    pub(super) away: Option<Arc<str>>,
    /// Only for those who ignore or are ignored: most users pay one word for it.
    pub(super) ignoring: Option<Box<Ignoring>>,
}

/// A room that a user is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) room: RoomId,
    /// Where `Room::members` has the user, so that leaving needs no search there.
    pub(super) index: u32,
}

/// Who ignores whom, in both directions.
#[derive(Debug, Default)]
pub(super) struct Ignoring {
    pub(super) ignores: Vec<UserId>,
    pub(super) ignored_by: Vec<UserId>,
}

impl User {
    pub(super) fn is_in(&self, room: RoomId) -> bool {
        self.places.iter().any(|place| place.room == room)
    }

    pub(super) fn ignores(&self) -> &[UserId] {
        self.ignoring.as_ref().map_or(&[], |both| &both.ignores)
    }

    pub(super) fn ignored_by(&self) -> &[UserId] {
        self.ignoring.as_ref().map_or(&[], |both| &both.ignored_by)
    }

    pub(super) fn does_ignore(&self, other: UserId) -> bool {
        self.ignores().contains(&other)
    }
}

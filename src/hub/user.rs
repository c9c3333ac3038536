//! One person (or bot) behind one nick: their sessions, where they are, whom they ignore.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::address::Network;
use super::directory::Named;
use super::history::OwnerId;
use super::id::{RoomId, SessionIds, UserId, UserKey};
use super::name::Nick;
use super::people::metadata::Metadata;
use super::people::modes::UserModes;
use super::persona::Persona;
use super::time::UnixMillis;

/// A user exists from the login of their first session to the end of their last, or a while longer.
#[derive(Debug)]
pub(super) struct User {
    pub(super) nick: Nick,
    pub(super) since: UnixMillis,
    /// In the order of login; empty, or of tokens only, while their place is kept.
    pub(super) sessions: SessionIds,
    /// In the order of entering.
    pub(super) places: SmallVec<[Place; 2]>,
    /// Most users have nothing of it, and pay one word.
    pub(super) extra: Option<Box<Extra>>,
}

/// A room that a user is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) room: RoomId,
    /// Where `Room::members` has the user, so that leaving needs no search there.
    pub(super) index: u32,
}

/// What few users have: a text while they are away, who ignores whom, in both directions, a place
/// that is kept for them, and what IRC shows of them.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub(super) away: Option<Arc<str>>,
    pub(super) ignores: Vec<UserId>,
    pub(super) ignored_by: Vec<UserId>,
    /// Apart, because everybody on IRC has an [`Extra`] and hardly anybody this.
    pub(super) kept_place: Option<Box<KeptPlace>>,
    pub(super) persona: Option<Arc<Persona>>,
    pub(super) modes: UserModes,
    pub(super) metadata: Metadata,
}

/// What lets a user come back whose last connection broke.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptPlace {
    /// The user's key, which else stands in their sessions.
    pub(super) key: UserKey,
    /// The person, as there.
    pub(super) owner: OwnerId,
    /// Where the connection came from that broke.
    pub(super) network: Option<Network>,
    /// When that connection last sent something; this and the next as uptime.
    pub(super) last_heard: Duration,
    pub(super) until: Duration,
}

impl Named for User {
    type Name = Nick;

    fn name(&self) -> &Nick {
        &self.nick
    }

    fn name_mut(&mut self) -> &mut Nick {
        &mut self.nick
    }
}

impl Extra {
    pub(super) fn is_empty(&self) -> bool {
        self.away.is_none()
            && self.ignores.is_empty()
            && self.ignored_by.is_empty()
            && self.kept_place.is_none()
            && self.persona.is_none()
            && self.modes.is_empty()
            && self.metadata.is_empty()
    }
}

impl User {
    pub(super) fn is_in(&self, room: RoomId) -> bool {
        self.places.iter().any(|place| place.room == room)
    }

    /// `None` for a user who is not away.
    pub(super) fn away(&self) -> Option<&Arc<str>> {
        self.extra.as_ref().and_then(|extra| extra.away.as_ref())
    }

    /// `None` as long as nobody needs it.
    pub(super) fn persona(&self) -> Option<&Arc<Persona>> {
        self.extra.as_ref().and_then(|extra| extra.persona.as_ref())
    }

    /// What IRC shows; `None` where nobody has needed it or said it.
    pub(super) fn username(&self) -> Option<&str> {
        self.persona().map(|persona| &*persona.username)
    }

    pub(super) fn modes(&self) -> UserModes {
        let extra = self.extra.as_ref();
        extra.map_or_else(UserModes::default, |extra| extra.modes)
    }

    /// `None` for a user who has a session that no token made.
    pub(super) fn kept_place(&self) -> Option<KeptPlace> {
        self.extra.as_ref()?.kept_place.as_deref().copied()
    }

    pub(super) fn ignores(&self) -> &[UserId] {
        self.extra.as_ref().map_or(&[], |extra| &extra.ignores)
    }

    pub(super) fn ignored_by(&self) -> &[UserId] {
        self.extra.as_ref().map_or(&[], |extra| &extra.ignored_by)
    }

    pub(super) fn does_ignore(&self, other: UserId) -> bool {
        self.ignores().contains(&other)
    }
}

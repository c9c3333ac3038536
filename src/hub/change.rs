//! What can happen to the chat state, as facts that were decided: the only things that change it.
//! People do not hear of all of them, and hear of more (speech, notices): that is
//! [`EventKind`](super::event::EventKind).

use std::sync::Arc;
use std::time::Duration;

use super::account::Token;
use super::address::Network;
use super::fingerprint::Fingerprint;
use super::history::OwnerId;
use super::id::{RoomId, SessionId, UserId, UserKey};
use super::name::{Nick, RoomName};
use super::time::UnixMillis;

/// One change. It is always possible: `decide` has seen to that.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Connected {
        session: SessionId,
        network: Option<Network>,
        key: UserKey,
        at: UnixMillis,
    },
    Certified {
        session: SessionId,
        certificate: Fingerprint,
    },
    /// A session becomes a new user, with the session's key.
    LoggedIn {
        session: SessionId,
        nick: Nick,
        who: Who,
        does_resume: bool,
        at: UnixMillis,
    },
    /// A session becomes one more session of a user, or the first one again of one whose place was kept.
    Attached {
        session: SessionId,
        user: UserId,
        does_resume: bool,
        token: Option<Token>,
    },
    /// A user has an account of this name from now on.
    Registered {
        user: UserId,
        account: Nick,
    },
    /// The last session of a user that no token made ends, and they keep their place.
    Detached {
        session: SessionId,
        /// As uptime.
        until: Duration,
    },
    /// A user who has sessions of tokens keeps no place any more.
    PlaceGivenUp {
        user: UserId,
    },
    /// A user whose place was kept is gone.
    Gone {
        user: UserId,
    },
    Renamed {
        user: UserId,
        nick: Nick,
    },
    /// Opens the room if need be.
    Entered {
        user: UserId,
        room: RoomName,
    },
    /// Closes the room if nobody is left.
    Left {
        user: UserId,
        room: RoomId,
    },
    /// A room is there, though nobody is in it, because it has a topic.
    RoomKept {
        room: RoomName,
        topic: Arc<str>,
    },
    /// Closes the room when nobody is in it and there is no topic.
    TopicSet {
        room: RoomId,
        topic: Option<Arc<str>>,
    },
    AwaySet {
        user: UserId,
        away: Option<Arc<str>>,
    },
    DeafSet {
        session: SessionId,
        deaf: bool,
    },
    IgnoreSet {
        user: UserId,
        other: UserId,
        on: bool,
    },
    /// With its last session a user leaves all rooms and is gone.
    Ended {
        session: SessionId,
    },
}

/// Which person a new user is.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// Whose key this is; without it, the key is the session's own.
    Guest { key: Option<UserKey> },
    Account {
        owner: OwnerId,
        account: Nick,
        token: Option<Token>,
    },
}

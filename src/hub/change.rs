//! What can happen to the chat state, as facts that were decided: the only things that change it.
//! People do not hear of all of them, and hear of more (speech, notices): that is
//! [`EventKind`](super::event::EventKind).

use std::sync::Arc;

use super::address::Network;
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
    /// A session becomes a new user, with the session's key.
    LoggedIn {
        session: SessionId,
        nick: Nick,
        at: UnixMillis,
    },
    /// A session becomes one more session of a user.
    Attached {
        session: SessionId,
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

//! What a peer may ask of the hub, whatever protocol it speaks.

use std::sync::Arc;

use super::id::UserKey;
use super::name::{Nick, RoomName};

/// One request of one session. Names are parsed already; texts are checked by the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Become a user. Before that, a session may only ping, pong and quit beside it.
    Login {
        /// The wanted nick.
        nick: Nick,
        /// With it, the session joins the user who holds `nick` instead of being refused.
        key: Option<UserKey>,
        /// Whether the session enters the default room at once.
        enter_default_room: bool,
    },
    /// Take another nick.
    Nick(Nick),
    /// Enter a room, which opens when nobody is in it yet.
    Join(RoomName),
    /// Leave a room, with a reason that the others see.
    Part {
        room: RoomName,
        reason: Option<Arc<str>>,
    },
    /// Say something to a room or to one user.
    Send {
        to: Target,
        kind: MessageKind,
        text: Arc<str>,
    },
    /// Set a room's topic, or clear it with an empty text.
    Topic { room: RoomName, text: Arc<str> },
    /// Be away with a text, or back with `None`.
    Away(Option<Arc<str>>),
    /// Group chat off (`Some(true)`), on (`Some(false)`) or the other way round (`None`), for this session.
    /// While off, no room's messages reach the session and it may send none; private ones pass.
    Deaf(Option<bool>),
    /// Ignore one user (`on`) or hear them again: nothing they say reaches any session of this user.
    Ignore { nick: Nick, on: bool },
    /// Who this user ignores.
    Ignores,
    /// Which rooms there are.
    Rooms,
    /// Who is in a room, and its topic.
    Names(RoomName),
    /// Everyone who is logged in.
    Users,
    /// Where one user is: rooms, away text, since when.
    Whois(Nick),
    /// Is the server there? Answered by [`Reply::Pong`](super::output::Reply::Pong).
    Ping,
    /// Answer to [`Output::Ping`](super::output::Output::Ping).
    Pong,
    /// End this session, with a reason that the others see.
    Quit { reason: Option<Arc<str>> },
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everyone in a room; the sender must be in it.
    Room(RoomName),
    /// One user, in all their sessions.
    User(Nick),
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Plain speech.
    Text,
    /// `/me`: something that the sender does.
    Action,
    /// A bot's or script's line, to which no program may answer by itself.
    Notice,
}

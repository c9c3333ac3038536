//! What has happened, as facts: the only things that people hear of. Each carries the names it
//! needs, so that a protocol renders it without looking anything up.

use std::sync::Arc;

use super::command::{MessageKind, Tags};
use super::history::Partner;
use super::id::{MessageId, RoomId, SessionId, UserId};
use super::input::QuitReason;
use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::people::News;
use super::permission::{Standing, Status};
use super::persona::Persona;
use super::time::UnixMillis;

/// One fact that users are told. `apply` has taken it into the state when it is output.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened.
    pub at: UnixMillis,
    /// Its id; all events that people hear have one, messages and notices alike.
    pub id: MessageId,
    /// What it is.
    pub kind: EventKind,
    /// Who did it, as IRC shows them. `None` where nobody is named in `kind` who did, and where IRC is not
    /// spoken.
    pub actor: Option<Arc<Persona>>,
}

/// The kinds of facts that people are told.
#[derive(Clone, Debug, PartialEq)]
pub enum EventKind {
    /// Someone spoke in a room.
    Message {
        room: RoomName,
        from: Nick,
        kind: MessageKind,
        text: Arc<str>,
        /// See [`Tags`].
        tags: Option<Tags>,
    },
    /// Someone spoke to one user.
    Private {
        from: Nick,
        to: Nick,
        kind: MessageKind,
        text: Arc<str>,
        tags: Option<Tags>,
    },
    /// Someone spoke to those in a room who have a status. It is not kept.
    ToStatus {
        room: RoomName,
        status: Status,
        from: Nick,
        kind: MessageKind,
        text: Arc<str>,
        tags: Option<Tags>,
    },
    /// Someone says something by tags alone, to a room or to one user.
    Tagged {
        place: EventPlace,
        from: Nick,
        tags: Tags,
    },
    /// The author of an earlier message gave it another text.
    Edited {
        place: EventPlace,
        from: Nick,
        message: MessageId,
        text: Arc<str>,
    },
    /// The text of an earlier message was taken away, by its author or by whoever keeps order in the room.
    Deleted {
        place: EventPlace,
        from: Nick,
        message: MessageId,
        reason: Option<Arc<str>>,
    },
    /// This user has read a conversation so far. Heard by their own sessions only.
    MarkedRead { of: Partner, upto: MessageId },
    /// A user entered a room; `away` where they are.
    Joined {
        room: RoomName,
        nick: Nick,
        away: Option<Arc<str>>,
    },
    /// A user left a room and is still here.
    Parted {
        room: RoomName,
        nick: Nick,
        reason: Option<Arc<str>>,
    },
    /// A user's last session ended. Heard once by each session that shares a room with them.
    Quit { nick: Nick, reason: QuitReason },
    /// A user took another nick. Heard as `Quit` is.
    NickChanged { old: Nick, new: Nick },
    /// A room's topic changed; empty when it was cleared. `by` is `None` for an operator.
    TopicChanged {
        room: RoomName,
        by: Option<Nick>,
        text: Arc<str>,
    },
    /// A user was taken out of a room. `by` is `None` for the admin socket.
    Kicked {
        room: RoomName,
        nick: Nick,
        by: Option<Nick>,
        reason: Option<Arc<str>>,
    },
    /// A user has another standing in a room from now on; the role may be the same. `by` as above.
    RoleChanged {
        room: RoomName,
        nick: Nick,
        was: Standing,
        is: Standing,
        by: Option<Nick>,
    },
    /// Something is set about a room, `off` where it was taken away; of a key only that there is one. `by` as
    /// above.
    RoomChanged {
        room: RoomName,
        setting: &'static str,
        value: Arc<str>,
        by: Option<Nick>,
    },
    /// A room is called `to` from now on, and is the same in all else. `by` as above.
    RoomRenamed {
        room: RoomName,
        to: RoomName,
        by: Option<Nick>,
        reason: Option<Arc<str>>,
    },
    /// A rule holds from now on. Heard by those it is about, and by those who may see it.
    RuleAdded { rule: Arc<Rule> },
    /// And does not any more; `by` is `None` for the admin socket and for the clock. Heard as `RuleAdded` is.
    RuleEnded { rule: Arc<Rule>, by: Option<Nick> },
    /// This user may enter a room. Heard by their own sessions only.
    Invited {
        room: RoomName,
        nick: Nick,
        by: Nick,
    },
    /// Somebody was invited into a room. Heard by the others who might have done it, where IRC is spoken.
    InviteNoticed {
        room: RoomName,
        nick: Nick,
        by: Nick,
    },
    /// The nick belongs to an account now, though this user, who has none, has it: `new` is what they are
    /// called instead, once somebody has logged in to it. Heard by the user.
    NickRegistered { nick: Nick, new: Option<Nick> },
    /// A user went away (a text) or came back (`None`). Heard as `Quit` is.
    AwayChanged { nick: Nick, text: Option<Arc<str>> },
    /// A user is logged in to another account from now on, or (`None`) to none. Heard as `Quit` is, and by the
    /// user.
    AccountChanged { nick: Nick, account: Option<Nick> },
    /// What people show of themselves, for whoever wants to know.
    People(News),
    /// The server tells something: an announcement, a shutdown.
    Notice {
        room: Option<RoomName>,
        text: Arc<str>,
    },
}

/// Where the message was said that a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventPlace {
    Room(RoomName),
    /// To this user.
    User(Nick),
    /// To those in a room who have a status. Only what is not kept is said so.
    Status(RoomName, Status),
}

/// Where a user was when they left, for the engine's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The room.
    pub room: RoomId,
    /// The user, not one of the sessions.
    pub user: UserId,
    /// The session that the engine has to add or remove.
    pub session: SessionId,
}

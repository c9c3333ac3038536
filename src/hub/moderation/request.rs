//! What a moderator may ask for, whether they are a user of the chat or at the admin socket, and what they
//! are answered. Who may is for [`permission`](crate::hub::permission).

use std::sync::Arc;
use std::time::Duration;

use super::room::{RoleRecord, RoomChange};
use super::rule::{Effect, Rule};
use super::subject::Subject;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::{RoomRole, Status};

/// One request of a moderator. Where a room may be named, `None` is the whole server.
#[derive(Clone, Debug, PartialEq)]
pub enum Moderation {
    /// Take a user out of a room, or end all their sessions.
    Kick {
        room: Option<RoomName>,
        nick: Nick,
        reason: Option<Arc<str>>,
    },
    /// Make a rule, or give one that is there another reason and end.
    AddRule {
        room: Option<RoomName>,
        effect: Effect,
        subject: Subject,
        reason: Option<Arc<str>>,
        /// `None`: until somebody ends it.
        lasts: Option<Duration>,
        /// Whether those whom a ban is about are taken out at once.
        evicts: bool,
    },
    EndRule {
        room: Option<RoomName>,
        effect: Effect,
        subject: Subject,
    },
    /// Which rules hold.
    Rules {
        room: Option<RoomName>,
    },
    /// Give somebody who is here a role, another role, or none.
    Grant {
        room: RoomName,
        nick: Nick,
        role: Option<RoomRole>,
    },
    /// Give somebody who is in the room a status, or take it away, and leave them the other.
    SetStatus {
        room: RoomName,
        nick: Nick,
        status: Status,
        on: bool,
    },
    SetRoom {
        room: RoomName,
        change: RoomChange,
    },
    /// Give a room another name, under which it is the same in all else.
    RenameRoom {
        room: RoomName,
        to: RoomName,
        reason: Option<Arc<str>>,
    },
    /// What is set about a room, and who has roles.
    ShowRoom {
        room: RoomName,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Moderated {
    /// So many sessions were ended or taken out of the room.
    Done {
        sessions: usize,
    },
    /// Those that hold, by effect and then as they were made.
    Rules(Vec<Rule>),
    Room(Box<RoomInfo>),
}

/// What there is to know about a room.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomInfo {
    pub room: RoomName,
    pub topic: Option<Arc<str>>,
    pub members: usize,
    /// What is set, by name; the key is only there for those who may set it.
    pub settings: Vec<(&'static str, String)>,
    /// The highest first, then by nick.
    pub roles: Vec<RoleRecord>,
}

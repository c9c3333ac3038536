//! What people show of themselves beside what they say, and what they want to know of each other: modes, real
//! names, who is here and who was, and metadata. Only IRC asks for it so far; nothing here knows of IRC.
//!
//! A [`Request`] goes the way of every command: `decide/people.rs` says whether it may happen, `carry_out` tells whoever is
//! to know, and `apply` changes the state.

mod apply;
mod away;
mod carry_out;
pub mod gone;
pub mod metadata;
pub mod modes;
mod operator;
pub mod watch;

use std::sync::Arc;

use super::event::EventPlace;
use super::name::Nick;
use super::persona::Persona;
use super::secret::Secret;

pub(super) use apply::{Holder, PeopleChange};

use metadata::MetadataKey;
use modes::UserModes;
use watch::{Watch, Watched};

/// What a user may ask.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Switch some of the own modes on and some off; neither, to be told them.
    SetModes {
        on: UserModes,
        off: UserModes,
    },
    /// Say by which name one is known elsewhere: one line of at most [`Persona::REALNAME_BYTES`] bytes.
    SetRealName(Arc<str>),
    /// Tell everybody something who wants to hear the server's operators; for these alone.
    Wallops(Arc<str>),
    /// Be a server operator, by a name and a password of the config, until the user goes.
    Operate {
        name: Arc<str>,
        password: Secret,
    },
    /// Be that no more.
    Resign,
    /// Be told when somebody comes and goes; for this session.
    Watch(Watch),
    Metadata(metadata::Request),
}

/// What the session gets for it.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Modes {
        before: UserModes,
        now: UserModes,
        is_server_operator: bool,
        persona: Arc<Persona>,
    },
    /// Who has just been spoken to is away. Comes ahead of the answer to the same request.
    IsAway {
        nick: Nick,
        text: Arc<str>,
    },
    Watched(Watched),
    /// Whom the session watches, by nick.
    Watching(Vec<Nick>),
    Metadata(metadata::Answer),
}

/// What others are told.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Heard as a new nick is.
    RealName { nick: Nick, text: Arc<str> },
    /// Heard by users with that mode.
    Wallops { from: Nick, text: Arc<str> },
    /// Somebody of this nick is here now. Heard by sessions that watch it.
    Came { nick: Nick },
    /// And is no more.
    Went { nick: Nick },
    /// A key has another value, or none. Heard by sessions that have subscribed to it and are where it concerns
    /// them.
    Metadata {
        of: EventPlace,
        key: MetadataKey,
        value: Option<Arc<str>>,
    },
}

impl News {
    /// Whose deed it is, if that is to be shown.
    pub(super) fn actor(&self) -> Option<&Nick> {
        match self {
            Self::RealName { nick, .. } | Self::Came { nick } => Some(nick),
            Self::Wallops { from, .. } => Some(from),
            Self::Went { .. } | Self::Metadata { .. } => None,
        }
    }
}

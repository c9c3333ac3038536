//! What an answer of the hub needs to know of the line that asked for it.

use smol_str::SmolStr;

use super::about::About;
use super::verbs::list::Filter;
use crate::hub::event::Event;
use crate::hub::id::MessageId;
use crate::hub::moderation::rule::Effect;
use crate::hub::name::{Nick, RoomName};
use crate::hub::tags::Tags;

/// Which line a request comes from.
#[derive(Debug)]
pub(super) enum Context {
    /// The end of registration. The nick is as the client wrote it.
    Register {
        nick: SmolStr,
    },
    /// The rest of the welcome.
    Welcome,
    /// None: no answer was waited for.
    Unasked,
    /// One step of an exchange of SASL.
    Sasl,
    /// An account that came with `PASS`.
    Pass,
    /// An account that is to be made of this nick.
    Account {
        nick: SmolStr,
    },
    /// A line that only had to be paid for: what answers it is here.
    Paid {
        verb: SmolStr,
        lines: Box<[u8]>,
    },
    /// An answer is told by an event, or not at all.
    Deed {
        verb: &'static str,
        target: SmolStr,
    },
    Nick {
        wanted: SmolStr,
    },
    Join {
        room: SmolStr,
    },
    /// Who is in a room that this session has just entered, and up to where it was read.
    Joined {
        mark: Option<MessageId>,
    },
    /// The same where its user was in it before.
    Attached,
    /// The same where a room has another name, which the event tells: whether who is there is to be told.
    Renamed {
        event: Box<Event>,
        names: bool,
    },
    Say(Box<Said>),
    /// People and the server.
    About(About),
    /// One room of a line. The last of them ends the list, under all names as they were asked for.
    Names {
        room: RoomName,
        ends: Option<SmolStr>,
    },
    List(Box<Filter>),
    /// What is set about a room.
    Modes {
        room: RoomName,
    },
    /// One of its lists.
    Rules {
        room: RoomName,
        effect: Effect,
    },
    Mode(Box<ModeChange>),
    /// All changes of one line have been made or refused.
    ModesEnd,
    /// The rooms that the user leaves, all of them.
    LeaveAll,
    /// The rooms that the user is invited into.
    Invitations,
    Topic {
        room: RoomName,
    },
    /// About what was said before.
    Past(Box<Past>),
    /// Whoever was invited.
    Invite {
        room: RoomName,
        nick: Nick,
    },
}

/// A question about what was said before.
#[derive(Debug)]
pub(super) enum Past {
    /// `CHATHISTORY` with one of its words, of a target as the client wrote it.
    Page {
        subcommand: SmolStr,
        target: SmolStr,
        /// Whether those at the beginning are left out where there are too many.
        is_newest: bool,
    },
    Targets,
    Mark {
        target: SmolStr,
    },
    /// Up to where a room was read that this session has just entered.
    Entered {
        room: RoomName,
    },
    /// The last that was said in it.
    Replay,
    Redact {
        target: SmolStr,
        message: SmolStr,
    },
    Search,
}

impl Past {
    fn verb(&self) -> &'static str {
        match self {
            Self::Page { .. } | Self::Targets => "CHATHISTORY",
            Self::Mark { .. } => "MARKREAD",
            Self::Entered { .. } | Self::Replay => "JOIN",
            Self::Redact { .. } => "REDACT",
            Self::Search => "SEARCH",
        }
    }

    pub(super) fn target(&self) -> &str {
        match self {
            Self::Page { target, .. } | Self::Mark { target } | Self::Redact { target, .. } => {
                target
            }
            Self::Entered { room } => room.as_str(),
            Self::Targets | Self::Replay | Self::Search => "",
        }
    }
}

/// One change of a `MODE` line.
#[derive(Debug)]
pub(super) struct ModeChange {
    pub(super) room: SmolStr,
    pub(super) letter: char,
    /// What stands behind the letter, as it may stand in an answer.
    pub(super) param: SmolStr,
    /// The key, where it is one: others only hear that there is one.
    pub(super) key: Option<SmolStr>,
    /// What comes of it waits for [`Context::ModesEnd`].
    pub(super) is_gathered: bool,
}

/// Something that this client has said.
#[derive(Debug)]
pub(super) struct Said {
    /// `PRIVMSG`, `NOTICE` or `TAGMSG`.
    pub(super) verb: &'static str,
    /// As the client wrote it.
    pub(super) target: SmolStr,
    /// As it is to come back, if it is.
    pub(super) echo: Option<Echo>,
}

#[derive(Debug)]
pub(super) struct Echo {
    /// As others see it, `/me` in CTCP form.
    pub(super) text: Box<str>,
    pub(super) tags: Option<Tags>,
}

impl Context {
    /// The verb of the line, for what is told of it.
    pub(super) fn verb(&self) -> &str {
        match self {
            Self::Register { .. } => "USER",
            Self::Welcome => "LUSERS",
            Self::Unasked => "*",
            Self::Sasl => "AUTHENTICATE",
            Self::Pass => "PASS",
            Self::Account { .. } => "REGISTER",
            Self::Paid { verb, .. } => verb,
            Self::Deed { verb, .. } => verb,
            Self::Nick { .. } => "NICK",
            Self::Join { .. } | Self::Joined { .. } | Self::Attached | Self::Renamed { .. } => {
                "JOIN"
            }
            Self::Say(said) => said.verb,
            Self::About(about) => about.verb(),
            Self::Names { .. } => "NAMES",
            Self::Topic { .. } => "TOPIC",
            Self::Invite { .. } | Self::Invitations => "INVITE",
            Self::List(_) => "LIST",
            Self::Modes { .. } | Self::Rules { .. } | Self::Mode(_) | Self::ModesEnd => "MODE",
            Self::LeaveAll => "PART",
            Self::Past(past) => past.verb(),
        }
    }

    /// What it takes of memory beside its own size.
    pub(super) fn bytes(&self) -> usize {
        let mut bytes = self.target().len();
        if let Self::Paid { lines, .. } = self {
            bytes += lines.len();
        } else if let Self::Say(said) = self
            && let Some(echo) = &said.echo
        {
            bytes += echo.text.len() + echo.tags.as_ref().map_or(0, |tags| tags.as_str().len());
        }
        bytes
    }

    /// What the line was about, as its client wrote it; empty where there is nothing.
    pub(super) fn target(&self) -> &str {
        match self {
            Self::Register { nick } | Self::Account { nick } => nick,
            Self::Nick { wanted } => wanted,
            Self::Deed { target, .. } => target,
            Self::Join { room } => room,
            Self::Say(said) => &said.target,
            Self::About(about) => about.target(),
            Self::Names { room, .. }
            | Self::Topic { room }
            | Self::Modes { room }
            | Self::Rules { room, .. } => room.as_str(),
            Self::Mode(change) => &change.room,
            Self::Invite { nick, .. } => nick.as_str(),
            Self::Past(past) => past.target(),
            Self::Welcome
            | Self::Unasked
            | Self::Sasl
            | Self::Pass
            | Self::Paid { .. }
            | Self::Joined { .. }
            | Self::Attached
            | Self::Renamed { .. }
            | Self::List(_)
            | Self::ModesEnd
            | Self::LeaveAll
            | Self::Invitations => "",
        }
    }
}

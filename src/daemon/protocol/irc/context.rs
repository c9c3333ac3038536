//! What an answer of the hub needs to know of the line that asked for it.

use smol_str::SmolStr;

use crate::hub::name::{Nick, RoomName};

/// Which line a request comes from.
#[derive(Debug)]
pub(super) enum Context {
    /// The end of registration. The nick is as the client wrote it.
    Register {
        nick: SmolStr,
    },
    /// The rest of the welcome.
    Welcome,
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
    /// The same, answered, but not to leave before all that was asked before.
    Held {
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
    /// Who is in a room that this session has just entered.
    Joined,
    /// The same where its user was in it before.
    Attached,
    Say(Box<Said>),
    Names {
        room: RoomName,
    },
    Topic {
        room: RoomName,
    },
    /// Whoever was invited.
    Invite {
        room: RoomName,
        nick: Nick,
    },
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
    pub(super) tags: Option<Box<str>>,
}

impl Context {
    /// The verb of the line, for what is told of it.
    pub(super) fn verb(&self) -> &str {
        match self {
            Self::Register { .. } => "USER",
            Self::Welcome => "LUSERS",
            Self::Sasl => "AUTHENTICATE",
            Self::Pass => "PASS",
            Self::Account { .. } => "REGISTER",
            Self::Paid { verb, .. } => verb,
            Self::Held { .. } => "PING",
            Self::Deed { verb, .. } => verb,
            Self::Nick { .. } => "NICK",
            Self::Join { .. } | Self::Joined | Self::Attached => "JOIN",
            Self::Say(said) => said.verb,
            Self::Names { .. } => "NAMES",
            Self::Topic { .. } => "TOPIC",
            Self::Invite { .. } => "INVITE",
        }
    }

    /// What the line was about, as its client wrote it; empty where there is nothing.
    pub(super) fn target(&self) -> &str {
        match self {
            Self::Register { nick } | Self::Account { nick } => nick,
            Self::Nick { wanted } => wanted,
            Self::Deed { target, .. } => target,
            Self::Join { room } => room,
            Self::Say(said) => &said.target,
            Self::Names { room } | Self::Topic { room } => room.as_str(),
            Self::Invite { nick, .. } => nick.as_str(),
            Self::Welcome
            | Self::Sasl
            | Self::Pass
            | Self::Paid { .. }
            | Self::Held { .. }
            | Self::Joined
            | Self::Attached => "",
        }
    }
}

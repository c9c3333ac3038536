//! What the answers to questions about people and the server need to know of the line that asked.

use smol_str::SmolStr;

/// Which question it was.
#[derive(Debug)]
pub(super) enum About {
    Who(Box<Who>),
    Whois {
        nick: SmolStr,
    },
    WhoWas {
        nick: SmolStr,
    },
    UserHost,
    UserIp,
    Resign,
    /// With the nicks as they were asked for.
    IsOn,
    Lusers,
    /// `MODE` of the client itself: what it wanted to have on and off, or to see.
    Modes {
        is_question: bool,
    },
    SetName,
    Oper,
    Wallops,
    Kill {
        nick: SmolStr,
    },
    Rehash,
    Monitor,
    Metadata(Box<Metadata>),
    /// What a client that has just come in knows of itself.
    OwnMetadata,
    /// What has come with a room that it has just entered.
    RoomMetadata,
}

/// `WHO`.
#[derive(Debug, Default)]
pub(super) struct Who {
    /// As the client wrote it.
    pub(super) mask: SmolStr,
    /// The fields of WHOX and its token; `None` for the plain form.
    pub(super) fields: Option<(SmolStr, SmolStr)>,
    pub(super) operators_only: bool,
}

/// `METADATA`.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) subcommand: &'static str,
    /// As the client wrote it.
    pub(super) target: SmolStr,
    /// Empty where it is about none or several.
    pub(super) key: SmolStr,
}

impl About {
    pub(super) fn verb(&self) -> &'static str {
        match self {
            Self::Who(_) => "WHO",
            Self::Whois { .. } => "WHOIS",
            Self::WhoWas { .. } => "WHOWAS",
            Self::UserHost => "USERHOST",
            Self::UserIp => "USERIP",
            Self::IsOn => "ISON",
            Self::Lusers => "LUSERS",
            Self::Modes { .. } | Self::Resign => "MODE",
            Self::SetName => "SETNAME",
            Self::Oper => "OPER",
            Self::Wallops => "WALLOPS",
            Self::Kill { .. } => "KILL",
            Self::Rehash => "REHASH",
            Self::Monitor => "MONITOR",
            Self::Metadata(_) | Self::OwnMetadata | Self::RoomMetadata => "METADATA",
        }
    }

    pub(super) fn target(&self) -> &str {
        match self {
            Self::Who(who) => &who.mask,
            Self::Whois { nick } | Self::WhoWas { nick } | Self::Kill { nick } => nick,
            Self::Metadata(metadata) => &metadata.target,
            Self::UserHost
            | Self::UserIp
            | Self::Resign
            | Self::IsOn
            | Self::Lusers
            | Self::Modes { .. }
            | Self::SetName
            | Self::Oper
            | Self::Wallops
            | Self::Rehash
            | Self::Monitor
            | Self::OwnMetadata
            | Self::RoomMetadata => "",
        }
    }
}

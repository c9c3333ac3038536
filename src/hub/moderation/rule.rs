//! One rule about who may come and speak.

use std::sync::Arc;

use super::subject::Subject;
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;

/// Which rule. Rises as long as the daemon runs, and after a start from the highest that is kept, so that none
/// is another's that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(pub u64);

/// A rule that holds, for one room or the whole server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: RuleId,
    /// `None`: the whole server.
    pub room: Option<RoomName>,
    pub effect: Effect,
    pub subject: Subject,
    /// Who made it, as they were called; `None` for the admin socket.
    pub by: Option<Nick>,
    /// Shown to those it is about.
    pub reason: Option<Arc<str>>,
    pub at: UnixMillis,
    /// `None`: until somebody ends it.
    pub until: Option<UnixMillis>,
}

/// What a rule does to those it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// They cannot enter the room, or log in.
    Ban,
    /// They cannot speak in the room, or (of the server) anywhere.
    Mute,
    /// Bans and mutes of the same room, or of the server, do not hold for them.
    Exempt,
    /// They may enter a room that is for the invited only. Of rooms only.
    Invite,
}

impl Effect {
    pub const ALL: [Self; 4] = [Self::Ban, Self::Mute, Self::Exempt, Self::Invite];

    /// As protocols call it, and the registry keeps it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Mute => "mute",
            Self::Exempt => "exempt",
            Self::Invite => "invite",
        }
    }

    /// From its [`name`](Self::name).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.name() == name)
    }
}

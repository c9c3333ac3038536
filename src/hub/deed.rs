//! What is told to the log of who keeps order.

use std::sync::Arc;

use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::permission::RoomRole;

/// What a moderator did, or the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Kicked {
        room: Option<RoomName>,
        nick: Nick,
    },
    RuleAdded(Rule),
    RuleEnded {
        rule: Rule,
        has_expired: bool,
    },
    RoleSet {
        room: RoomName,
        nick: Nick,
        role: Option<RoomRole>,
    },
    RoomRenamed {
        room: RoomName,
        to: RoomName,
    },
    /// The value is not told where it is a secret.
    RoomSet {
        room: RoomName,
        setting: &'static str,
        value: Arc<str>,
    },
}

//! What the hub has the registry keep.

use super::moderation::room::CharterRecord;
use super::moderation::rule::{Rule, RuleId};
use super::name::RoomName;

/// What the registry keeps of how order is kept. Each says what is so from now on, so that writing it twice
/// does no harm.
#[derive(Clone, Debug, PartialEq)]
pub enum RegistryRecord {
    Charter(CharterRecord),
    /// Nothing is set about the room any more.
    CharterGone(RoomName),
    Rule(Rule),
    RuleGone(RuleId),
    /// What is set about a room, and these rules, are those of the same room under another name; nothing is set about
    /// `from` any more.
    Renamed {
        from: RoomName,
        charter: Option<CharterRecord>,
        rules: Vec<Rule>,
    },
}

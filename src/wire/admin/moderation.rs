//! What travels between chatctl and the admin API where order is kept: rules about who may come and speak,
//! what is set about a room, roles, and all there is to know about one user. Requests that would reach
//! further than was meant with a field left out refuse fields that they do not know.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Session;

/// Takes a user out of a room, or without one ends all their sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Kick {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub nick: String,
    /// The user and the others are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a rule does to those it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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

/// Whose rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RulesQuery {
    /// Those of this room; without it, those of the server.
    pub room: Option<String>,
}

/// The rules that hold, by effect and then as they were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    pub rules: Vec<Rule>,
    /// So many more hold than an answer has place for.
    pub left_off: usize,
}

/// A rule that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Where it holds; `null` on the whole server.
    pub room: Option<String>,
    pub effect: Effect,
    /// A nick, perhaps with `*` and `?`; an address, perhaps with `/BITS`; `account:NAME`.
    pub subject: String,
    /// Who made it, as they were called; `null` for an operator at this socket.
    pub by: Option<String>,
    pub reason: Option<String>,
    pub created_at: String,
    /// `null` for one that holds until it is ended.
    pub expires_at: Option<String>,
    /// Seconds until then.
    pub left_s: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRule {
    /// Without one, the rule is about the whole server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub effect: Effect,
    pub subject: String,
    /// Those it is about are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 1 s to 10 years; without it until the rule is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_s: Option<u64>,
    /// Whether those whom a ban is about are taken out at once; true when absent.
    #[serde(default = "yes")]
    pub evicts: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRule {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub effect: Effect,
    pub subject: String,
}

/// Which room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RoomQuery {
    pub room: String,
}

/// What there is to know about a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomInfo {
    pub room: String,
    pub topic: Option<String>,
    pub members: usize,
    /// What is set, by name, with the room's key among it; what is not there is `off`.
    pub settings: Vec<Setting>,
    /// The highest first, then by nick.
    pub roles: Vec<RoleOf>,
}

/// Something that is set about a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    pub setting: String,
    pub value: String,
}

/// Who has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoleOf {
    /// As they were called when they got it.
    pub nick: String,
    pub role: Role,
}

/// What somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    None,
    Voiced,
    Operator,
    Owner,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRoom {
    pub room: String,
    /// `invite-only`, `key`, `members-max` …
    pub setting: String,
    /// `on`, a number …, or `off`.
    pub value: String,
}

/// Gives a room another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameRoom {
    pub room: String,
    pub to: String,
    /// Those who are there are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    pub room: String,
    pub nick: String,
    /// `none` takes one away.
    pub role: Role,
}

/// Which user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    pub nick: String,
}

/// All that an operator may know about a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    pub nick: String,
    /// The account that they are logged in to; `null` for a guest.
    pub account: Option<String>,
    /// Whether their account keeps order everywhere.
    pub is_server_operator: bool,
    /// When their first session logged in.
    pub since: String,
    pub away: Option<String>,
    /// Where they are, by name, and as what.
    pub rooms: Vec<Place>,
    /// None while their connection is broken and their place is kept.
    pub sessions: Vec<Session>,
    /// Those that are about them, of the server and of all rooms, as they were made.
    pub rules: Vec<Rule>,
    /// So many more there are than an answer has place for.
    pub rules_left_off: usize,
}

/// A room that a user is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    pub room: String,
    pub role: Role,
}

fn yes() -> bool {
    true
}

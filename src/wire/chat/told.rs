//! What stands within the objects that the server sends.

use serde::{Deserialize, Serialize};

use super::Kind;

/// The request that an answer answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Re<S = String> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<S>,
}

/// One message of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept<S = String> {
    pub msgid: S,
    pub time: S,
    /// Or `to`, for a private message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<S>,
    pub from: S,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<S>,
    #[serde(default, skip_serializing_if = "Kind::is_text")]
    pub kind: Kind,
    /// Not there once it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<S>,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<S>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<S>,
}

/// How much of one conversation is unread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadCount<S = String> {
    pub of: S,
    /// Messages of others after `read`, at most 1000; more are not counted.
    pub unread: u32,
    /// The mark, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<S>,
}

/// A rule that holds, in a room or on the whole server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule<S = String> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<S>,
    /// `ban`, `mute`, `exempt` or `invite`.
    pub effect: S,
    pub subject: S,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<S>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<S>,
    pub at: S,
    /// Missing for one that holds until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<S>,
}

/// Something that is set about a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting<S = String> {
    pub setting: S,
    pub value: S,
}

/// Who has a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleOf<S = String> {
    /// As they were called when they got it.
    pub nick: S,
    pub role: S,
}

/// One room in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room<S = String> {
    pub room: S,
    pub members: usize,
    pub topic: Option<S>,
}

/// The bounds that a client should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest object, in bytes.
    pub frame_bytes: usize,
    pub message_bytes: usize,
    pub topic_bytes: usize,
    pub nick_chars: usize,
    pub room_chars: usize,
    pub rooms_per_user: usize,
    /// Commands per second in the long run; 0 means unlimited.
    pub rate: f64,
    /// Commands at once.
    pub burst: f64,
    /// The server asks after this many seconds of silence.
    pub ping_interval_s: u64,
}

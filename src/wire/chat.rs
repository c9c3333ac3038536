//! The JSON chat protocol's own dialect (`hello`, `v` 1), both directions, as plain data.
//! `docs/chat-protocol.md` is its description for client authors. The old dialect's objects live
//! with its only user, `daemon/protocol/chat/old.rs`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The version that `hello` asks for and `welcome` confirms.
pub const VERSION: u32 = 1;

/// What a client sends. Unknown fields are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientBody<'a> {
    /// Chooses this dialect; answered by `welcome`, and by `login` or `error` when it names a nick.
    Hello {
        v: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nick: Option<Cow<'a, str>>,
        /// From an earlier `login` answer: speak as the user who holds `nick` already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<Cow<'a, str>>,
        /// Name and version of the client, for the operator's log; at most 64 bytes are kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<Cow<'a, str>>,
        /// Enter the default room at once; true when absent.
        #[serde(default = "yes", skip_serializing_if = "is_yes")]
        enter: bool,
    },
    /// Logs in after a `hello` without a nick (or after a refused one), or takes another nick.
    Nick {
        nick: Cow<'a, str>,
    },
    Join {
        room: Cow<'a, str>,
    },
    Part {
        room: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
    /// `to` is `#room` or `@nick`.
    Send {
        to: Cow<'a, str>,
        text: Cow<'a, str>,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
    },
    /// An empty text clears the topic.
    Topic {
        room: Cow<'a, str>,
        text: Cow<'a, str>,
    },
    /// Without a text: back.
    Away {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Cow<'a, str>>,
    },
    /// Group chat on or off for this session; without `on`, the other way round.
    RoomChat {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on: Option<bool>,
    },
    /// Ignore one user, or hear them again.
    Ignore {
        nick: Cow<'a, str>,
        #[serde(default = "yes", skip_serializing_if = "is_yes")]
        on: bool,
    },
    Ignores,
    Rooms,
    Names {
        room: Cow<'a, str>,
    },
    Users,
    Whois {
        nick: Cow<'a, str>,
    },
    Ping,
    Pong,
    Quit {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
}

/// A request with the client's own id for it (1 to 64 bytes), which the answer repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMessage<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Cow<'a, str>>,
    #[serde(flatten)]
    pub body: ClientBody<'a>,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Text,
    Action,
    Notice,
}

impl Kind {
    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// What the server sends: answers, which carry the request's `id` when it had one, and events,
/// which carry `msgid` and `time` (RFC 3339, UTC, milliseconds). Clients ignore types and fields
/// that they do not know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    // Answers.
    Welcome {
        v: u32,
        server: String,
        /// The program and its version, `chatd 0.1.0`.
        software: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        motd: String,
        default_room: String,
        limits: Limits,
        features: Vec<String>,
    },
    Login {
        #[serde(flatten)]
        re: Re,
        nick: String,
        key: String,
    },
    Ack {
        #[serde(flatten)]
        re: Re,
        msgid: String,
        time: String,
    },
    Ok {
        #[serde(flatten)]
        re: Re,
    },
    Joined {
        #[serde(flatten)]
        re: Re,
        room: String,
        topic: Option<String>,
        members: usize,
    },
    RoomChat {
        #[serde(flatten)]
        re: Re,
        on: bool,
    },
    /// Long lists come in several objects, all but the last with `more`.
    Rooms {
        #[serde(flatten)]
        re: Re,
        rooms: Vec<Room>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
    },
    Names {
        #[serde(flatten)]
        re: Re,
        room: String,
        topic: Option<String>,
        nicks: Vec<String>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
    },
    Users {
        #[serde(flatten)]
        re: Re,
        nicks: Vec<String>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
    },
    Ignores {
        #[serde(flatten)]
        re: Re,
        nicks: Vec<String>,
    },
    Whois {
        #[serde(flatten)]
        re: Re,
        nick: String,
        rooms: Vec<String>,
        away: Option<String>,
        sessions: usize,
        since: String,
    },
    Pong {
        #[serde(flatten)]
        re: Re,
    },
    Error {
        #[serde(flatten)]
        re: Re,
        /// Stable; programs may rely on it.
        code: String,
        /// For people; may change.
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    // From the server by itself.
    Ping,
    /// The last object before the server closes the connection.
    Bye {
        code: String,
        text: String,
    },
    // Events.
    Message {
        msgid: String,
        time: String,
        room: String,
        from: String,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: String,
    },
    Private {
        msgid: String,
        time: String,
        from: String,
        to: String,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: String,
    },
    Join {
        msgid: String,
        time: String,
        room: String,
        nick: String,
    },
    Part {
        msgid: String,
        time: String,
        room: String,
        nick: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Quit {
        msgid: String,
        time: String,
        nick: String,
        reason: String,
    },
    Nick {
        msgid: String,
        time: String,
        old: String,
        new: String,
    },
    Topic {
        msgid: String,
        time: String,
        room: String,
        by: Option<String>,
        text: String,
    },
    Away {
        msgid: String,
        time: String,
        nick: String,
        text: Option<String>,
    },
    Notice {
        msgid: String,
        time: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
        text: String,
    },
}

/// The request that an answer answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Re {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// One room in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    pub room: String,
    pub members: usize,
    pub topic: Option<String>,
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

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_no(value: &bool) -> bool {
    !*value
}

//! The JSON chat protocol's own dialect (`hello`, `v` 1), both directions, as plain data.
//! `docs/chat-protocol.md` is its description for client authors. The old dialect's objects live
//! with its only user, `daemon/protocol/chat/old.rs`.
//!
//! A client writes [`ClientMessage`] and reads [`ServerMessage`] with serde. The server reads with
//! [`ClientBody::from_fields`], which can say what is wrong with which field.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::fields::{Field, Fields, RequestError};

/// Longest object that a client may send, in bytes, where a text may have `message_bytes`: every byte
/// of the text escaped as `\u00XX`, and a kibibyte for what stands around it.
#[must_use]
pub const fn object_bytes_max(message_bytes: usize) -> usize {
    message_bytes * 6 + 1024
}

/// The version that `hello` asks for and `welcome` confirms.
pub const VERSION: u32 = 1;

/// Longest `id` of a request, in bytes.
pub const ID_BYTES_MAX: usize = 64;

/// What a client sends. Unknown fields are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientBody<'a> {
    /// Chooses this dialect; answered by `welcome`, and by `login` or `error` when it names a nick.
    Hello {
        v: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        nick: Option<Cow<'a, str>>,
        /// From an earlier `login` answer: speak as the user who holds `nick` already.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<Cow<'a, str>>,
        /// Name and version of the client, for people who look at the traffic.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<Cow<'a, str>>,
        /// Enter the default room at once; true when absent.
        #[serde(skip_serializing_if = "is_yes")]
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
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
    /// `to` is `#room` or `@nick`.
    Send {
        to: Cow<'a, str>,
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Kind::is_text")]
        kind: Kind,
    },
    /// An empty text clears the topic.
    Topic {
        room: Cow<'a, str>,
        text: Cow<'a, str>,
    },
    /// Without a text: back.
    Away {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Cow<'a, str>>,
    },
    /// Group chat on or off for this session; without `on`, the other way round.
    RoomChat {
        #[serde(skip_serializing_if = "Option::is_none")]
        on: Option<bool>,
    },
    /// Ignore one user, or hear them again.
    Ignore {
        nick: Cow<'a, str>,
        #[serde(skip_serializing_if = "is_yes")]
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
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
}

impl<'a> ClientBody<'a> {
    /// Reads a request. Fields that it does not use are not looked at.
    ///
    /// # Errors
    /// A [`RequestError`] that names the field or the unknown type.
    pub fn from_fields(fields: &mut Fields<'a>) -> Result<Self, RequestError> {
        let kind = fields.text(Field::Type)?;
        Ok(match kind.as_ref() {
            "hello" => Self::Hello {
                v: u32::try_from(fields.number(Field::V)?).unwrap_or(u32::MAX),
                nick: fields.text_if_any(Field::Nick)?,
                key: fields.text_if_any(Field::Key)?,
                client: fields.text_if_any(Field::Client)?,
                enter: fields.truth_if_any(Field::Enter)?.unwrap_or(true),
            },
            "nick" => Self::Nick {
                nick: fields.text(Field::Nick)?,
            },
            "join" => Self::Join {
                room: fields.text(Field::Room)?,
            },
            "part" => Self::Part {
                room: fields.text(Field::Room)?,
                reason: fields.text_if_any(Field::Reason)?,
            },
            "send" => Self::Send {
                to: fields.text(Field::To)?,
                text: fields.text(Field::Text)?,
                kind: Kind::from_fields(fields)?,
            },
            "topic" => Self::Topic {
                room: fields.text(Field::Room)?,
                text: fields.text(Field::Text)?,
            },
            "away" => Self::Away {
                text: fields.text_if_any(Field::Text)?,
            },
            "room_chat" => Self::RoomChat {
                on: fields.truth_if_any(Field::On)?,
            },
            "ignore" => Self::Ignore {
                nick: fields.text(Field::Nick)?,
                on: fields.truth_if_any(Field::On)?.unwrap_or(true),
            },
            "ignores" => Self::Ignores,
            "rooms" => Self::Rooms,
            "names" => Self::Names {
                room: fields.text(Field::Room)?,
            },
            "users" => Self::Users,
            "whois" => Self::Whois {
                nick: fields.text(Field::Nick)?,
            },
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "quit" => Self::Quit {
                reason: fields.text_if_any(Field::Reason)?,
            },
            unknown => return Err(RequestError::unknown_type(unknown)),
        })
    }
}

/// Reads the `id` of a request, apart from its body: an error in the body is answered with it too.
///
/// # Errors
/// A [`RequestError`] that names the field.
pub fn id_from_fields<'a>(fields: &mut Fields<'a>) -> Result<Option<Cow<'a, str>>, RequestError> {
    let id = fields.text_if_any(Field::Id)?;
    let fits = id
        .as_ref()
        .is_none_or(|id| (1..=ID_BYTES_MAX).contains(&id.len()));
    fits.then_some(id).ok_or(RequestError::WrongType {
        field: Field::Id,
        expected: "a string of 1 to 64 bytes",
    })
}

/// A request with the client's own id for it (1 to 64 bytes), which the answer repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
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
    fn from_fields(fields: &mut Fields<'_>) -> Result<Self, RequestError> {
        match fields.text_if_any(Field::Kind)?.as_deref() {
            None | Some("text") => Ok(Self::Text),
            Some("action") => Ok(Self::Action),
            Some("notice") => Ok(Self::Notice),
            Some(_) => Err(RequestError::WrongType {
                field: Field::Kind,
                expected: "`text`, `action` or `notice`",
            }),
        }
    }

    fn is_text(&self) -> bool {
        *self == Self::Text
    }
}

/// What the server sends: answers, which carry the request's `id` when it had one, and events,
/// which carry `msgid` and `time` (RFC 3339, UTC, milliseconds). Clients ignore types and fields
/// that they do not know.
///
/// `S` is the text: a client reads into `String`s, the server writes from borrowed texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage<S = String> {
    // Answers.
    Welcome {
        v: u32,
        server: S,
        /// The program and its version, `chatd 0.1.0`.
        software: S,
        /// One line for people; may be empty.
        motd: S,
        default_room: S,
        limits: Limits,
        features: Vec<S>,
    },
    Login {
        #[serde(flatten)]
        re: Re<S>,
        nick: S,
        key: S,
    },
    Ack {
        #[serde(flatten)]
        re: Re<S>,
        msgid: S,
        time: S,
    },
    Ok {
        #[serde(flatten)]
        re: Re<S>,
    },
    Joined {
        #[serde(flatten)]
        re: Re<S>,
        room: S,
        topic: Option<S>,
        members: usize,
    },
    RoomChat {
        #[serde(flatten)]
        re: Re<S>,
        on: bool,
    },
    /// Long lists come in several objects, all but the last with `more`. A list that is too long
    /// ends early; its last object says how many entries are `left_off`.
    Rooms {
        #[serde(flatten)]
        re: Re<S>,
        rooms: Vec<Room<S>>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Names {
        #[serde(flatten)]
        re: Re<S>,
        room: S,
        topic: Option<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Users {
        #[serde(flatten)]
        re: Re<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Ignores {
        #[serde(flatten)]
        re: Re<S>,
        nicks: Vec<S>,
        #[serde(default, skip_serializing_if = "is_no")]
        more: bool,
        #[serde(default, skip_serializing_if = "is_none_of_them")]
        left_off: usize,
    },
    Whois {
        #[serde(flatten)]
        re: Re<S>,
        nick: S,
        rooms: Vec<S>,
        away: Option<S>,
        sessions: usize,
        since: S,
    },
    Pong {
        #[serde(flatten)]
        re: Re<S>,
    },
    Error {
        #[serde(flatten)]
        re: Re<S>,
        /// Stable; programs may rely on it.
        code: S,
        /// For people; may change.
        text: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    // From the server by itself.
    Ping,
    /// The last object before the server closes the connection.
    Bye {
        code: S,
        text: S,
    },
    // Events.
    Message {
        msgid: S,
        time: S,
        room: S,
        from: S,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: S,
    },
    Private {
        msgid: S,
        time: S,
        from: S,
        to: S,
        #[serde(default, skip_serializing_if = "Kind::is_text")]
        kind: Kind,
        text: S,
    },
    Join {
        msgid: S,
        time: S,
        room: S,
        nick: S,
    },
    Part {
        msgid: S,
        time: S,
        room: S,
        nick: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<S>,
    },
    Quit {
        msgid: S,
        time: S,
        nick: S,
        reason: S,
    },
    Nick {
        msgid: S,
        time: S,
        old: S,
        new: S,
    },
    Topic {
        msgid: S,
        time: S,
        room: S,
        by: Option<S>,
        text: S,
    },
    Away {
        msgid: S,
        time: S,
        nick: S,
        text: Option<S>,
    },
    Notice {
        msgid: S,
        time: S,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<S>,
        text: S,
    },
    /// A type that this client does not know, from a newer server. The server never sends it.
    #[serde(other)]
    Unknown,
}

/// The request that an answer answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Re<S = String> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<S>,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_no(value: &bool) -> bool {
    !*value
}

fn is_none_of_them(count: &usize) -> bool {
    *count == 0
}

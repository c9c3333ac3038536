//! What a client sends.

use std::borrow::Cow;

use serde::Serialize;

use super::asked::{Bounds, Credentials, RuleAbout};
use super::{ID_BYTES_MAX, Kind, is_no, is_yes};
use crate::wire::fields::{Field, Fields, RequestError};
use crate::wire::hidden::Hidden;

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
        /// Log in to an account instead; then `nick` and `key` are not looked at.
        #[serde(flatten)]
        credentials: Credentials<'a>,
        /// Name and version of the client, for people who look at the traffic.
        #[serde(skip_serializing_if = "Option::is_none")]
        client: Option<Cow<'a, str>>,
        /// Enter the default room at once; true when absent.
        #[serde(skip_serializing_if = "is_yes")]
        enter: bool,
        /// Keep my place for a while when the connection breaks.
        #[serde(skip_serializing_if = "is_no")]
        resume: bool,
        /// Send me my own messages as others hear them; true when absent. Without it they are only
        /// acknowledged, in this session.
        #[serde(skip_serializing_if = "is_yes")]
        echo: bool,
        /// The last message id that I heard: send what I missed since. Needs `key`.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Cow<'a, str>>,
    },
    /// Logs in to an account after a `hello` that did not.
    Login {
        #[serde(flatten)]
        credentials: Credentials<'a>,
    },
    /// Makes an account: of the own nick, or of `account` before the login, which it then is.
    Register {
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<Cow<'a, str>>,
        password: Hidden<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        invitation: Option<Hidden<'a>>,
    },
    /// Gives the own account another password.
    Password {
        old: Hidden<'a>,
        new: Hidden<'a>,
    },
    /// Logs in after a `hello` without a nick (or after a refused one), or takes another nick.
    Nick {
        nick: Cow<'a, str>,
    },
    /// With `last` or `since` it is answered by `joined` and by `history`.
    Join {
        room: Cow<'a, str>,
        /// Where the room has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<Cow<'a, str>>,
        /// So many of the newest messages.
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<u64>,
        /// Those after a message id or a time.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Cow<'a, str>>,
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
        /// The client's own id of the message, 1 to 64 bytes: sent again by the same user within ten
        /// minutes, it is answered by the first `ack` again.
        #[serde(skip_serializing_if = "Option::is_none")]
        client_msgid: Option<Cow<'a, str>>,
    },
    /// Another text for an own message.
    Edit {
        msgid: Cow<'a, str>,
        text: Cow<'a, str>,
    },
    /// Takes an own message's text away.
    Delete {
        msgid: Cow<'a, str>,
    },
    /// A page of a conversation; `of` is `#room` or `@nick`. Bounds are message ids or times.
    History {
        of: Cow<'a, str>,
        #[serde(flatten)]
        bounds: Bounds<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        around: Option<Cow<'a, str>>,
        /// 1 to 1000 messages, 50 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// Messages with all these words, newest first.
    Search {
        words: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<Cow<'a, str>>,
        /// A nick.
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<Cow<'a, str>>,
        #[serde(flatten)]
        bounds: Bounds<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u64>,
    },
    /// I have read `of` as far as this message id.
    Read {
        of: Cow<'a, str>,
        upto: Cow<'a, str>,
    },
    /// How much is unread, and where.
    Unread,
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
    /// Calls a user into a room; by an operator of it, lets them in once whatever is set.
    Invite {
        room: Cow<'a, str>,
        nick: Cow<'a, str>,
    },
    /// Takes a user out of a room, or without one ends all their sessions.
    Kick {
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Cow<'a, str>>,
        nick: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
    /// Makes a rule of a room, or without one of the server; `effect` is `ban`, `mute`, `exempt` or `invite`.
    AddRule {
        #[serde(flatten)]
        about: RuleAbout<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
        /// Seconds; for ever when absent.
        #[serde(rename = "lasts_s", skip_serializing_if = "Option::is_none")]
        lasts: Option<u64>,
        /// Whether those whom a ban is about are taken out at once; true when absent.
        #[serde(skip_serializing_if = "is_yes")]
        evicts: bool,
    },
    EndRule {
        #[serde(flatten)]
        about: RuleAbout<'a>,
    },
    /// Which rules hold in a room, or without one on the server.
    Rules {
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<Cow<'a, str>>,
    },
    /// Gives a role in a room: `voiced`, `operator`, `owner`; without one, takes it away.
    Grant {
        room: Cow<'a, str>,
        nick: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role: Option<Cow<'a, str>>,
    },
    SetRoom {
        room: Cow<'a, str>,
        setting: Cow<'a, str>,
        value: Cow<'a, str>,
    },
    /// Gives a room another name.
    RenameRoom {
        room: Cow<'a, str>,
        to: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Cow<'a, str>>,
    },
    /// What is set about a room, and who has a role there.
    ShowRoom {
        room: Cow<'a, str>,
    },
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
                credentials: Credentials::from_fields(fields)?,
                client: fields.text_if_any(Field::Client)?,
                enter: fields.truth_if_any(Field::Enter)?.unwrap_or(true),
                resume: fields.truth_if_any(Field::Resume)?.unwrap_or(false),
                echo: fields.truth_if_any(Field::Echo)?.unwrap_or(true),
                since: fields.text_if_any(Field::Since)?,
            },
            "login" => Self::Login {
                credentials: Credentials::from_fields(fields)?,
            },
            "register" => Self::Register {
                account: fields.text_if_any(Field::Account)?,
                password: Hidden(fields.text(Field::Password)?),
                invitation: fields.text_if_any(Field::Invitation)?.map(Hidden),
            },
            "password" => Self::Password {
                old: Hidden(fields.text(Field::Old)?),
                new: Hidden(fields.text(Field::New)?),
            },
            "nick" => Self::Nick {
                nick: fields.text(Field::Nick)?,
            },
            "join" => Self::Join {
                room: fields.text(Field::Room)?,
                key: fields.text_if_any(Field::Key)?,
                last: fields.number_if_any(Field::Last)?,
                since: fields.text_if_any(Field::Since)?,
            },
            "part" => Self::Part {
                room: fields.text(Field::Room)?,
                reason: fields.text_if_any(Field::Reason)?,
            },
            "send" => Self::Send {
                to: fields.text(Field::To)?,
                text: fields.text(Field::Text)?,
                kind: Kind::from_fields(fields)?,
                client_msgid: fields.text_if_any(Field::ClientMsgid)?,
            },
            "edit" => Self::Edit {
                msgid: fields.text(Field::Msgid)?,
                text: fields.text(Field::Text)?,
            },
            "delete" => Self::Delete {
                msgid: fields.text(Field::Msgid)?,
            },
            "history" => Self::History {
                of: fields.text(Field::Of)?,
                bounds: Bounds::from_fields(fields)?,
                around: fields.text_if_any(Field::Around)?,
                limit: fields.number_if_any(Field::Limit)?,
            },
            "search" => Self::Search {
                words: fields.text(Field::Words)?,
                of: fields.text_if_any(Field::Of)?,
                from: fields.text_if_any(Field::From)?,
                bounds: Bounds::from_fields(fields)?,
                limit: fields.number_if_any(Field::Limit)?,
            },
            "read" => Self::Read {
                of: fields.text(Field::Of)?,
                upto: fields.text(Field::Upto)?,
            },
            "unread" => Self::Unread,
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
            "invite" => Self::Invite {
                room: fields.text(Field::Room)?,
                nick: fields.text(Field::Nick)?,
            },
            "kick" => Self::Kick {
                room: fields.text_if_any(Field::Room)?,
                nick: fields.text(Field::Nick)?,
                reason: fields.text_if_any(Field::Reason)?,
            },
            "add_rule" => Self::AddRule {
                about: RuleAbout::from_fields(fields)?,
                reason: fields.text_if_any(Field::Reason)?,
                lasts: fields.number_if_any(Field::Lasts)?,
                evicts: fields.truth_if_any(Field::Evicts)?.unwrap_or(true),
            },
            "end_rule" => Self::EndRule {
                about: RuleAbout::from_fields(fields)?,
            },
            "rules" => Self::Rules {
                room: fields.text_if_any(Field::Room)?,
            },
            "grant" => Self::Grant {
                room: fields.text(Field::Room)?,
                nick: fields.text(Field::Nick)?,
                role: fields.text_if_any(Field::Role)?,
            },
            "set_room" => Self::SetRoom {
                room: fields.text(Field::Room)?,
                setting: fields.text(Field::Setting)?,
                value: fields.text(Field::Value)?,
            },
            "rename_room" => Self::RenameRoom {
                room: fields.text(Field::Room)?,
                to: fields.text(Field::To)?,
                reason: fields.text_if_any(Field::Reason)?,
            },
            "show_room" => Self::ShowRoom {
                room: fields.text(Field::Room)?,
            },
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

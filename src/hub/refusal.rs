//! Why the hub says no. Every protocol renders every refusal; each has a stable code that
//! programs may rely on and a sentence for people.

use super::history::Trouble;
use super::name::{NameError, Nick, RoomName};
use super::secret::PasswordError;

/// A command that is not carried out. Nothing has changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The command needs a login first.
    NotLoggedIn,
    /// A login on a session that has one.
    AlreadyLoggedIn,
    /// Another user has this nick (regardless of case and width).
    NickInUse(Nick),
    /// The key does not belong to the user who has this nick.
    WrongKey(Nick),
    /// The nick belongs to an account, and this session is not logged in to it.
    NickRegistered(Nick),
    /// The key belongs to somebody who has an account since, and alone does not make anybody them.
    KeyOfAccount,
    /// Nobody is let in from here without an account.
    AccountRequired,
    /// No such account, another password, or no such token: nobody is told which.
    LoginFailed,
    /// Too many logins have failed, for this account or from there: the next may be tried after
    /// `retry_after_ms`.
    LoginSlowed { retry_after_ms: u64 },
    /// So many passwords wait to be checked that no more are taken.
    LoginsBusy,
    /// An operator has closed the account. Told only to whoever knows its password.
    AccountDisabled,
    /// Nobody may make an account here but operators.
    RegistrationClosed,
    /// There is no invitation, or it is not good, or not any more.
    BadInvitation,
    /// Not a password that is taken for a new account.
    BadPassword(PasswordError),
    /// The user has an account, of this name.
    AlreadyRegistered(Nick),
    /// Accounts cannot be looked up or made now.
    AccountsUnavailable,
    /// The token that the session logged in with is not good for this.
    TokenForbids,
    /// Not a nick; found by the protocol, which parses names, or by the hub.
    BadNick(NameError),
    /// Not a room name.
    BadRoom(NameError),
    /// Nobody has this nick.
    NoSuchUser(Nick),
    /// There is no such room.
    NoSuchRoom(RoomName),
    /// The user is not in this room.
    NotInRoom(RoomName),
    /// The user is in this room already.
    AlreadyInRoom(RoomName),
    /// The user is in as many rooms as allowed.
    TooManyRooms { max: usize },
    /// There are as many rooms as allowed.
    ServerRoomsFull { max: usize },
    /// The user ignores as many others as allowed.
    TooManyIgnored { max: usize },
    /// A user cannot ignore themselves.
    CannotIgnoreSelf,
    /// The text is longer than allowed.
    TextTooLong { bytes: usize, max: usize },
    /// There is no text.
    TextEmpty,
    /// The text has a NUL or another control character that no protocol may carry
    /// (line feed and tab are allowed in messages).
    TextControl,
    /// This session has switched group chat off, so it may not speak in rooms.
    Deaf,
    /// Too fast: a token is back after `retry_after_ms`.
    TooFast { retry_after_ms: u64 },
    /// There is no history here.
    HistoryOff,
    /// What was kept cannot be read now.
    HistoryUnavailable(Trouble),
    /// Nothing can be kept now, so nothing may be said; or a message was said, and was not kept.
    NotKept(Trouble),
    /// The user has said nothing with this id, or has deleted it.
    NoSuchMessage,
    /// So many questions of this session wait for an answer already.
    Busy { max: usize },
    /// The daemon is stopping.
    ShuttingDown,
}

impl Refusal {
    /// The stable code: lower case, words joined by `_`; never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::AlreadyLoggedIn => "already_logged_in",
            Self::NickInUse(_) => "nick_in_use",
            Self::WrongKey(_) => "wrong_key",
            Self::NickRegistered(_) => "nick_registered",
            Self::KeyOfAccount => "key_of_account",
            Self::AccountRequired => "account_required",
            Self::LoginFailed => "login_failed",
            Self::LoginSlowed { .. } => "login_slowed",
            Self::LoginsBusy => "logins_busy",
            Self::AccountDisabled => "account_disabled",
            Self::RegistrationClosed => "registration_closed",
            Self::BadInvitation => "bad_invitation",
            Self::BadPassword(_) => "bad_password",
            Self::AlreadyRegistered(_) => "already_registered",
            Self::AccountsUnavailable => "accounts_unavailable",
            Self::TokenForbids => "token_forbids",
            Self::BadNick(_) => "bad_nick",
            Self::BadRoom(_) => "bad_room",
            Self::NoSuchUser(_) => "no_such_user",
            Self::NoSuchRoom(_) => "no_such_room",
            Self::NotInRoom(_) => "not_in_room",
            Self::AlreadyInRoom(_) => "already_in_room",
            Self::TooManyRooms { .. } => "too_many_rooms",
            Self::ServerRoomsFull { .. } => "server_rooms_full",
            Self::TooManyIgnored { .. } => "too_many_ignored",
            Self::CannotIgnoreSelf => "cannot_ignore_self",
            Self::TextTooLong { .. } => "text_too_long",
            Self::TextEmpty => "text_empty",
            Self::TextControl => "text_control",
            Self::Deaf => "group_chat_off",
            Self::TooFast { .. } => "too_fast",
            Self::HistoryOff => "history_off",
            Self::HistoryUnavailable(_) => "history_unavailable",
            Self::NotKept(_) => "not_kept",
            Self::NoSuchMessage => "no_such_message",
            Self::Busy { .. } => "busy",
            Self::ShuttingDown => "shutting_down",
        }
    }
}

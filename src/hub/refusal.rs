//! Why the hub says no. Every protocol renders every refusal; each has a stable code that
//! programs may rely on and a sentence for people.

use super::history::Trouble;
use std::sync::Arc;
use std::time::Duration;

use super::limits::Limit;
use super::moderation::room::SettingError;
use super::moderation::rule::Rule;
use super::moderation::subject::SubjectError;
use super::name::{NameError, Nick, RoomName};
use super::people::metadata::KeyError;
use super::permission::Role;
use super::secret::PasswordError;
use super::time::UnixMillis;

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
    /// The nick is one that people take for the server or a service, and no operator has made an account of it.
    NickReserved(Nick),
    /// The key belongs to somebody who has an account since, and alone does not make anybody them.
    KeyOfAccount,
    /// Nobody is let in from here without an account.
    AccountRequired,
    /// No such account, another password, or no such token: nobody is told which.
    LoginFailed,
    /// A login by certificate, and the peer has shown none.
    NoCertificate,
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
    /// Who asks for it has no account.
    NoAccount,
    /// Somebody is logged in to this account, so a user who is here cannot become its user. Who connects anew can.
    AccountInUse(Nick),
    /// The user has other sessions, who have not proved whose account it is.
    OtherSessions,
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
    /// Only who is at least this may.
    NotPermitted { needs: Role },
    /// Only who stands above this user may.
    Outranked(Nick),
    /// This user is banned from the room, or (`None`) from the server.
    Banned(Option<RoomName>, Box<InForce>),
    /// This user may not speak in the room, or (`None`) anywhere.
    Muted(Option<RoomName>, Box<InForce>),
    /// Only the invited may enter the room.
    InviteOnly(RoomName),
    /// The room has a key, and it is another one.
    BadRoomKey(RoomName),
    /// As many are in the room as it may have.
    RoomFull { room: RoomName, max: u32 },
    /// Only who has an account may enter the room.
    RoomForRegistered(RoomName),
    /// So many have joined the room that the next may after `retry_after_ms`.
    JoinsThrottled { retry_after_ms: u64 },
    /// Only the voiced may speak in the room now.
    RoomModerated(RoomName),
    /// No CTCP messages in the room.
    NoCtcp(RoomName),
    /// Slow mode: the user's next message may follow after `retry_after_ms`.
    SlowMode { retry_after_ms: u64 },
    /// A word that may not be said here.
    BlockedWord,
    /// The user is not in the room that they were to be taken out of.
    UserNotInRoom(Nick, RoomName),
    /// The user is in the room that they were invited into.
    UserInRoom(Nick, RoomName),
    /// Something is called so, or what was said in such a room is still kept.
    RoomNameInUse { room: RoomName, to: RoomName },
    /// The default room keeps its name, and so does one for a moment that has just got one.
    CannotRename { room: RoomName, to: RoomName },
    /// A room is about to be called so, or was until a moment ago.
    RoomNameHeld(RoomName),
    /// Not an account, a mask or an address.
    BadSubject(SubjectError),
    /// Not a setting, or no value of it.
    BadSetting(SettingError),
    /// Rules of this effect are about rooms only.
    RuleNeedsRoom,
    /// No such rule holds.
    NoSuchRule,
    /// There are as many rules as may hold.
    TooManyRules { max: usize },
    /// The room has given as many roles as it may.
    TooManyRoles { max: usize },
    /// Something is set about as many rooms as allowed.
    TooManyCharters { max: usize },
    /// A key of metadata that is not there, or one too many.
    Key(KeyError),
    /// So much of something was done lately that the next may be after `retry_after_ms`.
    Limited { limit: Limit, retry_after_ms: u64 },
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

/// What somebody is told of the rule that holds for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub reason: Option<Arc<str>>,
    /// `None`: until somebody ends it.
    pub until: Option<UnixMillis>,
    /// How much of that is left.
    pub left: Option<Duration>,
}

impl InForce {
    /// What a rule says at a time.
    #[must_use]
    pub fn of(rule: &Rule, now: UnixMillis) -> Self {
        let left = |until: UnixMillis| Duration::from_millis(until.0.saturating_sub(now.0));
        Self {
            reason: rule.reason.clone(),
            until: rule.until,
            left: rule.until.map(left),
        }
    }
}

impl Refusal {
    /// When the same may be tried again, where that is known.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        if let Self::TooFast { retry_after_ms }
        | Self::LoginSlowed { retry_after_ms }
        | Self::JoinsThrottled { retry_after_ms }
        | Self::Limited { retry_after_ms, .. }
        | Self::SlowMode { retry_after_ms } = self
        {
            Some(*retry_after_ms)
        } else {
            None
        }
    }

    /// The stable code: lower case, words joined by `_`; never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::AlreadyLoggedIn => "already_logged_in",
            Self::NickInUse(_) => "nick_in_use",
            Self::WrongKey(_) => "wrong_key",
            Self::NickRegistered(_) => "nick_registered",
            Self::NickReserved(_) => "nick_reserved",
            Self::KeyOfAccount => "key_of_account",
            Self::AccountRequired => "account_required",
            Self::LoginFailed => "login_failed",
            Self::NoCertificate => "no_certificate",
            Self::LoginSlowed { .. } => "login_slowed",
            Self::LoginsBusy => "logins_busy",
            Self::AccountDisabled => "account_disabled",
            Self::RegistrationClosed => "registration_closed",
            Self::BadInvitation => "bad_invitation",
            Self::BadPassword(_) => "bad_password",
            Self::AlreadyRegistered(_) => "already_registered",
            Self::NoAccount => "no_account",
            Self::AccountInUse(_) => "account_in_use",
            Self::OtherSessions => "other_sessions",
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
            Self::NotPermitted { .. } => "not_permitted",
            Self::Outranked(_) => "outranked",
            Self::Banned(Some(_), _) => "banned_from_room",
            Self::Banned(None, _) => "banned",
            Self::Muted(..) => "muted",
            Self::InviteOnly(_) => "invite_only",
            Self::BadRoomKey(_) => "bad_room_key",
            Self::RoomFull { .. } => "room_full",
            Self::RoomForRegistered(_) => "room_for_registered",
            Self::JoinsThrottled { .. } => "joins_throttled",
            Self::RoomModerated(_) => "room_moderated",
            Self::NoCtcp(_) => "no_ctcp",
            Self::SlowMode { .. } => "slow_mode",
            Self::BlockedWord => "blocked_word",
            Self::UserNotInRoom(..) => "user_not_in_room",
            Self::UserInRoom(..) => "user_in_room",
            Self::RoomNameInUse { .. } => "room_name_in_use",
            Self::CannotRename { .. } => "cannot_rename",
            Self::RoomNameHeld(_) => "room_name_held",
            Self::BadSubject(_) => "bad_subject",
            Self::BadSetting(_) => "bad_setting",
            Self::RuleNeedsRoom => "rule_needs_room",
            Self::NoSuchRule => "no_such_rule",
            Self::TooManyRules { .. } => "too_many_rules",
            Self::TooManyRoles { .. } => "too_many_roles",
            Self::TooManyCharters { .. } => "too_many_charters",
            Self::Key(error) => error.code(),
            Self::Limited { limit, .. } => limit.code(),
            Self::HistoryOff => "history_off",
            Self::HistoryUnavailable(_) => "history_unavailable",
            Self::NotKept(_) => "not_kept",
            Self::NoSuchMessage => "no_such_message",
            Self::Busy { .. } => "busy",
            Self::ShuttingDown => "shutting_down",
        }
    }
}

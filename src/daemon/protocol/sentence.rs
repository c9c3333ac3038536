//! What people are told, in one place and in the same words whatever the dialect: why a command was
//! refused, why a name is none, why a connection ended. Programs go by the codes beside them.
//! The texts may hold what users wrote; who renders them for a terminal makes them safe.

use std::borrow::Cow;

use super::moderation::{terms, with_article};
use crate::hub::event::EventKind;
use crate::hub::input::QuitReason;
use crate::hub::limits::Limit;
use crate::hub::name::{NameError, Nick, RoomName};
use crate::hub::people::metadata::KeyError;
use crate::hub::permission::Status;
use crate::hub::refusal::Refusal;
use crate::hub::secret::PasswordError;

/// What was said to those in a room who have a status; empty for what is no such event.
pub(super) fn to_status(kind: &EventKind) -> String {
    let EventKind::ToStatus {
        status, from, text, ..
    } = kind
    else {
        return String::new();
    };
    let whom = match status {
        Status::Voiced => "the voiced and the operators",
        Status::Operator => "the operators",
    };
    format!("{from} to {whom}: {text}")
}

/// Why a command is not carried out, and what to do where something can be done.
pub(super) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotLoggedIn => "Log in first.".into(),
        Refusal::AlreadyLoggedIn => "You are logged in already.".into(),
        Refusal::NickInUse(nick) => {
            format!("Someone else is called {nick}. Choose another nick.")
        }
        Refusal::WrongKey(nick) => {
            format!("This is not the key of the user who is called {nick}.")
        }
        Refusal::NickRegistered(nick) => {
            format!("{nick} is registered. Log in to the account {nick}, or choose another nick.")
        }
        Refusal::NickReserved(nick) => {
            format!("{nick} would be taken for the server or a service of it. Choose another nick.")
        }
        Refusal::KeyOfAccount => {
            "Whose key this is has or had an account. Log in to it, or come without the key.".into()
        }
        Refusal::AccountRequired => "You need an account here. Log in to it.".into(),
        Refusal::LoginFailed => {
            "The account, the password, the token or the certificate is wrong.".into()
        }
        Refusal::NoAccount => "You have no account.".into(),
        Refusal::AccountInUse(account) => {
            format!("Somebody is logged in to {account}. Connect again and log in to it first to be the same user.")
        }
        Refusal::OtherSessions => {
            "You are here by other connections, too. Only who is here by one can log in to another account.".into()
        }
        Refusal::NoCertificate => "You have shown no certificate on this connection.".into(),
        Refusal::LoginSlowed { retry_after_ms } => format!(
            "Too many logins have failed. Try again in {}.",
            seconds(*retry_after_ms)
        ),
        Refusal::LoginsBusy => "Too many are logging in at this moment. Try again soon.".into(),
        Refusal::AccountDisabled => "An operator has closed this account.".into(),
        Refusal::RegistrationClosed => "Only operators make accounts here. Ask one.".into(),
        Refusal::BadInvitation => {
            "A registration needs an invitation here, one that was not used and has not expired."
                .into()
        }
        Refusal::BadPassword(PasswordError::TooShort { chars_min }) => {
            format!("A password has at least {chars_min} characters.")
        }
        Refusal::BadPassword(PasswordError::NotAllowed) => {
            "A password cannot have control characters.".into()
        }
        Refusal::AlreadyRegistered(account) => format!("You have the account {account} already."),
        Refusal::AccountsUnavailable => "Accounts do not work now. Try again later.".into(),
        Refusal::TokenForbids => "Your token is not good for this.".into(),
        Refusal::BadNick(error) => bad_nick(*error),
        Refusal::BadRoom(error) => bad_room(*error),
        Refusal::NoSuchUser(nick) => format!("Nobody here is called {nick}."),
        Refusal::NoSuchRoom(room) => format!("There is no room {room}."),
        Refusal::NotInRoom(room) => format!("You are not in {room}. Join it first."),
        Refusal::AlreadyInRoom(room) => format!("You are in {room} already."),
        Refusal::TooManyRooms { max } => {
            format!("You are in {max} rooms, the most allowed. Leave one first.")
        }
        Refusal::ServerRoomsFull { max } => {
            format!("There are {max} rooms, the most this server allows.")
        }
        Refusal::TooManyIgnored { max } => {
            format!("You ignore {max} users, the most allowed. Hear one again first.")
        }
        Refusal::CannotIgnoreSelf => "You cannot ignore yourself.".into(),
        Refusal::TextTooLong { bytes, max } => {
            format!("The text has {bytes} bytes; at most {max} are allowed.")
        }
        Refusal::TextEmpty => "There is no text.".into(),
        Refusal::TextControl => {
            "The text has a control character; only line feeds and tabs are allowed.".into()
        }
        Refusal::Deaf => {
            "You have switched group chat off. Switch it on again to speak in rooms.".into()
        }
        Refusal::TooFast { retry_after_ms } => {
            format!("Too fast. Try again in {}.", seconds(*retry_after_ms))
        }
        Refusal::NotPermitted { needs } => {
            format!("Only who is {} may do that.", with_article(*needs))
        }
        Refusal::Outranked(nick) => format!("{nick} has a role that is not below yours."),
        Refusal::Banned(Some(room), ban) => format!("You are banned from {room}{}.", terms(ban)),
        Refusal::Banned(None, ban) => format!("You are banned from this server{}.", terms(ban)),
        Refusal::Muted(Some(room), mute) => format!("You are muted in {room}{}.", terms(mute)),
        Refusal::Muted(None, mute) => format!("You are muted on this server{}.", terms(mute)),
        Refusal::InviteOnly(room) => format!("{room} is for the invited only. Ask a member."),
        Refusal::BadRoomKey(room) => format!("{room} has a key, and this is not it."),
        Refusal::RoomFull { room, max } => {
            format!("There are {max} in {room}, the most it may have.")
        }
        Refusal::RoomForRegistered(room) => {
            format!("{room} is for those who are logged in to an account.")
        }
        Refusal::JoinsThrottled { retry_after_ms } => format!(
            "Too many are joining at this moment. Try again in {}.",
            seconds(*retry_after_ms)
        ),
        Refusal::RoomModerated(room) => format!("Only the voiced may speak in {room} now."),
        Refusal::NoCtcp(room) => format!("Programs may not talk to each other (CTCP) in {room}."),
        Refusal::SlowMode { retry_after_ms } => format!(
            "Slow mode is on. Your next message may follow in {}.",
            seconds(*retry_after_ms)
        ),
        Refusal::BlockedWord => "This has a word that is not welcome here.".into(),
        Refusal::UserNotInRoom(nick, room) => format!("{nick} is not in {room}."),
        Refusal::UserInRoom(nick, room) => format!("{nick} is in {room} already."),
        Refusal::RoomNameInUse { to, .. } => {
            format!("{to} is there, or what was said in a room of that name is still kept.")
        }
        Refusal::CannotRename { room, .. } => {
            format!("{room} is the default room, or is being renamed. It keeps its name for now.")
        },
        Refusal::RoomNameHeld(room) => {
            format!("A room called {room} is being renamed. Try again in a moment.")
        }
        Refusal::BadSubject(error) => format!("This is nobody to ban or mute: {error}."),
        Refusal::BadSetting(error) => format!("This cannot be set: {error}."),
        Refusal::RuleNeedsRoom => "This is for rooms only. Name one.".into(),
        Refusal::Key(KeyError::NotSet) => "Nothing is set under this key.".into(),
        Refusal::Key(KeyError::TooMany { max }) => format!("{max} keys are set, the most allowed."),
        Refusal::NoSuchRule => "There is no such rule.".into(),
        Refusal::TooManyRules { max } => format!("There are {max} such rules, the most allowed."),
        Refusal::TooManyRoles { max } => {
            format!("{max} people have a role in this room, the most allowed.")
        }
        Refusal::TooManyCharters { max } => {
            format!("Something is set about {max} rooms, the most this server allows.")
        }
        Refusal::Limited {
            limit,
            retry_after_ms,
        } => {
            let what = match limit {
                Limit::Joins => "You join rooms too often.",
                Limit::NickChanges => "You change your nick too often.",
                Limit::Text => "This is too much text at once.",
                Limit::Strangers => "You write to or invite too many who share no room with you.",
                Limit::Logins => "Too many are logging in at this moment.",
            };
            format!("{what} Try again in {}.", seconds(*retry_after_ms))
        }
        Refusal::HistoryOff => "This server keeps no history.".into(),
        Refusal::HistoryUnavailable(why) => {
            format!("The history cannot be read now, because {}.", why.because())
        }
        Refusal::NotKept(why) => format!(
            "This was not kept, because {}. Try again later.",
            why.because()
        ),
        Refusal::NoSuchMessage => "You have said nothing with this id.".into(),
        Refusal::Busy { max } => {
            format!("{max} questions wait for an answer already. Ask again later.")
        }
        Refusal::ShuttingDown => "The server is stopping.".into(),
    }
}

/// Why the connection ends, told to its own peer.
pub(super) fn farewell(reason: &QuitReason) -> Cow<'static, str> {
    match reason {
        QuitReason::Closed | QuitReason::Quit(_) => "Good-bye.".into(),
        QuitReason::Failed(_) => "The connection failed.".into(),
        QuitReason::TlsFailed(_) | QuitReason::HandshakeTimeout => "TLS failed.".into(),
        QuitReason::SendQueueExceeded { queued_bytes } => {
            format!("You read too slowly: {queued_bytes} bytes were waiting for you.").into()
        }
        QuitReason::Unreadable => "What you sent cannot be read any more.".into(),
        QuitReason::TooManyFaults => "You sent too much that could not be understood.".into(),
        QuitReason::PingTimeout => "You did not answer a ping.".into(),
        QuitReason::LoginTimeout => "You did not log in in time.".into(),
        QuitReason::Flooding => "You went on sending far too fast.".into(),
        QuitReason::ServerFull => "The server is full. Try again later.".into(),
        QuitReason::TooManyFromAddress => {
            "There are too many connections from your address.".into()
        }
        QuitReason::TooFastFromAddress => {
            "Your address connects too often. Wait a minute, then try again.".into()
        }
        QuitReason::Kicked(None) => "An operator removed you.".into(),
        QuitReason::Kicked(Some(text)) => format!("An operator removed you: {text}").into(),
        QuitReason::Banned(None) => "You are banned from this server.".into(),
        QuitReason::Banned(Some(text)) => {
            format!("You are banned from this server: {text}").into()
        }
        QuitReason::LoggedOut => {
            "You were logged out: your account was closed, its password was changed, your token or certificate was taken back or has expired, or your key is an account's now."
                .into()
        }
        QuitReason::Shutdown => "The server is stopping.".into(),
    }
}

/// Why a user has gone, told to the others.
pub(super) fn quit(reason: &QuitReason) -> Cow<'_, str> {
    match reason {
        QuitReason::Closed => "connection closed".into(),
        QuitReason::Quit(None) => "quit".into(),
        QuitReason::Quit(Some(text)) => text.as_ref().into(),
        QuitReason::Failed(_) | QuitReason::TlsFailed(_) | QuitReason::HandshakeTimeout => {
            "connection failed".into()
        }
        QuitReason::SendQueueExceeded { .. } => "read too slowly".into(),
        QuitReason::Unreadable | QuitReason::TooManyFaults => "could not be understood".into(),
        QuitReason::PingTimeout => "no answer to a ping".into(),
        QuitReason::LoginTimeout => "did not log in".into(),
        QuitReason::Flooding => "sent too fast".into(),
        QuitReason::ServerFull
        | QuitReason::TooManyFromAddress
        | QuitReason::TooFastFromAddress => "too many connections".into(),
        QuitReason::Kicked(None) => "removed by an operator".into(),
        QuitReason::Kicked(Some(text)) => format!("removed by an operator: {text}").into(),
        QuitReason::Banned(None) => "banned by an operator".into(),
        QuitReason::Banned(Some(text)) => format!("banned by an operator: {text}").into(),
        QuitReason::LoggedOut => "logged out".into(),
        QuitReason::Shutdown => "the server is stopping".into(),
    }
}

/// That a guest's nick is an account's, and perhaps that they are called otherwise now.
pub(super) fn nick_registered(nick: &Nick, new: Option<&Nick>) -> String {
    match new {
        None => format!(
            "Your nick {nick} has been registered by somebody. You have it until they log in."
        ),
        Some(new) => {
            format!("{nick} is registered, and its owner has logged in. You are called {new} now.")
        }
    }
}

fn bad_nick(error: NameError) -> String {
    match error {
        NameError::Empty => "A nick cannot be empty.".into(),
        NameError::TooLong { max } => format!("A nick has at most {max} characters."),
        NameError::Character(character) => {
            format!("A nick cannot have {}.", shown(character))
        }
        // No nick is asked for a `#`; the sentence holds whatever the hub means by it.
        NameError::MissingHash | NameError::NotAllowed => {
            format!(
                "This is no nick. A nick has 1 to {} letters, digits and signs, without spaces.",
                Nick::MAX_CHARS
            )
        }
    }
}

fn bad_room(error: NameError) -> String {
    match error {
        NameError::Empty => "A room name needs something after its #.".into(),
        NameError::TooLong { max } => format!("A room name has at most {max} characters."),
        NameError::Character(character) => {
            format!("A room name cannot have {}.", shown(character))
        }
        NameError::MissingHash => "A room name begins with #, such as #lobby.".into(),
        NameError::NotAllowed => {
            format!(
                "This is no room name. It has a # and then up to {} letters, digits and signs, \
                 without spaces.",
                RoomName::MAX_CHARS - 1
            )
        }
    }
}

/// A character that was refused, shown so that it is seen and does nothing.
fn shown(character: char) -> Cow<'static, str> {
    match character {
        ' ' => "a space".into(),
        '!'..='~' => format!("the character {character}").into(),
        _ => format!("the character U+{:04X}", u32::from(character)).into(),
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_character_is_shown_harmlessly() {
        let said = [' ', '@', '\u{1b}', '\u{202e}'].map(|c| bad_nick(NameError::Character(c)));
        assert_eq!(
            said,
            [
                "A nick cannot have a space.",
                "A nick cannot have the character @.",
                "A nick cannot have the character U+001B.",
                "A nick cannot have the character U+202E.",
            ]
        );
    }
}

//! Why the hub says no, in numerics where IRC has one, else as a standard reply with the refusal's own code.

use super::context::{Context, ModeChange};
use super::one_line;
use super::sentence;
use super::verbs::shown;
use super::write::Lines;
use crate::hub::refusal::Refusal;

pub(super) fn write(lines: &mut Lines<'_>, context: &Context, refusal: &Refusal) {
    let text = one_line(&sentence::refusal(refusal));
    let target = shown(context.target());
    let target = &*target;
    let verb = context.verb();
    if let Context::Mode(change) = context
        && is_of_mode(lines, change, refusal, &text)
    {
        return;
    }
    match refusal {
        Refusal::NotLoggedIn => lines.numeric(451, &[], "You have not registered"),
        Refusal::AlreadyLoggedIn => lines.numeric(462, &[], "You may not reregister"),
        Refusal::NickInUse(nick) | Refusal::NickRegistered(nick) => {
            lines.numeric(433, &[nick.as_str()], &text);
        }
        Refusal::BadNick(_) | Refusal::NickReserved(_) => lines.numeric(432, &[target], &text),
        Refusal::NoSuchUser(nick) => lines.numeric(401, &[nick.as_str()], &text),
        Refusal::NoSuchRoom(room) => lines.numeric(403, &[room.as_str()], &text),
        Refusal::NotInRoom(room) if matches!(context, Context::Say(_)) => {
            lines.numeric(404, &[room.as_str()], &text);
        }
        Refusal::NotInRoom(room) => lines.numeric(442, &[room.as_str()], &text),
        // IRC has always taken it for done.
        Refusal::AlreadyInRoom(_) => {}
        Refusal::TooManyRooms { .. } | Refusal::ServerRoomsFull { .. } => {
            lines.numeric(405, &[target], &text);
        }
        Refusal::Banned(Some(room), _) if matches!(context, Context::Say(_)) => {
            lines.numeric(404, &[room.as_str()], &text);
        }
        Refusal::Banned(Some(room), _) => lines.numeric(474, &[room.as_str()], &text),
        Refusal::Banned(None, _) => lines.numeric(465, &[], &text),
        // Of the realname.
        Refusal::BlockedWord if matches!(context, Context::Register { .. }) => {
            lines.fail(verb, "BLOCKED_WORD", &[], &text);
        }
        Refusal::Muted(..)
        | Refusal::RoomModerated(_)
        | Refusal::SlowMode { .. }
        | Refusal::NoCtcp(_)
        | Refusal::BlockedWord
        | Refusal::Deaf => lines.numeric(404, &[target], &text),
        Refusal::RoomNameInUse { room, to } => {
            let names = [room.as_str(), to.as_str()];
            lines.fail(verb, "CHANNEL_NAME_IN_USE", &names, &text);
        }
        Refusal::CannotRename { room, to } => {
            let names = [room.as_str(), to.as_str()];
            lines.fail(verb, "CANNOT_RENAME", &names, &text);
        }
        Refusal::InviteOnly(room) => lines.numeric(473, &[room.as_str()], &text),
        Refusal::BadRoomKey(room) => lines.numeric(475, &[room.as_str()], &text),
        Refusal::RoomFull { room, .. } => lines.numeric(471, &[room.as_str()], &text),
        Refusal::RoomForRegistered(room) => lines.numeric(477, &[room.as_str()], &text),
        Refusal::NotPermitted { .. } | Refusal::Outranked(_) if target.starts_with('#') => {
            lines.numeric(482, &[target], &text);
        }
        Refusal::NotPermitted { .. } if matches!(context, Context::Invite { .. }) => {
            if let Context::Invite { room, .. } = context {
                lines.numeric(482, &[room.as_str()], &text);
            }
        }
        Refusal::NotPermitted { .. } => lines.numeric(481, &[], &text),
        Refusal::UserNotInRoom(nick, room) => {
            lines.numeric(441, &[nick.as_str(), room.as_str()], &text);
        }
        Refusal::UserInRoom(nick, room) => {
            lines.numeric(443, &[nick.as_str(), room.as_str()], &text);
        }
        Refusal::TextEmpty => lines.numeric(412, &[], &text),
        Refusal::TooFast { .. }
        | Refusal::Limited { .. }
        | Refusal::Busy { .. }
        | Refusal::JoinsThrottled { .. } => lines.numeric(263, &[verb], &text),
        Refusal::WrongKey(_)
        | Refusal::KeyOfAccount
        | Refusal::AccountRequired
        | Refusal::LoginFailed
        | Refusal::NoCertificate
        | Refusal::LoginSlowed { .. }
        | Refusal::LoginsBusy
        | Refusal::AccountDisabled
        | Refusal::RegistrationClosed
        | Refusal::BadInvitation
        | Refusal::BadPassword(_)
        | Refusal::AlreadyRegistered(_)
        | Refusal::NoAccount
        | Refusal::AccountInUse(_)
        | Refusal::OtherSessions
        | Refusal::AccountsUnavailable
        | Refusal::TokenForbids
        | Refusal::BadRoom(_)
        | Refusal::TooManyIgnored { .. }
        | Refusal::CannotIgnoreSelf
        | Refusal::TextTooLong { .. }
        | Refusal::TextControl
        | Refusal::Outranked(_)
        | Refusal::RoomNameHeld(_)
        | Refusal::BadSubject(_)
        | Refusal::BadSetting(_)
        | Refusal::RuleNeedsRoom
        | Refusal::NoSuchRule
        | Refusal::TooManyRules { .. }
        | Refusal::TooManyRoles { .. }
        | Refusal::TooManyCharters { .. }
        | Refusal::Key(_)
        | Refusal::HistoryOff
        | Refusal::HistoryUnavailable(_)
        | Refusal::NotKept(_)
        | Refusal::NoSuchMessage
        | Refusal::ShuttingDown => {
            let code = refusal.code().to_ascii_uppercase();
            let context = (target != "*").then_some(target);
            lines.fail(verb, &code, context.as_slice(), &text);
        }
    }
}

/// Whether it is about whom a message was for, and whether they are to hear it.
pub(super) fn is_about_target(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NoSuchUser(_)
            | Refusal::NoSuchRoom(_)
            | Refusal::NotInRoom(_)
            | Refusal::Banned(..)
            | Refusal::Muted(..)
            | Refusal::RoomModerated(_)
            | Refusal::NoCtcp(_)
            | Refusal::BlockedWord
            | Refusal::Deaf
    )
}

/// What IRC has numerics for where modes are changed; to take away what is not there changes nothing.
fn is_of_mode(lines: &mut Lines<'_>, change: &ModeChange, refusal: &Refusal, text: &str) -> bool {
    let letter = change.letter.to_string();
    let params = [&*change.room, &letter, &change.param];
    if let Refusal::BadSubject(_) | Refusal::BadSetting(_) = refusal {
        lines.numeric(696, &params, text);
    } else if let Refusal::TooManyRules { .. } = refusal {
        lines.numeric(478, &params, text);
    } else {
        return matches!(refusal, Refusal::NoSuchRule);
    }
    true
}

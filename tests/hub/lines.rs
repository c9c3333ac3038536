//! What is heard, as lines that people can read and compare.

use std::sync::Arc;

use chatd::hub::command::MessageKind;
use chatd::hub::event::EventKind;
use chatd::hub::input::QuitReason;
use chatd::hub::name::Nick;
use chatd::hub::output::{Administered, Audit, Reply, RoomSummary};
use chatd::hub::refusal::Refusal;

pub(super) fn event(kind: &EventKind) -> String {
    match kind {
        EventKind::Message {
            room,
            from,
            kind,
            text,
        } => format!("{from} in {room}: {}", spoken(*kind, text)),
        EventKind::Private {
            from,
            to,
            kind,
            text,
        } => format!("{from} to {to}: {}", spoken(*kind, text)),
        EventKind::Joined { room, nick } => format!("{nick} joined {room}"),
        EventKind::Parted { room, nick, reason } => {
            format!("{nick} left {room}{}", in_parentheses(reason.as_ref()))
        }
        EventKind::Quit { nick, reason } => format!("{nick} quit: {}", quit(reason)),
        EventKind::NickChanged { old, new } => format!("{old} is now {new}"),
        EventKind::TopicChanged { room, by, text } => {
            let by = by.as_ref().map_or("an operator", Nick::as_str);
            if text.is_empty() {
                format!("{by} cleared the topic of {room}")
            } else {
                format!("{by} set the topic of {room}: {text}")
            }
        }
        EventKind::AwayChanged { nick, text } => match text {
            Some(text) => format!("{nick} is away: {text}"),
            None => format!("{nick} is back"),
        },
        EventKind::Notice { room, text } => match room {
            Some(room) => format!("notice in {room}: {text}"),
            None => format!("notice: {text}"),
        },
    }
}

fn spoken(kind: MessageKind, text: &str) -> String {
    match kind {
        MessageKind::Text => text.replace('\n', "\\n"),
        MessageKind::Action => format!("* {text}"),
        MessageKind::Notice => format!("- {text}"),
    }
}

pub(super) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::LoggedIn { nick, .. } => format!("logged in as {nick}"),
        Reply::Ack { .. } => "ack".to_owned(),
        Reply::Done => "done".to_owned(),
        Reply::Joined {
            room,
            topic,
            members,
        } => format!("in {room} with {members}{}", in_parentheses(topic.as_ref())),
        Reply::Deaf { deaf } => format!("group chat {}", if *deaf { "off" } else { "on" }),
        Reply::Rooms(rooms) => format!("rooms {}", listed(rooms.iter().map(room))),
        Reply::Names {
            room,
            topic,
            members,
        } => format!(
            "names in {room}{}: {}",
            in_parentheses(topic.as_ref()),
            listed(members)
        ),
        Reply::Users(nicks) => format!("users {}", listed(nicks)),
        Reply::Ignores(nicks) => format!("ignores {}", listed(nicks)),
        Reply::Whois(user) => {
            let away = user.away.as_ref();
            let away = away.map_or(String::new(), |text| format!(" away: {text}"));
            let (nick, rooms) = (&user.nick, listed(&user.rooms));
            format!("{nick} is in {rooms} with {} sessions{away}", user.sessions)
        }
        Reply::Pong => "pong".to_owned(),
        Reply::Refused(refusal) => refused(refusal),
    }
}

pub(super) fn refused(refusal: &Refusal) -> String {
    match refusal {
        Refusal::TooFast { retry_after_ms } => {
            format!("refused: {} for {retry_after_ms} ms", refusal.code())
        }
        Refusal::NotLoggedIn
        | Refusal::AlreadyLoggedIn
        | Refusal::NickInUse(_)
        | Refusal::WrongKey(_)
        | Refusal::BadNick(_)
        | Refusal::BadRoom(_)
        | Refusal::NoSuchUser(_)
        | Refusal::NoSuchRoom(_)
        | Refusal::NotInRoom(_)
        | Refusal::AlreadyInRoom(_)
        | Refusal::TooManyRooms { .. }
        | Refusal::ServerRoomsFull { .. }
        | Refusal::TooManyIgnored { .. }
        | Refusal::CannotIgnoreSelf
        | Refusal::TextTooLong { .. }
        | Refusal::TextEmpty
        | Refusal::TextControl
        | Refusal::Deaf
        | Refusal::ShuttingDown => format!("refused: {}", refusal.code()),
    }
}

pub(super) fn quit(reason: &QuitReason) -> String {
    match reason {
        QuitReason::Closed => "closed".to_owned(),
        QuitReason::Quit(text) => format!("good-bye{}", in_parentheses(text.as_ref())),
        QuitReason::Failed(text) => format!("failed ({text})"),
        QuitReason::SendQueueExceeded { .. } => "send queue exceeded".to_owned(),
        QuitReason::Unreadable => "unreadable".to_owned(),
        QuitReason::TooManyFaults => "too many faults".to_owned(),
        QuitReason::PingTimeout => "ping timeout".to_owned(),
        QuitReason::LoginTimeout => "login timeout".to_owned(),
        QuitReason::Flooding => "flooding".to_owned(),
        QuitReason::ServerFull => "server full".to_owned(),
        QuitReason::TooManyFromAddress => "too many from address".to_owned(),
        QuitReason::Kicked(text) => format!("kicked{}", in_parentheses(text.as_ref())),
        QuitReason::Shutdown => "shutdown".to_owned(),
    }
}

pub(super) fn administered(result: &Result<Administered, Refusal>) -> String {
    match result {
        Ok(Administered::Sessions(count)) => format!("{count} sessions"),
        Ok(Administered::TopicSet) => "topic set".to_owned(),
        Err(refusal) => refused(refusal),
    }
}

pub(super) fn audit(audit: &Audit) -> String {
    match audit {
        Audit::LoggedIn {
            session,
            nick,
            sessions,
        } => format!("{session} is {nick}, session {sessions}"),
        Audit::NickChanged {
            session, old, new, ..
        } => format!("{session} {old} is now {new}"),
        Audit::RoomOpened { room } => format!("{room} opened"),
        Audit::RoomClosed { room } => format!("{room} closed"),
        Audit::Throttled { session } => format!("{session} throttled"),
    }
}

fn room(room: &RoomSummary) -> String {
    let topic = in_parentheses(room.topic.as_ref());
    format!("{} {}{topic}", room.room, room.members)
}

fn in_parentheses(text: Option<&Arc<str>>) -> String {
    text.map_or(String::new(), |text| format!(" ({text})"))
}

fn listed(things: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = things.into_iter().map(|it| it.to_string()).collect();
    format!("[{}]", names.join(", "))
}

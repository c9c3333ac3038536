//! What is heard, as lines that people can read and compare.

use std::sync::Arc;

use chatd::hub::command::{MessageKind, Tags};
use chatd::hub::event::{EventKind, EventPlace};
use chatd::hub::history::{Aside, Page, Stored};
use chatd::hub::input::QuitReason;
use chatd::hub::moderation::request::Moderated;
use chatd::hub::moderation::rule::Rule;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::{Administered, Audit, Deed, Reply, RoomSummary, Surveyed};
use chatd::hub::permission::RoomRole;
use chatd::hub::refusal::Refusal;

use super::people_lines;

pub(super) fn event(kind: &EventKind) -> String {
    match kind {
        EventKind::Message {
            room,
            from,
            kind,
            text,
            tags: _,
        } => format!("{from} in {room}: {}", spoken(*kind, text)),
        EventKind::Private {
            from,
            to,
            kind,
            text,
            tags: _,
        } => format!("{from} to {to}: {}", spoken(*kind, text)),
        EventKind::Tagged { place, from, tags } => {
            format!("{from} tags {}: {}", place_of(place), tags.as_str())
        }
        EventKind::Edited {
            place, from, text, ..
        } => format!("{from} edited {}: {text}", place_of(place)),
        EventKind::Deleted {
            place,
            from,
            reason,
            ..
        } => {
            let reason = in_parentheses(reason.as_ref());
            format!("{from} deleted {}{reason}", place_of(place))
        }
        EventKind::MarkedRead { of, .. } => format!("{of} is read"),
        EventKind::Joined { room, nick, .. } => format!("{nick} joined {room}"),
        EventKind::People(news) => people_lines::news(news),
        EventKind::Parted { room, nick, reason } => {
            format!("{nick} left {room}{}", in_parentheses(reason.as_ref()))
        }
        EventKind::Quit { nick, reason } => format!("{nick} quit: {}", quit(reason)),
        EventKind::NickRegistered { nick, new } => {
            let now = new
                .as_ref()
                .map_or(String::new(), |new| format!(", now {new}"));
            format!("{nick} is registered{now}")
        }
        EventKind::NickChanged { old, new } => format!("{old} is now {new}"),
        EventKind::TopicChanged { room, by, text } => {
            let by = by.as_ref().map_or("an operator", Nick::as_str);
            if text.is_empty() {
                format!("{by} cleared the topic of {room}")
            } else {
                format!("{by} set the topic of {room}: {text}")
            }
        }
        EventKind::AccountChanged { nick, account } => match account {
            Some(account) => format!("{nick} is logged in to {account}"),
            None => format!("{nick} is logged out"),
        },
        EventKind::AwayChanged { nick, text } => match text {
            Some(text) => format!("{nick} is away: {text}"),
            None => format!("{nick} is back"),
        },
        EventKind::Kicked {
            room,
            nick,
            by,
            reason,
        } => {
            let reason = in_parentheses(reason.as_ref());
            format!(
                "{} took {nick} out of {room}{reason}",
                somebody(by.as_ref())
            )
        }
        EventKind::RoleChanged {
            room, nick, is, by, ..
        } => {
            let role = is.role.map_or("nobody", RoomRole::name);
            let beside = if is.is_voiced { " and voiced" } else { "" };
            format!(
                "{} made {nick} {role}{beside} in {room}",
                somebody(by.as_ref())
            )
        }
        EventKind::RoomChanged {
            room,
            setting,
            value,
            by,
        } => format!(
            "{} set {setting} of {room} to {value}",
            somebody(by.as_ref())
        ),
        EventKind::RoomRenamed {
            room,
            to,
            by,
            reason,
        } => {
            let why = reason.as_deref().map(|why| format!(" ({why})"));
            let by = somebody(by.as_ref());
            format!("{by} renamed {room} to {to}{}", why.unwrap_or_default())
        }
        EventKind::RuleAdded { rule: it } => {
            format!("{} began {}", somebody(it.by.as_ref()), rule(it))
        }
        EventKind::RuleEnded { rule: it, by } => {
            format!(
                "{} ended {}",
                by.as_ref().map_or("time", Nick::as_str),
                rule(it)
            )
        }
        EventKind::Invited { room, by, .. } => format!("{by} invites into {room}"),
        EventKind::InviteNoticed { room, nick, by } => {
            format!("{by} invites {nick} into {room}")
        }
        EventKind::ToStatus {
            room,
            status,
            from,
            kind,
            text,
            ..
        } => format!("{from} to {status:?} in {room}: {}", spoken(*kind, text)),
        EventKind::Notice { room, text } => match room {
            Some(room) => format!("notice in {room}: {text}"),
            None => format!("notice: {text}"),
        },
    }
}

fn somebody(by: Option<&Nick>) -> &str {
    by.map_or("an operator", Nick::as_str)
}

/// `ban of b* in #lobby (rude)`.
fn rule(rule: &Rule) -> String {
    let place = rule
        .room
        .as_ref()
        .map_or("everywhere".to_owned(), |it| format!("in {it}"));
    let reason = in_parentheses(rule.reason.as_ref());
    format!("{} of {} {place}{reason}", rule.effect.name(), rule.subject)
}

fn moderated(moderated: &Moderated) -> String {
    match moderated {
        Moderated::Done { sessions } => format!("{sessions} sessions"),
        Moderated::Rules(rules) => format!("rules {}", listed(rules.iter().map(rule))),
        Moderated::Room(info) => {
            let settings = info
                .settings
                .iter()
                .map(|(name, value)| format!("{name} {value}"));
            let roles = info
                .roles
                .iter()
                .map(|it| format!("{} {}", it.nick, it.role.name()));
            format!(
                "{} is set {} with {}",
                info.room,
                listed(settings),
                listed(roles)
            )
        }
    }
}

fn deed(deed: &Deed) -> String {
    match deed {
        Deed::Kicked { room, nick } => {
            let room = room.as_ref().map_or("everywhere", RoomName::as_str);
            format!("kicked {nick} from {room}")
        }
        Deed::RuleAdded(it) => format!("began {}", rule(it)),
        Deed::RuleEnded { rule: it, .. } => format!("ended {}", rule(it)),
        Deed::RoleSet { room, nick, role } => {
            let role = role.map_or("nobody", RoomRole::name);
            format!("made {nick} {role} in {room}")
        }
        Deed::RoomRenamed { room, to } => format!("renamed {room} to {to}"),
        Deed::RoomSet {
            room,
            setting,
            value,
        } => format!("set {setting} of {room} to {value}"),
    }
}

fn place_of(place: &EventPlace) -> String {
    match place {
        EventPlace::Room(room) => format!("in {room}"),
        EventPlace::User(nick) => format!("to {nick}"),
        EventPlace::Status(room, status) => format!("to {status:?} in {room}"),
    }
}

/// `ana: hello`, `ana: -` once it was deleted.
fn kept(stored: &Stored) -> String {
    let text = stored.text.as_deref().unwrap_or("-");
    let tags = stored.tags.as_ref().map_or("", Tags::as_str);
    match stored.aside {
        Some(Aside::Tagged) => return format!("{} tagged {tags}", stored.from.nick),
        Some(Aside::TopicSet) => return format!("{} set the topic {text}", stored.from.nick),
        None => {}
    }
    let tagged = if tags.is_empty() {
        String::new()
    } else {
        format!(" ({tags})")
    };
    let edited = match (&stored.text, stored.changed_at) {
        (Some(_), Some(_)) => " (edited)",
        _ => "",
    };
    format!("{}: {text}{edited}{tagged}", stored.from.nick)
}

fn page(page: &Page) -> String {
    let more = if page.has_more { " and more" } else { "" };
    let changes = page.changes.iter().map(|it| kept(&it.message));
    let changes: Vec<String> = changes.collect();
    let changed = if changes.is_empty() {
        String::new()
    } else {
        format!(", changed {}", listed(changes))
    };
    format!("{}{more}{changed}", listed(page.messages.iter().map(kept)))
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
        Reply::LoggedIn {
            nick,
            is_resumed,
            account,
            key,
            persona: _,
        } => {
            let again = if *is_resumed { " again" } else { "" };
            let account = account.as_ref().map_or(String::new(), |it| {
                format!(" to {} with {} failed", it.account, it.failed_logins)
            });
            let key = if key.is_some() { "" } else { ", without a key" };
            format!("logged in{again} as {nick}{account}{key}")
        }
        Reply::Registered { account } => format!("registered as {account}"),
        Reply::Ack { is_kept: true, .. } => "ack".to_owned(),
        Reply::Ack { .. } => "ack, not kept".to_owned(),
        Reply::History { of, page: it } => format!("history of {of}: {}", page(it)),
        Reply::Found(it) => format!("found {}", page(it)),
        Reply::Missed(it) => format!("missed {}", page(it)),
        Reply::Unread(unread) => {
            let counts = unread.iter().map(|it| format!("{} {}", it.of, it.count));
            format!("unread {}", listed(counts))
        }
        Reply::Conversations(found) => {
            let found = found.iter().map(|it| it.of.to_string());
            format!("said in {}", listed(found))
        }
        Reply::ReadMark { of, upto: None } => format!("read nothing of {of}"),
        Reply::ReadMark { of, upto: Some(_) } => format!("read {of} up to there"),
        Reply::Done => "done".to_owned(),
        Reply::Joined {
            room,
            topic,
            members,
            was_there: _,
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
        Reply::Survey(Surveyed::Rules { room, rules }) => {
            format!("rules of {room} {}", listed(rules.iter().map(rule)))
        }
        Reply::Survey(Surveyed::Rooms(rooms)) => {
            format!("sees {}", listed(rooms.iter().map(|it| &it.room)))
        }
        Reply::Survey(Surveyed::Room(card)) => {
            let members = card.members.iter().map(|member| {
                let beside = if member.is_voiced { " and voiced" } else { "" };
                format!("{} {}{beside}", member.nick, member.role.name())
            });
            format!("sees {} with {}", card.room, listed(members))
        }
        Reply::Survey(surveyed) => people_lines::surveyed(surveyed),
        Reply::People(answer) => people_lines::answer(answer),
        Reply::Whois(user) => {
            let away = user.away.as_ref();
            let away = away.map_or(String::new(), |text| format!(" away: {text}"));
            let (nick, rooms) = (&user.nick, listed(&user.rooms));
            format!("{nick} is in {rooms} with {} sessions{away}", user.sessions)
        }
        Reply::Moderated(it) => moderated(it),
        Reply::Pong => "pong".to_owned(),
        Reply::Authenticated { account, signature } => {
            let by = signature.map_or("", |_| " by SCRAM");
            format!("is proved to be {account}{by}")
        }
        Reply::ScramChallenge(it) => format!("a challenge of {} rounds", it.iterations),
        Reply::Refused(refusal) => refused(refusal),
    }
}

pub(super) fn refused(refusal: &Refusal) -> String {
    let code = refusal.code();
    match refusal.retry_after_ms() {
        Some(wait) => format!("refused: {code} for {wait} ms"),
        None => format!("refused: {code}"),
    }
}

pub(super) fn quit(reason: &QuitReason) -> String {
    match reason {
        QuitReason::Closed => "closed".to_owned(),
        QuitReason::Quit(text) => format!("good-bye{}", in_parentheses(text.as_ref())),
        QuitReason::Failed(text) => format!("failed ({text})"),
        QuitReason::TlsFailed(text) => format!("TLS failed ({text})"),
        QuitReason::HandshakeTimeout => "handshake timeout".to_owned(),
        QuitReason::SendQueueExceeded { .. } => "send queue exceeded".to_owned(),
        QuitReason::Unreadable => "unreadable".to_owned(),
        QuitReason::TooManyFaults => "too many faults".to_owned(),
        QuitReason::PingTimeout => "ping timeout".to_owned(),
        QuitReason::LoginTimeout => "login timeout".to_owned(),
        QuitReason::Flooding => "flooding".to_owned(),
        QuitReason::ServerFull => "server full".to_owned(),
        QuitReason::TooManyFromAddress => "too many from address".to_owned(),
        QuitReason::TooFastFromAddress => "too fast from address".to_owned(),
        QuitReason::Kicked(text) => format!("kicked{}", in_parentheses(text.as_ref())),
        QuitReason::Banned(text) => format!("banned{}", in_parentheses(text.as_ref())),
        QuitReason::LoggedOut => "logged out".to_owned(),
        QuitReason::Shutdown => "shutdown".to_owned(),
    }
}

pub(super) fn administered(result: &Result<Administered, Refusal>) -> String {
    match result {
        Ok(Administered::Sessions(count)) => format!("{count} sessions"),
        Ok(Administered::Moderated(it)) => moderated(it),
        Ok(Administered::TopicSet) => "topic set".to_owned(),
        Ok(Administered::Later(_)) => "later".to_owned(),
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
        Audit::Authenticated { session, account } => {
            format!("{session} has proved to be {account}")
        }
        Audit::PeerTrusted { session, account } => format!("{session} is trusted to be {account}"),
        Audit::CertificateAccepted {
            session, account, ..
        } => format!("{session} has a certificate of {account}"),
        Audit::LoginFailed {
            session,
            account,
            code,
        } => {
            let account = account.as_ref().map_or("a token's account", Nick::as_str);
            format!("{session} may not log in to {account}: {code}")
        }
        Audit::LoginsSlowed {
            session,
            account,
            count,
        } => {
            let account = account.as_ref().map_or("a token's account", Nick::as_str);
            format!("{session} is slowed down at {account}, {count} in all")
        }
        Audit::Registered { session, account } => format!("{session} registered {account}"),
        Audit::PasswordChanged { session, account } => {
            format!("{session} changed the password of {account}")
        }
        Audit::NickChanged {
            session, old, new, ..
        } => format!("{session} {old} is now {new}"),
        Audit::Detached { session, nick } => format!("{session} {nick} keeps their place"),
        Audit::Gone { nick } => format!("{nick} did not come back"),
        Audit::RoomOpened { room } => format!("{room} opened"),
        Audit::RoomClosed { room } => format!("{room} closed"),
        Audit::Moderated { session, deed: it } => {
            let has_expired = matches!(
                it,
                Deed::RuleEnded {
                    has_expired: true,
                    ..
                }
            );
            let other = if has_expired { "time" } else { "an operator" };
            let by = session.map_or(other.to_owned(), |it| it.to_string());
            format!("{by} {}", deed(it))
        }
        Audit::Operator {
            session,
            nick,
            name,
        } => match name {
            Some(name) => format!("{session} {nick} is a server operator as {name}"),
            None => format!("{session} {nick} is no server operator"),
        },
        Audit::Resigned { session, nick } => format!("{session} {nick} has resigned"),
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

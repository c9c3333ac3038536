//! The old dialect, exactly as the clients of the first chat room know it: events and answers to
//! objects with texts made ready for the screen. Its clients read 1024 bytes at a time and take
//! them for one object, so none is longer; what is longer comes in several. They print what they
//! get, so nothing that steers a terminal is sent to them. Requests come in through [`request`].

pub(super) mod request;

use serde::Serialize;

use super::escape::{cut, for_terminal, json_bytes};
use crate::daemon::protocol::Facts;
use crate::daemon::protocol::stamp::ctime;
use crate::daemon::protocol::{moderation, sentence};
use crate::hub::command::MessageKind;
use crate::hub::event::{Event, EventKind, EventPlace};
use crate::hub::id::RequestId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;
use crate::hub::time::UnixMillis;

/// Longest object, in bytes, with its line feed: what an old client reads at once.
pub const OBJECT_BYTES_MAX: usize = 1024;

/// An object as old clients know it.
#[derive(Debug, Serialize)]
struct Object<'a> {
    r#type: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<bool>,
    msg: &'a str,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Login,
    SystemMsg,
    Broadcast,
    Single,
    Ls,
    Help,
    Ignore,
}

/// The longest object without a text: `{"type":"system_msg","success":false,"msg":""}` and a line feed.
const EMPTY_OBJECT_BYTES: usize = 47;

const SYSTEM: &str = "[ SYSTEM ] : ";
const END: &str = "\r\n";

/// The id that this dialect gives a login, as old clients give none: their login prompt reads a
/// `login` answer, whatever the reason for a refusal.
const LOGIN: &str = "login";

/// What an old client's user can do where an account is needed.
const CANNOT_LOG_IN: &str =
    " This program cannot: use a newer one, such as `chatctl join --account NAME`.";

/// An event as old clients show it.
pub fn render_event(facts: &Facts, event: &Event, out: &mut Vec<u8>) {
    let time = time_line(event.at, facts);
    let system = |text: &str, out: &mut Vec<u8>| {
        write_cut(Kind::SystemMsg, &format!("{time}{SYSTEM}"), text, out);
    };
    match &event.kind {
        EventKind::Message {
            room,
            from,
            kind,
            text,
            tags: _,
        } => {
            let place = elsewhere(room, facts, " in ");
            let head = match kind {
                MessageKind::Action => format!("{time}* {from}{place} "),
                MessageKind::Text | MessageKind::Notice => format!("{time}[{from}{place}] : "),
            };
            write_cut(Kind::Broadcast, &head, text, out);
        }
        EventKind::Private {
            from,
            to,
            kind,
            text,
            tags: _,
        } => {
            let act = match kind {
                MessageKind::Action => format!("* {from} "),
                MessageKind::Text | MessageKind::Notice => String::new(),
            };
            let head = format!("{time}[ {from} CHATTING TO {to} ] : {act}");
            write_cut(Kind::Single, &head, text, out);
        }
        EventKind::Edited {
            place, from, text, ..
        } => match place {
            EventPlace::Room(room) | EventPlace::Status(room, _) => {
                let head = format!(
                    "{time}[{from}{}] (edited) : ",
                    elsewhere(room, facts, " in ")
                );
                write_cut(Kind::Broadcast, &head, text, out);
            }
            EventPlace::User(to) => {
                let head = format!("{time}[ {from} CHATTING TO {to} ] (edited) : ");
                write_cut(Kind::Single, &head, text, out);
            }
        },
        EventKind::Deleted { place, from, .. } => {
            let place = match place {
                EventPlace::Room(room) | EventPlace::Status(room, _) => {
                    elsewhere(room, facts, " in ")
                }
                EventPlace::User(to) => format!(" to {to}"),
            };
            system(&format!("{from} has deleted a message{place}."), out);
        }
        EventKind::Tagged { .. } | EventKind::MarkedRead { .. } | EventKind::People(_) => {}
        EventKind::Joined { room, nick, .. } => {
            let place = elsewhere(room, facts, " ");
            system(&format!("{nick} has joined{place}."), out);
        }
        EventKind::Parted { room, nick, reason } => {
            let place = elsewhere(room, facts, " ");
            system(
                &format!("{nick} has left{place}{}.", because(reason.as_deref())),
                out,
            );
        }
        EventKind::Quit { nick, reason } => {
            system(
                &format!("{nick} has left{}.", because(Some(&sentence::quit(reason)))),
                out,
            );
        }
        EventKind::NickChanged { old, new } => {
            system(&format!("{old} is now called {new}."), out);
        }
        EventKind::TopicChanged { room, by, text } => {
            let who = by.as_ref().map_or("An operator", Nick::as_str);
            let place = elsewhere(room, facts, " of ");
            let said = if text.is_empty() {
                format!("{who} has cleared the topic{place}.")
            } else {
                format!("{who} has set the topic{place}: {text}")
            };
            system(&said, out);
        }
        EventKind::AwayChanged { nick, text } => {
            let said = match text {
                Some(text) => format!("{nick} is away: {text}"),
                None => format!("{nick} is back."),
            };
            system(&said, out);
        }
        kind @ (EventKind::Kicked { .. }
        | EventKind::RoleChanged { .. }
        | EventKind::RoomChanged { .. }
        | EventKind::RoomRenamed { .. }
        | EventKind::RuleAdded { .. }
        | EventKind::RuleEnded { .. }
        | EventKind::InviteNoticed { .. }
        | EventKind::Invited { .. }) => {
            if let Some(said) = moderation::told(kind, event.at) {
                system(&said, out);
            }
        }
        // Of no use to who knows of no accounts.
        EventKind::AccountChanged { .. } => {}
        EventKind::NickRegistered { nick, new } => {
            system(&sentence::nick_registered(nick, new.as_ref()), out);
        }
        EventKind::ToStatus { room, .. } => {
            let place = elsewhere(room, facts, " in ");
            system(&format!("{}{place}", sentence::to_status(&event.kind)), out);
        }
        EventKind::Notice { room, text } => {
            let place = room
                .as_ref()
                .map_or_else(String::new, |room| elsewhere(room, facts, ""));
            let gap = if place.is_empty() { "" } else { ": " };
            system(&format!("{place}{gap}{text}"), out);
        }
    }
}

/// The answer to one client's request. What this dialect has no form for is left out: its clients
/// see their own messages come back and need no other answer.
pub fn render_reply(facts: &Facts, request: Option<&RequestId>, reply: &Reply, out: &mut Vec<u8>) {
    match reply {
        Reply::LoggedIn { nick, .. } => {
            write_object(Kind::Login, Some(true), &format!("Welcome, {nick}."), out);
        }
        Reply::Deaf { deaf } => {
            let said = if *deaf {
                "Group chat is off. You can still send and get private messages."
            } else {
                "Group chat is on."
            };
            let msg = format!("{}{SYSTEM}{said}{END}", time_line(facts.now, facts));
            write_object(Kind::Ignore, Some(true), &msg, out);
        }
        Reply::Users(users) => write_users(users, out),
        Reply::Refused(refusal) => {
            if request.is_some_and(|request| request.as_str() == LOGIN) {
                out.extend(render_refused_login(refusal));
            } else {
                write_refusal(refusal, facts, out);
            }
        }
        // Not asked for, or told by an event.
        Reply::Registered { .. }
        | Reply::Authenticated { .. }
        | Reply::ScramChallenge(_)
        | Reply::Ack { .. }
        | Reply::History { .. }
        | Reply::Found(_)
        | Reply::Missed(_)
        | Reply::Unread(_)
        | Reply::Conversations(_)
        | Reply::ReadMark { .. }
        | Reply::Done
        | Reply::Joined { .. }
        | Reply::Rooms(_)
        | Reply::Names { .. }
        | Reply::Ignores(_)
        | Reply::Whois(_)
        | Reply::Survey(_)
        | Reply::People(_)
        | Reply::Moderated(_)
        | Reply::Pong => {}
    }
}

/// A word of the server to this client alone.
pub(super) fn write_system(facts: &Facts, text: &str, out: &mut Vec<u8>) {
    write_from_system(Kind::SystemMsg, text, facts, out);
}

fn write_refusal(refusal: &Refusal, facts: &Facts, out: &mut Vec<u8>) {
    // An old client without a login can only be at its login prompt.
    if matches!(refusal, Refusal::NotLoggedIn) {
        out.extend(render_refused_login(refusal));
        return;
    }
    let kind = if matches!(refusal, Refusal::NoSuchUser(_)) {
        Kind::Single
    } else if matches!(refusal, Refusal::Deaf) {
        Kind::Broadcast
    } else {
        Kind::SystemMsg
    };
    // An old client comes into its room with its login and in no other way.
    let text = if let Refusal::NotInRoom(room) = refusal {
        format!("You are not in {room}. Connect again to come back.")
    } else {
        sentence::refusal(refusal)
    };
    write_from_system(kind, &text, facts, out);
}

fn render_refused_login(refusal: &Refusal) -> Vec<u8> {
    let mut out = Vec::new();
    let mut text = sentence::refusal(refusal);
    if matches!(refusal, Refusal::AccountRequired) {
        text.push_str(CANNOT_LOG_IN);
    }
    write_object(Kind::Login, Some(false), &text, &mut out);
    out
}

fn render_nobody_is_called(whom: &str, facts: &Facts) -> Vec<u8> {
    let mut out = Vec::new();
    let text = format!("Nobody here is called {whom}.");
    write_from_system(Kind::Single, &text, facts, &mut out);
    out
}

fn render_help() -> Vec<u8> {
    let mut out = Vec::new();
    write_object(Kind::Help, None, HELP, &mut out);
    out
}

const HELP: &str = "[ SYSTEM ] COMMANDS : \r\n\
    /ls : who is here\r\n\
    /h : this help\r\n\
    @nick message : a message to one user alone\r\n\
    /i : group chat off and on\r\n";

/// A list of users goes out in as many objects as it needs, each with the head that old clients show.
fn write_users(users: &[Nick], out: &mut Vec<u8>) {
    const HEAD: &str = "[ SYSTEM ] ALIVE USER : \r\n";
    let mut msg = String::from(HEAD);
    for user in users {
        let line = format!("{},\r\n", user);
        let used = EMPTY_OBJECT_BYTES + json_bytes(&msg) + json_bytes(&line);
        if used > OBJECT_BYTES_MAX {
            write_object(Kind::Ls, None, &msg, out);
            msg.truncate(HEAD.len());
        }
        msg.push_str(&line);
    }
    write_object(Kind::Ls, None, &msg, out);
}

fn write_from_system(kind: Kind, text: &str, facts: &Facts, out: &mut Vec<u8>) {
    let head = format!("{}{SYSTEM}", time_line(facts.now, facts));
    write_cut(kind, &head, text, out);
}

/// Writes a text in as many objects as it needs, each with the whole head.
fn write_cut(kind: Kind, head: &str, text: &str, out: &mut Vec<u8>) {
    // A head has names only, which are safe by their rules. Further lines of a text are indented:
    // an old client prints what it gets, and a line of its own could pass for the server's words.
    let text = for_terminal(text).replace('\n', "\n  ");
    let around = EMPTY_OBJECT_BYTES + json_bytes(head) + json_bytes(END);
    for piece in cut(&text, OBJECT_BYTES_MAX - around) {
        write_object(kind, None, &format!("{head}{piece}{END}"), out);
    }
}

fn write_object(kind: Kind, success: Option<bool>, msg: &str, out: &mut Vec<u8>) {
    let object = Object {
        r#type: kind,
        success,
        msg,
    };
    serde_json::to_writer(&mut *out, &object).expect("plain data is written to memory");
    out.push(b'\n');
}

fn time_line(at: UnixMillis, facts: &Facts) -> String {
    format!("[TIME : {}]{END}", ctime(at, facts.utc_offset_seconds))
}

/// The room behind `link`, unless it is the one that old clients are in and need not be told.
fn elsewhere(room: &RoomName, facts: &Facts, link: &str) -> String {
    if *room == facts.settings.default_room {
        String::new()
    } else {
        format!("{link}{room}")
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_object_is_as_long_as_said() {
        let mut out = Vec::new();
        write_object(Kind::SystemMsg, Some(false), "", &mut out);
        assert_eq!(out.len(), EMPTY_OBJECT_BYTES);
    }
}

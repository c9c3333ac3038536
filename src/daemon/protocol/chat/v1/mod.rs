//! The protocol's own dialect: events and answers to objects. The objects themselves are
//! `wire::chat`'s; this file converts the hub's types to them and knows neither how objects are
//! found in the stream nor who hears what. Requests come in through [`request`].

mod ask;
mod credentials;
mod kept;
mod list;
mod message;
mod order;
mod reaction;
pub(super) mod request;

use self::list::{write_nicks, write_rooms};
use self::message::Message;
use crate::daemon::protocol::stamp::{Rfc3339, Stamp};
use crate::daemon::protocol::{Facts, sentence};
use crate::hub::account::Registration;
use crate::hub::ask::ASKS_PER_SESSION;
use crate::hub::command::MessageKind;
use crate::hub::event::{Event, EventKind, EventPlace};
use crate::hub::id::RequestId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::{Reply, UserSummary};
use crate::hub::refusal::Refusal;
use crate::wire::chat::{Kind, Limits, Re, ServerMessage, VERSION};

/// What a client may count on beyond the requests that every version 1 server has; a client looks
/// here before it uses something that came later.
fn features(facts: &Facts) -> Vec<&'static str> {
    let mut features = Vec::new();
    if facts.has_history {
        features.push("history");
        if !facts.settings.resume_window.is_zero() {
            features.push("resume");
        }
    }
    features.push("accounts");
    features.push("certificates");
    features.push("moderation");
    match facts.settings.registration {
        Registration::Open => features.push("register"),
        Registration::Invite => features.push("register_invited"),
        Registration::Operator => {}
    }
    features
}

/// An event as every client of this dialect sees it.
pub fn render_event(_facts: &Facts, event: &Event, out: &mut Vec<u8>) {
    let stamp = Stamp::of(event);
    let (msgid, time) = (stamp.msgid(), stamp.time());
    let reason_text;
    let changed;
    let partner;
    let object = match &event.kind {
        EventKind::Tagged { place, from, tags } => {
            return reaction::render(&stamp, place, from, tags, out);
        }
        // Told to clients that ask for it.
        EventKind::People(_) => return,
        EventKind::Message {
            room,
            from,
            kind,
            text,
            tags: _,
        } => {
            let message = Message {
                room: room.as_str(),
                from: from.as_str(),
                kind: *kind,
                text,
            };
            return message::write_message(&stamp, &message, out);
        }
        EventKind::Private {
            from,
            to,
            kind,
            text,
            tags: _,
        } => ServerMessage::Private {
            msgid,
            time,
            from: from.as_str(),
            to: to.as_str(),
            kind: wire_kind(*kind),
            text,
        },
        EventKind::Edited {
            place,
            from,
            message,
            text,
        } => {
            changed = message.to_string();
            let (room, to) = room_or_nick(place);
            ServerMessage::Edited {
                msgid,
                time,
                edits: &changed,
                room,
                from: from.as_str(),
                to,
                text,
            }
        }
        EventKind::Deleted {
            place,
            from,
            message,
            reason,
        } => {
            changed = message.to_string();
            let (room, to) = room_or_nick(place);
            ServerMessage::Deleted {
                msgid,
                time,
                deletes: &changed,
                room,
                from: from.as_str(),
                to,
                reason: reason.as_deref(),
            }
        }
        EventKind::MarkedRead { of, upto } => {
            (changed, partner) = (upto.to_string(), of.to_string());
            ServerMessage::Read {
                msgid,
                time,
                of: &partner,
                upto: &changed,
            }
        }
        EventKind::Joined { room, nick, .. } => ServerMessage::Join {
            msgid,
            time,
            room: room.as_str(),
            nick: nick.as_str(),
        },
        EventKind::Parted { room, nick, reason } => ServerMessage::Part {
            msgid,
            time,
            room: room.as_str(),
            nick: nick.as_str(),
            reason: reason.as_deref(),
        },
        EventKind::Quit { nick, reason } => {
            reason_text = sentence::quit(reason);
            ServerMessage::Quit {
                msgid,
                time,
                nick: nick.as_str(),
                reason: &reason_text,
            }
        }
        EventKind::NickChanged { old, new } => ServerMessage::Nick {
            msgid,
            time,
            old: old.as_str(),
            new: new.as_str(),
        },
        EventKind::TopicChanged { room, by, text } => ServerMessage::Topic {
            msgid,
            time,
            room: room.as_str(),
            by: by.as_ref().map(Nick::as_str),
            text,
        },
        EventKind::AwayChanged { nick, text } => ServerMessage::Away {
            msgid,
            time,
            nick: nick.as_str(),
            text: text.as_deref(),
        },
        // Who wants to know asks for it by `whois`.
        EventKind::AccountChanged { .. } => return,
        EventKind::Kicked { .. }
        | EventKind::RoleChanged { .. }
        | EventKind::RoomChanged { .. }
        | EventKind::RoomRenamed { .. }
        | EventKind::RuleAdded { .. }
        | EventKind::RuleEnded { .. }
        | EventKind::InviteNoticed { .. }
        | EventKind::Invited { .. } => return order::render_event(event, out),
        EventKind::NickRegistered { nick, new } => {
            reason_text = sentence::nick_registered(nick, new.as_ref()).into();
            ServerMessage::Notice {
                msgid,
                time,
                room: None,
                text: &reason_text,
            }
        }
        EventKind::ToStatus { room, .. } => {
            reason_text = sentence::to_status(&event.kind).into();
            ServerMessage::Notice {
                msgid,
                time,
                room: Some(room.as_str()),
                text: &reason_text,
            }
        }
        EventKind::Notice { room, text } => ServerMessage::Notice {
            msgid,
            time,
            room: room.as_ref().map(RoomName::as_str),
            text,
        },
    };
    write(&object, out);
}

/// The answer to one client's request; a long list in several objects, of `facts.list_bytes` at most.
pub fn render_reply(facts: &Facts, request: Option<&RequestId>, reply: &Reply, out: &mut Vec<u8>) {
    let re = Re {
        id: request.map(RequestId::as_str),
    };
    // So many of these answers may come together.
    let kept_bytes = facts.list_bytes / ASKS_PER_SESSION;
    match reply {
        Reply::LoggedIn {
            nick,
            key,
            is_resumed,
            account,
            persona: _,
        } => {
            let key = key.map(|key| format!("{:032x}", key.0));
            let login = ServerMessage::Login {
                re,
                nick: nick.as_str(),
                key: key.as_deref(),
                account: account.as_ref().map(|it| it.account.as_str()),
                failed_logins: account.as_ref().map_or(0, |it| it.failed_logins),
                resumed: *is_resumed,
            };
            write(&login, out);
        }
        Reply::Registered { account } => {
            let account = account.as_str();
            write(&ServerMessage::Registered { re, account }, out);
        }
        // Logging in is one step here.
        Reply::Authenticated { .. } | Reply::ScramChallenge(_) => {}
        Reply::Ack { id, at, is_kept } => {
            message::write_ack(&Stamp::new(*id, *at), request, *is_kept, out);
        }
        Reply::History { of, page } => kept::write_history(&re, of, page, kept_bytes, out),
        Reply::Found(page) => kept::write_found(&re, page, kept_bytes, out),
        Reply::Missed(page) => kept::write_missed(&re, page, kept_bytes, out),
        Reply::Unread(unread) => kept::write_unread(&re, unread, kept_bytes, out),
        // Nobody asks for it here.
        Reply::Conversations(_) | Reply::ReadMark { .. } => {}
        Reply::Done => write(&ServerMessage::Ok { re }, out),
        Reply::Joined {
            room,
            topic,
            members,
            was_there: _,
        } => {
            let (room, topic, members) = (room.as_str(), topic.as_deref(), *members);
            write(
                &ServerMessage::Joined {
                    re,
                    room,
                    topic,
                    members,
                },
                out,
            );
        }
        Reply::Deaf { deaf } => write(&ServerMessage::RoomChat { re, on: !deaf }, out),
        Reply::Rooms(rooms) => write_rooms(&re, rooms, facts.list_bytes, out),
        Reply::Names {
            room,
            topic,
            members,
        } => write_nicks(members, facts.list_bytes, out, |nicks, part| {
            ServerMessage::Names {
                re: re.clone(),
                room: room.as_str(),
                topic: topic.as_deref(),
                nicks,
                more: part.more,
                left_off: part.left_off,
            }
        }),
        Reply::Users(users) => write_nicks(users, facts.list_bytes, out, |nicks, part| {
            ServerMessage::Users {
                re: re.clone(),
                nicks,
                more: part.more,
                left_off: part.left_off,
            }
        }),
        Reply::Ignores(ignored) => {
            write_nicks(ignored, facts.list_bytes, out, |nicks, part| {
                ServerMessage::Ignores {
                    re: re.clone(),
                    nicks,
                    more: part.more,
                    left_off: part.left_off,
                }
            });
        }
        Reply::Whois(user) => write_whois(re, user, out),
        Reply::Survey(_) | Reply::People(_) => {} // nothing in this dialect asks for it
        Reply::Moderated(moderated) => order::write_moderated(facts, re, moderated, out),
        Reply::Pong => write(&ServerMessage::Pong { re }, out),
        Reply::Refused(refusal) => write_refusal(re, refusal, out),
    }
}

/// The question whether the client lives.
pub fn render_ping(out: &mut Vec<u8>) {
    write(&ServerMessage::Ping, out);
}

/// What a client is told when its `hello` is accepted.
fn write_welcome(facts: &Facts, out: &mut Vec<u8>) {
    let settings = &facts.settings;
    let limits = Limits {
        frame_bytes: facts.frame_bytes(),
        message_bytes: settings.message_bytes,
        topic_bytes: settings.topic_bytes,
        nick_chars: Nick::MAX_CHARS,
        room_chars: RoomName::MAX_CHARS,
        rooms_per_user: settings.rooms_per_user,
        rate: settings.rate,
        burst: settings.burst,
        ping_interval_s: settings.ping_interval.as_secs(),
    };
    let welcome = ServerMessage::Welcome {
        v: VERSION,
        server: facts.server_name.as_str(),
        software: &facts.software,
        motd: &facts.motd,
        default_room: settings.default_room.as_str(),
        limits,
        features: features(facts),
    };
    write(&welcome, out);
}

fn write_refusal(re: Re<&str>, refusal: &Refusal, out: &mut Vec<u8>) {
    let retry_after_ms = refusal.retry_after_ms();
    let (code, text) = (refusal.code(), &*sentence::refusal(refusal));
    let error = ServerMessage::Error {
        re,
        code,
        text,
        retry_after_ms,
    };
    write(&error, out);
}

fn write_whois(re: Re<&str>, user: &UserSummary, out: &mut Vec<u8>) {
    let since = Rfc3339::new(user.since);
    let whois = ServerMessage::Whois {
        re,
        nick: user.nick.as_str(),
        account: user.account.as_ref().map(Nick::as_str),
        rooms: user.rooms.iter().map(RoomName::as_str).collect(),
        away: user.away.as_deref(),
        sessions: user.sessions,
        since: since.as_str(),
    };
    write(&whois, out);
}

fn room_or_nick(place: &EventPlace) -> (Option<&str>, Option<&str>) {
    match place {
        EventPlace::Room(room) | EventPlace::Status(room, _) => (Some(room.as_str()), None),
        EventPlace::User(nick) => (None, Some(nick.as_str())),
    }
}

fn wire_kind(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::Text => Kind::Text,
        MessageKind::Action => Kind::Action,
        MessageKind::Notice => Kind::Notice,
    }
}

/// Appends an object and its line feed. JSON escapes line feeds within texts.
pub(super) fn write(object: &ServerMessage<&str>, out: &mut Vec<u8>) {
    serde_json::to_writer(&mut *out, object).expect("plain data is written to memory");
    out.push(b'\n');
}

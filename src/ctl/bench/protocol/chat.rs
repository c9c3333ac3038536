//! chatd's own JSON protocol, version 1. What comes by the thousand (messages, acknowledgements and
//! notices) is recognised by its first bytes; the rest is read as any client reads it.

use memchr::{memchr, memmem};

use super::{Client, Frame, Heard, Names, Place, Speech, Stage, Stored, To, Words};
use crate::wire::chat::{Kept, ServerMessage};

/// Stands before the text of a message.
pub const TEXT_FIELD: &[u8] = br#""text":""#;

/// Good-bye.
pub const QUIT: &[u8] = b"{\"type\":\"quit\"}\n";

const PONG: &[u8] = b"{\"type\":\"pong\"}\n";

/// Every object of chatd begins so, with its type behind it.
const TYPE: &[u8] = br#"{"type":""#;

pub(super) fn connected(client: &mut Client) {
    client.stage = Stage::Greeting;
}

pub(super) fn message(names: &Names, to: To) -> Frame {
    let to = match to {
        To::Room(room) => names.room(room),
        To::Client(number) => format!("@{}", names.nick(number)),
    };
    Frame {
        before: format!(r#"{{"type":"send","to":"{to}","text":""#).into_bytes(),
        behind: b"\"}\n".to_vec(),
    }
}

pub(super) fn enter(names: &Names, room: u32) -> Vec<u8> {
    format!("{{\"type\":\"join\",\"room\":\"{}\"}}\n", names.room(room)).into_bytes()
}

pub(super) fn leave(names: &Names, room: u32) -> Vec<u8> {
    format!("{{\"type\":\"part\",\"room\":\"{}\"}}\n", names.room(room)).into_bytes()
}

/// A page of what is kept, from the oldest on. Its answer comes in several objects.
pub(super) fn ask_page(names: &Names, room: u32, behind: Option<&str>) -> Vec<u8> {
    let (room, behind) = (names.room(room), behind.unwrap_or(BEFORE_ALL));
    format!("{{\"type\":\"history\",\"of\":\"{room}\",\"after\":\"{behind}\",\"limit\":{PAGE}}}\n")
        .into_bytes()
}

/// Messages of a page.
const PAGE: usize = 200;

/// An id that is less than any message's.
const BEFORE_ALL: &str = "0000000000000";

#[inline]
pub(super) fn read(
    speech: &Speech,
    client: &mut Client,
    bytes: &[u8],
    hear: &mut impl FnMut(Heard<'_>),
) -> usize {
    let mut at = 0;
    while let Some(length) = memchr(b'\n', &bytes[at..]) {
        let line = &bytes[at..at + length];
        at += length + 1;
        match kind(line) {
            b"message" | b"private" => {
                if let Some(text) = text(speech, line) {
                    hear(Heard::Text(text));
                }
            }
            b"ack" => hear(Heard::Accepted),
            b"join" => moved(line, true, hear),
            b"part" => moved(line, false, hear),
            // Others leave at the end of a run by the thousand; nothing is to be done about it.
            b"quit" => {}
            _ => object(speech, client, line, hear),
        }
    }
    at
}

/// The type of an object that begins with it; empty for all else.
#[inline]
fn kind(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(TYPE) else {
        return b"";
    };
    memchr(b'"', rest).map_or(b"".as_slice(), |end| &rest[..end])
}

/// The text of a message, when it has the size of ours.
#[inline]
fn text<'a>(speech: &Speech, line: &'a [u8]) -> Option<&'a [u8]> {
    let begin = speech.text_field.find(line)? + TEXT_FIELD.len();
    let end = begin + speech.text_bytes;
    (line.get(end) == Some(&b'"')).then(|| &line[begin..end])
}

#[inline]
fn moved(line: &[u8], entered: bool, hear: &mut impl FnMut(Heard<'_>)) {
    const NICK_FIELD: &[u8] = br#""nick":""#;
    let Some(at) = memmem::find(line, NICK_FIELD) else {
        return;
    };
    let nick = &line[at + NICK_FIELD.len()..];
    if let Some(end) = memchr(b'"', nick) {
        let nick = &nick[..end];
        hear(Heard::Moved { nick, entered });
    }
}

#[cold]
fn object(speech: &Speech, client: &mut Client, line: &[u8], hear: &mut impl FnMut(Heard<'_>)) {
    if client.stage == Stage::Greeting {
        return greeted(speech, client, line);
    }
    match serde_json::from_slice(line) {
        Ok(ServerMessage::Login { .. }) => logged_in(speech, client),
        Ok(ServerMessage::Joined { .. }) if client.stage == Stage::Ready => hear(Heard::Entered),
        Ok(ServerMessage::Joined { .. }) => client.arrived(),
        // Nothing but leaving a room is asked here that is answered so.
        Ok(ServerMessage::Ok { .. }) => hear(Heard::Left),
        Ok(ServerMessage::Error { code, text, .. }) => client.refused(Words { code, text }, hear),
        Ok(ServerMessage::Bye { code, text }) => client.last_words = Some(Words { code, text }),
        // A server may write the fields in another order than chatd does.
        Ok(ServerMessage::Message { text, .. } | ServerMessage::Private { text, .. })
            if text.len() == speech.text_bytes =>
        {
            hear(Heard::Text(text.as_bytes()));
        }
        Ok(ServerMessage::Ack { .. }) => hear(Heard::Accepted),
        Ok(ServerMessage::Join { nick, .. }) => hear(Heard::Moved {
            nick: nick.as_bytes(),
            entered: true,
        }),
        Ok(ServerMessage::Part { nick, .. }) => hear(Heard::Moved {
            nick: nick.as_bytes(),
            entered: false,
        }),
        Ok(ServerMessage::History {
            messages,
            more,
            further,
            ..
        }) => page(&messages, more, further, hear),
        Ok(ServerMessage::Ping) => client.out.extend_from_slice(PONG),
        _ => {}
    }
}

fn page(messages: &[Kept<String>], more: bool, further: bool, hear: &mut impl FnMut(Heard<'_>)) {
    for text in messages.iter().filter_map(|kept| kept.text.as_ref()) {
        hear(Heard::Stored(Stored::Text(text.as_bytes())));
    }
    if !more {
        let last = messages.last().map(|kept| kept.msgid.as_str());
        let next = last.filter(|_| further);
        hear(Heard::Stored(Stored::End { next }));
    }
}

/// A server that turns somebody away does it in place of the greeting, and closes.
fn greeted(speech: &Speech, client: &mut Client, line: &[u8]) {
    let text = String::from_utf8_lossy(line).trim_end().to_owned();
    let code = String::new();
    client.last_words = Some(Words { code, text });
    let nick = speech.names.nick(client.number);
    let enter = client.place == Place::Default;
    // Who writes what is to be kept waits for the answer only, as with the other servers.
    let no_echo = match client.place {
        Place::Kept(_) => r#","echo":false"#,
        Place::Default | Place::Room(_) | Place::Nowhere => "",
    };
    let hello = format!(
        "{{\"type\":\"hello\",\"v\":1,\"nick\":\"{nick}\",\"client\":\"chatctl bench\",\"enter\":{enter}{no_echo}}}\n"
    );
    client.out.extend_from_slice(hello.as_bytes());
    client.stage = Stage::LoggingIn;
}

fn logged_in(speech: &Speech, client: &mut Client) {
    match client.place {
        Place::Default => client.stage = Stage::Joining,
        Place::Room(room) | Place::Kept(room) => {
            client.out.extend(enter(&speech.names, room));
            client.stage = Stage::Joining;
        }
        Place::Nowhere => client.arrived(),
    }
}

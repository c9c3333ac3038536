//! NATS core: the server speaks first (INFO), a PING behind each request tells when it was carried out.
//! A publisher subscribes to nothing. Messages are not answered (`verbose` is off, as in all clients).
//! What is to be kept goes to a stream of JetStream, which answers to an inbox of the writer's.

use memchr::{memchr, memrchr};
use serde_json::{Value, json};

use super::{Client, Frame, Heard, Names, Place, Speech, Stage, Stored, To, Words};

const CONNECT: &[u8] = b"CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"chatctl\",\
\"version\":\"1\",\"name\":\"chatctl bench\",\"protocol\":1}\r\nPING\r\n";

pub(super) fn connected(client: &mut Client) {
    client.stage = Stage::Greeting;
}

pub(super) fn message(names: &Names, to: To, text_bytes: usize) -> Frame {
    let subject = names.of(to);
    Frame {
        before: format!("PUB {subject} {text_bytes}\r\n").into_bytes(),
        behind: b"\r\n".to_vec(),
    }
}

pub(super) fn kept_message(names: &Names, stream: u32, client: u32, text_bytes: usize) -> Frame {
    let (subject, inbox) = (names.room(stream), inbox(names, client));
    Frame {
        before: format!("PUB {subject} {inbox} {text_bytes}\r\n").into_bytes(),
        behind: b"\r\n".to_vec(),
    }
}

pub(super) fn ask_count(names: &Names, stream: u32, client: u32) -> Vec<u8> {
    let (stream, inbox) = (names.room(stream), inbox(names, client));
    format!("PUB $JS.API.STREAM.INFO.{stream} {inbox} 0\r\n\r\n").into_bytes()
}

/// Where JetStream answers a client.
fn inbox(names: &Names, client: u32) -> String {
    format!("_INBOX.{}", names.nick(client))
}

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
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let next = at + length + 1;
        if !line.starts_with(b"MSG ") {
            at = next;
            other(speech, client, line, hear);
            continue;
        }
        // The last word is the length of the text, which follows with a line end of its own.
        let digits = memrchr(b' ', line).map_or(line, |space| &line[space + 1..]);
        let Some(text_bytes) = super::number(digits) else {
            client.confused(speech.protocol);
            return bytes.len();
        };
        let end = next + text_bytes;
        if bytes.len() < end + 2 {
            return at;
        }
        if line.starts_with(b"MSG _INBOX.") {
            answered(client, &bytes[next..end], hear);
        } else if text_bytes == speech.text_bytes {
            hear(Heard::Text(&bytes[next..end]));
        }
        at = end + 2;
    }
    at
}

/// The answer of JetStream: to a message where it is and as what it is kept there, to a question the
/// state of the stream.
fn answered(client: &mut Client, answer: &[u8], hear: &mut impl FnMut(Heard<'_>)) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if let Some(error) = answer.get("error") {
        let said = error["description"].as_str().map(str::to_owned);
        let text = said.unwrap_or_else(|| error.to_string());
        let code = String::new();
        return client.refused(Words { code, text }, hear);
    }
    if client.stage == Stage::Joining {
        return client.arrived();
    }
    match answer.pointer("/state/messages").and_then(Value::as_u64) {
        Some(count) => hear(Heard::Stored(Stored::Count(count))),
        None if answer["seq"].is_u64() => hear(Heard::Accepted),
        None => {}
    }
}

#[cold]
fn other(speech: &Speech, client: &mut Client, line: &[u8], hear: &mut impl FnMut(Heard<'_>)) {
    if line.starts_with(b"PING") {
        client.out.extend_from_slice(b"PONG\r\n");
    } else if line.starts_with(b"INFO ") && client.stage == Stage::Greeting {
        client.out.extend_from_slice(CONNECT);
        client.stage = Stage::LoggingIn;
    } else if line.starts_with(b"PONG") {
        ponged(speech, client);
    } else if let Some(text) = line.strip_prefix(b"-ERR") {
        let text = String::from_utf8_lossy(text);
        let text = text.trim().trim_matches('\'').to_owned();
        client.refused(
            Words {
                code: String::new(),
                text,
            },
            hear,
        );
    }
}

fn ponged(speech: &Speech, client: &mut Client) {
    match (client.stage, client.place) {
        (Stage::LoggingIn, Place::Room(room)) => {
            let subject = speech.names.room(room);
            let subscribe = format!("SUB {subject} 1\r\nPING\r\n");
            client.out.extend_from_slice(subscribe.as_bytes());
            client.stage = Stage::Joining;
        }
        (Stage::LoggingIn, Place::Kept(stream)) => {
            let (inbox, stream) = (
                inbox(&speech.names, client.number),
                speech.names.room(stream),
            );
            // All writers of a stream ask for it; the second is told that it is there.
            let config =
                json!({"name": stream, "subjects": [stream], "storage": "file"}).to_string();
            let length = config.len();
            let asked = format!(
                "SUB {inbox} 1\r\nPUB $JS.API.STREAM.CREATE.{stream} {inbox} {length}\r\n{config}\r\n"
            );
            client.out.extend_from_slice(asked.as_bytes());
            client.stage = Stage::Joining;
        }
        (Stage::Joining, Place::Kept(_)) => {}
        (Stage::LoggingIn | Stage::Joining, _) => client.arrived(),
        (
            Stage::Connecting | Stage::Greeting | Stage::Ready | Stage::TurnedAway | Stage::Closed,
            _,
        ) => {}
    }
}

//! IRC as RFC 2812 and all servers after it have it. A client is in a room when the list of its names
//! has ended (366), which servers send behind the join.

use memchr::memchr;

use super::{Client, Frame, Heard, Names, Place, Speech, Stage, To, Words};

/// Good-bye.
pub const QUIT: &[u8] = b"QUIT\r\n";

/// Numerics of the classes 4 and 5 that are no refusal: no message of the day, and a word of patience
/// that some servers have for who connects.
const HARMLESS: [&[u8]; 2] = [b"422", b"439"];

pub(super) fn connected(names: &Names, client: &mut Client) {
    let nick = names.nick(client.number);
    let hello = format!("NICK {nick}\r\nUSER {nick} 0 * :chatctl bench\r\n");
    client.out.extend_from_slice(hello.as_bytes());
    client.stage = Stage::LoggingIn;
}

pub(super) fn message(names: &Names, to: To) -> Frame {
    let to = names.of(to);
    Frame {
        before: format!("PRIVMSG {to} :").into_bytes(),
        behind: b"\r\n".to_vec(),
    }
}

pub(super) fn enter(names: &Names, room: u32) -> Vec<u8> {
    format!("JOIN {}\r\n", names.room(room)).into_bytes()
}

pub(super) fn leave(names: &Names, room: u32) -> Vec<u8> {
    format!("PART {}\r\n", names.room(room)).into_bytes()
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
        at += length + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (source, command) = split(line);
        if command.starts_with(b"PRIVMSG ") {
            if let Some(text) = text(speech, command) {
                hear(Heard::Text(text));
            }
        } else if command.starts_with(b"JOIN ") {
            moved(speech, client, source, true, hear);
        } else if command.starts_with(b"PART ") {
            moved(speech, client, source, false, hear);
        } else {
            other(speech, client, command, hear);
        }
    }
    at
}

/// The nick that a line comes from, empty when it is the server's own, and the command behind it.
#[inline]
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(line) = line.strip_prefix(b":") else {
        return (b"", line);
    };
    let Some(end) = memchr(b' ', line) else {
        return (line, b"");
    };
    let (source, command) = (&line[..end], &line[end + 1..]);
    let nick = memchr(b'!', source).map_or(source, |end| &source[..end]);
    (nick, command)
}

/// The text of a message, which is the end of its line, when it has the size of ours.
#[inline]
fn text<'a>(speech: &Speech, command: &'a [u8]) -> Option<&'a [u8]> {
    let begin = command.len().checked_sub(speech.text_bytes)?;
    let (before, text) = command.split_at(begin);
    before.ends_with(b":").then_some(text)
}

#[inline]
fn moved(
    speech: &Speech,
    client: &Client,
    nick: &[u8],
    entered: bool,
    hear: &mut impl FnMut(Heard<'_>),
) {
    hear(Heard::Moved { nick, entered });
    if !entered && speech.names.number(nick) == Some(client.number) {
        hear(Heard::Left);
    }
}

#[cold]
fn other(speech: &Speech, client: &mut Client, command: &[u8], hear: &mut impl FnMut(Heard<'_>)) {
    let word_end = memchr(b' ', command).unwrap_or(command.len());
    let (word, rest) = command.split_at(word_end);
    match word {
        b"PING" => {
            client.out.extend_from_slice(b"PONG");
            client.out.extend_from_slice(rest);
            client.out.extend_from_slice(b"\r\n");
        }
        b"001" => logged_in(speech, client),
        b"366" if client.stage == Stage::Ready => hear(Heard::Entered),
        b"366" => client.arrived(),
        b"ERROR" => client.last_words = Some(words(b"", rest)),
        [b'4' | b'5', _, _] if !HARMLESS.contains(&word) => client.refused(words(word, rest), hear),
        _ => {}
    }
}

fn logged_in(speech: &Speech, client: &mut Client) {
    match client.place {
        Place::Room(room) | Place::Kept(room) => {
            client.out.extend(enter(&speech.names, room));
            client.stage = Stage::Joining;
        }
        Place::Default | Place::Nowhere => client.arrived(),
    }
}

/// What a line says to people, which stands behind its last colon.
fn words(code: &[u8], rest: &[u8]) -> Words {
    let text = String::from_utf8_lossy(rest);
    let text = text.split_once(" :").map_or(&*text, |(_, text)| text);
    Words {
        code: String::from_utf8_lossy(code).into_owned(),
        text: text.trim().to_owned(),
    }
}

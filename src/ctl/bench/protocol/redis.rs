//! Redis publish and subscribe in RESP2. A client that has connected says PING first and waits for
//! the answer, as the pools of Redis clients do; a publisher subscribes to nothing. What is to be kept
//! goes into a stream.

use memchr::memchr;

use super::{Client, Frame, Heard, Names, Place, Speech, Stage, Stored, To, Words};

pub(super) fn connected(client: &mut Client) {
    client.out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    client.stage = Stage::LoggingIn;
}

pub(super) fn message(names: &Names, to: To, text_bytes: usize) -> Frame {
    let channel = names.of(to);
    let length = channel.len();
    let before =
        format!("*3\r\n$7\r\nPUBLISH\r\n${length}\r\n{channel}\r\n${text_bytes}\r\n").into_bytes();
    Frame {
        before,
        behind: b"\r\n".to_vec(),
    }
}

pub(super) fn kept_message(names: &Names, stream: u32, text_bytes: usize) -> Frame {
    let stream = names.room(stream);
    let length = stream.len();
    let before = format!(
        "*5\r\n$4\r\nXADD\r\n${length}\r\n{stream}\r\n$1\r\n*\r\n$1\r\nt\r\n${text_bytes}\r\n"
    );
    Frame {
        before: before.into_bytes(),
        behind: b"\r\n".to_vec(),
    }
}

pub(super) fn ask_count(names: &Names, stream: u32) -> Vec<u8> {
    let stream = names.room(stream);
    let length = stream.len();
    format!("*2\r\n$4\r\nXLEN\r\n${length}\r\n{stream}\r\n").into_bytes()
}

/// What a server sends, as far as it matters.
enum Reply<'a> {
    /// `+`, `-` or `:`, and the line behind it.
    Line(u8, &'a [u8]),
    /// A string by itself: the id of what was added to a stream.
    Text,
    /// An array: its first and its last element.
    Array { first: &'a [u8], last: &'a [u8] },
}

/// The stream cannot be followed.
struct Nonsense;

#[inline]
pub(super) fn read(
    speech: &Speech,
    client: &mut Client,
    bytes: &[u8],
    hear: &mut impl FnMut(Heard<'_>),
) -> usize {
    let mut at = 0;
    loop {
        match reply(&bytes[at..]) {
            Ok(Some((reply, length))) => {
                at += length;
                heard(speech, client, &reply, hear);
            }
            Ok(None) => return at,
            Err(Nonsense) => {
                client.confused(speech.protocol);
                return bytes.len();
            }
        }
    }
}

#[inline]
fn heard(
    speech: &Speech,
    client: &mut Client,
    reply: &Reply<'_>,
    hear: &mut impl FnMut(Heard<'_>),
) {
    match reply {
        Reply::Array {
            first: b"message",
            last,
        } => {
            if last.len() == speech.text_bytes {
                hear(Heard::Text(last));
            }
        }
        Reply::Array {
            first: b"subscribe",
            ..
        } => client.arrived(),
        Reply::Array { .. } => {}
        Reply::Text => hear(Heard::Accepted),
        Reply::Line(b':', digits) if matches!(client.place, Place::Kept(_)) => {
            // What is no number is no count that could be right.
            let count = super::number(digits).map_or(0, |count| count as u64);
            hear(Heard::Stored(Stored::Count(count)));
        }
        Reply::Line(b':', _) => hear(Heard::Accepted),
        Reply::Line(b'-', text) => {
            let text = String::from_utf8_lossy(text).into_owned();
            client.refused(
                Words {
                    code: String::new(),
                    text,
                },
                hear,
            );
        }
        Reply::Line(..) => {
            if client.stage == Stage::LoggingIn {
                logged_in(speech, client);
            }
        }
    }
}

fn logged_in(speech: &Speech, client: &mut Client) {
    let Place::Room(room) = client.place else {
        return client.arrived();
    };
    let channel = speech.names.room(room);
    let subscribe = format!(
        "*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{channel}\r\n",
        channel.len()
    );
    client.out.extend_from_slice(subscribe.as_bytes());
    client.stage = Stage::Joining;
}

/// One reply and its length; `None` when its end has not come.
#[inline]
fn reply(bytes: &[u8]) -> Result<Option<(Reply<'_>, usize)>, Nonsense> {
    let Some((kind, line, mut at)) = line(bytes) else {
        return Ok(None);
    };
    match kind {
        b'+' | b'-' | b':' => Ok(Some((Reply::Line(kind, line), at))),
        b'$' => Ok(element(bytes)?.map(|(_, length)| (Reply::Text, length))),
        b'*' => {
            let count = number(line)?;
            let (mut first, mut last): (&[u8], &[u8]) = (b"", b"");
            for place in 0..count {
                let Some((element, length)) = element(&bytes[at..])? else {
                    return Ok(None);
                };
                at += length;
                last = element;
                if place == 0 {
                    first = element;
                }
            }
            Ok(Some((Reply::Array { first, last }, at)))
        }
        _ => Err(Nonsense),
    }
}

/// One element of an array and its length.
#[inline]
fn element(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Nonsense> {
    let Some((kind, line, at)) = line(bytes) else {
        return Ok(None);
    };
    match kind {
        b':' => Ok(Some((line, at))),
        b'$' => {
            let end = at + number(line)?;
            // Behind it stands another line end.
            let is_whole = bytes.len() >= end + 2;
            Ok(is_whole.then(|| (&bytes[at..end], end + 2)))
        }
        _ => Err(Nonsense),
    }
}

/// The first line: its first byte, what follows it, and where the next line begins.
#[inline]
fn line(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let end = memchr(b'\n', bytes)?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let (&kind, rest) = line.split_first().unwrap_or((&0, b""));
    Some((kind, rest, end + 1))
}

#[inline]
fn number(digits: &[u8]) -> Result<usize, Nonsense> {
    super::number(digits).ok_or(Nonsense)
}

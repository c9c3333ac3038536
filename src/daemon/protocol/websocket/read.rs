//! What the peer sends: frames, cut anywhere, to messages. Nothing is kept while nothing has come in part, and
//! never more than one message of the longest that is wanted.

use std::borrow::Cow;
use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::{Kind, close_code};

/// Something that the peer has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole message. One of [`Kind::Text`] is UTF-8.
    Message(Kind, Vec<u8>),
    /// One that is longer than is wanted, and was skipped.
    TooLong,
    /// To be answered with a pong that has the same payload.
    Ping(Vec<u8>),
    /// The peer ends the connection: to be answered with the same code. Nothing after it counts.
    Close(u16),
}

/// Why the frames cannot be followed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Against a rule, in words.
    Rule(&'static str),
    /// A message of text that is no UTF-8.
    NotText,
    /// A message of more than [`Reader::MESSAGE_BYTES_MAX`].
    TooBig,
}

impl Broken {
    /// What the peer is told.
    #[must_use]
    pub fn close_code(self) -> u16 {
        match self {
            Self::Rule(_) => close_code::PROTOCOL,
            Self::NotText => close_code::NOT_TEXT,
            Self::TooBig => close_code::TOO_BIG,
        }
    }

    /// The same in words.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule,
            Self::NotText => "this text is not UTF-8",
            Self::TooBig => "this message is too long",
        }
    }
}

/// Finds messages in a stream of frames.
#[derive(Debug, Default)]
pub struct Reader {
    /// A header that has come in part.
    header: Vec<u8>,
    /// The frame whose payload is being read.
    frame: Option<Frame>,
    /// The message whose frames are being read.
    message: Option<Message>,
    /// The payload of a control frame, which may stand between a message's frames.
    control: Vec<u8>,
}

#[derive(Debug)]
struct Frame {
    opcode: OpCode,
    is_final: bool,
    mask: [u8; 4],
    /// Bytes of the payload that have come, and those that have not.
    done: usize,
    left: usize,
}

#[derive(Debug)]
struct Message {
    kind: Kind,
    /// Its length as far as it is known.
    bytes: usize,
    /// As much of its payload as is wanted.
    payload: Vec<u8>,
}

impl Reader {
    /// A message that is longer ends the connection: nobody means it as a line.
    pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

    /// The next thing that the bytes say, taken off their front; `None` when more are needed. A message of more
    /// than `wanted` bytes is skipped. After an error nothing more can be read.
    pub fn next(&mut self, rest: &mut &[u8], wanted: usize) -> Option<Result<Received, Broken>> {
        loop {
            if self.frame.is_none() {
                match self.begin_frame(rest)? {
                    Ok(frame) => self.frame = Some(frame),
                    Err(broken) => return Some(Err(broken)),
                }
            }
            let frame = self.frame.as_mut()?;
            let (now, later) = rest.split_at(frame.left.min(rest.len()));
            *rest = later;
            let (payload, bytes_max) = match (&mut self.message, frame.opcode) {
                (Some(message), OpCode::Data(_)) => (&mut message.payload, wanted),
                (_, OpCode::Control(_)) | (None, OpCode::Data(_)) => {
                    (&mut self.control, CONTROL_BYTES_MAX)
                }
            };
            let room = bytes_max.saturating_sub(payload.len());
            let unmask = (0..)
                .zip(now)
                .map(|(at, byte)| byte ^ frame.mask[(frame.done + at) % 4]);
            payload.extend(unmask.take(room));
            frame.done += now.len();
            frame.left -= now.len();
            if frame.left > 0 {
                return None;
            }
            let frame = self.frame.take()?;
            if let Some(received) = self.end_frame(&frame, wanted) {
                return Some(received);
            }
        }
    }

    /// Bytes held for what has come in part.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let message = self.message.as_ref().map_or(0, |it| it.payload.len());
        self.header.len() + self.control.len() + message
    }

    /// Reads a header. `None` when it has not come as a whole.
    fn begin_frame(&mut self, rest: &mut &[u8]) -> Option<Result<Frame, Broken>> {
        let before = std::mem::take(&mut self.header);
        let more = &rest[..rest.len().min(HEADER_BYTES_MAX - before.len())];
        let bytes = match before.as_slice() {
            [] => Cow::Borrowed(more),
            begun => Cow::Owned([begun, more].concat()),
        };
        let mut cursor = Cursor::new(&*bytes);
        let (header, length) = match FrameHeader::parse(&mut cursor) {
            Ok(Some(parsed)) => parsed,
            Ok(None) => {
                *rest = &rest[more.len()..];
                self.header = bytes.into_owned();
                return None;
            }
            Err(_) => return Some(Err(NO_FRAME)),
        };
        let header_bytes = usize::try_from(cursor.position()).unwrap_or(HEADER_BYTES_MAX);
        *rest = &rest[header_bytes - before.len()..];
        Some(self.judge(&header, length, header_bytes))
    }

    /// Sections 5.2 to 5.5 of RFC 6455.
    fn judge(
        &mut self,
        header: &FrameHeader,
        length: u64,
        header_bytes: usize,
    ) -> Result<Frame, Broken> {
        let Some(mask) = header.mask else {
            return Err(Broken::Rule("a client masks its frames"));
        };
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Broken::Rule("no extension was agreed on"));
        }
        if header.len(length) != header_bytes {
            return Err(Broken::Rule("a length is written as short as it can be"));
        }
        let left = usize::try_from(length).map_err(|_| Broken::TooBig)?;
        match header.opcode {
            OpCode::Control(_) if !header.is_final || left > CONTROL_BYTES_MAX => {
                let rule = "a control frame is one of at most 125 bytes";
                return Err(Broken::Rule(rule));
            }
            OpCode::Control(_) => {}
            OpCode::Data(data) => self.grow_message(data, left)?,
        }
        Ok(Frame {
            opcode: header.opcode,
            is_final: header.is_final,
            mask,
            done: 0,
            left,
        })
    }

    fn grow_message(&mut self, data: Data, by: usize) -> Result<(), Broken> {
        let message = match (data, &mut self.message) {
            (Data::Continue, Some(message)) => message,
            (Data::Continue, None) => return Err(Broken::Rule("nothing is to be continued")),
            (Data::Text | Data::Binary, None) => self.message.insert(Message {
                kind: match data {
                    Data::Text => Kind::Text,
                    Data::Binary | Data::Continue | Data::Reserved(_) => Kind::Binary,
                },
                bytes: 0,
                payload: Vec::new(),
            }),
            (Data::Text | Data::Binary, Some(_)) => {
                return Err(Broken::Rule("the message before has no end"));
            }
            (Data::Reserved(_), _) => return Err(NO_FRAME),
        };
        message.bytes = message.bytes.saturating_add(by);
        if message.bytes > Self::MESSAGE_BYTES_MAX {
            return Err(Broken::TooBig);
        }
        Ok(())
    }

    /// What a frame that has come as a whole means, if it is not a part of a message.
    fn end_frame(&mut self, frame: &Frame, wanted: usize) -> Option<Result<Received, Broken>> {
        let control = match frame.opcode {
            OpCode::Data(_) if !frame.is_final => return None,
            OpCode::Data(_) => return self.message.take().map(|it| it.end(wanted)),
            OpCode::Control(control) => control,
        };
        let payload = std::mem::take(&mut self.control);
        match control {
            Control::Ping => Some(Ok(Received::Ping(payload))),
            Control::Pong => None, // nothing was asked
            Control::Close => Some(close(&payload)),
            Control::Reserved(_) => Some(Err(NO_FRAME)),
        }
    }
}

impl Message {
    fn end(self, wanted: usize) -> Result<Received, Broken> {
        if self.bytes > wanted {
            return Ok(Received::TooLong);
        }
        if self.kind == Kind::Text && str::from_utf8(&self.payload).is_err() {
            return Err(Broken::NotText);
        }
        Ok(Received::Message(self.kind, self.payload))
    }
}

/// Sections 5.5.1 and 7.4.
fn close(payload: &[u8]) -> Result<Received, Broken> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(Received::Close(close_code::NORMAL)),
            _ => Err(Broken::Rule("a code for the end has two bytes")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(Broken::Rule("there is no such code for the end"));
    }
    if str::from_utf8(reason).is_err() {
        return Err(Broken::NotText);
    }
    Ok(Received::Close(code))
}

const NO_FRAME: Broken = Broken::Rule("there is no such frame");
/// Two bytes, a length of eight and a mask of four.
const HEADER_BYTES_MAX: usize = 14;
const CONTROL_BYTES_MAX: usize = 125;

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: usize = 512;

    /// A frame of a client.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [0x12, 0x34, 0x56, 0x78];
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            length @ 126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
        frame
    }

    fn text(text: &str) -> Result<Received, Broken> {
        Ok(Received::Message(Kind::Text, text.into()))
    }

    /// Read in pieces of so many bytes.
    fn read_in(pieces: usize, bytes: &[u8]) -> Vec<Result<Received, Broken>> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for mut rest in bytes.chunks(pieces) {
            while let Some(received) = reader.next(&mut rest, WANTED) {
                let is_over = received.is_err();
                all.push(received);
                if is_over {
                    return all;
                }
            }
            assert!(rest.is_empty());
        }
        assert_eq!(reader.held_bytes(), 0, "{all:?}");
        all
    }

    fn read(bytes: &[u8]) -> Vec<Result<Received, Broken>> {
        let whole = read_in(usize::MAX, bytes);
        for pieces in [1, 2, 3, 7] {
            assert_eq!(read_in(pieces, bytes), whole, "in pieces of {pieces}");
        }
        whole
    }

    #[test]
    fn messages_come_in_one_frame_or_in_several() {
        let bytes = [
            frame(0x81, "müde".as_bytes()),
            frame(0x82, b"\xff"),
            frame(0x01, b"m\xc3"),
            frame(0x89, b"are you there"),
            frame(0x00, b""),
            frame(0x80, b"\xbcde"),
            frame(0x8a, b"unasked"),
            frame(0x81, &[b'x'; WANTED]),
            frame(0x81, b""),
        ]
        .concat();
        let expected = [
            text("müde"),
            Ok(Received::Message(Kind::Binary, vec![0xff])),
            Ok(Received::Ping(b"are you there".into())),
            text("müde"),
            text(&"x".repeat(WANTED)),
            text(""),
        ];
        assert_eq!(read(&bytes), expected);
    }

    #[test]
    fn a_long_message_is_skipped_and_one_without_measure_ends_all() {
        let long = [b'x'; WANTED + 1];
        let bytes = [frame(0x01, &long), frame(0x80, b"x"), frame(0x81, b"on")].concat();
        assert_eq!(read(&bytes), [Ok(Received::TooLong), text("on")]);
        let mut reader = Reader::default();
        let mut rest = &bytes[..WANTED + 4];
        assert_eq!(reader.next(&mut rest, WANTED), None);
        assert!(reader.held_bytes() <= WANTED, "no more than is wanted");

        let most = vec![b'x'; Reader::MESSAGE_BYTES_MAX];
        assert_eq!(read(&frame(0x82, &most)), [Ok(Received::TooLong)]);
        let bytes = [frame(0x02, &most), frame(0x80, b"x")].concat();
        assert_eq!(read(&bytes), [Err(Broken::TooBig)]);
        let endless = b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffmask";
        assert_eq!(read(endless), [Err(Broken::TooBig)]);
    }

    #[test]
    fn the_end_has_a_code_or_none() {
        let close = |payload: &[u8]| read(&frame(0x88, payload)).remove(0);
        assert_eq!(close(b""), Ok(Received::Close(1000)));
        assert_eq!(close(b"\x03\xe9going"), Ok(Received::Close(1001)));
        assert_eq!(close(b"\x0f\xa0"), Ok(Received::Close(4000)));
        assert_eq!(close(b"\x03\xe9\xff"), Err(Broken::NotText));
        for wrong in [&b"\x03"[..], b"\0\0", b"\x03\xed", b"\xff\xff"] {
            assert!(matches!(close(wrong), Err(Broken::Rule(_))), "{wrong:?}");
        }
    }

    #[test]
    fn what_breaks_the_rules_ends_all() {
        let unmasked = b"\x81\x01x";
        let long_for_short = b"\x81\xfe\0\x01maskx";
        let wrong = [
            unmasked.to_vec(),
            long_for_short.to_vec(),
            frame(0xc1, b"compressed"),
            frame(0x83, b"a frame to come"),
            frame(0x8b, b"another"),
            frame(0x80, b"continues nothing"),
            [frame(0x01, b"no end"), frame(0x81, b"another")].concat(),
            frame(0x09, b"a ping in pieces"),
            frame(0x89, &[0; 126]),
        ];
        for bytes in wrong {
            let received = read(&bytes);
            assert!(matches!(received[..], [Err(Broken::Rule(_))]), "{bytes:?}");
        }
        assert_eq!(read(&frame(0x81, b"\xff")), [Err(Broken::NotText)]);
        let cut = [frame(0x01, b"\xc3"), frame(0x80, b"")].concat();
        assert_eq!(read(&cut), [Err(Broken::NotText)]);
        for error in [Broken::NotText, Broken::TooBig, NO_FRAME] {
            assert!(CloseCode::from(error.close_code()).is_allowed());
        }
    }
}

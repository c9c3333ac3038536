//! What the server sends: unmasked frames, each a whole message, so that the same bytes are right for everyone
//! who hears them.

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::Kind;

/// Appends a message for each of these lines, without the CR LF or LF that ends it.
pub fn write_lines(lines: &[u8], kind: Kind, out: &mut Vec<u8>) {
    let data = match kind {
        Kind::Text => Data::Text,
        Kind::Binary => Data::Binary,
    };
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        write_frame(OpCode::Data(data), line, out);
    }
}

/// Makes messages, in place, of the lines that stand behind the first `start` bytes.
pub fn frame_from(start: usize, kind: Kind, out: &mut Vec<u8>) {
    let lines = out.split_off(start);
    write_lines(&lines, kind, out);
}

/// Appends the answer to a ping.
pub fn write_pong(payload: &[u8], out: &mut Vec<u8>) {
    write_frame(OpCode::Control(Control::Pong), payload, out);
}

/// Appends the frame that ends a connection, with a reason of which as much is said as fits.
pub fn write_close(code: u16, reason: &str, out: &mut Vec<u8>) {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    write_frame(OpCode::Control(Control::Close), &payload, out);
}

fn write_frame(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    header
        .format(payload.len() as u64, out)
        .expect("a Vec takes everything");
    out.extend_from_slice(payload);
}

/// What is left of the 125 bytes of a control frame beside the code.
const REASON_BYTES_MAX: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_a_frame_without_its_end() {
        let mut out = Vec::new();
        write_lines("PING a\r\n\r\nmüde\n".as_bytes(), Kind::Text, &mut out);
        assert_eq!(out, b"\x81\x06PING a\x81\x00\x81\x05m\xc3\xbcde");
        out.clear();
        let long = [b'x'; 126];
        write_lines(&long, Kind::Binary, &mut out);
        assert_eq!(out[..4], [0x82, 126, 0, 126]);
        assert_eq!(out[4..], long);
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let mut out = Vec::new();
        write_close(1008, &"ü".repeat(80), &mut out);
        assert_eq!(out[..4], [0x88, 2 + 122, 0x03, 0xf0]);
        assert_eq!(str::from_utf8(&out[4..]).unwrap(), "ü".repeat(61));
    }
}

//! A session from its request to its end, without a socket: what a client sends, and what becomes of it.

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::*;
use crate::hub::command::Command;

const TEXT: OpCode = OpCode::Data(Data::Text);
const BINARY: OpCode = OpCode::Data(Data::Binary);
const PING: OpCode = OpCode::Control(Control::Ping);
const CLOSE: OpCode = OpCode::Control(Control::Close);

fn facts() -> Facts {
    Facts::example()
}

fn request(more: &str) -> String {
    format!(
        "GET /socket HTTP/1.1\r\nHost: chat.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let header = FrameHeader {
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    let mut frame = Vec::new();
    header.format(payload.len() as u64, &mut frame).unwrap();
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    frame
}

/// The frames of a server, each as its kind and its payload; and nothing else.
fn frames(mut bytes: &[u8]) -> Vec<(OpCode, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let mut cursor = std::io::Cursor::new(bytes);
        let (header, length) = FrameHeader::parse(&mut cursor).unwrap().expect("a frame");
        assert!(header.mask.is_none() && header.is_final);
        let (start, length) = (cursor.position() as usize, length as usize);
        frames.push((header.opcode, bytes[start..start + length].to_vec()));
        bytes = &bytes[start + length..];
    }
    frames
}

fn receive(session: &mut Session, bytes: &[u8]) -> Vec<Incoming> {
    let mut incoming = Vec::new();
    session.receive(bytes, &facts(), &mut incoming);
    incoming
}

/// One that has become a WebSocket by this subprotocol.
fn open(subprotocol: &str) -> Session {
    let mut session = Session::default();
    let more = format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
    let mut incoming = receive(&mut session, request(&more).as_bytes());
    assert!(matches!(incoming.remove(0), Incoming::Answer(it) if it.starts_with(b"HTTP/1.1 101 ")));
    let dialect = incoming.remove(0);
    assert!(matches!(
        dialect,
        Incoming::Dialect(Dialect::IrcByWebSocket(..))
    ));
    assert_eq!(incoming, [Incoming::Echo { is_wanted: false }]);
    session
}

fn answered(incoming: &[Incoming]) -> Vec<(OpCode, Vec<u8>)> {
    let bytes = incoming.iter().map(|item| match item {
        Incoming::Answer(bytes)
        | Incoming::Fault(bytes)
        | Incoming::Closed(bytes)
        | Incoming::Unreadable(bytes) => bytes.as_slice(),
        Incoming::Gateway { refusal, .. } => refusal,
        Incoming::Dialect(_)
        | Incoming::Echo { .. }
        | Incoming::Command { .. }
        | Incoming::FollowUp { .. } => &[],
    });
    frames(&bytes.collect::<Vec<_>>().concat())
}

/// What a WebSocket hears that says this, with a hub behind it that has nothing against it.
fn hears(session: &mut Session, bytes: &[u8]) -> Vec<(OpCode, Vec<u8>)> {
    let mut heard = Vec::new();
    for item in receive(session, bytes) {
        heard.extend(answered(std::slice::from_ref(&item)));
        if let Incoming::Command {
            request,
            command: Command::Ping,
        } = item
        {
            let mut out = Vec::new();
            session.answer(
                &facts(),
                request.as_ref(),
                &Reply::Pong,
                &mut out,
                &mut Vec::new(),
            );
            heard.extend(frames(&out));
        }
    }
    heard
}

#[test]
fn each_message_is_a_line_and_each_line_a_message_of_the_agreed_kind() {
    for (subprotocol, kind) in [("text.ircv3.net", TEXT), ("binary.ircv3.net", BINARY)] {
        let mut session = open(subprotocol);
        let lines = [
            frame(TEXT, b"PING a"),
            frame(BINARY, "PING ü\r\n".as_bytes()),
        ]
        .concat();
        let pong = |token: &str| {
            let line = format!(":chat.example PONG chat.example :{token}");
            (kind, line.into_bytes())
        };
        assert_eq!(hears(&mut session, &lines), [pong("a"), pong("ü")]);
        let login = [frame(TEXT, b"NICK ana"), frame(TEXT, b"USER a 0 * :Ana")].concat();
        let incoming = receive(&mut session, &login);
        assert!(
            incoming.iter().any(|item| matches!(
                item,
                Incoming::Command {
                    command: Command::Login { .. },
                    ..
                }
            )),
            "{incoming:?}"
        );
    }
}

#[test]
fn frames_may_come_behind_the_request_and_everything_byte_by_byte() {
    let bytes = [request("").into_bytes(), frame(TEXT, b"PING a")].concat();
    let mut at_once = Session::default();
    let whole = receive(&mut at_once, &bytes);
    let mut bit_by_bit = Session::default();
    let pieces = bytes.iter().map(|&byte| receive(&mut bit_by_bit, &[byte]));
    assert_eq!(pieces.flatten().collect::<Vec<_>>(), whole);
    assert_eq!(bit_by_bit.held_bytes(), 0);
}

#[test]
fn a_line_that_is_none_is_refused_and_the_next_one_is_read() {
    let mut session = open("text.ircv3.net");
    let too_long = [b'x'; 5000];
    let lines: [&[u8]; 4] = [b"PRIVMSG ana :caf\xe9", b"PING a\nPING b", b"", &too_long];
    for line in lines {
        let incoming = receive(&mut session, &frame(BINARY, line));
        let answered = answered(&incoming);
        match line {
            b"" => assert_eq!(answered, []),
            _ if line.len() > 4608 => {
                assert!(answered[0].1.starts_with(b":chat.example 417 "));
                assert!(matches!(incoming[..], [Incoming::Fault(_)]));
            }
            _ => {
                let text = String::from_utf8_lossy(&answered[0].1).into_owned();
                assert!(text.contains("INVALID_UTF8"), "{text}");
                assert!(matches!(incoming[..], [Incoming::Fault(_)]));
            }
        }
    }
    let longest = [&b"PING "[..], &[b'x'; 505]].concat();
    assert_eq!(hears(&mut session, &frame(TEXT, &longest)).len(), 1);
}

#[test]
fn of_several_pings_the_last_is_answered() {
    let mut session = open("text.ircv3.net");
    let pings = [frame(PING, b"1"), frame(PING, b"2")].concat();
    let pong = (OpCode::Control(Control::Pong), b"2".to_vec());
    assert_eq!(answered(&receive(&mut session, &pings)), [pong]);
}

#[test]
fn who_closes_is_answered_with_the_same_and_hears_nothing_more() {
    let mut session = open("text.ircv3.net");
    let bytes = [frame(CLOSE, b"\x03\xe9"), frame(TEXT, b"PING a")].concat();
    let incoming = receive(&mut session, &bytes);
    assert!(matches!(incoming[..], [Incoming::Closed(_)]));
    assert_eq!(answered(&incoming), [(CLOSE, b"\x03\xe9".to_vec())]);
    assert_eq!(receive(&mut session, &bytes), []);
    let mut out = Vec::new();
    session.render_close(&facts(), &QuitReason::Shutdown, &mut out);
    assert_eq!(out, b"");
}

#[test]
fn frames_against_the_rules_end_the_connection_with_a_code() {
    for (bytes, code) in [
        (b"\x81\x01x".to_vec(), 1002_u16),
        (frame(TEXT, b"\xff"), 1007),
        (frame(BINARY, &[0; Reader::MESSAGE_BYTES_MAX + 1]), 1009),
    ] {
        let mut session = open("text.ircv3.net");
        let incoming = receive(&mut session, &bytes);
        assert!(matches!(incoming[..], [Incoming::Unreadable(_)]));
        let [(CLOSE, payload)] = &answered(&incoming)[..] else {
            panic!("{incoming:?}");
        };
        assert_eq!(payload[..2], code.to_be_bytes());
    }
}

#[test]
fn the_server_says_why_it_ends_a_connection() {
    let said = |session: &Session, reason: &QuitReason| {
        let mut out = Vec::new();
        session.render_close(&facts(), reason, &mut out);
        out
    };
    let session = open("binary.ircv3.net");
    for (reason, code) in [
        (QuitReason::Shutdown, 1001_u16),
        (QuitReason::Kicked(Some("enough".into())), 1008),
        (QuitReason::Quit(None), 1000),
    ] {
        let said = frames(&said(&session, &reason));
        let [(BINARY, error), (CLOSE, close)] = &said[..] else {
            panic!("{said:?}");
        };
        assert!(error.starts_with(b"ERROR :"), "{error:?}");
        assert_eq!(close[..2], code.to_be_bytes());
        assert!(close.len() > 2, "a reason");
    }
    let reason = QuitReason::SendQueueExceeded { queued_bytes: 1 };
    assert_eq!(said(&session, &reason), b"", "within a frame, perhaps");
    let silent = Session::default();
    let text = |reason| String::from_utf8(said(&silent, &reason)).unwrap();
    assert!(text(QuitReason::LoginTimeout).starts_with("HTTP/1.1 408 "));
    assert!(text(QuitReason::TooManyFromAddress).starts_with("HTTP/1.1 429 "));
    assert!(text(QuitReason::ServerFull).starts_with("HTTP/1.1 503 "));
}

#[test]
fn a_request_that_is_no_websocket_is_answered_and_ends_the_connection() {
    let mut session = Session::default();
    let incoming = receive(&mut session, b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /");
    let [Incoming::Closed(answer)] = &incoming[..] else {
        panic!("{incoming:?}");
    };
    assert_eq!(
        str::from_utf8(answer).unwrap(),
        "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 09:00:00 GMT\r\n\
         Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Length: 113\r\nConnection: close\r\n\r\n\
         This is chat.example, a chat server. IRC over WebSocket is spoken here, for programs and \
         web pages that know it.\n"
    );
    assert_eq!(receive(&mut session, b"more"), []);

    let mut session = Session::default();
    let incoming = receive(&mut session, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let [Incoming::Closed(answer)] = &incoming[..] else {
        panic!("{incoming:?}");
    };
    assert!(answer.ends_with(b"\r\nContent-Length: 113\r\nConnection: close\r\n\r\n"));

    for (request, status) in [
        ("NICK ana\r\n", "400"),
        ("GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "404"),
        ("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
    ] {
        let mut session = Session::default();
        let incoming = receive(&mut session, request.as_bytes());
        let [Incoming::Unreadable(answer)] = &incoming[..] else {
            panic!("{incoming:?}");
        };
        assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()));
    }
}

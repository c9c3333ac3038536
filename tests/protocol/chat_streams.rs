//! Streams of any bytes to a protocol session: where they are cut changes nothing, all that it
//! answers can be read by its clients, and it never holds more than one object.

use chatd::daemon::protocol::chat::old;
use chatd::daemon::protocol::{self, Dialect, Facts, Incoming, Session};
use chatd::hub::command::MessageKind;
use chatd::hub::event::{Event, EventKind};
use chatd::hub::id::{MessageId, RequestId};
use chatd::hub::input::QuitReason;
use chatd::hub::name::{NameError, Nick, RoomName};
use chatd::hub::output::{Reply, RoomSummary};
use chatd::hub::refusal::Refusal;
use chatd::hub::settings::Settings;
use chatd::hub::time::UnixMillis;
use chatd::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};
use proptest::prelude::*;

fn facts() -> Facts {
    Facts {
        server_name: "test".into(),
        software: "chatd 0.1.0".into(),
        motd: String::new(),
        settings: Settings {
            message_bytes: 32,
            ..Settings::default()
        },
        origins: Vec::new(),
        has_history: true,
        irc_autoreplay: 20,
        irc_sts: None,
        irc_password: None,
        irc_admin: String::new(),
        list_bytes: 512 * 1024,
        utc_offset_seconds: 3600,
        started_at: UnixMillis(0),
        now: UnixMillis(1_795_424_400_000),
    }
}

fn play(pieces: &[&[u8]]) -> Vec<Incoming> {
    let facts = facts();
    let mut session = Session::chat();
    let mut incoming = Vec::new();
    for piece in pieces {
        session.receive(piece, &facts, &mut incoming);
        assert!(session.held_bytes() <= 2 * facts.frame_bytes());
    }
    incoming
}

/// Everything rendered for one dialect is whole lines of JSON objects that its clients accept.
fn assert_readable(dialect: Option<Dialect>, bytes: &[u8]) {
    let text = str::from_utf8(bytes).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with('\n'));
    for line in text.split_inclusive('\n') {
        match dialect {
            Some(Dialect::ChatOld) => {
                assert!(line.len() <= old::OBJECT_BYTES_MAX, "{} bytes", line.len());
                let object: serde_json::Value = serde_json::from_str(line).unwrap();
                let msg = object["msg"].as_str().expect("every old object has a text");
                let is_raw = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
                assert!(!msg.contains(is_raw), "{msg:?}");
            }
            Some(Dialect::ChatV1) => {
                let object: ServerMessage = serde_json::from_str(line).unwrap();
                assert_ne!(object, ServerMessage::Unknown, "{line}");
            }
            None | Some(Dialect::Irc(_) | Dialect::IrcByWebSocket(..)) => assert!(!line.is_empty()),
        }
    }
}

fn requests() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        Just(r#"{"type":"hello","v":1,"nick":"ana"}"#.to_owned()),
        Just(r#"{"type":"login","msg":"ana"}"#.to_owned()),
        Just(String::new()),
    ];
    let word = prop_oneof![
        Just("type"),
        Just("send"),
        Just("id"),
        Just("to"),
        Just("#lobby"),
        Just("text"),
        Just("broadcast"),
        Just("msg"),
        Just("nick"),
        Just("join"),
        Just("room"),
        Just("sendto"),
        Just("nickname"),
        Just("ls"),
        Just("help"),
        Just("hello"),
        Just("\\u0000"),
        Just("\u{202e}"),
    ];
    let value = prop_oneof![
        word.clone().prop_map(|word| format!("\"{word}\"")),
        Just("null".to_owned()),
        Just("7".to_owned()),
        Just("[{}]".to_owned()),
    ];
    let object = proptest::collection::vec((word, value), 0..5).prop_map(|fields| {
        let fields = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    });
    let piece = prop_oneof![
        6 => object.prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..9),
        1 => Just(b"\n".to_vec()),
    ];
    (first, proptest::collection::vec(piece, 0..12))
        .prop_map(|(first, pieces)| [first.into_bytes(), pieces.concat()].concat())
}

proptest! {
    #[test]
    fn where_a_stream_is_cut_changes_nothing(
        bytes in requests(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = play(&[&bytes]);
        let (head, tail) = bytes.split_at(cut.index(bytes.len() + 1));
        prop_assert_eq!(&whole, &play(&[head, tail]));
        prop_assert_eq!(&whole, &play(&bytes.chunks(1).collect::<Vec<_>>()));
    }

    #[test]
    fn whatever_comes_the_answers_can_be_read(bytes in requests()) {
        let mut dialect = None;
        for incoming in play(&[&bytes]) {
            match incoming {
                Incoming::Dialect(chosen) => {
                    prop_assert_eq!(dialect, None, "chosen twice");
                    dialect = Some(chosen);
                }
                Incoming::Echo { .. } | Incoming::Command { .. } => {
                    prop_assert!(dialect.is_some());
                }
                Incoming::Answer(answer) | Incoming::Fault(answer) => {
                    let reader = dialect.unwrap_or(Dialect::ChatV1);
                    assert_readable(Some(reader), &answer);
                }
                Incoming::Unreadable(answer) => assert_readable(dialect, &answer),
                Incoming::Closed(_) | Incoming::Gateway { .. } | Incoming::FollowUp { .. } => {
                    prop_assert!(false, "this protocol has no such thing");
                }
            }
        }
    }

    #[test]
    fn any_text_from_others_can_be_read_and_does_no_harm(text in any::<String>()) {
        let ana = || Nick::parse("ana").unwrap();
        let kinds = [
            EventKind::Message {
                room: RoomName::lobby(),
                from: ana(),
                kind: MessageKind::Text,
                text: text.as_str().into(),
tags: None,
},
            EventKind::Private {
                from: ana(),
                to: ana(),
                kind: MessageKind::Action,
                text: text.repeat(50).into(),
tags: None,
},
            EventKind::Quit {
                nick: ana(),
                reason: QuitReason::Quit(Some(text.as_str().into())),
            },
            EventKind::TopicChanged {
                room: RoomName::parse("#dev").unwrap(),
                by: None,
                text: text.as_str().into(),
            },
            EventKind::AwayChanged {
                nick: ana(),
                text: Some(text.as_str().into()),
            },
            EventKind::Notice {
                room: None,
                text: text.repeat(30).into(),
            },
        ];
        for kind in kinds {
            let event = Event {
                at: UnixMillis(1_795_424_400_000),
                id: MessageId(7),
                kind,
actor: None,
};
            for dialect in [Dialect::ChatOld, Dialect::ChatV1] {
                let mut out = Vec::new();
                protocol::render_event(dialect, &facts(), &event, &mut out);
                prop_assert!(!out.is_empty());
                assert_readable(Some(dialect), &out);
            }
        }
    }

    #[test]
    fn a_request_that_a_client_writes_is_understood(text in "\\PC{1,40}", on in any::<bool>()) {
        let bodies = [
            ClientBody::Send {
                to: "@ben".into(),
                text: text.as_str().into(),
                kind: Kind::Notice,
                client_msgid: Some("c-1".into()),
            },
            ClientBody::Topic {
                room: "#lobby".into(),
                text: text.as_str().into(),
            },
            ClientBody::Ignore {
                nick: "ben".into(),
                on,
            },
            ClientBody::RoomChat { on: Some(on) },
            ClientBody::Quit {
                reason: Some(text.as_str().into()),
            },
        ];
        for body in bodies {
            let message = ClientMessage {
                id: Some("7".into()),
                body,
            };
            let written = serde_json::to_string(&message).unwrap();
            let hello = r#"{"type":"hello","v":1}"#;
            let incoming = play(&[hello.as_bytes(), written.as_bytes()]);
            let understood = matches!(
                incoming.last(),
                Some(Incoming::Command { request: Some(id), .. }) if id.as_str() == "7"
            );
            prop_assert!(understood, "{}: {:?}", written, incoming.last());
        }
    }
}

#[test]
fn a_read_full_of_garbage_is_answered_as_often_as_the_hub_allows() {
    let max = facts().settings.max_faults as usize;
    for garbage in ["x\n", "{}"] {
        let incoming = play(&[garbage.repeat(5000).as_bytes()]);
        assert_eq!(incoming.len(), max + 1, "{garbage:?}");
        assert!(matches!(incoming.last(), Some(Incoming::Unreadable(_))));
    }
}

#[test]
fn an_old_text_that_is_too_long_for_one_object_loses_nothing() {
    let text = "한국어 \"quoted\" \u{1f600}\n".repeat(150);
    let event = Event {
        at: UnixMillis(1_795_424_400_000),
        id: MessageId(7),
        kind: EventKind::Message {
            room: RoomName::lobby(),
            from: Nick::parse("ana").unwrap(),
            kind: MessageKind::Text,
            text: text.as_str().into(),
            tags: None,
        },
        actor: None,
    };
    let mut out = Vec::new();
    protocol::render_event(Dialect::ChatOld, &facts(), &event, &mut out);
    assert_readable(Some(Dialect::ChatOld), &out);
    let lines = str::from_utf8(&out).unwrap().lines();
    let pieces = lines.map(|line| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let msg = object["msg"].as_str().unwrap().to_owned();
        let piece = msg.strip_prefix("[TIME : Mon Nov 23 10:00:00 2026]\r\n[ana] : ");
        piece.unwrap().strip_suffix("\r\n").unwrap().to_owned()
    });
    // Further lines are indented, so that none passes for the server's own.
    assert_eq!(pieces.collect::<String>(), text.replace('\n', "\n  "));
}

/// All nicks of a list that came in several objects.
fn nicks_of(bytes: &[u8], more_count: &mut usize) -> Vec<String> {
    let mut all = Vec::new();
    for line in str::from_utf8(bytes).unwrap().lines() {
        match serde_json::from_str(line).unwrap() {
            ServerMessage::Users {
                nicks,
                more,
                left_off,
                re,
            } => {
                assert_eq!(re.id.as_deref(), Some("u"));
                assert_eq!(left_off, 0);
                all.extend(nicks);
                *more_count += usize::from(more);
            }
            other => panic!("{other:?}"),
        }
    }
    all
}

#[test]
fn a_list_that_is_too_long_says_how_many_it_left_off() {
    let rooms = (0..3000).map(|number| RoomSummary {
        room: RoomName::parse(&format!("#room{number}")).unwrap(),
        members: 1,
        topic: Some("\"".repeat(400).into()),
    });
    let reply = Reply::Rooms(rooms.collect());
    let mut facts = facts();
    facts.list_bytes = 100_000;
    let mut out = Vec::new();
    protocol::render_reply(Dialect::ChatV1, &facts, None, &reply, &mut out);
    assert!((90_000..110_000).contains(&out.len()), "{}", out.len());
    let parts: Vec<(usize, bool, usize)> = str::from_utf8(&out)
        .unwrap()
        .lines()
        .map(
            |line| match serde_json::from_str::<ServerMessage<String>>(line).unwrap() {
                ServerMessage::Rooms {
                    rooms,
                    more,
                    left_off,
                    ..
                } => (rooms.len(), more, left_off),
                other => panic!("{other:?}"),
            },
        )
        .collect();
    let (last, others) = parts.split_last().unwrap();
    assert!(
        others
            .iter()
            .all(|&(_, more, left_off)| more && left_off == 0)
    );
    assert!(!last.1);
    let listed: usize = parts.iter().map(|(listed, _, _)| listed).sum();
    assert_eq!(listed + last.2, 3000);
}

#[test]
fn long_lists_come_in_several_objects() {
    let names: Vec<String> = (0..3000).map(|number| format!("someone{number}")).collect();
    let users = names
        .iter()
        .map(|name| Nick::parse(name).unwrap())
        .collect();
    let reply = Reply::Users(users);
    let request = RequestId::new("u");

    let mut out = Vec::new();
    protocol::render_reply(
        Dialect::ChatV1,
        &facts(),
        request.as_ref(),
        &reply,
        &mut out,
    );
    let mut more_count = 0;
    assert_eq!(nicks_of(&out, &mut more_count), names);
    let lines: Vec<&str> = str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(
        more_count,
        lines.len() - 1,
        "all but the last say that more follow"
    );
    assert!(lines.len() > 1 && lines.iter().all(|line| line.len() < 17 * 1024));

    let mut out = Vec::new();
    protocol::render_reply(Dialect::ChatOld, &facts(), None, &reply, &mut out);
    assert_readable(Some(Dialect::ChatOld), &out);
    let text = str::from_utf8(&out).unwrap();
    assert!(
        names
            .iter()
            .all(|name| text.contains(&format!("\\n{name},")))
    );
}

#[test]
fn an_empty_list_is_one_object() {
    let mut out = Vec::new();
    protocol::render_reply(
        Dialect::ChatV1,
        &facts(),
        None,
        &Reply::Rooms(Vec::new()),
        &mut out,
    );
    assert_eq!(out, b"{\"type\":\"rooms\",\"rooms\":[]}\n");
}

#[test]
fn a_room_list_is_cut_by_its_bytes_too() {
    let room = RoomSummary {
        room: RoomName::lobby(),
        members: 3,
        topic: Some("\"".repeat(4000).into()),
    };
    let mut out = Vec::new();
    let reply = Reply::Rooms(vec![room; 10]);
    protocol::render_reply(Dialect::ChatV1, &facts(), None, &reply, &mut out);
    assert_readable(Some(Dialect::ChatV1), &out);
    assert!(
        str::from_utf8(&out)
            .unwrap()
            .lines()
            .all(|line| line.len() < 17 * 1024)
    );
}

#[test]
fn every_refusal_can_be_read_in_both_dialects() {
    let (nick, room) = (Nick::parse("ana").unwrap(), RoomName::lobby());
    let refusals = [
        Refusal::NotLoggedIn,
        Refusal::AlreadyLoggedIn,
        Refusal::NickInUse(nick.clone()),
        Refusal::WrongKey(nick.clone()),
        Refusal::BadNick(NameError::NotAllowed),
        Refusal::BadRoom(NameError::MissingHash),
        Refusal::NoSuchUser(nick),
        Refusal::NoSuchRoom(room.clone()),
        Refusal::NotInRoom(room.clone()),
        Refusal::AlreadyInRoom(room),
        Refusal::TooManyRooms { max: 1 },
        Refusal::ServerRoomsFull { max: 1 },
        Refusal::TooManyIgnored { max: 1 },
        Refusal::CannotIgnoreSelf,
        Refusal::TextTooLong { bytes: 9, max: 1 },
        Refusal::TextEmpty,
        Refusal::TextControl,
        Refusal::Deaf,
        Refusal::TooFast {
            retry_after_ms: 1250,
        },
        Refusal::ShuttingDown,
    ];
    for refusal in refusals {
        let reply = Reply::Refused(refusal.clone());
        for dialect in [Dialect::ChatOld, Dialect::ChatV1] {
            let mut out = Vec::new();
            protocol::render_reply(dialect, &facts(), None, &reply, &mut out);
            assert!(!out.is_empty(), "{refusal:?}");
            assert_readable(Some(dialect), &out);
        }
    }
}

/// The old forms of refusals are part of the old protocol.
#[test]
fn old_clients_are_refused_in_the_form_that_they_wait_for() {
    let form = |request: Option<&str>, refusal: Refusal| {
        let mut out = Vec::new();
        let request = request.and_then(RequestId::new);
        let reply = Reply::Refused(refusal);
        protocol::render_reply(
            Dialect::ChatOld,
            &facts(),
            request.as_ref(),
            &reply,
            &mut out,
        );
        let object: serde_json::Value = serde_json::from_slice(&out).unwrap();
        object["type"].as_str().unwrap().to_owned()
    };
    let ana = Nick::parse("ana").unwrap();
    assert_eq!(form(None, Refusal::NotLoggedIn), "login");
    assert_eq!(form(None, Refusal::NoSuchUser(ana)), "single");
    assert_eq!(form(None, Refusal::Deaf), "broadcast");
    assert_eq!(form(None, Refusal::TextEmpty), "system_msg");
    let mut session = Session::chat();
    let mut incoming = Vec::new();
    session.receive(br#"{"type":"login","msg":"ana"}"#, &facts(), &mut incoming);
    let Some(Incoming::Command { request, .. }) = incoming.last() else {
        panic!("no login: {incoming:?}");
    };
    let login = request.as_ref().map(RequestId::as_str);
    assert_eq!(form(login, Refusal::TooFast { retry_after_ms: 9 }), "login");
}

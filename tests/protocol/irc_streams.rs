//! Any bytes to IRC sessions that chat with each other: nothing panics, and what clients are sent is nothing but lines
//! that every client can read.

use chatd::hub::settings::Settings;
use proptest::collection::vec;
use proptest::prelude::*;

use super::reader::Reader;
use super::stage::{Heard, Stage};

/// Lines whose parts make sense, and some of whose wholes do.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let verb = prop::sample::select(
        "ACCOUNT ADMIN AUTHENTICATE AWAY BATCH CAP CHATHISTORY HELP INFO INVITE ISON JOIN KICK KILL LINKS LIST LUSERS \
         MARKREAD METADATA MODE MONITOR MOTD NAMES NICK NOTICE OPER PART PASS PING PONG PRIVMSG QUIT REDACT REGISTER \
         REHASH RENAME SEARCH SETNAME STATS TAGMSG TIME TOPIC USER USERHOST VERIFY VERSION WALLOPS WEBIRC WHO WHOIS \
         WHOWAS nonsense"
            .split_ascii_whitespace()
            .collect::<Vec<_>>(),
    );
    let param = prop_oneof![
        prop::sample::select(
            "#a #b ana ben * 0 +o -v +bbb +l +k +imnst b e I m LS 302 REQ END LATEST BEFORE msgid=1k8cgclbm0000 \
             timestamp=2026-11-26T18:02:55.222Z ana,ben #a,#b,#a *!*@* $a:ana m:*!*@* @#a PLAIN + - C 10 -5 \
             99999999999999999999 +x draft/multiline x"
                .split_ascii_whitespace()
                .collect::<Vec<_>>()
        )
        .prop_map(str::to_owned),
        "[ -~]{0,20}",
        "\\PC{0,10}",
        "[a-zä☃ ]{0,600}",
    ];
    let tags = prop::sample::select(vec![
        "",
        "",
        "@label=1 ",
        "@label=;; ",
        "@+typing=active;label=x ",
        "@batch=x ",
        "@+draft/reply=1k8cgclbm0000;+draft/react=:) ",
    ]);
    (tags, verb, vec(param, 0..5)).prop_map(|(tags, verb, params)| {
        let mut line = format!("{tags}{verb}");
        let last = params.len().saturating_sub(1);
        for (index, param) in params.iter().enumerate() {
            let is_last = index == last;
            line.push_str(if is_last { " :" } else { " " });
            line.push_str(&if is_last {
                param.clone()
            } else {
                param.replace(' ', "_")
            });
        }
        line.push_str("\r\n");
        line.into_bytes()
    })
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => line(),
        1 => vec(any::<u8>(), 0..700),
        1 => Just(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
    ]
}

const CAPS: &str = "account-notify account-tag away-notify batch draft/chathistory draft/event-playback \
                    draft/message-redaction draft/multiline draft/read-marker echo-message extended-join invite-notify \
                    labeled-response message-tags multi-prefix server-time setname standard-replies";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn clients_are_sent_lines_that_they_can_read(
        pieces in vec((0..3_usize, piece(), 1..50_usize), 1..60),
        is_bounded in any::<bool>(),
    ) {
        let settings = if is_bounded {
            Settings::default()
        } else {
            Settings { rate: 0.0, max_faults: 1000, ..Settings::default() }
        };
        let mut stage = Stage::new(settings);
        stage.keep();
        let names = ["ana", "ben", "cho"];
        let mut readers = names.map(|_| Reader::default());
        for name in names {
            stage.connect_irc(name);
        }
        stage.receive("ana", format!("CAP REQ :{CAPS}\r\nCAP END\r\n").as_bytes());
        for name in ["ana", "ben"] {
            let login = format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nJOIN #a\r\n");
            stage.receive(name, login.as_bytes());
        }
        for (who, bytes, step) in pieces {
            for read in bytes.chunks(step * 20) {
                if stage.is_connected(names[who]) {
                    stage.receive(names[who], read);
                }
            }
            stage.check();
            for heard in stage.take_heard() {
                if let Heard::Line { client, line } = heard {
                    let who = names.iter().position(|name| *name == client).unwrap();
                    readers[who].read(&line);
                }
            }
            readers.iter().for_each(Reader::rest);
        }
    }
}

#[test]
fn a_message_of_thousands_of_lines_is_no_more_than_a_hundred() {
    let mut stage = Stage::new(Settings::default());
    stage.connect_irc("ana");
    stage.receive("ana", b"NICK ana\r\nUSER ana 0 * :ana\r\n");
    stage.connect("ben");
    stage.receive("ben", b"{\"type\":\"hello\",\"v\":1,\"nick\":\"ben\"}\n");
    stage.take_heard();
    let text = "x\\n".repeat(2000);
    let message = format!("{{\"type\":\"send\",\"to\":\"@ana\",\"text\":\"{text}\"}}\n");
    stage.receive("ben", message.as_bytes());
    let lines = stage
        .take_heard()
        .into_iter()
        .filter_map(|heard| match heard {
            Heard::Line { client, line } if client == "ana" => Some(line),
            _ => None,
        });
    let lines: Vec<String> = lines.collect();
    assert_eq!(lines.len(), 100);
    assert!(lines[99].ends_with(":[1902 more lines]\r"), "{}", lines[99]);
}

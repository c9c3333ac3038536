//! Any bytes to sessions that chat with each other, with a real hub, a history and accounts behind them: nothing panics,
//! the hub keeps its invariants, no session holds more than its bounds, everybody is sent nothing but what their clients
//! can read, and whoever is still there at the end is still answered.
//!
//! An input reads like a transcript, so that one can be written by hand:
//!
//! ```text
//! 1>JOIN #tea
//! 2>@label=1 PRIVMSG #tea :Is there tea?
//! 4>{"type":"send","to":"#tea","text":"There is."}
//! d>
//! t>
//! ```
//!
//! `1>` to `4>` say who sends the lines from there on (by IRC with a server operator's account, by IRC, by IRC not logged in,
//! by the JSON protocol); `d>` is the end of that client's connection, `t>` lets a minute pass.

#![no_main]

#[path = "../../tests/protocol/reader.rs"]
mod reader;
#[allow(dead_code, reason = "the tests tell more stories on it")]
#[path = "../../tests/protocol/stage.rs"]
mod stage;
#[allow(dead_code, reason = "the tests tell more stories with it")]
#[path = "../../tests/support"]
mod support {
    pub(crate) mod registrar;
    pub(crate) mod shelf;
}

use std::time::Duration;

use chatd::hub::account::Registration;
use chatd::hub::settings::Settings;
use chatd::wire::chat::ServerMessage;
use libfuzzer_sys::fuzz_target;

use reader::Reader;
use stage::{Heard, Stage};

const NAMES: [&str; 4] = ["ana", "ben", "cho", "dan"];
/// Who speaks JSON.
const DAN: usize = 3;

/// Connections of one input, and times that a minute passes in it.
const CONNECTS_MAX: usize = 16;
const MINUTES_MAX: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let mut talk = Talk::new();
    // Any, but the same for the same input: so no part of it is spent on it.
    let read_bytes = 1 + bytes.len() % 61;
    let mut who = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let (said, rest) = match line {
            [mark, b'>', rest @ ..] => (*mark, rest),
            _ => (0, line),
        };
        match said {
            b'1'..=b'4' => who = usize::from(said - b'1'),
            b'd' => talk.disconnect(who),
            b't' => talk.pass(),
            _ => {
                talk.say(who, line, read_bytes);
                continue;
            }
        }
        if !matches!(said, b'd' | b't') {
            talk.say(who, rest, read_bytes);
        }
    }
    talk.end();
});

struct Talk {
    stage: Stage,
    readers: [Reader; 4],
    connects: usize,
    minutes: usize,
}

impl Talk {
    fn new() -> Self {
        let mut stage = Stage::new(Settings {
            rate: 0.0,
            max_faults: u32::MAX,
            registration: Registration::Open,
            register_before_login: true,
            ..Settings::default()
        });
        stage.keep();
        stage.change_account(|registrar| registrar.add("root", "correct horse"));
        stage.change_account(|registrar| registrar.set_operator("root", true));
        let mut talk = Self {
            stage,
            readers: Default::default(),
            connects: 0,
            minutes: 0,
        };
        let logins: [&[u8]; 4] = [
            b"CAP REQ :message-tags batch labeled-response echo-message draft/multiline server-time\r\nCAP END\r\n\
              PASS :root:correct horse\r\nNICK ana\r\nUSER ana 0 * :Ana\r\nJOIN #a\r\n",
            b"NICK ben\r\nUSER ben 0 * :Ben\r\nJOIN #a\r\n",
            b"",
            b"{\"type\":\"hello\",\"v\":1,\"nick\":\"dan\"}\n{\"type\":\"join\",\"room\":\"#a\"}\n",
        ];
        for (who, login) in logins.into_iter().enumerate() {
            talk.say(who, login, login.len().max(1));
        }
        talk
    }

    /// Connects first whoever is not there.
    fn say(&mut self, who: usize, bytes: &[u8], read_bytes: usize) {
        if !self.is_there(who) {
            if self.connects == CONNECTS_MAX {
                return;
            }
            self.connects += 1;
            self.readers[who] = Reader::default();
            match who {
                DAN => {
                    self.stage.connect(NAMES[who]);
                    self.stage.take_heard(); // a greeting of plain text
                }
                _ => self.stage.connect_irc(NAMES[who]),
            }
            self.hear();
        }
        for read in bytes.chunks(read_bytes) {
            if !self.is_there(who) {
                break;
            }
            self.stage.receive(NAMES[who], read);
            self.hear();
        }
    }

    fn disconnect(&mut self, who: usize) {
        if self.is_there(who) {
            self.stage.disconnect(NAMES[who]);
            self.hear();
        }
    }

    fn pass(&mut self) {
        if self.minutes < MINUTES_MAX {
            self.minutes += 1;
            self.stage.pass(Duration::from_secs(60));
            self.hear();
        }
    }

    /// Whoever is there is answered, whatever came before.
    fn end(&mut self) {
        for who in (0..NAMES.len()).filter(|who| *who != DAN) {
            if !self.is_there(who) {
                continue;
            }
            self.stage.receive(NAMES[who], b"\r\n");
            self.hear();
            if !self.is_there(who) {
                continue;
            }
            self.stage.receive(NAMES[who], b"PING :still there\r\n");
            let heard = self.hear();
            let is_pong = |line: &String| line.ends_with(" PONG chatd :still there\r");
            assert!(
                heard[who].iter().any(is_pong),
                "{} hears {heard:?}",
                NAMES[who]
            );
        }
    }

    fn is_there(&self, who: usize) -> bool {
        self.connects > 0 && self.stage.is_connected(NAMES[who])
    }

    /// Looks at everything that was sent, and gives it back by who heard it.
    fn hear(&mut self) -> [Vec<String>; 4] {
        self.stage.check();
        let mut all: [Vec<String>; 4] = Default::default();
        for heard in self.stage.take_heard() {
            let Heard::Line { client, line } = heard else {
                continue;
            };
            let who = NAMES
                .iter()
                .position(|name| *name == client)
                .expect("one of them");
            if who == DAN {
                read_json(&line);
            } else {
                self.readers[who].read(&line);
            }
            all[who].push(line);
        }
        self.readers.iter().for_each(Reader::rest);
        all
    }
}

/// In either dialect.
fn read_json(line: &str) {
    let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert!(object["type"].is_string(), "{line}");
    if object.get("msg").is_none() {
        let message: ServerMessage = serde_json::from_str(line).expect("it is known");
        assert_ne!(message, ServerMessage::Unknown, "{line}");
    }
}

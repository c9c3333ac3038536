//! Any bytes to an IRC session with a real hub behind it: it never panics, holds no more than its bounds, and says
//! nothing but whole lines that a client can read.

#![no_main]

use std::collections::VecDeque;

use chatd::daemon::protocol::{Dialect, Facts, Incoming, Session, render_event};
use chatd::hub::Hub;
use chatd::hub::id::{RequestId, SessionId, UserKey};
use chatd::hub::input::{Input, Origin};
use chatd::hub::output::Output;
use chatd::hub::settings::Settings;
use chatd::hub::time::{Now, UnixMillis};
use libfuzzer_sys::fuzz_target;

const HELD_BYTES_MAX: usize = 128 * 1024;
const ME: SessionId = SessionId { slot: 0, serial: 1 };
const NOW: Now = Now {
    uptime: std::time::Duration::ZERO,
    unix: UnixMillis(1_795_424_400_000),
};

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (step, bytes) = input;
    let mut client = Client::new();
    client.receive(b"CAP REQ :message-tags batch labeled-response echo-message\r\nCAP END\r\n");
    client.receive(b"NICK ana\r\nUSER ana 0 * :Ana\r\nJOIN #a\r\n");
    for piece in bytes.chunks(usize::from(step) + 1) {
        client.receive(piece);
    }
});

/// One client that is alone with a hub.
struct Client {
    hub: Hub,
    facts: Facts,
    session: Session,
    dialect: Option<Dialect>,
    is_open: bool,
}

impl Client {
    fn new() -> Self {
        let settings = Settings {
            rate: 0.0,
            max_faults: u32::MAX,
            ..Settings::default()
        };
        let mut hub = Hub::new(settings.clone());
        let connected = Input::Connected {
            session: ME,
            origin: Origin::Local { uid: None },
            key: UserKey(1),
        };
        hub.handle(NOW, connected, &mut Vec::new());
        Self {
            hub,
            facts: Facts {
                server_name: "fuzz".into(),
                software: "chatd 0".into(),
                motd: String::new(),
                settings,
                origins: Vec::new(),
                has_history: false,
                irc_autoreplay: 20,
                irc_sts: None,
                irc_password: None,
                irc_admin: String::new(),
                list_bytes: 1 << 20,
                utc_offset_seconds: 0,
                started_at: NOW.unix,
                now: NOW.unix,
            },
            session: Session::irc(),
            dialect: None,
            is_open: true,
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        let mut incoming = Vec::new();
        self.session.receive(bytes, &self.facts, &mut incoming);
        assert!(self.session.held_bytes() <= HELD_BYTES_MAX);
        let mut waiting = VecDeque::from(incoming);
        while let Some(item) = waiting.pop_front().filter(|_| self.is_open) {
            let asked = self.take(item);
            for item in asked.into_iter().rev() {
                waiting.push_front(item);
            }
        }
    }

    /// What is to be asked next because of the answer.
    fn take(&mut self, item: Incoming) -> Vec<Incoming> {
        match item {
            Incoming::Dialect(dialect) => self.dialect = Some(dialect),
            Incoming::Echo { is_wanted } => {
                return self.input(None, Input::Echo { session: ME, is_wanted });
            }
            Incoming::Command { request, command } => {
                let input = Input::Command {
                    session: ME,
                    request: request.clone(),
                    command,
                };
                return self.input(request, input);
            }
            Incoming::FollowUp { request, command } => {
                let input = Input::FollowUp {
                    session: ME,
                    request: request.clone(),
                    command,
                };
                return self.input(Some(request), input);
            }
            Incoming::Answer(bytes) | Incoming::Fault(bytes) => assert_readable(&bytes),
            Incoming::Unreadable(bytes) | Incoming::Gateway { refusal: bytes, .. } => {
                assert_readable(&bytes);
                self.is_open = false;
            }
            _ => {}
        }
        Vec::new()
    }

    fn input(&mut self, own: Option<RequestId>, input: Input) -> Vec<Incoming> {
        let mut outputs = Vec::new();
        self.hub.handle(NOW, input, &mut outputs);
        let mut asked = Vec::new();
        for output in outputs {
            let mut out = Vec::new();
            match output {
                Output::Room { event, .. } | Output::Sessions { event, .. } => {
                    let dialect = self.dialect.expect("who hears events has a dialect");
                    render_event(dialect, &self.facts, &event, &mut out);
                    assert_readable(&out);
                    out.clear();
                    self.session.tell_own(&self.facts, own.as_ref(), &event, &mut out);
                }
                Output::Reply { request, reply, .. } => {
                    let dialect = self.dialect.expect("who asks has a dialect");
                    let (facts, request) = (&self.facts, request.as_ref());
                    self.session.answer(dialect, facts, request, &reply, &mut out, &mut asked);
                }
                Output::Close { reason, .. } => {
                    self.session.render_close(&self.facts, &reason, &mut out);
                    self.is_open = false;
                }
                _ => {}
            }
            assert_readable(&out);
        }
        asked
    }
}

fn assert_readable(bytes: &[u8]) {
    let text = str::from_utf8(bytes).expect("what is said is UTF-8");
    assert!(text.is_empty() || text.ends_with("\r\n"), "{text:?}");
    for line in text.split_terminator("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        let rest = match line.strip_prefix('@') {
            Some(tagged) => tagged.split_once(' ').expect("something behind the tags").1,
            None => line,
        };
        assert!(!rest.is_empty() && rest.len() <= 510, "{line:?}");
    }
}

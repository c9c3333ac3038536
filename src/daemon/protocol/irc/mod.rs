//! IRC with IRCv3: lines to commands, events and answers to lines. It looks like any other protocol to the engine, but
//! that it is told of its own deeds apart, so that labels work and everything keeps its order.
//!
//! A line goes one way: found (`splitter`), taken apart (`line`), handed to its verb (`verbs/`), which writes what
//! it can answer at once and asks the hub the rest, each request with a context (`context`) that waits for the
//! answer (`pending`). `answer` writes that; what others see too is written once per [`Look`] (`event`).

mod about;
mod accounts;
mod answer;
mod caps;
mod context;
mod deeds;
mod event;
mod isupport;
pub mod line;
mod mark;
mod mask;
mod modes;
mod multiline;
mod news;
mod pending;
mod refusal;
mod registration;
mod renamed;
mod rooms;
mod sasl;
mod scram;
mod speech;
mod splitter;
mod verbs;
mod write;

use std::sync::Arc;

use smol_str::SmolStr;

pub use self::caps::Caps;
pub use self::event::{render_event, render_ping};

use self::caps::Cap;
use self::context::Context;
use self::line::Line;
use self::modes::Change;
use self::pending::Pending;
use self::registration::Registration;
use self::sasl::Exchange;
use self::splitter::{Found, Splitter};
use self::verbs::Handling;
use self::verbs::persistence::Persistence;
use self::write::Lines;
use super::opening::{NOT_HTTP, Opening};
use super::sentence;
use super::{Dialect, Facts, Incoming};
use crate::hub::event::{Event, EventKind};
use crate::hub::id::RequestId;
use crate::hub::input::QuitReason;
use crate::hub::name::Nick;
use crate::hub::output::Reply;
use crate::hub::people::News;
use crate::hub::persona::Persona;

/// How what many clients hear looks to some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub(super) caps: Caps,
}

/// One connection's state.
#[derive(Debug, Default)]
pub struct Session {
    opening: Opening,
    splitter: Splitter,
    caps: Caps,
    /// Whether the engine knows the dialect.
    is_known: bool,
    /// Until the hub has let it in.
    registration: Option<Box<Registration>>,
    /// Its nick in the hub; empty before.
    nick: SmolStr,
    persona: Option<Arc<Persona>>,
    pending: Pending,
    has_account: bool,
    persistence: Persistence,
    /// A message of several lines that has not come whole.
    multiline: Option<Box<multiline::Incomplete>>,
    /// What came while an answer was waited for without which nothing can be read: in the order in which it came.
    held: Vec<u8>,
    is_waiting: bool,
    /// Whether it is over TLS.
    is_secure: bool,
    /// Whether its peer has shown a certificate.
    has_certificate: bool,
    /// While it proves whose account it is.
    sasl: Option<Box<Exchange>>,
    /// It may have subscribed to metadata, which then come with each room that it enters.
    has_subscribed: bool,
    /// What has come of a `MODE` line of several changes so far.
    gathered: Option<Box<Gathered>>,
}

/// Changes that are told in one line.
#[derive(Debug)]
struct Gathered {
    /// The last of them.
    event: Event,
    changes: Vec<Change>,
}

/// Bytes that may come while the session waits for the answer to its login.
const HELD_BYTES_MAX: usize = 64 * 1024;

impl Session {
    /// Most bytes of a line with its tags; either alone has a bound of its own.
    pub(super) const LINE_BYTES_MAX: usize = splitter::TAGS_BYTES_MAX + splitter::LINE_BYTES_MAX;

    /// Takes the bytes of one read, cut anywhere, and appends what they say.
    pub fn receive(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        if !self.is_known {
            self.is_known = true;
            self.registration = Some(Box::default());
            incoming.push(Incoming::Dialect(Dialect::Irc(self.caps.look())));
            incoming.push(Incoming::Echo { is_wanted: false });
        }
        if self.opening.is_http(bytes) {
            let text = format!("ERROR :{NOT_HTTP}\r\n");
            return incoming.push(Incoming::Unreadable(text.into()));
        }
        self.take(bytes, facts, incoming);
    }

    /// A line was longer than [`Self::LINE_BYTES_MAX`].
    pub(super) fn too_long(&self, facts: &Facts, incoming: &mut Vec<Incoming>) {
        let mut out = Vec::new();
        self.lines(facts, &mut out)
            .numeric(417, &[], "Input line was too long");
        incoming.push(Incoming::Fault(out));
    }

    /// The answer was here: what came meanwhile is read.
    fn go_on(&mut self, facts: &Facts, incoming: &mut Vec<Incoming>) {
        self.is_waiting = false;
        let held = std::mem::take(&mut self.held);
        self.take(&held, facts, incoming);
    }

    fn take(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_waiting {
            match self.splitter.next(&mut rest) {
                Some(Found::Line(line)) => self.line(&line, facts, incoming),
                Some(Found::TooLong) => self.too_long(facts, incoming),
                None => {}
            }
        }
        self.held.extend_from_slice(rest);
        if self.held.len() > HELD_BYTES_MAX {
            self.held = Vec::new();
            let text = "ERROR :Too much was sent before the login was answered\r\n";
            incoming.push(Incoming::Unreadable(text.into()));
        }
    }

    fn line(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        let text = match str::from_utf8(bytes) {
            Ok(text) if !text.contains(['\0', '\r']) => text,
            Ok(_) | Err(_) => return self.unreadable_line(bytes, facts, incoming),
        };
        let Some(line) = Line::parse(text) else {
            return; // an empty line is none
        };
        let mut handling = Handling::begin(self, facts, incoming, &line);
        verbs::handle(&mut handling, &line);
        handling.end(&line);
    }

    /// UTF8ONLY.
    fn unreadable_line(&self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        let lossy = String::from_utf8_lossy(bytes);
        let verb = Line::parse(&lossy).map_or("*", |line| line.verb).to_owned();
        let is_plain = verb.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let verb = if is_plain { &*verb } else { "*" };
        let mut out = Vec::new();
        let text = "A line must be UTF-8, without NUL and CR; it was ignored";
        let code = "INVALID_UTF8";
        self.lines(facts, &mut out).fail(verb, code, &[], text);
        incoming.push(Incoming::Fault(out));
    }

    /// Writes the answer to a request, and what is to be asked because of it.
    pub(super) fn answer(
        &mut self,
        facts: &Facts,
        request: Option<&RequestId>,
        reply: &Reply,
        out: &mut Vec<u8>,
        incoming: &mut Vec<Incoming>,
    ) {
        answer::answer(self, facts, request, reply, out, incoming);
    }

    /// Writes what the session has brought about by a request that was not answered yet.
    pub(super) fn tell_own(
        &mut self,
        facts: &Facts,
        request: Option<&RequestId>,
        event: &Event,
        out: &mut Vec<u8>,
    ) {
        let mut lines = Vec::new();
        let context = request.and_then(|it| self.pending.context_of(it));
        match context {
            Some(Context::Mode(change)) => {
                let changes = modes::own_changes(&event.kind, change);
                if change.is_gathered {
                    return self.gather(event, changes);
                }
                deeds::render_modes(self.caps.look(), facts, event, &changes, &mut lines);
            }
            Some(_) | None => render_event(self.caps.look(), facts, event, &mut lines),
        }
        let group = request.and_then(|it| self.pending.group_of(it));
        if let EventKind::People(News::RealName { .. }) = &event.kind {
            self.persona.clone_from(&event.actor);
        }
        self.pending.put(group, &lines, out);
    }

    pub(super) fn secured(&mut self) {
        self.is_secure = true;
    }

    pub(super) fn certified(&mut self) {
        self.has_certificate = true;
    }

    fn gather(&mut self, event: &Event, changes: Vec<Change>) {
        match &mut self.gathered {
            Some(gathered) => {
                gathered.event = event.clone();
                gathered.changes.extend(changes);
            }
            None => {
                let event = event.clone();
                self.gathered = Some(Box::new(Gathered { event, changes }));
            }
        }
    }

    pub(super) fn renamed(&mut self, nick: &Nick) {
        self.nick = nick.as_str().into();
    }

    /// Bytes held for a line that has come in part.
    pub(super) fn held_bytes(&self) -> usize {
        self.splitter.held_bytes() + self.held.len()
    }

    pub(super) fn render_close(&self, facts: &Facts, reason: &QuitReason, out: &mut Vec<u8>) {
        let text = sentence::farewell(reason);
        if let QuitReason::Banned(_) = reason {
            self.lines(facts, out).numeric(465, &[], &text);
        }
        out.extend_from_slice(b"ERROR :");
        out.extend_from_slice(one_line(&text).as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    fn lines<'a>(&'a self, facts: &'a Facts, out: &'a mut Vec<u8>) -> Lines<'a> {
        Lines {
            facts,
            nick: if self.nick.is_empty() {
                "*"
            } else {
                &self.nick
            },
            caps: self.caps,
            out,
        }
    }

    /// The batch in which it wants to be told what is supported, if it does.
    fn batch_of_isupport(&mut self) -> Option<SmolStr> {
        let is_wanted = self.caps.has(Cap::ExtendedIsupport) && self.caps.has(Cap::Batch);
        is_wanted.then(|| self.pending.next_batch())
    }

    fn is_called(&self, name: &str) -> bool {
        self.nick.eq_ignore_ascii_case(name)
    }

    /// Whether the hub has let it in.
    fn is_registered(&self) -> bool {
        self.registration.is_none()
    }
}

/// A text of ours that may have what users wrote in it.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n', '\0'], " ")
}

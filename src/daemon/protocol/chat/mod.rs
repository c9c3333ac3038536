//! The JSON protocol in its two dialects on one port: the peer's first object chooses. What both
//! share lives here: finding objects in the stream, the greeting, and the words to a peer whose
//! dialect is not known yet. What an object means is for [`old`] and [`v1`].

pub mod old;
pub mod v1;

mod complaint;
mod escape;

use complaint::Complaint;

use super::opening::{NOT_HTTP, Opening};
use super::sentence;
use super::{Dialect, Facts, Incoming};
use crate::hub::input::QuitReason;
use crate::hub::output::Reply;
use crate::wire::chat::ServerMessage;
use crate::wire::fields::Fields;
use crate::wire::frame::{FrameError, Splitter};

/// One connection's state.
#[derive(Debug, Default)]
pub struct Session {
    opening: Opening,
    splitter: Splitter,
    peer: Peer,
}

/// What is known of who is at the other end.
#[derive(Debug, Default)]
enum Peer {
    #[default]
    Unknown,
    Old,
    V1(v1::request::Peer),
}

impl Session {
    /// A new connection, its dialect still open.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The dialect, once the first object has chosen it.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        match self.peer {
            Peer::Unknown => None,
            Peer::Old => Some(Dialect::ChatOld),
            Peer::V1(_) => Some(Dialect::ChatV1),
        }
    }

    /// Takes the bytes of one read, cut anywhere, and appends what they say. A read with as many
    /// faults as a session may have is the last: it must not cost an answer for every second byte.
    pub fn receive(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        if self.opening.is_http(bytes) {
            let mut out = Vec::new();
            write_line(NOT_HTTP, &mut out);
            return incoming.push(Incoming::Unreadable(out));
        }
        let mut rest = bytes;
        let mut faults = 0;
        while let Some(frame) = self.splitter.next(&mut rest, facts.frame_bytes()) {
            match frame {
                Ok(object) => self.object(&object, facts, incoming),
                Err(FrameError::Lost) => incoming.push(Incoming::Unreadable(self.lost(facts))),
                Err(error) => incoming.push(self.fault(&error.into(), facts)),
            }
            if matches!(incoming.last(), Some(Incoming::Fault(_))) {
                faults += 1;
            }
            if faults >= facts.settings.max_faults.max(1) {
                // After these the hub has closed the session, or else this does.
                incoming.push(Incoming::Unreadable(self.lost(facts)));
                return;
            }
        }
    }

    /// Takes note of an answer to this session.
    pub fn on_reply(&mut self, reply: &Reply) {
        match &mut self.peer {
            Peer::V1(peer) => peer.on_reply(reply),
            Peer::Unknown | Peer::Old => {}
        }
    }

    /// Bytes held for an object that has come in part.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.splitter.held_bytes()
    }

    fn object(&mut self, object: &str, facts: &Facts, incoming: &mut Vec<Incoming>) {
        let fields = match Fields::parse(object) {
            Ok(fields) => fields,
            Err(error) => {
                incoming.push(self.fault(&error.into(), facts));
                return;
            }
        };
        match &self.peer {
            Peer::V1(peer) => peer.request(fields, incoming),
            Peer::Old => old::request::read(fields, facts, incoming),
            Peer::Unknown if fields.kind() == Some("login") => {
                self.peer = Peer::Old;
                incoming.push(Incoming::Dialect(Dialect::ChatOld));
                old::request::read(fields, facts, incoming);
            }
            Peer::Unknown => {
                if let Some(peer) = v1::request::Peer::hello(fields, facts, incoming) {
                    self.peer = Peer::V1(peer);
                }
            }
        }
    }

    fn fault(&self, complaint: &Complaint, facts: &Facts) -> Incoming {
        match self.peer {
            Peer::Old => complaint.to_old(facts),
            Peer::Unknown | Peer::V1(_) => complaint.to_v1(None),
        }
    }

    fn lost(&self, facts: &Facts) -> Vec<u8> {
        let mut out = Vec::new();
        render_close(self.dialect(), facts, &QuitReason::Unreadable, &mut out);
        out
    }
}

/// The line of plain text that every client waits for. It never begins with `{`.
pub fn greet(facts: &Facts, out: &mut Vec<u8>) {
    let line = format!(
        "Connected to {} ({}). {}",
        facts.server_name, facts.software, facts.motd
    );
    write_line(&line, out);
}

/// Why the connection is closed. A peer that has not said what it speaks is told in a line of
/// plain text, as it waits for one (the greeting) or a person is looking at it.
pub fn render_close(
    dialect: Option<Dialect>,
    facts: &Facts,
    reason: &QuitReason,
    out: &mut Vec<u8>,
) {
    let text = sentence::farewell(reason);
    match dialect {
        Some(Dialect::ChatOld) => old::write_system(facts, &text, out),
        Some(Dialect::ChatV1) => {
            let code = reason.code();
            v1::write(&ServerMessage::Bye { code, text: &text }, out);
        }
        None | Some(Dialect::Irc(_) | Dialect::IrcByWebSocket(..)) => write_line(&text, out),
    }
}

fn write_line(line: &str, out: &mut Vec<u8>) {
    let line = escape::for_terminal(line).replace('\n', " ");
    out.extend_from_slice(line.trim_end().as_bytes());
    out.push(b'\n');
}

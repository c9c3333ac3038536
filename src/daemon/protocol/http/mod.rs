//! HTTP as far as a chat server needs it: one request, which makes its connection a WebSocket or is answered and
//! ends it. On a WebSocket each message is a line of IRC, and all else is as on any connection of IRC.

mod answer;
mod head;
mod origin;
mod upgrade;

use answer::Answer;
use head::Collector;

use super::websocket::{
    Kind, Reader, Received, close_code, frame_from, write_close, write_lines, write_pong,
};
use super::{Dialect, Facts, Incoming, irc, sentence};
use crate::hub::event::Event;
use crate::hub::id::RequestId;
use crate::hub::input::QuitReason;
use crate::hub::name::Nick;
use crate::hub::output::Reply;

/// One connection's state.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    /// Whether its peer has shown a certificate.
    has_certificate: bool,
}

#[derive(Debug)]
enum Stage {
    /// Its request has not come as a whole.
    Asked(Collector),
    Open(Box<Open>),
    /// It was told the end: nothing more is read or said.
    Over,
}

/// A WebSocket.
#[derive(Debug)]
struct Open {
    kind: Kind,
    reader: Reader,
    irc: irc::Session,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            stage: Stage::Asked(Collector::default()),
            has_certificate: false,
        }
    }
}

impl Session {
    /// Takes the bytes of one read, cut anywhere, and appends what they say.
    pub fn receive(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        let mut rest = bytes;
        if let Stage::Asked(collector) = &mut self.stage {
            let Some(head) = collector.take(&mut rest) else {
                return;
            };
            let is_head = head.as_ref().is_ok_and(|head| head.method == "HEAD");
            let judged =
                head.and_then(|head| upgrade::judge(&head, &facts.origins, &facts.server_name));
            let mut out = Vec::new();
            match judged {
                Ok(agreement) => {
                    agreement.write(&mut out);
                    incoming.push(Incoming::Answer(out));
                    let mut irc = irc::Session::default();
                    if self.has_certificate {
                        irc.certified();
                    }
                    let open = Open::begin(agreement.kind, irc, facts, incoming);
                    self.stage = Stage::Open(Box::new(open));
                }
                Err(answer) => {
                    self.stage = Stage::Over;
                    answer.write(facts.now, is_head, &mut out);
                    incoming.push(match answer.status() {
                        200..400 => Incoming::Closed(out),
                        _ => Incoming::Unreadable(out),
                    });
                }
            }
        }
        if let Stage::Open(open) = &mut self.stage
            && open.receive(rest, facts, incoming)
        {
            self.stage = Stage::Over;
        }
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
        if let Stage::Open(open) = &mut self.stage {
            let Open { kind, irc, .. } = &mut **open;
            let (start, first) = (out.len(), incoming.len());
            irc.answer(facts, request, reply, out, incoming);
            frame_from(start, *kind, out);
            frame_items(&mut incoming[first..], *kind);
        }
    }

    /// Writes what the session has brought about by a request that was not answered yet.
    pub(super) fn tell_own(
        &mut self,
        facts: &Facts,
        request: Option<&RequestId>,
        event: &Event,
        out: &mut Vec<u8>,
    ) {
        if let Stage::Open(open) = &mut self.stage {
            let Open { kind, irc, .. } = &mut **open;
            let start = out.len();
            irc.tell_own(facts, request, event, out);
            frame_from(start, *kind, out);
        }
    }

    /// Writes what a client is told of a room's new name that knows no word for it.
    pub(super) fn room_renamed(
        &mut self,
        facts: &Facts,
        event: &Event,
        hearers: u32,
        out: &mut Vec<u8>,
        incoming: &mut Vec<Incoming>,
    ) {
        if let Stage::Open(open) = &mut self.stage {
            let Open { kind, irc, .. } = &mut **open;
            let start = out.len();
            irc.room_renamed(facts, event, hearers, out, incoming);
            frame_from(start, *kind, out);
        }
    }

    /// Before its first byte.
    pub(super) fn certified(&mut self) {
        self.has_certificate = true;
    }

    pub(super) fn renamed(&mut self, nick: &Nick) {
        if let Stage::Open(open) = &mut self.stage {
            open.irc.renamed(nick);
        }
    }

    /// Bytes held for what has come in part.
    pub(super) fn held_bytes(&self) -> usize {
        match &self.stage {
            Stage::Asked(collector) => collector.held_bytes(),
            Stage::Open(open) => open.reader.held_bytes() + open.irc.held_bytes(),
            Stage::Over => 0,
        }
    }

    pub(super) fn render_close(&self, facts: &Facts, reason: &QuitReason, out: &mut Vec<u8>) {
        match &self.stage {
            Stage::Asked(_) => {
                let text = sentence::farewell(reason).into_owned();
                Answer::closed(status_of(reason), text).write(facts.now, false, out);
            }
            // What was queued may have been dropped in the middle of a frame, of which this would seem to be the rest.
            Stage::Open(_) if matches!(reason, QuitReason::SendQueueExceeded { .. }) => {}
            Stage::Open(open) => {
                let Open { kind, irc, .. } = &**open;
                let start = out.len();
                irc.render_close(facts, reason, out);
                frame_from(start, *kind, out);
                write_close(close_code_of(reason), &sentence::farewell(reason), out);
            }
            Stage::Over => {}
        }
    }
}

impl Open {
    fn begin(kind: Kind, irc: irc::Session, facts: &Facts, incoming: &mut Vec<Incoming>) -> Self {
        let mut open = Self {
            kind,
            reader: Reader::default(),
            irc,
        };
        let first = incoming.len();
        // From now on it is known what is spoken, though nothing was said.
        open.irc.receive(&[], facts, incoming);
        frame_items(&mut incoming[first..], kind);
        open
    }

    /// Takes frames. Says whether they were the last.
    fn receive(&mut self, mut rest: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) -> bool {
        let mut pong = None;
        while let Some(received) = self.reader.next(&mut rest, irc::Session::LINE_BYTES_MAX) {
            let first = incoming.len();
            match received {
                Ok(Received::Message(_, payload)) => self.line(payload, facts, incoming),
                Ok(Received::TooLong) => self.irc.too_long(facts, incoming),
                // Of pings in one read the last may be answered for all: RFC 6455, section 5.5.3.
                Ok(Received::Ping(payload)) => pong = Some(payload),
                Ok(Received::Close(code)) => {
                    let mut out = Vec::new();
                    write_close(code, "", &mut out);
                    incoming.push(Incoming::Closed(out));
                    return true;
                }
                Err(broken) => {
                    let mut out = Vec::new();
                    write_close(broken.close_code(), broken.reason(), &mut out);
                    incoming.push(Incoming::Unreadable(out));
                    return true;
                }
            }
            frame_items(&mut incoming[first..], self.kind);
            if matches!(incoming.last(), Some(Incoming::Unreadable(_))) {
                return true;
            }
        }
        if let Some(payload) = pong {
            let mut out = Vec::new();
            write_pong(&payload, &mut out);
            incoming.push(Incoming::Answer(out));
        }
        false
    }

    /// One line, which a message is.
    fn line(&mut self, mut line: Vec<u8>, facts: &Facts, incoming: &mut Vec<Incoming>) {
        while line.pop_if(|last| matches!(last, b'\r' | b'\n')).is_some() {}
        for byte in &mut line {
            // No end of a line within a message: it is refused, as CR is everywhere.
            if *byte == b'\n' {
                *byte = b'\r';
            }
        }
        line.push(b'\n');
        self.irc.receive(&line, facts, incoming);
    }
}

/// Makes frames of the lines of these, and their dialect that of WebSockets.
fn frame_items(items: &mut [Incoming], kind: Kind) {
    for item in items {
        match item {
            Incoming::Dialect(dialect) => {
                if let Dialect::Irc(look) = *dialect {
                    *dialect = Dialect::IrcByWebSocket(look, kind);
                }
            }
            Incoming::Answer(lines) | Incoming::Fault(lines) => *lines = framed(lines, kind),
            Incoming::Closed(lines) => {
                *lines = framed(lines, kind);
                write_close(close_code::NORMAL, "", lines);
            }
            Incoming::Unreadable(lines) | Incoming::Gateway { refusal: lines, .. } => {
                *lines = framed(lines, kind);
                write_close(close_code::POLICY, "", lines);
            }
            Incoming::Echo { .. } | Incoming::Command { .. } | Incoming::FollowUp { .. } => {}
        }
    }
}

fn framed(lines: &[u8], kind: Kind) -> Vec<u8> {
    let mut frames = Vec::with_capacity(lines.len());
    write_lines(lines, kind, &mut frames);
    frames
}

/// What a request hears that was not there in time, or for which there was no room.
fn status_of(reason: &QuitReason) -> (u16, &'static str) {
    match reason {
        QuitReason::LoginTimeout | QuitReason::PingTimeout => (408, "Request Timeout"),
        QuitReason::TooManyFromAddress
        | QuitReason::TooFastFromAddress
        | QuitReason::Flooding
        | QuitReason::TooManyFaults => (429, "Too Many Requests"),
        QuitReason::Banned(_) | QuitReason::Kicked(_) | QuitReason::LoggedOut => (403, "Forbidden"),
        QuitReason::ServerFull
        | QuitReason::Shutdown
        | QuitReason::Closed
        | QuitReason::Quit(_)
        | QuitReason::Failed(_)
        | QuitReason::TlsFailed(_)
        | QuitReason::HandshakeTimeout
        | QuitReason::SendQueueExceeded { .. }
        | QuitReason::Unreadable => (503, "Service Unavailable"),
    }
}

fn close_code_of(reason: &QuitReason) -> u16 {
    match reason {
        QuitReason::Closed | QuitReason::Quit(_) => close_code::NORMAL,
        QuitReason::Shutdown => close_code::GOING_AWAY,
        QuitReason::Unreadable => close_code::PROTOCOL,
        QuitReason::TooManyFaults
        | QuitReason::PingTimeout
        | QuitReason::LoginTimeout
        | QuitReason::HandshakeTimeout
        | QuitReason::Flooding
        | QuitReason::SendQueueExceeded { .. }
        | QuitReason::TooManyFromAddress
        | QuitReason::Kicked(_)
        | QuitReason::Banned(_)
        | QuitReason::LoggedOut => close_code::POLICY,
        QuitReason::ServerFull
        | QuitReason::TooFastFromAddress
        | QuitReason::Failed(_)
        | QuitReason::TlsFailed(_) => close_code::TRY_AGAIN,
    }
}

#[cfg(test)]
mod tests;

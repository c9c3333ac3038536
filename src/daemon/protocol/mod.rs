//! The protocols behind one door: bytes to commands, events to bytes. Pure: no socket, no clock,
//! no log. The engine knows this file, never a concrete protocol; a new protocol is one folder and
//! one arm in each `match` here.
//!
//! Everything rendered is appended to a `Vec<u8>` and consists of whole objects, each ended by one
//! `\n` that occurs nowhere else, so that a paced dialect can be cut into its objects. Only frames of WebSockets
//! are cut by nobody, and have no end of their own.

pub mod chat;
pub mod http;
pub mod irc;
pub mod websocket;

mod moderation;
mod opening;
mod sentence;
mod stamp;

use std::net::IpAddr;

use crate::hub::command::Command;
use crate::hub::event::Event;
use crate::hub::id::RequestId;
use crate::hub::input::QuitReason;
use crate::hub::name::Nick;
use crate::hub::oper::PasswordHash;
use crate::hub::output::Reply;
use crate::hub::settings::Settings;
use crate::hub::time::UnixMillis;
use crate::wire::chat::object_bytes_max;

/// How events look to a session. Sessions of one dialect share one rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The JSON protocol as the first chat room spoke it.
    ChatOld,
    /// The JSON protocol, `hello` with `v` 1.
    ChatV1,
    /// IRC, as a client with these capabilities sees what others see too.
    Irc(irc::Look),
    /// The same, each line as a WebSocket message of this kind.
    IrcByWebSocket(irc::Look, websocket::Kind),
}

impl Dialect {
    /// Its name in logs and the admin API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ChatOld => "old",
            Self::ChatV1 => "v1",
            Self::Irc(_) => "irc",
            Self::IrcByWebSocket(..) => "irc-websocket",
        }
    }

    /// Whether its peers take one object per read, so that they must be sent one object per
    /// write, a pause apart.
    #[must_use]
    pub fn is_paced(self) -> bool {
        match self {
            Self::ChatOld => true,
            Self::ChatV1 | Self::Irc(_) | Self::IrcByWebSocket(..) => false,
        }
    }

    /// Whether a session is told of its own deeds apart from all others, in one order with its answers.
    #[must_use]
    pub fn is_told_apart(self) -> bool {
        match self {
            Self::ChatOld | Self::ChatV1 => false,
            Self::Irc(_) | Self::IrcByWebSocket(..) => true,
        }
    }

    /// Whether its peers answer pings.
    #[must_use]
    pub fn answers_ping(self) -> bool {
        match self {
            Self::ChatOld => false,
            Self::ChatV1 | Self::Irc(_) | Self::IrcByWebSocket(..) => true,
        }
    }
}

/// Strict transport security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sts {
    pub port: u16,
    pub seconds: u64,
}

/// What protocols know of the server. Made anew when the config is read again.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `[server] name`.
    pub server_name: String,
    /// `chatd 0.1.0`.
    pub software: String,
    /// `[server] motd`, one line or empty.
    pub motd: String,
    /// The hub's bounds, the default room among them.
    pub settings: Settings,
    /// `[http] origins`.
    pub origins: Vec<String>,
    /// Whether what is said is kept and can be asked for. The engine keeps it current.
    pub has_history: bool,
    /// `[irc] autoreplay`: messages that IRC clients are told when they enter a room.
    pub irc_autoreplay: usize,
    /// How long IRC clients are to use TLS only, and on which port.
    pub irc_sts: Option<Sts>,
    /// `[irc] password`: what IRC clients must know to come in.
    pub irc_password: Option<PasswordHash>,
    /// `[irc] admin`, one line or empty.
    pub irc_admin: String,
    /// Most bytes of lists in the answer to one request, so that no answer overflows the queue of the
    /// client that asked. As many bytes of what an IRC client has said may wait for their answers.
    pub list_bytes: usize,
    /// Local time minus UTC, in seconds: the old dialect shows local time. The engine keeps it current.
    pub utc_offset_seconds: i32,
    /// When the daemon started.
    pub started_at: UnixMillis,
    /// The moment of this turn: the old dialect dates its answers, which carry no time of their
    /// own. The engine keeps it current.
    pub now: UnixMillis,
}

impl Facts {
    /// Longest object that a peer may send, in bytes.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        object_bytes_max(self.settings.message_bytes)
    }

    /// Those of a server in tests.
    #[cfg(test)]
    fn example() -> Self {
        Self {
            server_name: "chat.example".into(),
            software: "chatd".into(),
            motd: String::new(),
            settings: Settings::default(),
            origins: Vec::new(),
            has_history: false,
            irc_autoreplay: 20,
            irc_sts: None,
            irc_password: None,
            irc_admin: String::new(),
            list_bytes: 1024,
            utc_offset_seconds: 0,
            started_at: UnixMillis(0),
            now: UnixMillis(1_795_424_400_000),
        }
    }
}

/// What a session's bytes turned out to say.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// The first object chose this dialect. Comes before anything else but `Answer`, `Fault` and
    /// `Unreadable`; again where a session may change it.
    Dialect(Dialect),
    /// Whether the session wants to hear its own messages, as by default it does.
    Echo { is_wanted: bool },
    /// A request for the hub.
    Command {
        request: Option<RequestId>,
        command: Command,
    },
    /// What the session itself asks the hub because of an answer. Costs its client nothing.
    FollowUp {
        request: RequestId,
        command: Command,
    },
    /// The peer says that it is a gateway, which has opened the connection for whoever comes from there. If it is one,
    /// so be it; else its connection is sent this and closed. Comes at most once, ahead of every command.
    Gateway {
        password: Box<str>,
        address: IpAddr,
        refusal: Vec<u8>,
    },
    /// To be sent back as it is; nothing for the hub.
    Answer(Vec<u8>),
    /// An object that could not be understood; to be sent back as it is and counted.
    Fault(Vec<u8>),
    /// The peer has ended the connection in the protocol's own way, or there was nothing to it but one answer: send
    /// this, then close. Nothing comes after it.
    Closed(Vec<u8>),
    /// The stream cannot be followed any more: send this, then close. Nothing comes after it.
    Unreadable(Vec<u8>),
}

/// One connection's protocol state. Small while the peer is idle: it owns no buffer unless an
/// object has come in part.
#[derive(Debug)]
pub enum Session {
    Chat(chat::Session),
    Irc(Box<irc::Session>),
    Http(http::Session),
}

impl Session {
    /// A connection of the JSON protocol, dialect still open.
    #[must_use]
    pub fn chat() -> Self {
        Self::Chat(chat::Session::new())
    }

    /// A connection of IRC.
    #[must_use]
    pub fn irc() -> Self {
        Self::Irc(Box::default())
    }

    /// A connection of HTTP, which becomes a WebSocket with IRC.
    #[must_use]
    pub fn http() -> Self {
        Self::Http(http::Session::default())
    }

    /// What the server says first, without being asked.
    pub fn greet(&self, facts: &Facts, out: &mut Vec<u8>) {
        match self {
            Self::Chat(_) => chat::greet(facts, out),
            Self::Irc(_) | Self::Http(_) => {}
        }
    }

    /// Takes the bytes of one read, cut anywhere, and appends what they say.
    pub fn receive(&mut self, bytes: &[u8], facts: &Facts, incoming: &mut Vec<Incoming>) {
        match self {
            Self::Chat(session) => session.receive(bytes, facts, incoming),
            Self::Irc(session) => session.receive(bytes, facts, incoming),
            Self::Http(session) => session.receive(bytes, facts, incoming),
        }
    }

    /// Renders the answer to one of the session's requests. `dialect` is the one that the engine was last told
    /// of. What is to be asked because of the answer is appended to `incoming`.
    pub fn answer(
        &mut self,
        dialect: Dialect,
        facts: &Facts,
        request: Option<&RequestId>,
        reply: &Reply,
        out: &mut Vec<u8>,
        incoming: &mut Vec<Incoming>,
    ) {
        match self {
            Self::Chat(session) => {
                session.on_reply(reply);
                render_reply(dialect, facts, request, reply, out);
            }
            Self::Irc(session) => session.answer(facts, request, reply, out, incoming),
            Self::Http(session) => session.answer(facts, request, reply, out, incoming),
        }
    }

    /// Renders an event that the session has brought about itself by a request, where its dialect is told apart.
    pub fn tell_own(
        &mut self,
        facts: &Facts,
        request: Option<&RequestId>,
        event: &Event,
        out: &mut Vec<u8>,
    ) {
        match self {
            Self::Chat(_) => {}
            Self::Irc(session) => session.tell_own(facts, request, event, out),
            Self::Http(session) => session.tell_own(facts, request, event, out),
        }
    }

    /// A room that the session hears, with so many others, has another name: what a client is told beside the event
    /// that knows no word for it.
    pub fn room_renamed(
        &mut self,
        facts: &Facts,
        event: &Event,
        hearers: u32,
        out: &mut Vec<u8>,
        incoming: &mut Vec<Incoming>,
    ) {
        match self {
            Self::Chat(_) => {}
            Self::Irc(session) => session.room_renamed(facts, event, hearers, out, incoming),
            Self::Http(session) => session.room_renamed(facts, event, hearers, out, incoming),
        }
    }

    /// The session is over TLS. Said before its first byte.
    pub fn secured(&mut self) {
        match self {
            Self::Chat(_) | Self::Http(_) => {} // a web page has come by what its browser was told
            Self::Irc(session) => session.secured(),
        }
    }

    /// The session's peer has shown a certificate, before its first byte.
    pub fn certified(&mut self) {
        match self {
            Self::Chat(_) => {}
            Self::Irc(session) => session.certified(),
            Self::Http(session) => session.certified(),
        }
    }

    /// The session's user is called that from now on.
    pub fn renamed(&mut self, nick: &Nick) {
        match self {
            Self::Chat(_) => {}
            Self::Irc(session) => session.renamed(nick),
            Self::Http(session) => session.renamed(nick),
        }
    }

    /// Bytes held for an object that has come in part.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        match self {
            Self::Chat(session) => session.held_bytes(),
            Self::Irc(session) => session.held_bytes(),
            Self::Http(session) => session.held_bytes(),
        }
    }

    /// Why the connection is closed, for a peer whose dialect may not be known yet.
    pub fn render_close(&self, facts: &Facts, reason: &QuitReason, out: &mut Vec<u8>) {
        match self {
            Self::Chat(session) => chat::render_close(session.dialect(), facts, reason, out),
            Self::Irc(session) => session.render_close(facts, reason, out),
            Self::Http(session) => session.render_close(facts, reason, out),
        }
    }
}

/// Renders an event as all sessions of a dialect see it; nothing where the dialect has no form for it.
pub fn render_event(dialect: Dialect, facts: &Facts, event: &Event, out: &mut Vec<u8>) {
    match dialect {
        Dialect::ChatOld => chat::old::render_event(facts, event, out),
        Dialect::ChatV1 => chat::v1::render_event(facts, event, out),
        Dialect::Irc(look) => irc::render_event(look, facts, event, out),
        Dialect::IrcByWebSocket(look, kind) => {
            let start = out.len();
            irc::render_event(look, facts, event, out);
            websocket::frame_from(start, kind, out);
        }
    }
}

/// Renders the answer to one session's request, in a dialect that needs to know nothing else for it.
pub fn render_reply(
    dialect: Dialect,
    facts: &Facts,
    request: Option<&RequestId>,
    reply: &Reply,
    out: &mut Vec<u8>,
) {
    match dialect {
        Dialect::ChatOld => chat::old::render_reply(facts, request, reply, out),
        Dialect::ChatV1 => chat::v1::render_reply(facts, request, reply, out),
        Dialect::Irc(_) | Dialect::IrcByWebSocket(..) => {}
    }
}

/// Renders the question whether the peer lives; nothing where it could not answer.
pub fn render_ping(dialect: Dialect, facts: &Facts, out: &mut Vec<u8>) {
    match dialect {
        Dialect::ChatOld => {}
        Dialect::ChatV1 => chat::v1::render_ping(out),
        Dialect::Irc(look) => irc::render_ping(look, facts, out),
        Dialect::IrcByWebSocket(look, kind) => {
            let start = out.len();
            irc::render_ping(look, facts, out);
            websocket::frame_from(start, kind, out);
        }
    }
}

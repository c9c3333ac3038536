//! The conversation: who we are, which rooms we are in, what we have asked and what came of it.
//! Pure: it takes what the user typed and what the server said, and returns what is to be shown.
//! It knows no screen and no socket; `run` carries both ways.

mod asked;
mod heard;

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::complete::Words;
use crate::ctl::chat::login::Welcome;
use crate::ctl::chat::outbox::{Outbox, Request};
use crate::ctl::exit::Exit;
use crate::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};

/// What was sent when the connection broke.
const UNSURE: &str = "not delivered for sure";

/// What is to be done for the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An event or a list, for text and for JSON.
    Show(ServerMessage),
    /// An event that the text tells by a remark, or not at all; for JSON only.
    Data(ServerMessage),
    /// Something chatctl says itself.
    Remark(String),
    /// The same, in answer to a question: it is told in a pipe too.
    Answer(String),
    /// Something did not work.
    Fault { exit: Exit, text: String },
    /// This line was not sent; the user may want it back.
    Unsent(String),
    /// The room that the user wanted could not be entered.
    NotEntered,
    /// Log in again under this nick.
    RetryAs(String),
    /// Our nick has changed.
    Renamed(String),
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    Say {
        to: String,
        text: String,
        kind: Kind,
    },
    Enter(Entry),
    Leave(String),
    /// Names for completion; shown to nobody.
    Fill,
    List,
    ShowTopic,
    /// Told to the user when it is done.
    Change(String),
    Rename(String),
}

/// Why a room is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    /// Named on the command line. The first becomes the current one.
    Start,
    /// The user said so: it becomes the current one.
    Wanted,
    /// After a loss; the server may have us there still.
    Again,
}

/// One conversation, over all its connections.
#[derive(Debug)]
pub struct Talk {
    nick: String,
    current: Option<String>,
    /// The rooms we are in, and who else is.
    rooms: BTreeMap<String, BTreeSet<String>>,
    /// Rooms that we have heard of.
    heard_of: BTreeSet<String>,
    message_bytes: usize,
    outbox: Outbox<Purpose>,
    connected: bool,
    /// The last login was refused: a new nick is needed.
    needs_nick: bool,
    /// The login enters the default room and has not said so yet.
    awaits_default_room: bool,
}

impl Talk {
    /// A conversation that begins with a login. These rooms are entered; without any, the login
    /// enters the default one.
    #[must_use]
    pub fn new(welcome: &Welcome, rooms: &[String], now: Instant) -> Self {
        let mut talk = Self {
            nick: welcome.nick.clone(),
            current: None,
            rooms: BTreeMap::new(),
            heard_of: BTreeSet::from([welcome.default_room.clone()]),
            message_bytes: welcome.limits.message_bytes,
            outbox: Outbox::new(&welcome.limits, now),
            connected: true,
            needs_nick: false,
            awaits_default_room: rooms.is_empty(),
        };
        for room in rooms {
            talk.enter(room, Entry::Start);
        }
        talk
    }

    /// The room that plain text goes to.
    #[must_use]
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// Whether it is known where plain text goes: no room is just being entered or left.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let moves = |purpose: &Purpose| matches!(purpose, Purpose::Enter(_) | Purpose::Leave(_));
        !self.awaits_default_room && !self.outbox.any(moves)
    }

    /// Whether something that was said has not been answered yet.
    #[must_use]
    pub fn is_saying(&self) -> bool {
        self.outbox
            .any(|purpose| matches!(purpose, Purpose::Say { .. }))
    }

    /// Whether the connection stands.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// Requests not yet answered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.outbox.len()
    }

    /// Words for completion.
    #[must_use]
    pub fn words(&self) -> Words {
        let nicks = self.current.as_ref().and_then(|room| self.rooms.get(room));
        Words::new(
            nicks.into_iter().flatten(),
            self.rooms.keys().chain(&self.heard_of),
        )
    }

    /// The next object to write, if its turn has come.
    pub fn next_to_send(&mut self, now: Instant) -> Option<ClientMessage<'static>> {
        if self.connected {
            self.outbox.next(now)
        } else {
            None
        }
    }

    /// When to ask for the next object although nothing was heard.
    #[must_use]
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        self.outbox.wake_at(now).filter(|_| self.connected)
    }

    /// The server said something.
    pub fn heard(&mut self, message: ServerMessage, now: Instant) -> Vec<Effect> {
        match self.outbox.answered(message, now) {
            Ok(None) => Vec::new(),
            Ok(Some(answered)) => self.answered(answered),
            Err(message) => self.happened(*message),
        }
    }

    /// The connection is gone: tells what may not have arrived. A room that was being entered is
    /// still wanted, and what was typed behind it must not go elsewhere.
    pub fn lost(&mut self) -> Vec<Effect> {
        self.connected = false;
        self.awaits_default_room = false;
        let (entering, others): (Vec<_>, Vec<_>) = self
            .outbox
            .lost()
            .into_iter()
            .partition(|request| matches!(request.purpose, Purpose::Enter(_)));
        for request in entering.into_iter().rev() {
            if request.purpose != Purpose::Enter(Entry::Again) {
                self.outbox.again(request);
            }
        }
        not_said(UNSURE, others)
    }

    /// Plain text goes nowhere until a room is entered.
    pub fn turn_away(&mut self) {
        self.current = None;
    }

    /// The conversation ends: tells what has not been acknowledged.
    pub fn give_up(&mut self) -> Vec<Effect> {
        let mut effects = not_said(UNSURE, self.outbox.lost());
        effects.extend(not_said("not sent", self.outbox.give_up()));
        effects
    }

    /// The connection stands again: back into the rooms.
    pub fn back(&mut self, welcome: &Welcome, now: Instant) {
        self.connected = true;
        self.message_bytes = welcome.limits.message_bytes;
        self.nick.clone_from(&welcome.nick);
        let rooms = self.rooms.keys().map(|room| {
            let body = ClientBody::Join {
                room: room.clone().into(),
                last: None,
                since: None,
            };
            (body, Purpose::Enter(Entry::Again))
        });
        let rooms = rooms.collect();
        self.outbox.resume(&welcome.limits, now, rooms);
    }

    /// The server would not take us back under our nick.
    pub fn refused(&mut self) {
        self.needs_nick = true;
    }
}

/// What was never acknowledged, one fault each.
fn not_said(how: &str, requests: Vec<Request<Purpose>>) -> Vec<Effect> {
    requests
        .into_iter()
        .filter_map(|request| match request.purpose {
            Purpose::Say { to, text, .. } => Some(undelivered(how, &to, &text)),
            Purpose::Leave(room) => Some(not_done(how, &format!("you have left {room}"))),
            Purpose::Change(done) => Some(not_done(how, &done)),
            Purpose::Rename(nick) => Some(not_done(how, &format!("you are now {nick}"))),
            Purpose::Enter(_) | Purpose::Fill | Purpose::List | Purpose::ShowTopic => None,
        })
        .collect()
}

fn undelivered(how: &str, to: &str, text: &str) -> Effect {
    Effect::Fault {
        exit: Exit::Failed,
        text: format!("{how}, to {to}: {text}"),
    }
}

fn not_done(how: &str, done: &str) -> Effect {
    Effect::Fault {
        exit: Exit::Failed,
        text: format!("{how}: {done}"),
    }
}

fn names(room: String) -> ClientBody<'static> {
    ClientBody::Names { room: room.into() }
}

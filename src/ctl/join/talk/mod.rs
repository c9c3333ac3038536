//! The conversation: who we are, which rooms we are in, what we have asked and what came of it.
//! Pure: it takes what the user typed and what the server said, and returns what is to be shown.
//! It knows no screen and no socket; `run` carries both ways.

mod heard;

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::complete::Words;
use super::input::{HELP, Input, Topic, line_again};
use crate::ctl::chat::login::Welcome;
use crate::ctl::chat::outbox::{Outbox, Request};
use crate::ctl::chat::text;
use crate::ctl::exit::Exit;
use crate::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};

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

    /// The user typed something. Leaving is not ours to do.
    pub fn typed(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Nothing | Input::Quit(_) => Vec::new(),
            Input::Help => vec![Effect::Answer(HELP.to_owned())],
            Input::Nick(nick) if self.needs_nick => {
                self.needs_nick = false;
                vec![Effect::RetryAs(nick)]
            }
            Input::Say(text) => self.say_here(&text, Kind::Text),
            Input::Act(text) => self.say_here(&text, Kind::Action),
            Input::Private { nick, text } => {
                self.say(&format!("@{nick}"), &text, Kind::Text);
                Vec::new()
            }
            Input::Join(room) if self.rooms.contains_key(&room) => {
                self.current = Some(room);
                Vec::new()
            }
            Input::Names(None) => {
                self.in_current(|talk, room| talk.ask(names(room), Purpose::List))
            }
            Input::Part(None) => self.in_current(Self::leave),
            Input::Topic(topic) => self.in_current(|talk, room| talk.topic(room, topic)),
            Input::Names(Some(room)) => self.asked(names(room), Purpose::List),
            Input::Join(room) => {
                self.enter(&room, Entry::Wanted);
                Vec::new()
            }
            Input::Part(Some(room)) => {
                self.leave(room);
                Vec::new()
            }
            Input::Users => self.asked(ClientBody::Users, Purpose::List),
            Input::Rooms => self.asked(ClientBody::Rooms, Purpose::List),
            Input::Ignores => self.asked(ClientBody::Ignores, Purpose::List),
            Input::RoomChat => self.asked(ClientBody::RoomChat { on: None }, Purpose::List),
            Input::Whois(nick) => {
                self.asked(ClientBody::Whois { nick: nick.into() }, Purpose::List)
            }
            Input::Nick(nick) => {
                let body = ClientBody::Nick {
                    nick: nick.clone().into(),
                };
                self.asked(body, Purpose::Rename(nick))
            }
            Input::Away(text) => {
                let done = if text.is_some() {
                    "you are away"
                } else {
                    "you are back"
                };
                let body = ClientBody::Away {
                    text: text.map(Into::into),
                };
                self.asked(body, Purpose::Change(done.to_owned()))
            }
            Input::Ignore { nick, on } => {
                let done = if on {
                    format!("you hear nothing from {nick} any more; /unignore {nick} changes that")
                } else {
                    format!("you hear {nick} again")
                };
                let body = ClientBody::Ignore {
                    nick: nick.into(),
                    on,
                };
                self.asked(body, Purpose::Change(done))
            }
        }
    }

    /// The server said something.
    pub fn heard(&mut self, message: ServerMessage, now: Instant) -> Vec<Effect> {
        match self.outbox.answered(message, now) {
            Ok(None) => Vec::new(),
            Ok(Some(answered)) => self.answered(answered),
            Err(message) => self.happened(*message),
        }
    }

    /// The connection is gone: tells what may not have arrived.
    pub fn lost(&mut self) -> Vec<Effect> {
        self.connected = false;
        self.awaits_default_room = false;
        not_said("not delivered for sure", self.outbox.lost())
    }

    /// The conversation ends: tells what has not been acknowledged.
    pub fn give_up(&mut self) -> Vec<Effect> {
        let mut effects = not_said("not delivered for sure", self.outbox.lost());
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

    fn say_here(&mut self, text: &str, kind: Kind) -> Vec<Effect> {
        match self.current.clone() {
            Some(room) => {
                self.say(&room, text, kind);
                Vec::new()
            }
            None => vec![in_no_room(), Effect::Unsent(line_again("", text, kind))],
        }
    }

    /// A text that is too long for one message goes as several.
    fn say(&mut self, to: &str, text: &str, kind: Kind) {
        for piece in text::split(text, self.message_bytes) {
            let body = ClientBody::Send {
                to: to.to_owned().into(),
                text: piece.clone().into(),
                kind,
            };
            let to = to.to_owned();
            let text = piece;
            self.ask(body, Purpose::Say { to, text, kind });
        }
    }

    fn enter(&mut self, room: &str, entry: Entry) {
        let body = ClientBody::Join {
            room: room.to_owned().into(),
        };
        self.ask(body, Purpose::Enter(entry));
    }

    fn leave(&mut self, room: String) {
        let body = ClientBody::Part {
            room: room.clone().into(),
            reason: None,
        };
        self.ask(body, Purpose::Leave(room));
    }

    fn topic(&mut self, room: String, topic: Topic) {
        let (text, done) = match topic {
            Topic::Show => return self.ask(names(room), Purpose::ShowTopic),
            Topic::Set(text) => (text, "the topic is set"),
            Topic::Clear => (String::new(), "the topic is gone"),
        };
        let body = ClientBody::Topic {
            room: room.into(),
            text: text.into(),
        };
        self.ask(body, Purpose::Change(done.to_owned()));
    }

    fn in_current(&mut self, act: impl FnOnce(&mut Self, String)) -> Vec<Effect> {
        match self.current.clone() {
            Some(room) => {
                act(self, room);
                Vec::new()
            }
            None => vec![in_no_room()],
        }
    }

    fn ask(&mut self, body: ClientBody<'static>, purpose: Purpose) {
        self.outbox.push(body, purpose);
    }

    fn asked(&mut self, body: ClientBody<'static>, purpose: Purpose) -> Vec<Effect> {
        self.ask(body, purpose);
        Vec::new()
    }
}

/// Messages that were never acknowledged, one fault each.
fn not_said(how: &str, requests: Vec<Request<Purpose>>) -> Vec<Effect> {
    requests
        .into_iter()
        .filter_map(|request| match request.purpose {
            Purpose::Say { to, text, .. } => Some(Effect::Fault {
                exit: Exit::Failed,
                text: format!("{how}, to {to}: {text}"),
            }),
            Purpose::Enter(_)
            | Purpose::Leave(_)
            | Purpose::Fill
            | Purpose::List
            | Purpose::ShowTopic
            | Purpose::Change(_)
            | Purpose::Rename(_) => None,
        })
        .collect()
}

fn names(room: String) -> ClientBody<'static> {
    ClientBody::Names { room: room.into() }
}

fn in_no_room() -> Effect {
    Effect::Fault {
        exit: Exit::Failed,
        text: "you are in no room; /join #room enters one".to_owned(),
    }
}

//! The conversation: who we are, which rooms we are in, what we have asked and what came of it.
//! Pure: it takes what the user typed and what the server said, and returns what is to be shown.
//! It knows no screen and no socket; `run` carries both ways.

mod asked;
mod heard;
mod marks;
mod own;
mod past;
mod remembered;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::complete::Words;
use super::page::Page;
use crate::ctl::chat::login::Welcome;
use crate::ctl::chat::message_ids::MessageIds;
use crate::ctl::chat::outbox::{Outbox, Request};
use crate::ctl::exit::Exit;
use crate::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};

use past::{Past, Question};

/// What was sent when the connection broke.
const UNSURE: &str = "not delivered for sure";

/// How long after a loss a message may be sent again: the server remembers its id for ten minutes, and
/// might otherwise say it twice.
const AGAIN_MAX: Duration = Duration::from_mins(9);

/// What is to be done for the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An event or a list, for text and for JSON.
    Show(ServerMessage),
    /// An event that the text tells by a remark, or not at all; for JSON only.
    Data(ServerMessage),
    /// What was said earlier: the answer for JSON, the page for text.
    Page { answer: ServerMessage, page: Page },
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
    /// An own message is edited or deleted, by this line of the user's.
    Amend(String),
    Rename(String),
    Past(Question),
    /// How far the user has read; shown to nobody.
    Mark,
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
    /// Those that the server has not confirmed yet after it took us back to our place: whoever was put out of
    /// a room meanwhile is told so by that alone.
    unconfirmed: BTreeSet<String>,
    /// The keys of rooms that have one, as they were typed, by the room's name in lower case.
    room_keys: BTreeMap<String, String>,
    message_bytes: usize,
    outbox: Outbox<Purpose>,
    connected: bool,
    /// The last login was refused: a new nick is needed.
    needs_nick: bool,
    /// The login enters the default room and has not said so yet.
    awaits_default_room: bool,
    /// Who we are for the server.
    key: String,
    ids: MessageIds,
    lost_at: Option<Instant>,
    past: Past,
}

impl Talk {
    /// A conversation that begins with a login. These rooms are entered; without any, the login
    /// enters the default one. Whoever reads along sees the last lines of a room on entering, and
    /// what is shown counts as read.
    #[must_use]
    pub fn new(welcome: &Welcome, rooms: &[String], reads_along: bool, now: Instant) -> Self {
        let mut talk = Self {
            nick: welcome.nick.clone(),
            current: None,
            rooms: BTreeMap::new(),
            heard_of: BTreeSet::from([welcome.default_room.clone()]),
            unconfirmed: BTreeSet::new(),
            room_keys: BTreeMap::new(),
            message_bytes: welcome.limits.message_bytes,
            outbox: Outbox::new(&welcome.limits, now),
            connected: true,
            needs_nick: false,
            awaits_default_room: rooms.is_empty(),
            key: welcome.key.clone(),
            ids: MessageIds::of_this_process(),
            lost_at: None,
            past: Past::new(welcome, reads_along),
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
        if !self.connected {
            return None;
        }
        self.mark_read(now);
        self.outbox.next(now)
    }

    /// When to ask for the next object although nothing was heard.
    #[must_use]
    pub fn wake_at(&self, now: Instant) -> Option<Instant> {
        let outbox = self.outbox.wake_at(now);
        let marks = self.marks_ready_at(now);
        let first = [outbox, marks].into_iter().flatten().min();
        first.filter(|_| self.connected)
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
    /// still wanted, and what was typed behind it must not go elsewhere. Where the server would know a
    /// message again, it is sent again.
    pub fn lost(&mut self, now: Instant) -> Vec<Effect> {
        self.connected = false;
        self.awaits_default_room = false;
        self.lost_at = Some(now);
        self.falls_behind();
        let may_repeat = self.past.is_kept;
        let stays_wanted = |request: &Request<Purpose>| match &request.purpose {
            Purpose::Enter(entry) => *entry != Entry::Again,
            Purpose::Past(Question::Entered(_) | Question::Missed(_)) => true,
            Purpose::Say { .. } => may_repeat,
            _ => false,
        };
        let (wanted, others): (Vec<_>, Vec<_>) =
            self.outbox.lost().into_iter().partition(stays_wanted);
        for request in wanted.into_iter().rev() {
            self.outbox.again(request);
        }
        not_said(UNSURE, others)
    }

    /// Plain text goes nowhere until a room is entered.
    pub fn turn_away(&mut self) {
        self.current = None;
    }

    /// The conversation ends: tells what has not been acknowledged.
    pub fn give_up(&mut self) -> Vec<Effect> {
        let mut unsure = self.outbox.lost();
        unsure.extend(self.outbox.give_up_sent());
        let mut effects = not_said(UNSURE, unsure);
        effects.extend(not_said("not sent", self.outbox.give_up()));
        effects
    }

    /// The connection stands again: back into the rooms, where the server has not kept our place, and
    /// what was said meanwhile is asked for, where it does not tell by itself.
    pub fn back(&mut self, welcome: &Welcome, now: Instant) -> Vec<Effect> {
        let is_same_user = welcome.key == self.key;
        let lost_at = self.lost_at.take().unwrap_or(now);
        let may_repeat =
            welcome.has_history && is_same_user && now.duration_since(lost_at) < AGAIN_MAX;
        let effects = if may_repeat {
            Vec::new()
        } else {
            self.give_up_repeating()
        };
        self.connected = true;
        self.message_bytes = welcome.limits.message_bytes;
        self.nick.clone_from(&welcome.nick);
        self.key.clone_from(&welcome.key);
        self.past.is_kept = welcome.has_history;
        self.past.awaits_missed = welcome.tells_missed;
        let rooms: Vec<_> = if welcome.tells_missed {
            self.unconfirmed = self.rooms.keys().cloned().collect();
            Vec::new()
        } else {
            self.unconfirmed.clear();
            let rooms = self.rooms.keys();
            rooms
                .map(|room| (self.join(room), Purpose::Enter(Entry::Again)))
                .collect()
        };
        self.outbox.resume(&welcome.limits, now, rooms);
        if is_same_user && !welcome.tells_missed {
            self.ask_unread(true);
        }
        effects
    }

    /// What was sent before the loss is not sent again, because it could be said twice.
    fn give_up_repeating(&mut self) -> Vec<Effect> {
        let is_said = |request: &Request<Purpose>| matches!(request.purpose, Purpose::Say { .. });
        let (said, others): (Vec<_>, Vec<_>) =
            self.outbox.give_up_sent().into_iter().partition(is_said);
        for request in others.into_iter().rev() {
            self.outbox.again(request);
        }
        not_said(UNSURE, said)
    }

    fn join(&self, room: &str) -> ClientBody<'static> {
        let key = self.room_keys.get(&room.to_lowercase());
        ClientBody::Join {
            room: room.to_owned().into(),
            key: key.map(|key| key.clone().into()),
            // What was said before is asked for apart, so that it is the same for a room that another
            // session of ours has entered already.
            last: None,
            since: None,
        }
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
            Purpose::Amend(line) => Some(not_done(how, &line)),
            Purpose::Enter(_)
            | Purpose::Fill
            | Purpose::List
            | Purpose::ShowTopic
            | Purpose::Past(_)
            | Purpose::Mark => None,
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

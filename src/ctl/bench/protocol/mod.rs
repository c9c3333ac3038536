//! The protocols that the load tool speaks, each in a file: what a client writes on its way in and
//! out, and what it hears. All are pure: bytes in, bytes out. Each reads whole lines or frames in
//! place, so that a delivery costs no allocation; what is cut off at the end is left for the next
//! read. A protocol knows neither sockets nor what is measured.

pub mod chat;
pub mod irc;
#[cfg(test)]
mod kept_tests;
pub mod mqtt;
pub mod names;
pub mod nats;
pub mod redis;
#[cfg(test)]
mod tests;

use memchr::memmem::Finder;

use super::args::Protocol;
use names::Names;

/// Where a client goes on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The room where the server puts everyone; only chat has one.
    Default,
    /// One of our rooms.
    Room(u32),
    /// It logs in and enters no room.
    Nowhere,
    /// Where what it writes is kept: one of our rooms, or a stream of the same name.
    Kept(u32),
}

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    /// It waits for the server to speak first.
    Greeting,
    LoggingIn,
    Joining,
    Ready,
    /// The server refused the login or the room.
    TurnedAway,
    Closed,
}

/// One client, as far as its protocol is concerned.
#[derive(Debug)]
pub struct Client {
    /// Makes its nick.
    pub number: u32,
    pub place: Place,
    pub stage: Stage,
    /// Bytes to write.
    pub out: Vec<u8>,
    /// What the server said last about this connection itself: its greeting, an error, a good-bye.
    pub last_words: Option<Words>,
}

/// A sentence of the server for people, with its code for programs where it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub code: String,
    pub text: String,
}

impl std::fmt::Display for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.code.as_str(), self.text.as_str()) {
            ("", text) => f.write_str(text),
            (code, "") => f.write_str(code),
            (code, text) => write!(f, "{text} ({code})"),
        }
    }
}

/// What a client heard that may matter to a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A message, or what looks like one: the text.
    Text(&'a [u8]),
    /// The next of its own messages was accepted; only of protocols that answer in order.
    Accepted,
    /// The next of its own messages was refused, or, where nothing is answered in order, one of them.
    Refused(&'a Words),
    /// It has entered a room, as it asked.
    Entered,
    /// It has left a room, as it asked.
    Left,
    /// Someone has entered or left the room.
    Moved { nick: &'a [u8], entered: bool },
    /// What is kept, as it asked.
    Stored(Stored<'a>),
}

/// What a server says is kept in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored<'a> {
    /// One message, or what looks like one: its text, in the order of the place.
    Text(&'a [u8]),
    /// That was the page; the next one begins behind this message. `None`: it was the last.
    End { next: Option<&'a str> },
    /// So many, where a server does not hand them out by the page.
    Count(u64),
}

/// The bytes around the text of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub before: Vec<u8>,
    pub behind: Vec<u8>,
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Room(u32),
    /// The client with this number.
    Client(u32),
}

/// A protocol, with the names and the size of this run.
#[derive(Debug)]
pub struct Speech {
    pub protocol: Protocol,
    pub names: Names,
    /// Bytes of each message's text.
    pub text_bytes: usize,
    /// Finds where the text of a chat message begins.
    text_field: Finder<'static>,
}

impl Speech {
    /// Ready to speak.
    #[must_use]
    pub fn new(protocol: Protocol, names: Names, text_bytes: usize) -> Self {
        Self {
            protocol,
            names,
            text_bytes,
            text_field: Finder::new(chat::TEXT_FIELD),
        }
    }

    /// The connection stands: what the client says unasked.
    pub fn connected(&self, client: &mut Client) {
        match self.protocol {
            Protocol::Chat => chat::connected(client),
            Protocol::Irc => irc::connected(&self.names, client),
            Protocol::Redis => redis::connected(client),
            Protocol::Nats => nats::connected(client),
            Protocol::Mqtt => mqtt::connected(&self.names, client),
        }
    }

    /// Reads all whole lines or frames in `bytes` and tells what it hears; returns how many bytes
    /// these were.
    #[inline]
    pub fn read(
        &self,
        client: &mut Client,
        bytes: &[u8],
        hear: &mut impl FnMut(Heard<'_>),
    ) -> usize {
        match self.protocol {
            Protocol::Chat => chat::read(self, client, bytes, hear),
            Protocol::Irc => irc::read(self, client, bytes, hear),
            Protocol::Redis => redis::read(self, client, bytes, hear),
            Protocol::Nats => nats::read(self, client, bytes, hear),
            Protocol::Mqtt => mqtt::read(self, client, bytes, hear),
        }
    }

    /// The bytes around the text of a message.
    #[must_use]
    pub fn message(&self, to: To) -> Frame {
        match self.protocol {
            Protocol::Chat => chat::message(&self.names, to),
            Protocol::Irc => irc::message(&self.names, to),
            Protocol::Redis => redis::message(&self.names, to, self.text_bytes),
            Protocol::Nats => nats::message(&self.names, to, self.text_bytes),
            Protocol::Mqtt => mqtt::message(&self.names, to, self.text_bytes),
        }
    }

    /// The request to enter a room again; empty where nobody enters and leaves.
    #[must_use]
    pub fn enter(&self, room: u32) -> Vec<u8> {
        match self.protocol {
            Protocol::Chat => chat::enter(&self.names, room),
            Protocol::Irc => irc::enter(&self.names, room),
            Protocol::Redis | Protocol::Nats | Protocol::Mqtt => Vec::new(),
        }
    }

    /// The request to leave a room; empty where nobody enters and leaves.
    #[must_use]
    pub fn leave(&self, room: u32) -> Vec<u8> {
        match self.protocol {
            Protocol::Chat => chat::leave(&self.names, room),
            Protocol::Irc => irc::leave(&self.names, room),
            Protocol::Redis | Protocol::Nats | Protocol::Mqtt => Vec::new(),
        }
    }

    /// The bytes around the text of a message that this client wants kept in this place.
    #[must_use]
    pub fn kept_message(&self, place: u32, client: u32) -> Frame {
        match self.protocol {
            Protocol::Chat | Protocol::Irc | Protocol::Mqtt => self.message(To::Room(place)),
            Protocol::Redis => redis::kept_message(&self.names, place, self.text_bytes),
            Protocol::Nats => nats::kept_message(&self.names, place, client, self.text_bytes),
        }
    }

    /// The question what is kept in this place, behind this message where a server answers by the page;
    /// empty where nothing is kept.
    #[must_use]
    pub fn ask_what_is_kept(&self, place: u32, client: u32, behind: Option<&str>) -> Vec<u8> {
        match self.protocol {
            Protocol::Chat => chat::ask_page(&self.names, place, behind),
            Protocol::Redis => redis::ask_count(&self.names, place),
            Protocol::Nats => nats::ask_count(&self.names, place, client),
            Protocol::Irc | Protocol::Mqtt => Vec::new(),
        }
    }

    /// Good-bye.
    #[must_use]
    pub fn quit(&self) -> &'static [u8] {
        match self.protocol {
            Protocol::Chat => chat::QUIT,
            Protocol::Irc => irc::QUIT,
            Protocol::Mqtt => mqtt::QUIT,
            // They know no good-bye but closing.
            Protocol::Redis | Protocol::Nats => b"",
        }
    }

    /// Whether publishers must be members of the room, and so hear each other.
    #[must_use]
    pub fn publishers_are_members(&self) -> bool {
        matches!(self.protocol, Protocol::Chat | Protocol::Irc)
    }

    /// Whether each message is answered, in order.
    #[must_use]
    pub fn answers(&self) -> bool {
        matches!(self.protocol, Protocol::Chat | Protocol::Redis)
    }

    /// Whether a publisher hears its own messages.
    #[must_use]
    pub fn echoes(&self) -> bool {
        self.protocol == Protocol::Chat
    }
}

impl Client {
    /// A client that is about to connect.
    #[must_use]
    pub fn new(number: u32, place: Place) -> Self {
        Self {
            number,
            place,
            stage: Stage::Connecting,
            out: Vec::new(),
            last_words: None,
        }
    }

    /// It is where it wanted to be. From here on refusals are about messages.
    fn arrived(&mut self) {
        self.stage = Stage::Ready;
        self.last_words = None;
    }

    /// The server sends what its protocol does not have; nothing more can be read.
    fn confused(&mut self, protocol: Protocol) {
        let text = format!("what it sends is not {}", protocol.name());
        let code = String::new();
        self.last_words = Some(Words { code, text });
        self.stage = Stage::TurnedAway;
    }

    /// The server refused something: on the way in, that is the end of it.
    fn refused(&mut self, words: Words, hear: &mut impl FnMut(Heard<'_>)) {
        if self.stage == Stage::Ready {
            hear(Heard::Refused(&words));
        } else {
            self.stage = Stage::TurnedAway;
        }
        self.last_words = Some(words);
    }
}

/// A number in decimal digits, as protocols write lengths; `None` for anything else.
#[inline]
fn number(digits: &[u8]) -> Option<usize> {
    // Longer ones are no length of anything that is sent here.
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + usize::from(digit))
    })
}

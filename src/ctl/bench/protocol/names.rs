//! The nicks and rooms of one run: random, so that two runs do not meet, and recognisable in a list.

use super::super::args::Protocol;
use super::To;

/// What the names of one run have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    nick: String,
    room: String,
}

impl Names {
    /// The names of a run, from four random bytes.
    #[must_use]
    pub fn new(protocol: Protocol, random: [u8; 4]) -> Self {
        let tag: String = random
            .iter()
            .map(|byte| char::from(b"0123456789abcdefghijklmnopqrstuv"[usize::from(byte & 31)]))
            .collect();
        let (nick, room) = match protocol {
            Protocol::Chat => (format!("bench-{tag}-"), format!("#bench-{tag}-")),
            // RFC 2812 allows nine characters, and some servers no more.
            Protocol::Irc => (format!("b{tag}"), format!("#bench-{tag}-")),
            Protocol::Redis | Protocol::Nats | Protocol::Mqtt => {
                (format!("bench-{tag}-"), format!("bench-{tag}-"))
            }
        };
        Self { nick, room }
    }

    /// The nick of a client.
    #[must_use]
    pub fn nick(&self, number: u32) -> String {
        format!("{}{number:x}", self.nick)
    }

    /// The number of the client with this nick; `None` for anybody else's.
    #[must_use]
    pub fn number(&self, nick: &[u8]) -> Option<u32> {
        let digits = nick.strip_prefix(self.nick.as_bytes())?;
        let digits = std::str::from_utf8(digits).ok()?;
        u32::from_str_radix(digits, 16).ok()
    }

    /// The name of a room, or the nick of a client.
    #[must_use]
    pub fn of(&self, to: To) -> String {
        match to {
            To::Room(room) => self.room(room),
            To::Client(number) => self.nick(number),
        }
    }

    /// The name of a room.
    #[must_use]
    pub fn room(&self, number: u32) -> String {
        format!("{}{number:x}", self.room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_tells_its_client_and_fits_old_servers() {
        for protocol in [Protocol::Chat, Protocol::Irc] {
            let names = Names::new(protocol, [255, 7, 31, 200]);
            for number in [0, 9, 0xFFFF, 1_000_000] {
                assert_eq!(names.number(names.nick(number).as_bytes()), Some(number));
            }
            assert_eq!(names.number(b"ana"), None);
            let other = Names::new(protocol, [1, 2, 3, 4]);
            assert_eq!(names.number(other.nick(1).as_bytes()), None);
        }
        let names = Names::new(Protocol::Irc, [0; 4]);
        assert_eq!(names.nick(0xFFFF).len(), 9);
    }
}

//! The identities that the hub hands out or is handed: sessions, users, rooms, messages, requests.
//!
//! They are small `Copy` values (except [`RequestId`] and [`UserKey`], which a client or the
//! outside world chose), never strings or bare integers.

use std::fmt;

use smallvec::SmallVec;

/// One connection that the engine has accepted.
///
/// The engine chooses it: `slot` is an index that is used again after a session has ended, `serial`
/// rises with every connection, so that a late input for a session that has gone never meets its
/// successor in the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId {
    /// Index into dense tables, from 0.
    pub slot: u32,
    /// Rises by one per connection, from 1.
    pub serial: u32,
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.serial)
    }
}

/// A list of sessions. Up to two stand where the list stands: most users have one, and most private
/// messages concern two.
pub type SessionIds = SmallVec<[SessionId; 2]>;

/// One person (or bot) as others see them: a nick, with one or more sessions behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

/// One room. Ids are dense and are used again after a room has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u32);

/// Which message: rises per server and sorts by time.
///
/// The upper 44 bits are milliseconds since the Unix epoch, the lower 20 count within one
/// millisecond. It rises also when the clock steps back. Written as 13 characters of base32hex
/// in lower case, so that sorting the text sorts by time too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u64);

impl MessageId {
    /// Length of the written form, in bytes.
    pub const TEXT_BYTES: usize = 13;

    /// The id after `self` for a message of the time `unix_ms`.
    #[must_use]
    pub fn next(self, unix_ms: u64) -> Self {
        Self(Self::first_at(unix_ms).0.max(self.0 + 1))
    }

    /// The first id that a message of the time `unix_ms` could have.
    #[must_use]
    pub fn first_at(unix_ms: u64) -> Self {
        Self(unix_ms << COUNTER_BITS)
    }

    /// The time that it sorts by, in milliseconds since the Unix epoch. It is the message's own, unless
    /// the clock stepped back before it.
    #[must_use]
    pub fn unix_ms(self) -> u64 {
        self.0 >> COUNTER_BITS
    }

    /// The written form as ASCII bytes.
    #[must_use]
    pub fn to_ascii(self) -> [u8; Self::TEXT_BYTES] {
        let mut text = [0; Self::TEXT_BYTES];
        let mut rest = self.0;
        for digit in text.iter_mut().rev() {
            *digit = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        text
    }

    /// Reads the written form back; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != Self::TEXT_BYTES {
            return None;
        }
        let mut value: u64 = 0;
        for (position, byte) in text.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|&letter| letter == byte)? as u64;
            if position == 0 && digit > 15 {
                return None; // 13 digits hold 65 bits: the first has four
            }
            value = value << 5 | digit;
        }
        Some(Self(value))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.to_ascii() {
            write!(f, "{}", char::from(byte))?;
        }
        Ok(())
    }
}

const COUNTER_BITS: u32 = 20;
const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// What a client calls its own request, so that it can match the answer.
///
/// The hub never looks inside; at most [`RequestId::MAX_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Box<str>);

impl RequestId {
    /// Longest accepted id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// `None` when `text` is empty or longer than [`Self::MAX_BYTES`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (1..=Self::MAX_BYTES)
            .contains(&text.len())
            .then(|| Self(text.into()))
    }

    /// The client's own spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Proof that a session may speak as a user who is already here: 128 random bits that the engine
/// drew when the user's first session connected. Never logged: its `Debug` form hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserKey(pub u128);

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_rise_within_a_millisecond_and_when_the_clock_steps_back() {
        let first = MessageId::default().next(1_000);
        let second = first.next(1_000);
        let third = second.next(10);
        assert!(first < second && second < third);
        assert!(first.to_string() < second.to_string());
    }

    #[test]
    fn message_ids_survive_being_written() {
        for value in [0, 1, 31, 32, u64::MAX, 1 << 60] {
            let id = MessageId(value);
            assert_eq!(MessageId::parse(&id.to_string()), Some(id));
        }
        for wrong in ["", "0", "zzzzzzzzzzzzz", "g000000000000", "00000000000000"] {
            assert_eq!(MessageId::parse(wrong), None, "{wrong}");
        }
    }
}

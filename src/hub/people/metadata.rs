//! Keys and values that users set about themselves and operators about rooms, and who wants to be told of which.
//! All of it lasts as long as the user or the room is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::hub::event::EventPlace;
use crate::hub::id::SessionId;
use crate::hub::name::{Nick, RoomName};

/// Keys of one user or room.
pub const KEYS_MAX: usize = 20;
/// Longest value, in bytes: it fits in a line of IRC behind all that must be there, too.
pub const VALUE_BYTES_MAX: usize = 250;
/// Keys that one session may subscribe to.
pub const SUBSCRIPTIONS_MAX: usize = 50;
/// Values in the answer to one [`Request::Sync`]. More are left off.
pub const SYNC_MAX: usize = 1000;

/// What a value stands under: letters, digits and `_./-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetadataKey(SmolStr);

impl MetadataKey {
    /// Longest, in bytes.
    pub const MAX_BYTES: usize = 32;

    /// `None` where it is empty, too long, or has another character than `a-z`, `0-9` and `_./-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_good =
            |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'/' | b'-');
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        (fits && text.bytes().all(is_good)).then(|| Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All of one user or room, by key.
pub(in crate::hub) type Metadata = BTreeMap<MetadataKey, Arc<str>>;

/// Why a key cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is nothing to take away.
    NotSet,
    TooMany {
        max: usize,
    },
}

impl KeyError {
    /// The stable code of its refusal; never changes its meaning.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotSet => "no_such_key",
            Self::TooMany { .. } => "too_many_keys",
        }
    }
}

/// Whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    Own,
    User(Nick),
    Room(RoomName),
}

/// What may be asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Get {
        of: Of,
        keys: Vec<MetadataKey>,
    },
    List(Of),
    /// No value takes the key away.
    Set {
        of: Of,
        key: MetadataKey,
        value: Option<Arc<str>>,
    },
    Clear(Of),
    /// For this session.
    Subscribe(Vec<MetadataKey>),
    Unsubscribe(Vec<MetadataKey>),
    Subscriptions,
    /// The values of all keys that the session has subscribed to; of a room, those of its members too.
    Sync(Of),
}

/// What the session gets.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Request::Get`], `List`, `Set` and `Clear`: the keys as they are now.
    Entries {
        of: EventPlace,
        entries: Vec<(MetadataKey, Option<Arc<str>>)>,
    },
    Subscribed {
        keys: Vec<MetadataKey>,
        /// The first that there was no room for.
        full: Option<MetadataKey>,
    },
    Unsubscribed(Vec<MetadataKey>),
    Subscriptions(Vec<MetadataKey>),
    Synced {
        of: EventPlace,
        entries: Vec<(EventPlace, MetadataKey, Arc<str>)>,
        /// Whether some were left off.
        is_cut: bool,
    },
}

/// Which session wants to be told of which keys.
#[derive(Debug, Default)]
pub(in crate::hub) struct Subscriptions {
    by_session: BTreeMap<SessionId, BTreeSet<MetadataKey>>,
    by_key: BTreeMap<MetadataKey, BTreeSet<SessionId>>,
}

impl Subscriptions {
    /// Whether there was room for it.
    pub(in crate::hub) fn add(&mut self, session: SessionId, key: MetadataKey) -> bool {
        let keys = self.by_session.entry(session).or_default();
        if keys.len() >= SUBSCRIPTIONS_MAX && !keys.contains(&key) {
            return false;
        }
        keys.insert(key.clone());
        self.by_key.entry(key).or_default().insert(session);
        true
    }

    pub(in crate::hub) fn remove(&mut self, session: SessionId, key: &MetadataKey) {
        if let Some(keys) = self.by_session.get_mut(&session) {
            keys.remove(key);
            if keys.is_empty() {
                self.by_session.remove(&session);
            }
        }
        if let Some(sessions) = self.by_key.get_mut(key) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.by_key.remove(key);
            }
        }
    }

    /// The session has ended.
    pub(in crate::hub) fn forget(&mut self, session: SessionId) {
        for key in self.of(session) {
            self.remove(session, &key);
        }
    }

    pub(in crate::hub) fn of(&self, session: SessionId) -> Vec<MetadataKey> {
        let keys = self.by_session.get(&session);
        keys.map_or_else(Vec::new, |keys| keys.iter().cloned().collect())
    }

    pub(in crate::hub) fn to(&self, key: &MetadataKey) -> impl Iterator<Item = SessionId> {
        self.by_key.get(key).into_iter().flatten().copied()
    }

    /// All sessions that have one.
    pub(in crate::hub) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.by_session.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_few_characters() {
        for good in ["a", "display-name", "a.b/c_9", &"x".repeat(32)] {
            assert!(MetadataKey::parse(good).is_some(), "{good}");
        }
        for bad in ["", "A", "a b", "ä", ":a", &"x".repeat(33)] {
            assert!(MetadataKey::parse(bad).is_none(), "{bad}");
        }
    }
}

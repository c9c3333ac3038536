//! Nicks and room names: parsed once, valid for ever, compared regardless of case and width.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What a user is called.
#[derive(Clone, Debug)]
pub struct Nick(Name);

/// What a room is called, with its `#`.
#[derive(Clone, Debug)]
pub struct RoomName(Name);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Nothing there (for a room: nothing after the `#`).
    Empty,
    /// Longer than `max` characters.
    TooLong { max: usize },
    /// A character that no name may have.
    Character(char),
    /// A room name that does not begin with `#`.
    MissingHash,
    /// Not a name by Unicode's rules for nicknames (PRECIS, RFC 8265 and 8266).
    NotAllowed,
}

#[derive(Clone, Debug)]
struct Name {
    written: Arc<str>,
    key: Arc<str>,
}

impl Nick {
    /// Longest nick, in characters.
    pub const MAX_CHARS: usize = 32;

    /// Parses a nick.
    ///
    /// # Errors
    /// A [`NameError`] that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        Ok(Self(Name {
            written: text.into(),
            key: text.to_lowercase().into(),
        }))
    }

    /// As its user writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.written
    }

    /// What makes it unique: folded by case and width.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }
}

impl RoomName {
    /// Longest room name, in characters, with its `#`.
    pub const MAX_CHARS: usize = 64;

    /// Parses a room name, `#` included.
    ///
    /// # Errors
    /// A [`NameError`] that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if !text.starts_with('#') {
            return Err(NameError::MissingHash);
        }
        Ok(Self(Name {
            written: text.into(),
            key: text.to_lowercase().into(),
        }))
    }

    /// `#lobby`, the default room's default name.
    #[must_use]
    pub fn lobby() -> Self {
        Self(Name {
            written: "#lobby".into(),
            key: "#lobby".into(),
        })
    }

    /// As it was first written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.written
    }

    /// What makes it unique: folded by case and width.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }
}

macro_rules! compare_by_key {
    ($name:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.key() == other.key()
            }
        }
        impl Eq for $name {}
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.key().hash(state);
            }
        }
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.key().cmp(other.key())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
compare_by_key!(Nick);
compare_by_key!(RoomName);

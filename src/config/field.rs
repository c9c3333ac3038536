//! The way from a key's value to the field that holds it and back, by the field's type. What a
//! type refuses (a room name that is none, a relative path) it refuses here, in words.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::problem::shown;
use super::{ClientCertificates, Durability, LogFormat, Protocol, Rotation, Trust};
use crate::hub::account::{Registration, Require};
use crate::hub::moderation::words;
use crate::hub::name::{NameError, RoomName};
use crate::hub::settings::OnFailure;

/// Reads and writes one field of `T` as a `V`.
pub(super) struct Access<T, V> {
    pub(super) read: fn(&T) -> Option<V>,
    pub(super) write: fn(&mut T, V) -> Result<(), String>,
}

impl<T, V> Access<T, V> {
    pub(super) fn get(&self, target: &T) -> Option<V> {
        (self.read)(target)
    }

    pub(super) fn put(&self, target: &mut T, value: V) -> Result<(), String> {
        (self.write)(target, value)
    }

    pub(super) fn copy(&self, from: &T, to: &mut T) {
        if let Some(value) = self.get(from) {
            self.put(to, value)
                .expect("a value that passed its check once passes it again");
        }
    }
}

impl<T, V> fmt::Debug for Access<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Access")
    }
}

/// Makes an [`Access`] to a field: `at!(limits.hub.rate)`. A function after the comma checks the
/// value first: `at!(server.motd, one_line)`.
macro_rules! at {
    ($($field:ident).+) => {
        $crate::config::field::Access {
            read: |target| $crate::config::field::Field::get(&target.$($field).+),
            write: |target, value| $crate::config::field::Field::put(&mut target.$($field).+, value),
        }
    };
    ($($field:ident).+, $check:path) => {
        $crate::config::field::Access {
            read: |target| $crate::config::field::Field::get(&target.$($field).+),
            write: |target, value| {
                $check(&value)?;
                $crate::config::field::Field::put(&mut target.$($field).+, value)
            },
        }
    };
}
pub(super) use at;

/// A field's type as seen by the table: it holds a `V`, and may refuse one.
pub(super) trait Field<V> {
    fn get(&self) -> Option<V>;
    fn put(&mut self, value: V) -> Result<(), String>;
}

macro_rules! count_fields {
    ($($integer:ty),+) => {$(
        impl Field<u64> for $integer {
            fn get(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
            fn put(&mut self, value: u64) -> Result<(), String> {
                *self = Self::try_from(value).map_err(|_| "is too large for this machine")?;
                Ok(())
            }
        }
    )+};
}
count_fields!(u16, u32, usize);

macro_rules! plain_fields {
    ($($plain:ty),+) => {$(
        impl Field<$plain> for $plain {
            fn get(&self) -> Option<$plain> {
                Some(self.clone())
            }
            fn put(&mut self, value: $plain) -> Result<(), String> {
                *self = value;
                Ok(())
            }
        }
    )+};
}
plain_fields!(bool, f64, Duration, String);

impl Field<u64> for Option<u16> {
    fn get(&self) -> Option<u64> {
        self.map(u64::from)
    }
    fn put(&mut self, value: u64) -> Result<(), String> {
        Field::put(self.insert(0), value)
    }
}

impl Field<String> for RoomName {
    fn get(&self) -> Option<String> {
        Some(self.as_str().to_owned())
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = Self::parse(&value).map_err(|error| not_a_room(&value, error))?;
        Ok(())
    }
}

impl Field<String> for Vec<Arc<str>> {
    fn get(&self) -> Option<String> {
        Some(self.join(","))
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        let words = (!value.is_empty()).then(|| words::parse_list(&value));
        *self = words
            .transpose()
            .map_err(|_| {
                format!(
                    "must be up to {} words with commas between them, not {}",
                    words::WORDS_MAX,
                    shown(&value)
                )
            })?
            .unwrap_or_default();
        Ok(())
    }
}

impl Field<String> for Option<IpAddr> {
    fn get(&self) -> Option<String> {
        self.map(|address| address.to_string())
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        let address = value.parse().map_err(|_| {
            format!(
                "must be an IP address such as \"127.0.0.1\", \"::1\" or \"0.0.0.0\", not {}",
                shown(&value)
            )
        })?;
        *self = Some(address);
        Ok(())
    }
}

impl Field<String> for PathBuf {
    fn get(&self) -> Option<String> {
        // A path by rule that is not UTF-8 can be used, but not written in TOML.
        self.to_str().map(str::to_owned)
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        if !Path::new(&value).is_absolute() {
            return Err(format!(
                "must be an absolute path, one that begins with /, not {}",
                shown(&value)
            ));
        }
        if value.contains(char::is_control) {
            return Err(format!(
                "must have no control characters: {}",
                shown(&value)
            ));
        }
        *self = Self::from(value);
        Ok(())
    }
}

impl Field<String> for Option<PathBuf> {
    fn get(&self) -> Option<String> {
        self.as_ref().map_or(Some(String::new()), Field::get)
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        if value.is_empty() {
            *self = None;
            return Ok(());
        }
        Field::put(self.insert(PathBuf::new()), value)
    }
}

/// A closed set of words, each for one value.
pub(super) trait Words: Copy + PartialEq + 'static {
    const WORDS: &'static [&'static str];
    const VALUES: &'static [Self];
}

impl Words for Protocol {
    const WORDS: &'static [&'static str] = &["chat", "irc", "http"];
    const VALUES: &'static [Self] = &[Self::Chat, Self::Irc, Self::Http];
}

impl Words for Trust {
    const WORDS: &'static [&'static str] = &["none", "peer"];
    const VALUES: &'static [Self] = &[Self::None, Self::Peer];
}

impl Words for ClientCertificates {
    const WORDS: &'static [&'static str] = &["none", "optional", "required"];
    const VALUES: &'static [Self] = &[Self::None, Self::Optional, Self::Required];
}

impl Words for Rotation {
    const WORDS: &'static [&'static str] = &["hourly", "daily", "never"];
    const VALUES: &'static [Self] = &[Self::Hourly, Self::Daily, Self::Never];
}

impl Words for LogFormat {
    const WORDS: &'static [&'static str] = &["text", "json"];
    const VALUES: &'static [Self] = &[Self::Text, Self::Json];
}

impl Words for Durability {
    const WORDS: &'static [&'static str] = &["commit", "relaxed", "off"];
    const VALUES: &'static [Self] = &[Self::Commit, Self::Relaxed, Self::Off];
}

impl Words for OnFailure {
    const WORDS: &'static [&'static str] = &["refuse", "continue"];
    const VALUES: &'static [Self] = &[Self::Refuse, Self::Continue];
}

impl Words for Registration {
    const WORDS: &'static [&'static str] = &["open", "invite", "operator"];
    const VALUES: &'static [Self] = &[Self::Open, Self::Invite, Self::Operator];
}

impl Words for Require {
    const WORDS: &'static [&'static str] = &["none", "remote", "all"];
    const VALUES: &'static [Self] = &[Self::None, Self::Remote, Self::All];
}

impl<W: Words> Field<String> for W {
    fn get(&self) -> Option<String> {
        let at = W::VALUES.iter().position(|value| value == self)?;
        Some(W::WORDS[at].to_owned())
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        let at = W::WORDS.iter().position(|word| *word == value);
        *self = W::VALUES[at.ok_or("is none of the known words")?];
        Ok(())
    }
}

fn not_a_room(written: &str, error: NameError) -> String {
    let reason = match error {
        NameError::Empty => "nothing follows the #".to_owned(),
        NameError::TooLong { max } => format!("it is longer than {max} characters"),
        NameError::Character(character) => format!("it has the character {character:?}"),
        NameError::MissingHash => {
            return format!(
                "must begin with #, such as \"#lobby\", not {}",
                shown(written)
            );
        }
        NameError::NotAllowed => "Unicode's rules for nicknames forbid it".to_owned(),
    };
    format!("must be a room's name, not {}: {reason}", shown(written))
}

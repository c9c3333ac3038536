//! What kinds of values there are: how each is read from TOML and printed again, its bounds, and
//! the words for a value that is wrong. Knows no single key: [`super::keys`] lists those.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::field::Access;
use super::file::RawValue;
use super::problem::{nearest, shown};
use super::units;

/// The kind of a key's value, its bounds, and the field of `T` that holds it.
#[derive(Debug)]
pub(super) enum Kind<T: 'static> {
    /// A whole number.
    Count(RangeInclusive<u64>, Access<T, u64>),
    /// Bytes: a number, or text with a unit.
    Size(RangeInclusive<u64>, Access<T, u64>),
    /// Text with a unit.
    Time(RangeInclusive<Duration>, Access<T, Duration>),
    /// A number that may have a fraction.
    Number(RangeInclusive<f64>, Access<T, f64>),
    /// True or false.
    Switch(Access<T, bool>),
    /// Free text. What is allowed is said here in words; the field's check enforces it.
    Text(&'static str, Access<T, String>),
    /// A password, or its hash. Printed as its hash for whoever may read the file, and not at all where it is wrong.
    /// What is allowed is said here in words.
    Secret(&'static str, Access<T, String>),
    /// Several texts, in their order. What is allowed is said here in words.
    List(&'static str, Access<T, Vec<String>>),
    /// A file or directory. Its default depends on who runs chatd, or there is none.
    Path(&'static str, Access<T, String>),
    /// One of these words.
    Choice(&'static [&'static str], Access<T, String>),
}

impl<T> Kind<T> {
    /// Puts a raw value into its field.
    ///
    /// # Errors
    /// What is wrong with the value, in words that follow the key's name.
    pub(super) fn put(&self, target: &mut T, raw: &RawValue) -> Result<(), String> {
        match self {
            Self::Count(bounds, field) => field.put(target, self.within(bounds, raw, count(raw))?),
            Self::Size(bounds, field) => field.put(target, self.within(bounds, raw, size(raw))?),
            Self::Time(bounds, field) => field.put(target, self.within(bounds, raw, time(raw))?),
            Self::Number(bounds, field) => {
                field.put(target, self.within(bounds, raw, number(raw))?)
            }
            Self::Switch(field) => field.put(target, switch(raw).ok_or_else(|| self.not(raw))?),
            Self::Text(_, field) | Self::Path(_, field) => {
                let text = text(raw).ok_or_else(|| self.not(raw))?;
                field.put(target, text.to_owned())
            }
            Self::Secret(_, field) => {
                // A number is no text, and would be shown by what it is.
                let text = text(raw).ok_or_else(|| format!("must be {}", self.expected()))?;
                field.put(target, text.to_owned())
            }
            Self::List(_, field) => field.put(target, list(raw).ok_or_else(|| self.not(raw))?),
            Self::Choice(words, field) => {
                let text = text(raw).ok_or_else(|| self.not(raw))?;
                if words.contains(&text) {
                    return field.put(target, text.to_owned());
                }
                let meant = nearest(text, words.iter().copied())
                    .map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"));
                Err(format!("{}{meant}", self.not(raw)))
            }
        }
    }

    /// The field's value in TOML's notation; `None` where it has none (a listener's `unix` when it
    /// listens on a port).
    pub(super) fn show(&self, target: &T) -> Option<String> {
        match self {
            Self::Count(_, field) => field.get(target).map(|count| count.to_string()),
            Self::Size(_, field) => field.get(target).map(show_size),
            Self::Time(_, field) => field.get(target).map(show_time),
            Self::Number(_, field) => field
                .get(target)
                .map(|number| toml::Value::Float(number).to_string()),
            Self::Switch(field) => field.get(target).map(|on| on.to_string()),
            Self::List(_, field) => field.get(target).map(show_list),
            Self::Text(_, field)
            | Self::Secret(_, field)
            | Self::Path(_, field)
            | Self::Choice(_, field) => field
                .get(target)
                .map(|text| toml::Value::String(text).to_string()),
        }
    }

    /// Copies the field from one to the other.
    pub(super) fn copy(&self, from: &T, to: &mut T) {
        match self {
            Self::Count(_, field) | Self::Size(_, field) => field.copy(from, to),
            Self::Time(_, field) => field.copy(from, to),
            Self::Number(_, field) => field.copy(from, to),
            Self::Switch(field) => field.copy(from, to),
            Self::List(_, field) => field.copy(from, to),
            Self::Text(_, field)
            | Self::Secret(_, field)
            | Self::Path(_, field)
            | Self::Choice(_, field) => {
                field.copy(from, to);
            }
        }
    }

    /// Type and bounds in words: "a whole number from 1 to 65535".
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Count(bounds, _) => format!("a whole number {}", range(bounds, u64::to_string)),
            Self::Size(bounds, _) => {
                format!(
                    "a size {}",
                    range(bounds, |bytes| units::format_size(*bytes))
                )
            }
            Self::Time(bounds, _) => {
                format!(
                    "a duration {}",
                    range(bounds, |time| units::format_duration(*time))
                )
            }
            Self::Number(bounds, _) => format!("a number {}", range(bounds, f64::to_string)),
            Self::Switch(_) => "true or false".to_owned(),
            Self::Text(allowed, _)
            | Self::Secret(allowed, _)
            | Self::Path(allowed, _)
            | Self::List(allowed, _) => (*allowed).to_owned(),
            Self::Choice(words, _) => one_of(words),
        }
    }

    /// "must be …, not …", with an example where the notation may be new to the reader.
    fn not(&self, raw: &RawValue) -> String {
        let example = match self {
            Self::Size(..) => ", such as 65536 or \"64KiB\"",
            Self::Time(..) => ", such as \"10ms\", \"30s\" or \"5m\"",
            Self::Count(..)
            | Self::Number(..)
            | Self::Switch(..)
            | Self::Text(..)
            | Self::Secret(..)
            | Self::Path(..)
            | Self::List(..)
            | Self::Choice(..) => "",
        };
        format!(
            "must be {}{example}, not {}",
            self.expected(),
            describe(raw)
        )
    }

    /// The value when it could be read and is within its bounds; else "must be …".
    fn within<V: PartialOrd>(
        &self,
        bounds: &RangeInclusive<V>,
        raw: &RawValue,
        value: Result<V, Unread>,
    ) -> Result<V, String> {
        match value {
            Ok(value) if bounds.contains(&value) => Ok(value),
            Ok(_) | Err(Unread::Type) => Err(self.not(raw)),
            Err(Unread::Unit(reason)) => Err(format!("{}: {reason}", self.not(raw))),
        }
    }
}

/// What stands where a password does.
pub(super) const PASSWORD: &str =
    "a text in quotes: a password, or \"sha256:\" and the 64 hexadecimal digits of its hash";

/// The same of a server operator's.
pub(super) const OPER_PASSWORD: &str = "a text in quotes: a password, its Argon2id hash (\"$argon2id$…\"), or \"sha256:\" and the 64 hexadecimal digits of its hash";

/// Why a value could not be read.
enum Unread {
    /// It is of another type, or far out of range.
    Type,
    /// Something is wrong with its unit, which says more than "must be".
    Unit(String),
}

impl From<units::UnitError> for Unread {
    fn from(error: units::UnitError) -> Self {
        Self::Unit(error.to_string())
    }
}

fn count(raw: &RawValue) -> Result<u64, Unread> {
    match raw {
        RawValue::Integer(number) => u64::try_from(*number).map_err(|_| Unread::Type),
        RawValue::Unquoted { value, .. } => count(value),
        RawValue::Text(_)
        | RawValue::Float(_)
        | RawValue::Boolean(_)
        | RawValue::List(_)
        | RawValue::Other(_) => Err(Unread::Type),
    }
}

fn size(raw: &RawValue) -> Result<u64, Unread> {
    match raw {
        RawValue::Integer(_) => count(raw),
        RawValue::Text(text) => Ok(units::parse_size(text)?),
        RawValue::Unquoted { value, .. } => size(value),
        RawValue::Float(_) | RawValue::Boolean(_) | RawValue::List(_) | RawValue::Other(_) => {
            Err(Unread::Type)
        }
    }
}

fn time(raw: &RawValue) -> Result<Duration, Unread> {
    match raw {
        RawValue::Text(text) => Ok(units::parse_duration(text)?),
        RawValue::Integer(number) => Err(Unread::Unit(format!(
            "{}; did you mean \"{number}s\"?",
            units::UnitError::NoUnit
        ))),
        RawValue::Unquoted { value, .. } => time(value),
        RawValue::Float(_) | RawValue::Boolean(_) | RawValue::List(_) | RawValue::Other(_) => {
            Err(Unread::Type)
        }
    }
}

fn number(raw: &RawValue) -> Result<f64, Unread> {
    match raw {
        // Bounds are far below 2^53, so an integer within them loses nothing.
        RawValue::Integer(number) => Ok(*number as f64),
        RawValue::Float(number) => Ok(*number),
        RawValue::Unquoted { value, .. } => number(value),
        RawValue::Text(_) | RawValue::Boolean(_) | RawValue::List(_) | RawValue::Other(_) => {
            Err(Unread::Type)
        }
    }
}

fn switch(raw: &RawValue) -> Option<bool> {
    match raw {
        RawValue::Boolean(on) => Some(*on),
        RawValue::Unquoted { value, .. } => switch(value),
        RawValue::Text(_)
        | RawValue::Integer(_)
        | RawValue::Float(_)
        | RawValue::List(_)
        | RawValue::Other(_) => None,
    }
}

fn text(raw: &RawValue) -> Option<&str> {
    match raw {
        RawValue::Text(text) | RawValue::Unquoted { text, .. } => Some(text),
        RawValue::Integer(_)
        | RawValue::Float(_)
        | RawValue::Boolean(_)
        | RawValue::List(_)
        | RawValue::Other(_) => None,
    }
}

fn list(raw: &RawValue) -> Option<Vec<String>> {
    match raw {
        RawValue::List(texts) => Some(texts.clone()),
        RawValue::Unquoted { value, .. } => list(value),
        RawValue::Text(_)
        | RawValue::Integer(_)
        | RawValue::Float(_)
        | RawValue::Boolean(_)
        | RawValue::Other(_) => None,
    }
}

fn describe(raw: &RawValue) -> String {
    match raw {
        RawValue::Text(text) => shown(text),
        RawValue::Integer(number) => number.to_string(),
        RawValue::Float(number) => number.to_string(),
        RawValue::Boolean(on) => on.to_string(),
        RawValue::List(_) => "a list".to_owned(),
        RawValue::Unquoted { text, .. } => text.escape_debug().take(60).collect(),
        RawValue::Other(name) => (*name).to_owned(),
    }
}

fn range<V>(bounds: &RangeInclusive<V>, show: impl Fn(&V) -> String) -> String {
    format!("from {} to {}", show(bounds.start()), show(bounds.end()))
}

fn one_of(words: &[impl Display]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

fn show_size(bytes: u64) -> String {
    let text = units::format_size(bytes);
    // A bare number of bytes needs no quotes.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text
    } else {
        format!("\"{text}\"")
    }
}

fn show_list(texts: Vec<String>) -> String {
    let texts = texts.into_iter().map(toml::Value::String);
    toml::Value::Array(texts.collect()).to_string()
}

fn show_time(time: Duration) -> String {
    format!("\"{}\"", units::format_duration(time))
}

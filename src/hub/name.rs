//! Nicks and room names: parsed once, valid for ever, unique regardless of case and width.
//!
//! A name is refused unless, after Unicode normalisation form C,
//! - it has 1 to 32 characters (a room: 1 to 63 after its `#`), hence at most four times as many bytes;
//! - every character belongs to PRECIS's FreeformClass (RFC 8264), or is a letter, digit or emoji
//!   younger than PRECIS's tables; letters of all scripts, digits, punctuation and emoji pass,
//!   controls, bidi overrides and marks, unassigned and default-ignorable characters do not;
//! - it has no white space, no zero-width character (the joiners included: emoji families and
//!   variation selectors are refused), nothing that looks like nothing, and none of `@#,:!*?`;
//! - it does not begin with a combining mark and has at most three in a row, so that no name
//!   climbs over its neighbours.
//!
//! A new nick does not begin with one of `~&%+$`, either ([`Nick::is_plain`]).
//!
//! Two names are the same when RFC 8266's comparison (lower case, then form KC) makes them equal:
//! that form is the *key*, and it must obey the same rules, so that `＠` is refused as `@` is.
//! Letters of different scripts that look alike are different letters here; a check for them
//! (UTS 39) would go into `parse`, and nowhere else.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use precis_profiles::Nickname;
use precis_profiles::precis_core::profile::Rules;
use precis_profiles::precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use smol_str::{SmolStr, SmolStrBuilder};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

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
    /// A character that no name may have, or not in this place.
    Character(char),
    /// A room name that does not begin with `#`.
    MissingHash,
    /// Not a name by Unicode's rules for nicknames (PRECIS, RFC 8265 and 8266).
    NotAllowed,
}

impl Nick {
    /// Longest nick, in characters.
    pub const MAX_CHARS: usize = 32;
    /// Longest nick, in bytes.
    pub const MAX_BYTES: usize = Self::MAX_CHARS * 4;

    /// Parses a nick.
    ///
    /// # Errors
    /// A [`NameError`] that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        parse("", text, Self::MAX_CHARS).map(Self)
    }

    /// Whether nobody takes the beginning of the nick for something else: clients of IRC have signs for what somebody
    /// is in a channel, and for servers. Only new nicks need it; those of before stay.
    ///
    /// # Errors
    /// The character that no new nick may begin with.
    pub fn is_plain(&self) -> Result<(), NameError> {
        let first = [self.as_str(), self.key()].map(|it| it.chars().next());
        let sign = first.into_iter().flatten().find(|&it| SIGNS.contains(it));
        sign.map_or(Ok(()), |sign| Err(NameError::Character(sign)))
    }
}

impl RoomName {
    /// Longest room name, in characters, with its `#`.
    pub const MAX_CHARS: usize = 64;
    /// Longest room name, in bytes, with its `#`.
    pub const MAX_BYTES: usize = 1 + (Self::MAX_CHARS - 1) * 4;

    /// Parses a room name, `#` included.
    ///
    /// # Errors
    /// A [`NameError`] that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let rest = text.strip_prefix('#').ok_or(NameError::MissingHash)?;
        parse("#", rest, Self::MAX_CHARS - 1).map(Self)
    }

    /// `#lobby`, the default room's default name.
    #[must_use]
    pub fn lobby() -> Self {
        Self(Name::new("#", "lobby", "lobby"))
    }
}

macro_rules! names_compare_by_key {
    ($name:ident) => {
        impl $name {
            /// As it was first written, in normalisation form C.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.written()
            }

            /// What makes it unique: folded by case and width.
            #[must_use]
            pub fn key(&self) -> &str {
                self.0.key()
            }
        }
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
names_compare_by_key!(Nick);
names_compare_by_key!(RoomName);

/// Both spellings, sigil included. Every user has a name and every event carries some, so all of
/// it stands in one text, which is only on the heap when it is longer than 23 bytes.
#[derive(Clone, Debug)]
struct Name {
    /// As written, then the key, unless they are the same.
    text: SmolStr,
    /// Where the key begins; 0 when all of the text is both.
    key_from: u8,
}

const _: () = assert!(RoomName::MAX_BYTES <= u8::MAX as usize, "the longest name");

impl Name {
    fn new(sigil: &str, written: &str, key: &str) -> Self {
        let mut text = SmolStrBuilder::new();
        text.push_str(sigil);
        text.push_str(written);
        let mut key_from = 0;
        if written != key {
            key_from = text.len();
            text.push_str(sigil);
            text.push_str(key);
        }
        Self {
            text: text.finish(),
            key_from: u8::try_from(key_from).expect("a name has at most MAX_BYTES"),
        }
    }

    fn written(&self) -> &str {
        match self.key_from {
            0 => &self.text,
            end => &self.text[..usize::from(end)],
        }
    }

    fn key(&self) -> &str {
        &self.text[usize::from(self.key_from)..]
    }
}

/// Punctuation that protocols, commands and masks need for themselves.
const RESERVED: &str = "@#,:!*?";
/// What clients of IRC take for something else at the beginning of a nick.
const SIGNS: &str = "~&%+$";
const MARKS_IN_A_ROW_MAX: usize = 3;
/// Decomposed Hangul has three characters for one, so that a valid name may be this much longer
/// before it is normalised; what is longer still is not even looked at.
const RAW_BYTES_PER_CHAR: usize = 12;
/// RFC 8264 has us apply the rules until nothing changes, and give up after three more rounds.
const FOLDS_MAX: usize = 4;

fn parse(sigil: &str, text: &str, max_chars: usize) -> Result<Name, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.is_ascii() {
        return parse_ascii(sigil, text, max_chars);
    }
    if text.len() > max_chars * RAW_BYTES_PER_CHAR {
        return Err(NameError::TooLong { max: max_chars });
    }
    let written: String = text.nfc().collect();
    check_shape(&written, max_chars)?;
    check_class(&written)?;
    let key = fold(&written)?;
    check_shape(&key, max_chars)?;
    Ok(Name::new(sigil, &written, &key))
}

/// The same rules for the names of almost every message, without tables.
fn parse_ascii(sigil: &str, text: &str, max_chars: usize) -> Result<Name, NameError> {
    if text.len() > max_chars {
        return Err(NameError::TooLong { max: max_chars });
    }
    let is_bad = |letter: &char| !letter.is_ascii_graphic() || RESERVED.contains(*letter);
    if let Some(bad) = text.chars().find(is_bad) {
        return Err(NameError::Character(bad));
    }
    let key = if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    };
    Ok(Name::new(sigil, text, &key))
}

/// Our own rules, for the written form and for the key.
fn check_shape(name: &str, max_chars: usize) -> Result<(), NameError> {
    let mut marks = 1; // as if after a mark: a name may not begin with one
    let mut at_start = true;
    for (index, letter) in name.chars().enumerate() {
        if index == max_chars {
            return Err(NameError::TooLong { max: max_chars });
        }
        marks = if is_combining_mark(letter) {
            marks + 1
        } else {
            0
        };
        let climbs = marks > MARKS_IN_A_ROW_MAX || (at_start && marks > 0);
        if climbs || is_refused(letter) {
            return Err(NameError::Character(letter));
        }
        at_start = false;
    }
    Ok(())
}

/// Characters that we refuse whatever PRECIS says.
fn is_refused(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || RESERVED.contains(letter)
        || matches!(
            letter,
            '\u{200c}' | '\u{200d}'     // joiners: PRECIS lets them pass after a virama
            | '\u{2800}' | '\u{1d159}'  // symbols that show nothing: empty Braille, empty note head
            | '\u{fff9}'..='\u{fffd}' // annotations, and what stands for bytes nobody could read
        )
}

/// PRECIS's FreeformClass, whose tables are of Unicode 6.3, and what is younger and a letter,
/// digit or emoji.
fn check_class(name: &str) -> Result<(), NameError> {
    let class = FreeformClass::default();
    let mut needs_context = false;
    for letter in name.chars() {
        match class.get_value_from_char(letter) {
            DerivedPropertyValue::PValid | DerivedPropertyValue::SpecClassPval => {}
            DerivedPropertyValue::ContextO => needs_context = true,
            DerivedPropertyValue::Unassigned if is_younger_letter(letter) => {}
            DerivedPropertyValue::Unassigned
            | DerivedPropertyValue::ContextJ
            | DerivedPropertyValue::SpecClassDis
            | DerivedPropertyValue::Disallowed => return Err(NameError::Character(letter)),
        }
    }
    if needs_context {
        // The rules look at neighbours (Arabic digits of two kinds do not mix), none of them young.
        let known: String = name.chars().filter(|&c| !is_younger_letter(c)).collect();
        class.allows(known).map_err(|_| NameError::NotAllowed)?;
    }
    Ok(())
}

fn is_younger_letter(letter: char) -> bool {
    let is_emoji = matches!(letter, '\u{1f000}'..='\u{1faff}');
    (is_emoji || letter.is_alphanumeric())
        && FreeformClass::default().get_value_from_char(letter) == DerivedPropertyValue::Unassigned
}

/// RFC 8266, section 2.4, without its class check: form KC turns the Korean `ㅋㅋ` into conjoining
/// letters, which the class refuses, and the written form has been checked.
fn fold(name: &str) -> Result<String, NameError> {
    let profile = Nickname::default();
    let mut folded = Cow::Borrowed(name);
    for _ in 0..FOLDS_MAX {
        let next = profile
            .case_mapping_rule(&*folded)
            .and_then(|lower| profile.normalization_rule(lower))
            .map_err(|_| NameError::NotAllowed)?;
        if next == folded {
            return Ok(next.into_owned());
        }
        folded = Cow::Owned(next.into_owned());
    }
    Err(NameError::NotAllowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_usual_length_are_not_on_the_heap() {
        for (name, is_on_heap) in [
            ("rust-lang-and-friends12", false),
            ("rust-lang-and-friends123", true),
            ("Ana-Maria_1", false), // beside it stands ana-maria_1
            ("Ana-Maria_12", true),
            ("김철수", false),
        ] {
            let Nick(parsed) = Nick::parse(name).unwrap();
            assert_eq!(parsed.text.is_heap_allocated(), is_on_heap, "{name}");
            assert_eq!(parsed.written(), name);
            assert_eq!(parsed.key(), name.to_lowercase());
        }
    }
}

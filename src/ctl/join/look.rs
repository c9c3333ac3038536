//! How text may look where it goes: colours or none, and how wide the screen is.
//! A nick has the same colour everywhere and every day. Escape sequences are made here and nowhere
//! else, from fixed text; what others wrote never becomes part of one.

use unicode_width::UnicodeWidthChar;

/// Readable on black and on white.
const NICK_COLOURS: [u8; 10] = [31, 32, 33, 34, 35, 36, 91, 92, 94, 95];

/// What the place that lines go to can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub colours: bool,
    /// Long lines are broken here, indented. `None` where no screen is.
    pub columns: Option<usize>,
}

impl Look {
    /// For files and pipes.
    pub const PLAIN: Self = Self {
        colours: false,
        columns: None,
    };

    /// A nick in its colour.
    #[must_use]
    pub fn nick(self, nick: &str) -> String {
        let colour = NICK_COLOURS[usize::from(hash(nick)) % NICK_COLOURS.len()];
        self.sgr(&colour.to_string(), nick)
    }

    /// What is less important.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.sgr("2", text)
    }

    /// What must be seen.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.sgr("1", text)
    }

    fn sgr(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether colours are wanted, by the environment: see no-color.org.
pub fn colours_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && variable("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// FNV-1a over the folded nick, sixteen bits of it: stable across versions and machines.
fn hash(nick: &str) -> u16 {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in nick.to_lowercase().bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    (hash >> 16) as u16 ^ (hash & 0xffff) as u16
}

/// Breaks a harmless text so that a first piece of `first` columns and following ones of `next`
/// columns hold it. Between words where there are some, else between characters: were it left to
/// the terminal, the rest would begin in the first column, where others' lines begin.
#[must_use]
pub fn wrap(text: &str, first: usize, next: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut room = first.max(1);
    while let Some(at) = overflow(rest, room) {
        let cut = rest[..at].rfind(' ').map_or(at, |space| space + 1);
        // A line must not become empty, or it would never end.
        let cut = if rest[..cut].trim().is_empty() {
            at
        } else {
            cut
        };
        pieces.push(rest[..cut].trim_end().to_owned());
        rest = &rest[cut..];
        room = next.max(1);
    }
    pieces.push(rest.to_owned());
    pieces
}

/// Where a text must be cut at the latest to fit; at least one character stays.
fn overflow(text: &str, columns: usize) -> Option<usize> {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += columns_of(c);
        if used > columns && at > 0 {
            return Some(at);
        }
    }
    None
}

/// At least as many columns as any terminal uses: the emoji selector makes the character before it
/// wide on some.
fn columns_of(c: char) -> usize {
    match c {
        '\u{FE0F}' => 1,
        _ => c.width().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_keeps_its_colour_and_plain_has_none() {
        let look = Look {
            colours: true,
            columns: None,
        };
        assert_eq!(look.nick("ana"), look.nick("ana"));
        assert!(look.nick("ana").starts_with("\x1b["));
        assert_eq!(Look::PLAIN.nick("ana"), "ana");
        let different: std::collections::BTreeSet<_> = ["ana", "ben", "eva", "kim", "lee", "tom"]
            .iter()
            .map(|nick| look.nick(nick).replace(nick, ""))
            .collect();
        assert!(different.len() >= 3, "{different:?}");
    }

    #[test]
    fn no_color_and_dumb_terminals_are_obeyed() {
        let with = |pairs: &'static [(&str, &str)]| {
            colours_wanted(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[("TERM", "xterm")]));
        assert!(with(&[("TERM", "xterm"), ("NO_COLOR", "")]));
        assert!(!with(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert!(!with(&[("TERM", "dumb")]));
        assert!(!with(&[]));
    }

    #[test]
    fn long_texts_break_between_words_or_characters() {
        assert_eq!(wrap("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3, 4), ["abc", "defg", "h"]);
        assert_eq!(wrap("한국어", 4, 4), ["한국", "어"]);
        assert_eq!(wrap("한", 1, 1), ["한"]);
        assert_eq!(wrap("", 5, 5), [""]);
        assert_eq!(wrap("a          b", 4, 4), ["a", "", "   b"]);
    }
}

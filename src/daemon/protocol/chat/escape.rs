//! Texts on their way into an object or onto a screen: how long a text is once JSON has escaped it,
//! where to cut it, and what a terminal must not see.

use std::borrow::Cow;
use std::iter;

use crate::wire::terminal::is_steering;

/// Length of a text within a JSON string, in bytes, without the quotes.
pub(super) fn json_bytes(text: &str) -> usize {
    text.chars().map(json_char_bytes).sum()
}

/// Cuts a text between characters into pieces of at most `max` bytes within a JSON string; one
/// empty piece for an empty text. `max` is at least 6, the longest form of one character.
pub(super) fn cut(text: &str, max: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest.take()?;
        let (piece, after) = text.split_at(fitting_bytes(text, max));
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// The text with what could steer a terminal or turn the reading direction replaced by U+FFFD:
/// control characters but line feed and tab, Unicode's line and paragraph separators, and
/// bidirectional embeddings, overrides and isolates.
pub(super) fn for_terminal(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        text.replace(is_unsafe, "\u{fffd}").into()
    } else {
        text.into()
    }
}

fn is_unsafe(character: char) -> bool {
    !matches!(character, '\n' | '\t') && is_steering(character)
}

fn fitting_bytes(text: &str, max: usize) -> usize {
    let mut used = 0;
    text.char_indices()
        .find(|(_, character)| {
            used += json_char_bytes(*character);
            used > max
        })
        .map_or(text.len(), |(position, _)| position)
}

/// As serde_json writes it: short escapes where JSON has them, `\u00XX` for the other controls
/// below a space, everything else as it is.
fn json_char_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_length_is_what_serde_json_writes(text in any::<String>()) {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(json_bytes(&text) + 2, written.len());
        }

        #[test]
        fn pieces_fit_and_make_the_whole(text in any::<String>(), max in 6_usize..40) {
            let pieces: Vec<&str> = cut(&text, max).collect();
            prop_assert_eq!(pieces.concat(), text.as_str());
            for piece in &pieces {
                prop_assert!(json_bytes(piece) <= max);
            }
        }
    }

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(
            for_terminal("\u{1b}[2J\u{9b}x\u{2028}y\u{202e}\u{2066}\u{7f}\r\n\tz"),
            "\u{fffd}[2J\u{fffd}x\u{fffd}y\u{fffd}\u{fffd}\u{fffd}\u{fffd}\n\tz"
        );
        assert!(matches!(for_terminal("\u{d55c}\n"), Cow::Borrowed(_)));
    }
}

//! Words that may not be said: whole words, or with a `*` before or behind also parts of words. Letters
//! are compared in lower case. It keeps rude words out of a room of people who mean well; whoever wants to
//! get round it will.

use std::sync::Arc;

/// Words that one list may have, and bytes that each may take.
pub const WORDS_MAX: usize = 100;
pub const WORD_BYTES_MAX: usize = 64;

/// The word of a list that a text has.
pub(in crate::hub) fn find<'a>(words: &'a [Arc<str>], text: &str) -> Option<&'a Arc<str>> {
    if words.is_empty() {
        return None;
    }
    let text = text.to_lowercase();
    words.iter().find(|word| is_in(word, &text))
}

/// A word as it is kept: trimmed, in lower case; `None` for one that would be found everywhere, or is too
/// long or of several.
#[must_use]
pub fn parse(word: &str) -> Option<Arc<str>> {
    let word = word.trim().to_lowercase();
    let core = word.trim_matches('*');
    let is_word = !core.is_empty()
        && word.len() <= WORD_BYTES_MAX
        && !core.contains(|letter: char| letter == '*' || letter == ',' || letter.is_control());
    is_word.then(|| word.into())
}

/// What no list of words is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWords;

/// Words with commas between them, each as [`parse`] gives it, in order and once.
///
/// # Errors
/// [`NotWords`] where one is none, or there are more than [`WORDS_MAX`].
pub fn parse_list(text: &str) -> Result<Vec<Arc<str>>, NotWords> {
    let words: Option<Vec<Arc<str>>> = text.split(',').map(parse).collect();
    let mut words = words.ok_or(NotWords)?;
    words.sort_unstable();
    words.dedup();
    if words.len() > WORDS_MAX {
        return Err(NotWords);
    }
    Ok(words)
}

fn is_in(word: &str, text: &str) -> bool {
    let (begins_anywhere, ends_anywhere) = (word.starts_with('*'), word.ends_with('*'));
    let core = word.trim_matches('*');
    text.match_indices(core).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + core.len()..].chars().next();
        let is_edge = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
        (begins_anywhere || is_edge(before)) && (ends_anywhere || is_edge(behind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(word: &str, text: &str) -> bool {
        find(&[parse(word).unwrap()], text).is_some()
    }

    #[test]
    fn a_word_is_found_whole_and_a_part_where_asked_for() {
        assert!(has("darn", "Darn!") && has("darn", "oh, DARN") && has("Darn", "darn"));
        assert!(!has("darn", "darning") && !has("darn", "undarn"));
        assert!(has("darn*", "darning") && !has("darn*", "undarn"));
        assert!(has("*darn*", "undarned"));
        assert!(has("두 단어", "여기 두 단어 있다"));
        assert!(has("*바보*", "이 바보야") && !has("바보", "이 바보야"));
        assert!(has("çok", "ÇOK kötü"));
    }

    #[test]
    fn a_word_has_letters_and_a_bound() {
        for word in ["", "  ", "*", "**", "a*b", "a,b", "a\nb"] {
            assert_eq!(parse(word), None, "{word:?}");
        }
        assert_eq!(parse(&"x".repeat(WORD_BYTES_MAX + 1)), None);
        assert_eq!(parse(" *Ab* ").as_deref(), Some("*ab*"));
    }
}

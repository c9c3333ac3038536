//! What somebody looks for, as an expression of FTS5. Nothing of their text becomes syntax: it is cut into
//! tokens, and only these are quoted.

use super::segment::tokens;

/// Most different words and phrases that are looked for; those beyond are not. People look for a few, and
/// each costs a walk through all messages that have it.
const PHRASES_MAX: usize = 10;

/// Most beginnings among them, and the shortest: one letter leads to a tenth of all words. Others are
/// looked for as whole words.
const BEGINNINGS_MAX: usize = 2;
const BEGINNING_CHARS_MIN: usize = 2;

/// The words of a query.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// None were given: every message matches.
    Any,
    /// Something was given, but nothing that could be found.
    Nothing,
    /// An expression that all of them must match.
    All(String),
}

/// Reads the words of a query: `one two`, `"one phrase"`, `begin*`.
pub(super) fn words(text: &str) -> Words {
    if text.trim().is_empty() {
        return Words::Any;
    }
    let mut phrases: Vec<String> = Vec::new();
    let mut beginnings = 0;
    let mut rest = text;
    while phrases.len() < PHRASES_MAX
        && let Some((part, later)) = next_part(rest)
    {
        rest = later;
        let mut phrase = String::new();
        tokens(part.text, |token| {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(token);
        });
        if phrase.is_empty() {
            continue;
        }
        let is_long_enough = phrase.chars().count() >= BEGINNING_CHARS_MIN;
        let mut quoted = format!("\"{phrase}\"");
        if part.is_beginning && is_long_enough && beginnings < BEGINNINGS_MAX {
            beginnings += 1;
            quoted.push('*');
        }
        if !phrases.contains(&quoted) {
            phrases.push(quoted);
        }
    }
    if phrases.is_empty() {
        Words::Nothing
    } else {
        Words::All(phrases.join(" AND "))
    }
}

/// A word or a phrase.
struct Part<'a> {
    text: &'a str,
    is_beginning: bool,
}

/// Takes one off the front of `text`.
fn next_part(text: &str) -> Option<(Part<'_>, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    if let Some(quoted) = text.strip_prefix('"') {
        let (phrase, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
        let part = Part {
            text: phrase,
            is_beginning: false,
        };
        return Some((part, rest));
    }
    let end = text
        .find(|letter: char| letter.is_whitespace() || letter == '"')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let part = Part {
        text: word,
        is_beginning: word.ends_with('*'),
    };
    Some((part, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Words {
        Words::All(text.to_owned())
    }

    #[test]
    fn words_phrases_and_beginnings() {
        assert_eq!(words("Build  failed"), all(r#""build" AND "failed""#));
        assert_eq!(
            words(r#"the "Big Bang" now"#),
            all(r#""the" AND "big bang" AND "now""#)
        );
        assert_eq!(words("deplo*"), all(r#""deplo"*"#));
        assert_eq!(words("don't"), all(r#""don t""#));
        assert_eq!(words("한국어"), all(r#""한 국 어""#));
    }

    #[test]
    fn one_query_costs_only_so_much() {
        assert_eq!(words("tea tea Tea"), all(r#""tea""#));
        assert_eq!(words("n* tea"), all(r#""n" AND "tea""#));
        assert_eq!(words("ab* cd* ef*"), all(r#""ab"* AND "cd"* AND "ef""#));
        let many: Vec<String> = (0..100).map(|number| format!("w{number}")).collect();
        let Words::All(expression) = words(&many.join(" ")) else {
            panic!("words were given");
        };
        assert_eq!(expression.matches(" AND ").count(), PHRASES_MAX - 1);
    }

    #[test]
    fn nothing_is_not_everything() {
        assert_eq!(words("  \t"), Words::Any);
        assert_eq!(words("!!! ()"), Words::Nothing);
        assert_eq!(words("\"\""), Words::Nothing);
    }

    #[test]
    fn syntax_is_only_text() {
        assert_eq!(
            words("a OR b NOT c NEAR(d) text:e ^f"),
            all(r#""a" AND "or" AND "b" AND "not" AND "c" AND "near d" AND "text e" AND "f""#)
        );
        assert_eq!(words(r#""unclosed phrase"#), all(r#""unclosed phrase""#));
        assert_eq!(words(r#"x" OR "y"#), all(r#""x" AND "or" AND "y""#));
    }
}

//! What a text may contain. The rules hold for every protocol, so that none has to escape what
//! another let in.

use crate::hub::refusal::Refusal;

/// What IRC marks text up with: bold, colours, italics and so on, and what frames messages between programs. None of
/// it moves a cursor.
fn is_markup(letter: char) -> bool {
    matches!(letter, '\u{1}'..='\u{4}' | '\u{f}' | '\u{11}' | '\u{16}' | '\u{1d}'..='\u{1f}')
}

/// A message: not empty, bounded, no control characters but line feed, tab and IRC's markup.
pub(super) fn message(text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(Refusal::TextEmpty);
    }
    check(text, bytes_max, |letter| {
        letter.is_control() && letter != '\n' && letter != '\t' && !is_markup(letter)
    })
}

/// A topic, an away text or a reason: one line, may be empty, bounded. Unicode's own line and
/// paragraph separators would make two lines of it somewhere, so they count as controls here.
pub(super) fn line(text: &str, bytes_max: usize) -> Result<(), Refusal> {
    check(text, bytes_max, |letter| {
        letter.is_control() && !is_markup(letter) || matches!(letter, '\u{2028}' | '\u{2029}')
    })
}

/// As `line`, where there may be no text.
pub(super) fn optional_line(text: Option<&str>, bytes_max: usize) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| line(text, bytes_max))
}

fn check(text: &str, max: usize, is_refused: impl Fn(char) -> bool) -> Result<(), Refusal> {
    let bytes = text.len();
    if bytes > max {
        return Err(Refusal::TextTooLong { bytes, max });
    }
    // Most texts are plain ASCII, which takes a fraction of the time to see.
    let is_plain = text
        .bytes()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    if !is_plain && text.chars().any(is_refused) {
        return Err(Refusal::TextControl);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_may_have_lines_and_topics_only_one() {
        for text in ["a", "两行\n\ttext", "\u{2028}", "\u{202e}", "e\u{301}"] {
            assert_eq!(message(text, 100), Ok(()), "{text:?}");
        }
        for text in ["", "a", "two words", "مرحبا", "\u{2}bold\u{f} \u{3}04red"] {
            assert_eq!(line(text, 100), Ok(()), "{text:?}");
        }
        for text in ["\0", "\u{1b}[2J", "a\rb", "\u{7f}", "\u{9b}31m", "\u{85}"] {
            assert_eq!(message(text, 100), Err(Refusal::TextControl), "{text:?}");
            assert_eq!(line(text, 100), Err(Refusal::TextControl), "{text:?}");
        }
        for text in ["a\nb", "a\tb", "\u{2028}", "\u{2029}"] {
            assert_eq!(line(text, 100), Err(Refusal::TextControl), "{text:?}");
        }
    }

    #[test]
    fn bounds_are_in_bytes() {
        assert_eq!(message("한글", 6), Ok(()));
        let too_long = Refusal::TextTooLong { bytes: 6, max: 5 };
        assert_eq!(message("한글", 5), Err(too_long.clone()));
        assert_eq!(optional_line(Some("한글"), 5), Err(too_long));
        assert_eq!(optional_line(None, 5), Ok(()));
        assert_eq!(message("", 5), Err(Refusal::TextEmpty));
    }
}

//! What others wrote, made harmless for a terminal: nicks, topics, texts, notices, room names,
//! error texts, greetings. Escape sequences could set the clipboard or the title, move the cursor or
//! answer as if typed; bidi overrides make a line read as another; a line break or a carriage return
//! forges somebody else's line. Nothing is dropped: what is replaced stays visible.
//!
//! The marks U+200E, U+200F and U+061C pass: they weigh no more than one letter of their script, and
//! Hebrew and Arabic texts need them. The joiners pass, emoji and Persian need them.

use std::borrow::Cow;

use crate::wire::terminal::is_steering;

/// Whether a character must not reach a terminal as it is.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    // Beside what steers: deprecated formatting and annotation marks.
    is_steering(c) || matches!(c, '\u{206A}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}')
}

/// A text that stays on one line: a line feed is shown as `␊`, a tab as `␉`, an escape as `␛`.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe) {
        Cow::Owned(text.chars().map(visible).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// A text of several lines, each made harmless; a tab becomes four spaces. The caller must indent
/// all but the first, or the author could write lines in another's name.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.split('\n').map(|part| {
        let part = part.strip_suffix('\r').unwrap_or(part);
        if part.contains('\t') {
            Cow::Owned(line(&part.replace('\t', "    ")).into_owned())
        } else {
            line(part)
        }
    })
}

/// The stand-in for an unsafe character: a control picture where there is one, else U+FFFD.
fn visible(c: char) -> char {
    match c {
        '\u{0}'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{FFFD}'),
        '\u{7F}' => '\u{2421}',
        _ if is_unsafe(c) => '\u{FFFD}',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_escape_sequences_come_out_visible() {
        for (raw, shown) in [
            ("\x1b]52;c;cm0gLXJmCg==\x07", "␛]52;c;cm0gLXJmCg==␇"), // sets the clipboard
            ("\x1b]0;title\x1b\\", "␛]0;title␛\\"),                 // sets the title
            ("\x1b[2J\x1b[H", "␛[2J␛[H"),                           // clears the screen
            ("\x1b[6n", "␛[6n"),                                    // makes the terminal answer
            ("\u{9b}31mred", "\u{fffd}31mred"),                     // CSI as one C1 character
            ("\u{90}q\u{9c}", "\u{fffd}q\u{fffd}"),                 // DCS … ST
            ("admin\u{8}\u{8}", "admin␈␈"),
            ("evil\rgood", "evil␍good"),
            ("a\u{7f}b\0c", "a␡b␀c"),
            ("one\ntwo\u{2028}three", "one␊two\u{fffd}three"),
            ("abc\u{202e}txt.exe", "abc\u{fffd}txt.exe"),
            ("\u{2066}x\u{2069}", "\u{fffd}x\u{fffd}"),
        ] {
            assert_eq!(line(raw), shown);
        }
    }

    #[test]
    fn writing_of_all_scripts_passes_unchanged() {
        for text in [
            "plain",
            "한국어 채팅",
            "مرحبا\u{200f}",
            "👩\u{200d}👩\u{200d}👧",
            "می\u{200c}خواهم",
            "e\u{301}",
        ] {
            assert!(matches!(line(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn lines_are_split_and_each_is_harmless() {
        let all: Vec<_> = lines("one\r\ntwo\tx\n\x1b[A\rthree").collect();
        assert_eq!(all, ["one", "two    x", "␛[A␍three"]);
    }

    #[test]
    fn nothing_unsafe_ever_comes_out() {
        for c in (0..=0x10FFFF).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert!(!line(&text).chars().any(is_unsafe), "{c:?}");
            assert!(lines(&text).all(|l| !l.chars().any(is_unsafe)), "{c:?}");
        }
    }
}

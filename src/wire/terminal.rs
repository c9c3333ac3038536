//! Which characters could steer a terminal or turn its reading direction. One list for all who show
//! what others wrote: old clients' texts, chatctl's screen, log lines. What each of them lets pass
//! or replaces besides, and by what, is theirs.

/// Whether a character is a control character (line feed and tab among them), ends a line or a
/// paragraph in Unicode, or embeds, overrides or isolates a direction.
#[must_use]
pub fn is_steering(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_told_from_what_is_written() {
        for c in [
            '\n', '\t', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{202e}', '\u{2066}',
        ] {
            assert!(is_steering(c), "{c:?}");
        }
        for c in [
            'a', ' ', '한', '\u{301}', '\u{200d}', '\u{200f}', '\u{2027}', '\u{202f}', '\u{206a}',
        ] {
            assert!(!is_steering(c), "{c:?}");
        }
    }
}

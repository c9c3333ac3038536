//! Cutting a text into messages of at most so many bytes: between lines where possible, a line
//! that is too long by itself between characters. Nothing is lost but the line feeds at the cuts.

/// The messages for a text, in order; none for a text without any visible line.
#[must_use]
pub fn split(text: &str, bytes_max: usize) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut messages: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.trim_end_matches('\n').split('\n') {
        for piece in pieces(line, bytes_max) {
            match messages.last_mut() {
                Some(last) if open && last.len() + 1 + piece.len() <= bytes_max => {
                    last.push('\n');
                    last.push_str(piece);
                }
                _ => messages.push(piece.to_owned()),
            }
            open = true;
        }
    }
    messages.retain(|message| !message.trim().is_empty());
    messages
}

/// A line in pieces that fit; at least one, perhaps empty.
fn pieces(line: &str, bytes_max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while rest.len() > bytes_max {
        // A bound below one character must not stop the cutting.
        let at = rest.floor_char_boundary(bytes_max);
        let at = if at == 0 {
            rest.ceil_char_boundary(1)
        } else {
            at
        };
        let (piece, behind) = rest.split_at(at);
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn several_lines_are_one_message_while_they_fit() {
        assert_eq!(split("one\r\ntwo\n\nfour\n", 100), ["one\ntwo\n\nfour"]);
        assert_eq!(split("one\ntwo\nthree", 7), ["one\ntwo", "three"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(split("한국어", 4), ["한", "국", "어"]);
        assert_eq!(split("abcdefgh", 3), ["abc", "def", "gh"]);
    }

    #[test]
    fn nothing_visible_is_no_message() {
        assert!(split("", 10).is_empty());
        assert!(split("\n \r\n\n", 10).is_empty());
    }

    proptest! {
        #[test]
        fn all_that_is_visible_arrives_and_every_message_fits(text in "(\\PC|\n){0,200}", max in 4_usize..40) {
            let messages = split(&text, max);
            for message in &messages {
                prop_assert!(message.len() <= max, "{message:?}");
            }
            let visible = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(visible(&messages.concat()), visible(&text));
        }
    }
}

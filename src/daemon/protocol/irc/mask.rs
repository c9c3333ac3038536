//! Whom a mask of `WHO` means.

use crate::hub::output::UserCard;

/// Whether a mask of `WHO` is a nick's, or with a `!` or `@` in it that of a whole `nick!user@host`.
pub(super) fn fits(mask: &str, card: &UserCard) -> bool {
    if mask == "*" || mask == "0" {
        return true;
    }
    let mask = mask.to_lowercase();
    if mask.contains(['!', '@']) {
        let persona = &card.persona;
        let whole = format!("{}!{}@{}", card.nick.key(), persona.username, persona.host);
        return matches(&mask, &whole.to_lowercase());
    }
    matches(&mask, card.nick.key())
}

/// `*` is any text, `?` any character. In time proportional to the product of the lengths at worst.
fn matches(mask: &str, text: &str) -> bool {
    let (mask, text): (Vec<char>, Vec<char>) = (mask.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last star stands, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match mask.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            Some(_) | None => {
                let Some((begin, taken)) = star else {
                    return false;
                };
                star = Some((begin, taken + 1));
                (at, in_text) = (begin + 1, taken + 1);
            }
        }
    }
    mask[at..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_match_as_they_always_have() {
        for (mask, text) in [
            ("*", ""),
            ("a*", "ana"),
            ("*a", "ana"),
            ("a?a", "ana"),
            ("**n*", "ana"),
        ] {
            assert!(matches(mask, text), "{mask} {text}");
        }
        for (mask, text) in [
            ("", "a"),
            ("a", "ana"),
            ("?", ""),
            ("*b", "ana"),
            ("a*b*", "ana"),
        ] {
            assert!(!matches(mask, text), "{mask} {text}");
        }
    }
}

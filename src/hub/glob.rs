//! Masks of names: `*` stands for any letters, `?` for one.

/// Whether a text fits a mask as a whole. Letters are compared as they are. Takes time proportional to the product of
/// both lengths at worst, which callers bound.
#[must_use]
pub fn glob(mask: &str, text: &str) -> bool {
    let (mut mask, mut rest) = (mask.chars(), text.chars());
    // Behind the last `*`, and what it has not taken yet: where nothing else fits, it takes one more.
    let mut last_star = None;
    loop {
        let mut ahead = mask.clone();
        match (ahead.next(), rest.clone().next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                mask = ahead.clone();
                last_star = Some((ahead, rest.clone()));
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                mask = ahead;
                rest.next();
            }
            (Some(_) | None, _) => {
                let Some((behind, left)) = &mut last_star else {
                    return false;
                };
                if left.next().is_none() {
                    return false;
                }
                (mask, rest) = (behind.clone(), left.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_mask_fits_as_a_whole() {
        for (mask, text) in [
            ("", ""),
            ("*", ""),
            ("a*c", "abbc"),
            ("?b*", "abc"),
            ("*b*b", "abcb"),
            ("a*", "ana"),
            ("*a", "ana"),
            ("a?a", "ana"),
            ("**n*", "ana"),
        ] {
            assert!(glob(mask, text), "{mask} {text}");
        }
        for (mask, text) in [
            ("", "a"),
            ("?", ""),
            ("a", "ab"),
            ("a*c", "ab"),
            ("*b", "abc"),
            ("a", "ana"),
            ("*b", "ana"),
            ("a*b*", "ana"),
        ] {
            assert!(!glob(mask, text), "{mask} {text}");
        }
    }
}

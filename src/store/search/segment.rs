//! Text into the tokens that are searched for. Both sides go through here, what is indexed and what is
//! looked for, so that they always agree; SQLite's own tokenizers know neither scripts without spaces nor
//! emoji, and their tables of characters are of another year than ours.
//!
//! A run of letters, digits and marks is a token, without regard to case, width and (Latin, Greek, Cyrillic)
//! accents. Where words are not parted by spaces (Chinese, Japanese, Thai …) or carry endings (Korean),
//! every character is a token of its own, and so is every emoji.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a token beyond which nothing is looked at: words are shorter, encoded data is longer.
const TOKEN_CHARS_MAX: usize = 64;

/// Calls `each` with every token of `text`, in order.
pub(in crate::store) fn tokens(text: &str, mut each: impl FnMut(&str)) {
    if text.is_ascii() {
        return ascii_tokens(text, each);
    }
    let mut word = String::new();
    for letter in text.nfkc() {
        if stands_alone(letter) {
            end_word(&mut word, &mut each);
            each(letter.encode_utf8(&mut [0; 4]));
        } else if letter.is_alphanumeric() || (is_combining_mark(letter) && !word.is_empty()) {
            word.push(letter);
        } else if !is_invisible(letter) {
            end_word(&mut word, &mut each);
        }
    }
    end_word(&mut word, &mut each);
}

fn ascii_tokens(text: &str, mut each: impl FnMut(&str)) {
    for word in text.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        let word = &word[..word.len().min(TOKEN_CHARS_MAX)];
        if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            each(&word.to_ascii_lowercase());
        } else if !word.is_empty() {
            each(word);
        }
    }
}

fn end_word(word: &mut String, each: &mut impl FnMut(&str)) {
    if word.is_empty() {
        return;
    }
    let folded: String = word
        .to_lowercase()
        .nfd()
        .filter(|letter| !is_accent(*letter))
        .take(TOKEN_CHARS_MAX)
        .collect();
    word.clear();
    if !folded.is_empty() {
        each(&folded);
    }
}

/// The combining marks that European scripts carry. Those of other scripts are vowels, and stay.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// What joins characters, or chooses how one looks, parts no words: emoji families, flags, skin colours.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'
    )
}

/// A character that is a token by itself.
fn stands_alone(letter: char) -> bool {
    match letter {
        '\u{0}'..='\u{dff}' => false,
        // Thai and Lao, Myanmar, Khmer
        '\u{e00}'..='\u{eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aa7f}'
        | '\u{1780}'..='\u{17ff}' => letter.is_alphanumeric() || is_combining_mark(letter),
        // Hangul: syllables, and letters by themselves
        '\u{1100}'..='\u{11ff}'
        | '\u{3130}'..='\u{318f}'
        | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' => true,
        // Kana and bopomofo, and the marks among them that repeat or lengthen
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}' => {
            letter.is_alphanumeric()
        }
        // Han
        '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => true,
        // Symbols and emoji
        '\u{1f3fb}'..='\u{1f3ff}' => false,
        '\u{2300}'..='\u{23ff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' => true,
        '\u{1f000}'..='\u{1faff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segmented(text: &str) -> String {
        let mut all = Vec::new();
        tokens(text, |token| all.push(token.to_owned()));
        all.join(" ")
    }

    #[test]
    fn words_lose_case_accents_and_width() {
        assert_eq!(segmented("Hello, WORLD! it's 42"), "hello world it s 42");
        assert_eq!(segmented("Café ÉCOLE ñandú"), "cafe ecole nandu");
        assert_eq!(segmented("Ｆｕｌｌ ｗｉｄｔｈ"), "full width");
        assert_eq!(segmented("Straße ΑΘΉΝΑ ёлка"), "straße αθηνα елка");
        assert_eq!(segmented("cafe\u{301}"), "cafe");
    }

    #[test]
    fn scripts_without_spaces_fall_into_characters() {
        assert_eq!(segmented("한국어를 배워요"), "한 국 어 를 배 워 요");
        assert_eq!(segmented("\u{1112}\u{1161}\u{11ab}국"), "한 국");
        assert_eq!(segmented("中文 search搜索"), "中 文 search 搜 索");
        assert_eq!(
            segmented("カタカナとひらがな"),
            "カ タ カ ナ と ひ ら が な"
        );
        assert_eq!(segmented("ｶﾞｯﾂ"), "ガ ッ ツ");
        assert_eq!(segmented("ไทย"), "ไ ท ย");
        assert_eq!(segmented("हिन्दी में"), "हिन्दी में");
    }

    #[test]
    fn emoji_are_tokens_in_any_colour() {
        assert_eq!(segmented("nice🎉👍🏽!"), "nice 🎉 👍");
        assert_eq!(segmented("👍"), segmented("👍🏿"));
        assert_eq!(segmented("❤️"), "❤");
    }

    #[test]
    fn what_means_nothing_is_no_token() {
        assert_eq!(segmented("\"'()*:^-+{}~; \u{0}\u{301}\u{200d}"), "");
        assert_eq!(segmented(&"x".repeat(1000)).len(), TOKEN_CHARS_MAX);
    }
}

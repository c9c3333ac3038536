//! Which texts are nicks and room names, told by awkward examples in many scripts.

use chatd::hub::name::{NameError, Nick, RoomName};
use proptest::prelude::*;

fn nick(text: &str) -> Nick {
    Nick::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
}

fn refused(text: &str) -> NameError {
    match Nick::parse(text) {
        Ok(nick) => panic!("{text:?} became {nick:?}"),
        Err(error) => error,
    }
}

#[test]
fn people_of_many_scripts_may_use_their_own_names() {
    for text in [
        "ana",
        "Ana-Maria",
        "x",
        "007",
        "[bot]",
        "o'neill",
        "c++",
        "a_b|away",
        "~tilde~",
        "½life",
        "김철수",
        "홍길동",
        "ㅋㅋㅋ",
        "王小明",
        "田中さん",
        "ｱﾅ",
        "محمد",
        "علي٣",
        "مُحَمَّد",
        "דוד",
        "שָׁלוֹם",
        "Ωμέγα",
        "Ёжик",
        "İpek",
        "Straße",
        "Zoë",
        "ñandú",
        "Nguyễn",
        "हिन्दी",
        "தமிழ்",
        "ไก่",
        "ᏣᎳᎩ",
        "ꮳ",
        "𞤀𞤣",
        "😀",
        "🦀",
        "🥲rust",
        "🇰🇷",
        "👍🏽",
        "♥",
        "→",
    ] {
        assert_eq!(nick(text).as_str(), text);
    }
}

#[test]
fn names_differ_neither_by_case_nor_by_width_nor_by_composition() {
    for (one, other) in [
        ("ana", "ANA"),
        ("ana", "ＡＮＡ"),
        ("ana", "Ａnａ"),
        ("zoë", "ZOE\u{308}"),
        ("ёжик", "ЁЖИК"),
        ("ωμέγα", "ΩΜΈΓΑ"),
        ("アナ", "ｱﾅ"),
        ("ガ", "ｶﾞ"),
        ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ("fish", "ﬁsh"),
        ("dž", "ǅ"),
        ("ꭰ", "Ꭰ"),
    ] {
        assert_eq!(nick(one), nick(other), "{one} and {other}");
        assert_eq!(nick(one).key(), nick(other).key());
    }
    for (one, other) in [
        ("ana", "anna"),
        ("ana", "аna"),
        ("strasse", "straße"),
        ("e", "é"),
    ] {
        assert_ne!(nick(one), nick(other), "{one} and {other}");
    }
}

#[test]
fn a_name_is_shown_as_its_owner_writes_it() {
    assert_eq!(nick("AnA").as_str(), "AnA");
    assert_eq!(nick("AnA").key(), "ana");
    assert_eq!(nick("ＡＮＡ").as_str(), "ＡＮＡ");
    assert_eq!(nick("ZOE\u{308}").as_str(), "ZOË", "composed");
}

#[test]
fn reserved_punctuation_is_refused_in_every_width() {
    for reserved in "@#,:!*?＠＃，：！＊？﹫﹟﹐﹕﹗﹡﹖⁇⁈".chars() {
        for text in [
            format!("a{reserved}b"),
            format!("{reserved}"),
            format!("é{reserved}"),
        ] {
            assert!(matches!(refused(&text), NameError::Character(_)), "{text}");
        }
    }
}

#[test]
fn white_space_and_what_cannot_be_seen_is_refused() {
    let unseen = [
        ' ',
        '\t',
        '\n',
        '\r',
        '\0',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{a0}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{1160}',
        '\u{1680}',
        '\u{180e}',
        '\u{2003}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202b}',
        '\u{202c}',
        '\u{202d}',
        '\u{202e}',
        '\u{202f}',
        '\u{205f}',
        '\u{2060}',
        '\u{2066}',
        '\u{2067}',
        '\u{2068}',
        '\u{2069}',
        '\u{206a}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffc}',
        '\u{fffd}',
        '\u{1bca0}',
        '\u{1d159}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{fdd0}',
        '\u{ffff}',
        '\u{e000}',
        '\u{10ffff}',
    ];
    for letter in unseen {
        for text in [
            format!("a{letter}b"),
            format!("{letter}ä"),
            format!("한{letter}"),
        ] {
            let error = refused(&text);
            assert!(
                matches!(error, NameError::Character(_) | NameError::NotAllowed),
                "{text:?}: {error:?}"
            );
        }
    }
    assert_eq!(
        refused("क्\u{200d}ष"),
        NameError::Character('\u{200d}'),
        "after a virama too"
    );
    assert_eq!(refused("👩\u{200d}🚀"), NameError::Character('\u{200d}'));
    assert_eq!(refused("❤\u{fe0f}"), NameError::Character('\u{fe0f}'));
    assert_eq!(
        refused("ﷺ"),
        NameError::Character(' '),
        "one letter that folds to words"
    );
}

#[test]
fn marks_do_not_pile_up() {
    assert_eq!(nick("n\u{30b}\u{323}\u{331}").as_str().chars().count(), 3);
    for text in [
        "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
        "ก\u{e47}\u{e47}\u{e47}\u{e47}",
        "م\u{64b}\u{64c}\u{64d}\u{64e}\u{64f}",
    ] {
        assert!(matches!(refused(text), NameError::Character(_)), "{text}");
    }
    assert_eq!(
        refused("\u{301}a"),
        NameError::Character('\u{301}'),
        "nothing to sit on"
    );
}

#[test]
fn names_are_bounded() {
    assert_eq!(refused(""), NameError::Empty);
    let too_long = NameError::TooLong { max: 32 };
    for letter in ["a", "é", "한", "🦀"] {
        let longest = nick(&letter.repeat(32));
        assert!(longest.as_str().len() <= Nick::MAX_BYTES);
        assert_eq!(refused(&letter.repeat(33)), too_long);
        assert_eq!(refused(&letter.repeat(100_000)), too_long);
    }
    assert_eq!(
        nick(&"\u{1112}\u{1161}\u{11ab}".repeat(32)),
        nick(&"한".repeat(32))
    );
    assert_eq!(
        refused(&"㍍".repeat(20)),
        too_long,
        "its key is four times as long"
    );
}

#[test]
fn digits_of_two_kinds_do_not_mix() {
    assert_eq!(nick("علي٣٤").as_str(), "علي٣٤");
    assert_eq!(refused("علي٣۴"), NameError::NotAllowed);
    assert_eq!(nick("🦀٣").as_str(), "🦀٣");
}

#[test]
fn rooms_begin_with_a_hash_and_obey_the_same_rules() {
    let room = |text: &str| RoomName::parse(text);
    assert_eq!(room("#Rust").unwrap().as_str(), "#Rust");
    assert_eq!(room("#Rust").unwrap().key(), "#rust");
    assert_eq!(room("#ＲＵＳＴ"), room("#rust"));
    assert_eq!(room("#한국어").unwrap().as_str(), "#한국어");
    assert_eq!(room("#lobby").unwrap(), RoomName::lobby());
    assert_eq!(room("rust"), Err(NameError::MissingHash));
    assert_eq!(room(""), Err(NameError::MissingHash));
    assert_eq!(room("＃rust"), Err(NameError::MissingHash));
    assert_eq!(room("#"), Err(NameError::Empty));
    assert_eq!(room("##"), Err(NameError::Character('#')));
    assert_eq!(room("#a b"), Err(NameError::Character(' ')));
    assert!(room(&format!("#{}", "a".repeat(63))).is_ok());
    assert_eq!(
        room(&format!("#{}", "a".repeat(64))),
        Err(NameError::TooLong { max: 63 })
    );
    assert_eq!(
        room(&format!("#{}", "é".repeat(64))),
        Err(NameError::TooLong { max: 63 })
    );
}

proptest! {
    /// Of any text at all, and of texts near to what people use.
    #[test]
    fn what_parses_once_parses_again_to_the_same(text in "\\PC{0,40}|[a-zA-ZÀ-ỹΑ-ω가-힣ㄱ-ㅎ\\u{300}-\\u{30f}！-ﾟ]{1,33}") {
        if let Ok(nick) = Nick::parse(&text) {
            let again = Nick::parse(nick.as_str()).unwrap();
            prop_assert_eq!(again.as_str(), nick.as_str());
            prop_assert_eq!(again.key(), nick.key());
            for form in [nick.as_str(), nick.key()] {
                prop_assert!((1..=Nick::MAX_CHARS).contains(&form.chars().count()));
                prop_assert!(form.len() <= Nick::MAX_BYTES);
                let is_bad = |c: char| c.is_whitespace() || c.is_control() || "@#,:!*?".contains(c);
                prop_assert!(!form.contains(is_bad));
            }
            let room = RoomName::parse(&format!("#{text}")).unwrap();
            prop_assert_eq!(room.key().strip_prefix('#'), Some(nick.key()));
        }
    }

    #[test]
    fn case_makes_no_difference(text in "[a-zA-Z0-9_-]{1,32}") {
        let upper = Nick::parse(&text.to_uppercase()).unwrap();
        prop_assert_eq!(Nick::parse(&text.to_lowercase()).unwrap(), upper);
    }
}

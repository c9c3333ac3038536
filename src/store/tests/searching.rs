//! Searching: in many scripts, for those who may see it, after changes, and with an index that was lost.

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::hub::history::{PAGE_MAX, Trouble};

#[test]
fn words_are_found_in_many_scripts() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    for text in [
        "The build failed again",
        "한국어를 배워요",
        "我在学习中文",
        "東京タワーへ行く",
        "party time 🎉🎉",
        "Un café à Zürich",
        "it's \"quoted\" text; DROP TABLE message; --",
        "deploying to production",
    ] {
        story.say("#lobby", "ana", text);
    }
    story.indexed();
    let mut find = |query: &str| {
        let page = story.search("ben", words(query));
        texts(&page).join("|")
    };
    assert_eq!(find("BUILD failed"), "The build failed again");
    assert_eq!(find("failed build"), "The build failed again");
    assert_eq!(find("\"failed build\""), "");
    assert_eq!(find("\"build failed\" again"), "The build failed again");
    assert_eq!(find("한국어"), "한국어를 배워요");
    assert_eq!(find("국어"), "한국어를 배워요");
    assert_eq!(find("어국"), "");
    assert_eq!(find("中文"), "我在学习中文");
    assert_eq!(find("文"), "我在学习中文");
    assert_eq!(find("タワー"), "東京タワーへ行く");
    assert_eq!(find("🎉"), "party time 🎉🎉");
    assert_eq!(find("cafe zurich"), "Un café à Zürich");
    assert_eq!(
        find("quot*"),
        "it's \"quoted\" text; DROP TABLE message; --"
    );
    assert_eq!(
        find("drop table"),
        "it's \"quoted\" text; DROP TABLE message; --"
    );
    assert_eq!(find("deploy"), "");
    assert_eq!(find("deploy*"), "deploying to production");
    assert_eq!(find("build OR deploying"), "");
    assert_eq!(find("text : build"), "");
    assert_eq!(find("!?"), "");
    assert_eq!(find(" ").split('|').count(), 8);
}

#[test]
fn private_words_are_found_by_their_two() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "tea in the lobby");
    story.say("#kitchen", "ben", "tea in the kitchen");
    story.tell("ana", "ben", "tea for two");
    story.record(said(to_user("ben", true), "ana", "tea for nobody"));
    story.tell("carl", "dora", "tea elsewhere");
    story.indexed();
    let mut find = |who: &str, of: Option<&str>, from: Option<&str>| {
        let query = Query {
            of: of.map(partner),
            from: from.map(nick),
            ..words("tea")
        };
        let page = story.search(who, query);
        texts(&page).join("|")
    };
    assert_eq!(
        find("ana", None, None),
        "tea for nobody|tea for two|tea in the kitchen|tea in the lobby"
    );
    assert_eq!(
        find("ben", None, None),
        "tea for two|tea in the kitchen|tea in the lobby"
    );
    assert_eq!(
        find("eve", None, None),
        "tea in the kitchen|tea in the lobby"
    );
    assert_eq!(find("ben", Some("#kitchen"), None), "tea in the kitchen");
    assert_eq!(find("ben", Some("@ana"), None), "tea for two");
    assert_eq!(find("eve", Some("@ana"), None), "");
    assert_eq!(
        find("ben", None, Some("ANA")),
        "tea for two|tea in the lobby"
    );
    assert_eq!(find("eve", None, Some("carl")), "");
    assert_eq!(find("eve", None, Some("nobody")), "");
}

#[test]
fn what_thousands_whisper_does_not_hide_what_was_said_aloud() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    for number in 0..150 {
        story.say("#lobby", "ana", &format!("tea {number}"));
    }
    for number in 0..2 * PAGE_MAX {
        story.tell("carl", "dora", &format!("tea elsewhere {number}"));
    }
    story.say("#lobby", "ana", "tea at last");
    story.indexed();
    let page = story.search("eve", words("tea"));
    let found = texts(&page);
    assert_eq!((found.len(), page.has_more), (100, true));
    assert_eq!(
        (found[0], found[1], found[99]),
        ("tea at last", "tea 149", "tea 51")
    );
}

#[test]
fn a_search_goes_on_where_it_ended() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let ids: Vec<_> = (0..250)
        .map(|number| story.say("#lobby", "ana", &format!("tea {number}")))
        .collect();
    story.indexed();
    let page = story.search("ben", words("tea"));
    assert_eq!((page.messages.len(), page.has_more), (100, true));
    assert_eq!(page.messages[0].id, ids[249]);
    assert_eq!(page.messages[99].id, ids[150]);
    let query = Query {
        before: Some(ids[150]),
        after: Some(ids[59]),
        ..words("tea")
    };
    let page = story.search("ben", query);
    assert_eq!((page.messages.len(), page.has_more), (90, false));
    assert_eq!(page.messages[89].id, ids[60]);
}

#[test]
fn what_was_changed_is_found_as_it_is_now() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let first = story.say("#lobby", "ana", "apples");
    let second = story.say("#lobby", "ana", "bananas");
    story.indexed();
    story.record(RecordKind::Edited {
        message: first,
        text: "cherries".into(),
    });
    story.record(RecordKind::Deleted { message: second });
    story.indexed();
    for (word, found) in [("apples", 0), ("cherries", 1), ("bananas", 0)] {
        let page = story.search("ben", words(word));
        assert_eq!(page.messages.len(), found, "{word}");
    }
    // The notes of it are thrown away once the index has them for good.
    until("the notes are gone", || story.last_note() == 0);
}

#[test]
fn a_lost_or_strange_index_is_built_anew() {
    let home = tempdir().unwrap();
    let index = home.path().join("history-search.db");
    let spoil: [&dyn Fn(); 4] = [
        &|| std::fs::remove_file(&index).unwrap(),
        &|| {
            std::fs::write(
                &index,
                "no database at all, but long enough to be looked at",
            )
            .unwrap();
        },
        &|| {
            let db = Connection::open(&index).unwrap();
            db.pragma_update(None, "user_version", 99).unwrap();
        },
        &|| {
            std::fs::OpenOptions::new()
                .write(true)
                .open(&index)
                .unwrap()
                .set_len(5000)
                .unwrap();
        },
    ];
    let mut story = Story::begin(&home);
    let edited = story.say("#lobby", "ana", "green tea");
    story.record(RecordKind::Edited {
        message: edited,
        text: "black tea".into(),
    });
    story.indexed();
    drop(story);
    for (number, spoil) in spoil.into_iter().enumerate() {
        spoil();
        let mut story = Story::begin(&home);
        story.say("#lobby", "ana", &format!("tea {number}"));
        story.indexed();
        assert_eq!(story.search("ben", words("tea")).messages.len(), number + 2);
        assert_eq!(story.search("ben", words("green")).messages.len(), 0);
        let note = story.store.handle().status().search_note;
        assert_eq!(note.is_some(), number > 0, "{note:?}");
    }
}

#[test]
fn an_index_that_cannot_be_used_is_told_of_and_nothing_is_searched_in_part() {
    let home = tempdir().unwrap();
    let index = home.path().join("history-search.db");
    std::fs::create_dir(&index).unwrap();
    assert!(crate::store::look_at_search(&database(&home)).is_err());
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "tea");
    let told = story.wait(|news| matches!(news, News::SearchFails(_)));
    let fault = story.store.handle().status().search_fault.unwrap();
    assert!(
        fault.contains("history-search.db cannot be used"),
        "{fault}"
    );
    assert_eq!(told, News::SearchFails(fault));
    let query = Question::Search {
        asker: owner("ben"),
        query: words("tea"),
        hidden: Vec::new(),
        limit: 9,
    };
    assert_eq!(story.ask(query), Answer::Failed(Trouble::Unindexed));
    // Reading goes on.
    assert_eq!(
        texts(&story.page("ben", "#lobby", Range::Latest, 9)),
        ["tea"]
    );
    std::fs::remove_dir(&index).unwrap();
    story.wait(|news| *news == News::SearchWorks);
    assert_eq!(story.search("ben", words("tea")).messages.len(), 1);
    assert_eq!(story.store.handle().status().search_fault, None);
}

#[test]
fn too_many_changes_for_an_index_out_of_use_are_forgotten_and_it_is_built_anew() {
    let home = tempdir().unwrap();
    let index = home.path().join("history-search.db");
    let mut story = Story::begin(&home);
    let edited = story.say("#lobby", "ana", "green tea");
    story.indexed();
    story.store.close();
    let aside = home.path().join("aside");
    std::fs::rename(&index, &aside).unwrap();
    std::fs::create_dir(&index).unwrap();
    let db = Connection::open(database(&home)).unwrap();
    db.execute(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100001)
         INSERT INTO touched (id) SELECT ?1 FROM n",
        [edited.0.cast_signed()],
    )
    .unwrap();
    drop(db);
    let mut story = Story::begin(&home);
    story.record(RecordKind::Edited {
        message: edited,
        text: "black tea".into(),
    });
    // The note of the edit may have come later.
    let notes = || -> u64 {
        let db = Connection::open(database(&home)).unwrap();
        db.query_row("SELECT count(*) FROM touched", [], |row| row.get(0))
            .unwrap()
    };
    until("the notes are gone", || notes() <= 1);
    story.store.close();
    // The index is as it was before all that.
    std::fs::remove_dir(&index).unwrap();
    std::fs::rename(&aside, &index).unwrap();
    let mut story = Story::begin(&home);
    story.indexed();
    let note = story.store.handle().status().search_note.unwrap();
    assert!(note.contains("too many changes"), "{note}");
    assert_eq!(story.search("ben", words("black")).messages.len(), 1);
    assert_eq!(story.search("ben", words("green")).messages.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn no_query_is_an_error_and_every_text_is_found_by_itself(
        lines in proptest::collection::vec("\\PC{1,30}|[\"*^(){}:+a-c OR-]{1,20}|[가-힣一-龯ก-๛ ]{1,12}", 1..40),
    ) {
        let home = tempdir().unwrap();
        let mut story = Story::begin(&home);
        for line in &lines {
            story.say("#lobby", "ana", line);
        }
        story.indexed();
        for line in &lines {
            let found = story.search("ben", words(line));
            let quoted = story.search("ben", words(&format!("\"{}\"", line.replace('"', " "))));
            let mut has_words = false;
            crate::store::search::tokens_for_tests(line, |_| has_words = true);
            if has_words {
                prop_assert!(texts(&found).contains(&&**line), "{line:?}");
                prop_assert!(texts(&quoted).contains(&&**line), "{line:?}");
            }
        }
    }
}

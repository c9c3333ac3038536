//! What is too old or too much goes, and gives its space back.

use tempfile::tempdir;

use super::*;
use crate::store::disk;

fn messages(most: u64) -> Retention {
    Retention {
        age: None,
        messages: Some(most),
    }
}

#[test]
fn only_the_newest_stay_and_a_room_may_differ() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story
        .store
        .handle()
        .set_retention(&room("#archive"), Some(Retention::FOR_EVER))
        .unwrap();
    story
        .store
        .handle()
        .set_retention(&room("#brief"), Some(messages(1)))
        .unwrap();
    for number in 0..450 {
        story.say("#lobby", "ana", &format!("lobby {number}"));
        story.say("#archive", "ana", &format!("archive {number}"));
        story.say("#brief", "ana", &format!("brief {number}"));
        story.tell("ana", "ben", &format!("private {number}"));
    }
    story.settle();
    story.store.reconfigure(Durability::Commit, messages(10));
    let handle = story.store.handle();
    until("the rest is gone", || {
        handle.status().messages == 450 + 10 + 1 + 10
    });
    let page = story.page("ben", "#lobby", Range::Latest, 1000);
    assert_eq!(page.messages.len(), 10);
    assert_eq!(page.messages[0].text.as_deref(), Some("lobby 440"));
    assert_eq!(
        texts(&story.page("ben", "#brief", Range::Latest, 9)),
        ["brief 449"]
    );
    story.indexed();
    assert_eq!(story.search("ben", words("private")).messages.len(), 10);
    let own = [
        (room("#archive"), Retention::FOR_EVER),
        (room("#brief"), messages(1)),
    ];
    assert_eq!(handle.retentions().unwrap(), own);
    handle.set_retention(&room("#archive"), None).unwrap();
    until("the archive is gone", || handle.status().messages == 31);
    assert!(handle.check().unwrap().is_sound());
}

#[test]
fn what_is_too_old_goes_with_its_authors_marks_and_space() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    // Some were said an hour ago, one just now.
    for number in 0..2_000 {
        story.last = MessageId(story.last.0 - (1 << 20) + 1);
        story.say("#old", "ana", &format!("{number} {}", "x".repeat(1_000)));
    }
    let read = story.last;
    story.record(RecordKind::MarkSet {
        owner: owner("ben"),
        of: partner("#old"),
        upto: read,
    });
    story.last = clock::id_of(Duration::ZERO);
    story.say("#new", "ben", "now");
    story.indexed();
    let handle = story.store.handle();
    let before = disk::bytes_with_wal(&database(&home));
    let hour = Retention {
        age: Some(Duration::from_secs(1800)),
        messages: None,
    };
    story.store.reconfigure(Durability::Commit, hour);
    until("the old ones are gone", || handle.status().messages == 1);
    let db = crate::store::connection::reader(&database(&home)).unwrap();
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        db.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    until("nothing of them is left", || {
        ["author", "conversation", "mark", "touched"].map(&count) == [1, 1, 0, 0]
    });
    let pages = |what: &str| -> i64 {
        db.query_row(&format!("PRAGMA {what}"), [], |row| row.get(0))
            .unwrap()
    };
    until("the space is given back", || pages("page_count") < 200);
    drop(db);
    story.store.close();
    let after = disk::bytes_with_wal(&database(&home));
    assert!(after * 2 < before, "{before} became {after}");
    assert!(
        crate::store::check_file(&database(&home))
            .unwrap()
            .is_sound()
    );
}

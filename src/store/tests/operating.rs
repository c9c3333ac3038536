//! Operators: backup and restore, export and import, deleting, checking, and a handle that outlives its
//! store.

use std::ops::ControlFlow;

use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::hub::history::Stored;
use crate::store::{ExportFilter, Imported, Selection, StoreError, check_file, restore};

fn exported(story: &Story, filter: &ExportFilter) -> Vec<Stored> {
    let mut all = Vec::new();
    let mut each = |message: &Stored| {
        all.push(message.clone());
        ControlFlow::Continue(())
    };
    story.store.handle().export(filter, &mut each).unwrap();
    all
}

#[test]
fn a_backup_is_whole_and_comes_back() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "before the backup");
    story.settle();
    let copy = home.path().join("backup.db");
    let report = story.store.handle().backup(&copy).unwrap();
    assert_eq!((report.messages, report.path.as_path()), (1, &*copy));
    assert!(matches!(
        story.store.handle().backup(&copy),
        Err(StoreError::Exists { .. })
    ));
    assert!(check_file(&copy).unwrap().is_sound());
    story.say("#lobby", "ana", "after the backup");
    story.indexed();

    let refused = restore(&copy, &database(&home)).unwrap_err();
    assert!(
        matches!(refused, StoreError::Open(OpenError::InUse { .. })),
        "{refused}"
    );
    story.store.close();
    let report = restore(&copy, &database(&home)).unwrap();
    let aside = report.kept_aside.unwrap();
    assert_eq!(aside, home.path().join("history.db.before-restore-1"));
    assert_eq!(check_file(&aside).unwrap().messages, 2);
    let mut story = Story::begin(&home);
    assert_eq!(
        texts(&story.page("ben", "#lobby", Range::Latest, 9)),
        ["before the backup"]
    );
    story.indexed();
    assert_eq!(story.search("ben", words("backup")).messages.len(), 1);
    drop(story);
    let names: Vec<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !names
            .iter()
            .any(|name| name.to_string_lossy().contains("unfinished"))
    );
}

#[test]
fn a_spoilt_backup_is_not_brought_back() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "precious");
    story.settle();
    story.store.close();
    let bad = home.path().join("bad.db");
    std::fs::write(&bad, "not a database").unwrap();
    assert!(restore(&bad, &database(&home)).is_err());
    assert!(restore(&home.path().join("none.db"), &database(&home)).is_err());
    assert_eq!(check_file(&database(&home)).unwrap().messages, 1);
}

#[test]
fn what_was_exported_is_imported_once() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#Lobby", "ana", "public");
    story.tell("ana", "ben", "private");
    story.record(said(to_user("ben", true), "ana", "unheard"));
    let gone = story.say("#lobby", "ana", "deleted");
    story.record(RecordKind::Deleted { message: gone });
    let other = story.say("#other", "carl", "elsewhere");
    story.settle();
    let public = exported(&story, &ExportFilter::default());
    assert_eq!(public.len(), 3);
    let of_ben = ExportFilter {
        of: Some(partner("@ben")),
        everything: true,
        ..ExportFilter::default()
    };
    assert_eq!(exported(&story, &of_ben).len(), 2);
    let all = ExportFilter {
        everything: true,
        ..ExportFilter::default()
    };
    let all = exported(&story, &all);
    let until = ExportFilter {
        of: Some(partner("#lobby")),
        until: Some(other),
        since: Some(public[0].id),
        ..ExportFilter::default()
    };
    assert_eq!(exported(&story, &until).len(), 1);

    let elsewhere = tempdir().unwrap();
    let mut copy = Story::begin(&elsewhere);
    // Under an id that the other has given too.
    copy.last = MessageId(all[0].id.0 - (1 << 20));
    let newest = copy.say("#lobby", "dora", "already here");
    copy.indexed();
    let report = copy.store.handle().import(&all).unwrap();
    assert_eq!((report.added, report.known), (4, 1), "one id was taken");
    let again = copy.store.handle().import(&all).unwrap();
    assert_eq!((again.added, again.known), (0, 5));
    assert_eq!(copy.store.handle().status().messages, 5);
    copy.indexed();
    assert_eq!(texts(&copy.search("ben", words("private"))), ["private"]);
    assert_eq!(texts(&copy.search("carl", words("private"))), [""; 0]);
    assert_eq!(
        texts(&copy.page("ben", "@ana", Range::Latest, 9)),
        ["private"]
    );
    let future = Imported {
        id: MessageId(newest.0 + (7_200_000 << 20)),
        ..all[0].clone()
    };
    let refused = copy.store.handle().import(&[future]).unwrap_err();
    assert!(matches!(refused, StoreError::Future { .. }), "{refused}");
    assert!(copy.store.handle().check().unwrap().is_sound());
}

#[test]
fn what_an_operator_deletes_leaves_no_trace() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    for number in 0..1_200 {
        story.say("#lobby", "spammer", &format!("buy {number}"));
    }
    let kept = story.say("#lobby", "ana", "buy bread");
    let one = story.say("#lobby", "ana", "buy milk");
    story.indexed();
    let handle = story.store.handle();
    let spam = Selection::Range {
        of: Some(partner("#lobby")),
        from: Some(nick("SPAMMER")),
        after: None,
        before: None,
    };
    assert_eq!(handle.delete(&spam).unwrap(), 1_200);
    assert_eq!(handle.delete(&spam).unwrap(), 0);
    let ids = Selection::Ids(vec![one, MessageId(3)]);
    assert_eq!(handle.delete(&ids).unwrap(), 1);
    story.indexed();
    assert_eq!(handle.status().messages, 1);
    let found = story.search("ben", words("buy"));
    assert_eq!(
        found
            .messages
            .iter()
            .map(|message| message.id)
            .collect::<Vec<_>>(),
        [kept]
    );
    let report = handle.check().unwrap();
    assert!(report.is_sound(), "{:?}", report.complaints);
    assert_eq!((report.messages, report.authors), (1, 1));
    let raw = Connection::open(database(&home)).unwrap();
    let left: i64 = raw
        .query_row(
            "SELECT count(*) FROM author WHERE nick = 'spammer'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_handle_may_outlive_its_store() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let handle = story.store.handle();
    story.say("#lobby", "ana", "hello");
    story.store.finish();
    story.store.take_news(&mut story.news);
    let kept = |news: &News| matches!(news, News::Kept { .. });
    assert!(story.news.iter().any(kept), "what waited was written out");
    assert!(matches!(handle.check(), Err(StoreError::Closing)));
    assert!(matches!(
        handle.delete(&Selection::Ids(vec![story.last])),
        Err(StoreError::Closing)
    ));
    assert_eq!(handle.status().messages, 1);
    let id = story.next_id();
    let kind = said(Place::Room(room("#lobby")), "ana", "too late");
    let late = Record {
        id,
        at: UnixMillis(0),
        kind,
    };
    assert!(story.store.keep(late).is_err());
    assert!(
        story
            .store
            .ask(Ticket(1), Question::Message { id })
            .is_err()
    );
}

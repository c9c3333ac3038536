//! Questions: pages in every direction, whose private words are whose, what was missed, what is unread.

use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::hub::history::Trouble;

#[test]
fn pages_go_in_every_direction() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let ids: Vec<_> = (0..10)
        .map(|number| {
            story.say("#other", "ben", "elsewhere");
            story.say("#lobby", "ana", &number.to_string())
        })
        .collect();
    story.settle();
    let mut read = |range, limit| {
        let page = story.page("carl", "#LOBBY", range, limit);
        (texts(&page).join(""), page.has_more)
    };
    let is = |text: &str, more| (text.to_owned(), more);
    assert_eq!(read(Range::Latest, 3), is("789", true));
    assert_eq!(read(Range::Latest, 10), is("0123456789", false));
    assert_eq!(read(Range::Before(ids[3]), 2), is("12", true));
    assert_eq!(read(Range::Before(ids[3]), 3), is("012", false));
    assert_eq!(read(Range::Before(ids[0]), 3), is("", false));
    assert_eq!(read(Range::After(ids[6]), 2), is("78", true));
    assert_eq!(read(Range::After(ids[6]), 3), is("789", false));
    assert_eq!(read(Range::After(MessageId(u64::MAX)), 3), is("", false));
    assert_eq!(read(Range::Between(ids[2], ids[6]), 9), is("345", false));
    assert_eq!(read(Range::Between(ids[2], ids[6]), 2), is("34", true));
    assert_eq!(read(Range::Between(ids[6], ids[2]), 2), is("", false));
    assert_eq!(read(Range::Around(ids[5]), 4), is("3456", true));
    assert_eq!(read(Range::Around(ids[5]), 1), is("5", true));
    assert_eq!(read(Range::Around(ids[5]), 100), is("0123456789", false));
    let empty = story.page("carl", "#nowhere", Range::Latest, 5);
    assert_eq!(empty, Page::default());
}

#[test]
fn private_words_are_for_two_and_unheard_ones_for_one() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.tell("ana", "ben", "psst");
    story.tell("ben", "ana", "yes?");
    story.record(said(to_user("ben", true), "ana", "you ignore me"));
    story.tell("ana", "carl", "hi carl");
    story.tell("ana", "ana", "note to self");
    story.settle();
    let mut read = |who, of| {
        let page = story.page(who, of, Range::Latest, 9);
        texts(&page).join("|")
    };
    assert_eq!(read("ana", "@BEN"), "psst|yes?|you ignore me");
    assert_eq!(read("ben", "@ana"), "psst|yes?");
    assert_eq!(read("carl", "@ben"), "");
    assert_eq!(read("carl", "@ana"), "hi carl");
    assert_eq!(read("ana", "@ana"), "note to self");
    assert_eq!(read("ana", "@nobody"), "");
}

#[test]
fn what_was_missed_waits_until_it_is_kept() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let old = story.say("#lobby", "ana", "helo");
    let since = story.say("#lobby", "ana", "and then you left");
    story.settle();
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    story.say("#lobby", "ben", "one");
    story.say("#private", "ben", "not your room");
    story.tell("ben", "dora", "two");
    story.record(said(to_user("dora", true), "ben", "unheard"));
    let edit = story.record(RecordKind::Edited {
        message: old,
        text: "hello".into(),
    });
    let missed = |upto, limit| Question::Missed {
        asker: owner("dora"),
        rooms: vec![room("#lobby")],
        since,
        upto,
        limit,
    };
    // Ids beyond the newest record are of events that nobody keeps.
    let upto = MessageId(edit.0 + 1);
    story.store.ask(Ticket(77), missed(upto, 10)).unwrap();
    story.page("dora", "#lobby", Range::Latest, 9); // needs not wait
    story.store.take_news(&mut story.news);
    let answered = |news: &News| {
        matches!(
            news,
            News::Answered {
                ticket: Ticket(77),
                ..
            }
        )
    };
    assert!(!story.news.iter().any(answered));
    other.execute_batch("COMMIT").unwrap();
    let News::Answered {
        answer: Answer::Page(page),
        ..
    } = story.wait(answered)
    else {
        panic!("a page")
    };
    assert_eq!(texts(&page), ["one", "two"]);
    assert_eq!(page.changes.len(), 1);
    assert_eq!(
        (page.changes[0].id, page.changes[0].message.id),
        (edit, old)
    );
    assert_eq!(page.changes[0].message.text.as_deref(), Some("hello"));
    assert!(!page.has_more);
    let Answer::Page(page) = story.ask(missed(upto, 2)) else {
        panic!("a page")
    };
    assert_eq!(
        (texts(&page), page.changes.len(), page.has_more),
        (vec!["one", "two"], 0, true)
    );
}

#[test]
fn a_question_about_what_is_never_kept_ends_in_time() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let upto = story.say("#lobby", "ana", "hello");
    let answer = story.ask(Question::Missed {
        asker: owner("ana"),
        rooms: vec![room("#lobby")],
        since: MessageId(1),
        upto,
        limit: 5,
    });
    assert_eq!(answer, Answer::Failed(Trouble::TimedOut));
    other.execute_batch("COMMIT").unwrap();
    story.settle();
}

#[test]
fn more_questions_than_may_wait_are_refused() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let upto = story.say("#lobby", "ana", "hello");
    let asked = (0..1_000).take_while(|number| {
        let question = Question::Missed {
            asker: owner("ana"),
            rooms: Vec::new(),
            since: MessageId(1),
            upto,
            limit: 5,
        };
        story.store.ask(Ticket(1_000 + number), question).is_ok()
    });
    assert_eq!(asked.count(), super::super::questions::QUESTIONS_MAX);
    other.execute_batch("COMMIT").unwrap();
    story.settle();
}

#[test]
fn unread_counts_what_others_said() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ben", "one");
    let read = story.say("#lobby", "ben", "two");
    story.record(RecordKind::MarkSet {
        owner: owner("ana"),
        of: partner("#Lobby"),
        upto: read,
    });
    // Never back.
    story.record(RecordKind::MarkSet {
        owner: owner("ana"),
        of: partner("#lobby"),
        upto: MessageId(5),
    });
    story.say("#lobby", "ana", "mine");
    story.say("#lobby", "ben", "three");
    let gone = story.say("#lobby", "ben", "four");
    story.record(RecordKind::Deleted { message: gone });
    story.tell("ben", "ana", "psst");
    let done = story.tell("carl", "ana", "done");
    story.record(RecordKind::MarkSet {
        owner: owner("ana"),
        of: partner("@carl"),
        upto: done,
    });
    story.record(said(to_user("ana", true), "dora", "unheard"));
    story.settle();
    let unread = story.unread("ana", &["dora"], &["#lobby", "#empty"]);
    let expected = [
        ("#lobby", Some(read), 1),
        ("#empty", None, 0),
        ("@ben", None, 1),
    ];
    let expected = expected.map(|(of, read, count)| Unread {
        of: partner(of),
        read,
        count,
    });
    assert_eq!(unread, expected);
    // Nobody is told to read what they would not be shown.
    let unread = story.unread("ana", &["eve", "ben"], &["#lobby"]);
    assert_eq!(
        unread,
        [Unread {
            of: partner("#lobby"),
            read: Some(read),
            count: 0
        }]
    );
}

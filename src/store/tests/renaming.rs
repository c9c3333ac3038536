//! A room gets another name: what is kept of it, what is on its way, and what a start finds.

use super::*;
use crate::hub::history::{Renaming, Trouble};
use crate::store::Selection;

fn rename(from: &str, to: &str) -> Renaming {
    let (from, to) = (room(from), room(to));
    Renaming::Rename { from, to }
}

fn forget(name: &str) -> Renaming {
    Renaming::Forget { name: room(name) }
}

impl Story {
    fn change(&mut self, renaming: Renaming) -> Answer {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.store.rename(ticket, renaming).expect("few ask");
        let mine = |news: &News| matches!(news, News::Answered { ticket: to, .. } if *to == ticket);
        let News::Answered { answer, .. } = self.wait(mine) else {
            unreachable!("only an answer is mine");
        };
        answer
    }

    fn texts(&mut self, of: &str) -> Vec<String> {
        let page = self.page("ana", of, Range::Latest, 100);
        let texts = page.messages.iter();
        texts
            .map(|it| {
                let Place::Room(place) = &it.place else {
                    panic!("{it:?}");
                };
                format!("{place} {}", it.text.as_deref().unwrap_or_default())
            })
            .collect()
    }

    fn set_topic(&mut self, of: &str, topic: &str) {
        self.record(RecordKind::TopicSet {
            room: room(of),
            topic: Some(topic.into()),
            by: None,
        });
    }

    fn mark(&mut self, who: &str, of: &str, upto: MessageId) {
        self.record(RecordKind::MarkSet {
            owner: owner(who),
            of: partner(of),
            upto,
        });
    }
}

const DONE: Answer = Answer::Renamed { is_done: true };
const IN_USE: Answer = Answer::Renamed { is_done: false };

#[test]
fn messages_topic_marks_and_retention_follow_and_the_old_name_has_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    let first = story.say("#old", "ana", "one");
    story.set_topic("#old", "tea");
    story.mark("ben", "#old", first);
    story.say("#old", "ana", "two");
    let retention = Retention {
        age: None,
        messages: Some(7),
    };
    story
        .store
        .handle()
        .set_retention(&room("#old"), Some(retention))
        .unwrap();
    assert_eq!(story.change(rename("#old", "#new")), DONE);
    // Until it is forgotten, the old name means the same room: for records and for questions.
    story.say("#old", "ana", "three");
    story.say("#new", "ana", "four");
    let all = ["#new one", "#new two", "#new three", "#new four"];
    assert_eq!(story.texts("#old"), all);
    assert_eq!(story.texts("#new"), all);
    let unread = story.unread("ben", &[], &["#new", "#old"]);
    assert_eq!(unread[0].read, Some(first));
    assert_eq!((unread[0].count, unread[1].count), (3, 3));
    assert_eq!(story.change(forget("#old")), DONE);
    story.say("#old", "ana", "of another room");
    assert_eq!(story.texts("#old"), ["#old of another room"]);
    assert_eq!(story.texts("#new"), all);
    let unread = story.unread("ben", &[], &["#old"]);
    assert_eq!((unread[0].read, unread[0].count), (None, 1));
    let own = story.store.handle().retentions().unwrap();
    assert_eq!(own, [(room("#new"), retention)]);
    story.indexed();
    let query = Query {
        words: "three".into(),
        of: Some(partner("#new")),
        from: None,
        after: None,
        before: None,
    };
    assert_eq!(story.search("ana", query).messages.len(), 1);
    story.store.close();
    let story = Story::begin(&home);
    assert_eq!(story.restored.topics, [(room("#new"), "tea".into())]);
    assert_eq!(story.restored.renamed, []);
}

#[test]
fn a_name_under_which_something_is_kept_is_not_given() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#old", "ana", "one");
    story.say("#other", "ana", "of another room");
    story.set_topic("#quiet", "tea");
    assert_eq!(story.change(rename("#old", "#other")), IN_USE);
    assert_eq!(story.change(rename("#old", "#quiet")), IN_USE);
    assert_eq!(story.texts("#old"), ["#old one"]);
    assert_eq!(story.change(rename("#old", "#new")), DONE);
    assert_eq!(story.change(rename("#other", "#old")), IN_USE, "it is held");
    // Another case of the letters is the same name.
    assert_eq!(story.change(forget("#old")), DONE);
    assert_eq!(story.change(rename("#new", "#NEW")), DONE);
    assert_eq!(story.texts("#new"), ["#NEW one"]);
    // Of a room of which nothing is left but a mark, nothing hinders and nothing stays.
    story.record(RecordKind::TopicSet {
        room: room("#quiet"),
        topic: None,
        by: None,
    });
    story.mark("ben", "#quiet", MessageId(7));
    story.settle();
    assert_eq!(story.change(rename("#new", "#quiet")), DONE);
    assert_eq!(story.texts("#quiet"), ["#quiet one"]);
    assert_eq!(story.unread("ben", &[], &["#quiet"])[0].read, None);
}

#[test]
fn what_only_the_log_has_finds_its_room_after_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#old", "ana", "one");
    assert_eq!(story.change(rename("#old", "#new")), DONE);
    // Acknowledged under both names, and perhaps only in the log.
    story.say("#old", "ana", "two");
    let last = story.say("#new", "ana", "three");
    story.wait(|news| matches!(news, News::Kept { upto } if *upto >= last));
    let killed = copy_as_after_a_crash(&home);
    let mut story = Story::begin(&killed);
    assert_eq!(story.restored.renamed, [(room("#old"), room("#new"))]);
    assert_eq!(story.texts("#new"), ["#new one", "#new two", "#new three"]);
    assert_eq!(story.change(forget("#old")), DONE);
    let killed = copy_as_after_a_crash(&killed);
    let mut story = Story::begin(&killed);
    assert_eq!(story.restored.renamed, []);
    assert_eq!(story.texts("#old"), [] as [&str; 0]);
}

#[test]
fn a_room_that_loses_its_last_message_meanwhile_stays() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    let only = story.say("#old", "ana", "one");
    assert_eq!(story.change(rename("#old", "#new")), DONE);
    let all = Selection::Ids(vec![only]);
    assert_eq!(story.store.handle().delete(&all).unwrap(), 1);
    story.say("#old", "ana", "two");
    assert_eq!(story.texts("#new"), ["#new two"]);
}

#[test]
fn of_a_room_in_which_nothing_was_said_nothing_stays() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    assert_eq!(story.change(rename("#old", "#new")), DONE);
    let reader = rusqlite::Connection::open(database(&home)).unwrap();
    let rooms = || -> i64 {
        let sql = "SELECT count(*) FROM conversation";
        reader.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rooms(), 1);
    assert_eq!(story.change(forget("#old")), DONE);
    assert_eq!(rooms(), 0);
    story.say("#new", "ana", "one");
    assert_eq!(story.texts("#new"), ["#new one"]);
    assert_eq!(rooms(), 1);
}

/// A room in which something was said that the database does not get, as somebody else has it to themselves.
fn behind(home: &TempDir) -> (Story, rusqlite::Connection) {
    let mut story = Story::begin(home);
    let other = rusqlite::Connection::open(database(home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = story.say("#old", "ana", "one");
    story.wait(|news| matches!(news, News::Kept { upto } if *upto >= said));
    (story, other)
}

#[test]
fn what_waits_for_records_for_too_long_is_given_up() {
    let home = tempfile::tempdir().unwrap();
    let (mut story, other) = behind(&home);
    let answer = story.change(rename("#old", "#new"));
    assert_eq!(answer, Answer::Failed(Trouble::TimedOut));
    other.execute_batch("ROLLBACK").unwrap();
    story.settle();
    assert_eq!(story.texts("#old"), ["#old one"], "not later either");
    assert_eq!(story.change(rename("#old", "#new")), DONE);
}

#[test]
fn what_still_waits_at_the_end_is_answered() {
    let home = tempfile::tempdir().unwrap();
    let (mut story, other) = behind(&home);
    let ticket = Ticket(7);
    story.store.rename(ticket, rename("#old", "#new")).unwrap();
    let shared = Arc::clone(&story.store.shared);
    shared.renamings.close(&shared.news);
    let answer = Answer::Failed(Trouble::Behind);
    let answered = News::Answered { ticket, answer };
    story.wait(|news| *news == answered);
    let later = story.store.rename(Ticket(8), rename("#old", "#new"));
    assert!(later.is_err(), "nobody would answer");
    other.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn what_waits_for_too_long_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#old", "ana", "one");
    story.settle();
    // Somebody else has the database to themselves.
    let other = rusqlite::Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = story.change(rename("#old", "#new"));
    assert!(
        matches!(answer, Answer::Failed(Trouble::Behind | Trouble::TimedOut)),
        "{answer:?}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(story.texts("#old"), ["#old one"]);
    assert_eq!(story.change(rename("#old", "#new")), DONE);
}

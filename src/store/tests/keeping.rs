//! Records: many in one commit, ids that only rise, and what is there again after a start.

use std::sync::atomic::Ordering;

use proptest::prelude::*;
use tempfile::tempdir;

use super::*;

#[test]
fn what_waits_is_kept_with_few_commits() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    for number in 0..1_000 {
        story.say("#lobby", "ana", &format!("line {number}"));
    }
    story.settle();
    let meter = &story.store.shared.meter;
    assert_eq!(meter.records.load(Ordering::Relaxed), 1_000);
    // They come faster than any disk commits them one by one.
    assert!(meter.commits.load(Ordering::Relaxed) <= 500);
    assert_eq!(story.store.handle().status().messages, 1_000);
    assert_eq!(story.store.handle().status().waiting_bytes, 0);
}

#[test]
fn everything_is_there_again_after_a_start() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let hello = story.say("#Lobby", "Ana", "hello");
    story.record(RecordKind::TopicSet {
        room: room("#lobby"),
        topic: Some("tea".into()),
        by: None,
    });
    let own = story.record(said_as("ben", "b-1", "mine"));
    story.settle();
    story.store.close();

    let mut story = Story::begin(&home);
    assert_eq!(
        story.restored.last_id, own,
        "closed in order: the exact last id"
    );
    assert_eq!(story.restored.topics, [(room("#lobby"), "tea".into())]);
    let [sent] = &*story.restored.sent else {
        panic!("{:?}", story.restored.sent)
    };
    assert_eq!(
        (sent.owner, sent.client_msgid.as_str()),
        (owner("ben"), "b-1")
    );
    assert_eq!((sent.id, sent.at), (own, UnixMillis(own.0 >> 20)));
    let page = story.page("carl", "#lobby", Range::Latest, 10);
    assert_eq!(texts(&page), ["hello", "mine"]);
    assert_eq!(page.messages[0].id, hello);
    assert_eq!(page.messages[0].from.nick.as_str(), "Ana");
    assert_eq!(page.messages[0].place, Place::Room(room("#lobby")));
}

#[test]
fn no_id_is_given_twice_although_the_store_was_never_closed() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let kept = story.say("#lobby", "ana", "kept");
    story.settle();
    let joined = MessageId(kept.0 + (2 << 20));
    story.store.reserve(joined);
    let crashed = copy_as_after_a_crash(&home);
    let after = Story::begin(&crashed);
    assert!(after.restored.last_id > joined);

    // And far beyond what the last message has reserved.
    let later = MessageId(kept.0 + (60_000 << 20));
    story.store.reserve(later);
    let shared = &story.store.shared;
    until("the ceiling is raised", || !shared.ids.is_near());
    let crashed = copy_as_after_a_crash(&home);
    assert!(Story::begin(&crashed).restored.last_id > later);
}

#[test]
fn a_clients_own_ids_are_remembered_for_ten_minutes() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.record(said_as("ana", "old", "one"));
    story.last = MessageId(story.last.0 + ((10 * 60 * 1000 + 5) << 20));
    story.record(said_as("ana", "new", "two"));
    story.settle();
    story.store.close();
    let story = Story::begin(&home);
    let own: Vec<_> = story
        .restored
        .sent
        .iter()
        .map(|sent| sent.client_msgid.as_str())
        .collect();
    assert_eq!(own, ["new"]);
}

#[test]
fn an_edit_is_seen_and_a_deletion_stays_known() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let first = story.say("#lobby", "ana", "helo");
    let second = story.say("#lobby", "ana", "secret");
    let edit = story.record(RecordKind::Edited {
        message: first,
        text: "hello".into(),
    });
    story.record(RecordKind::Deleted { message: second });
    // What is deleted has no text that could be changed.
    story.record(RecordKind::Edited {
        message: second,
        text: "again".into(),
    });
    story.settle();
    let page = story.page("ben", "#lobby", Range::Latest, 10);
    assert_eq!(page.messages.len(), 2);
    assert_eq!(page.messages[0].text.as_deref(), Some("hello"));
    assert_eq!(page.messages[0].changed_at, Some(UnixMillis(edit.0 >> 20)));
    assert_eq!(page.messages[1].text, None);
    let Answer::Message(Some(found)) = story.ask(Question::Message { id: first }) else {
        panic!("it is there")
    };
    assert_eq!(found, page.messages[0]);
    assert_eq!(
        story.ask(Question::Message { id: MessageId(7) }),
        Answer::Message(None)
    );
}

#[test]
fn a_relaxed_store_keeps_too() {
    let home = tempdir().unwrap();
    let mut story = Story::with(
        Options {
            durability: Durability::Relaxed,
            ..options(home.path())
        },
        BRISK,
    );
    story.say("#lobby", "ana", "hello");
    story.settle();
    story
        .store
        .reconfigure(Durability::Commit, Retention::FOR_EVER);
    story.say("#lobby", "ana", "again");
    story.settle();
    assert_eq!(
        story.page("ana", "#lobby", Range::Latest, 9).messages.len(),
        2
    );
}

fn any_record() -> impl Strategy<Value = (u8, u8, String)> {
    (0..6_u8, 0..4_u8, "[ -~가-힣🎉]{0,40}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_kept_is_there_after_a_start(
        records in proptest::collection::vec(any_record(), 1..60),
    ) {
        let home = tempdir().unwrap();
        let mut story = Story::begin(&home);
        let mut messages = Vec::new();
        for (kind, who, text) in &records {
            let who = ["ana", "ben", "Carl", "김철수"][usize::from(*who)];
            let earlier = messages.last().copied().unwrap_or_default();
            match kind {
                0 => { story.record(RecordKind::Edited { message: earlier, text: (**text).into() }); }
                1 => { story.record(RecordKind::Deleted { message: earlier }); }
                2 => { story.record(RecordKind::MarkSet { owner: owner(who), of: partner("#a"), upto: earlier }); }
                3 => messages.push(story.tell(who, "dora", text)),
                _ => messages.push(story.say(["#a", "#B"][usize::from(*kind) - 4], who, text)),
            }
        }
        story.settle();
        let before: Vec<_> = messages.iter().map(|id| story.ask(Question::Message { id: *id })).collect();
        story.store.close();
        prop_assert!(crate::store::check_file(&database(&home)).unwrap().is_sound());
        let mut story = Story::begin(&home);
        let after: Vec<_> = messages.iter().map(|id| story.ask(Question::Message { id: *id })).collect();
        prop_assert_eq!(before, after);
    }
}

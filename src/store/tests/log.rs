//! The commit log: what a crash leaves in it is there after the next start, once and in order, and nothing
//! else is.

use std::fs;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::store::{Selection, check_file, commit_log};

/// A story whose database has nothing of what is said, as somebody else holds its lock.
fn held_back(home: &TempDir) -> (Story, Connection) {
    let story = Story::begin(home);
    let other = Connection::open(database(home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    (story, other)
}

fn wait_until_kept(story: &mut Story) {
    let newest = story.store.shared.ids.pushed();
    story.wait(|news| matches!(news, News::Kept { upto } if *upto >= newest));
}

fn all_texts(story: &mut Story) -> Vec<String> {
    let page = story.page("ana", "#lobby", Range::Latest, 1_000);
    texts(&page).into_iter().map(str::to_owned).collect()
}

fn log(home: &TempDir) -> PathBuf {
    commit_log::path_of(&database(home))
}

/// Where the zeros begin that are behind the last frame of the first half. A frame may end with zeros of its
/// own, so its length is what it says in its header.
fn end_of_log(log: &Path) -> usize {
    let bytes = fs::read(log).unwrap();
    let mut end = usize::try_from(commit_log::HEADER_BYTES).unwrap();
    loop {
        let length: [u8; 4] = bytes[end + 4..end + 8].try_into().unwrap();
        match u32::from_le_bytes(length) {
            0 => return end,
            length => end += length as usize,
        }
    }
}

#[test]
fn what_only_the_log_has_is_there_after_a_crash() {
    let home = tempdir().unwrap();
    let (mut story, other) = held_back(&home);
    let first = story.say("#lobby", "ana", "one");
    story.tell("ana", "ben", "only for you");
    story.record(said_as("ana", "own-1", "two"));
    story.record(RecordKind::TopicSet {
        room: room("#lobby"),
        topic: Some("tea".into()),
        by: None,
    });
    story.record(RecordKind::Edited {
        message: first,
        text: "one, better".into(),
    });
    story.record(RecordKind::MarkSet {
        owner: owner("ben"),
        of: partner("#lobby"),
        upto: first,
    });
    let last = story.say("#lobby", "ana", "three");
    wait_until_kept(&mut story);

    let crashed = copy_as_after_a_crash(&home);
    let report = check_file(&database(&crashed)).unwrap();
    assert_eq!((report.messages, report.in_log), (0, 7));
    assert!(report.is_sound(), "{:?}", report.complaints);
    for _ in 0..2 {
        // The second time everything is in the database.
        let mut after = Story::begin(&crashed);
        assert!(after.restored.last_id >= last);
        assert_eq!(after.restored.topics, [(room("#lobby"), "tea".into())]);
        assert_eq!(after.restored.sent[0].client_msgid.as_str(), "own-1");
        assert_eq!(all_texts(&mut after), ["one, better", "two", "three"]);
        let private = after.page("ben", "@ana", Range::Latest, 9);
        assert_eq!(texts(&private), ["only for you"]);
        assert_eq!(after.unread("ben", &[], &["#lobby"])[0].read, Some(first));
    }
    other.execute_batch("COMMIT").unwrap();
    story.settle();
    assert_eq!(all_texts(&mut story), ["one, better", "two", "three"]);
}

#[test]
fn what_was_removed_does_not_come_back_from_the_log() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let secret = story.say("#lobby", "ana", "a password, by mistake");
    story.say("#lobby", "ana", "nothing to see");
    story.settle();
    let selection = Selection::Ids(vec![secret]);
    assert_eq!(story.store.handle().delete(&selection).unwrap(), 1);
    let crashed = copy_as_after_a_crash(&home);
    assert_eq!(all_texts(&mut Story::begin(&crashed)), ["nothing to see"]);
}

#[test]
fn a_store_that_was_closed_leaves_no_log() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "hello");
    story.settle();
    assert!(log(&home).exists());
    story.store.close();
    assert!(!log(&home).exists());
    assert_eq!(all_texts(&mut Story::begin(&home)), ["hello"]);
}

#[test]
fn one_that_the_database_could_not_take_over_stays() {
    let home = tempdir().unwrap();
    let (mut story, other) = held_back(&home);
    story.say("#lobby", "ana", "hello");
    wait_until_kept(&mut story);
    story.store.close();
    assert!(log(&home).exists());
    drop(other);
    assert_eq!(all_texts(&mut Story::begin(&home)), ["hello"]);
}

#[test]
fn the_log_goes_round_and_does_not_grow() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    let text = "w".repeat(30_000);
    for round in 0..2_000 {
        story.say("#lobby", "ana", &format!("{round} {text}"));
        if round % 100 == 99 {
            story.settle();
            story.forget();
        }
    }
    assert_eq!(story.store.handle().status().lost, 0);
    let bytes = fs::metadata(log(&home)).unwrap().len();
    assert!(bytes <= commit_log::HEADER_BYTES + 2 * 8 * 1024 * 1024);
    let crashed = copy_as_after_a_crash(&home);
    let page = Story::begin(&crashed).page("ana", "#lobby", Range::Latest, 1_000);
    let numbers = page.messages.iter().map(|message| {
        let (number, rest) = message.text.as_ref().unwrap().split_once(' ').unwrap();
        assert_eq!(rest, text);
        number.parse::<usize>().unwrap()
    });
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        (1_000..2_000).collect::<Vec<_>>()
    );
    assert_eq!(check_file(&database(&crashed)).unwrap().messages, 2_000);
}

#[test]
fn both_halves_are_read_after_a_crash() {
    let home = tempdir().unwrap();
    let roomy = Options {
        queue_bytes: 64 * 1024 * 1024,
        ..options(home.path())
    };
    let mut story = Story::with(roomy, BRISK);
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let text = "w".repeat(30_000);
    for number in 0..400 {
        story.say("#lobby", "ana", &format!("{number} {text}")); // 12 MB
    }
    wait_until_kept(&mut story);
    let crashed = copy_as_after_a_crash(&home);
    assert_eq!(check_file(&database(&crashed)).unwrap().in_log, 400);

    // The log has no room for so much more. Who holds the lock for longer than a disk may stand still loses
    // what does not fit, and is told so; then everything goes on.
    for number in 400..1_000 {
        story.say("#lobby", "ana", &format!("{number} {text}"));
    }
    story.wait(|news| {
        matches!(
            news,
            News::Lost {
                why: crate::hub::history::Trouble::Behind,
                ..
            }
        )
    });
    other.execute_batch("COMMIT").unwrap();
    story.wait(|news| *news == News::Works);
    story.settle();
    let status = story.store.handle().status();
    assert_eq!(status.messages + status.lost, 1_000);
    assert_eq!(all_texts(&mut story).len() as u64, status.messages);
    story.store.close();
    assert!(check_file(&database(&home)).unwrap().is_sound());

    let all = all_texts(&mut Story::begin(&crashed));
    assert_eq!(all.len(), 400);
    assert!(
        (0..)
            .zip(&all)
            .all(|(number, it)| it.starts_with(&format!("{number} w")))
    );
}

#[test]
fn a_log_that_is_removed_under_the_store_is_replaced_and_nothing_is_gone() {
    let home = tempdir().unwrap();
    let (mut story, other) = held_back(&home);
    story.say("#lobby", "ana", "only in the log");
    wait_until_kept(&mut story);
    fs::remove_file(log(&home)).unwrap();
    let lost = story.say("#lobby", "ana", "into a file that nobody will find");
    story.wait(|news| matches!(news, News::Lost { from, .. } if *from == lost));
    drop(other);
    story.wait(|news| *news == News::Works);
    story.say("#lobby", "ana", "goes on");
    story.settle();
    assert_eq!(all_texts(&mut story), ["only in the log", "goes on"]);
    let crashed = copy_as_after_a_crash(&home);
    assert_eq!(
        all_texts(&mut Story::begin(&crashed)),
        ["only in the log", "goes on"]
    );
}

#[test]
fn a_history_that_was_set_aside_comes_back_with_its_log() {
    let home = tempdir().unwrap();
    let (mut story, other) = held_back(&home);
    story.say("#lobby", "ana", "only in the log");
    wait_until_kept(&mut story);
    let crashed = copy_as_after_a_crash(&home);
    drop((other, story));
    let backup = home.path().join("backup.db");
    let empty = tempdir().unwrap();
    let story = Story::begin(&empty);
    story.store.handle().backup(&backup).unwrap();
    let report = crate::store::restore(&backup, &database(&crashed)).unwrap();
    assert_eq!(all_texts(&mut Story::begin(&crashed)), [""; 0]);
    let aside = report.kept_aside.unwrap();
    crate::store::restore(&aside, &database(&crashed)).unwrap();
    assert_eq!(all_texts(&mut Story::begin(&crashed)), ["only in the log"]);
}

#[test]
fn what_the_database_has_is_on_the_disk_although_no_id_was_given_since() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "hello");
    story.settle();
    let shared = Arc::clone(&story.store.shared);
    // A transaction that changes nothing synchronises nothing, so each must leave something in the log.
    for _ in 0..3 {
        let before = shared
            .gauges
            .wal_pages
            .load(std::sync::atomic::Ordering::Relaxed);
        shared.backlog.want_durable();
        until("a page more", || {
            shared
                .gauges
                .wal_pages
                .load(std::sync::atomic::Ordering::Relaxed)
                > before
        });
    }
    assert_eq!(shared.ids.durable(), shared.ids.settled());
}

#[test]
fn a_log_without_its_database_is_not_thrown_away() {
    let home = tempdir().unwrap();
    let (mut story, other) = held_back(&home);
    story.say("#lobby", "ana", "hello");
    wait_until_kept(&mut story);
    let crashed = copy_as_after_a_crash(&home);
    drop((other, story));
    for name in ["history.db", "history.db-wal"] {
        fs::remove_file(crashed.path().join(name)).unwrap();
    }
    let before = fs::read(log(&crashed)).unwrap();
    let refused = Story::try_with(options(crashed.path()), BRISK)
        .err()
        .unwrap();
    assert!(matches!(refused, OpenError::Missing { .. }), "{refused}");
    assert_eq!(fs::read(log(&crashed)).unwrap(), before);
}

#[test]
fn a_strange_log_is_refused_and_left_alone() {
    type Spoil = dyn Fn(&Path);
    let spoil: [(&str, &Spoil); 4] = [
        ("no commit log", &|log| {
            fs::write(log, "x".repeat(5_000)).unwrap();
        }),
        ("version 9", &|log| {
            let file = fs::OpenOptions::new().write(true).open(log).unwrap();
            file.write_all_at(&[9], 8).unwrap();
        }),
        ("header is damaged", &|log| {
            let file = fs::OpenOptions::new().write(true).open(log).unwrap();
            file.write_all_at(b"another", 12).unwrap();
        }),
        ("another history", &|log| {
            // Of a history that has another database.
            let other = tempdir().unwrap();
            let (mut story, lock) = held_back(&other);
            story.last = MessageId(story.last.0 + (1 << 40));
            story.say("#lobby", "eve", "not from here");
            wait_until_kept(&mut story);
            fs::copy(self::log(&other), log).unwrap();
            drop((lock, story));
        }),
    ];
    for (what, spoil) in spoil {
        let home = tempdir().unwrap();
        let mut story = Story::begin(&home);
        story.say("#lobby", "ana", "hello");
        story.settle();
        let crashed = copy_as_after_a_crash(&home);
        spoil(&log(&crashed));
        let before = fs::read(log(&crashed)).unwrap();
        let refused = Story::try_with(options(crashed.path()), BRISK)
            .err()
            .unwrap_or_else(|| panic!("{what} is refused"));
        assert!(refused.to_string().contains(what), "{refused}");
        assert!(refused.to_string().contains("chatctl restore"), "{refused}");
        assert_eq!(fs::read(log(&crashed)).unwrap(), before, "{what}");
        let complaints = check_file(&database(&crashed)).unwrap().complaints;
        assert!(complaints[0].contains(what), "{complaints:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A crash in the middle of a write leaves a beginning of it, or rubbish.
    #[test]
    fn a_log_that_ends_anywhere_gives_a_beginning_of_what_was_said(
        lines in 1..40_usize,
        cut in 0.0..1.0_f64,
        rubbish in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let home = tempdir().unwrap();
        let (mut story, other) = held_back(&home);
        let said: Vec<String> = (0..lines).map(|line| format!("line {line}")).collect();
        let mut frames = Vec::new();
        for line in &said {
            story.say("#lobby", "ana", line);
            wait_until_kept(&mut story); // a frame each
            frames.push(end_of_log(&log(&home)));
        }
        let header = usize::try_from(commit_log::HEADER_BYTES).unwrap();
        let frames: Vec<usize> = frames
            .iter()
            .scan(header, |before, end| Some(end - std::mem::replace(before, *end)))
            .collect();
        let crashed = copy_as_after_a_crash(&home);
        drop((other, story));
        let bytes = fs::read(log(&crashed)).unwrap();
        let end = end_of_log(&log(&crashed));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let kept = header + ((end - header) as f64 * cut) as usize;
        let mut torn = bytes[..kept].to_vec();
        torn.extend(&rubbish);
        torn.resize(bytes.len().max(torn.len()), 0);
        fs::write(log(&crashed), &torn).unwrap();

        let mut after = Story::begin(&crashed);
        let found = all_texts(&mut after);
        let mut ends = frames.iter().scan(header, |end, frame| {
            *end += frame;
            Some(*end)
        });
        // Rubbish may be just what was cut off.
        let whole = ends.by_ref().take_while(|end| bytes[..*end] == torn[..*end]).count();
        prop_assert_eq!(&found, &said[..whole]);
        after.say("#lobby", "ana", "goes on");
        after.settle();
        let found = all_texts(&mut after);
        prop_assert_eq!(found.last().map(String::as_str), Some("goes on"));
    }
}

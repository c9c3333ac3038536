//! Files: who may read them, what is refused, old ones and strange ones.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{FileExt, PermissionsExt};

use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::store::{check_file, look, schema};

/// Why a start is refused. Looking says the same beforehand, and leaves everything as it is.
fn refusal(home: &TempDir) -> OpenError {
    let foreseen = looked(home).expect_err("refused, too");
    let refused = Story::try_with(options(home.path()), BRISK)
        .err()
        .expect("refused");
    assert_eq!(
        std::mem::discriminant(&foreseen),
        std::mem::discriminant(&refused),
        "{foreseen} / {refused}"
    );
    refused
}

/// What looking says, which must change nothing.
fn looked(home: &TempDir) -> Result<Option<u32>, OpenError> {
    let before = everything_in(home);
    let looked = look(&database(home));
    assert_eq!(everything_in(home), before);
    looked
}

/// Names, kinds, bytes and times of all files.
fn everything_in(home: &TempDir) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    let mut all: Vec<_> = std::fs::read_dir(home.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            let mut bytes = DefaultHasher::new();
            std::fs::read(entry.path())
                .unwrap_or_default()
                .hash(&mut bytes);
            (
                entry.file_name(),
                about.file_type(),
                about.modified().unwrap(),
                bytes.finish(),
            )
        })
        .collect();
    all.sort_by_key(|(name, ..)| name.clone());
    all
}

#[test]
fn looking_finds_what_a_start_would_find() {
    let home = tempdir().unwrap();
    assert_eq!(looked(&home).unwrap(), None);
    let below = home.path().join("not/there/history.db");
    assert_eq!(look(&below).unwrap(), None);
    std::fs::write(database(&home), "").unwrap();
    assert_eq!(looked(&home).unwrap(), Some(0));
    Story::begin(&home).store.close();
    assert_eq!(looked(&home).unwrap(), Some(schema::VERSION));
}

#[test]
fn looking_reads_the_log_that_a_killed_daemon_left() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.record(RecordKind::TopicSet {
        room: room("#lobby"),
        topic: Some("tea".into()),
        by: None,
    });
    story.settle();
    let killed = tempdir().unwrap();
    for name in ["history.db", "history.db-wal", "history.db-log"] {
        std::fs::copy(home.path().join(name), killed.path().join(name)).unwrap();
    }
    drop(story);
    assert!(
        std::fs::metadata(killed.path().join("history.db-wal"))
            .unwrap()
            .len()
            > 0
    );
    assert_eq!(looked(&killed).unwrap(), Some(schema::VERSION));
    let db = std::fs::File::options()
        .write(true)
        .open(database(&killed))
        .unwrap();
    db.write_all_at(&[0xff; 4_096], 0).unwrap();
    let log = killed.path().join("history.db-wal");
    std::fs::write(&log, std::fs::read(&log).unwrap().split_at(4_000).0).unwrap();
    refusal(&killed);
}

#[test]
fn links_and_directories_are_refused() {
    let home = tempdir().unwrap();
    let elsewhere = tempdir().unwrap();
    Story::begin(&elsewhere).store.close();
    std::os::unix::fs::symlink(database(&elsewhere), database(&home)).unwrap();
    let refused = looked(&home).unwrap_err();
    assert!(refused.to_string().contains("it is a link"), "{refused}");
    assert!(Story::try_with(options(home.path()), BRISK).is_err());
    for place in [database(&home), home.path().join("history.db.lock")] {
        let _ = std::fs::remove_file(&place);
        std::fs::create_dir(&place).unwrap();
        let refused = looked(&home).unwrap_err();
        assert!(refused.to_string().contains("no plain file"), "{refused}");
        assert!(Story::try_with(options(home.path()), BRISK).is_err());
        std::fs::remove_dir(&place).unwrap();
    }
}

#[test]
fn only_the_owner_may_read() {
    let home = tempdir().unwrap();
    let below = home.path().join("a/b");
    let mut story = Story::with(options(&below), BRISK);
    story.say("#lobby", "ana", "hello");
    story.indexed();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&below), 0o700);
    for entry in std::fs::read_dir(&below).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn one_daemon_at_a_time() {
    let home = tempdir().unwrap();
    let story = Story::begin(&home);
    let own = std::process::id();
    let foreseen = look(&database(&home)).unwrap_err();
    let refused = Story::try_with(options(home.path()), BRISK).err().unwrap();
    for refused in [foreseen, refused] {
        assert!(
            matches!(refused, OpenError::InUse { pid: Some(pid), .. } if pid == own),
            "{refused}"
        );
        assert!(refused.to_string().contains("chatctl status"), "{refused}");
    }
    drop(story);
    Story::begin(&home);
}

#[test]
fn a_newer_history_is_refused_and_left_alone() {
    let home = tempdir().unwrap();
    Story::begin(&home).store.close();
    let db = Connection::open(database(&home)).unwrap();
    db.pragma_update(None, "user_version", 999).unwrap();
    drop(db);
    let before = std::fs::read(database(&home)).unwrap();
    let refused = refusal(&home);
    assert!(
        matches!(refused, OpenError::Newer { found: 999, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("chatctl restore"), "{refused}");
    assert_eq!(std::fs::read(database(&home)).unwrap(), before);
}

#[test]
fn a_foreign_database_is_refused() {
    let home = tempdir().unwrap();
    let db = Connection::open(database(&home)).unwrap();
    db.execute_batch("CREATE TABLE recipes (id)").unwrap();
    drop(db);
    let refused = refusal(&home);
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
}

#[test]
fn a_damaged_history_is_refused_and_never_begun_anew() {
    let spoil: [&dyn Fn(&std::fs::File); 4] = [
        &|file| file.set_len(9_000).unwrap(),
        &|file| file.write_all_at(b"nonsense nonsense", 0).unwrap(),
        &|file| file.write_all_at(&[0xff; 8_192], 4_096).unwrap(),
        &|file| file.set_len(50).unwrap(),
    ];
    for (number, spoil) in spoil.into_iter().enumerate() {
        let home = tempdir().unwrap();
        let mut story = Story::begin(&home);
        for line in 0..500 {
            story.say(
                "#lobby",
                "ana",
                &format!("a line of some length, number {line}"),
            );
        }
        story.store.close();
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(database(&home))
            .unwrap();
        spoil(&file);
        let before = std::fs::read(database(&home)).unwrap();
        let refused = refusal(&home);
        assert!(
            matches!(refused, OpenError::Damaged { .. }),
            "{number}: {refused}"
        );
        assert!(
            refused.to_string().contains("chatctl db check"),
            "{refused}"
        );
        assert_eq!(std::fs::read(database(&home)).unwrap(), before, "{number}");
        let checked = check_file(&database(&home));
        assert!(!checked.is_ok_and(|report| report.is_sound()), "{number}");
    }
}

#[test]
fn a_history_of_version_1_still_opens() {
    let home = tempdir().unwrap();
    let db = Connection::open(database(&home)).unwrap();
    db.execute_batch(include_str!("../../../tests/data/history-1.sql"))
        .unwrap();
    drop(db);
    let mut story = Story::begin(&home);
    assert_eq!(story.restored.last_id, MessageId(1_800_000_003_000 << 20));
    assert_eq!(story.restored.topics, [(room("#lobby"), "tea".into())]);
    assert_eq!(
        texts(&story.page("ana", "#lobby", Range::Latest, 9)),
        ["hello from version 1"]
    );
    story.indexed();
    assert_eq!(story.search("ben", words("version")).messages.len(), 1);
    story.store.close();
    let report = check_file(&database(&home)).unwrap();
    assert!(report.is_sound(), "{:?}", report.complaints);
    assert_eq!(report.schema, schema::VERSION);
}

//! Disks that are full, slow, or gone: what is said then, what is lost, and that it heals.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;

use rusqlite::Connection;
use tempfile::tempdir;

use super::*;
use crate::hub::history::Trouble;
use crate::store::Full;

fn works(news: &News) -> bool {
    *news == News::Works
}

fn fails_because(trouble: Trouble) -> impl Fn(&News) -> bool {
    move |news| *news == News::Fails(trouble)
}

#[test]
fn a_database_that_cannot_grow_loses_nothing_and_heals() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "fits");
    story.settle();
    story.forget();
    let gauges = Arc::clone(&story.store.shared.gauges);
    fill(&mut story, &gauges);

    let big = "x".repeat(100_000);
    let kept = story.say("#lobby", "ana", &big);
    story.wait(|news| *news == News::Kept { upto: kept });
    story.wait(fails_because(Trouble::DiskFull));
    assert_eq!(story.store.handle().status().state, Some(Trouble::DiskFull));
    // Nothing but what the database has can be read, and a killed daemon would begin with the rest.
    let crashed = copy_as_after_a_crash(&home);
    assert_eq!(
        texts(&story.page("ben", "#lobby", Range::Latest, 9)),
        ["fits", "first"]
    );
    let mut after = Story::begin(&crashed);
    assert_eq!(
        texts(&after.page("ben", "#lobby", Range::Latest, 9)),
        ["fits", "first", &*big]
    );

    story.forget();
    gauges.pages_max.store(0, Ordering::Relaxed);
    story.wait(works);
    story.say("#lobby", "ana", "fits again");
    story.settle();
    let page = story.page("ben", "#lobby", Range::Latest, 9);
    assert_eq!(texts(&page), ["fits", "first", &*big, "fits again"]);
    assert_eq!(story.store.handle().status().state, None);
    assert_eq!(story.store.handle().status().lost, 0);
    assert_eq!(story.store.handle().status().messages, 4);
    story.store.close();
    assert!(
        crate::store::check_file(&database(&home))
            .unwrap()
            .is_sound()
    );
}

/// From now on the database cannot grow. The writer hears of it with the next thing that fails, so it is
/// made to fail once by taking its lock away for longer than it waits.
fn fill(story: &mut Story, gauges: &crate::store::ledger::Gauges) {
    let pages: u32 = Connection::open(&story.store.shared.files.database)
        .unwrap()
        .query_row("PRAGMA page_count", [], |row| row.get(0))
        .unwrap();
    gauges.pages_max.store(pages + 1, Ordering::Relaxed);
    let bound = Arc::clone(&story.store.shared.gauges);
    let job = move |ledger: Result<&mut crate::store::ledger::Ledger, Trouble>| {
        ledger.unwrap().bound_pages(&bound).unwrap();
    };
    assert!(story.store.shared.backlog.push_job(Box::new(job)).is_ok());
    story.say("#lobby", "ana", "first");
    story.settle();
    story.forget();
}

#[test]
fn a_stalled_database_is_told_of_and_memory_stays_bounded() {
    let home = tempdir().unwrap();
    let small = Options {
        queue_bytes: 256 * 1024,
        ..options(home.path())
    };
    let mut story = Story::with(small, BRISK);
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    story.say("#lobby", "ana", "is anybody there?");
    story.wait(fails_because(Trouble::Behind));

    let mut taken = 1;
    let text = "y".repeat(1_000);
    loop {
        let id = story.next_id();
        let kind = said(Place::Room(room("#lobby")), "ana", &text);
        let at = UnixMillis(id.0 >> 20);
        match story.store.keep(Record { id, at, kind }) {
            Ok(()) => taken += 1,
            Err(Full) => break,
        }
    }
    let status = story.store.handle().status();
    assert_eq!(status.waiting_records, taken);
    assert!((200_000..=256 * 1024).contains(&status.waiting_bytes));
    // All of it is in the log, and so acknowledged.
    let upto = story.store.shared.ids.pushed();
    story.wait(|news| *news == News::Kept { upto });

    story.forget();
    other.execute_batch("COMMIT").unwrap();
    story.wait(works);
    story.settle();
    assert_eq!(story.store.handle().status().messages, taken as u64);
    assert!(
        !story
            .news
            .iter()
            .any(|news| matches!(news, News::Lost { .. }))
    );
}

#[test]
fn a_queue_that_fills_is_told_of_before_it_is_full() {
    let home = tempdir().unwrap();
    let patient = Pace {
        stall_after: PATIENCE,
        look_every: PATIENCE,
        ..BRISK
    };
    let small = Options {
        queue_bytes: 100 * 1024,
        ..options(home.path())
    };
    let mut story = Story::with(small, patient);
    let other = Connection::open(database(&home)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for _ in 0..80 {
        story.say("#lobby", "ana", &"z".repeat(1_000));
    }
    story.wait(fails_because(Trouble::Behind));
    other.execute_batch("COMMIT").unwrap();
    story.wait(works);
}

#[test]
fn a_file_that_was_deleted_is_gone_and_nothing_is_kept_in_it() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "before");
    story.settle();
    let aside = home.path().join("aside.db");
    std::fs::rename(database(&home), &aside).unwrap();
    story.wait(fails_because(Trouble::Gone));
    let lost = story.say("#lobby", "ana", "into nowhere");
    let is_lost =
        |news: &News| matches!(news, News::Lost { from, why: Trouble::Gone, .. } if *from == lost);
    story.wait(is_lost);

    // Another file in its place is not it.
    std::fs::write(database(&home), "").unwrap();
    story.forget();
    let lost = story.say("#lobby", "ana", "into another");
    story.wait(|news| matches!(news, News::Lost { from, why: Trouble::Gone, .. } if *from == lost));
    assert!(!story.news.iter().any(works));

    std::fs::rename(&aside, database(&home)).unwrap();
    story.wait(works);
    story.say("#lobby", "ana", "back");
    story.settle();
    assert_eq!(
        texts(&story.page("ana", "#lobby", Range::Latest, 9)),
        ["before", "back"]
    );
}

#[test]
fn a_log_that_was_deleted_is_gone_too() {
    let home = tempdir().unwrap();
    let mut story = Story::begin(&home);
    story.say("#lobby", "ana", "before");
    story.settle();
    std::fs::remove_file(home.path().join("history.db-wal")).unwrap();
    story.wait(fails_because(Trouble::Gone));
    story.say("#lobby", "ana", "lost");
    story.wait(|news| {
        matches!(
            news,
            News::Lost {
                why: Trouble::Gone,
                ..
            }
        )
    });
}

#[test]
fn a_directory_that_cannot_be_written_to_is_refused() {
    if rustix::process::geteuid().is_root() {
        // Root writes everywhere but into /proc.
        let options = options(Path::new("/proc/1/chatd"));
        let refused = Story::try_with(options, BRISK).err().expect("refused");
        assert!(matches!(refused, OpenError::Directory { .. }), "{refused}");
        return;
    }
    let home = tempdir().unwrap();
    let set = |mode| std::fs::set_permissions(home.path(), PermissionsExt::from_mode(mode));
    set(0o500).unwrap();
    let refused = Story::try_with(options(home.path()), BRISK)
        .err()
        .expect("refused");
    set(0o700).unwrap();
    assert!(matches!(refused, OpenError::Lock { .. }), "{refused}");
}

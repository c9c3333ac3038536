//! The file: private, and never begun anew over what is there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{CHEAP, NOW, Office, nick};
use crate::hub::held::Held;
use crate::hub::history::OwnerId;
use crate::registry::{OpenError, Options, Registry};

fn refused(office: &Office) -> OpenError {
    let options = Options {
        path: office.directory.path().join("registry.db"),
        cost: CHEAP,
        hash_threads: 1,
        hash_queue: 1,
        external: None,
    };
    Registry::open(&options, || {}).expect_err("it must be refused")
}

/// A registry that is meddled with like this is refused as damaged.
pub(super) fn stops_the_start(office: &Office, damage: &str) {
    office.meddle(damage);
    let why = refused(office);
    assert!(matches!(why, OpenError::Damaged { .. }), "{damage}: {why}");
}

#[test]
fn only_its_owner_may_read_it_and_it_is_one_file() {
    let mut office = Office::open();
    office.register("ana", None);
    let path = office.directory.path().join("registry.db");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // While it is open and nothing is being written: a copy of the one file has everything.
    let copy = office.directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    let copy = rusqlite::Connection::open(copy).unwrap();
    let names: i64 = copy
        .query_row("SELECT count(*) FROM account", [], |row| row.get(0))
        .unwrap();
    assert_eq!(names, 1);
}

#[test]
fn who_is_held_is_known_at_the_start() {
    let mut office = Office::open();
    office.register("ana", None);
    office.open_again(CHEAP);
    let held: Held = [("ana", OwnerId(7))].into_iter().collect();
    assert_eq!(office.known.held, held);
}

#[test]
fn whose_account_was_removed_is_known_at_the_start() {
    let mut office = Office::open();
    office.register("ana", None);
    office.registry().handle().remove(nick("ana")).unwrap();
    office.open_again(CHEAP);
    assert_eq!(office.registry().opening().accounts, 0);
    let nobody: [(&str, OwnerId); 0] = [];
    let held: Held = nobody.into_iter().collect();
    assert_eq!(office.known.held, held.with_removed([OwnerId(7)]));
}

#[test]
fn a_registry_of_an_older_chatd_is_brought_forward() {
    let mut office = Office::open();
    office.register("ana", None);
    office.registry = None;
    let path = office.directory.path().join("registry.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "DROP TABLE removed; DROP TABLE decoy; DROP TABLE room_setting; DROP TABLE room_role;
         DROP TABLE room; DROP TABLE rule; DROP TABLE certificate; DROP TABLE scram; DROP TABLE secret;
         ALTER TABLE account DROP COLUMN operator;
         PRAGMA user_version = 1",
    )
    .unwrap();
    drop(file);
    office.open_again(CHEAP);
    assert_eq!(office.registry().opening().accounts, 1);
    office.registry().handle().remove(nick("ana")).unwrap();
}

#[test]
fn two_daemons_do_not_share_one() {
    let office = Office::open();
    assert!(matches!(refused(&office), OpenError::InUse { .. }));
}

#[test]
fn what_is_not_ours_or_of_tomorrow_or_damaged_is_refused_and_left_alone() {
    let mut office = Office::open();
    office
        .registry()
        .handle()
        .add(nick("ana"), None, NOW)
        .unwrap();
    office.registry = None;
    let path = office.directory.path().join("registry.db");
    let change = |sql: &str| {
        let file = rusqlite::Connection::open(&path).unwrap();
        file.execute_batch(sql).unwrap();
    };
    change("PRAGMA user_version = 99");
    let newer = refused(&office);
    assert!(
        matches!(newer, OpenError::Newer { found: 99, .. }),
        "{newer}"
    );
    change("PRAGMA user_version = 6; ALTER TABLE invitation RENAME TO elsewhere");
    let missing = refused(&office).to_string();
    assert!(
        missing.contains("its table invitation is missing"),
        "{missing}"
    );
    change("ALTER TABLE elsewhere RENAME TO invitation; UPDATE account SET name = 'a b'");
    let no_name = refused(&office);
    assert!(matches!(no_name, OpenError::Damaged { .. }), "{no_name}");
    change("PRAGMA application_id = 7");
    let foreign = refused(&office);
    assert!(matches!(foreign, OpenError::Foreign { .. }), "{foreign}");
    let garbage = vec![b'x'; 8192];
    fs::write(&path, &garbage).unwrap();
    let damaged = refused(&office);
    assert!(matches!(damaged, OpenError::Damaged { .. }), "{damaged}");
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[test]
fn a_registry_that_is_lost_or_empty_is_not_begun_anew() {
    let mut office = Office::open();
    assert!(office.registry().opening().is_new);
    office.register("ana", None);
    office.open_again(CHEAP);
    let opening = office.registry().opening();
    assert_eq!((opening.is_new, opening.accounts), (false, 1));
    assert_eq!(opening.mode, 0o600);
    office.registry = None;
    let path = office.directory.path().join("registry.db");
    fs::write(&path, "").unwrap();
    let empty = refused(&office);
    assert!(matches!(empty, OpenError::Damaged { .. }), "{empty}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    fs::remove_file(&path).unwrap();
    let OpenError::Lost { lock, .. } = refused(&office) else {
        panic!("it must be missed");
    };
    assert!(!path.exists());
    fs::remove_file(lock).unwrap();
    office.open_again(CHEAP);
    assert!(office.registry().opening().is_new);
}

#[test]
fn a_first_start_that_was_cut_short_is_made_up_for() {
    let mut office = Office::open();
    office.registry = None;
    let path = |name: &str| office.directory.path().join(name);
    fs::remove_file(path("registry.db")).unwrap();
    fs::write(path("registry.db.lock"), "").unwrap();
    fs::write(path("registry.db.new"), "half of one").unwrap();
    fs::write(path("registry.db.new-journal"), "and its journal").unwrap();
    office.open_again(CHEAP);
    assert!(office.registry().opening().is_new);
    assert!(!office.directory.path().join("registry.db.new").exists());
}

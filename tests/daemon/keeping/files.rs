//! The history's file is gone, damaged, somebody else's or in use: the daemon says so, keeps nothing in it,
//! and never begins anew over what is there.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use rusqlite::Connection;
use serde_json::json;

use super::dice::Dice;
use super::disk::SmallDisk;
use super::{Speaker, assert_served, lobby, status};
use crate::support::peers::{NO_ID, Peer};
use crate::support::{Daemon, daemon_command, wait_for};

fn history_of(daemon: &Daemon) -> PathBuf {
    daemon.directory().join("state/history.db")
}

/// A daemon that has kept something and was stopped.
fn stopped() -> (Daemon, Speaker) {
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    for _ in 0..100 {
        ana.say(300);
    }
    stop(&mut daemon);
    (daemon, ana)
}

fn stop(daemon: &mut Daemon) {
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0));
}

#[test]
fn a_file_that_is_no_history_of_ours_is_refused_and_left_as_it_is() {
    let sql = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    type Spoil<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, Spoil<'_>, &[&str]); 6] = [
        (
            "cut in half",
            &|path| {
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(file.metadata().unwrap().len() / 2).unwrap();
            },
            &["is damaged", "chatctl restore", "move it away"],
        ),
        (
            "cut within its first page",
            &|path| {
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(1000).unwrap();
            },
            &["is damaged", "chatctl restore"],
        ),
        (
            "text",
            &|path| fs::write(path, "Dear diary, ".repeat(1000)).unwrap(),
            &["is damaged", "not a database", "chatctl restore"],
        ),
        (
            "of a newer chatd",
            &|path| sql(path, "PRAGMA user_version = 999"),
            &["version 999", "newer chatd", "chatctl restore"],
        ),
        (
            "another program's",
            &|path| {
                fs::remove_file(path).unwrap();
                sql(
                    path,
                    "CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('soup')",
                );
            },
            &["no history of chatd", "[history] path"],
        ),
        (
            "without its tables",
            &|path| sql(path, "DROP TABLE message"),
            &["is damaged", "chatctl restore"],
        ),
    ];
    for (what, spoil, words) in cases {
        let (mut daemon, _) = stopped();
        let path = history_of(&daemon);
        spoil(&path);
        let before = fs::read(&path).unwrap();
        let (code, said) = daemon.fails_to_start_again();
        assert_eq!(code, Some(1), "{what}: {said}");
        for word in words.iter().copied().chain(["history.db"]) {
            assert!(said.contains(word), "{what}: \"{word}\" is not in: {said}");
        }
        assert!(!said.contains("panicked"), "{what}: {said}");
        assert!(
            fs::read(&path).unwrap() == before,
            "{what}: the file was changed"
        );
    }
}

#[test]
fn a_directory_in_the_files_place_is_refused() {
    let (mut daemon, _) = stopped();
    let path = history_of(&daemon);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let (code, said) = daemon.fails_to_start_again();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("history.db"), "{said}");
}

/// A crash between making the file and its first table leaves one behind, so it is no damage.
#[test]
fn an_empty_file_is_a_history_that_begins() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("state")).unwrap();
    fs::write(home.path().join("state/history.db"), "").unwrap();
    let daemon = Daemon::start_in(home, "", daemon_command);
    let mut ana = Speaker::join(&daemon, "ana");
    assert_eq!(ana.say(10)["type"], "ack");
    let there = lobby(&mut ana.peer);
    ana.assert_kept(&there);
}

/// A daemon that has kept something on a small disk and was stopped.
fn stopped_on(disk: &SmallDisk) -> (Daemon, Speaker) {
    let mut daemon = disk.start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    assert_eq!(ana.say(10)["type"], "ack");
    stop(&mut daemon);
    (daemon, ana)
}

#[test]
fn a_disk_that_cannot_be_written_to_is_told_at_the_start() {
    let disk = SmallDisk::new(4);
    let (mut daemon, ana) = stopped_on(&disk);
    disk.run("mount -o remount,bind,ro \"$0\"");
    let (code, said) = daemon.fails_to_start_again();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("history.db") && said.contains("Read-only"),
        "{said}"
    );
    disk.run("mount -o remount,bind,rw \"$0\"");
    daemon.start_again();
    ana.assert_kept(&lobby(&mut Peer::join(&daemon, "ben")));
}

#[test]
fn a_file_that_cannot_be_written_to_can_be_read_and_nothing_is_said_over_it() {
    let disk = SmallDisk::new(4);
    let (mut daemon, mut ana) = stopped_on(&disk);
    disk.run("mount --bind \"$0/history.db\" \"$0/history.db\"");
    disk.run("mount -o remount,bind,ro \"$0/history.db\"");
    daemon.start_again();
    daemon.wait_for_log(&["messages cannot be kept", "the disk cannot be written to"]);
    ana.peer = Peer::join(&daemon, "ana");
    let refusal = ana.say(10);
    assert_eq!(refusal["code"], "not_kept", "{refusal}");
    let text = refusal["text"].as_str().unwrap();
    assert!(text.contains("the disk cannot be written to"), "{text}");
    assert!(status(&daemon).contains("the disk cannot be written to"));
    assert_served(&mut ana.peer);
    let there = lobby(&mut ana.peer);
    ana.assert_kept(&there);
}

#[test]
fn a_file_that_is_deleted_under_the_daemon_is_missed_at_once_and_not_begun_anew() {
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    ana.say(10);
    let path = history_of(&daemon);
    let aside = daemon.directory().join("aside.db");
    fs::rename(&path, &aside).unwrap();
    let refusal = ana.say_until_not_kept(10);
    assert_eq!(refusal["code"], "not_kept", "{refusal}");
    let text = refusal["text"].as_str().unwrap();
    assert!(text.contains("the history's file has gone"), "{text}");
    daemon.wait_for_log(&["messages cannot be kept", "has gone"]);
    assert!(status(&daemon).contains("has gone"), "{}", status(&daemon));
    assert_served(&mut ana.peer);
    assert!(!path.exists(), "no new one is begun");

    // Back in its place it is the same history, without what was refused meanwhile.
    fs::rename(&aside, &path).unwrap();
    ana.say_until_kept();
    let there = lobby(&mut ana.peer);
    ana.assert_kept(&there);

    // Taken away for good, nothing is begun anew in its place: the log is there, and may be needed.
    fs::remove_file(&path).unwrap();
    ana.say_until_not_kept(10);
    stop(&mut daemon);
    assert!(!path.exists(), "not at its end either");
    assert!(!daemon.try_start_again());
    assert!(daemon.stderr().contains("history.db-log is there"));
    fs::remove_file(path.with_file_name("history.db-log")).unwrap();
    daemon.start_again();
    let mut ben = Speaker::join(&daemon, "ben");
    assert_eq!(ben.say(10)["type"], "ack");
    let there = lobby(&mut ben.peer);
    ben.assert_kept(&there);
}

/// Wherever it is, damage is told of, at the start or by those who ask; nothing panics.
#[test]
fn damage_in_the_middle_is_told_and_hurts_nobody_who_does_not_meet_it() {
    let mut dice = Dice::new("damage");
    let (mut daemon, ana) = stopped();
    let path = history_of(&daemon);
    let whole = fs::read(&path).unwrap();
    let (mut refused, mut unavailable, mut unkept, mut unmet) = (0, 0, 0, 0);
    for _ in 0..16 {
        let mut spoilt = whole.clone();
        let at = 4096 + dice.below(whole.len() - 4096);
        let end = (at + 1 + dice.below(4096)).min(whole.len());
        for byte in &mut spoilt[at..end] {
            *byte ^= u8::try_from(1 + dice.below(255)).unwrap();
        }
        for name in [
            "history.db-wal",
            "history.db-shm",
            "history.db-log",
            "history-search.db",
        ] {
            fs::remove_file(path.with_file_name(name)).ok();
        }
        fs::write(&path, &spoilt).unwrap();
        if !daemon.try_start_again() {
            let said = daemon.stderr();
            assert!(
                said.contains("is damaged") && said.contains("chatctl restore"),
                "{said}"
            );
            assert!(fs::read(&path).unwrap() == spoilt, "the file was changed");
            refused += 1;
            continue;
        }
        let mut ben = Speaker::join(&daemon, "ben");
        let mut met = 0;
        for request in [
            json!({"type": "history", "of": "#lobby", "after": NO_ID, "limit": 1000}),
            json!({"type": "history", "of": "#lobby", "limit": 10}),
            json!({"type": "search", "words": "number"}),
            json!({"type": "unread"}),
        ] {
            let answer = ben.peer.ask(request);
            if answer["type"] == "error" {
                assert_eq!(answer["code"], "history_unavailable", "{answer}");
                let text = answer["text"].as_str().unwrap();
                let is_told =
                    text.contains("damaged") || text.contains("search index cannot be used");
                assert!(is_told, "{answer}");
                met += 1;
            }
        }
        unavailable += usize::from(met > 0);
        let answer = ben.say(10);
        if answer["type"] == "ack" {
            unmet += usize::from(met == 0);
        } else {
            assert_eq!(answer["code"], "not_kept", "{answer}");
            unkept += 1;
        }
        ben.peer.ask(json!({"type": "ping"}));
        daemon.kill();
        assert!(fs::metadata(&path).unwrap().len() >= whole.len() as u64);
    }
    eprintln!(
        "damage: {refused} starts refused; of the others {unavailable} could not be read, \
         {unkept} kept nothing, {unmet} did not meet it"
    );
    fs::write(&path, &whole).unwrap();
    for name in ["history.db-wal", "history.db-shm", "history.db-log"] {
        fs::remove_file(path.with_file_name(name)).ok();
    }
    daemon.start_again();
    ana.assert_kept(&lobby(&mut Peer::join(&daemon, "cho")));
}

#[test]
fn a_second_daemon_on_one_history_is_told_who_has_it() {
    let first = Daemon::start("");
    let mut ana = Speaker::join(&first, "ana");
    let second = tempfile::tempdir().unwrap();
    let config = format!("[history]\npath = {:?}\n", history_of(&first));
    fs::write(second.path().join("chat.toml"), config).unwrap();
    let mut child = daemon_command(second.path()).spawn().unwrap();
    let status = wait_for("the second to refuse", || child.try_wait().unwrap());
    let said = fs::read_to_string(second.path().join("stderr")).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("pid {}", first.pid())), "{said}");
    assert!(
        said.contains("history.db") && said.contains("chatctl"),
        "{said}"
    );
    assert_eq!(ana.say(10)["type"], "ack", "the first has not noticed");
}

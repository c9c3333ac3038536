//! What chatctl does with the history as a whole, with a real daemon: out and in again, copied while people
//! talk, brought back, deleted, checked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use serde_json::{Value, json};

use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

fn say(peer: &mut Peer, to: &str, text: &str) -> String {
    peer.say(json!({"type": "send", "id": "s", "to": to, "text": text}));
    peer.expect("ack")["msgid"].as_str().unwrap().to_owned()
}

/// chatctl beside this daemon, and by its configuration when it does not run.
fn chatctl(daemon: &Daemon, args: &[&str]) -> assert_cmd::Command {
    let mut command = daemon.chatctl();
    command
        .args(args)
        .env("CHATD_CONFIG", daemon.config_file())
        .env("STATE_DIRECTORY", daemon.directory().join("state"));
    command
}

fn stdout(daemon: &Daemon, args: &[&str]) -> String {
    let assert = chatctl(daemon, args).assert().code(0);
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

/// A daemon on the history that a backup holds.
fn restored(backup: &Path) -> (Daemon, tempfile::TempDir) {
    let state = tempfile::tempdir().unwrap();
    let to = state.path().join("history.db");
    let mut restore = assert_cmd::Command::new(env!("CARGO_BIN_EXE_chatctl"));
    restore.arg("restore").arg(backup).arg("--to").arg(&to);
    restore.arg("--yes").assert().code(0);
    let path = state.path().to_owned();
    let daemon = Daemon::start_with("", move |command| {
        command.env("STATE_DIRECTORY", &path);
    });
    (daemon, state)
}

fn msgids(jsonl: &str) -> Vec<String> {
    let lines = jsonl.lines();
    lines
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["msgid"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_was_exported_comes_in_elsewhere_as_the_same_and_only_once() {
    let old = Daemon::start("");
    let mut ana = Peer::join(&old, "ana");
    let _ben = Peer::join(&old, "ben");
    say(&mut ana, "#lobby", "one\u{202e}\ntwo");
    say(&mut ana, "@ben", "psst");
    let file = old.directory().join("all.jsonl");
    let path = file.to_str().unwrap();
    chatctl(&old, &["export", "--private", path])
        .assert()
        .code(0)
        .stdout("")
        .stderr(contains("2 messages are in"));
    chatctl(&old, &["export", path])
        .assert()
        .code(1)
        .stderr(contains("exists already"));
    let all = fs::read_to_string(&file).unwrap();
    assert!(!all.contains('\u{202e}'), "harmless in a file, too");
    assert_eq!(
        stdout(&old, &["export"]).lines().count(),
        1,
        "no private ones"
    );

    let new = Daemon::start("");
    assert_eq!(stdout(&new, &["import", path]), "2 messages added\n");
    assert_eq!(
        stdout(&new, &["import", path]),
        "0 messages added, 2 were there already\n"
    );
    assert_eq!(stdout(&new, &["export", "--private"]), all);
    let array: Vec<Value> =
        serde_json::from_str(&stdout(&new, &["export", "--private", "-o", "json"])).unwrap();
    let lines: Vec<Value> = all
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(array, lines);
    assert_eq!(
        stdout(&new, &["export", "--room", "none", "-o", "json"]),
        "[]\n"
    );
    for wrong in [&["-o", "tsv"][..], &["-o", "json", "--format", "text"]] {
        let args = [&["export"], wrong].concat();
        chatctl(&new, &args).assert().code(2).stdout("");
    }
    let text = stdout(&new, &["export", "--format", "text", "--private"]);
    assert!(
        text.contains("#lobby <ana> one\u{fffd}\n    two\n")
            && text.contains("ana > ben <ana> psst\n"),
        "{text}"
    );
    let mut import = chatctl(&new, &["import", "-"]);
    import.write_stdin(format!("{all}{{\"msgid\":1}}\n"));
    import
        .assert()
        .code(1)
        .stderr(starts_with("chatctl: line 3: "));
    chatctl(&new, &["import", "/nowhere/x.jsonl"])
        .assert()
        .code(4);
}

#[test]
fn a_backup_made_while_people_talk_has_all_that_was_acknowledged_before() {
    let daemon = Daemon::start("[limits]\nrate = 0\n");
    let mut ana = Peer::join(&daemon, "ana");
    let backup = daemon.directory().join("copy.db");
    let acked = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let copy = || acked.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let before = std::thread::scope(|scope| {
        let talk = scope.spawn(|| {
            for number in 0.. {
                let msgid = say(&mut ana, "#lobby", &format!("line {number}"));
                acked.lock().unwrap().push(msgid);
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        wait_for("some talk", || (copy().len() >= 50).then_some(()));
        let before = copy();
        let said = stdout(&daemon, &["backup", backup.to_str().unwrap()]);
        assert!(said.contains("messages are in"), "{said}");
        is_over.store(true, Ordering::Relaxed);
        talk.join().unwrap();
        before
    });
    let all = copy();
    chatctl(&daemon, &["backup", "--verify", backup.to_str().unwrap()])
        .assert()
        .code(0)
        .stdout(contains("is sound"));

    let (second, _state) = restored(&backup);
    let kept = msgids(&stdout(&second, &["export"]));
    assert!(
        kept.len() >= before.len(),
        "nothing acknowledged is missing"
    );
    assert_eq!(kept, all[..kept.len()], "and there is no gap in it");
}

#[test]
fn a_backup_brings_back_what_was_deleted_and_what_was_there_is_kept_aside() {
    let mut daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "precious");
    let backup = daemon.directory().join("copy.db");
    let copy = backup.to_str().unwrap();
    stdout(&daemon, &["backup", copy]);
    chatctl(&daemon, &["backup", copy]).assert().code(1);
    let deleted = stdout(&daemon, &["history-delete", "--room", "lobby", "--yes"]);
    assert_eq!(deleted, "1 message deleted\n");
    chatctl(&daemon, &["restore", copy, "--yes"])
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains("stop it first"));
    stdout(&daemon, &["shutdown", "--yes"]);
    daemon.wait();
    chatctl(&daemon, &["restore", copy]).assert().code(2);
    chatctl(&daemon, &["restore", "/nowhere/x.db", "--yes"])
        .assert()
        .code(4);
    let said = stdout(&daemon, &["restore", copy, "--yes"]);
    assert!(
        said.contains("with 1 messages is now") && said.contains("what was there is now"),
        "{said}"
    );
    let state = daemon.directory().join("state");
    let again = Daemon::start_with("", move |command| {
        command.env("STATE_DIRECTORY", &state);
    });
    let lines = stdout(&again, &["export", "--format", "text"]);
    assert!(lines.ends_with("#lobby <ana> precious\n"), "{lines}");
}

#[test]
fn what_is_no_sound_history_is_told_and_never_restored() {
    let daemon = Daemon::start("[limits]\nrate = 0\n");
    let mut ana = Peer::join(&daemon, "ana");
    for number in 0..100 {
        say(&mut ana, "#lobby", &format!("{number} {}", "x".repeat(500)));
    }
    let backup = daemon.directory().join("copy.db");
    let copy = backup.to_str().unwrap();
    stdout(&daemon, &["backup", copy]);
    assert!(stdout(&daemon, &["db", "check", copy]).contains("sound          yes"));
    let mut bytes = fs::read(&backup).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(&backup, &bytes).unwrap();
    chatctl(&daemon, &["backup", "--verify", copy])
        .assert()
        .code(1)
        .stdout("");
    let elsewhere = daemon.directory().join("elsewhere.db");
    chatctl(&daemon, &["restore", copy, "--yes", "--to"])
        .arg(&elsewhere)
        .assert()
        .code(1);
    assert!(!elsewhere.exists());
    let text = daemon.directory().join("notes.txt");
    fs::write(&text, "x".repeat(5000)).unwrap();
    chatctl(&daemon, &["backup", "--verify", text.to_str().unwrap()])
        .assert()
        .code(1);
    chatctl(&daemon, &["backup", "--verify", "/nowhere/x.db"])
        .assert()
        .code(4);
}

#[test]
fn deleting_counts_first_and_asks() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let first = say(&mut ana, "#lobby", "one");
    say(&mut ben, "#lobby", "two");
    say(&mut ben, "@ana", "three");
    let count = |args: &[&str]| {
        let args = [&["history-delete", "--dry-run", "-o", "json"], args].concat();
        let answer: Value = serde_json::from_str(&stdout(&daemon, &args)).unwrap();
        answer["messages"].as_u64().unwrap()
    };
    assert_eq!(count(&["--from", "ben"]), 2);
    assert_eq!(count(&["--from", "ben", "--room", "lobby"]), 1);
    assert_eq!(count(&["--with", "@ana"]), 1);
    assert_eq!(count(&["--after", "1h"]), 3);
    assert_eq!(count(&["--before", "1h"]), 0);
    assert_eq!(count(&["--id", &first, "--id", "0000000000001"]), 1);
    chatctl(&daemon, &["history-delete", "--from", "ben"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("add --yes"));
    chatctl(&daemon, &["history-delete"]).assert().code(2);
    for wrong in [["--id", "nonsense"], ["--room", "a b"], ["--from", "a b"]] {
        let args = [&["history-delete", "--yes"], &wrong[..]].concat();
        chatctl(&daemon, &args).assert().code(2).stdout("");
    }
    assert_eq!(
        stdout(&daemon, &["history-delete", "--before", "1h"]),
        "there is no such message\n"
    );
    stdout(&daemon, &["history-delete", "--from", "ben", "--yes"]);
    assert_eq!(msgids(&stdout(&daemon, &["export", "--private"])), [first]);
    let line = daemon.wait_for_log(&["chatd::audit", "delete", "from ben", "2 messages"]);
    assert!(line.contains("uid="), "{line}");
}

#[test]
fn a_room_may_keep_less_than_the_others() {
    let daemon = Daemon::start("[history]\nretention = \"365d\"\n");
    let mut ana = Peer::join(&daemon, "ana");
    for text in ["one", "two", "three"] {
        say(&mut ana, "#lobby", text);
    }
    assert!(stdout(&daemon, &["room", "retention"]).contains("(all others)  everything for 365 d"));
    let said = stdout(
        &daemon,
        &[
            "room",
            "retention",
            "lobby",
            "--messages",
            "1",
            "--keep",
            "90d",
        ],
    );
    assert_eq!(said, "#lobby keeps the newest message for 90 d 0 h\n");
    wait_for("the older ones to go", || {
        let left = stdout(&daemon, &["export", "--format", "text"]);
        (left.lines().count() == 1 && left.contains("three")).then_some(())
    });
    let all = stdout(&daemon, &["room", "retention", "-o", "jsonl"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    assert_eq!(
        all,
        json!({"room": "#lobby", "age_s": 7_776_000, "messages": 1})
    );
    stdout(&daemon, &["room", "retention", "lobby", "--default"]);
    assert_eq!(stdout(&daemon, &["room", "retention", "-o", "jsonl"]), "");
    for wrong in [&["--keep", "soon"][..], &["--default", "--keep", "1d"]] {
        let args = [&["room", "retention", "lobby"], wrong].concat();
        chatctl(&daemon, &args).assert().code(2);
    }
}

#[test]
fn the_history_is_checked_with_and_without_a_daemon_and_the_doctor_sees_it() {
    let mut daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "one");
    assert!(stdout(&daemon, &["status"]).contains("history      works, 1 messages in "));
    chatctl(&daemon, &["db", "check"])
        .assert()
        .code(0)
        .stdout(contains("messages       1\n"))
        .stderr("");
    let doctor = stdout(&daemon, &["doctor", "-o", "tsv"]);
    let found: BTreeSet<&str> = doctor
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    for check in [
        "history",
        "history check",
        "history backup",
        "history space",
    ] {
        assert!(found.contains(check), "{check}: {doctor}");
    }
    assert!(doctor.contains("history check\tok\tsound at "), "{doctor}");
    stdout(&daemon, &["shutdown", "--yes"]);
    daemon.wait();
    chatctl(&daemon, &["db", "check"])
        .assert()
        .code(0)
        .stdout(contains("messages       1\n"))
        .stderr(contains("chatd is not running; this is"));
    let doctor = || {
        let output = chatctl(&daemon, &["doctor", "-o", "tsv"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let healthy = doctor();
    assert!(
        healthy.contains("is of version ") && !healthy.contains("history\tFAIL"),
        "{healthy}"
    );
    fs::write(
        daemon.directory().join("state/history.db"),
        "x".repeat(4096),
    )
    .unwrap();
    let damaged = doctor();
    assert!(
        damaged.contains("history\tFAIL\t") && damaged.contains("chatctl restore FILE"),
        "{damaged}"
    );
    let lock = daemon.directory().join("state/history.db.lock");
    fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink("/dev/null", &lock).unwrap();
    let linked = doctor();
    assert!(
        linked.contains(".lock cannot be taken: it is a link"),
        "{linked}"
    );
}

#[test]
fn a_search_in_a_room_that_nobody_knows_is_a_failure() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "one");
    chatctl(&daemon, &["search", "tea", "--in", "lobby"])
        .assert()
        .code(0)
        .stderr("chatctl: nothing found\n");
    chatctl(&daemon, &["search", "tea", "--in", "#none"])
        .assert()
        .code(4)
        .stdout("")
        .stderr(contains("#none"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "one");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .arg("export")
        .env("CHATD_ADMIN_SOCKET", daemon.admin_socket())
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(predicate::str::is_empty().eval(&String::from_utf8_lossy(&output.stderr)));
}

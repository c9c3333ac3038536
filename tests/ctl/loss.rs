//! What was not acknowledged must never look as if it was: broken connections, silent and rude
//! servers, input that is no text. Exit 0 is a promise, and nothing may go to another room.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;

use super::fake::{FakeServer, Peer};
use super::{chatctl, chatctl_to};

/// Where a running `chatctl join ana` keeps the key of its session.
fn key_file(home: &Path, server: &str) -> PathBuf {
    let server = server.replace(':', "%3a");
    home.join("chatctl").join(format!("key-{server}%20ana"))
}

/// As if `chatctl join ana` were running here.
fn keep_key(home: &Path, server: &str) {
    let file = key_file(home, server);
    fs::DirBuilder::new()
        .mode(0o700)
        .create(file.parent().unwrap())
        .unwrap();
    fs::write(file, "k1").unwrap();
}

#[test]
fn send_is_done_when_all_is_acknowledged_even_if_the_way_out_is_cut() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.expect_send();
        peer.expect("part");
    });
    keep_key(home.path(), &server.address());
    chatctl_to(
        &server,
        home.path(),
        &["send", "#ops", "disk full", "--as", "ana"],
    )
    .assert()
    .code(0)
    .stderr("");
    server.finish();
}

#[test]
fn send_leaves_a_room_that_it_entered_for_the_user_when_the_text_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        let message = peer.expect("send");
        peer.refuse(&message, "not_permitted", "you may not speak");
        let part = peer.expect("part");
        assert_eq!(part["room"], "#ops");
        peer.say(&json!({"type": "ok", "id": part["id"]}));
        peer.expect_quit();
    });
    keep_key(home.path(), &server.address());
    chatctl_to(
        &server,
        home.path(),
        &["send", "#ops", "disk full", "--as", "ana"],
    )
    .assert()
    .code(5)
    .stderr("chatctl: not sent: you may not speak\n");
    server.finish();
}

#[test]
fn only_an_acknowledgement_is_one() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        peer.say(&json!({"type": "ok", "id": message["id"]}));
        peer.expect_quit();
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.say(&json!({"type": "error", "code": "broken", "text": "the store is gone"}));
        peer.expect_quit();
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        peer.say(&json!({"type": "ok", "id": message["id"]}));
        peer.expect_quit();
    });
    let send = || {
        let mut command = chatctl(home.path());
        command.args(["send", "@ben", "hi", "--server", &server.address()]);
        command.assert()
    };
    send().code(1).stderr(contains("not acknowledged"));
    send().code(1).stderr(contains("the store is gone"));
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(1)
        .stderr(contains("not delivered for sure, to #lobby: hello"));
    server.finish();
}

#[test]
fn a_long_text_may_take_longer_than_one_answer() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_rate(4.0);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        for _ in 0..46 {
            peer.expect_send();
        }
        peer.expect_quit();
    });
    let text = format!("{}\n", "x".repeat(60)).repeat(46);
    chatctl_to(
        &server,
        home.path(),
        &["send", "@ben", "-", "--timeout", "2s"],
    )
    .write_stdin(text)
    .assert()
    .code(0)
    .stderr("");
    server.finish();
}

#[test]
fn a_pipe_that_never_ends_does_not_wait_for_ever() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.expect("quit");
    });
    chatctl_to(&server, home.path(), &["join", "ana", "--timeout", "1s"])
        .write_stdin("hello\n".repeat(1000))
        .assert()
        .code(6)
        .stderr(contains("no answer within 1 s"));
    server.finish();
}

#[test]
fn text_behind_a_join_never_goes_elsewhere_when_the_connection_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        assert_eq!(peer.expect("join")["room"], "#dev");
        drop(peer);
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        for room in ["#lobby", "#dev"] {
            let join = peer.expect("join");
            assert_eq!(join["room"], room);
            peer.joined(&join);
        }
        let message = peer.expect_send();
        assert_eq!(
            (&message["to"], &message["text"]),
            (&json!("#dev"), &json!("for dev only"))
        );
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/join dev\nfor dev only\n")
        .assert()
        .code(0);
    server.finish();
}

#[test]
fn text_behind_a_refused_join_is_not_said_at_all() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.refuse(&join, "too_many_rooms", "you are in too many rooms");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/join dev\nfor dev only\n")
        .assert()
        .code(1)
        .stderr(contains("too many rooms").and(contains("you speak to no room now")));
    server.finish();
}

#[test]
fn the_key_is_kept_over_a_lost_connection_and_goes_at_the_end() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_owned();
    let server = FakeServer::start(move |listener| {
        let address = listener.local_addr().unwrap().to_string();
        let key = || fs::read_to_string(key_file(&directory, &address)).unwrap_or_default();
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        assert_eq!(key(), "k1");
        drop(peer);
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        peer.expect("join");
        assert_eq!(key(), "k1");
        peer.bye("kicked", "enough");
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\nand more\n")
        .assert()
        .code(1);
    assert!(!key_file(home.path(), &server.address()).exists());
    server.finish();
}

#[test]
fn input_that_is_no_text_is_refused_and_the_rest_is_said() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        for text in ["one", "two", "three"] {
            assert_eq!(peer.expect_send()["text"], text);
        }
        peer.expect_quit();
    });
    let mut input = b"one\n\xff\xfe\ntwo\n".to_vec();
    input.resize(input.len() + 2 * 1024 * 1024, b'x');
    input.extend(b"\nthree");
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin(input)
        .assert()
        .code(1)
        .stderr(contains("is not UTF-8").and(contains("is longer than 1048576 bytes")));
    server.finish();
}

#[test]
fn input_that_cannot_be_read_is_a_failure() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        Peer::logged_in(listener).expect_quit();
    });
    let output = process::Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .args(["join", "ana", "--server", &server.address()])
        .env("XDG_RUNTIME_DIR", home.path())
        .stdin(fs::File::open(home.path()).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("the input cannot be read"), "{told}");
    server.finish();
}

#[test]
fn a_closed_stderr_changes_no_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = process::Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .args(["who", "--socket"])
        .arg(home.path().join("none.sock"))
        .stderr(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn absurd_limits_of_a_server_are_survived() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_ping_interval_s(u64::MAX);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        peer.expect_send();
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["send", "@ben", "hi"])
        .assert()
        .code(0);
    server.finish();
}

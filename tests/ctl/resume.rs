//! Coming back: after a broken connection as the same user who missed nothing and says nothing twice,
//! and tomorrow as the same person.

use std::fs;
use std::path::{Path, PathBuf};

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::chatctl_to;
use super::fake::{FakeServer, Peer, kept};

/// Where chatctl keeps who ana is.
fn identity_file(home: &Path, server: &str) -> PathBuf {
    let server = server.replace(':', "%3a");
    home.join(".local/state/chatctl")
        .join(format!("identity-{server}%20ana"))
}

#[test]
fn a_place_that_was_kept_brings_what_was_missed_once_and_nothing_is_said_twice() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_history();
        let hello = peer.expect("hello");
        assert_eq!((&hello["resume"], hello.get("since")), (&json!(true), None));
        peer.welcome(&hello);
        peer.said("01", "ben", "one");
        let first = peer.expect("send");
        drop(peer);
        let mut peer = Peer::accept(listener).with_history().with_place();
        let hello = peer.expect("hello");
        assert_eq!(
            (&hello["key"], &hello["since"], &hello["resume"]),
            (&json!("k1"), &json!("01"), &json!(true))
        );
        peer.welcome(&hello);
        let mut edited = kept("00", "ben", "zero, mended");
        edited["edited"] = json!("2026-11-23T09:06:00.000Z");
        peer.say(&json!({
            "type": "missed", "messages": [kept("01", "ben", "one"), kept("02", "ana", "hello")],
            "changes": [edited], "more": true
        }));
        peer.say(&json!({
            "type": "missed", "messages": [kept("03", "ben", "three")], "changes": []
        }));
        peer.said("04", "ben", "four");
        let again = peer.expect_send();
        assert_eq!(
            (&again["text"], &again["client_msgid"]),
            (&first["text"], &first["client_msgid"]),
            "the same message"
        );
        let next = peer.expect_send();
        assert_eq!(next["text"], "and more");
        assert_ne!(next["client_msgid"], first["client_msgid"]);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\nand more\n")
        .assert()
        .code(0)
        .stdout(
            contains("<ben> one\n── missed ──\n")
                .and(contains(
                    "09:05 #lobby <ana> hello\n\
                     09:06 #lobby -- ben edited: zero, mended\n── now ──\n",
                ))
                .and(contains(
                    "09:05 #lobby <ben> three\n── now ──\n09:05 #lobby <ben> four\n",
                )),
        )
        .stderr(contains("connected again").and(contains("not delivered").not()));
    server.finish();
}

#[test]
fn without_a_kept_place_each_room_and_each_private_conversation_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        peer.said("01", "ben", "one");
        peer.expect("send");
        drop(peer);
        let mut peer = Peer::accept(listener).with_history();
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.said("03", "ben", "three");
        assert_eq!(peer.expect_send()["text"], "hello");
        let asked = peer.expect("unread");
        let unread = json!([
            {"of": "@eva", "unread": 1}, {"of": "@kim", "unread": 0}, {"of": "#lobby", "unread": 9}
        ]);
        peer.say(&json!({"type": "unread", "id": asked["id"], "conversations": unread}));
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["of"], &asked["after"]),
            (&json!("#lobby"), &json!("01"))
        );
        peer.page(
            &asked,
            &[kept("02", "ben", "two"), kept("03", "ben", "three")],
            false,
        );
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["of"], &asked["after"]),
            (&json!("@eva"), &json!("01"))
        );
        let private = json!({
            "msgid": "02", "time": "2026-11-23T09:05:00.000Z", "from": "eva", "to": "ana",
            "text": "psst"
        });
        peer.page(&asked, &[private], false);
        peer.expect_quit();
    });
    let output = chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    let output = String::from_utf8(output).unwrap();
    let said: Vec<_> = output
        .lines()
        .filter(|line| !line.starts_with("──"))
        .collect();
    assert_eq!(
        said,
        [
            "09:05 #lobby <ben> one",
            "09:05 #lobby <ben> two",
            "09:05 #lobby <ben> three",
            "09:05 [eva > ana] psst"
        ]
    );
    server.finish();
}

#[test]
fn what_was_missed_in_a_room_that_was_silent_is_asked_for_from_our_own_coming_on() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        peer.say(&json!({
            "type": "join", "msgid": "01", "time": "2026-11-23T09:05:00.000Z", "room": "#lobby",
            "nick": "ana"
        }));
        peer.expect("send");
        drop(peer);
        let mut peer = Peer::logged_in_with_history(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.expect_send();
        let asked = peer.expect("unread");
        peer.say(&json!({"type": "unread", "id": asked["id"], "conversations": []}));
        let asked = peer.expect("history");
        assert_eq!(asked["after"], "01");
        peer.page(&asked, &[kept("02", "ben", "missed")], false);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(0)
        .stdout(contains("<ben> missed"));
    server.finish();
}

#[test]
fn another_user_is_not_given_the_words_of_the_first() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        peer.expect("send");
        drop(peer);
        // The server has forgotten who ana is, and would say the message a second time.
        let mut peer = Peer::accept(listener).with_history();
        let mut hello = peer.expect("hello");
        hello["key"] = json!("k2");
        peer.welcome(&hello);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(1)
        .stderr(contains("not delivered for sure, to #lobby: hello"));
    server.finish();
}

#[test]
fn send_repeats_what_was_not_acknowledged_under_the_same_id() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        let first = peer.expect_send();
        let second = peer.expect("send");
        drop(peer);
        let mut peer = Peer::accept(listener).with_history();
        let hello = peer.expect("hello");
        assert_eq!(hello["key"], "k1");
        peer.welcome(&hello);
        let again = peer.expect_send();
        assert_eq!(again["text"], second["text"]);
        assert_eq!(again["client_msgid"], second["client_msgid"]);
        assert_ne!(again["client_msgid"], first["client_msgid"]);
        peer.expect_quit();
    });
    let text = format!("{}\n{}", "a".repeat(40), "b".repeat(40));
    chatctl_to(&server, home.path(), &["send", "@ben", &text])
        .assert()
        .code(0)
        .stderr("");
    server.finish();
}

#[test]
fn what_could_not_be_kept_is_said_and_told() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        let said = peer.expect("send");
        peer.say(&json!({
            "type": "ack", "id": said["id"], "msgid": "01", "time": "", "kept": false
        }));
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["send", "@ben", "hi"])
        .assert()
        .code(0)
        .stderr(contains("could not keep it"));
    server.finish();
}

#[test]
fn tomorrow_ana_is_the_same_ana_unless_somebody_else_has_the_nick() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(hello.get("key"), None, "ana is new here");
        peer.welcome(&hello);
        peer.expect_quit();
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(hello["key"], "k1");
        peer.welcome(&hello);
        peer.expect_quit();
        let mut peer = Peer::accept(listener);
        peer.expect("hello");
        peer.say_welcome();
        peer.refuse(&json!({}), "wrong_key", "that is not ana's key");
        peer.expect_end();
        // Then the nick was free for a moment, and this is another ana.
        let mut peer = Peer::accept(listener);
        let mut hello = peer.expect("hello");
        assert_eq!(hello.get("key"), None);
        hello["key"] = json!("k2");
        peer.welcome(&hello);
        peer.expect_quit();
    });
    for _ in 0..3 {
        chatctl_to(&server, home.path(), &["join", "ana"])
            .write_stdin("")
            .assert()
            .code(0);
    }
    let file = identity_file(home.path(), &server.address());
    assert_eq!(
        fs::read_to_string(file).unwrap(),
        "k1",
        "the first ana's key fits again one day"
    );
    server.finish();
}

#[test]
fn a_key_that_the_server_has_replaced_is_replaced_here() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        for key in ["k1", "k2"] {
            let mut peer = Peer::accept(listener);
            let mut hello: Value = peer.expect("hello");
            hello["key"] = json!(key);
            peer.welcome(&hello);
            peer.expect_quit();
        }
    });
    for _ in 0..2 {
        chatctl_to(&server, home.path(), &["join", "ana"])
            .write_stdin("")
            .assert()
            .code(0);
    }
    let file = identity_file(home.path(), &server.address());
    assert_eq!(fs::read_to_string(file).unwrap(), "k2");
    server.finish();
}

//! `chatctl tail`: follows one room, for people and for programs.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;

use super::chatctl_to;
use super::fake::{FakeServer, Peer};

#[test]
fn a_room_is_followed_over_a_lost_connection_and_ends_after_count() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#lobby", "the default room");
        peer.joined(&join);
        peer.message("ben", "one");
        peer.say(&json!({
            "type": "message", "msgid": "m2", "time": "2026-11-23T09:05:00.000Z",
            "room": "#other", "from": "eva", "text": "elsewhere"
        }));
        drop(peer);
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.message("ben", "two");
        peer.expect_quit();
    });
    chatctl_to(
        &server,
        home.path(),
        &["tail", "--count", "2", "--as", "bot"],
    )
    .assert()
    .code(0)
    .stdout("09:05 <ben> one\n09:05 <ben> two\n")
    .stderr(contains("trying again in").and(contains("connected again")));
    server.finish();
}

#[test]
fn jsonl_gives_objects() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#lobby");
        peer.joined(&join);
        peer.message("ben", "one\ntwo");
        peer.expect_quit();
    });
    let output = chatctl_to(
        &server,
        home.path(),
        &["tail", "#lobby", "-n1", "--output", "jsonl"],
    )
    .assert()
    .code(0)
    .get_output()
    .stdout
    .clone();
    let object: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(object["text"], "one\ntwo");
    assert_eq!(object["time"], "2026-11-23T09:05:00.000Z");
    server.finish();
}

#[test]
fn a_room_that_may_not_be_entered_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.refuse(&join, "bad_room", "not a room name");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["tail", "a*b"])
        .assert()
        .code(1)
        .stderr("chatctl: not a room name\n");
    server.finish();
}

#[test]
fn a_server_that_has_gone_silent_is_left_for_a_new_connection() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut silent = Peer::accept(listener).with_ping_interval_s(1);
        let hello = silent.expect("hello");
        silent.welcome(&hello);
        let join = silent.expect("join");
        silent.joined(&join);
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.message("ben", "here again");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["tail", "-n", "1"])
        .assert()
        .code(0)
        .stdout("09:05 <ben> here again\n")
        .stderr(contains("the server has been silent for 2 s"));
    server.finish();
}

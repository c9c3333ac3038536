//! `chatctl join` in a pipe: line in, line out, and an exit code that says whether all arrived.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;

use super::fake::{FakeServer, Peer};
use super::{chatctl, chatctl_to};

#[test]
fn lines_go_out_events_come_in_and_the_end_waits_for_the_acknowledgement() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        assert_eq!(peer.expect_send()["text"], "hello");
        peer.message("ana", "hello");
        let private = peer.expect("send");
        assert_eq!(
            (&private["to"], &private["text"]),
            (&json!("@ben"), &json!("psst"))
        );
        peer.message("ben", "came in between");
        peer.ack(&private);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n@ben psst\n")
        .assert()
        .code(0)
        .stdout("09:05 #lobby <ana> hello\n09:05 #lobby <ben> came in between\n")
        .stderr("");
    server.finish();
}

#[test]
fn rooms_are_entered_and_commands_work_as_on_a_terminal() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(
            hello["enter"], false,
            "rooms are named, so not the default one"
        );
        peer.welcome(&hello);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#dev");
        peer.joined(&join);
        assert_eq!(peer.expect_send()["to"], "#dev");
        let users = peer.expect("users");
        peer.say(&json!({"type": "users", "id": users["id"], "nicks": ["ana"], "more": true}));
        peer.say(&json!({"type": "users", "id": users["id"], "nicks": ["ben"]}));
        let action = peer.expect_send();
        assert_eq!(
            (&action["kind"], &action["text"]),
            (&json!("action"), &json!("waves"))
        );
        assert_eq!(peer.expect_send()["text"], "/etc/passwd");
        assert_eq!(peer.expect_quit()["reason"], "see you");
    });
    chatctl_to(&server, home.path(), &["join", "ana", "--room", "dev"])
        .write_stdin("hi\n/ls\n/me waves\n//etc/passwd\n/quit see you\nnever said\n")
        .assert()
        .code(0)
        .stdout(contains("here: ana").and(contains("here: ben")));
    server.finish();
}

#[test]
fn jsonl_gives_the_events_as_objects_and_escapes_what_terminals_obey() {
    let home = tempfile::tempdir().unwrap();
    let evil = "\u{1b}]52;c;eA==\u{7}\u{9b}2J\u{202e}\u{7f}";
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        peer.message("ben", evil);
        peer.ack(&message);
        peer.expect_quit();
    });
    let output = chatctl_to(&server, home.path(), &["join", "ana", "--output", "jsonl"])
        .write_stdin("hello\n")
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output).unwrap();
    let harmless = |c: char| c == '\n' || !(c.is_control() || c == '\u{202e}');
    assert!(text.chars().all(harmless), "{text:?}");
    let objects: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let message = objects
        .iter()
        .find(|object| object["type"] == "message")
        .unwrap();
    assert_eq!(message["text"], evil);
    server.finish();
}

#[test]
fn nothing_that_others_write_reaches_the_terminal_raw() {
    let home = tempfile::tempdir().unwrap();
    let evil = "\u{1b}[31mx\u{9b}2J\u{202e}\r\u{8}\u{2066}";
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        let time = "2026-11-23T09:05:00.000Z";
        let base = |kind: &str| json!({"type": kind, "msgid": "m", "time": time});
        for (kind, fields) in [
            (
                "message",
                json!({"room": evil, "from": evil, "text": format!("{evil}\n09:05 #lobby <ben> forged")}),
            ),
            ("private", json!({"from": evil, "to": evil, "text": evil})),
            ("join", json!({"room": evil, "nick": evil})),
            ("part", json!({"room": evil, "nick": evil, "reason": evil})),
            ("quit", json!({"nick": evil, "reason": evil})),
            ("nick", json!({"old": evil, "new": evil})),
            ("topic", json!({"room": evil, "by": evil, "text": evil})),
            ("away", json!({"nick": evil, "text": evil})),
            ("notice", json!({"room": evil, "text": evil})),
        ] {
            let mut object = base(kind);
            object
                .as_object_mut()
                .unwrap()
                .extend(fields.as_object().unwrap().clone());
            peer.say(&object);
        }
        peer.say(&json!({"type": "error", "code": "x", "text": evil}));
        peer.ack(&message);
        peer.expect("quit");
        peer.bye("quit", evil);
    });
    let output = chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .get_output()
        .clone();
    for bytes in [output.stdout, output.stderr] {
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("␛[31mx"), "{text:?}");
        for c in text.chars().filter(|c| *c != '\n') {
            assert!(
                !c.is_control() && !"\u{202e}\u{2066}".contains(c),
                "{c:?} in {text:?}"
            );
        }
        assert!(
            !text
                .lines()
                .any(|line| line.starts_with("09:05 #lobby <ben>")),
            "{text}"
        );
    }
    server.finish();
}

#[test]
fn too_fast_waits_and_sends_again_in_order() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        assert_eq!(peer.expect_send()["text"], "one");
        let two = peer.expect("send");
        peer.say(&json!({
            "type": "error", "id": two["id"], "code": "too_fast", "text": "slowly",
            "retry_after_ms": 50
        }));
        assert_eq!(peer.expect_send()["text"], "two");
        assert_eq!(peer.expect_send()["text"], "three");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("one\ntwo\nthree\n")
        .assert()
        .code(0)
        .stderr("");
    server.finish();
}

#[test]
fn a_refused_line_makes_the_exit_code_and_the_rest_is_said() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        peer.refuse(&message, "no_such_user", "nobody is called nobody");
        assert_eq!(peer.expect_send()["text"], "on");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("@nobody hi\non\n")
        .assert()
        .code(4)
        .stderr("chatctl: not sent to @nobody: nobody is called nobody\n");
    server.finish();
}

#[test]
fn an_unknown_command_is_not_said_and_fails() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        assert_eq!(peer.expect_send()["text"], "on");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/jion #dev\non\n")
        .assert()
        .code(1)
        .stderr("chatctl: there is no /jion; did you mean /join? Nothing was sent\n");
    server.finish();
}

#[test]
fn text_behind_a_join_goes_to_the_joined_room() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_rate(0.0);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        assert_eq!(peer.expect_send()["to"], "#lobby");
        let join = peer.expect("join");
        peer.joined(&join);
        assert_eq!(peer.expect_send()["to"], "#dev");
        let part = peer.expect("part");
        peer.say(&json!({"type": "ok", "id": part["id"]}));
        assert_eq!(peer.expect_send()["to"], "#lobby");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("one\n/join dev\ntwo\n/part\nthree\n")
        .assert()
        .code(0)
        .stderr("");
    server.finish();
}

#[test]
fn a_taken_nick_ends_a_pipe_with_1() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        peer.expect("hello");
        peer.say_welcome();
        peer.refuse(&json!({}), "nick_in_use", "ana is taken");
        peer.expect_end();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(1)
        .stderr("chatctl: ana is taken\n");
    server.finish();
}

#[test]
fn a_lost_connection_comes_back_by_key_and_says_what_may_be_lost() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        assert_eq!(peer.expect("send")["text"], "one");
        drop(peer);
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(
            (&hello["key"], &hello["enter"]),
            (&json!("k1"), &json!(false))
        );
        peer.welcome(&hello);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#lobby");
        peer.refuse(&join, "already_in_room", "you are there already");
        assert_eq!(peer.expect_send()["text"], "two");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("one\ntwo\n")
        .assert()
        .code(1)
        .stderr(
            contains("trying again in")
                .and(contains("not delivered for sure, to #lobby: one"))
                .and(contains("connected again to fake")),
        );
    server.finish();
}

#[test]
fn a_kicked_user_does_not_come_back() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.bye("kicked", "kicked by an operator: enough");
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(1)
        .stderr(
            contains("not delivered for sure, to #lobby: hello")
                .and(contains("kicked by an operator: enough")),
        );
    server.finish();
}

#[test]
fn a_server_that_stays_away_ends_a_pipe_with_3_and_one_that_is_silent_with_6() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.expect_quit();
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
    });
    let join = || {
        let mut command = chatctl(home.path());
        command.args([
            "join",
            "ana",
            "--server",
            &server.address(),
            "--timeout",
            "1s",
        ]);
        command.write_stdin("hello\nand more\n").assert()
    };
    join().code(6).stderr(contains("no answer within 1 s"));
    join().code(3).stderr(contains("has not come back"));
    server.finish();
}

#[test]
fn pings_are_answered_and_unknown_objects_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.say(&json!({"type": "fireworks", "colour": ["red"]}));
        peer.say(&json!({"type": "ping"}));
        let mut seen = [peer.next_kind(), peer.next_kind()];
        seen.sort();
        assert_eq!(seen, ["pong", "send"]);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(0);
    server.finish();
}

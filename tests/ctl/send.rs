//! `chatctl send`: exit 0 means acknowledged, and nothing else does.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::json;

use super::fake::{FakeServer, Peer};
use super::{chatctl, chatctl_to};

#[test]
fn a_message_to_a_room_enters_says_and_goes() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(hello["nick"], "bot");
        assert_eq!(hello["enter"], false);
        assert_eq!(
            hello["client"],
            concat!("chatctl ", env!("CARGO_PKG_VERSION"))
        );
        peer.welcome(&hello);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#ops");
        peer.joined(&join);
        let message = peer.expect_send();
        assert_eq!(
            (&message["to"], &message["text"]),
            (&json!("#ops"), &json!("disk full"))
        );
        peer.expect_quit();
    });
    chatctl_to(
        &server,
        home.path(),
        &["send", "#ops", "disk full", "--as", "bot"],
    )
    .assert()
    .code(0)
    .stdout("")
    .stderr("");
    server.finish();
}

#[test]
fn a_private_message_from_a_pipe_enters_no_room_and_keeps_its_lines() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect_send();
        assert_eq!(
            (&message["to"], &message["text"]),
            (&json!("@ben"), &json!("one\ntwo"))
        );
        peer.expect_quit();
    });
    chatctl_to(
        &server,
        home.path(),
        &["send", "@ben", "-", "--output", "jsonl"],
    )
    .write_stdin("one\r\ntwo\n")
    .assert()
    .code(0)
    .stdout(contains(
        r#"{"to":"@ben","msgid":"m1","time":"2026-11-23T09:05:00.000Z"}"#,
    ));
    server.finish();
}

#[test]
fn a_text_too_long_for_one_message_goes_as_several_in_order() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = ("a".repeat(40), "b".repeat(40));
    let text = format!("{first}\n{second}");
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        assert_eq!(peer.expect_send()["text"], first);
        assert_eq!(peer.expect_send()["text"], second);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["send", "@ben", &text])
        .assert()
        .code(0);
    server.finish();
}

#[test]
fn refusals_and_silence_have_their_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let message = peer.expect("send");
        peer.refuse(&message, "no_such_user", "nobody is called \x1b[2Jben");
        peer.expect_quit();
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.expect_quit();
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        drop(peer);
        let mut peer = Peer::accept(listener);
        peer.expect("hello");
        peer.bye("server_full", "the server is full; try later");
    });
    let send = |timeout: &str| {
        let mut command = chatctl(home.path());
        command.args([
            "send",
            "@ben",
            "hi",
            "--server",
            &server.address(),
            "--timeout",
            timeout,
        ]);
        command.assert()
    };
    send("10s")
        .code(4)
        .stderr("chatctl: not sent: nobody is called ␛[2Jben\n");
    send("300ms")
        .code(6)
        .stderr(contains("no answer within 0.3 s"));
    send("10s").code(3).stderr(contains("not acknowledged"));
    send("10s").code(1).stderr(contains("the server is full"));
    server.finish();
}

#[test]
fn a_default_nick_that_is_taken_gets_a_number_and_a_chosen_one_does_not() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let refuse = || {
            let mut peer = Peer::accept(listener);
            assert_eq!(peer.expect("hello")["nick"], "ana");
            peer.say_welcome();
            peer.refuse(&json!({}), "nick_in_use", "ana is taken");
            peer.expect_end();
        };
        refuse();
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(hello["nick"], "ana2");
        peer.welcome(&hello);
        peer.expect_send();
        peer.expect_quit();
        refuse();
    });
    let mut default = chatctl(home.path());
    default
        .env("USER", "ana")
        .args(["send", "@ben", "hi", "--server", &server.address()]);
    default.assert().code(0);
    let mut chosen = chatctl(home.path());
    chosen.args([
        "send",
        "@ben",
        "hi",
        "--as",
        "ana",
        "--server",
        &server.address(),
    ]);
    chosen
        .assert()
        .code(1)
        .stderr(contains("ana is taken").and(contains("--as NICK")));
    server.finish();
}

#[test]
fn nothing_to_send_is_a_failure() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| Peer::logged_in(listener).expect_end());
    chatctl_to(&server, home.path(), &["send", "@ben", "-"])
        .write_stdin("\n")
        .assert()
        .code(1)
        .stderr(contains("nothing to send"));
    server.finish();
}

#[test]
fn another_program_on_the_port_is_named_as_such() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .write_all(b"220 mail ESMTP\r\n500 what?\r\n")
            .unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    });
    chatctl_to(&server, home.path(), &["send", "@ben", "hi"])
        .assert()
        .code(1)
        .stderr(contains("no chatd"));
    server.finish();
}

#[test]
fn a_login_that_is_slowed_waits_for_its_turn_on_the_same_connection() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let mut login = peer.expect("hello");
        peer.say_welcome();
        // The wait is longer than --timeout, which is for the server's answers.
        for wait_ms in [10, 700] {
            peer.say(&json!({
                "type": "error", "id": login["id"], "code": "login_slowed",
                "text": "Too many logins have failed.", "retry_after_ms": wait_ms
            }));
            login = peer.expect("login");
            assert_eq!(
                (&login["account"], &login["password"]),
                (&json!("ana"), &json!("correct horse"))
            );
        }
        peer.say(&json!({"type": "login", "nick": "ana", "key": "k1", "account": "ana"}));
        let message = peer.expect_send();
        assert_eq!(message["text"], "hi");
        peer.expect_quit();
        // Longer than anybody's connection lives without a login.
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.say_welcome();
        peer.say(&json!({
            "type": "error", "id": hello["id"], "code": "login_slowed",
            "text": "Try again in 60 s.", "retry_after_ms": 60_000
        }));
        peer.expect_end();
    });
    let send = ["send", "@ben", "hi", "--account", "ana", "--password-stdin"];
    let with = |timeout: &str| {
        let mut chatctl = chatctl_to(&server, home.path(), &send);
        chatctl.args(["--timeout", timeout]);
        chatctl.write_stdin("correct horse\n").assert()
    };
    with("500ms")
        .code(0)
        .stderr(contains("waiting for a turn").count(1));
    with("10s").code(1).stderr(contains("Try again in 60 s."));
    server.finish();
}

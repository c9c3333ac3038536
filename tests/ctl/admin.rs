//! The commands that ask the admin socket, against one that answers what a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread::{self, JoinHandle};

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::chatctl;

/// Answers one request after another; the thread returns what was asked.
pub(super) fn answering(
    home: &Path,
    answers: Vec<(u16, Value)>,
) -> JoinHandle<Vec<(String, Value)>> {
    let listener = UnixListener::bind(home.join("admin.sock")).unwrap();
    thread::spawn(move || {
        let serve = |(status, answer): (u16, Value)| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.to_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                assert!(!line.starts_with("origin"), "no browser speaks here");
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = answer.to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            let stream = reader.get_mut();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            let asked = first.trim_end_matches(" HTTP/1.1\r\n").to_owned();
            (asked, serde_json::from_slice(&body).unwrap_or(Value::Null))
        };
        answers.into_iter().map(serve).collect()
    })
}

fn session(nick: &str) -> Value {
    json!({
        "session": "c1", "nick": nick, "account": null, "address": "127.0.0.1:4242", "dialect": "v1",
        "rooms": ["#lobby"], "away": null, "group_chat_off": false,
        "connected_at": "2026-11-23T09:00:00Z", "idle_s": 65, "queued_bytes": 0,
        "certificate": null
    })
}

fn status(state: &str) -> Value {
    json!({
        "server": "chatd", "version": "0.1.0", "pid": 7, "state": state,
        "started_at": "2026-11-23T09:00:00Z", "uptime_s": 3700, "users": 2, "rooms": 1,
        "connections": 2, "max_connections": 10000,
        "listeners": [{"protocol": "chat", "address": "127.0.0.1:1", "tls": false}], "tls": null,
        "config_file": null, "log_file": "/var/log/chatd/chatd.log", "log_lines_dropped": 0,
        "history": {"state": "works", "durability": "commit", "messages": 3, "bytes": 4096,
            "waiting": 0, "unindexed": 0},
        "warnings": ["the group chatd does not exist"]
    })
}

#[test]
fn who_comes_in_four_forms() {
    let home = tempfile::tempdir().unwrap();
    let who = json!({"sessions": [session("ana"), session("e\u{1b}[2Jvil\u{202e}")]});
    let asked = answering(home.path(), vec![(200, who.clone()); 4]);
    let run = |form: &str| {
        let mut command = chatctl(home.path());
        command.args(["who", "--output", form]);
        let output = command
            .assert()
            .code(0)
            .stderr("")
            .get_output()
            .stdout
            .clone();
        String::from_utf8(output).unwrap()
    };
    let table = run("table");
    assert!(table.starts_with("NICK"), "{table}");
    assert!(
        table.contains("1 min 5 s") && table.contains("e␛[2Jvil\u{fffd}"),
        "{table}"
    );
    let back: Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(back, who);
    let lines = run("jsonl");
    assert_eq!(lines.lines().count(), 2);
    assert!(!lines.contains('\u{202e}'));
    assert!(run("tsv").starts_with("ana\t#lobby\t127.0.0.1:4242\t"));
    for (request, _) in asked.join().unwrap() {
        assert_eq!(request, "GET /v1/who");
    }
}

#[test]
fn status_tells_all_and_the_warnings_last() {
    let home = tempfile::tempdir().unwrap();
    let asked = answering(home.path(), vec![(200, status("ready"))]);
    chatctl(home.path())
        .arg("status")
        .assert()
        .code(0)
        .stdout(
            contains("state        ready")
                .and(contains("1 h 1 min"))
                .and(contains("2 of 10000")),
        )
        .stdout(predicate::str::ends_with(
            "warning      the group chatd does not exist\n",
        ));
    asked.join().unwrap();
}

#[test]
fn problems_have_their_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let problem = |code: &str| json!({"code": code, "text": format!("no: {code}")});
    let asked = answering(
        home.path(),
        vec![
            (403, problem("not_permitted")),
            (404, problem("no_such_user")),
            (400, problem("bad_request")),
        ],
    );
    for (exit, code) in [
        (5, "not_permitted"),
        (4, "no_such_user"),
        (2, "bad_request"),
    ] {
        chatctl(home.path())
            .args(["kick", "ana", "--reason", "enough"])
            .assert()
            .code(exit)
            .stdout("")
            .stderr(format!("chatctl: no: {code}\n"));
    }
    for (request, body) in asked.join().unwrap() {
        assert_eq!(request, "POST /v1/kick");
        assert_eq!(body, json!({"nick": "ana", "reason": "enough"}));
    }
}

#[test]
fn changes_are_sent_as_the_api_asks() {
    let home = tempfile::tempdir().unwrap();
    let done = json!({"done": "done, 2 sessions", "sessions": 2});
    let level = json!({"level": "debug", "back_to": "info", "back_at": "2026-11-23T10:00:00Z"});
    let reloaded = json!({"applied": ["limits.rate"], "needs_restart": []});
    let asked = answering(
        home.path(),
        vec![
            (200, done.clone()),
            (200, done.clone()),
            (200, done),
            (200, level),
            (200, reloaded),
        ],
    );
    for (args, shown) in [
        (
            &["announce", "back soon", "--room", "dev"][..],
            "done, 2 sessions",
        ),
        (&["room", "topic", "dev", "new"], "done"),
        (&["room", "topic", "#dev", "--clear"], "done"),
        (
            &["log", "level", "debug", "--for", "10m"],
            "debug until 2026-11-23T10:00:00Z, then info",
        ),
        (&["reload"], "in force now: limits.rate"),
    ] {
        chatctl(home.path())
            .args(args)
            .assert()
            .code(0)
            .stdout(contains(shown));
    }
    assert_eq!(
        asked.join().unwrap(),
        [
            (
                "POST /v1/announce".into(),
                json!({"room": "#dev", "text": "back soon"})
            ),
            (
                "PUT /v1/topic".into(),
                json!({"room": "#dev", "text": "new"})
            ),
            ("PUT /v1/topic".into(), json!({"room": "#dev", "text": ""})),
            (
                "PUT /v1/log/level".into(),
                json!({"level": "debug", "for_s": 600})
            ),
            ("POST /v1/reload".to_owned(), Value::Null),
        ]
    );
}

#[test]
fn a_topic_is_shown_and_an_unknown_room_is_not_found() {
    let home = tempfile::tempdir().unwrap();
    let rooms = json!({"rooms": [{"room": "#Dev", "members": 1, "topic": "ship it\u{7}"}]});
    let asked = answering(home.path(), vec![(200, rooms.clone()), (200, rooms)]);
    chatctl(home.path())
        .args(["room", "topic", "dev"])
        .assert()
        .code(0)
        .stdout("ship it␇\n");
    chatctl(home.path())
        .args(["room", "topic", "nowhere"])
        .assert()
        .code(4);
    asked.join().unwrap();
}

#[test]
fn shutting_down_without_a_terminal_needs_yes() {
    let home = tempfile::tempdir().unwrap();
    let done = json!({"done": "chatd stops"});
    let asked = answering(home.path(), vec![(200, status("ready")), (200, done)]);
    chatctl(home.path())
        .arg("shutdown")
        .assert()
        .code(2)
        .stderr(contains("--yes"));
    chatctl(home.path())
        .args(["shutdown", "--yes"])
        .assert()
        .code(0)
        .stdout("chatd stops\n");
    let asked = asked.join().unwrap();
    assert_eq!(asked[0].0, "GET /v1/status", "asking changes nothing");
    assert_eq!(asked[1].0, "POST /v1/shutdown");
}

#[test]
fn waiting_ends_when_the_daemon_is_ready() {
    let home = tempfile::tempdir().unwrap();
    let asked = answering(
        home.path(),
        vec![
            (200, status("starting")),
            (200, status("starting")),
            (200, status("ready")),
        ],
    );
    chatctl(home.path())
        .args(["wait", "--ready"])
        .assert()
        .code(0)
        .stdout("ready\n");
    assert_eq!(asked.join().unwrap().len(), 3);
}

#[test]
fn an_answer_that_never_comes_exits_6() {
    let home = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(home.path().join("admin.sock")).unwrap();
    chatctl(home.path())
        .args(["status", "--timeout", "200ms"])
        .assert()
        .code(6)
        .stderr(contains("did not answer within 0.2 s"));
    drop(listener);
    chatctl(home.path())
        .arg("status")
        .assert()
        .code(3)
        .stderr(contains("chatd is not running"));
}

//! The history over the admin socket of a real daemon: what goes out and comes in, what is refused, and that
//! the log says who did it and never what was said.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::peers::Peer;
use crate::support::{Daemon, PATIENCE, wait_for};

/// Says something and has the answer that it is kept.
fn say(peer: &mut Peer, to: &str, text: &str) -> String {
    peer.say(json!({"type": "send", "id": "s", "to": to, "text": text}));
    let ack = peer.expect("ack");
    ack["msgid"].as_str().unwrap().to_owned()
}

/// The body of an answer, which need not be one JSON document.
fn get(daemon: &Daemon, path: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(daemon.admin_socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // HTTP/1.0, so that the body comes as it is.
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn exported(daemon: &Daemon, query: &str) -> Vec<Value> {
    let (status, body) = get(daemon, &format!("/v1/history/export{query}"));
    assert_eq!(status, 200, "{body}");
    let lines = body.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn texts(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect()
}

#[test]
fn what_was_said_goes_out_and_what_was_private_only_when_that_is_said() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let _ben = Peer::join(&daemon, "ben");
    let first = say(&mut ana, "#lobby", "one");
    say(&mut ana, "@ben", "psst");
    let third = say(&mut ana, "#lobby", "three");

    let all = exported(&daemon, "");
    assert_eq!(texts(&all), ["one", "three"]);
    assert_eq!(all[0]["msgid"], first.as_str());
    assert_eq!(
        (&all[0]["room"], &all[0]["from"]),
        (&json!("#lobby"), &json!("ana"))
    );
    let everything = exported(&daemon, "?private=true");
    assert_eq!(texts(&everything), ["one", "psst", "three"]);
    assert_eq!(everything[1]["to"], "ben");
    assert_eq!(everything[1]["room"], Value::Null);

    assert_eq!(
        texts(&exported(&daemon, &format!("?since={first}"))),
        ["three"]
    );
    assert_eq!(
        texts(&exported(&daemon, &format!("?until={first}"))),
        ["one"]
    );
    assert_eq!(
        texts(&exported(&daemon, &format!("?since={third}"))),
        [""; 0]
    );
    assert_eq!(exported(&daemon, "?room=%23nowhere"), [Value::Null; 0]);
    assert_eq!(exported(&daemon, "?until=2026-01-01T00:00:00Z").len(), 0);
    for wrong in [
        "?rom=%23lobby",
        "?since=yesterday",
        "?private=maybe",
        "?room=lobby",
    ] {
        let (status, answer) = get(&daemon, &format!("/v1/history/export{wrong}"));
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
}

#[test]
fn a_bad_line_is_named_and_nothing_beside_it_gets_in() {
    let daemon = Daemon::start("");
    let line = |number: u64, text: &str| {
        json!({
            "msgid": format!("1k00000000{number:03}"), "time": "2026-01-01T00:00:00.000Z",
            "room": "#old", "from": "eva", "from_owner": "00000000000000ff", "kind": "text",
            "text": text,
        })
    };
    let bad = format!("{}\n\n{}\n", line(1, "good"), line(2, "\u{7}"));
    let (status, answer) = daemon.admin("POST", "/v1/history/import", &bad);
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("bad_line")),
        "{answer}"
    );
    assert!(
        answer["text"]
            .as_str()
            .unwrap()
            .starts_with("line 3: text has control")
    );
    let (_, answer) = daemon.admin("POST", "/v1/history/import?first_line=1001", &bad);
    assert!(
        answer["text"].as_str().unwrap().starts_with("line 1003:"),
        "{answer}"
    );
    assert_eq!(exported(&daemon, "?private=true").len(), 0);

    let good = format!("{}\n{}", line(1, "good"), line(2, "better"));
    for (added, known) in [(2, 0), (0, 2)] {
        let (status, answer) = daemon.admin("POST", "/v1/history/import", &good);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer, json!({"added": added, "known": known}));
    }
    assert_eq!(
        texts(&exported(&daemon, "?room=%23OLD")),
        ["good", "better"]
    );
    let mut future = line(3, "not yet");
    future["msgid"] = "7vvvvvvvvvvvv".into();
    let (status, answer) = daemon.admin("POST", "/v1/history/import", &future.to_string());
    assert_eq!((status, &answer["code"]), (409, &json!("from_the_future")));
}

#[test]
fn deleting_needs_a_condition_and_takes_exactly_what_it_names() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let one = say(&mut ana, "#lobby", "one");
    say(&mut ben, "#lobby", "two");
    say(&mut ben, "@ana", "three");
    say(&mut ana, "#lobby", "four");
    for wrong in [
        json!({}),
        json!({"dry_run": true}),
        json!({"rom": "#lobby"}),
        json!({"ids": ["x"]}),
        json!({"ids": [one], "from": "ana"}),
        json!({"room": "#lobby", "with": "ben"}),
        json!({"after": "noon"}),
    ] {
        let (status, answer) = daemon.admin("POST", "/v1/history/delete", &wrong.to_string());
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
    let delete = |what: Value| {
        let mut counted = what.clone();
        counted["dry_run"] = true.into();
        let dry = daemon.admin("POST", "/v1/history/delete", &counted.to_string());
        let (status, answer) = daemon.admin("POST", "/v1/history/delete", &what.to_string());
        assert_eq!((status, dry.0), (200, 200), "{answer}");
        assert_eq!(
            answer["messages"], dry.1["messages"],
            "a dry run counts the same"
        );
        answer["messages"].as_u64().unwrap()
    };
    assert_eq!(delete(json!({"ids": [one, "0000000000001"]})), 1);
    assert_eq!(delete(json!({"room": "#lobby", "from": "BEN"})), 1);
    assert_eq!(
        texts(&exported(&daemon, "?private=true")),
        ["three", "four"]
    );
    assert_eq!(delete(json!({"with": "ben"})), 1);
    assert_eq!(delete(json!({"before": "2026-01-01T00:00:00Z"})), 0);
    assert_eq!(delete(json!({"after": one})), 1);
    assert_eq!(exported(&daemon, "?private=true").len(), 0);
}

#[test]
fn who_asked_is_in_the_log_and_what_was_said_is_not() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "sekrit");
    let line = exported(&daemon, "")[0].to_string();
    daemon.admin("POST", "/v1/history/import", &line);
    daemon.admin("POST", "/v1/history/import", "sekrit");
    daemon.admin("POST", "/v1/history/delete", "{\"room\":\"sekrit\"}");
    daemon.admin("POST", "/v1/history/delete", "{\"room\":\"#lobby\"}");
    daemon.admin("POST", "/v1/history/check", "");
    let pid = format!("pid={}", std::process::id());
    for words in [
        ["export", "all rooms", "1 message", "done"],
        ["import", "0 messages added", "1 were there", "done"],
        ["import", "result=\"\"", "bad_line", "uid="],
        ["delete", "about=\"\"", "bad_room", "uid="],
        ["delete", "room #lobby", "1 message", "done"],
        ["check", "sound", "done", "uid="],
    ] {
        let found = daemon.wait_for_log(&[&words[..], &["chatd::audit", &pid]].concat());
        assert!(found.contains("INFO"), "{found}");
    }
    assert!(!daemon.log().contains("sekrit"));
}

#[test]
fn of_each_kind_one_is_under_way_and_the_next_is_told() {
    let daemon = Daemon::start("");
    let text = "x".repeat(2000);
    let lines: String = (0..4000)
        .map(|number| {
            format!(
                "{{\"msgid\":\"1k0000000{number:04}\",\"time\":\"2026-01-01T00:00:00Z\",\"room\":\"#old\",\
                 \"from\":\"eva\",\"from_owner\":\"00000000000000ff\",\"text\":\"{text}\"}}\n"
            )
        })
        .collect();
    let (status, answer) = daemon.admin("POST", "/v1/history/import", &lines);
    assert_eq!((status, &answer["added"]), (200, &json!(4000)), "{answer}");
    // More than sockets and pieces hold: it waits for a reader that does not read.
    let mut slow = UnixStream::connect(daemon.admin_socket()).unwrap();
    write!(slow, "GET /v1/history/export HTTP/1.0\r\n\r\n").unwrap();
    slow.read_exact(&mut [0; 12]).unwrap();
    let (status, answer) = get(&daemon, "/v1/history/export");
    assert_eq!(status, 503);
    assert!(
        answer.contains("\"busy\"") && answer.contains("an export is under way"),
        "{answer}"
    );
    assert_eq!(
        daemon.admin("POST", "/v1/history/check", "").0,
        200,
        "another kind"
    );
    drop(slow);
    wait_for("the next export", || {
        (get(&daemon, "/v1/history/export").0 == 200).then_some(())
    });
    assert_eq!(exported(&daemon, "").len(), 4000);
    daemon.wait_for_log(&["export", "broken off"]);
}

#[test]
fn a_backup_is_written_where_nothing_is_and_for_its_owner_only() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "kept");
    let path = daemon.directory().join("copy.db");
    let backup = |path: &Path| {
        let body = json!({"path": path}).to_string();
        let (status, answer) = daemon.admin("POST", "/v1/history/backup", &body);
        (
            status,
            answer["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(backup(&path), (200, String::new()));
    assert_eq!(backup(&path), (409, "file_exists".to_owned()));
    assert_eq!(
        backup(Path::new("copy.db")),
        (400, "bad_request".to_owned())
    );
    let nowhere = daemon.directory().join("nowhere/copy.db");
    assert_eq!(backup(&nowhere), (409, "file_unusable".to_owned()));
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let report = chatd::store::check_file(&path).unwrap();
    assert_eq!((report.is_sound(), report.messages), (true, 1));
    let status = daemon.admin("GET", "/v1/history/status", "").1;
    assert!(status["last_backup_at"].is_string(), "{status}");
}

#[test]
fn a_daemon_without_history_says_so_everywhere() {
    let daemon = Daemon::start("[history]\ndurability = \"off\"\n");
    let status = daemon.admin("GET", "/v1/status", "").1;
    assert_eq!(status["history"]["state"], "off");
    assert_eq!(
        daemon.admin("GET", "/v1/history/status", "").1["state"],
        "off"
    );
    for (method, path, body) in [
        ("GET", "/v1/history/export", ""),
        ("POST", "/v1/history/import", ""),
        ("GET", "/v1/history/backup", ""),
        ("POST", "/v1/history/check", ""),
        ("POST", "/v1/history/delete", "{\"room\":\"#lobby\"}"),
        ("GET", "/v1/rooms/retention", ""),
    ] {
        let (status, answer) = daemon.admin(method, path, body);
        assert_eq!(
            (status, &answer["code"]),
            (409, &json!("history_off")),
            "{path}"
        );
    }
}

#[test]
fn the_figures_say_how_the_history_does() {
    let daemon = Daemon::start("[history]\ndurability = \"relaxed\"\nretention = \"720h\"\n");
    let mut ana = Peer::join(&daemon, "ana");
    say(&mut ana, "#lobby", "one");
    say(&mut ana, "#lobby", "two");
    let status = wait_for("both to be kept", || {
        let status = daemon.admin("GET", "/v1/history/status", "").1;
        (status["kept"] == 2).then_some(status)
    });
    assert_eq!(
        (&status["state"], &status["durability"]),
        (&json!("works"), &json!("relaxed"))
    );
    assert_eq!(
        (&status["messages"], &status["lost"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        status["retention"],
        json!({"age_s": 2_592_000, "messages": null})
    );
    let history = &daemon.stats()["history"];
    assert_eq!(history["kept"], 2);
    assert!(history["mean_batch"].as_f64().unwrap() >= 1.0, "{history}");
    assert_eq!(
        daemon.admin("GET", "/v1/status", "").1["history"]["messages"],
        2
    );
}

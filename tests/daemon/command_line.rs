//! The real chatctl against the real chatd: what one says, the other hears, and every exit code of
//! the contract that needs a daemon. Forms and corner cases are told in `ctl`, with scripted servers.

use assert_cmd::assert::Assert;
use serde_json::{Value, json};

use crate::support::Daemon;
use crate::support::peers::{OldPeer, Peer};

#[test]
fn a_line_from_a_pipe_reaches_everyone() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut old = OldPeer::join(&daemon, "old");
    chatctl(&daemon, &["join", "ben"], "good morning\n@ana psst\n").success();

    let to_room = ana.expect("message");
    assert_eq!(
        (&to_room["from"], &to_room["text"]),
        (&json!("ben"), &json!("good morning"))
    );
    let to_ana = ana.expect("private");
    assert_eq!(
        (&to_ana["from"], &to_ana["text"]),
        (&json!("ben"), &json!("psst"))
    );
    assert!(old.hear("broadcast").contains("[ben] : good morning"));
}

#[test]
fn send_ends_well_only_when_acknowledged() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    chatctl(&daemon, &["send", "#lobby", "the backup is done"], "").success();
    assert_eq!(ana.expect("message")["text"], "the backup is done");
    chatctl(&daemon, &["send", "@ana", "-"], "from a pipe\n").success();
    assert_eq!(ana.expect("private")["text"], "from a pipe");
    chatctl(&daemon, &["send", "@nobody", "hello?"], "").code(4);
}

#[test]
fn an_operator_sees_who_is_there_and_ends_a_session() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let who = json_of(&chatctl(&daemon, &["who", "--output", "json"], "").success());
    assert_eq!(who["sessions"][0]["nick"], "ana", "{who}");
    assert_eq!(who["sessions"][0]["rooms"], json!(["#lobby"]), "{who}");
    let rooms = json_of(&chatctl(&daemon, &["rooms", "--output", "json"], "").success());
    assert_eq!(rooms["rooms"][0]["members"], 1, "{rooms}");

    chatctl(&daemon, &["announce", "tea at four"], "").success();
    assert_eq!(ana.expect("notice")["text"], "tea at four");
    chatctl(&daemon, &["kick", "ana", "--reason", "tea time"], "").success();
    assert!(
        ana.rest()
            .iter()
            .any(|it| it["type"] == "bye" && it["code"] == "kicked")
    );
    chatctl(&daemon, &["kick", "ana"], "").code(4);
}

#[test]
fn config_show_tells_a_value_and_its_line_after_a_reload() {
    let daemon = Daemon::start("[limits]\nmessage_bytes = 1000\n");
    let source = |line: usize| format!("{}:{line}", daemon.config_file().display());
    assert_eq!(
        shown(&daemon, "limits.message_bytes"),
        json!(["1000", source(2)])
    );
    daemon.rewrite_config("[limits]\n\nmessage_bytes = 2000\n");
    chatctl(&daemon, &["reload"], "").success();
    assert_eq!(
        shown(&daemon, "limits.message_bytes"),
        json!(["2000", source(3)])
    );

    daemon.rewrite_config("[limits]\nmessage_byte = 3000\n");
    let refused = chatctl(&daemon, &["reload"], "").code(1);
    let reason = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(
        reason.contains("chat.toml:2") && reason.contains("message_bytes"),
        "{reason}"
    );
    assert_eq!(
        shown(&daemon, "limits.message_bytes"),
        json!(["2000", source(3)])
    );
}

#[test]
fn shutdown_ends_the_daemon_and_then_nobody_answers() {
    let mut daemon = Daemon::start("");
    chatctl(&daemon, &["wait", "--ready"], "").success();
    chatctl(&daemon, &["shutdown"], "").code(2);
    chatctl(&daemon, &["shutdown", "--yes"], "").success();
    assert_eq!(daemon.wait().code(), Some(0));
    let gone = chatctl(&daemon, &["status"], "").code(3);
    let told = String::from_utf8_lossy(&gone.get_output().stderr).into_owned();
    assert!(told.contains("start it"), "{told}");
}

fn chatctl(daemon: &Daemon, arguments: &[&str], input: &str) -> Assert {
    daemon.chatctl().args(arguments).write_stdin(input).assert()
}

fn json_of(done: &Assert) -> Value {
    serde_json::from_slice(&done.get_output().stdout).expect("JSON on stdout")
}

/// Value and source of a key.
fn shown(daemon: &Daemon, key: &str) -> Value {
    let config = json_of(&chatctl(daemon, &["config", "show", "--output", "json"], "").success());
    let keys = config["keys"].as_array().expect("a list");
    let found = keys.iter().find(|row| row["key"] == key).expect("the key");
    json!([found["value"], found["source"]])
}

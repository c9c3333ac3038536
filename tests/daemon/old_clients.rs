//! Clients of the first chat room, unchanged: their wire to the letter, and the real thing in Python.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;

use serde_json::json;

use crate::support::peers::{OldPeer, Peer};
use crate::support::{Daemon, PATIENCE};

#[test]
fn the_server_speaks_first_in_plain_text() {
    let daemon = Daemon::start("");
    let (_, greeting) = OldPeer::connect(&daemon);
    assert!(
        !greeting.trim().is_empty() && !greeting.starts_with('{'),
        "{greeting:?}"
    );
}

#[test]
fn a_nick_that_is_taken_or_has_a_space_is_refused_and_another_may_be_tried() {
    let daemon = Daemon::start("");
    let _ana = OldPeer::join(&daemon, "ana");
    let (mut second, _) = OldPeer::connect(&daemon);
    for wrong in ["ana", "ANA", "a na", ""] {
        assert_eq!(second.login(wrong)["success"], false, "{wrong:?}");
    }
    assert_eq!(second.login("ben")["success"], true);
}

/// Longer than any machine that runs tests keeps a reader waiting.
const LONG_PAUSE: &str = "[limits]\nold_client_pace = \"250ms\"";

#[test]
fn each_object_comes_alone_however_fast_they_are_made() {
    let daemon = Daemon::start(LONG_PAUSE);
    let mut old = OldPeer::join(&daemon, "old");
    let mut ana = Peer::join(&daemon, "ana");
    assert!(old.hear("system_msg").contains("ana"));
    for number in 0..8 {
        ana.say(json!({"type": "send", "to": "#lobby", "text": format!("line {number}")}));
    }
    for number in 0..8 {
        let object = old.receive_alone();
        let said = format!("[ana] : line {number}\r\n");
        assert!(object["msg"].as_str().unwrap().ends_with(&said), "{object}");
    }
}

#[test]
fn a_long_text_comes_in_several_objects_cut_between_characters() {
    let daemon = Daemon::start("");
    let mut old = OldPeer::join(&daemon, "old");
    let mut ana = Peer::join(&daemon, "ana");
    let text = "가나다라마바사 ".repeat(150);
    ana.say(json!({"type": "send", "to": "#lobby", "text": text}));
    let mut joined = String::new();
    while joined.len() < text.len() {
        let part = old.hear("broadcast"); // `receive` has checked that it fits into one read
        let (_, said) = part.split_once("[ana] : ").unwrap();
        joined.push_str(said.strip_suffix("\r\n").unwrap());
    }
    assert_eq!(joined, text);
}

#[test]
fn ignoring_group_chat_works_both_ways_and_private_messages_pass() {
    let daemon = Daemon::start("");
    let mut ana = OldPeer::join(&daemon, "ana");
    let mut ben = OldPeer::join(&daemon, "ben");
    ana.say(json!({"type": "ignore", "msg": null}));
    assert!(ana.hear("ignore").contains("[ SYSTEM ] : "));
    ben.say(json!({"type": "broadcast", "msg": "to all"}));
    assert!(ben.hear("broadcast").contains("to all"));
    ben.say(json!({"type": "sendto", "nickname": "ana", "msg": "to you"}));
    assert!(
        ana.receive().unwrap()["msg"]
            .as_str()
            .unwrap()
            .contains("to you")
    );
    ana.say(json!({"type": "broadcast", "msg": "from the off"}));
    assert!(!ana.hear("broadcast").contains("from the off"));
    ana.say(json!({"type": "ignore", "msg": null}));
    ana.hear("ignore");
    ben.say(json!({"type": "broadcast", "msg": "back again"}));
    assert!(ana.hear("broadcast").contains("back again"));
}

#[test]
fn the_list_the_help_and_an_unknown_nick_are_answered() {
    let daemon = Daemon::start("");
    let mut ana = OldPeer::join(&daemon, "ana");
    let _ben = OldPeer::join(&daemon, "ben");
    ana.say(json!({"type": "ls", "msg": null}));
    assert_eq!(
        ana.hear("ls"),
        "[ SYSTEM ] ALIVE USER : \r\nana,\r\nben,\r\n"
    );
    ana.say(json!({"type": "help", "msg": null}));
    let help = ana.hear("help");
    for command in ["/ls", "/h", "@nick message", "/i"] {
        assert!(help.contains(command), "{help}");
    }
    ana.say(json!({"type": "sendto", "nickname": "nobody", "msg": "hello?"}));
    assert!(ana.hear("single").contains("nobody"));
}

#[test]
fn a_client_written_in_python_chats() {
    let daemon = Daemon::start(LONG_PAUSE);
    let mut ben = Peer::join(&daemon, "ben");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/old_client.py");
    let mut client = Command::new("python3")
        .args([
            "-u",
            script,
            "127.0.0.1",
            &daemon.chat_addr().port().to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3, which scripts/test installs");
    let mut typed = client.stdin.take().unwrap();
    let (told, shown) = sync_channel(1000);
    let printed = BufReader::new(client.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        for line in printed.lines() {
            told.send(line.unwrap()).unwrap();
        }
    });
    let wait_for = |what: &str| loop {
        let line = shown
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("never shown: {what}"));
        if line.contains(what) {
            break;
        }
    };
    writeln!(typed, "파이썬").unwrap();
    ben.hear(|it| it["type"] == "join" && it["nick"] == "파이썬");
    writeln!(typed, "hello from 1998").unwrap();
    assert_eq!(ben.expect("message")["text"], "hello from 1998");
    for number in 0..8 {
        ben.say(json!({"type": "send", "to": "#lobby", "text": format!("burst {number}")}));
    }
    for number in 0..8 {
        wait_for(&format!("[ben] : burst {number}"));
    }
    writeln!(typed, "@ben a word").unwrap();
    assert_eq!(ben.expect("private")["text"], "a word");
    writeln!(typed, "/ls").unwrap();
    wait_for("ALIVE USER");
    drop(typed);
    ben.expect("quit");
    assert!(client.wait().unwrap().success());
    reader.join().unwrap();
}

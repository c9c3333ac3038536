//! Rooms that get another name, with the real disks: what was answered holds after whatever end of the daemon.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::Daemon;
use crate::support::peers::{Peer, Wire};

fn texts(peer: &mut Peer, of: &str) -> Vec<String> {
    let (messages, _) = peer.page(of, json!({}));
    let texts = messages
        .iter()
        .map(|it| it["text"].as_str().expect("a text"));
    texts.map(ToOwned::to_owned).collect()
}

/// Whoever comes is no member, and makes a room of the old name, which has nothing of the renamed one.
fn assert_renamed(daemon: &Daemon, nick: &str) {
    let shown = daemon.admin("GET", "/v1/room?room=%23new", "").1;
    assert_eq!(shown["topic"], "tea", "{shown}");
    let slow = json!([{"setting": "slow-mode", "value": "1"}]);
    assert_eq!(shown["settings"], slow, "{shown}");
    assert_eq!(shown["roles"][0]["nick"], "ana", "{shown}");
    let rules = daemon.admin("GET", "/v1/rules?room=%23new", "").1;
    assert_eq!(rules["rules"][0]["subject"], "eve*", "{rules}");
    let mut peer = Peer::join(daemon, nick);
    assert_eq!(texts(&mut peer, "#new"), ["before", "after"]);
    let joined = peer.ask(json!({"type": "join", "room": "#old"}));
    assert_eq!(joined["members"], 1, "{joined}");
    assert_eq!(texts(&mut peer, "#old"), [] as [&str; 0]);
    let shown = peer.ask(json!({"type": "show_room", "room": "#old"}));
    assert_eq!(shown["settings"], json!([]), "{shown}");
    assert_eq!(shown["roles"][0]["nick"], nick, "{shown}");
}

#[test]
fn a_rename_that_was_answered_outlives_kill_9_and_a_restart() {
    let mut daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let ban = json!({"type": "add_rule", "room": "#old", "effect": "ban", "subject": "eve*"});
    for request in [
        json!({"type": "join", "room": "#old"}),
        json!({"type": "send", "to": "#old", "text": "before"}),
        json!({"type": "topic", "room": "#old", "text": "tea"}),
        json!({"type": "set_room", "room": "#old", "setting": "slow-mode", "value": "1"}),
        ban,
    ] {
        let answer = ana.ask(request);
        assert_ne!(answer["type"], "error", "{answer}");
    }
    let answer = ana.ask(json!({"type": "rename_room", "room": "#old", "to": "#new"}));
    assert_eq!(answer["type"], "moderated", "{answer}");
    let answer = ana.ask(json!({"type": "send", "to": "#new", "text": "after"}));
    assert_eq!(answer["type"], "ack", "{answer}");
    daemon.kill();
    daemon.start_again();
    assert_renamed(&daemon, "ben");
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait().success());
    daemon.start_again();
    assert_renamed(&daemon, "cleo");
}

#[test]
fn operators_rename_and_every_protocol_is_told_in_its_own_way() {
    let daemon = Daemon::start("[[listen]]\nprotocol = \"irc\"\nport = 0\n[[listen]]\nport = 0\n");
    let status = daemon.admin("GET", "/v1/status", "").1;
    let address = |at: usize| {
        let address = status["listeners"][at]["address"].as_str();
        address.and_then(|it| it.parse().ok()).expect("an address")
    };
    let mut dan = Peer::hello(address(1), json!({"type": "hello", "v": 1, "nick": "dan"}));
    dan.expect("login");
    dan.ask(json!({"type": "join", "room": "#old"}));
    let mut knows = Wire::connect_silently(address(0));
    knows.send(
        b"CAP REQ draft/channel-rename\r\nNICK kim\r\nUSER u 0 * :U\r\nCAP END\r\nJOIN #old\r\n",
    );
    wait_for_line(&mut knows, " 366 kim #old ");
    let mut plain = Wire::connect_silently(address(0));
    plain.send(b"NICK pat\r\nUSER u 0 * :U\r\nJOIN #old\r\n");
    wait_for_line(&mut plain, " 366 pat #old ");

    let mut chatctl = daemon.chatctl();
    let renamed = chatctl.args(["room", "rename", "#old", "#new", "--reason", "tidy"]);
    renamed
        .assert()
        .success()
        .stdout("#old is called #new now\n");
    wait_for_line(&mut knows, " RENAME #old #new :tidy");
    for line in [
        " PART #old :tidy",
        " JOIN #new",
        " 353 pat = #new ",
        " 366 pat #new ",
    ] {
        wait_for_line(&mut plain, line);
    }
    let told = dan.expect("room_renamed");
    assert_eq!(
        (&told["to"], &told["reason"]),
        (&json!("#new"), &json!("tidy"))
    );
    plain.send(b"PRIVMSG #new :here\r\n");
    wait_for_line(&mut knows, " PRIVMSG #new :here");
    assert_eq!(dan.expect("message")["room"], "#new");

    let mut chatctl = daemon.chatctl();
    let refused = chatctl.args(["room", "rename", "#lobby", "#hall"]);
    let why =
        "chatctl: #lobby is the default room, or is being renamed: it keeps its name for now\n";
    refused.assert().failure().stderr(why);
}

fn wait_for_line(wire: &mut Wire, what: &str) {
    loop {
        let line = wire.line().expect("a line");
        if format!("{} ", line.trim_end()).contains(what) {
            return;
        }
    }
}

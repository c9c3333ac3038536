//! Peers that mean harm or know no better: each is answered or let go, and nobody else notices.

use std::net::Shutdown;

use serde_json::{Value, json};

use crate::support::peers::{OldPeer, Peer, Wire};
use crate::support::{Daemon, wait_for};

/// The server after an attack: ana, who was there all the time, heard nothing strange and still chats.
fn assert_unharmed(daemon: &Daemon, ana: &mut Peer) {
    ana.say(json!({"type": "send", "to": "#lobby", "text": "still here", "id": "s"}));
    ana.hear(|it| it["type"] == "ack" && it["id"] == "s");
    assert_eq!(daemon.admin("GET", "/v1/status", "").1["state"], "ready");
}

#[test]
fn garbage_is_answered_and_then_let_go() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let attacks: [&[u8]; 5] = [
        b"\0\0\0\0\0\0\0\0\n",
        b"\xff\xfe\xfd\xfc\n",
        b"}}}}}}}}\n",
        b"{\"type\":[[[[[[[[]]]]]]]]}\n",
        b"{\"type\":\"hello\",\"v\":999}\n",
    ];
    for attack in attacks {
        let (mut wire, _) = Wire::connect(daemon.chat_addr());
        wire.send(attack);
        let answer: Value = serde_json::from_str(&wire.line().expect("an answer")).unwrap();
        assert_eq!(
            answer["type"],
            "error",
            "{answer} to {:?}",
            String::from_utf8_lossy(attack)
        );
    }
    let (mut wire, _) = Wire::connect(daemon.chat_addr());
    wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(wire.line().as_deref(), Some("HTTP is not spoken here"));
    assert_eq!(wire.line(), None);
    assert_unharmed(&daemon, &mut ana);
}

#[test]
fn garbage_without_end_is_cut_off() {
    let daemon = Daemon::start("[limits]\nmax_faults = 5\nrate = 0");
    let mut ana = Peer::join(&daemon, "ana");
    let (mut wire, _) = Wire::connect(daemon.chat_addr());
    let mut lines = Vec::new();
    for _ in 0..50 {
        if wire.try_send(b"what?\n").is_err() {
            break;
        }
    }
    while let Some(line) = wire.line() {
        lines.push(line);
    }
    assert!((1..20).contains(&lines.len()), "{lines:?}");
    wait_for("the end to be counted", || {
        (daemon.stats()["connections_ended"]["too_many_faults"] == 1).then_some(())
    });
    assert_unharmed(&daemon, &mut ana);
}

#[test]
fn an_object_without_end_is_bounded() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let (mut wire, _) = Wire::connect(daemon.chat_addr());
    wire.send(b"{\"type\":\"hello\",\"v\":1,\"nick\":\"big\",\"x\":\"");
    let chunk = [b'x'; 65536];
    let mut sent = 0_usize;
    while wire.try_send(&chunk).is_ok() && sent < 256 << 20 {
        sent += chunk.len();
    }
    assert!(sent < 256 << 20, "it must not be read for ever");
    let rss = daemon.stats()["rss_bytes"].as_u64().unwrap();
    assert!(rss < 200 << 20, "{rss}");
    assert_unharmed(&daemon, &mut ana);
}

#[test]
fn nesting_without_end_is_refused() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    ana.wire.send(
        format!(
            "{{\"type\":\"send\",\"x\":{}1{}}}\n",
            "[".repeat(5000),
            "]".repeat(5000)
        )
        .as_bytes(),
    );
    ana.expect("error");
    assert_unharmed(&daemon, &mut ana);
}

#[test]
fn a_peer_that_says_no_more_but_still_listens_gets_its_answers() {
    let daemon = Daemon::start("");
    let (mut wire, _) = Wire::connect(daemon.chat_addr());
    wire.send(b"{\"type\":\"hello\",\"v\":1,\"nick\":\"brief\"}\n{\"type\":\"send\",\"to\":\"#lobby\",\"text\":\"bye\",\"id\":\"b\"}\n");
    wire.stream().shutdown(Shutdown::Write).unwrap();
    let lines: Vec<String> = std::iter::from_fn(|| wire.line()).collect();
    assert!(
        lines.iter().any(|line| line.contains("\"ack\"")),
        "{lines:?}"
    );
}

#[test]
fn texts_with_control_characters_do_not_reach_old_terminals_raw() {
    let daemon = Daemon::start("");
    let mut old = OldPeer::join(&daemon, "old");
    let mut ana = Peer::join(&daemon, "ana");
    for text in ["\u{202e}evil", "a\u{2066}b", "\u{9b}31m"] {
        ana.say(json!({"type": "send", "to": "#lobby", "text": text, "id": "t"}));
        let answer = ana.hear(|it| it["id"] == "t");
        if answer["type"] == "ack" {
            let shown = old.hear("broadcast");
            assert!(!shown.contains(text), "{shown:?}");
        }
    }
    ana.say(json!({"type": "send", "to": "#lobby", "text": "\u{1b}[2J", "id": "t"}));
    assert_eq!(ana.hear(|it| it["id"] == "t")["code"], "text_control");
}

#[test]
fn a_thousand_connections_that_come_and_go_leave_nothing_behind() {
    let daemon = Daemon::start("[limits]\nmax_connections_per_ip = 0");
    let mut ana = Peer::join(&daemon, "ana");
    for round in 0..10 {
        let crowd: Vec<Wire> = (0..100)
            .map(|_| Wire::connect_silently(daemon.chat_addr()))
            .collect();
        for (number, mut wire) in crowd.into_iter().enumerate() {
            if number % 2 == 0 {
                wire.try_send(
                    format!("{{\"type\":\"hello\",\"v\":1,\"nick\":\"n{round}x{number}\"}}")
                        .as_bytes(),
                )
                .ok();
            }
        }
    }
    wait_for("all but ana to be gone", || {
        (daemon.stats()["connections_open"] == 1).then_some(())
    });
    assert_unharmed(&daemon, &mut ana);
}

//! Each key of the config, seen at work from outside. Those with a story of their own (connections,
//! timeouts, floods, slow readers, logs, the admin socket) stand in the files beside this one.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::Daemon;
use crate::support::peers::{OldPeer, Peer, Wire};

#[test]
fn name_motd_and_default_room_are_shown_to_everyone() {
    let daemon = Daemon::start(
        "[server]\nname = \"teahouse\"\nmotd = \"No shouting.\"\ndefault_room = \"#tea\"",
    );
    let (mut wire, greeting) = Wire::connect(daemon.chat_addr());
    assert!(
        greeting.contains("teahouse") && greeting.contains("No shouting."),
        "{greeting}"
    );
    wire.send(b"{\"type\":\"hello\",\"v\":1,\"nick\":\"ana\"}\n");
    let welcome: Value = serde_json::from_str(&wire.line().unwrap()).unwrap();
    assert_eq!(welcome["server"], "teahouse");
    assert_eq!(welcome["motd"], "No shouting.");
    assert_eq!(welcome["default_room"], "#tea");
    let mut old = OldPeer::join(&daemon, "old");
    old.say(json!({"type": "broadcast", "msg": "hot?"}));
    let said = std::iter::from_fn(|| wire.line())
        .find(|line| line.contains("hot?"))
        .unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&said).unwrap()["room"],
        "#tea"
    );
}

/// What a request is answered with under a config.
fn code_under(config: &str, requests: &[Value]) -> Value {
    let daemon = Daemon::start(config);
    let mut ana = Peer::join(&daemon, "ana");
    let _ben = Peer::join(&daemon, "ben");
    let _cho = Peer::join(&daemon, "cho");
    let mut last = Value::Null;
    for request in requests {
        let mut request = request.clone();
        request["id"] = json!("r");
        ana.say(request);
        last = ana.hear(|it| it["id"] == "r");
    }
    last["code"].clone()
}

#[test]
fn each_limit_on_what_a_user_may_do_is_told_by_its_code() {
    let join = |room: &str| json!({"type": "join", "room": room});
    let ignore = |nick: &str| json!({"type": "ignore", "nick": nick});
    let text = |bytes: usize| "x".repeat(bytes);
    let cases = [
        (
            "message_bytes = 400",
            vec![json!({"type": "send", "to": "#lobby", "text": text(401)})],
            "text_too_long",
        ),
        (
            "topic_bytes = 16",
            vec![json!({"type": "topic", "room": "#lobby", "text": text(17)})],
            "text_too_long",
        ),
        (
            "rooms_per_user = 2",
            vec![join("#a"), join("#b")],
            "too_many_rooms",
        ),
        (
            "max_rooms = 2",
            vec![join("#a"), join("#b")],
            "server_rooms_full",
        ),
        (
            "ignores_per_user = 1",
            vec![ignore("ben"), ignore("cho")],
            "too_many_ignored",
        ),
    ];
    for (key, requests, code) in cases {
        assert_eq!(
            code_under(&format!("[limits]\n{key}"), &requests),
            code,
            "{key}"
        );
    }
}

#[test]
fn the_smallest_buffers_and_slices_still_serve_everyone_everything_in_order() {
    let daemon = Daemon::start(
        "[server]\nbuffer_size = 512\n[limits]\nreads_per_turn = 1\nflush_slice = 1\nrate = 0",
    );
    let mut peers: Vec<Peer> = (0..12)
        .map(|number| Peer::join(&daemon, &format!("p{number}")))
        .collect();
    let text = "y".repeat(4000);
    for number in 0..20 {
        peers[0].say(json!({"type": "send", "to": "#lobby", "text": format!("{number} {text}")}));
    }
    for peer in &mut peers {
        for number in 0..20 {
            assert_eq!(peer.expect("message")["text"], format!("{number} {text}"));
        }
    }
}

#[test]
fn the_backlog_bounds_how_many_wait_to_be_accepted() {
    let waiting = |backlog: usize| {
        let daemon = Daemon::start(&format!("[server]\nbacklog = {backlog}"));
        daemon.signal(Signal::SIGSTOP);
        let patience = Duration::from_millis(150);
        let connected = (0..12).map(|_| TcpStream::connect_timeout(&daemon.chat_addr(), patience));
        let connected = connected.collect::<Vec<_>>().into_iter().flatten().count();
        daemon.signal(Signal::SIGCONT);
        connected
    };
    assert_eq!(waiting(64), 12);
    // Linux lets one more wait than the backlog says.
    assert!(waiting(2) <= 3);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a pause is at least so long by the clock on the wall"
)]
fn old_clients_get_their_objects_a_pause_apart() {
    let daemon = Daemon::start("[limits]\nold_client_pace = \"100ms\"");
    let mut old = OldPeer::join(&daemon, "old");
    let begun = Instant::now();
    for _ in 0..4 {
        old.say(json!({"type": "ls", "msg": null}));
    }
    for _ in 0..4 {
        old.hear("ls");
    }
    assert!(
        begun.elapsed() >= Duration::from_millis(300),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_shutdown_waits_no_longer_than_its_grace_for_a_peer_that_does_not_read() {
    let mut daemon = Daemon::start(
        "[server]\nshutdown_grace = \"200ms\"\n[limits]\nrate = 0\nsend_queue_bytes = \"16MiB\"",
    );
    let _deaf = Peer::join(&daemon, "deaf");
    let mut ana = Peer::join(&daemon, "ana");
    let text = "z".repeat(4000);
    let is_queued = || daemon.stats()["queued_bytes"].as_u64() > Some(10_000);
    while !is_queued() {
        for _ in 0..100 {
            ana.say(json!({"type": "send", "to": "@deaf", "text": text}));
            ana.expect("ack");
        }
    }
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0));
}

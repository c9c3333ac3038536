//! Many lines at once: nobody who reads is cut, operators are answered, lines keep their order.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use serde_json::json;

use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

/// Reads and throws away whatever comes, to the end of the stream.
fn read_away(peer: &Peer) {
    let mut stream = peer.wire.stream().try_clone().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
}

/// Speaks in the lobby as fast as the daemon reads, until it is gone.
fn speak_without_end(mut stream: TcpStream) {
    let lines = "{\"type\":\"send\",\"to\":\"#lobby\",\"text\":\"again\"}\n".repeat(100);
    thread::spawn(move || while stream.write_all(lines.as_bytes()).is_ok() {});
}

#[test]
fn operators_are_answered_while_everybody_talks() {
    let daemon = Daemon::start("[limits]\nrate = 0\nflush_slice = 1");
    let crowd: Vec<Peer> = (0..20)
        .map(|number| Peer::join(&daemon, &format!("peer{number}")))
        .collect();
    crowd.iter().for_each(read_away);
    for talker in &crowd[..4] {
        speak_without_end(talker.wire.stream().try_clone().unwrap());
    }
    wait_for("many lines to be spoken", || {
        let (status, stats) = daemon.admin("GET", "/v1/stats", "");
        assert_eq!(status, 200, "{stats}");
        (stats["messages"].as_u64() > Some(1000)).then_some(())
    });
}

#[test]
fn a_burst_cuts_nobody_who_reads() {
    let daemon = Daemon::start(
        "[server]\nbuffer_size = \"1MiB\"\n[limits]\nrate = 0\nsend_queue_bytes = \"64KiB\"",
    );
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let line = json!({"type": "send", "to": "@ben", "text": "x".repeat(400), "id": "m"});
    let burst = format!("{line}\n").repeat(1000);
    let mut stream = ana.wire.stream().try_clone().unwrap();
    let sent = thread::spawn(move || stream.write_all(burst.as_bytes()));
    for _ in 0..1000 {
        ana.expect("ack");
        ben.expect("private");
    }
    sent.join().unwrap().unwrap();
    assert_eq!(daemon.stats()["connections_ended"], json!({}));
}

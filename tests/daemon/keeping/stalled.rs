//! A disk that stands still: the writer's lock is held by somebody else, so that nothing can be kept and
//! nothing fails either. The loop lives, memory is bounded, and everybody is told.

use std::io::{ErrorKind, Read, Write};
use std::thread;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Speaker, assert_served, lobby, status};
use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

/// Whoever has this has the database.
struct Stall(Connection);

impl Stall {
    fn begin(daemon: &Daemon) -> Self {
        let other = Connection::open(daemon.directory().join("state/history.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(other)
    }

    fn end(self) {
        self.0.execute_batch("COMMIT").unwrap();
    }
}

/// Says many things at once, without waiting for their acks.
fn pipeline(peer: &mut Peer, texts: &[String]) {
    let mut lines = String::new();
    for (number, text) in texts.iter().enumerate() {
        let object =
            json!({"type": "send", "to": "#lobby", "text": text, "id": number.to_string()});
        lines += &format!("{object}\n");
    }
    peer.wire.send(lines.as_bytes());
}

/// Which of them were acknowledged; the rest was refused because the disk is slow.
fn answers(peer: &mut Peer, texts: &[String]) -> Vec<String> {
    let mut acked = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let id = number.to_string();
        let answer = peer.hear(|it| it["id"] == id);
        if answer["type"] == "ack" {
            acked.push(text.clone());
        } else {
            assert_is_refusal(&answer);
        }
    }
    acked
}

fn assert_is_refusal(answer: &Value) {
    assert_eq!(answer["code"], "not_kept", "{answer}");
    let text = answer["text"].as_str().unwrap();
    assert!(text.contains("the disk is too slow"), "{text}");
}

#[test]
fn a_disk_that_stands_still_is_told_of_after_five_seconds() {
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    assert_eq!(ana.say(10)["type"], "ack");
    let mut ben = Peer::join(&daemon, "ben");
    ana.assert_kept(&lobby(&mut ben)); // whoever asks finds it in the database

    let stall = Stall::begin(&daemon);
    let waiting: Vec<String> = (0..50).map(|number| format!("waiting {number}")).collect();
    pipeline(&mut ana.peer, &waiting);
    for text in &waiting {
        assert_eq!(
            ben.expect("message")["text"],
            *text,
            "others hear it meanwhile"
        );
    }
    // The commit log has them, so they are kept; they can be read when the database has them.
    let had = ana.kept.clone();
    ana.kept.extend(answers(&mut ana.peer, &waiting));
    assert_eq!(ana.kept.len(), 51);
    assert_served(&mut ben);
    assert_eq!(lobby(&mut ben), had);
    daemon.wait_for_log(&["messages cannot be kept", "the disk is too slow"]);
    assert!(status(&daemon).contains("the disk is too slow"));
    let refusal = ben.ask(json!({"type": "send", "to": "#lobby", "text": "refused"}));
    assert_is_refusal(&refusal);
    daemon.kill();
    stall.end();
    daemon.start_again();
    ana.assert_kept(&lobby(&mut Peer::join(&daemon, "cho")));
}

#[test]
fn a_disk_that_moves_again_is_used_again() {
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    let stall = Stall::begin(&daemon);
    assert_eq!(ana.say(10)["type"], "ack");
    daemon.wait_for_log(&["messages cannot be kept", "the disk is too slow"]);
    assert_is_refusal(&ana.say(10));
    stall.end();
    daemon.wait_for_log(&["messages are kept again"]);
    ana.say_until_kept();
    let there = lobby(&mut ana.peer);
    ana.assert_kept(&there);
}

#[test]
fn a_disk_that_stands_still_costs_bounded_memory_and_nobody_elses_time() {
    const TALKERS: usize = 4;
    const LINES: usize = 4000;
    let mut daemon = Daemon::start("[limits]\nrate = 0\n[history]\nqueue_bytes = \"256KiB\"");
    let mut ana = Speaker::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    ben.ask(json!({"type": "room_chat", "on": false})); // has no use for the noise
    assert_eq!(ana.say(10)["type"], "ack");
    let rss_before = daemon.stats()["rss_bytes"].as_u64().unwrap();

    let stall = Stall::begin(&daemon);
    let text = "y".repeat(1000);
    let talking: Vec<_> = (0..TALKERS)
        .map(|talker| {
            let peer = Peer::join(&daemon, &format!("talker{talker}"));
            let mut writing = peer.wire.stream().try_clone().unwrap();
            let line = json!({"type": "send", "to": "#lobby", "text": text, "id": "t"});
            let line = format!("{line}\n");
            thread::spawn(move || {
                let written = thread::spawn(move || {
                    for _ in 0..LINES {
                        writing.write_all(line.as_bytes()).unwrap();
                    }
                });
                read_answers(&peer, LINES);
                written.join().unwrap();
                peer
            })
        })
        .collect();
    let mut rss_most = rss_before;
    let mut pings = 0;
    // Of the 16 MB that come, a quarter of one may wait: the rest is refused while the disk stands still.
    wait_for("many refusals", || {
        assert_eq!(ben.ask(json!({"type": "ping"}))["type"], "pong");
        pings += 1;
        let stats = daemon.stats();
        rss_most = rss_most.max(stats["rss_bytes"].as_u64().unwrap());
        (stats["refusals"]["not_kept"].as_u64() > Some((TALKERS * LINES / 2) as u64)).then_some(())
    });
    assert_is_refusal(&ben.ask(json!({"type": "send", "to": "@ana", "text": "psst"})));
    assert_served(&mut ben);
    eprintln!(
        "stalled disk: {pings} pings answered, {} KiB before, {} KiB at most",
        rss_before >> 10,
        rss_most >> 10
    );
    assert!(
        rss_most < rss_before + (48 << 20),
        "{rss_before} {rss_most}"
    );

    stall.end();
    let talkers: Vec<Peer> = talking.into_iter().map(|it| it.join().unwrap()).collect();
    ana.peer.heard_so_far();
    ana.say_until_kept();
    let stats = daemon.stats();
    assert_eq!(stats["connections_ended"], json!({}), "{stats}");
    drop(talkers);
    let heard_as_kept = |all: Vec<String>| all.iter().filter(|it| **it == text).count();
    let kept = heard_as_kept(lobby(&mut ben));
    daemon.kill();
    daemon.start_again();
    assert_eq!(heard_as_kept(lobby(&mut Peer::join(&daemon, "cho"))), kept);
    eprintln!("stalled disk: {kept} of {} were kept", TALKERS * LINES);
}

/// Reads until so many requests were answered.
fn read_answers(peer: &Peer, mut count: usize) {
    let mut stream = peer.wire.stream();
    let mut tail = Vec::new();
    let mut buffer = [0; 65536];
    while count > 0 {
        let read = match stream.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.unwrap(),
        };
        assert!(read > 0, "cut with {count} answers to come");
        tail.extend_from_slice(&buffer[..read]);
        let end = tail
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let lines = tail.drain(..end).collect::<Vec<u8>>();
        let answers = lines.split(|&byte| byte == b'\n');
        count -= answers
            .filter(|line| String::from_utf8_lossy(line).contains("\"id\":\"t\""))
            .count();
    }
}

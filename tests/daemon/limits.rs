//! Each bound of the config, reached: who is refused is told why, and nobody else notices.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::peers::{Peer, Wire};
use crate::support::{Daemon, wait_for};

/// All that the server says to a peer that only listens.
fn said_to_a_silent_peer(daemon: &Daemon) -> String {
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    let lines: Vec<String> = std::iter::from_fn(|| wire.line()).collect();
    lines.join("\n")
}

#[test]
fn one_connection_too_many_is_told_that_the_server_is_full() {
    let daemon = Daemon::start("[limits]\nmax_connections = 2");
    let mut ana = Peer::join(&daemon, "ana");
    let ben = Peer::join(&daemon, "ben");
    assert!(said_to_a_silent_peer(&daemon).contains("full"));
    drop(ben);
    ana.expect("quit");
    Peer::join(&daemon, "cho");
    assert_eq!(daemon.stats()["connections_refused"], 1);
}

#[test]
fn one_connection_too_many_from_an_address_is_told_so() {
    let daemon = Daemon::start("[limits]\nmax_connections_per_ip = 2");
    let _ana = Peer::join(&daemon, "ana");
    let _ben = Peer::join(&daemon, "ben");
    assert!(said_to_a_silent_peer(&daemon).contains("address"));
}

#[test]
fn those_who_leave_without_closing_hold_no_more_places_than_there_are() {
    let daemon = Daemon::start("[limits]\nmax_connections = 2");
    let mut leavers = Vec::new();
    for _ in 0..30 {
        let mut peer = Peer::join(&daemon, "leaver");
        peer.say(json!({"type": "quit"}));
        peer.expect("bye");
        leavers.push(peer); // its end of the connection stays open
        let open = daemon.stats()["connections_open"].as_u64().unwrap();
        assert!(open <= 4, "{open} connections are open");
    }
}

#[test]
fn who_does_not_log_in_is_told_so_and_let_go() {
    let daemon = Daemon::start("[limits]\nlogin_timeout = \"1s\"");
    assert!(said_to_a_silent_peer(&daemon).contains("log"));
    wait_for("the end to be counted", || {
        (daemon.stats()["connections_ended"]["login_timeout"] == 1).then_some(())
    });
}

#[test]
fn a_peer_that_does_not_answer_pings_is_dropped_and_one_that_does_stays() {
    let daemon = Daemon::start("[limits]\nping_interval = \"1s\"\nping_timeout = \"1s\"");
    let mut ana = Peer::join(&daemon, "ana");
    let mut mute = Wire::connect(daemon.chat_addr()).0;
    mute.send(b"{\"type\":\"hello\",\"v\":1,\"nick\":\"mute\"}\n");
    let quit = ana.hear(|it| it["type"] == "quit" && it["nick"] == "mute"); // ana answers on the way
    assert!(quit["reason"].as_str().unwrap().contains("ping"), "{quit}");
    ana.heard_so_far();
}

#[test]
fn who_speaks_too_fast_is_refused_with_the_time_to_wait() {
    let daemon = Daemon::start("[limits]\nrate = 1\nburst = 5");
    let mut ana = Peer::join(&daemon, "ana");
    for number in 0..10 {
        ana.say(json!({"type": "send", "to": "#lobby", "text": "x", "id": format!("{number}")}));
    }
    let refused = ana.expect("error");
    assert_eq!(refused["code"], "too_fast");
    assert!(refused["retry_after_ms"].as_u64().unwrap() > 0);
    daemon.wait_for_log(&["throttled", "ana"]);
}

#[test]
fn a_peer_that_does_not_read_is_cut_told_counted_and_logged() {
    let daemon = Daemon::start("[limits]\nsend_queue_bytes = \"128KiB\"\nrate = 0");
    let mut ana = Peer::join(&daemon, "ana");
    let mut deaf = Peer::join(&daemon, "deaf");
    let text = "x".repeat(4000);
    let mut sent = 0;
    while daemon.stats()["connections_ended"]["send_queue_exceeded"] != 1 {
        for _ in 0..100 {
            ana.say(json!({"type": "send", "to": "#lobby", "text": text, "id": "m"}));
            ana.hear(|it| it["id"] == "m");
        }
        sent += 100;
        assert!(sent < 20_000, "a peer that does not read was never cut");
    }
    daemon.wait_for_log(&["ended", "nick=deaf", "send_queue_exceeded", "queued_bytes"]);
    let rest = deaf.rest(); // every line of it is a whole object
    assert_eq!(rest.last().unwrap()["code"], "send_queue_exceeded");
    ana.heard_so_far();
}

#[test]
fn running_out_of_file_descriptors_turns_newcomers_away_and_hurts_nobody() {
    let daemon = Daemon::start_with("", |command| *command = with_few_descriptors(command));
    let mut ana = Peer::join(&daemon, "ana");
    let status = daemon.admin("GET", "/v1/status", "").1;
    let told = status["warnings"].as_array().unwrap().iter();
    let told = told.filter(|it| it.as_str().unwrap().contains("max_connections is 10000"));
    assert_eq!(told.count(), 1, "{status}");
    let mut crowd = Vec::new();
    let turned_away = wait_for("somebody to be turned away", || {
        let mut stream = TcpStream::connect(daemon.chat_addr()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut greeting = [0; 512];
        let count = stream.read(&mut greeting).unwrap();
        let said = String::from_utf8_lossy(&greeting[..count]).into_owned();
        crowd.push(stream);
        said.contains("full").then_some(said)
    });
    assert!(turned_away.contains("full"));
    ana.heard_so_far();
    drop(crowd);
    wait_for("room for others again", || {
        let mut stream = TcpStream::connect(daemon.chat_addr()).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .ok()?;
        stream
            .write_all(b"{\"type\":\"hello\",\"v\":1,\"nick\":\"ben\"}\n")
            .ok()?;
        let mut answer = String::new();
        let mut buffer = [0; 4096];
        while !answer.contains("\"login\"") {
            let count = stream.read(&mut buffer).ok().filter(|&count| count > 0)?;
            answer.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        Some(())
    });
}

#[test]
fn for_want_of_a_descriptor_each_is_turned_away_in_what_is_spoken_there() {
    let listeners = ["chat", "irc", "http"]
        .map(|protocol| format!("[[listen]]\nprotocol = \"{protocol}\"\nport = 0\n"));
    let daemon = Daemon::start_with(&listeners.concat(), |command| {
        *command = with_few_descriptors(command);
    });
    let status = daemon.admin("GET", "/v1/status", "").1;
    // What it says first, so that whoever is served hears something, and what it hears.
    let mut crowd = Vec::new();
    let mut is_told = |index: usize, first: &str, words: &str| {
        let address = status["listeners"][index]["address"].as_str().unwrap();
        wait_for("somebody to be turned away", || {
            let mut stream = TcpStream::connect(address).unwrap();
            let patience = Some(Duration::from_secs(10));
            stream.set_read_timeout(patience).unwrap();
            stream.write_all(first.as_bytes()).ok();
            let mut said = [0; 512];
            let count = stream.read(&mut said).ok()?;
            crowd.push(stream);
            let said = String::from_utf8_lossy(&said[..count]);
            said.starts_with(words).then_some(())
        });
    };
    is_told(0, "", "The server is full. Try again later.\n");
    is_told(
        1,
        "PING x\r\n",
        "ERROR :The server is full. Try again later.\r\n",
    );
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    is_told(2, request, "HTTP/1.1 503 Service Unavailable\r\n");
}

/// The same command with few file descriptors to be had.
fn with_few_descriptors(original: &Command) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg("--nofile=40:40")
        .arg(original.get_program())
        .args(original.get_args());
    for (name, value) in original.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

#[test]
fn a_list_longer_than_the_send_queue_does_not_cut_off_who_asks_for_it() {
    let daemon =
        Daemon::start("[limits]\nrate = 0\nrooms_per_user = 200\nsend_queue_bytes = \"64KiB\"\n");
    let mut ana = Peer::join(&daemon, "ana");
    for number in 0..150 {
        let room = format!("#room{number}");
        ana.say(json!({"type": "join", "room": room}));
        ana.say(json!({"type": "topic", "id": room, "room": room, "text": "\"".repeat(400)}));
        ana.hear(|object| object["type"] == "ok" && object["id"] == *room);
    }
    let mut ben = Peer::join(&daemon, "ben");
    for _ in 0..3 {
        ben.say(json!({"type": "rooms", "id": "list"}));
        let mut listed = 0;
        let left_off = loop {
            let part = ben.expect("rooms");
            listed += part["rooms"].as_array().map_or(0, Vec::len);
            if part["more"] != true {
                break part["left_off"].as_u64();
            }
        };
        assert_eq!(listed as u64 + left_off.unwrap_or(0), 151);
        assert!(left_off.is_some(), "150 topics of 800 bytes do not fit");
    }
    assert_eq!(daemon.stats()["connections_ended"], json!({}));
}

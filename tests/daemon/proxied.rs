//! Connections that a proxy opens for somebody: they count for whoever is behind it, in what the operator sees
//! and in the limits, and nobody else may say such a thing.

use serde_json::json;

use crate::support::Daemon;
use crate::support::peers::{Peer, Wire};
use crate::support::tls::{Authority, TlsPeer};

const HELLO: &str = "{\"type\":\"hello\",\"v\":1,\"nick\":\"ana\"}\n";

fn behind_proxy(more: &str) -> Daemon {
    Daemon::start(&format!(
        "[[listen]]\nport = 0\nproxies = [\"127.0.0.1\"]\n{more}"
    ))
}

fn header(source: &str) -> String {
    format!("PROXY TCP4 {source} 127.0.0.1 4000 12231\r\n")
}

/// What a connection hears that begins with these bytes, to its end.
fn hears(daemon: &Daemon, bytes: &[u8]) -> Vec<String> {
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    wire.send(bytes);
    std::iter::from_fn(|| wire.line()).collect()
}

fn join_from(daemon: &Daemon, source: &str, nick: &str) -> Peer {
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    wire.send(header(source).as_bytes());
    wire.line().expect("a greeting");
    let mut peer = Peer { wire };
    peer.say(json!({"type": "hello", "v": 1, "nick": nick}));
    peer.expect("welcome");
    peer
}

fn addresses(daemon: &Daemon) -> Vec<String> {
    let who = daemon.admin("GET", "/v1/who", "").1;
    let sessions = who["sessions"].as_array().expect("a list").iter();
    let address = |session: &serde_json::Value| session["address"].as_str().map(str::to_owned);
    sessions.filter_map(address).collect()
}

#[test]
fn who_is_behind_a_proxy_is_who_the_proxy_says() {
    let daemon = behind_proxy("[limits]\nmax_connections_per_ip = 1\n");
    let mut ana = join_from(&daemon, "192.0.2.7", "ana");
    assert_eq!(addresses(&daemon), ["192.0.2.7:4000"]);
    let _ben = join_from(&daemon, "192.0.2.8", "ben");
    let refused = hears(&daemon, header("192.0.2.7").as_bytes());
    assert!(refused.concat().contains("address"), "{refused:?}");

    // Bans too, and for those who are there.
    let ban = json!({"effect": "ban", "subject": "192.0.2.7"}).to_string();
    let (code, answer) = daemon.admin("POST", "/v1/rules", &ban);
    assert_eq!(code, 200, "{answer}");
    ana.expect("bye");
    let refused = hears(&daemon, header("192.0.2.7").as_bytes());
    assert!(refused.concat().contains("banned"), "{refused:?}");
}

#[test]
fn the_binary_header_may_come_in_pieces_and_with_what_follows() {
    let daemon = behind_proxy("");
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x2b".to_vec();
    header.extend(
        "2001:db8::7"
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets(),
    );
    header.extend([0; 16]);
    header.extend([0x10, 0x01, 0, 80]);
    header.extend([4, 0, 4, 1, 2, 3, 4]); // what proxies add is skipped
    header.extend(HELLO.as_bytes());
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    let (begin, rest) = header.split_at(20);
    wire.send(begin);
    assert_eq!(addresses(&daemon), [""; 0]); // meanwhile it has been accepted
    wire.send(rest);
    wire.line().expect("a greeting");
    let mut ana = Peer { wire };
    ana.expect("welcome");
    assert_eq!(addresses(&daemon), ["[2001:db8::7]:4097"]);
}

#[test]
fn a_proxy_may_ask_whether_we_are_well() {
    let daemon = behind_proxy("");
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    wire.send(b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0");
    assert!(wire.line().expect("a greeting").contains("Connected"));
    drop(Wire::connect_silently(daemon.chat_addr())); // or only whether anybody is there
    assert_eq!(addresses(&daemon).len(), 1);
    assert!(addresses(&daemon)[0].starts_with("127.0.0.1:"));
}

#[test]
fn a_proxy_that_says_nothing_or_something_else_is_closed_and_told_in_the_log() {
    let daemon = behind_proxy("");
    assert_eq!(hears(&daemon, HELLO.as_bytes()), [""; 0]);
    daemon.wait_for_log(&["without a PROXY header", "begins with something else"]);
    let silent: Vec<String> = hears(&daemon, b"PROXY TCP4 192.0.2.7");
    assert_eq!(silent, [""; 0], "it has not come within 5 s");
    assert_eq!(daemon.stats()["connections_accepted"], 0);
}

#[test]
fn nobody_else_may_say_where_somebody_comes_from() {
    let daemon = Daemon::start("[[listen]]\nport = 0\nproxies = [\"192.0.2.1\"]\n");
    let bytes = [header("192.0.2.7").as_bytes(), HELLO.as_bytes()].concat();
    let (mut wire, _) = Wire::connect(daemon.chat_addr());
    wire.send(&bytes);
    let answer = wire.line().expect("an answer");
    assert!(answer.contains("error"), "{answer}");
    assert!(addresses(&daemon)[0].starts_with("127.0.0.1:"));
}

#[test]
fn the_header_stands_ahead_of_tls() {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new(files.path(), "ca");
    authority.issue("server", 90);
    let config = authority.config("server", "");
    let config = config.replace("tls = true", "tls = true\nproxies = [\"127.0.0.0/8\"]");
    let daemon = Daemon::start(&config);
    let client = authority.client("ca", None);
    let ahead = header("192.0.2.9");
    let _peer = TlsPeer::connect_behind(daemon.chat_addr(), &client, &ahead).expect("TLS");
    assert_eq!(addresses(&daemon), ["192.0.2.9:4000"]);
}

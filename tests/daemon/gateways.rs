//! Gateways of IRC, which say by WEBIRC for whom they open a connection; and others who say so.

use serde_json::json;

use crate::support::peers::Wire;
use crate::support::tls::Authority;
use crate::support::{Daemon, wait_for};

/// One word, as gateways have it. Its SHA-256 is in the config.
const PASSWORD: &str = "battery-staple";

fn daemon(gateways: &str, more: &str) -> Daemon {
    let sha256 = chatd::hub::fingerprint::Fingerprint::of(PASSWORD.as_bytes());
    Daemon::start(&format!(
        "[[listen]]\nprotocol = \"irc\"\nport = 0\n[irc]\ngateways = [\"{gateways}\"]\n\
         gateway_password_sha256 = \"{sha256}\"\n{more}"
    ))
}

fn webirc(password: &str, address: &str) -> String {
    format!("WEBIRC {password} gate host.example {address} :secure\r\n")
}

fn login(nick: &str) -> String {
    format!("NICK {nick}\r\nUSER u 0 * :U\r\n")
}

fn connect(daemon: &Daemon, lines: &str) -> Wire {
    let mut wire = Wire::connect_silently(daemon.chat_addr());
    wire.send(lines.as_bytes());
    wire
}

/// Skips to the line that has this.
fn hear(wire: &mut Wire, part: &str) -> String {
    loop {
        let line = wire.line().expect("an open stream");
        if line.contains(part) {
            return line;
        }
    }
}

/// All that comes to the end.
fn rest(mut wire: Wire) -> String {
    let lines: Vec<String> = std::iter::from_fn(|| wire.line()).collect();
    lines.join("\n")
}

fn addresses(daemon: &Daemon) -> Vec<String> {
    let who = daemon.admin("GET", "/v1/who", "").1;
    let sessions = who["sessions"].as_array().expect("a list").iter();
    let address = |session: &serde_json::Value| session["address"].as_str().map(str::to_owned);
    sessions.filter_map(address).collect()
}

#[test]
fn whoever_is_behind_a_gateway_counts_by_their_own_address() {
    let daemon = daemon("127.0.0.1", "[limits]\nmax_connections_per_ip = 1\n");
    let join = |nick: &str, address: &str| {
        let lines = webirc(PASSWORD, address) + &login(nick);
        let mut wire = connect(&daemon, &lines);
        hear(&mut wire, " 001 ");
        wire
    };
    let mut ana = join("ana", "192.0.2.7");
    let _ben = join("ben", "2001:db8::7");
    assert_eq!(addresses(&daemon), ["192.0.2.7:0", "[2001:db8::7]:0"]);
    ana.send(b"JOIN #gate\r\n");
    let joined = hear(&mut ana, " JOIN ");
    assert!(joined.contains(".ip JOIN"), "a cloak of theirs: {joined}");
    let refused = rest(connect(
        &daemon,
        &(webirc(PASSWORD, "192.0.2.7") + &login("cho")),
    ));
    assert!(
        refused.contains("ERROR :") && refused.contains("address"),
        "{refused}"
    );

    let ban = json!({"effect": "ban", "subject": "192.0.2.0/24"}).to_string();
    assert_eq!(daemon.admin("POST", "/v1/rules", &ban).0, 200);
    assert!(rest(ana).contains("banned"));
    let refused = rest(connect(&daemon, &webirc(PASSWORD, "192.0.2.9")));
    assert!(refused.contains("banned"), "{refused}");
}

#[test]
fn who_is_no_gateway_is_closed_and_told_in_the_log() {
    for (gateways, password) in [("127.0.0.1", "guess"), ("192.0.2.1", PASSWORD)] {
        let daemon = daemon(gateways, "");
        let refused = rest(connect(&daemon, &webirc(password, "192.0.2.7")));
        assert!(
            refused.starts_with("ERROR :WEBIRC is not for you"),
            "{refused}"
        );
        daemon.wait_for_log(&["is no gateway", "127.0.0.1"]);
        wait_for("the end to be counted", || {
            (daemon.stats()["connections_ended"]["unreadable"] == 1).then_some(())
        });
    }
}

#[test]
fn a_gateway_says_it_first_and_once() {
    let daemon = daemon("127.0.0.1", "");
    let mut ana = connect(&daemon, &webirc(PASSWORD, "nowhere"));
    assert!(hear(&mut ana, "FAIL").contains("WEBIRC INVALID_ADDRESS"));
    ana.send(webirc(PASSWORD, "192.0.2.7").as_bytes());
    ana.send(webirc(PASSWORD, "192.0.2.8").as_bytes());
    assert!(hear(&mut ana, "FAIL").contains("WEBIRC TOO_LATE"));
    ana.send(login("ana").as_bytes());
    hear(&mut ana, " 001 ");
    ana.send(webirc(PASSWORD, "192.0.2.8").as_bytes());
    hear(&mut ana, " 462 ");
    assert_eq!(addresses(&daemon), ["192.0.2.7:0"]);
    let mut ben = connect(
        &daemon,
        &format!("NICK ben\r\n{}", webirc(PASSWORD, "192.0.2.8")),
    );
    assert!(hear(&mut ben, "FAIL").contains("WEBIRC TOO_LATE"));
}

#[test]
fn a_certificate_proves_a_gateway_too() {
    use std::io::{BufRead, BufReader, Write};
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConnection, StreamOwned};

    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new(files.path(), "ca");
    authority.issue("server", 90);
    let certificate = authority.issue("gate", 90);
    authority.issue("ana", 90);
    let more = format!(
        "client_ca = {:?}\nclient_certificates = \"optional\"\n[irc]\ngateways = [\"127.0.0.1\"]\n\
         gateway_certificates = [\"{certificate}\"]",
        authority.file("ca", "pem")
    );
    let config = authority.config("server", &more);
    let daemon = Daemon::start(&config.replace("tls = true", "tls = true\nprotocol = \"irc\""));
    let first_line = |shows: &str| {
        let name = ServerName::from(daemon.chat_addr().ip());
        let client = authority.client("ca", Some(shows));
        let tls = ClientConnection::new(Arc::clone(&client), name).unwrap();
        let stream = std::net::TcpStream::connect(daemon.chat_addr()).unwrap();
        stream
            .set_read_timeout(Some(crate::support::PATIENCE))
            .unwrap();
        let mut stream = StreamOwned::new(tls, stream);
        let lines = webirc("*", "192.0.2.7") + &login("ana");
        stream.write_all(lines.as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    };
    assert!(first_line("gate").contains(" 001 "));
    assert!(first_line("ana").starts_with("ERROR :WEBIRC"));
}

//! Every key of the table is honoured: set to another value it changes the config, says where the
//! value came from, and survives being printed and read again.

use chatd::config::keys::{self, KeyInfo};
use chatd::config::{Loaded, Source};

use super::{load, load_with};

/// A valid value that is not the default, in TOML's notation.
fn other_value(key: &KeyInfo) -> &'static str {
    match (key.section, key.name) {
        ("server", "name") => "\"den\"",
        ("server", "motd") => "\"No smoking.\"",
        ("server", "default_room") => "\"#hall\"",
        ("server", "io_threads") => "2",
        ("server", "buffer_size") => "\"32KiB\"",
        ("server", "backlog") => "20",
        ("server", "shutdown_grace") => "\"1500ms\"",
        ("listen", "address") => "\"::1\"",
        ("listen", "port") => "0",
        ("listen", "unix") => "\"/run/chatd/chat.sock\"",
        ("listen", "tls") => "true",
        ("listen", "trust") => "\"peer\"",
        ("listen", "proxies") => "[\"127.0.0.1\", \"10.1.0.0/16\"]",
        ("tls", "certificate") => "\"/etc/chatd/tls/other.pem\"",
        ("tls", "key") => "\"/etc/chatd/tls/other.key\"",
        ("tls", "client_ca") => "\"/etc/chatd/tls/ca.pem\"",
        ("tls", "client_certificates") => "\"optional\"",
        ("tls", "handshake_timeout") => "\"3s\"",
        ("tls", "max_handshakes") => "10",
        ("http", "origins") => "[\"https://chat.example\", \"https://*.example.org\"]",
        ("irc", "gateways") => "[\"192.0.2.1\"]",
        ("irc", "gateway_password_sha256") => {
            "\"4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581\""
        }
        ("irc", "gateway_certificates") => {
            "[\"4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581\"]"
        }
        ("irc" | "oper", "password") => {
            "\"sha256:4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581\""
        }
        ("oper", "name") => "\"ana\"",
        ("irc", "admin") => "\"ana@example.org\"",
        ("irc", "autoreplay") => "7",
        ("irc", "sts") => "\"30d\"",
        ("limits", "max_connections") => "500",
        ("limits", "max_connections_per_ip") => "0",
        ("limits", "connects_per_minute") => "30",
        ("limits", "message_bytes") => "2000",
        ("limits", "topic_bytes") => "\"1KiB\"",
        ("limits", "rooms_per_user") => "7",
        ("limits", "max_rooms") => "70",
        ("limits", "ignores_per_user") => "0",
        ("limits", "logins_per_minute") => "600",
        ("limits", "joins_per_minute") => "7",
        ("limits", "nick_changes_per_minute") => "8",
        ("limits", "text_per_minute") => "\"64KiB\"",
        ("limits", "strangers_per_minute") => "9",
        ("limits", "blocked_words") => "\"*darn*,drat\"",
        ("limits", "send_queue_bytes") => "\"2MiB\"",
        ("limits", "login_timeout") => "\"10s\"",
        ("limits", "ping_interval") => "\"90s\"",
        ("limits", "ping_timeout") => "\"250ms\"",
        ("limits", "resume_window") => "\"5m\"",
        ("limits", "rate") => "2.5",
        ("limits", "burst") => "9.0",
        ("limits", "max_faults") => "3",
        ("limits", "old_client_pace") => "\"20ms\"",
        ("limits", "reads_per_turn") => "4",
        ("limits", "flush_slice") => "64",
        ("history", "path") => "\"/srv/chatd/history.db\"",
        ("history", "durability") => "\"relaxed\"",
        ("history", "on_failure") => "\"continue\"",
        ("history", "retention") => "\"90d\"",
        ("history", "retention_messages") => "1000",
        ("history", "queue_bytes") => "\"1MiB\"",
        ("accounts", "path") => "\"/srv/chatd/registry.db\"",
        ("accounts", "registration") => "\"invite\"",
        ("accounts", "register_before_login") => "true",
        ("accounts", "require") => "\"remote\"",
        ("accounts", "password_length") => "12",
        ("accounts", "hash_memory") => "\"46MiB\"",
        ("accounts", "hash_passes") => "1",
        ("accounts", "hash_threads") => "4",
        ("accounts", "hash_queue") => "8",
        ("accounts.external", "command") => "[\"/usr/bin/true\", \"an argument\"]",
        ("accounts.external", "url") => "\"http://127.0.0.1:8000/check\"",
        ("accounts.external", "timeout") => "\"2s\"",
        ("accounts.external", "cache") => "\"0s\"",
        ("accounts.external", "concurrency") => "1",
        ("accounts.external", "queue") => "8",
        ("log", "directory") => "\"\"",
        ("log", "rotation") => "\"hourly\"",
        ("log", "keep") => "3",
        ("log", "file_bytes") => "\"1MiB\"",
        ("log", "level") => "\"warn,chatd::daemon=debug\"",
        ("log", "format") => "\"json\"",
        ("admin", "socket") => "\"/run/other.sock\"",
        ("admin", "group") => "\"staff\"",
        (section, name) => panic!("add another value of {section}.{name} to this test"),
    }
}

/// All keys that have a second value: there is one protocol yet, so no other to choose.
fn keys_with_a_choice() -> Vec<KeyInfo> {
    let mut keys = keys::all();
    keys.retain(|key| (key.section, key.name) != ("listen", "protocol"));
    keys
}

const GATEWAY_PROOF: &str = "gateway_certificates = [\"4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581\"]\n";

/// What must stand beside a key for its other value to be allowed.
fn needs(key: &KeyInfo) -> &'static str {
    match (key.section, key.name) {
        ("listen", "trust") => "unix = \"/run/chat.sock\"\n",
        ("listen", "tls") => "[tls]\ncertificate = \"/a.pem\"\nkey = \"/a.key\"\n",
        ("tls", "client_certificates") => "client_ca = \"/ca.pem\"\n",
        ("irc", "gateways") => GATEWAY_PROOF,
        ("oper", "name") => "password = \"correct horse\"\n",
        ("oper", "password") => "name = \"ana\"\n",
        _ => "",
    }
}

fn full_name(key: &KeyInfo) -> String {
    match key.section {
        "listen" | "oper" => format!("{}[0].{}", key.section, key.name),
        section => format!("{section}.{}", key.name),
    }
}

fn effective(loaded: &Loaded, name: &str) -> (String, Source) {
    let key = loaded.effective.iter().find(|key| key.key == name);
    let key = key.unwrap_or_else(|| panic!("{name} is not among the effective keys"));
    (key.value.clone(), key.source.clone())
}

/// As [`needs`], in a file of its own.
fn needs_alone(key: &KeyInfo) -> &'static str {
    match (key.section, key.name) {
        ("listen", "trust") => "[[listen]]\nunix = \"/run/chat.sock\"\n",
        ("tls", "client_certificates") => "[tls]\nclient_ca = \"/ca.pem\"\n",
        ("irc", "gateways") => {
            "[irc]\ngateway_certificates = [\"4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581\"]\n"
        }
        ("oper", "name") => "[[oper]]\npassword = \"correct horse\"\n",
        ("oper", "password") => "[[oper]]\nname = \"ana\"\n",
        _ => needs(key),
    }
}

#[test]
fn each_key_in_the_file_is_honoured() {
    let defaults = load("");
    for key in keys_with_a_choice() {
        let heading = match key.section {
            "listen" | "oper" => format!("[[{}]]", key.section),
            section => format!("[{section}]"),
        };
        let value = other_value(&key);
        let rest = needs(&key);
        let loaded = load(&format!(
            "# a comment\n{heading}\n{} = {value}\n{rest}",
            key.name
        ));
        assert_ne!(loaded.config, defaults.config, "{}", full_name(&key));

        let (shown, source) = effective(&loaded, &full_name(&key));
        assert_eq!(shown, value, "{}", full_name(&key));
        assert!(matches!(source, Source::File { line: 3, .. }), "{source:?}");
    }
}

#[test]
fn each_key_on_the_command_line_is_honoured_with_and_without_quotes() {
    for key in keys_with_a_choice() {
        let (name, value) = (full_name(&key), other_value(&key));
        for written in [value, value.trim_matches('"')] {
            let loaded = load_with(needs_alone(&key), &[&format!("{name}={written}")]).unwrap();
            assert_eq!(effective(&loaded, &name), (value.to_owned(), Source::Set));
        }
    }
}

#[test]
fn the_printed_config_reads_back_as_the_same() {
    let sets: Vec<String> = keys_with_a_choice()
        .iter()
        .filter(|key| !["unix", "trust", "url"].contains(&key.name))
        .map(|key| format!("{}={}", full_name(key), other_value(key)))
        .chain([
            "listen[1].unix=/run/a \"quoted\" name".to_owned(),
            "listen[1].trust=peer".to_owned(),
        ])
        .collect();
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let loaded = load_with("", &sets).unwrap();
    assert_eq!(load(&loaded.to_toml()).config, loaded.config);
    assert_eq!(load(&load("").to_toml()).config, load("").config);
}

#[test]
fn the_command_line_wins_over_the_file_and_the_last_over_the_first() {
    let loaded = load_with(
        "[limits]\nrate = 1\nburst = 5\n[[listen]]\nport = 7000\n",
        &[
            "limits.rate=2",
            "limits.rate=3",
            "listen[0].port=0",
            "listen[1].port=7001",
        ],
    )
    .unwrap();
    assert_eq!(
        effective(&loaded, "limits.rate"),
        ("3.0".to_owned(), Source::Set)
    );
    assert_eq!(
        effective(&loaded, "listen[0].port"),
        ("0".to_owned(), Source::Set)
    );
    assert_eq!(
        effective(&loaded, "listen[1].port"),
        ("7001".to_owned(), Source::Set)
    );
    let (burst, source) = effective(&loaded, "limits.burst");
    assert_eq!(burst, "5.0");
    assert!(source.to_string().ends_with("/chat.toml:3"), "{source}");
}

#[test]
fn a_text_on_the_command_line_stays_a_text_even_when_it_looks_like_a_number() {
    let loaded = load_with("", &["server.name=2026", "server.motd="]).unwrap();
    assert_eq!(loaded.config.server.name, "2026");
    assert_eq!(loaded.config.server.motd, "");
}

#[test]
fn a_listener_that_is_open_to_other_machines_is_a_warning() {
    let file = "[[listen]]\naddress = \"0.0.0.0\"\n[[listen]]\naddress = \"127.8.0.1\"\nport = 1\n\
                [[listen]]\nunix = \"/run/chat.sock\"\n";
    let tls = "tls = true\n[tls]\ncertificate = \"/a.pem\"\nkey = \"/a.key\"\n";
    let with_tls = format!("[[listen]]\naddress = \"0.0.0.0\"\n{tls}");
    assert_eq!(load(&with_tls).warnings, [""; 0]);
    let warnings = load(file).warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!(
        super::without_directory(&warnings[0]),
        "chat.toml:2:11: listen[0].address: 0.0.0.0:12231 is open to other machines: whoever \
         reaches it may read and speak, and nothing is encrypted; see tls, and accounts.require"
    );
    let required = format!("{file}[accounts]\nrequire = \"remote\"\n");
    let warnings = load(&required).warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].ends_with("whoever sees the traffic sees passwords too; see tls"));
}

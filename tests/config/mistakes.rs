//! A mistake in a config is told with its place, its key and the way out, and together with all
//! the others.

use std::fs;

use chatd::config::{self, Sources};
use proptest::prelude::*;

use super::{ana, load, load_with, mistakes};

#[test]
fn a_file_with_eight_mistakes_tells_all_eight() {
    let file = r#"
[server]
name = "two words"
backlog = 0

[limits]
max_conections = 500
login_timeout = 30
rate = "fast"

[histroy]
path = "/var/lib/chatd/history"

[log]
rotation = "dayly"
level = "inof"
"#;
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:3:8: server.name: must be one word, not \"two words\"",
            "chat.toml:4:11: server.backlog: must be a whole number from 1 to 65535, not 0",
            "chat.toml:7:1: limits.max_conections: unknown key; did you mean \"max_connections\"?",
            "chat.toml:8:17: limits.login_timeout: must be a duration from 100ms to 1h, such as \
             \"10ms\", \"30s\" or \"5m\", not 30: a unit is missing; did you mean \"30s\"?",
            "chat.toml:9:8: limits.rate: must be a number from 0 to 1000000, not \"fast\"",
            "chat.toml:11:2: histroy: unknown section; did you mean \"history\"?",
            "chat.toml:15:12: log.rotation: must be \"hourly\", \"daily\" or \"never\", \
             not \"dayly\"; did you mean \"daily\"?",
            "chat.toml:16:9: log.level: must be error, warn, info, debug, trace or off, or a list \
             such as \"info,chatd::daemon=debug\"; \"inof\" is no level; did you mean \"info\"?",
        ]
    );
}

#[test]
fn a_syntax_error_does_not_hide_the_others() {
    let file = "[server]\nname = chatd\nmotd = 5\n\n[limits]\nrate = 5\nrate = 6\nbursts = 5\n";
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:2:8: string values must be quoted, expected literal string: \"chatd\"",
            "chat.toml:3:8: server.motd: must be one line of at most 400 bytes, not 5",
            "chat.toml:7:1: duplicate key: \"rate\"",
            "chat.toml:8:1: limits.bursts: unknown key; did you mean \"burst\"?",
        ]
    );
}

#[test]
fn a_key_in_the_wrong_place_is_sent_to_the_right_one() {
    let file = "port = 12231\nsever = 1\n[server]\nmax_connections = 5\n[limit]\n[log]\nx = 1\n";
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:1:1: port: unknown key outside any section; it belongs in [[listen]]",
            "chat.toml:2:1: sever: unknown key outside any section; did you mean \"server\"?",
            "chat.toml:4:1: server.max_connections: unknown key; it belongs in [limits]",
            "chat.toml:5:2: limit: unknown section; did you mean \"limits\"?",
            "chat.toml:7:1: log.x: unknown key",
        ]
    );
}

#[test]
fn a_section_in_the_wrong_form_is_shown_the_right_one() {
    assert_eq!(
        mistakes("listen = []\nlog = 5\n[[limits]]\nrate = 5\n", &[]),
        [
            "chat.toml:1:1: listen: must have at least one listener; leave it out for the default",
            "chat.toml:2:1: log: there is one such section, written [log]",
            "chat.toml:3:1: limits: there is one such section, written [limits]",
        ]
    );
    assert_eq!(
        mistakes("[listen]\nport = 5\n", &[]),
        [
            "chat.toml:1:2: listen: must be written [[listen]], with two brackets: there may be several"
        ]
    );
}

#[test]
fn listeners_that_cannot_stand_together_are_told_before_anything_is_opened() {
    let file = r#"
[[listen]]
port = 7000
[[listen]]
port = 7000
[[listen]]
address = "0.0.0.0"
port = 7000
[[listen]]
unix = "/run/chat.sock"
port = 7001
[[listen]]
unix = "/run/chat.sock"
[[listen]]
address = "localhost"
[[listen]]
unix = "chat.sock"
"#;
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:4:1: listen[1]: listens on 127.0.0.1:7000, which listen[0] has already",
            "chat.toml:6:1: listen[2]: listens on 0.0.0.0:7000, which listen[0] has already",
            "chat.toml:11:8: listen[3].port: stands beside unix; a listener has either unix, or \
             address and port",
            "chat.toml:12:1: listen[4]: listens on /run/chat.sock, which listen[3] has already",
            "chat.toml:15:11: listen[5].address: must be an IP address such as \"127.0.0.1\", \
             \"::1\" or \"0.0.0.0\", not \"localhost\"",
            "chat.toml:17:8: listen[6].unix: must be an absolute path, one that begins with /, \
             not \"chat.sock\"",
        ]
    );
}

#[test]
fn tls_without_its_files_is_told_where_it_was_asked_for() {
    let file = "[[listen]]\nport = 1\n[[listen]]\nport = 2\ntls = true\n\
                [tls]\nkey = \"/a.key\"\nclient_certificates = \"required\"\n";
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:5:7: listen[1].tls: needs tls.certificate, which is not set",
            "chat.toml:8:23: tls.client_certificates: needs tls.client_ca: who vouches for clients?",
        ]
    );
    assert_eq!(
        mistakes("[[listen]]\nunix = \"/run/chat.sock\"\ntls = true\n", &[]),
        [
            "chat.toml:3:7: listen[0].tls: is for address and port; a Unix socket needs none, nobody is on the way"
        ]
    );
    assert_eq!(
        mistakes("[[listen]]\ntls = \"yes\"\n", &[]),
        ["chat.toml:2:7: listen[0].tls: must be true or false, not \"yes\""]
    );
}

#[test]
fn listeners_that_only_look_alike_are_no_mistake() {
    let file = r#"
[[listen]]
port = 0
[[listen]]
port = 0
[[listen]]
port = 7000
[[listen]]
address = "::1"
port = 7000
"#;
    assert_eq!(load(file).config.listen.len(), 4);
}

#[test]
fn a_listener_may_not_take_the_admin_socket() {
    assert_eq!(
        mistakes(
            "[[listen]]\nunix = \"/run/user/1000/chatd/admin.sock\"\n",
            &[]
        ),
        [
            "chat.toml:2:8: listen[0].unix: is the admin socket as well: \
          /run/user/1000/chatd/admin.sock"
        ]
    );
}

#[test]
fn limits_that_contradict_each_other_name_both() {
    assert_eq!(
        mistakes(
            "[limits]\nmessage_bytes = \"32KiB\"\nsend_queue_bytes = \"64KiB\"\n",
            &[]
        ),
        [
            "chat.toml:3:20: limits.send_queue_bytes: must be at least 395264, room for 2 frames of \
          197632 bytes, because limits.message_bytes is 32768"
        ]
    );
    // Only one of the two was written: that one is named with its place.
    assert_eq!(
        mistakes("[limits]\nmessage_bytes = 100\n", &[]),
        [
            "chat.toml:2:17: limits.topic_bytes: must not be above limits.message_bytes, which is \
          100; it is 400"
        ]
    );
    // A value that was refused for itself is not compared with anything.
    assert_eq!(mistakes("[limits]\nmessage_bytes = 1\n", &[]).len(), 1);
}

#[test]
fn names_and_paths_are_checked_for_what_they_name() {
    let long = format!(
        "[admin]\nsocket = \"/{}\"\ngroup = \"a b\"\n",
        "x".repeat(107)
    );
    assert_eq!(
        mistakes(long, &[]),
        [
            "chat.toml:2:10: admin.socket: must be at most 107 bytes long, and has 108",
            "chat.toml:3:9: admin.group: must be a group's name, not \"a b\"",
        ]
    );
    assert_eq!(
        mistakes(
            "[server]\ndefault_room = \"lobby\"\nmotd = \"a\\nb\"\n",
            &[]
        ),
        [
            "chat.toml:2:16: server.default_room: must begin with #, such as \"#lobby\", not \
             \"lobby\"",
            "chat.toml:3:8: server.motd: must be one line, without line breaks or other control \
             characters",
        ]
    );
}

#[test]
fn a_mistake_on_the_command_line_is_told_like_one_in_the_file_and_with_it() {
    assert_eq!(
        mistakes(
            "[limits]\nrate = -1\n",
            &[
                "limits.rat=5",
                "limits.burst=x",
                "listen[5].port=1",
                "listen.port=1",
                "nonsense"
            ]
        ),
        [
            "chat.toml:2:8: limits.rate: must be a number from 0 to 1000000, not -1",
            "--set nonsense: has no value; write --set KEY=VALUE",
            "--set limits.rat: unknown key; did you mean \"rate\"?",
            "--set limits.burst: must be a number from 1 to 1000000, not \"x\"",
            "--set listen[5]: there is none of this number; the next new one is listen[1]",
            "--set listen: a listener is written with its number: listen[0]",
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let reason = |name: &str| {
        let file = directory.path().join(name);
        let sources = Sources {
            file: Some(file.clone()),
            sets: Vec::new(),
            environment: ana(),
        };
        let told = config::load(&sources).unwrap_err().to_string();
        told.replace(file.to_str().unwrap(), "FILE")
    };
    assert_eq!(reason("absent.toml"), "FILE: there is no such file");
    assert_eq!(reason("."), "FILE: is a directory; name the file in it");

    fs::write(
        directory.path().join("latin1"),
        b"[server]\nmotd = \"Gr\xfc\xdfe\"\n",
    )
    .unwrap();
    assert_eq!(
        reason("latin1"),
        "FILE:2:11: is not UTF-8 from here on; save the file as UTF-8"
    );

    fs::write(directory.path().join("huge"), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(
        reason("huge"),
        "FILE: is larger than 1MiB, so it cannot be a config of chatd"
    );
}

#[test]
fn a_file_of_something_else_ends_after_a_screenful() {
    let page = "<p>not a config</p>\n".repeat(1000);
    let told = mistakes(page, &[]);
    assert_eq!(told.len(), 21);
    assert!(told[20].starts_with("chat.toml:21:"), "{}", told[20]);
    assert!(told[20].ends_with(": and more; is this a TOML file?"));
}

#[test]
fn what_a_windows_editor_adds_does_no_harm() {
    let loaded = load("\u{feff}[server]\r\nname = \"den\"\r\n");
    assert_eq!(loaded.config.server.name, "den");
    assert_eq!(
        mistakes("\u{feff}nmae = 1\r\n", &[])[0].split(": ").next(),
        Some("chat.toml:1:1")
    );
}

/// Bytes that come close to a config: its words in any order.
fn nearly_toml() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "[server]",
        "[[listen]]",
        "[limits]",
        "[log",
        "listen",
        "port",
        "rate",
        "unix",
        "= ",
        "=",
        "\n",
        "\n",
        " ",
        "\"",
        "\"\"\"",
        "'",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "#",
        "5",
        "-1",
        "1e400",
        "0x7fffffffffffffffffffffffffffffffffff",
        "nan",
        "true",
        "1970-01-01",
        "\"30s\"",
        "\r",
        "é",
    ];
    prop::collection::vec(prop::sample::select(WORDS).prop_map(str::to_owned), 0..60)
        .prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Err(problems) = load_with(bytes, &[]) {
            prop_assert!(problems.count() > 0);
        }
    }

    #[test]
    fn any_words_of_a_config_are_answered(text in nearly_toml(), set in ".{0,40}") {
        if let Err(problems) = load_with(&text, &[&set]) {
            prop_assert!(problems.lines().all(|line| !line.contains('\n')));
        }
    }
}

#[test]
fn only_one_may_have_the_last_word_about_passwords() {
    let file = "[accounts.external]\ncommand = [\"/bin/true\"]\nurl = \"http://127.0.0.1:1/\"\n\
                timeout = \"40s\"\n[accounts]\nhash_queue = 1\n";
    assert_eq!(
        mistakes(file, &[]),
        [
            "chat.toml:3:7: accounts.external.url: stands beside command; only one of them can have the last word",
            "chat.toml:4:11: accounts.external.timeout: must be below limits.login_timeout, or who logs in is \
             disconnected before there is an answer",
        ]
    );
    let file =
        "[accounts.external]\ncommand = [\"true\"]\nurl = \"http://ldap.example.org/\"\nqeue = 1\n";
    assert_eq!(
        mistakes(file, &["accounts.external.command=true"]),
        [
            "chat.toml:2:11: accounts.external.command: must begin with an absolute path, not \"true\"",
            "chat.toml:3:7: accounts.external.url: must be http:// with an address of this machine and a port, such as \
             \"http://127.0.0.1:8000/check\", because passwords travel there as they are; not \
             \"http://ldap.example.org/\"",
            "chat.toml:4:1: accounts.external.qeue: unknown key; did you mean \"queue\"?",
            "--set accounts.external.command: must be a list of texts: a program's absolute path and its \
             arguments, not true",
        ]
    );
    assert_eq!(
        mistakes(
            "[accounts.extrenal]\ncommand = []\n[[listen]]\ntrust = \"peer\"\n",
            &[]
        ),
        [
            "chat.toml:1:11: \"accounts.extrenal\": unknown section; did you mean \"accounts.external\"?",
            "chat.toml:4:9: listen[0].trust: is for unix; who is at the other end of a TCP connection nobody knows",
        ]
    );
    assert_eq!(
        mistakes(
            "[[listen]]\nproxies = [\"10.0.0.0/8\", \"haproxy.lan\"]\n[[listen]]\nproxies = [\"::1\"]\nunix = \"/a\"\n",
            &[]
        ),
        [
            "chat.toml:2:11: listen[0].proxies: must have addresses such as \"127.0.0.1\" or the first of a block such \
             as \"10.1.0.0/16\", not \"haproxy.lan\"",
            "chat.toml:4:11: listen[1].proxies: is for address and port; who connects to a Unix socket has no address",
        ]
    );
    assert_eq!(
        mistakes("[irc]\ngateways = [\"192.0.2.1\"]\n", &[]),
        [
            "chat.toml:2:12: irc.gateways: needs gateway_password_sha256 or gateway_certificates: how do they prove it?"
        ]
    );
    assert_eq!(
        mistakes("[irc]\ngateway_password_sha256 = \"secret\"\n", &[]),
        ["chat.toml:2:27: irc.gateway_password_sha256: must have 64 hexadecimal digits"]
    );
}

#[test]
fn an_operator_has_a_name_of_its_own_and_a_password_that_no_mistake_shows() {
    assert_eq!(
        mistakes(
            "[[oper]]\nname = \"ana\"\n[[oper]]\nname = \"two words\"\npassword = \"x\"\n[[oper]]\nname = \"ben\"\n\
             password = \"one\"\n[[oper]]\npassword = \"two\"\nname = \"ben\"\n",
            &[]
        ),
        [
            "chat.toml:1:1: oper[0]: needs both name and password",
            "chat.toml:4:8: oper[1].name: must be one word of at most 64 bytes",
            "chat.toml:11:8: oper[3].name: is the name of oper[2] as well",
        ]
    );
    let expected = "must be a text in quotes: a password, or \"sha256:\" and the 64 hexadecimal digits of its hash";
    assert_eq!(
        mistakes(
            "[irc]\npassword = 12345\n[[oper]]\nname = \"ana\"\npassword = \"sha256:abc\"\n[[oper]]\nname = \"ben\"\n\
             password = \"a\\u0007b\"\n",
            &[]
        ),
        [
            format!("chat.toml:2:12: irc.password: {expected}"),
            "chat.toml:5:12: oper[0].password: must have 64 hexadecimal digits after sha256:".to_owned(),
            "chat.toml:8:12: oper[1].password: must have at most 1024 bytes, and no control characters"
                .to_owned(),
        ]
    );
    assert_eq!(
        mistakes(
            "[oper]\nname = \"ana\"\n",
            &["oper[1].name=ben", "oper.name=ben"]
        ),
        [
            "chat.toml:1:2: oper: must be written [[oper]], with two brackets: there may be several",
            "--set oper[1]: there is none of this number; the next new one is oper[0]",
            "--set oper: one of several is written with its number: oper[0]",
        ]
    );
}

#[test]
fn an_operators_hash_is_one_that_can_be_compared_with_and_is_not_shown() {
    let tail = "c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaA";
    let oper = |hash: &str| format!("[[oper]]\nname = \"ana\"\npassword = \"{hash}\"\n");
    let good = format!("$argon2id$v=19$m=32768,t=2,p=1${tail}");
    let printed = load(&oper(&good)).to_toml();
    assert!(printed.contains(&good), "{printed}");
    for bad in [
        format!("$argon2i$v=19$m=32768,t=2,p=1${tail}"),
        format!("$argon2id$v=16$m=32768,t=2,p=1${tail}"),
        format!("$argon2id$v=19$m=9999999,t=2,p=1${tail}"),
        format!("$argon2id$v=19$m=8,t=2,p=2${tail}"),
        format!("$argon2id$v=19$m=32768,t=0,p=1${tail}"),
        format!("$argon2id$v=19$m=32768,t=2${tail}"),
        format!("$argon2id$v=19$m=32768,t=2,p=1${tail}$"),
        "$argon2id$v=19$m=32768,t=2,p=1$c2FsdHNhbHQ".to_owned(),
    ] {
        let told = mistakes(oper(&bad), &[]);
        assert!(
            told[0].contains("oper[0].password: must be Argon2id"),
            "{bad}: {told:?}"
        );
        assert!(!told[0].contains(tail));
    }
    let told = mistakes(format!("[irc]\npassword = \"{good}\"\n"), &[]);
    assert!(
        told[0].contains("irc.password: must be a password or its SHA-256"),
        "{told:?}"
    );
}

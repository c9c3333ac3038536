//! chatctl and chatd together: what a user and an operator see of both.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::relay::Relay;
use super::terminal::Terminal;
use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

/// stdout of a chatctl command that must succeed.
fn stdout(daemon: &Daemon, args: &[&str]) -> String {
    let output = daemon
        .chatctl()
        .args(args)
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    String::from_utf8(output).unwrap()
}

fn wait_for_user(daemon: &Daemon, nick: &str) {
    wait_for("the user", || {
        let who = daemon.admin("GET", "/v1/who", "").1;
        let sessions = who["sessions"].as_array()?;
        sessions.iter().find(|it| it["nick"] == nick).map(|_| ())
    });
}

#[test]
fn what_a_pipe_says_is_heard_and_acknowledged() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    daemon
        .chatctl()
        .args(["join", "ana"])
        .write_stdin("hello\n@ben psst\n/me waves\n")
        .assert()
        .code(0)
        .stdout(
            contains("#lobby <ana> hello")
                .and(contains("[ana > ben] psst"))
                .and(contains("#lobby * ana waves")),
        )
        .stderr("");
    for text in ["hello", "psst", "waves"] {
        assert_eq!(ben.hear(|it| it["from"] == "ana")["text"], text);
    }
    assert_eq!(ben.expect("quit")["nick"], "ana");
}

#[test]
fn a_pipe_faster_than_allowed_keeps_its_order_and_is_never_refused() {
    let daemon = Daemon::start("[limits]\nrate = 50.0\nburst = 10.0\n");
    let mut ben = Peer::join(&daemon, "ben");
    let lines: String = (0..60).map(|number| format!("line {number}\n")).collect();
    daemon
        .chatctl()
        .args(["join", "ana"])
        .write_stdin(lines)
        .assert()
        .code(0)
        .stderr("");
    for number in 0..60 {
        let heard = ben.hear(|it| it["from"] == "ana");
        assert_eq!(heard["text"], format!("line {number}"));
    }
    assert_eq!(daemon.stats()["refusals"].get("too_fast"), None);
}

#[test]
fn send_reaches_rooms_and_users_and_says_when_it_cannot() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    let sent = stdout(
        &daemon,
        &["send", "#lobby", "to all", "--as", "bot", "-o", "jsonl"],
    );
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let heard = ben.hear(|it| it["from"] == "bot");
    assert_eq!(
        (&heard["text"], &heard["msgid"]),
        (&json!("to all"), &sent["msgid"])
    );
    assert_eq!(
        ben.expect("quit")["nick"],
        "bot",
        "it leaves what it entered"
    );
    let mut send = daemon.chatctl();
    send.args(["send", "@ben", "-", "--as", "bot"])
        .write_stdin("from a pipe\n");
    send.assert().code(0).stdout("");
    assert_eq!(ben.expect("private")["text"], "from a pipe");
    let mut nobody = daemon.chatctl();
    nobody.args(["send", "@nobody", "hi"]).assert().code(4);
    let mut taken = daemon.chatctl();
    taken
        .args(["send", "#lobby", "hi", "--as", "ben"])
        .assert()
        .code(1)
        .stderr(contains("ben"));
}

#[test]
fn send_speaks_as_the_user_whose_join_runs_here_and_changes_nothing_of_theirs() {
    let daemon = Daemon::start("");
    let mut terminal = Terminal::join(
        daemon.directory(),
        &daemon.chat_addr().to_string(),
        &[("NO_COLOR", "1")],
    );
    terminal.wait_for_prompt("#lobby>");
    let server = daemon.chat_addr().to_string();
    let rooms = || -> Value {
        let who = daemon.admin("GET", "/v1/who", "").1;
        who["sessions"][0]["rooms"].clone()
    };
    stdout(
        &daemon,
        &[
            "send",
            "#lobby",
            "from a script",
            "--as",
            "ana",
            "--server",
            &server,
        ],
    );
    terminal.wait_for("<ana> from a script");
    stdout(
        &daemon,
        &[
            "send",
            "#ops",
            "elsewhere",
            "--as",
            "ana",
            "--server",
            &server,
        ],
    );
    wait_for("ana to be in the lobby only", || {
        (rooms() == json!(["#lobby"])).then_some(())
    });
    terminal.keys("/quit\r");
    assert_eq!(terminal.exit_code(), 0);
    let keys = fs::read_dir(daemon.directory().join("chatctl")).unwrap();
    let names = keys.map(|file| file.unwrap().file_name().into_string().unwrap());
    let left = names.filter(|name| name.starts_with("key-")).count();
    assert_eq!(left, 0, "the key goes with its session");
}

#[test]
fn tail_follows_a_room_as_objects() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    let lines = std::thread::scope(|scope| {
        let tail = scope.spawn(|| {
            stdout(
                &daemon,
                &["tail", "#lobby", "-n", "2", "--as", "log", "-o", "jsonl"],
            )
        });
        ben.hear(|it| it["type"] == "join" && it["nick"] == "log");
        ben.say(json!({"type": "send", "to": "#lobby", "text": "one"}));
        ben.say(json!({"type": "send", "to": "#lobby", "text": "two\u{202e}"}));
        tail.join().unwrap()
    });
    let texts: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["text"].clone())
        .collect();
    assert_eq!(texts, ["one", "two\u{202e}"]);
    assert!(!lines.contains('\u{202e}'));
}

#[test]
fn an_operator_sees_and_changes() {
    let mut daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    assert!(stdout(&daemon, &["status"]).contains("state        ready"));
    assert!(stdout(&daemon, &["who"]).contains("ben   #lobby"));
    assert_eq!(stdout(&daemon, &["rooms", "-o", "tsv"]), "#lobby\t1\t\n");
    stdout(&daemon, &["room", "topic", "lobby", "ship it"]);
    assert_eq!(ben.expect("topic")["text"], "ship it");
    assert_eq!(stdout(&daemon, &["room", "topic", "lobby"]), "ship it\n");
    stdout(&daemon, &["announce", "back soon"]);
    assert_eq!(ben.expect("notice")["text"], "back soon");
    assert!(stdout(&daemon, &["log", "level", "debug", "--for", "10m"]).contains("then info"));
    assert!(stdout(&daemon, &["config", "show", "-o", "tsv"]).contains("limits.rate\t"));
    let doctor = stdout(&daemon, &["doctor", "-o", "tsv"]);
    assert!(
        !doctor.contains("\tFAIL\t") && doctor.contains("listener\tok"),
        "{doctor}"
    );
    daemon.rewrite_config("[limits]\nrate = 7.0\n");
    assert!(stdout(&daemon, &["reload"]).contains("limits.rate"));
    stdout(&daemon, &["kick", "ben", "--reason", "enough"]);
    assert_eq!(ben.expect("bye")["code"], "kicked");
    stdout(&daemon, &["shutdown", "--yes"]);
    assert!(daemon.wait().success());
    daemon
        .chatctl()
        .arg("status")
        .assert()
        .code(3)
        .stderr(contains("is not running"));
}

#[test]
fn a_kick_ends_join_with_1_and_a_restart_does_not_end_it() {
    let daemon = Daemon::start("");
    let server = daemon.chat_addr().to_string();
    let mut terminal = Terminal::join(daemon.directory(), &server, &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    wait_for_user(&daemon, "ana");
    stdout(&daemon, &["kick", "ana", "--reason", "enough"]);
    terminal.wait_for("An operator removed you: enough");
    assert_eq!(terminal.exit_code(), 1);
    let mut terminal = Terminal::join(daemon.directory(), &server, &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    drop(daemon);
    terminal.wait_for("trying again in");
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_taken_nick_is_asked_for_anew_by_a_terminal() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let server = daemon.chat_addr().to_string();
    let mut terminal = Terminal::join(daemon.directory(), &server, &[("NO_COLOR", "1")]);
    terminal.wait_for("another nick:");
    terminal.keys("eva\r");
    terminal.wait_for_prompt("#lobby>");
    ana.say(json!({"type": "send", "to": "#lobby", "text": "welcome"}));
    terminal.wait_for("<ana> welcome");
    terminal.keys("/nick Ève\r");
    assert_eq!(ana.expect("nick")["new"], "Ève");
    terminal.wait_for("you are now Ève");
    terminal.keys("thank you\r");
    assert_eq!(ana.hear(|it| it["from"] == "Ève")["text"], "thank you");
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn what_was_said_is_found_again_without_entering_the_room() {
    let daemon = Daemon::start("");
    for (nick, text) in [
        ("ana", "the red car"),
        ("ben", "a blue car"),
        ("ana", "no car"),
    ] {
        stdout(&daemon, &["send", "#dev", text, "--as", nick]);
    }
    stdout(&daemon, &["send", "#ops", "car wash", "--as", "ben"]);
    let texts = |args: &[&str]| -> Vec<String> {
        let lines = stdout(&daemon, args);
        let text = |line: &str| line.split('\t').nth(4).unwrap().to_owned();
        lines.lines().map(text).collect()
    };
    let history = ["history", "dev", "-o", "tsv"];
    assert_eq!(texts(&history), ["the red car", "a blue car", "no car"]);
    assert_eq!(
        texts(&["history", "#dev", "-n2", "-o", "tsv"]),
        ["a blue car", "no car"]
    );
    assert_eq!(
        texts(&["history", "#dev", "--after", "1h", "-n1", "-o", "tsv"]),
        ["the red car"]
    );
    let ids: Vec<String> = stdout(&daemon, &["history", "#dev", "-o", "jsonl"])
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["msgid"].to_string())
        .collect();
    let second = ids[1].trim_matches('"');
    assert_eq!(
        texts(&["history", "#dev", "--before", second, "-o", "tsv"]),
        ["the red car"]
    );
    assert_eq!(
        texts(&["history", "#dev", "--around", second, "-n1", "-o", "tsv"]),
        ["a blue car"]
    );
    // What was said just now is found a moment later.
    wait_for("what was said last", || {
        let found = texts(&["search", "car", "--from", "ben", "-o", "tsv"]);
        (found == ["a blue car", "car wash"]).then_some(())
    });
    assert_eq!(
        texts(&[
            "search", "car", "--in", "dev", "--since", "1h", "-n1", "-o", "tsv"
        ]),
        ["no car"]
    );
    let mut nowhere = daemon.chatctl();
    nowhere.args(["history", "#nowhere"]).assert().code(4);
    let mut nothing = daemon.chatctl();
    nothing
        .args(["search", "bicycle"])
        .assert()
        .code(0)
        .stdout("")
        .stderr("chatctl: nothing found\n");
}

#[test]
fn private_words_are_for_the_two_also_tomorrow() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    stdout(&daemon, &["send", "@ben", "our secret", "--as", "ana"]);
    assert_eq!(ben.expect("private")["text"], "our secret");
    let own = stdout(&daemon, &["history", "@ben", "--as", "ana"]);
    assert!(own.ends_with("[ana > ben] our secret\n"), "{own}");
    let foreign = stdout(&daemon, &["history", "@ben", "--as", "eva"]);
    assert_eq!(foreign, "");
    let mut search = daemon.chatctl();
    search
        .args(["search", "secret", "--as", "eva"])
        .assert()
        .code(0)
        .stdout("");
}

#[test]
fn without_history_chatctl_says_so_and_chats_all_the_same() {
    let daemon = Daemon::start("[history]\ndurability = \"off\"\n");
    let mut history = daemon.chatctl();
    history
        .args(["history", "#lobby"])
        .assert()
        .code(1)
        .stderr("chatctl: this server keeps no history\n");
    daemon
        .chatctl()
        .args(["join", "ana"])
        .write_stdin("hello\n")
        .assert()
        .code(0)
        .stdout(contains("#lobby <ana> hello"));
}

#[test]
fn who_comes_again_sees_where_the_unread_begins() {
    let daemon = Daemon::start("");
    let server = daemon.chat_addr().to_string();
    let mut terminal = Terminal::join(daemon.directory(), &server, &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("before\r");
    terminal.wait_for("<ana> before");
    terminal.keys("/edit before all\r");
    terminal.wait_for("-- ana edited: before all");
    terminal.keys("/quit\r");
    assert_eq!(terminal.exit_code(), 0);
    stdout(
        &daemon,
        &["send", "#lobby", "while ana was away", "--as", "ben"],
    );
    let mut terminal = Terminal::join(daemon.directory(), &server, &[("NO_COLOR", "1")]);
    let screen = terminal.wait_for("while ana was away");
    let lines: Vec<&str> = screen
        .lines()
        .filter(|line| line.contains("──") || line.contains('<'))
        .map(|line| line.split_once(" <").map_or(line, |(_, said)| said))
        .collect();
    assert_eq!(
        lines,
        [
            "ana> before all (edited)",
            "── unread ──",
            "ben> while ana was away"
        ]
    );
    terminal.keys("/quit\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_broken_line_loses_nothing_and_nobody_sees_a_quit() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    let relay = Relay::to(daemon.chat_addr());
    let mut terminal = Terminal::join(daemon.directory(), &relay.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    ben.say(json!({"type": "send", "to": "#lobby", "text": "one"}));
    terminal.wait_for("<ben> one");
    ben.hear(|it| it["type"] == "join" && it["nick"] == "ana");
    relay.cut();
    terminal.wait_for("trying again in");
    let is_still_there = |it: &Value| {
        assert!(it["nick"] != "ana", "nobody comes or goes: {it}");
        true
    };
    for (to, text) in [
        ("#lobby", "two"),
        ("@ana", "for you alone"),
        ("#lobby", "three"),
    ] {
        ben.say(json!({"type": "send", "id": text, "to": to, "text": text}));
        ben.hear(|it| is_still_there(it) && it["id"] == text);
    }
    relay.mend();
    terminal.wait_for("<ben> three");
    ben.say(json!({"type": "send", "to": "#lobby", "text": "four"}));
    let screen = terminal.wait_for("<ben> four");
    let said: Vec<&str> = screen
        .lines()
        .filter_map(|line| line.split_once("ben"))
        .map(|(_, said)| said)
        .collect();
    assert_eq!(
        said,
        [
            "> one",
            "> two",
            " > ana] for you alone",
            "> three",
            "> four"
        ],
        "{screen}"
    );
    ben.say(json!({"type": "send", "id": "last", "to": "#lobby", "text": "five"}));
    ben.hear(|it| is_still_there(it) && it["id"] == "last");
    terminal.keys("/quit\r");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn tail_goes_on_where_the_line_broke() {
    let daemon = Daemon::start("");
    let mut ben = Peer::join(&daemon, "ben");
    let relay = Relay::to(daemon.chat_addr());
    let say = |ben: &mut Peer, text: &str| {
        ben.say(json!({"type": "send", "id": text, "to": "#lobby", "text": text}));
        ben.hear(|it| it["type"] == "ack" && it["id"] == text);
    };
    say(&mut ben, "one");
    let lines = std::thread::scope(|scope| {
        let server = relay.address();
        let daemon = &daemon;
        let tail = scope.spawn(move || {
            let args = ["tail", "--since", "1h", "-n4", "--as", "log", "-o", "tsv"];
            stdout(daemon, &[&args[..], &["--server", &server]].concat())
        });
        ben.hear(|it| it["type"] == "join" && it["nick"] == "log");
        say(&mut ben, "two");
        relay.cut();
        ben.hear(|it| it["type"] == "quit" && it["nick"] == "log");
        say(&mut ben, "three");
        relay.mend();
        ben.hear(|it| it["type"] == "join" && it["nick"] == "log");
        say(&mut ben, "four");
        tail.join().unwrap()
    });
    let texts: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.split('\t').nth(4))
        .collect();
    assert_eq!(texts, ["one", "two", "three", "four"]);
}

#[test]
fn a_password_is_not_echoed_and_is_no_argument_and_in_no_environment() {
    let daemon = Daemon::start("[accounts]\nhash_memory = \"7MiB\"\nhash_passes = 1\n");
    daemon
        .chatctl()
        .args(["user", "add", "ana", "--password-stdin"])
        .write_stdin("correct horse battery\n")
        .assert()
        .code(0);
    let server = daemon.chat_addr().to_string();
    let args = ["join", "--account", "ana", "--server", &server];
    let mut terminal = Terminal::run(daemon.directory(), &args, &[("NO_COLOR", "1")]);
    terminal.wait_for("Password of ana:");
    terminal.keys("correct horse battery\r");
    terminal.wait_for_prompt("#lobby>");
    wait_for_user(&daemon, "ana");
    for pid in [terminal.pid(), daemon.pid()] {
        for file in ["cmdline", "environ"] {
            let text = fs::read(format!("/proc/{pid}/{file}")).unwrap();
            assert!(!text.is_empty(), "{file} of {pid}");
            let text = String::from_utf8_lossy(&text);
            assert!(!text.contains("horse"), "{file} of {pid}: {text}");
        }
    }
    // The terminal echoes again, and what it shows now came behind the password.
    terminal.keys("/rooms\r");
    terminal.wait_for("/rooms");
    assert!(!terminal.raw().contains("horse"), "{}", terminal.raw());
}

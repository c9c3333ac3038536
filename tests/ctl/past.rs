//! What was said earlier: `chatctl history`, `search`, `tail --since`, and the same in `join`. The
//! server is a scripted one, so that pages, live lines and refusals come in the worst order.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::fake::{FakeServer, Peer, kept};
use super::terminal::Terminal;
use super::{chatctl, chatctl_to};

#[test]
fn history_asks_page_by_page_without_entering_the_room() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_history();
        let hello = peer.expect("hello");
        assert_eq!(hello["enter"], false);
        peer.welcome(&hello);
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["of"], &asked["limit"], asked.get("before")),
            (&json!("#lobby"), &json!(3), None)
        );
        // One answer in two objects, as long ones come.
        peer.say(&json!({
            "type": "history", "id": asked["id"], "of": "#lobby",
            "messages": [kept("03", "ben", "three")], "more": true
        }));
        let mut edited = kept("04", "eva", "four, mended");
        edited["edited"] = json!("2026-11-23T09:06:00.000Z");
        peer.page(&asked, &[edited], true);
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["before"], &asked["limit"]),
            (&json!("03"), &json!(1))
        );
        let mut deleted = kept("02", "ben", "");
        deleted.as_object_mut().unwrap().remove("text");
        deleted["deleted"] = json!("2026-11-23T09:06:00.000Z");
        peer.page(&asked, &[deleted], true);
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["history", "lobby", "--last", "3"])
        .assert()
        .code(0)
        .stdout(
            "── Mon 23 Nov 2026 ──\n09:05 <ben> (deleted)\n09:05 <ben> three\n\
             09:05 <eva> four, mended (edited)\n",
        )
        .stderr("chatctl: there is more: --before 02\n");
    server.finish();
}

#[test]
fn history_for_programs_keeps_what_the_server_said() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        for _ in 0..3 {
            let mut peer = Peer::logged_in_with_history(listener);
            let asked = peer.expect("history");
            assert_eq!(asked["after"], "2026-11-23T08:00:00.000Z");
            let messages = [kept("01", "ben", "one\ttwo"), kept("02", "ben", "three")];
            peer.page(&asked, &messages, false);
            peer.expect_quit();
        }
    });
    let ask = |output: &str| {
        let after = "2026-11-23T09:00:00+01:00";
        let mut command = chatctl_to(
            &server,
            home.path(),
            &["history", "#lobby", "--after", after, "--output", output],
        );
        let output = command.assert().code(0).stderr("").get_output().clone();
        String::from_utf8(output.stdout).unwrap()
    };
    let whole: Value = serde_json::from_str(&ask("json")).unwrap();
    let messages = json!([kept("01", "ben", "one\ttwo"), kept("02", "ben", "three")]);
    assert_eq!(
        whole,
        json!({"of": "#lobby", "messages": messages, "further": false})
    );
    let lines: Vec<Value> = ask("jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(lines), messages);
    assert_eq!(
        ask("tsv").lines().next(),
        Some("2026-11-23T09:05:00.000Z\tmessage\t#lobby\tben\tone␉two\t\t01")
    );
    server.finish();
}

#[test]
fn search_shows_the_oldest_first_and_finding_nothing_is_no_failure() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        let asked = peer.expect("search");
        assert_eq!(
            (&asked["words"], &asked["of"], &asked["from"]),
            (&json!("red car"), &json!("#lobby"), &json!("ben"))
        );
        let found = [
            kept("02", "ben", "the red car again"),
            kept("01", "ben", "a red car"),
        ];
        peer.page(&asked, &found, false);
        peer.expect_quit();
        let mut peer = Peer::logged_in_with_history(listener);
        let asked = peer.expect("search");
        peer.page(&asked, &[], false);
        peer.expect_quit();
    });
    let search = |args: &[&str]| chatctl_to(&server, home.path(), args).assert();
    search(&[
        "search", "red", "car", "--in", "lobby", "--from", "@ben", "-o", "tsv",
    ])
    .code(0)
    .stdout(predicates::str::starts_with(
        "2026-11-23T09:05:00.000Z\tmessage\t#lobby\tben\ta red car\t\t01\n",
    ));
    search(&["search", "blue"])
        .code(0)
        .stdout("")
        .stderr("chatctl: nothing found\n");
    server.finish();
}

#[test]
fn a_server_without_history_and_refusals_are_told_plainly() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        for _ in 0..3 {
            Peer::logged_in(listener).expect_quit();
        }
        let mut peer = Peer::logged_in_with_history(listener);
        let asked = peer.expect("history");
        peer.refuse(&asked, "no_such_room", "There is no room #nowhere.");
        peer.expect_quit();
        let mut peer = Peer::logged_in_with_history(listener);
        let asked = peer.expect("history");
        peer.refuse(&asked, "history_unavailable", "The history cannot be read.");
        peer.expect_quit();
    });
    let ask = |args: &[&str]| chatctl_to(&server, home.path(), args).assert().stdout("");
    for args in [
        &["history", "#lobby"][..],
        &["search", "car"],
        &["tail", "--since", "2h"],
    ] {
        ask(args)
            .code(1)
            .stderr("chatctl: this server keeps no history\n");
    }
    ask(&["history", "#nowhere"])
        .code(4)
        .stderr("chatctl: There is no room #nowhere.\n");
    ask(&["history", "#lobby"])
        .code(1)
        .stderr("chatctl: The history cannot be read.\n");
    server.finish();
}

#[test]
fn private_history_is_never_read_under_a_numbered_nick() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener).with_history();
        assert_eq!(peer.expect("hello")["nick"], "ana");
        peer.say_welcome();
        peer.refuse(&json!({}), "nick_in_use", "ana is taken");
        peer.expect_end();
    });
    let mut command = chatctl(home.path());
    command
        .env("USER", "ana")
        .args(["history", "@ben", "--server", &server.address()]);
    command.assert().code(1).stderr(contains("ana is taken"));
    server.finish();
}

#[test]
fn tail_since_a_time_shows_all_once_while_people_speak_and_connections_break() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        let asked = peer.expect("history");
        assert_eq!(asked["after"], "2026-11-23T09:00:00.000Z");
        peer.said("03", "ben", "three, live too");
        peer.said("04", "ben", "four, live only");
        peer.page(
            &asked,
            &[kept("01", "ben", "one"), kept("02", "ben", "two")],
            true,
        );
        let asked = peer.expect("history");
        assert_eq!(asked["after"], "02");
        peer.page(&asked, &[kept("03", "ben", "three, live too")], false);
        // The answer has overtaken a line that it holds already.
        peer.said("02", "ben", "two");
        peer.said("05", "ben", "five");
        drop(peer);
        let mut peer = Peer::logged_in_with_history(listener);
        let join = peer.expect("join");
        peer.refuse(&join, "already_in_room", "you are there");
        let asked = peer.expect("history");
        assert_eq!(asked["after"], "05");
        peer.say(&json!({
            "type": "error", "id": asked["id"], "code": "too_fast", "text": "slowly",
            "retry_after_ms": 10
        }));
        let asked = peer.expect("history");
        assert_eq!(asked["after"], "05");
        peer.page(&asked, &[kept("06", "ben", "six")], false);
        peer.said("07", "ben", "seven");
        peer.expect_quit();
    });
    let output = chatctl_to(
        &server,
        home.path(),
        &[
            "tail",
            "--since",
            "2026-11-23T09:00:00Z",
            "-n7",
            "-o",
            "jsonl",
        ],
    )
    .assert()
    .code(0)
    .stderr(contains("connected again"))
    .get_output()
    .stdout
    .clone();
    let lines: Vec<Value> = String::from_utf8(output)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<_> = lines.iter().map(|line| line["msgid"].clone()).collect();
    assert_eq!(ids, ["01", "02", "03", "04", "05", "06", "07"]);
    assert!(
        lines.iter().all(|line| line["type"] == "message"),
        "{lines:?}"
    );
    server.finish();
}

#[test]
fn entering_shows_the_last_lines_with_the_unread_marked_and_marks_them_read() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        peer.tell_unread(1, "02");
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["of"], &asked["limit"]),
            (&json!("#lobby"), &json!(20))
        );
        peer.said("04", "ben", "said while the page was on its way");
        let page = [
            kept("01", "ana", "one"),
            kept("02", "ben", "two"),
            kept("03", "ben", "three"),
        ];
        peer.page(&asked, &page, true);
        let read = peer.expect("read");
        assert_eq!(
            (&read["of"], &read["upto"]),
            (&json!("#lobby"), &json!("04"))
        );
        peer.say(&json!({"type": "ok", "id": read["id"]}));
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["before"], &asked["limit"]),
            (&json!("01"), &json!(20))
        );
        peer.page(&asked, &[kept("00", "ben", "zero")], false);
        peer.said("05", "ben", "the last line");
        // Not sooner than two seconds after the other one, so it comes with the good-bye.
        let read = peer.expect("read");
        assert_eq!(read["upto"], "05");
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for("on its way");
    terminal.keys("half a line\x1b[5~");
    let screen = terminal.wait("the page and the line", |screen| {
        screen.contains("the last line") && screen.ends_with("#lobby> half a line")
    });
    let from = screen.find("09:05 <ana> one").expect("the first line");
    let earlier = screen.find("── earlier").expect("the page");
    assert_eq!(
        screen[from..earlier].trim_end(),
        "09:05 <ana> one\n09:05 <ben> two\n── unread ──\n09:05 <ben> three\n\
         ── Tue 24 Nov 2026 ──\n09:05 <ben> said while the page was on its way"
            .replace("Tue 24 Nov 2026", &today(&screen))
    );
    assert!(
        screen.contains(
            "── earlier in #lobby ──\n── Mon 23 Nov 2026 ──\n09:05 <ben> zero\n── now ──"
        ),
        "{screen}"
    );
    terminal.keys("\x15/quit\r");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

/// The day that chatctl wrote behind the old lines; which one it is, the machine knows.
fn today(screen: &str) -> String {
    let mut rules = screen.lines().filter_map(|line| {
        let day = line.strip_prefix("── ")?.strip_suffix(" ──")?;
        let year = day.get(day.len().saturating_sub(5)..)?;
        let is_year = year.starts_with(' ') && year[1..].bytes().all(|c| c.is_ascii_digit());
        is_year.then_some(day)
    });
    let day = rules.rfind(|day| !day.contains("23 Nov 2026"));
    day.expect("a rule with the day of today").to_owned()
}

#[test]
fn older_lines_and_searches_in_a_pipe_and_changes_of_ones_own() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["of"], &asked["limit"]),
            (&json!("#lobby"), &json!(2))
        );
        peer.page(
            &asked,
            &[kept("02", "ben", "two"), kept("03", "ben", "three")],
            true,
        );
        let asked = peer.expect("history");
        assert_eq!(
            (&asked["before"], &asked["limit"]),
            (&json!("02"), &json!(20))
        );
        peer.page(&asked, &[], false);
        let asked = peer.expect("search");
        assert_eq!(asked["words"], "red car");
        peer.page(&asked, &[kept("01", "ben", "a red car")], false);
        let said = peer.expect("send");
        peer.say(&json!({"type": "ack", "id": said["id"], "msgid": "05", "time": ""}));
        let edit = peer.expect("edit");
        assert_eq!(
            (&edit["msgid"], &edit["text"]),
            (&json!("05"), &json!("hello, world"))
        );
        peer.say(&json!({
            "type": "edited", "msgid": "06", "time": "2026-11-23T09:06:00.000Z", "edits": "05",
            "room": "#lobby", "from": "ana", "text": "hello, \u{1b}[2Jworld"
        }));
        peer.say(&json!({"type": "ack", "id": edit["id"], "msgid": "06", "time": ""}));
        let delete = peer.expect("delete");
        assert_eq!(delete["msgid"], "05", "the message, not its change");
        peer.say(&json!({
            "type": "deleted", "msgid": "07", "time": "2026-11-23T09:07:00.000Z", "deletes": "05",
            "room": "#lobby", "from": "ana"
        }));
        peer.say(&json!({"type": "ack", "id": delete["id"], "msgid": "07", "time": ""}));
        let delete = peer.expect("delete");
        assert_eq!(delete["msgid"], "1k83q4ck00002");
        peer.refuse(&delete, "no_such_message", "That is no message of yours.");
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin(
            "/history 2\n/history\n/search red car\nhello world\n/edit hello, world\n/delete\n\
             /delete 1k83q4ck00002\n",
        )
        .assert()
        .code(4)
        .stdout(
            contains("#lobby <ben> two\n09:05 #lobby <ben> three\n── now ──\n")
                .and(contains("── 1 found ──\n"))
                .and(contains("#lobby <ben> a red car\n"))
                .and(contains("09:06 #lobby -- ana edited: hello, ␛[2Jworld\n"))
                .and(contains("09:07 #lobby -- ana deleted a message\n")),
        )
        .stderr(
            contains("there is nothing earlier in #lobby")
                .and(contains("That is no message of yours.")),
        );
    server.finish();
}

#[test]
fn without_history_the_commands_of_join_say_so() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        Peer::logged_in(listener).expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/history\n/search x\n/edit x\n/delete\n")
        .assert()
        .code(1)
        .stdout("")
        .stderr("chatctl: this server keeps no history\n".repeat(4));
    server.finish();
}

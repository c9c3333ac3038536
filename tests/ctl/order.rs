//! Keeping order in `chatctl join`: what moderators type, and what becomes of those it is about.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::chatctl_to;
use super::fake::{FakeServer, Peer};
use super::terminal::Terminal;

const TIME: &str = "2026-11-23T09:05:00.000Z";

fn kicked(room: &str, nick: &str) -> Value {
    json!({
        "type": "kicked", "msgid": "m2", "time": TIME, "room": room, "nick": nick, "by": "ben",
        "reason": "enough"
    })
}

#[test]
fn a_moderators_commands_are_asked_about_the_current_room() {
    let home = tempfile::tempdir().unwrap();
    let orders: [(&str, Value); 14] = [
        (
            "/kick ben too loud",
            json!({"type": "kick", "room": "#lobby", "nick": "ben", "reason": "too loud"}),
        ),
        (
            "/ban spam* 10m sober up",
            json!({"type": "add_rule", "room": "#lobby", "effect": "ban", "subject": "spam*", "reason": "sober up", "lasts_s": 600}),
        ),
        (
            "/ban 203.0.113.7",
            json!({"type": "add_rule", "room": "#lobby", "effect": "ban", "subject": "203.0.113.7"}),
        ),
        (
            "/unban spam*",
            json!({"type": "end_rule", "room": "#lobby", "effect": "ban", "subject": "spam*"}),
        ),
        (
            "/mute account:ben",
            json!({"type": "add_rule", "room": "#lobby", "effect": "mute", "subject": "account:ben"}),
        ),
        (
            "/unmute ben",
            json!({"type": "end_rule", "room": "#lobby", "effect": "mute", "subject": "ben"}),
        ),
        (
            "/invite @ben",
            json!({"type": "invite", "room": "#lobby", "nick": "ben"}),
        ),
        (
            "/op ben",
            json!({"type": "grant", "room": "#lobby", "nick": "ben", "role": "operator"}),
        ),
        (
            "/voice ben",
            json!({"type": "grant", "room": "#lobby", "nick": "ben", "role": "voiced"}),
        ),
        (
            "/owner ben",
            json!({"type": "grant", "room": "#lobby", "nick": "ben", "role": "owner"}),
        ),
        (
            "/deop ben",
            json!({"type": "grant", "room": "#lobby", "nick": "ben"}),
        ),
        (
            "/devoice ben",
            json!({"type": "grant", "room": "#lobby", "nick": "ben"}),
        ),
        (
            "/room slow-mode 30",
            json!({"type": "set_room", "room": "#lobby", "setting": "slow-mode", "value": "30"}),
        ),
        (
            "/join dev sesame",
            json!({"type": "join", "room": "#dev", "key": "sesame"}),
        ),
    ];
    let lines: String = orders.iter().map(|(line, _)| format!("{line}\n")).collect();
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        for (line, mut expected) in orders {
            let kind = expected["type"].as_str().expect("a type").to_owned();
            let asked = peer.expect(&kind);
            expected["id"] = asked["id"].clone();
            assert_eq!(asked, expected, "{line}");
            match &*kind {
                "join" => peer.joined(&asked),
                "invite" => peer.say(&json!({"type": "ok", "id": asked["id"]})),
                _ => peer.say(&json!({"type": "moderated", "id": asked["id"], "sessions": 1})),
            }
        }
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin(lines)
        .assert()
        .code(0)
        .stderr("");
    server.finish();
}

#[test]
fn events_and_lists_are_told_in_plain_words_and_refusals_have_their_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let rule = json!({
            "room": "#lobby", "effect": "ban", "subject": "spam*", "by": "ben", "reason": "loud",
            "at": TIME, "until": "2026-11-24T10:00:00.000Z"
        });
        let event = |kind: &str, fields: Value| {
            let mut event = json!({"type": kind, "msgid": "m2", "time": TIME});
            let all = event.as_object_mut().unwrap();
            all.extend(fields.as_object().unwrap().clone());
            event
        };
        let asked = peer.expect("kick");
        peer.say(&kicked("#lobby", "nina"));
        peer.say(&event(
            "role",
            json!({"room": "#lobby", "nick": "ana", "role": "operator", "by": "ben"}),
        ));
        peer.say(&event(
            "room_set",
            json!({"room": "#lobby", "setting": "secret", "value": "on"}),
        ));
        peer.say(&event("rule_added", json!({"rule": rule})));
        peer.say(&event("rule_ended", json!({"rule": rule})));
        peer.say(&event("invited", json!({"room": "#tea", "by": "ben"})));
        peer.refuse(&asked, "outranked", "ben stands above you");
        let asked = peer.expect("rules");
        peer.say(&json!({"type": "rules", "id": asked["id"], "rules": [rule], "left_off": 3}));
        let asked = peer.expect("show_room");
        peer.say(&json!({
            "type": "room", "id": asked["id"], "room": "#lobby", "topic": null, "members": 2,
            "settings": [{"setting": "secret", "value": "on"}],
            "roles": [{"nick": "ben", "role": "owner"}]
        }));
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/kick ben\n/bans\n/room\n")
        .assert()
        .code(5)
        .stderr("chatctl: ben stands above you\n")
        .stdout(
            contains("09:05 #lobby -- ben has taken nina out (enough)\n")
                .and(contains("09:05 #lobby -- ben has made ana an operator\n"))
                .and(contains(
                    "09:05 #lobby -- an operator has set secret to on\n",
                ))
                .and(contains("-- ben has banned spam* from the room until "))
                .and(contains("10:00 (loud)\n"))
                .and(contains("-- the ban of spam* has ended\n"))
                .and(contains(
                    "09:05 -- ben invites you into #tea; /join #tea enters it\n",
                ))
                .and(contains("** ban of spam* until "))
                .and(contains("by ben … and 3 more\n"))
                .and(contains(
                    "** #lobby: 2 users\n      set: secret on\n      owner: ben\n",
                )),
        );
    server.finish();
}

#[test]
fn what_a_pipe_says_after_it_was_taken_out_goes_to_no_other_room() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        for _ in 0..3 {
            let join = peer.expect("join");
            peer.joined(&join);
        }
        assert_eq!(peer.expect_send()["to"], "#dev");
        // Nothing more is read before this is answered, so the next line comes after the kick.
        let part = peer.expect("part");
        peer.say(&kicked("#dev", "ana"));
        peer.say(&json!({"type": "ok", "id": part["id"]}));
        peer.expect("rooms");
        drop(peer);
        // After a loss it is back only where it was not taken out.
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#ops");
        peer.joined(&join);
        let users = peer.expect("users");
        peer.say(&json!({"type": "users", "id": users["id"], "nicks": []}));
        peer.expect_quit();
    });
    let rooms = ["--room", "dev", "--room", "tea", "--room", "ops"];
    let mut join = chatctl_to(&server, home.path(), &["join", "ana"]);
    join.args(rooms)
        .write_stdin("hello\n/part tea\nto nobody\n/rooms\n/ls\n")
        .assert()
        .code(1)
        .stderr(
            contains("you were taken out of #dev by ben (enough)\n").and(contains(
                "you speak to no room now; /join #room says to which one\n",
            )),
        );
    server.finish();
}

#[test]
fn whoever_is_put_out_while_away_learns_it_on_coming_back() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in_with_history(listener);
        peer.said("01", "ben", "hi");
        let join = peer.expect("join");
        peer.joined(&join);
        peer.expect("rooms");
        drop(peer);
        let mut peer = Peer::accept(listener).with_history().with_place();
        let hello = peer.expect("hello");
        assert_eq!(hello["since"], "01");
        peer.welcome(&hello);
        // Of its two rooms, the server has it in #lobby only.
        peer.say(&json!({"type": "missed", "messages": [], "changes": []}));
        let users = peer.expect("users");
        peer.say(&json!({"type": "users", "id": users["id"], "nicks": []}));
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/join dev\n/rooms\n/ls\n")
        .assert()
        .code(0)
        .stderr(contains("you are no longer in #dev\n"));
    server.finish();
}

#[test]
fn a_room_that_does_not_take_us_back_is_left_and_its_key_is_remembered() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        assert_eq!(join["key"], "sesame");
        peer.joined(&join);
        peer.expect("rooms");
        drop(peer);
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        for room in ["#dev", "#lobby"] {
            let join = peer.expect("join");
            assert_eq!(join["room"], room);
            if room == "#dev" {
                assert_eq!(join["key"], "sesame");
                peer.joined(&join);
            } else {
                peer.refuse(&join, "banned_from_room", "You are banned from #lobby.");
            }
        }
        peer.expect("users");
        drop(peer);
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        let join = peer.expect("join");
        assert_eq!(join["room"], "#dev");
        peer.joined(&join);
        let ignores = peer.expect("ignores");
        peer.say(&json!({"type": "ignores", "id": ignores["id"], "nicks": []}));
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["join", "ana"])
        .write_stdin("/join dev sesame\n/rooms\n/ls\n/ignore\n")
        .assert()
        .code(5)
        .stderr(contains("You are banned from #lobby.\n"));
    server.finish();
}

#[test]
fn whoever_is_banned_is_told_and_does_not_come_back() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        // At the login; by the address already; while there; and on coming back.
        for command in ["join", "send"] {
            let mut peer = Peer::accept(listener);
            peer.expect("hello");
            peer.say_welcome();
            peer.refuse(&json!({}), "banned", &format!("no {command} for you"));
            peer.expect_end();
        }
        let mut peer = Peer::accept(listener);
        peer.bye("banned", "not from there");
        drop(peer);
        let mut peer = Peer::logged_in(listener);
        peer.bye("banned", "You are banned from this server: enough");
        drop(peer);
        drop(Peer::logged_in(listener));
        let mut peer = Peer::accept(listener);
        peer.expect("hello");
        peer.say_welcome();
        peer.refuse(&json!({}), "banned", "not any more");
        peer.expect_end();
    });
    for (command, said) in [
        (&["join", "ana"][..], "no join for you"),
        (&["send", "#lobby", "hi"], "no send for you"),
        (&["join", "ana"], "not from there"),
        (&["tail"], "You are banned from this server: enough"),
        (&["tail"], "not any more"),
    ] {
        chatctl_to(&server, home.path(), command)
            .write_stdin("")
            .assert()
            .code(5)
            .stderr(contains(said));
    }
    server.finish();
}

#[test]
fn tail_ends_when_it_is_taken_out_of_its_room() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        let join = peer.expect("join");
        peer.joined(&join);
        peer.message("ben", "hi");
        peer.say(&kicked("#lobby", "nina"));
        peer.say(&kicked("#LOBBY", "ana"));
        peer.expect_quit();
    });
    chatctl_to(&server, home.path(), &["tail", "--as", "ana"])
        .assert()
        .code(5)
        .stdout(contains("<ben> hi\n"))
        .stderr("chatctl: you were taken out of #LOBBY by ben (enough)\n");
    server.finish();
}

#[test]
fn on_a_terminal_the_prompt_names_no_room_after_a_kick() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.tell_names();
        peer.expect_send();
        peer.say(&kicked("#lobby", "ana"));
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("hello\r");
    terminal.wait_for("you were taken out of #lobby by ben");
    terminal.keys("\r");
    terminal.keys("anyone?\r");
    terminal.wait_for("you are in no room; /join #room enters one");
    terminal.keys("\x15/quit\r");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

//! The commands that keep order: what they ask the admin socket, what they refuse before they ask, and how their
//! answers look.

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};

use super::admin::answering;
use super::chatctl;

fn rule(subject: &str) -> Value {
    json!({
        "room": "#dev", "effect": "ban", "subject": subject, "by": "ana", "reason": "loud\u{7}",
        "created_at": "2026-11-23T09:00:00Z", "expires_at": "2026-11-23T11:00:00Z", "left_s": 3725
    })
}

#[test]
fn orders_are_sent_as_the_api_asks() {
    let orders: [(&[&str], &str, Value); 14] = [
        (
            &["kick", "ben", "--room", "dev", "--reason", "enough"],
            "POST /v1/kick",
            json!({"room": "#dev", "nick": "ben", "reason": "enough"}),
        ),
        (&["kick", "ben"], "POST /v1/kick", json!({"nick": "ben"})),
        (
            &["ban", "spam*", "--for", "2h", "--reason", "sober up"],
            "POST /v1/rules",
            json!({"effect": "ban", "subject": "spam*", "reason": "sober up", "lasts_s": 7200, "evicts": true}),
        ),
        (
            &["ban", "203.0.113.0/24", "--room", "#dev", "--keep"],
            "POST /v1/rules",
            json!({"room": "#dev", "effect": "ban", "subject": "203.0.113.0/24", "evicts": false}),
        ),
        (
            &["mute", "account:ben", "--room", "dev", "--for", "7d"],
            "POST /v1/rules",
            json!({"room": "#dev", "effect": "mute", "subject": "account:ben", "lasts_s": 604_800, "evicts": true}),
        ),
        (
            &["exempt", "ben"],
            "POST /v1/rules",
            json!({"effect": "exempt", "subject": "ben", "evicts": true}),
        ),
        (
            &["admit", "ben", "--room", "dev"],
            "POST /v1/rules",
            json!({"room": "#dev", "effect": "invite", "subject": "ben", "evicts": true}),
        ),
        (
            &["unban", "spam*"],
            "POST /v1/rules/end",
            json!({"effect": "ban", "subject": "spam*"}),
        ),
        (
            &["unmute", "ben", "--room", "dev"],
            "POST /v1/rules/end",
            json!({"room": "#dev", "effect": "mute", "subject": "ben"}),
        ),
        (
            &["unexempt", "ben"],
            "POST /v1/rules/end",
            json!({"effect": "exempt", "subject": "ben"}),
        ),
        (
            &["unadmit", "ben", "--room", "dev"],
            "POST /v1/rules/end",
            json!({"room": "#dev", "effect": "invite", "subject": "ben"}),
        ),
        (
            &["room", "set", "dev", "slow-mode", "30"],
            "PUT /v1/room",
            json!({"room": "#dev", "setting": "slow-mode", "value": "30"}),
        ),
        (
            &["room", "set", "dev", "key", "-"],
            "PUT /v1/room",
            json!({"room": "#dev", "setting": "key", "value": "sesame"}),
        ),
        (
            &["room", "role", "dev", "ben", "none"],
            "PUT /v1/room/role",
            json!({"room": "#dev", "nick": "ben", "role": "none"}),
        ),
    ];
    let home = tempfile::tempdir().unwrap();
    let done = json!({"done": "as asked"});
    let asked = answering(home.path(), vec![(200, done); orders.len()]);
    for (args, _, _) in &orders {
        chatctl(home.path())
            .args(*args)
            .write_stdin("sesame\nand more\n")
            .assert()
            .code(0)
            .stdout("as asked\n");
    }
    let expected: Vec<_> = orders
        .into_iter()
        .map(|(_, request, body)| (request.to_owned(), body))
        .collect();
    assert_eq!(asked.join().unwrap(), expected);
}

#[test]
fn a_slip_is_told_before_anything_is_asked() {
    let home = tempfile::tempdir().unwrap();
    // Nobody answers here: whatever asks ends with 3.
    for (args, said) in [
        (
            &["ban", "two words"][..],
            "it is a nick or NICK!USERNAME@HOST, perhaps with * and ?",
        ),
        (&["ban", "#lobby"], "or account:NAME"),
        (&["ban", "*"], "it would be everybody"),
        (&["ban", "127.0.0.1"], "everybody on this machine"),
        (&["mute", "10.0.0.0/33"], "a number from 1 to 32"),
        (&["unban", ""], "it is a nick"),
        (&["ban", "ben", "--for", "0"], "a second or more"),
        (&["ban", "ben", "--for", "0s"], "a second or more"),
        (
            &["ban", "ben", "--for", "soon"],
            "a time such as 10m, 2h or 7d",
        ),
        (&["ban", "ben", "--for", "3650d"], "less than ten years"),
        (&["admit", "ben"], "--room"),
        (&["room", "role", "dev", "ben", "king"], "operator"),
        (&["room", "set", "dev", "key", "sesame"], "others can see"),
    ] {
        chatctl(home.path())
            .args(args)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(said));
    }
}

#[test]
fn what_there_is_not_and_what_may_not_be_have_their_exit_codes() {
    let home = tempfile::tempdir().unwrap();
    let codes = [
        (404, "no_such_rule", 4),
        (404, "no_such_room", 4),
        (404, "user_not_in_room", 4),
        (400, "bad_subject", 2),
        (400, "bad_setting", 2),
        (403, "not_permitted", 5),
        (409, "too_many_rules", 1),
    ];
    let answers = codes.map(|(status, code, _)| {
        let problem = json!({"code": code, "text": format!("no: {code}")});
        (status, problem)
    });
    let asked = answering(home.path(), answers.to_vec());
    for (_, code, exit) in codes {
        chatctl(home.path())
            .args(["unban", "ben"])
            .assert()
            .code(exit)
            .stdout("")
            .stderr(format!("chatctl: no: {code}\n"));
    }
    asked.join().unwrap();
}

#[test]
fn rules_are_listed_with_the_time_left_and_what_is_left_off() {
    let home = tempfile::tempdir().unwrap();
    let mut forever = rule("b*");
    forever["room"] = Value::Null;
    forever["by"] = Value::Null;
    forever["left_s"] = Value::Null;
    let rules = json!({"rules": [rule("ben"), forever], "left_off": 0});
    let more = json!({"rules": [rule("ben")], "left_off": 12});
    let asked = answering(
        home.path(),
        vec![(200, rules.clone()), (200, rules.clone()), (200, more)],
    );
    chatctl(home.path())
        .args(["bans", "--room", "dev"])
        .assert()
        .code(0)
        .stderr("")
        .stdout(
            contains("ban     ben      #dev  1 h 2 min")
                .and(contains("loud␇"))
                .and(contains("until ended  an operator")),
        );
    let json_form = chatctl(home.path())
        .args(["bans", "-o", "json"])
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    assert_eq!(serde_json::from_slice::<Value>(&json_form).unwrap(), rules);
    chatctl(home.path())
        .args(["bans", "-o", "tsv"])
        .assert()
        .code(0)
        .stdout("ban\tben\t#dev\t1 h 2 min\tana\t2026-11-23T09:00:00Z\tloud␇\n")
        .stderr("chatctl: 12 more rules are not in this list\n");
    let asked: Vec<String> = asked.join().unwrap().into_iter().map(|it| it.0).collect();
    assert_eq!(
        asked,
        [
            "GET /v1/rules?room=%23dev",
            "GET /v1/rules",
            "GET /v1/rules"
        ]
    );
}

#[test]
fn a_room_and_a_user_are_shown() {
    let home = tempfile::tempdir().unwrap();
    let room = json!({
        "room": "#dev", "topic": "tea", "members": 2,
        "settings": [{"setting": "slow-mode", "value": "30"}],
        "roles": [{"nick": "ana", "role": "owner"}]
    });
    let trace = json!({
        "nick": "ben", "account": "benno", "is_server_operator": false,
        "since": "2026-11-23T09:00:00Z", "away": "lunch",
        "rooms": [{"room": "#dev", "role": "voiced"}],
        "sessions": [{
            "session": "c1", "nick": "ben", "account": "benno", "address": "127.0.0.1:4242",
            "dialect": "v1", "rooms": ["#dev"], "away": "lunch", "group_chat_off": false,
            "connected_at": "2026-11-23T09:00:00Z", "idle_s": 65, "queued_bytes": 7,
            "certificate": null
        }],
        "rules": [rule("b*")], "rules_left_off": 0
    });
    let problem = json!({"code": "no_such_user", "text": "nobody is called nobody"});
    let asked = answering(
        home.path(),
        vec![
            (200, room),
            (200, trace.clone()),
            (200, trace.clone()),
            (404, problem),
        ],
    );
    chatctl(home.path())
        .args(["room", "show", "dev"])
        .assert()
        .code(0)
        .stdout("room       #dev\nusers      2\ntopic      tea\nslow-mode  30\nowner      ana\n");
    chatctl(home.path())
        .args(["trace", "ben"])
        .assert()
        .code(0)
        .stdout(
            "nick     ben\naccount  benno\nsince    2026-11-23T09:00:00Z\naway     lunch\n\
             room     #dev, voiced\n\
             session  c1 from 127.0.0.1:4242 since 2026-11-23T09:00:00Z, idle 1 min 5 s, dialect v1, 7 bytes wait\n\
             rule     ban of b* in #dev, by ana, left: 1 h 2 min: loud␇\n",
        );
    let json_form = chatctl(home.path())
        .args(["trace", "ben", "-o", "json"])
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    assert_eq!(serde_json::from_slice::<Value>(&json_form).unwrap(), trace);
    chatctl(home.path())
        .args(["trace", "nobody"])
        .assert()
        .code(4);
    let asked: Vec<String> = asked.join().unwrap().into_iter().map(|it| it.0).collect();
    assert_eq!(asked[0], "GET /v1/room?room=%23dev");
    assert_eq!(asked[1], "GET /v1/trace?nick=ben");
}

#[test]
fn the_settings_that_are_offered_are_those_that_there_are() {
    use chatd::ctl::join::order::SETTINGS;
    use chatd::hub::moderation::room::SETTINGS as THOSE_OF_THE_HUB;
    assert_eq!(SETTINGS, THOSE_OF_THE_HUB);
    let home = tempfile::tempdir().unwrap();
    let help = chatctl(home.path())
        .args(["room", "set", "--help"])
        .assert()
        .code(0)
        .get_output()
        .stdout
        .clone();
    let help = String::from_utf8(help).unwrap();
    for setting in SETTINGS {
        assert!(
            help.contains(&format!("\n  {setting} ")),
            "{setting}: {help}"
        );
    }
}

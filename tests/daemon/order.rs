//! Keeping order from end to end: an operator with chatctl, a real daemon, and those whom it is about.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

fn chatctl(daemon: &Daemon, args: &[&str], stdin: &str) -> Output {
    let mut command = daemon.chatctl();
    command.args(args).write_stdin(stdin).output().unwrap()
}

fn succeeds(daemon: &Daemon, args: &[&str]) -> String {
    let output = chatctl(daemon, args, "");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(daemon: &Daemon, args: &[&str], code: i32) -> String {
    let output = chatctl(daemon, args, "");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    stderr
}

fn enter(peer: &mut Peer, room: &str) -> Value {
    peer.ask(json!({"type": "join", "room": room}))
}

#[test]
fn who_is_kicked_comes_back_and_who_is_banned_does_not() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    assert_eq!(enter(&mut ana, "#dev")["type"], "joined");
    assert_eq!(enter(&mut ben, "#dev")["type"], "joined");

    let done = succeeds(
        &daemon,
        &["kick", "ben", "--room", "dev", "--reason", "loud"],
    );
    assert_eq!(done, "ben was taken out of #dev, in 1 session\n");
    let kicked = ben.expect("kicked");
    assert_eq!(
        (&kicked["nick"], &kicked["reason"]),
        (&json!("ben"), &json!("loud"))
    );
    assert_eq!(ana.expect("kicked")["room"], "#dev");
    let again = fails(&daemon, &["kick", "ben", "--room", "dev"], 4);
    assert!(again.contains("ben is not in #dev"), "{again}");
    assert_eq!(enter(&mut ben, "#dev")["type"], "joined");

    let done = succeeds(&daemon, &["ban", "B*", "--room", "dev", "--for", "2h"]);
    assert_eq!(
        done,
        "b* was banned from #dev, and taken out in 1 session\n"
    );
    ben.expect("kicked");
    assert_eq!(enter(&mut ben, "#dev")["code"], "banned_from_room");
    let send = fails(&daemon, &["send", "#dev", "hi", "--as", "bo"], 5);
    assert!(
        send.contains("You are banned from #dev for 2 hours"),
        "{send}"
    );
    let bans = succeeds(&daemon, &["bans", "--room", "dev", "-o", "tsv"]);
    assert!(bans.starts_with("ban\tb*\t#dev\t"), "{bans}");
    assert_eq!(
        succeeds(&daemon, &["unban", "b*", "--room", "dev"]),
        "the ban of b* in #dev was ended\n"
    );
    assert_eq!(enter(&mut ben, "#dev")["type"], "joined");
    fails(&daemon, &["unban", "b*", "--room", "dev"], 4);
    fails(&daemon, &["bans", "--room", "attic"], 4);

    let done = succeeds(&daemon, &["ban", "ben", "--reason", "enough"]);
    assert_eq!(
        done,
        "ben was banned from the server, and taken out in 1 session\n"
    );
    let bye = ben.expect("bye");
    assert_eq!(bye["code"], "banned");
    let join = fails(&daemon, &["join", "BEN"], 5);
    assert!(join.contains("banned from this server (enough)"), "{join}");
    daemon.wait_for_log(&["chatd::audit", "rule add", "ban of ben", "done"]);
    assert!(!daemon.log().contains("enough"), "reasons are not logged");
}

#[test]
fn rooms_are_set_and_shown_and_roles_given() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    enter(&mut ana, "#dev");
    enter(&mut ben, "#dev");
    for (setting, value) in [
        ("moderated", "on"),
        ("members-max", "9"),
        ("words", "darn,*drat*"),
    ] {
        let done = succeeds(&daemon, &["room", "set", "dev", setting, value]);
        assert_eq!(done, format!("{setting} of #dev was set\n"));
    }
    let set = ben.hear(|it| it["type"] == "room_set" && it["setting"] == "words");
    assert_eq!(
        set["value"], "on",
        "what may not be said is not for everybody"
    );
    let key = ["room", "set", "dev", "key", "-"];
    assert!(chatctl(&daemon, &key, "sesame\n").status.success());
    let said = json!({"type": "send", "to": "#dev", "text": "hi"});
    assert_eq!(ben.ask(said.clone())["code"], "room_moderated");
    assert_eq!(
        succeeds(&daemon, &["room", "role", "dev", "ben", "voiced"]),
        "ben in #dev: voiced\n"
    );
    let role = ben.expect("role");
    assert_eq!(
        (&role["nick"], &role["role"]),
        (&json!("ben"), &json!("voiced"))
    );
    assert_eq!(ben.ask(said)["type"], "ack");

    let shown = succeeds(&daemon, &["room", "show", "dev"]);
    for line in [
        "key          sesame\n",
        "members-max  9\n",
        "owner        ana\n",
        "voiced       ben\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let mut pipe = daemon.chatctl();
    let heard = pipe
        .args(["join", "nina"])
        .write_stdin("/join dev\n/join dev sesame\n/room\n")
        .output()
        .unwrap();
    let heard = String::from_utf8(heard.stdout).unwrap();
    assert!(heard.contains("** #dev: 3 users\n"), "{heard}");
    assert!(
        !heard.contains("sesame"),
        "the key is not hers to see: {heard}"
    );

    assert_eq!(
        succeeds(&daemon, &["room", "set", "dev", "moderated", "off"]),
        "moderated of #dev is off\n"
    );
    let wrong = fails(&daemon, &["room", "set", "dev", "members-max", "many"], 2);
    assert!(wrong.contains("it is a number from 1"), "{wrong}");
    let wrong = fails(&daemon, &["room", "set", "dev", "colour", "red"], 2);
    assert!(
        wrong.contains("the settings are external-messages"),
        "{wrong}"
    );
    fails(&daemon, &["room", "show", "attic"], 4);
    fails(&daemon, &["room", "role", "dev", "nobody", "owner"], 4);
    let listed = succeeds(&daemon, &["room", "list", "-o", "tsv"]);
    assert_eq!(listed, succeeds(&daemon, &["rooms", "-o", "tsv"]));
    assert!(!daemon.log().contains("sesame"), "a key is not logged");
}

#[test]
fn mutes_exemptions_and_standing_invitations_hold_as_long_as_they_are_there() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    enter(&mut ana, "#dev");
    let said = || json!({"type": "send", "to": "#lobby", "text": "hi"});
    assert_eq!(
        succeeds(&daemon, &["mute", "b*"]),
        "b* was muted everywhere\n"
    );
    assert_eq!(ben.ask(said())["code"], "muted");
    assert_eq!(ana.ask(said())["type"], "ack");
    succeeds(&daemon, &["exempt", "ben"]);
    assert_eq!(ben.ask(said())["type"], "ack");
    succeeds(&daemon, &["unexempt", "ben"]);
    assert_eq!(ben.ask(said())["code"], "muted");
    succeeds(&daemon, &["unmute", "b*"]);
    assert_eq!(ben.ask(said())["type"], "ack");

    succeeds(&daemon, &["room", "set", "dev", "invite-only", "on"]);
    assert_eq!(enter(&mut ben, "#dev")["code"], "invite_only");
    assert_eq!(
        succeeds(&daemon, &["admit", "ben", "--room", "dev"]),
        "ben may enter #dev\n"
    );
    assert_eq!(enter(&mut ben, "#dev")["type"], "joined");
    succeeds(&daemon, &["unadmit", "ben", "--room", "dev"]);
    let of_server = fails(&daemon, &["unmute", "b*"], 4);
    assert!(of_server.contains("no such rule holds"), "{of_server}");
}

#[test]
fn a_user_is_traced_with_all_that_is_about_them() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    enter(&mut ana, "#dev");
    enter(&mut ben, "#tea");
    ben.ask(json!({"type": "away", "text": "lunch"}));
    succeeds(&daemon, &["ban", "b*", "--room", "dev", "--reason", "loud"]);
    succeeds(&daemon, &["mute", "ben", "--for", "1h"]);
    succeeds(&daemon, &["ban", "nina"]);
    let traced = succeeds(&daemon, &["trace", "BEN", "-o", "json"]);
    let traced: Value = serde_json::from_str(&traced).unwrap();
    assert_eq!(
        (&traced["nick"], &traced["away"]),
        (&json!("ben"), &json!("lunch"))
    );
    let rooms = json!([{"room": "#lobby", "role": "none"}, {"room": "#tea", "role": "owner"}]);
    assert_eq!(traced["rooms"], rooms);
    let sessions = traced["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(
        sessions[0]["address"],
        ben.wire.stream().local_addr().unwrap().to_string()
    );
    let rules = traced["rules"].as_array().unwrap();
    let rules: Vec<_> = rules
        .iter()
        .map(|it| (&it["subject"], &it["room"]))
        .collect();
    assert_eq!(
        rules,
        [
            (&json!("b*"), &json!("#dev")),
            (&json!("ben"), &Value::Null)
        ]
    );
    let shown = succeeds(&daemon, &["trace", "ben"]);
    assert!(
        shown.contains("rule     ban of b* in #dev, by an operator"),
        "{shown}"
    );
    fails(&daemon, &["trace", "nina"], 4);

    let hello = json!({"type": "hello", "v": 1, "nick": "cleo", "resume": true});
    let mut cleo = Peer::hello(daemon.chat_addr(), hello);
    cleo.expect("joined");
    drop(cleo);
    let shown = wait_for("cleo's connection to be gone", || {
        let shown = succeeds(&daemon, &["trace", "cleo"]);
        shown.contains("session  none").then_some(shown)
    });
    assert!(shown.contains("room     #lobby\n"), "{shown}");
}

//! People chat with each other, in both dialects, through real sockets.

use serde_json::json;

use crate::support::Daemon;
use crate::support::peers::{OldPeer, Peer};

#[test]
fn two_people_talk_and_both_see_every_line_in_one_order() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    for number in 0..20 {
        ana.say(json!({"type": "send", "to": "#lobby", "text": format!("a{number}"), "id": format!("{number}")}));
        ben.say(json!({"type": "send", "to": "#lobby", "text": format!("b{number}")}));
    }
    let heard = |peer: &mut Peer| -> Vec<(String, String)> {
        let messages = (0..40).map(|_| peer.expect("message"));
        messages
            .map(|it| {
                (
                    it["msgid"].as_str().unwrap().into(),
                    it["text"].as_str().unwrap().into(),
                )
            })
            .collect()
    };
    let (by_ana, by_ben) = (heard(&mut ana), heard(&mut ben));
    assert_eq!(by_ana, by_ben);
    assert!(
        by_ana.is_sorted_by(|one, next| one.0 < next.0),
        "ids rise: {by_ana:?}"
    );
    for author in ["a", "b"] {
        let texts: Vec<&String> = by_ana
            .iter()
            .map(|(_, text)| text)
            .filter(|text| text.starts_with(author))
            .collect();
        let expected: Vec<String> = (0..20).map(|number| format!("{author}{number}")).collect();
        assert_eq!(
            texts,
            expected.iter().collect::<Vec<_>>(),
            "each author's order holds"
        );
    }
}

#[test]
fn every_message_is_acknowledged_with_its_id_and_time() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    ana.say(json!({"type": "send", "to": "#lobby", "text": "hello", "id": "m1"}));
    let (mut ack, mut message) = (None, None);
    while ack.is_none() || message.is_none() {
        let object = ana.next().unwrap();
        match object["type"].as_str() {
            Some("ack") => ack = Some(object),
            Some("message") => message = Some(object),
            _ => {}
        }
    }
    let (ack, message) = (ack.unwrap(), message.unwrap());
    assert_eq!(ack["id"], "m1");
    assert_eq!(ack["msgid"], message["msgid"]);
    assert_eq!(ack["time"], message["time"]);
}

#[test]
fn old_and_new_clients_share_the_lobby() {
    let daemon = Daemon::start("");
    let mut ana = OldPeer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    assert!(ana.hear("system_msg").contains("ben"));
    ben.say(json!({"type": "send", "to": "#lobby", "text": "안녕"}));
    assert!(ana.hear("broadcast").ends_with("[ben] : 안녕\r\n"));
    ana.say(json!({"type": "broadcast", "msg": "nǐ hǎo 你好"}));
    assert_eq!(ben.hear(|it| it["from"] == "ana")["text"], "nǐ hǎo 你好");
    ben.say(json!({"type": "send", "to": "@ana", "text": "psst"}));
    assert!(
        ana.hear("single")
            .contains("[ ben CHATTING TO ana ] : psst")
    );
    ana.say(json!({"type": "sendto", "nickname": "ben", "msg": "yes?"}));
    let private = ben.hear(|it| it["type"] == "private" && it["from"] == "ana");
    assert_eq!(
        (&private["to"], &private["text"]),
        (&json!("ben"), &json!("yes?"))
    );
}

#[test]
fn who_enters_hears_the_room_from_there_on_and_who_leaves_no_more() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    ana.say(json!({"type": "join", "room": "#rust"}));
    ana.say(json!({"type": "send", "to": "#rust", "text": "alone"}));
    ana.hear(|it| it["text"] == "alone");
    ben.say(json!({"type": "join", "room": "#rust", "id": "j"}));
    assert_eq!(ben.hear(|it| it["id"] == "j")["members"], 2);
    ana.hear(|it| it["type"] == "join" && it["nick"] == "ben");
    ana.say(json!({"type": "send", "to": "#rust", "text": "together"}));
    assert_eq!(ben.expect("message")["text"], "together");
    ben.say(json!({"type": "part", "room": "#rust", "reason": "tea", "id": "p"}));
    ben.hear(|it| it["id"] == "p");
    assert_eq!(ana.expect("part")["reason"], "tea");
    ana.say(json!({"type": "send", "to": "#rust", "text": "alone again", "id": "x"}));
    ana.hear(|it| it["id"] == "x");
    let heard = ben.heard_so_far();
    assert!(heard.iter().all(|it| it["type"] != "message"), "{heard:?}");
}

#[test]
fn a_key_lets_a_second_session_speak_as_the_same_user() {
    let daemon = Daemon::start("");
    let mut desk = Peer::hello(
        daemon.chat_addr(),
        json!({"type": "hello", "v": 1, "nick": "ana"}),
    );
    let key = desk.expect("login")["key"].clone();
    desk.expect("join");
    let mut intruder = Peer::hello(
        daemon.chat_addr(),
        json!({"type": "hello", "v": 1, "nick": "ana", "key": "0".repeat(32)}),
    );
    assert_eq!(intruder.expect("error")["code"], "wrong_key");
    let mut phone = Peer::hello(
        daemon.chat_addr(),
        json!({"type": "hello", "v": 1, "nick": "ana", "key": key}),
    );
    phone.expect("login");
    let mut ben = Peer::join(&daemon, "ben");
    ben.say(json!({"type": "send", "to": "@ana", "text": "both of you"}));
    for session in [&mut desk, &mut phone] {
        assert_eq!(session.expect("private")["text"], "both of you");
    }
}

#[test]
fn the_log_knows_every_session_by_the_new_nick_of_its_user() {
    let daemon = Daemon::start("");
    let hello = |key| json!({"type": "hello", "v": 1, "nick": "ana", "key": key});
    let mut desk = Peer::hello(daemon.chat_addr(), hello(json!(null)));
    let key = desk.expect("login")["key"].clone();
    let mut phone = Peer::hello(daemon.chat_addr(), hello(key));
    phone.expect("login");
    phone.say(json!({"type": "nick", "nick": "anna"}));
    phone.expect("ok");
    desk.say(json!({"type": "quit"}));
    desk.rest();
    daemon.wait_for_log(&["ended", "nick=anna"]);
}

#[test]
fn objects_may_be_glued_together_and_split_inside_a_character() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let first = json!({"type": "send", "to": "#lobby", "text": "하나"}).to_string();
    let second = json!({"type": "send", "to": "#lobby", "text": "둘"}).to_string();
    let bytes = format!("{first}{second}\n").into_bytes();
    for byte in bytes {
        ana.wire.send(&[byte]);
    }
    assert_eq!(ana.expect("message")["text"], "하나");
    assert_eq!(ana.expect("message")["text"], "둘");
}

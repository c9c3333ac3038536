//! A full disk: what is said is refused or not kept, as the config wants it, everything else goes on, and
//! all is well again as soon as there is room.

use serde_json::json;

use super::disk::SmallDisk;
use super::{Speaker, assert_served, lobby, status};
use crate::support::peers::Peer;

#[test]
fn a_full_disk_refuses_what_is_said_and_nothing_else_until_there_is_room() {
    let disk = SmallDisk::new(4);
    let mut daemon = disk.start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    for _ in 0..20 {
        assert_eq!(ana.say(500)["type"], "ack");
    }

    disk.fill();
    let refusal = ana.say_until_not_kept(3000);
    assert_eq!(refusal["code"], "not_kept", "{refusal}");
    let text = refusal["text"].as_str().unwrap();
    assert!(text.contains("the disk is full"), "{text}");
    daemon.wait_for_log(&["messages cannot be kept", "the disk is full"]);
    assert!(
        status(&daemon).contains("the disk is full"),
        "{}",
        status(&daemon)
    );
    let (_, about) = daemon.admin("GET", "/v1/status", "");
    assert_eq!(about["history"]["state"], "fails", "{about}");
    for peer in [&mut ana.peer, &mut ben] {
        assert_served(peer);
    }
    ana.assert_kept_or_waiting(&lobby(&mut ben));
    let found = ben.ask(json!({"type": "search", "words": "number"}));
    assert_eq!(found["type"], "found", "{found}");
    assert_eq!(ana.say(10)["code"], "not_kept", "not even a short one");

    disk.make_room();
    ana.say_until_kept();
    daemon.wait_for_log(&["messages are kept again"]);
    assert!(status(&daemon).contains("works"), "{}", status(&daemon));
    for _ in 0..20 {
        assert_eq!(ana.say(500)["type"], "ack");
    }
    assert_eq!(daemon.stats()["connections_ended"], json!({}));

    eprintln!(
        "full disk: {} acknowledged, {} refused",
        ana.kept.len(),
        ana.unkept.len()
    );
    daemon.kill();
    daemon.start_again();
    ana.assert_kept(&lobby(&mut Peer::join(&daemon, "cho")));
}

#[test]
fn where_talk_goes_on_over_a_full_disk_its_senders_are_told() {
    let disk = SmallDisk::new(4);
    let history = disk.path("history.db");
    let mut daemon = disk.start_as(&format!(
        "[limits]\nrate = 0\n[history]\npath = {history:?}\non_failure = \"continue\""
    ));
    let mut ana = Speaker::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    assert_eq!(ana.say(10)["kept"], json!(null));

    disk.fill();
    let ack = ana.say_until_not_kept(3000);
    assert_eq!(ack["type"], "ack", "{ack}");
    let text = ana.unkept[0].clone();
    ben.hear(|it| it["text"] == text);
    // Whoever sends it again hears the same of it, and nobody else hears it again.
    let again = json!({
        "type": "send", "to": "#lobby", "text": text,
        "client_msgid": format!("own {}", ana.said),
    });
    let answer = ana.peer.ask(again.clone());
    assert_eq!(answer["msgid"], ack["msgid"], "{answer}");
    assert_eq!(answer["kept"], false, "{answer}");
    assert_served(&mut ana.peer);
    assert!(status(&daemon).contains("the disk is full"));

    disk.make_room();
    ana.say_until_kept();
    let answer = ana.peer.ask(again);
    assert_eq!(
        answer["kept"], false,
        "it is not kept later either: {answer}"
    );
    let heard = ben.heard_so_far();
    assert!(!heard.iter().any(|it| it["text"] == text), "{heard:?}");
    daemon.kill();
    daemon.start_again();
    ana.assert_kept(&lobby(&mut Peer::join(&daemon, "cho")));
}

#[test]
fn a_start_on_a_full_disk_loses_nothing_and_waits_for_room() {
    let disk = SmallDisk::new(4);
    let mut daemon = disk.start("[limits]\nrate = 0");
    let mut ana = Speaker::join(&daemon, "ana");
    for _ in 0..50 {
        ana.say(1000);
    }
    disk.fill();
    ana.say_until_not_kept(3000);
    daemon.kill();
    daemon.start_again();
    ana.peer = Peer::join(&daemon, "ana");
    let refusal = ana.say_until_not_kept(3000);
    assert_eq!(refusal["code"], "not_kept", "{refusal}");
    assert!(status(&daemon).contains("the disk is full"));
    let there = lobby(&mut ana.peer);
    ana.assert_kept_or_waiting(&there);
    disk.make_room();
    ana.say_until_kept();
    let there = lobby(&mut ana.peer);
    ana.assert_kept(&there);
}

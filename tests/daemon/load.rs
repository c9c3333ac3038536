//! Many lines at once: nobody who reads is cut, operators are answered, lines keep their order.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use serde_json::json;

use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

/// Reads and throws away whatever comes, to the end of the stream.
fn read_away(peer: &Peer) {
    let mut stream = peer.wire.stream().try_clone().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 65536];
        while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    });
}

/// Speaks in the lobby as fast as the daemon reads, until it is gone.
fn speak_without_end(mut stream: TcpStream) {
    let lines = "{\"type\":\"send\",\"to\":\"#lobby\",\"text\":\"again\"}\n".repeat(100);
    thread::spawn(move || while stream.write_all(lines.as_bytes()).is_ok() {});
}

#[test]
fn operators_are_answered_while_everybody_talks() {
    let daemon = Daemon::start("[limits]\nrate = 0\nflush_slice = 1");
    let crowd: Vec<Peer> = (0..20)
        .map(|number| Peer::join(&daemon, &format!("peer{number}")))
        .collect();
    crowd.iter().for_each(read_away);
    for talker in &crowd[..4] {
        speak_without_end(talker.wire.stream().try_clone().unwrap());
    }
    wait_for("many lines to be spoken", || {
        let (status, stats) = daemon.admin("GET", "/v1/stats", "");
        assert_eq!(status, 200, "{stats}");
        (stats["messages"].as_u64() > Some(1000)).then_some(())
    });
}

#[test]
fn a_burst_cuts_nobody_who_reads() {
    let daemon = Daemon::start(
        "[server]\nbuffer_size = \"1MiB\"\n[limits]\nrate = 0\nsend_queue_bytes = \"64KiB\"",
    );
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let line = json!({"type": "send", "to": "@ben", "text": "x".repeat(400), "id": "m"});
    let burst = format!("{line}\n").repeat(1000);
    let mut stream = ana.wire.stream().try_clone().unwrap();
    let sent = thread::spawn(move || stream.write_all(burst.as_bytes()));
    for _ in 0..1000 {
        ana.expect("ack");
        ben.expect("private");
    }
    sent.join().unwrap().unwrap();
    assert_eq!(daemon.stats()["connections_ended"], json!({}));
}

/// Both rooms have lines of this turn when the nick changes, the room that
/// tells of it before the other.
#[test]
fn a_new_nick_does_not_overtake_what_was_said_under_the_old_one() {
    let daemon = Daemon::start("");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let _cho = Peer::join(&daemon, "cho"); // so that the lobby is the larger room of the two
    for peer in [&mut ben, &mut ana] {
        peer.say(json!({"type": "join", "room": "#side"}));
        peer.expect("joined");
    }
    ben.hear(|it| it["type"] == "join" && it["nick"] == "ana" && it["room"] == "#side");
    let one_read = [
        json!({"type": "send", "to": "#lobby", "text": "first", "id": "1"}),
        json!({"type": "send", "to": "#side", "text": "second", "id": "2"}),
        json!({"type": "nick", "nick": "anna", "id": "3"}),
        json!({"type": "send", "to": "#side", "text": "third", "id": "4"}),
    ];
    let one_read: String = one_read
        .iter()
        .map(|object| format!("{object}\n"))
        .collect();
    ana.wire.send(one_read.as_bytes());
    let heard: Vec<String> = (0..4)
        .map(|_| ben.next().unwrap())
        .map(|it| it["text"].as_str().unwrap_or("a new nick").to_owned())
        .collect();
    assert_eq!(heard, ["first", "second", "a new nick", "third"]);
}

#[test]
fn what_one_says_to_rooms_and_to_one_user_keeps_its_order() {
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    for peer in [&mut ana, &mut ben] {
        peer.say(json!({"type": "join", "room": "#dev"}));
        peer.expect("joined");
    }
    let mut said = String::new();
    for number in 0..200 {
        let to = ["@ben", "#lobby", "#dev", "#lobby"][number % 4];
        let object = json!({"type": "send", "to": to, "text": number.to_string()});
        said += &format!("{object}\n");
    }
    ana.wire.send(said.as_bytes());
    for number in 0..200 {
        let heard = ben.hear(|it| it["text"].is_string());
        assert_eq!(heard["text"], number.to_string());
    }
}

/// Several at once pour lines into two rooms while others come, go and read them.
#[test]
fn all_members_hear_a_room_in_one_order() {
    let daemon = Daemon::start("[limits]\nrate = 0\nflush_slice = 2");
    let mut listeners: Vec<Peer> = (0..6)
        .map(|number| Peer::join(&daemon, &format!("listener{number}")))
        .collect();
    let talkers: Vec<Peer> = (0..4)
        .map(|number| Peer::join(&daemon, &format!("talker{number}")))
        .collect();
    let talking: Vec<_> = talkers
        .into_iter()
        .enumerate()
        .map(|(talker, peer)| {
            read_away(&peer);
            thread::spawn(move || {
                let mut stream = peer.wire.stream().try_clone().unwrap();
                for number in 0..300 {
                    let text = format!("{talker} {number}");
                    let line = json!({"type": "send", "to": "#lobby", "text": text});
                    stream.write_all(format!("{line}\n").as_bytes()).unwrap();
                }
                peer // stays until everything has been heard
            })
        })
        .collect();
    let hear_all = |listener: &mut Peer| -> Vec<(String, String)> {
        let heard = (0..1200).map(|_| listener.expect("message"));
        let text = |object: &serde_json::Value, key: &str| object[key].as_str().unwrap().to_owned();
        heard
            .map(|it| (text(&it, "msgid"), text(&it, "text")))
            .collect()
    };
    let first = hear_all(&mut listeners[0]);
    assert!(
        first.is_sorted(),
        "ids rise in the order in which lines are heard"
    );
    for talker in 0..4 {
        let own = first
            .iter()
            .filter_map(|(_, text)| text.strip_prefix(&format!("{talker} ")));
        let numbers: Vec<usize> = own.map(|number| number.parse().unwrap()).collect();
        assert_eq!(
            numbers,
            (0..300).collect::<Vec<_>>(),
            "what talker {talker} said"
        );
    }
    for listener in &mut listeners[1..] {
        assert_eq!(hear_all(listener), first);
    }
    for talker in talking {
        talker.join().unwrap();
    }
}

/// Everybody pours lines into a room and hears only the others.
#[test]
fn a_room_without_echoes_hears_all_but_itself_in_one_order() {
    for io_threads in [1, 3] {
        let daemon = Daemon::start(&format!(
            "[server]\nio_threads = {io_threads}\n[limits]\nrate = 0\nflush_slice = 2"
        ));
        let mut listener = Peer::join(&daemon, "listener");
        let mut speakers: Vec<Peer> = (0..SPEAKERS)
            .map(|number| {
                let nick = format!("speaker{number}");
                let hello = json!({"type": "hello", "v": 1, "nick": nick, "echo": false});
                let mut peer = Peer::hello(daemon.chat_addr(), hello);
                peer.hear(|it| it["type"] == "join" && it["nick"] == nick);
                peer
            })
            .collect();
        for line in 0..LINES {
            for speaker in &mut speakers {
                let text = line.to_string();
                speaker.say(json!({"type": "send", "to": "#lobby", "text": text, "id": text}));
            }
        }
        let all: Vec<_> = (0..SPEAKERS * LINES)
            .map(|_| spoken(&listener.expect("message")))
            .collect();
        assert!(all.is_sorted(), "ids rise");
        for (number, speaker) in speakers.iter_mut().enumerate() {
            let nick = format!("speaker{number}");
            let (mut heard, mut acknowledged) = (Vec::new(), Vec::new());
            while heard.len() < (SPEAKERS - 1) * LINES || acknowledged.len() < LINES {
                let object = speaker.hear(|it| it["type"] == "message" || it["type"] == "ack");
                if object["type"] == "ack" {
                    acknowledged.push(object["msgid"].as_str().unwrap().to_owned());
                } else {
                    heard.push(spoken(&object));
                }
            }
            assert_eq!(speaker.heard_so_far(), [json!(null); 0], "no echo came");
            let (own, others): (Vec<_>, Vec<_>) =
                all.iter().cloned().partition(|(_, from)| *from == nick);
            assert_eq!(heard, others, "{nick}");
            let own: Vec<_> = own.into_iter().map(|(msgid, _)| msgid).collect();
            assert_eq!(acknowledged, own, "{nick}");
        }
    }
}

const SPEAKERS: usize = 8;
const LINES: usize = 50;

/// The id of a message, and who said it.
fn spoken(message: &serde_json::Value) -> (String, String) {
    let text = |key: &str| message[key].as_str().unwrap().to_owned();
    (text("msgid"), text("from"))
}

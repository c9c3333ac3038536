//! Acks and order, as peers meet them on their sockets.

use std::net::Shutdown;
use std::thread;

use serde_json::{Value, json};

use super::{lobby, texts};
use crate::support::Daemon;
use crate::support::peers::{NO_ID, Peer, Wire};

#[test]
fn what_is_acknowledged_can_be_read_at_once_by_others() {
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Peer::join(&daemon, "ana");
    let mut ben = Peer::join(&daemon, "ben");
    let mut last = [NO_ID.to_owned(), NO_ID.to_owned()];
    for number in 0..200 {
        let is_private = number % 2;
        let (to, of) = [("#lobby", "#lobby"), ("@ben", "@ana")][is_private];
        let ack = ana.ask(json!({"type": "send", "to": to, "text": number.to_string()}));
        assert_eq!(ack["type"], "ack", "{ack}");
        let (page, is_further) = ben.page(of, json!({"after": last[is_private], "limit": 10}));
        assert_eq!(texts(&page), [number.to_string()]);
        assert_eq!(page[0]["msgid"], ack["msgid"]);
        assert!(!is_further);
        last[is_private] = ack["msgid"].as_str().unwrap().to_owned();
    }
}

#[test]
fn all_hear_one_order_and_it_is_the_historys() {
    const WRITERS: usize = 20;
    const EACH: usize = 40;
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut listeners: Vec<Peer> = (0..5)
        .map(|number| Peer::join(&daemon, &format!("listener{number}")))
        .collect();
    let writers: Vec<Peer> = (0..WRITERS)
        .map(|number| Peer::join(&daemon, &format!("writer{number}")))
        .collect();
    let writing: Vec<_> = writers
        .into_iter()
        .enumerate()
        .map(|(writer, mut peer)| {
            thread::spawn(move || {
                for number in 0..EACH {
                    let text = format!("{writer} {number}");
                    peer.say(json!({"type": "send", "to": "#lobby", "text": text, "id": text}));
                }
                (0..EACH)
                    .map(|number| {
                        let ack = peer.hear(|it| it["id"] == format!("{writer} {number}"));
                        assert_eq!(ack["type"], "ack", "{ack}");
                        let msgid = ack["msgid"].as_str().unwrap().to_owned();
                        (msgid, format!("{writer} {number}"))
                    })
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let pairs = |messages: &[Value]| -> Vec<(String, String)> {
        let ids = messages
            .iter()
            .map(|it| it["msgid"].as_str().unwrap().to_owned());
        ids.zip(texts(messages)).collect()
    };
    let heard: Vec<Vec<(String, String)>> = listeners
        .iter_mut()
        .map(|listener| {
            let all = (0..WRITERS * EACH).map(|_| listener.expect("message"));
            pairs(&all.collect::<Vec<_>>())
        })
        .collect();
    let acked: Vec<_> = writing
        .into_iter()
        .flat_map(|it| it.join().unwrap())
        .collect();
    let kept = pairs(&listeners[0].all_after("#lobby", NO_ID, 300));
    assert_eq!(kept.len(), WRITERS * EACH);
    for heard in heard {
        assert_eq!(heard, kept);
    }
    let mut acked_in_order = acked;
    acked_in_order.sort();
    assert_eq!(acked_in_order, kept, "acks, too, say what is kept");
}

#[test]
fn who_says_a_hundred_things_and_then_no_more_gets_all_acks() {
    let daemon = Daemon::start("[limits]\nrate = 0");
    let mut ana = Peer::join(&daemon, "ana");
    for round in 0..5 {
        let (mut wire, _) = Wire::connect(daemon.chat_addr());
        let hello = json!({"type": "hello", "v": 1, "nick": format!("brief{round}")});
        let mut lines = format!("{hello}\n");
        for number in 0..100 {
            let text = format!("{round} {number}");
            lines += &format!(
                "{}\n",
                json!({"type": "send", "to": "#lobby", "text": text, "id": text})
            );
        }
        wire.send(lines.as_bytes());
        wire.stream().shutdown(Shutdown::Write).unwrap();
        let answers: Vec<Value> = std::iter::from_fn(|| wire.line())
            .map(|line| serde_json::from_str(&line).unwrap())
            .collect();
        let acks = answers.iter().filter(|it| it["type"] == "ack");
        let acked: Vec<&str> = acks.map(|it| it["id"].as_str().unwrap()).collect();
        let expected: Vec<String> = (0..100).map(|number| format!("{round} {number}")).collect();
        assert_eq!(acked, expected, "{answers:?}");
    }
    assert_eq!(lobby(&mut ana).len(), 500);
}

//! Coming back over real sockets: whoever is cut in the middle of talk, hears everything once and in order,
//! and nobody else hears that they were away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

/// Someone who comes back whenever they are cut, and notes all that was said to them.
struct Returner {
    /// None while they are cut.
    peer: Option<Peer>,
    key: String,
    /// Highest id heard, and the first one.
    last: String,
    first: String,
    /// Asks for more than it can have missed, and leaves out what it knows.
    is_careful: bool,
    known: BTreeSet<String>,
    /// What stood in a page may come live as well.
    paged: BTreeSet<String>,
    heard: Vec<(String, String)>,
}

impl Returner {
    fn join(daemon: &Daemon) -> Self {
        let hello = json!({"type": "hello", "v": 1, "nick": "ana", "resume": true});
        let mut peer = Peer::hello(daemon.chat_addr(), hello);
        let key = peer.expect("login")["key"].as_str().unwrap().to_owned();
        let entered = peer.hear(|it| it["type"] == "join" && it["nick"] == "ana");
        let first = entered["msgid"].as_str().unwrap().to_owned();
        Self {
            peer: Some(peer),
            key,
            last: first.clone(),
            first,
            is_careful: false,
            known: BTreeSet::new(),
            paged: BTreeSet::new(),
            heard: Vec::new(),
        }
    }

    fn come_back(&mut self, daemon: &Daemon) {
        let since = if self.is_careful {
            &self.first
        } else {
            &self.last
        };
        let hello = json!({
            "type": "hello", "v": 1, "nick": "ana", "key": self.key, "resume": true,
            "since": since, "id": "back",
        });
        self.peer = Some(Peer::hello(daemon.chat_addr(), hello));
        assert_eq!(self.peer().expect("login")["resumed"], true);
        let mut end = String::new();
        let mut missed = self.peer().next().unwrap();
        assert_eq!(missed["type"], "missed", "before anything else");
        loop {
            for message in missed["messages"].as_array().unwrap() {
                message["msgid"].as_str().unwrap().clone_into(&mut end);
                self.note(message);
            }
            if missed["more"] != true {
                break;
            }
            missed = self.peer().next().unwrap();
            assert_eq!(missed["type"], "missed", "with nothing in between");
        }
        if missed["further"] == true {
            self.page_through_the_rest(&end);
        }
    }

    /// A page is for one conversation, so each is asked for from where the list ended. What comes live
    /// meanwhile may stand in a page, too.
    fn page_through_the_rest(&mut self, from: &str) {
        let mut rest: BTreeMap<String, Value> = BTreeMap::new();
        for of in ["#lobby", "@cho"] {
            let mut after = from.to_owned();
            let mut is_further = true;
            while is_further {
                let request = json!({"type": "history", "of": of, "after": after, "limit": 400, "id": "page"});
                self.peer().say(request);
                loop {
                    let object = self.peer().next().expect("an open stream");
                    if let Some(id) = object["msgid"].as_str() {
                        rest.insert(id.to_owned(), object);
                        continue;
                    }
                    if object["id"] != "page" {
                        continue; // where one is
                    }
                    assert_eq!(object["type"], "history", "{object}");
                    for message in object["messages"].as_array().unwrap() {
                        message["msgid"].as_str().unwrap().clone_into(&mut after);
                        self.paged.insert(after.clone());
                        rest.insert(after.clone(), message.clone());
                    }
                    is_further = object["further"] == true;
                    if object["more"] != true {
                        break;
                    }
                }
            }
        }
        for message in rest.values() {
            self.note(message);
        }
    }

    fn peer(&mut self) -> &mut Peer {
        self.peer.as_mut().expect("nobody talks while they are cut")
    }

    /// The connection breaks, in one of two ways.
    fn cut(&mut self, with_reset: bool) {
        let peer = self.peer.take().expect("connected");
        if with_reset {
            // Whatever is under way is thrown away by the system, as when a network fails.
            set_socket_linger(peer.wire.stream(), Some(Duration::ZERO)).unwrap();
        }
    }

    fn hear_one(&mut self) {
        let object = self.peer().next().expect("an open stream");
        self.note(&object);
    }

    fn note(&mut self, object: &Value) {
        let Some(id) = object["msgid"].as_str() else {
            return;
        };
        if !self.known.insert(id.to_owned()) {
            let may_be = self.is_careful || self.paged.contains(id);
            assert!(may_be, "told twice: {object}");
            return;
        }
        self.last = self.last.clone().max(id.to_owned());
        if let (Some(from), Some(text)) = (object["from"].as_str(), object["text"].as_str()) {
            self.heard.push((from.to_owned(), text.to_owned()));
        }
    }

    fn has_heard(&self, text: &str) -> bool {
        self.heard.iter().rev().any(|(_, heard)| heard == text)
    }

    /// Numbers from 0 on, none missing, none twice.
    fn assert_heard_all(&self, from: &str) -> usize {
        let heard = self.heard.iter().filter(|(author, _)| author == from);
        let numbers: Vec<usize> = heard.filter_map(|(_, text)| text.parse().ok()).collect();
        let expected: Vec<usize> = (0..numbers.len()).collect();
        assert_eq!(numbers, expected, "what {from} said");
        numbers.len()
    }
}

/// Says numbers until told to stop, and then "end"; says how many.
fn count_aloud(
    daemon: &Daemon,
    nick: &str,
    to: &str,
    end: &Arc<AtomicBool>,
) -> thread::JoinHandle<usize> {
    let (mut peer, to, end) = (Peer::join(daemon, nick), to.to_owned(), Arc::clone(end));
    thread::spawn(move || {
        let mut number = 0;
        while !end.load(Ordering::SeqCst) {
            for _ in 0..8 {
                peer.say(json!({"type": "send", "to": to, "text": number.to_string()}));
                number += 1;
            }
            for _ in 0..8 {
                peer.expect("ack");
            }
        }
        let ack = peer.ask(json!({"type": "send", "to": to, "text": "end"}));
        assert_eq!(ack["type"], "ack", "{ack}");
        number
    })
}

/// Cuts ana ten times while others talk to her, and looks at what she heard in the end.
fn cut_ten_times(is_careful: bool, talkers: [(&str, &str); 2]) {
    let mut dice = Dice::new("resuming");
    let daemon = Daemon::start("[limits]\nrate = 0\nresume_window = \"1m\"");
    let mut eve = Peer::join(&daemon, "eve");
    let mut ana = Returner::join(&daemon);
    ana.is_careful = is_careful;
    let end = Arc::default();
    let talking = talkers.map(|(nick, to)| count_aloud(&daemon, nick, to, &end));
    eve.hear(|it| it["type"] == "join" && it["nick"] == "cho");
    for round in 0..10 {
        for _ in 0..dice.below(300) {
            ana.hear_one();
        }
        ana.cut(round % 2 == 0);
        ana.come_back(&daemon);
    }
    end.store(true, Ordering::SeqCst);
    let said = talking.map(|it| it.join().unwrap());
    while ana.heard.iter().filter(|(_, text)| text == "end").count() < 2 {
        ana.hear_one();
    }
    let heard = talkers.map(|(nick, _)| ana.assert_heard_all(nick));
    assert_eq!(heard, said);
    eprintln!("resuming: {said:?} said, all heard once and in order over 10 cuts");
    let told = eve.heard_so_far();
    let about_ana = told.iter().find(|it| it["nick"] == "ana");
    assert_eq!(about_ana, None, "nobody is told of it");
}

#[test]
fn who_is_cut_ten_times_hears_a_room_once_and_in_order_and_nobody_notices() {
    cut_ten_times(false, [("bob", "#lobby"), ("cho", "#lobby")]);
}

/// What is private overtakes rooms by a moment, so the last id that was heard says little of these.
#[test]
fn who_asks_for_a_little_more_than_they_missed_hears_rooms_and_private_words_whole() {
    cut_ten_times(true, [("bob", "#lobby"), ("cho", "@ana")]);
}

#[test]
fn who_missed_more_than_one_answer_holds_pages_through_the_rest() {
    let daemon = Daemon::start("[limits]\nrate = 0\nresume_window = \"1m\"");
    let mut bob = Peer::join(&daemon, "bob");
    let mut ana = Returner::join(&daemon);
    ana.cut(false);
    daemon.wait_for_log(&["keeps its place", "nick=ana"]);
    for number in 0..2500 {
        bob.say(json!({"type": "send", "to": "#lobby", "text": number.to_string()}));
    }
    for _ in 0..2500 {
        bob.expect("ack");
    }
    ana.come_back(&daemon);
    bob.say(json!({"type": "send", "to": "#lobby", "text": "end"}));
    while !ana.has_heard("end") {
        ana.hear_one();
    }
    assert_eq!(ana.assert_heard_all("bob"), 2500);
}

#[test]
fn who_does_not_come_back_in_time_has_gone_for_all() {
    let daemon = Daemon::start("[limits]\nresume_window = \"300ms\"");
    let mut eve = Peer::join(&daemon, "eve");
    let mut ana = Returner::join(&daemon);
    eve.hear(|it| it["type"] == "join" && it["nick"] == "ana");
    ana.cut(true);
    eve.hear(|it| it["type"] == "quit" && it["nick"] == "ana");
    // The key makes them the same person all the same, and they come as anybody does.
    let hello = json!({"type": "hello", "v": 1, "nick": "ana", "key": ana.key, "since": ana.last});
    let mut back = Peer::hello(daemon.chat_addr(), hello);
    let login = back.expect("login");
    assert_ne!(login["resumed"], true);
    assert_eq!(login["key"], ana.key);
    eve.hear(|it| it["type"] == "join" && it["nick"] == "ana");
    wait_for("ana to be listed", || {
        let users = eve.ask(json!({"type": "users"}));
        users["nicks"]
            .as_array()
            .unwrap()
            .contains(&json!("ana"))
            .then_some(())
    });
}

//! The ledger: a daemon is killed at random moments under load, again and again on one database, while a
//! ledger outside of it notes what was acknowledged. In the end everything is read back and compared.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::dice::Dice;
use crate::support::peers::{NO_ID, Peer, Wire};
use crate::support::{Daemon, wait_for};

const WRITERS: usize = 6;
const ROOMS: [&str; 3] = ["#lobby", "#side", "#deep"];

#[test]
fn what_was_acknowledged_outlives_fifty_kills_once_and_in_order() {
    let mut dice = Dice::new("ledger");
    let mut ledger = Ledger::new(&mut dice);
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    for round in 0..50 {
        ledger.one_life(&mut daemon, End::Kill, round, &mut dice);
    }
    ledger.resends_answer_as_before = true;
    let counts = ledger.audit(&daemon);
    eprintln!("ledger: {counts:?}");
    assert_eq!(
        counts.acked_and_gone, 0,
        "messages that were acknowledged are not there"
    );
    assert!(counts.acked > 1000, "{counts:?}");
}

/// What the disk had not taken yet when the process was killed may be missing, but nothing else is wrong.
#[test]
fn what_relaxed_durability_keeps_it_keeps_once_and_in_order() {
    let mut dice = Dice::new("relaxed ledger");
    let mut ledger = Ledger::new(&mut dice);
    let mut daemon = Daemon::start("[limits]\nrate = 0\n[history]\ndurability = \"relaxed\"");
    for round in 0..12 {
        ledger.one_life(&mut daemon, End::Kill, round, &mut dice);
    }
    let counts = ledger.audit(&daemon);
    eprintln!("relaxed ledger: {counts:?}");
    assert!(counts.acked > 200, "{counts:?}");
}

/// Whoever was told to stop says good-bye first: nothing else is different.
#[test]
fn a_stop_under_load_loses_nothing_that_was_acknowledged() {
    let mut dice = Dice::new("stopping");
    let mut ledger = Ledger::new(&mut dice);
    let mut daemon = Daemon::start("[limits]\nrate = 0");
    for round in 0..10 {
        ledger.one_life(&mut daemon, End::Stop, round, &mut dice);
    }
    ledger.resends_answer_as_before = true;
    let counts = ledger.audit(&daemon);
    eprintln!(
        "stopping: {counts:?}, started again within {:?}",
        ledger.longest_start
    );
    assert_eq!(counts.acked_and_gone, 0, "{counts:?}");
    assert!(counts.acked > 200, "{counts:?}");
}

/// How a life ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// `kill -9`.
    Kill,
    /// SIGTERM.
    Stop,
}

/// All writers, and what they know.
struct Ledger {
    writers: Vec<Writer>,
    /// Highest id that anybody had heard of when the present life began.
    highest: String,
    resends_answer_as_before: bool,
    longest_start: Duration,
}

#[derive(Debug, Default)]
struct Counts {
    sent: usize,
    acked: usize,
    /// Resent after a kill and acknowledged under an id from before it.
    acked_late: usize,
    /// There although nobody was told.
    kept_unacked: usize,
    acked_and_gone: usize,
}

impl Ledger {
    fn new(dice: &mut Dice) -> Self {
        let writers = (0..WRITERS).map(|index| Writer::new(index, dice.fork()));
        Self {
            writers: writers.collect(),
            highest: NO_ID.to_owned(),
            resends_answer_as_before: false,
            longest_start: Duration::ZERO,
        }
    }

    /// Everybody comes and talks until the daemon is killed; then it starts again.
    fn one_life(&mut self, daemon: &mut Daemon, end: End, round: usize, dice: &mut Dice) {
        let life = Life {
            address: daemon.chat_addr(),
            round,
            ready: AtomicUsize::new(0),
            may_talk: AtomicBool::new(false),
            acked: AtomicUsize::new(0),
            highest_before: self.highest.clone(),
        };
        thread::scope(|scope| {
            let talking: Vec<_> = self
                .writers
                .iter_mut()
                .map(|writer| scope.spawn(|| writer.live(&life)))
                .collect();
            if dice.is_one_in(8) {
                // While they come: what they have to send again is not said again this time.
                let some = dice.below(WRITERS);
                wait_for("some to have come", || life.has_ready(some));
            } else {
                wait_for("all to have come", || life.has_ready(WRITERS));
                life.may_talk.store(true, Ordering::SeqCst);
                let enough = dice.below(300);
                wait_for("acks", || {
                    let done = talking.iter().any(|it| it.is_finished());
                    (done || life.acked.load(Ordering::SeqCst) >= enough).then_some(())
                });
                thread::sleep(Duration::from_micros(dice.below(8000) as u64));
            }
            match end {
                End::Kill => daemon.kill(),
                End::Stop => {
                    daemon.signal(Signal::SIGTERM);
                    assert_eq!(daemon.wait().code(), Some(0), "{}", daemon.stderr());
                }
            }
            life.may_talk.store(true, Ordering::SeqCst);
        });
        for writer in &self.writers {
            self.highest = self.highest.clone().max(writer.highest.clone());
        }
        self.longest_start = self.longest_start.max(start_again(daemon));
    }

    /// Reads everything back and compares.
    fn audit(&mut self, daemon: &Daemon) -> Counts {
        let kept = self.read_back(daemon);
        let mut counts = Counts::default();
        let mut by_text: HashMap<&str, Vec<&Value>> = HashMap::new();
        for message in kept.values() {
            let text = message["text"].as_str().expect("a text");
            by_text.entry(text).or_default().push(message);
        }
        for writer in &self.writers {
            for said in &writer.said {
                counts.sent += 1;
                let found = by_text.remove(said.text.as_str()).unwrap_or_default();
                assert!(found.len() <= 1, "said once, kept twice: {found:?}");
                if let Some(message) = found.first() {
                    said.is(writer, message);
                }
                match (&said.ack, found.is_empty()) {
                    (Some(_), is_gone) => {
                        counts.acked += 1;
                        counts.acked_and_gone += usize::from(is_gone);
                    }
                    (None, false) => counts.kept_unacked += 1,
                    (None, true) => {}
                }
            }
            counts.acked_late += writer.acked_late;
            let numbers: Vec<usize> = kept
                .values()
                .filter(|message| message["from"] == writer.nick())
                .map(|message| number_of(message["text"].as_str().expect("a text")))
                .collect();
            assert!(
                numbers.is_sorted_by(|one, next| one < next),
                "{} is kept in another order than said: {numbers:?}",
                writer.nick()
            );
        }
        assert!(by_text.is_empty(), "nobody said: {by_text:?}");
        self.assert_ids_were_given_once();
        counts
    }

    /// Every message there is, by its id.
    fn read_back(&mut self, daemon: &Daemon) -> BTreeMap<String, Value> {
        let mut kept: BTreeMap<String, Value> = BTreeMap::new();
        let answers_as_before = self.resends_answer_as_before;
        for writer in &mut self.writers {
            let mut peer = writer
                .come(daemon.chat_addr())
                .expect("a daemon that lives");
            if answers_as_before {
                writer.last_ones_are_known(&mut peer);
            }
            let partners = (0..WRITERS).map(|other| format!("@{}", nick(other)));
            let places: Vec<String> = ROOMS
                .map(str::to_owned)
                .into_iter()
                .chain(partners)
                .collect();
            for place in places {
                let messages = peer.all_after(&place, NO_ID, 1 + writer.dice.below(1000));
                let mut last = NO_ID.to_owned();
                for message in messages {
                    let id = message["msgid"].as_str().expect("an id").to_owned();
                    assert!(last < id, "ids rise: {last} before {id} in {place}");
                    last.clone_from(&id);
                    let same = kept.entry(id).or_insert_with(|| message.clone());
                    assert_eq!(*same, message, "everybody reads the same");
                }
            }
        }
        kept
    }

    /// Also those of messages that were heard and then lost by a kill.
    fn assert_ids_were_given_once(&self) {
        let mut heard: HashMap<&str, &str> = HashMap::new();
        for writer in &self.writers {
            for (id, what) in &writer.heard {
                let same = *heard.entry(id).or_insert(what);
                assert_eq!(same, what, "the id {id} was given twice");
            }
        }
    }
}

/// How long it takes depends on the machine: it is printed and nothing is asked of it.
#[expect(clippy::disallowed_methods, reason = "only printed")]
fn start_again(daemon: &mut Daemon) -> Duration {
    let begun = Instant::now();
    daemon.start_again();
    begun.elapsed()
}

/// From a start to the kill.
struct Life {
    address: SocketAddr,
    round: usize,
    ready: AtomicUsize,
    may_talk: AtomicBool,
    acked: AtomicUsize,
    highest_before: String,
}

impl Life {
    fn has_ready(&self, enough: usize) -> Option<()> {
        (self.ready.load(Ordering::SeqCst) >= enough).then_some(())
    }
}

/// Someone who talks, and forgets nothing.
struct Writer {
    index: usize,
    dice: Dice,
    key: Option<String>,
    said: Vec<Said>,
    /// What was heard live, by its id.
    heard: HashMap<String, String>,
    highest: String,
    acked_late: usize,
}

struct Said {
    to: String,
    text: String,
    round: usize,
    ack: Option<Ack>,
}

#[derive(Clone, Debug, PartialEq)]
struct Ack {
    msgid: String,
    time: String,
}

impl Said {
    /// The ledger and the history say the same of it.
    fn is(&self, writer: &Writer, message: &Value) {
        assert_eq!(message["from"], writer.nick(), "{message}");
        match self.to.strip_prefix('@') {
            Some(whom) => assert_eq!(message["to"], whom, "{message}"),
            None => assert_eq!(message["room"], self.to, "{message}"),
        }
        if let Some(ack) = &self.ack {
            let there = (&message["msgid"], &message["time"]);
            assert_eq!(there, (&json!(ack.msgid), &json!(ack.time)), "{message}");
        }
    }
}

impl Writer {
    fn new(index: usize, dice: Dice) -> Self {
        Self {
            index,
            dice,
            key: None,
            said: Vec::new(),
            heard: HashMap::new(),
            highest: NO_ID.to_owned(),
            acked_late: 0,
        }
    }

    fn nick(&self) -> String {
        nick(self.index)
    }

    /// Comes, and talks to the bitter end.
    fn live(&mut self, life: &Life) {
        let Some(mut peer) = self.come(life.address) else {
            return;
        };
        life.ready.fetch_add(1, Ordering::SeqCst);
        // Who is not there yet cannot be told anything.
        wait_for("all to be there", || {
            life.may_talk.load(Ordering::SeqCst).then_some(())
        });
        self.talk(&mut peer, life);
    }

    /// Logs in as the one that it was, and enters the rooms; `None` when the daemon dies meanwhile.
    fn come(&mut self, address: SocketAddr) -> Option<Peer> {
        let mut wire = Wire::try_connect(address).ok()?;
        wire.line()?; // the greeting
        let mut peer = Peer { wire };
        let mut hello = json!({"type": "hello", "v": 1, "nick": self.nick()});
        if let Some(key) = &self.key {
            hello["key"] = json!(key);
        }
        let mut lines = format!("{hello}\n");
        for room in &ROOMS[1..] {
            lines += &format!("{}\n", json!({"type": "join", "room": room}));
        }
        peer.wire.try_send(lines.as_bytes()).ok()?;
        let welcome = peer.wire.line()?;
        if !welcome.starts_with('{') {
            // Whoever was not heard yet is sent away in words.
            assert!(welcome.contains("stopping"), "{welcome}");
            return None;
        }
        let mut entered = 0;
        while entered < ROOMS.len() {
            let object = peer.next()?;
            match object["type"].as_str().expect("a type") {
                "login" => self.key = Some(object["key"].as_str().expect("a key").to_owned()),
                "joined" => entered += 1,
                "error" if object["code"] == "shutting_down" => return None,
                "error" => panic!("{object}"),
                _ => {}
            }
            self.hear(&object);
        }
        Some(peer)
    }

    /// Sends again what was not acknowledged, in order, and then ever more.
    fn talk(&mut self, peer: &mut Peer, life: &Life) -> Option<()> {
        let in_flight_max = 1 + self.dice.below(40);
        let mut lines = String::new();
        let mut in_flight = 0;
        for (number, said) in self.said.iter().enumerate() {
            if said.ack.is_none() {
                lines += &self.line(number);
                in_flight += 1;
            }
        }
        loop {
            while in_flight < in_flight_max {
                let number = self.think_of_something(life.round);
                lines += &self.line(number);
                in_flight += 1;
            }
            peer.wire.try_send(lines.as_bytes()).ok()?;
            lines.clear();
            let object = peer.next()?;
            if object["type"] == "error" {
                assert_eq!(object["code"], "shutting_down", "{object}");
            }
            if object["type"] == "ack" {
                self.note(&object, life);
                in_flight -= 1;
            }
            self.hear(&object);
        }
    }

    fn think_of_something(&mut self, round: usize) -> usize {
        let number = self.said.len();
        let to = match self.dice.below(4) {
            0 => format!(
                "@{}",
                nick((self.index + 1 + self.dice.below(WRITERS - 1)) % WRITERS)
            ),
            _ => (*self.dice.pick(&ROOMS)).to_owned(),
        };
        let end = *self
            .dice
            .pick(&["", "\u{1f426} \"and\" so\non", "\u{e9}\\u0000 it's"]);
        let length = if self.dice.is_one_in(10) {
            self.dice.below(1500)
        } else {
            0
        };
        let text = format!("{} says {number} {end}{}", self.nick(), "~".repeat(length));
        self.said.push(Said {
            to,
            text: text.trim_end().to_owned(),
            round,
            ack: None,
        });
        number
    }

    fn line(&self, number: usize) -> String {
        let said = &self.said[number];
        let object = json!({
            "type": "send", "to": said.to, "text": said.text,
            "client_msgid": format!("n{number}"), "id": number.to_string(),
        });
        format!("{object}\n")
    }

    fn note(&mut self, object: &Value, life: &Life) {
        let text = |key: &str| object[key].as_str().expect("a text").to_owned();
        let number: usize = text("id").parse().expect("a number of ours");
        let said = &mut self.said[number];
        assert_eq!(said.ack, None, "acknowledged twice: {object}");
        assert_eq!(object.get("kept"), None, "{object}");
        let ack = Ack {
            msgid: text("msgid"),
            time: text("time"),
        };
        if said.round == life.round {
            assert!(
                ack.msgid > life.highest_before,
                "ids rise over restarts: {} is not above {}",
                ack.msgid,
                life.highest_before
            );
        }
        self.acked_late += usize::from(ack.msgid <= life.highest_before);
        said.ack = Some(ack);
        life.acked.fetch_add(1, Ordering::SeqCst);
    }

    fn hear(&mut self, object: &Value) {
        let Some(id) = object["msgid"].as_str().filter(|_| object["type"] != "ack") else {
            return;
        };
        let what = [
            &object["type"],
            &object["from"],
            &object["nick"],
            &object["text"],
        ];
        let what = format!("{what:?}");
        let same = self
            .heard
            .entry(id.to_owned())
            .or_insert_with(|| what.clone());
        assert_eq!(*same, what, "the id {id} was given twice");
        self.highest = self.highest.clone().max(id.to_owned());
    }

    /// Sent once more, what was acknowledged is answered by the same ack and said to nobody.
    fn last_ones_are_known(&mut self, peer: &mut Peer) {
        let acked = (0..self.said.len()).filter(|&number| self.said[number].ack.is_some());
        for number in acked.rev().take(20) {
            peer.wire.send(self.line(number).as_bytes());
            let id = number.to_string();
            let answer = peer.hear(|it| it["id"] == id);
            let ack = self.said[number].ack.as_ref().expect("it was acknowledged");
            let there = (&answer["msgid"], &answer["time"]);
            assert_eq!(there, (&json!(ack.msgid), &json!(ack.time)), "{answer}");
        }
    }
}

fn nick(index: usize) -> String {
    format!("writer{index}")
}

/// `writer1 says 17 …`
fn number_of(text: &str) -> usize {
    let number = text.split(' ').nth(2).expect("three words");
    number.trim().parse().expect("a number")
}

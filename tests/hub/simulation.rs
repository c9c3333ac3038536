//! Random people doing random things, thousands of times: after each step the hub's invariants
//! hold, and everybody has heard exactly what the model says, in the same order.
//!
//! A failure prints its seed and the last steps; `CHATD_SEED=17 cargo test simulation` plays that
//! one again.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use chatd::hub::command::{Command, MessageKind, Target};
use chatd::hub::event::EventKind;
use chatd::hub::flood::REFUSALS_MAX;
use chatd::hub::id::{SessionId, UserKey};
use chatd::hub::input::{AdminCommand, Input, Origin, QuitReason};
use chatd::hub::moderation::request::Moderation;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::{Audit, Reply};
use chatd::hub::settings::Settings;

use super::engine::{Engine, Seen, key_of};
use super::lines;
use super::model::{Heard, Model, closed};

const SEEDS: u64 = 300;
const STEPS: u32 = 300;

#[test]
fn everybody_hears_what_the_model_says() {
    if let Ok(seed) = std::env::var("CHATD_SEED") {
        return Simulation::new(seed.parse().unwrap()).run();
    }
    let mut met = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut simulation = Simulation::new(seed);
        simulation.run();
        for (thing, times) in simulation.met {
            *met.entry(thing).or_insert(0) += times;
        }
    }
    // A simulation that never comes to a case says nothing about it.
    for thing in THINGS_TO_MEET {
        let times = met.get(thing).copied().unwrap_or(0);
        assert!(times >= 20, "{thing} was met {times} times in {met:#?}");
    }
}

/// All that can be heard or refused where names are well-formed and texts short, and how sessions
/// come and go.
const THINGS_TO_MEET: [&str; 36] = [
    "a place is kept",
    "a place is given up",
    "logged in again",
    "message",
    "private",
    "joined",
    "parted",
    "quit",
    "nick changed",
    "topic changed",
    "away changed",
    "notice",
    "another session of a user",
    "closed: flooding",
    "closed: login timeout",
    "closed: ping timeout",
    "closed: server full",
    "closed: shutdown",
    "closed: too many faults",
    "closed: too many from address",
    "pinged",
    "already_in_room",
    "already_logged_in",
    "cannot_ignore_self",
    "group_chat_off",
    "nick_in_use",
    "no_such_room",
    "no_such_user",
    "not_in_room",
    "not_logged_in",
    "server_rooms_full",
    "text_empty",
    "too_fast",
    "too_many_ignored",
    "too_many_rooms",
    "wrong_key",
];

struct Simulation {
    seed: u64,
    dice: Dice,
    engine: Engine,
    model: Model,
    /// All that ever connected lately: late words come from those who have gone.
    sessions: VecDeque<SessionId>,
    diary: Vec<String>,
    met: BTreeMap<String, u32>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let settings = random_settings(&mut dice, Settings::default());
        let mut engine = Engine::new(settings.clone());
        engine.keep();
        Self {
            seed,
            engine,
            model: Model::new(settings),
            dice,
            sessions: VecDeque::new(),
            diary: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            let seen = self.step();
            self.compare(seen);
        }
        self.diary.push("shutdown".to_owned());
        let seen = self.admin(AdminCommand::Shutdown);
        self.compare(seen);
    }

    fn step(&mut self) -> Vec<Seen> {
        match self.dice.below(100) {
            0..8 => self.connect(),
            8 => self.disconnect(),
            9..12 => self.capable(),
            12 => self.garbage(),
            13 if self.dice.below(2) == 0 => self.echo(),
            13 => self.introduce(),
            14..16 => {
                let command = self.admin_command();
                self.diary.push(format!("{command:?}"));
                self.admin(command)
            }
            16 => self.reconfigure(),
            17..26 => self.pass(),
            _ => self.command(),
        }
    }

    fn compare(&mut self, seen: Vec<Seen>) {
        for thing in seen.iter().filter_map(thing) {
            *self.met.entry(thing).or_insert(0) += 1;
        }
        let mut happened = by_session(seen);
        let mut expected = std::mem::take(&mut self.model.heard);
        sort_arrivals(&mut happened);
        sort_arrivals(&mut expected);
        if happened == expected && self.engine.hub.counts() == self.model.counts() {
            return;
        }
        let mut report = format!("CHATD_SEED={}\n", self.seed);
        let skipped = self.diary.len().saturating_sub(60);
        for step in &self.diary[skipped..] {
            writeln!(report, "{step}").unwrap();
        }
        panic!("{report}model: {expected:#?}\nhub: {happened:#?}");
    }

    fn connect(&mut self) -> Vec<Seen> {
        let origin = match self.dice.below(4) {
            0 => Origin::Local { uid: None },
            last => Origin::Ip([10, 0, 0, u8::try_from(last).unwrap()].into()),
        };
        let (session, seen) = self.engine.connect(origin);
        self.diary
            .push(format!("{session} connects from {origin:?}"));
        self.model.connected(session, origin);
        self.sessions.push_back(session);
        if self.sessions.len() > 24
            && let Some(oldest) = self.sessions.pop_front()
            && self.engine.is_open(oldest)
        {
            self.sessions.push_back(oldest);
        }
        seen
    }

    fn disconnect(&mut self) -> Vec<Seen> {
        match self.any_session() {
            Some(session) => self.drop_session(session),
            None => Vec::new(),
        }
    }

    fn drop_session(&mut self, session: SessionId) -> Vec<Seen> {
        self.diary.push(format!("{session} drops"));
        self.model.disconnected(session);
        let reason = QuitReason::Closed;
        self.engine.handle(Input::Disconnected { session, reason })
    }

    fn capable(&mut self) -> Vec<Seen> {
        let Some(session) = self.any_session() else {
            return Vec::new();
        };
        let answers_ping = self.dice.below(4) > 0;
        self.diary
            .push(format!("{session} answers pings: {answers_ping}"));
        self.model.capable(session, answers_ping);
        self.engine.handle(Input::Capable {
            session,
            answers_ping,
        })
    }

    fn echo(&mut self) -> Vec<Seen> {
        let Some(session) = self.any_session() else {
            return Vec::new();
        };
        let is_wanted = self.dice.below(2) > 0;
        self.diary
            .push(format!("{session} wants an echo: {is_wanted}"));
        self.model.echo(session, is_wanted);
        self.engine.handle(Input::Echo { session, is_wanted })
    }

    fn introduce(&mut self) -> Vec<Seen> {
        let Some(session) = self.any_session() else {
            return Vec::new();
        };
        let last = u8::try_from(self.dice.below(3) + 1).unwrap();
        let origin = Origin::Ip([10, 0, 0, last].into());
        self.diary
            .push(format!("{session} is introduced from {origin:?}"));
        self.model.introduced(session, origin);
        self.engine.handle(Input::Introduced { session, origin })
    }

    /// Much of it at times, so that patience ends now and then.
    fn garbage(&mut self) -> Vec<Seen> {
        let Some(session) = self.any_session() else {
            return Vec::new();
        };
        let objects = [1, 1, 1, 5, u64::from(REFUSALS_MAX) + 20][self.dice.index(5)];
        self.diary
            .push(format!("{session} sends garbage {objects} times"));
        let mut seen = Vec::new();
        for _ in 0..objects {
            self.model.fault(session);
            seen.extend(self.engine.handle(Input::Fault { session }));
        }
        seen
    }

    fn admin(&mut self, command: AdminCommand) -> Vec<Seen> {
        self.model.admin(command.clone());
        self.engine.handle(Input::Admin(command))
    }

    fn reconfigure(&mut self) -> Vec<Seen> {
        let before = self.engine.hub.settings().clone();
        let settings = random_settings(&mut self.dice, before.clone());
        let settings = Settings {
            rate: before.rate,
            burst: before.burst,
            ..settings
        };
        self.diary.push(format!("{settings:?}"));
        self.model.settings(settings.clone());
        self.engine.handle(Input::Settings(settings))
    }

    fn pass(&mut self) -> Vec<Seen> {
        let quarters = self.dice.below(12);
        self.diary
            .push(format!("{quarters} quarters of a second pass"));
        self.model.pass(quarters);
        self.engine.pass(Duration::from_millis(quarters * 250))
    }

    /// Most who have not logged in do, and most who have do not try again.
    fn command(&mut self) -> Vec<Seen> {
        let Some(session) = self.any_session() else {
            return Vec::new();
        };
        let does_as_expected = self.dice.below(20) > 0;
        let command = if self.model.is_user(session) == does_as_expected {
            self.random_command()
        } else {
            self.login()
        };
        self.diary.push(format!("{session} {command:?}"));
        self.model.command(session, command.clone());
        self.engine.handle(Input::Command {
            session,
            request: None,
            command,
        })
    }

    /// Mostly one that is there, and sometimes one that has gone.
    fn any_session(&mut self) -> Option<SessionId> {
        let wants_open = self.dice.below(20) > 0;
        let engine = &self.engine;
        let fitting = self
            .sessions
            .iter()
            .filter(|&&it| engine.is_open(it) == wants_open);
        let fitting: Vec<SessionId> = fitting.copied().collect();
        let index = self.dice.index(fitting.len().max(1));
        fitting.get(index).copied()
    }

    fn login(&mut self) -> Command {
        let key: Option<UserKey> = match self.dice.below(3) {
            0 => None,
            _ => self.any_session().map(key_of),
        };
        Command::Login {
            nick: self.nick(),
            key,
            enter_default_room: self.dice.below(3) > 0,
            does_resume: self.dice.below(2) == 0,
            since: None,
            introduction: None,
        }
    }

    fn random_command(&mut self) -> Command {
        match self.dice.below(100) {
            0..6 => Command::Nick(self.nick()),
            6..20 => Command::Join {
                room: self.room(),
                key: None,
            },
            20..26 => Command::Part {
                room: self.room(),
                reason: self.optional_text(),
            },
            26..50 => Command::Send {
                to: Target::Room(self.room()),
                kind: self.kind(),
                text: self.text(),
                client_msgid: None,
                tags: None,
            },
            50..60 => Command::Send {
                to: Target::User(self.nick()),
                kind: self.kind(),
                text: self.text(),
                client_msgid: None,
                tags: None,
            },
            60..66 => Command::Topic {
                room: self.room(),
                text: self.text(),
            },
            66..70 => Command::Away(self.optional_text().filter(|text| !text.is_empty())),
            70..76 => Command::Deaf([None, Some(true), Some(false)][self.dice.index(3)]),
            76..90 => Command::Ignore {
                nick: self.nick(),
                on: self.dice.below(3) > 0,
            },
            90 => Command::Ignores,
            91 => Command::Rooms,
            92 => Command::Names(self.room()),
            93 => Command::Users,
            94 => Command::Whois(self.nick()),
            95..97 => Command::Ping,
            97..99 => Command::Pong,
            _ => Command::Quit {
                reason: self.optional_text(),
            },
        }
    }

    fn admin_command(&mut self) -> AdminCommand {
        match self.dice.below(4) {
            0 => AdminCommand::Moderate(Moderation::Kick {
                room: None,
                nick: self.nick(),
                reason: self.optional_text(),
            }),
            1 => AdminCommand::Topic {
                room: self.room(),
                text: self.text(),
            },
            2 => AdminCommand::Announce {
                room: Some(self.room()),
                text: "hear".into(),
            },
            _ => AdminCommand::Announce {
                room: None,
                text: "hear all".into(),
            },
        }
    }

    fn nick(&mut self) -> Nick {
        let names = ["ana", "Ana", "ben", "cho", "dan", "eve"];
        Nick::parse(names[self.dice.index(names.len())]).unwrap()
    }

    fn room(&mut self) -> RoomName {
        let names = ["#lobby", "#lobby", "#rust", "#Rust", "#tea", "#z"];
        RoomName::parse(names[self.dice.index(names.len())]).unwrap()
    }

    fn kind(&mut self) -> MessageKind {
        let kinds = [MessageKind::Text, MessageKind::Action, MessageKind::Notice];
        kinds[self.dice.index(kinds.len())]
    }

    fn text(&mut self) -> Arc<str> {
        let texts = ["", "hello", "hi", "how are you"];
        texts[self.dice.index(texts.len())].into()
    }

    fn optional_text(&mut self) -> Option<Arc<str>> {
        (self.dice.below(2) == 0).then(|| self.text())
    }
}

/// Tight, so that every limit is met; times in quarters of a second, which is how time passes.
fn random_settings(dice: &mut Dice, base: Settings) -> Settings {
    let mut seconds = |most: u64| Duration::from_millis(250 * (1 + dice.below(most * 4)));
    let (login_timeout, ping_interval, ping_timeout) = (seconds(40), seconds(24), seconds(8));
    Settings {
        login_timeout,
        ping_interval,
        ping_timeout,
        max_connections: 4 + dice.index(12),
        max_connections_per_ip: 2 + dice.index(6),
        rooms_per_user: 1 + dice.index(4),
        max_rooms: 1 + dice.index(5),
        ignores_per_user: dice.index(3),
        resume_window: Duration::from_millis(250 * dice.below(40)),
        rate: [0.0, 0.0, 1.0, 4.0][dice.index(4)],
        burst: [5.0, 20.0][dice.index(2)],
        max_faults: [5, 20, 1000][dice.index(3)],
        ..base
    }
}

/// What the simulation has met with this, if it is one of those.
fn thing(seen: &Seen) -> Option<String> {
    let name = match seen {
        Seen::Heard(_, event) => match event.kind {
            EventKind::Message { .. } => "message",
            EventKind::Private { .. } => "private",
            EventKind::Joined { .. } => "joined",
            EventKind::Parted { .. } => "parted",
            EventKind::Quit { .. } => "quit",
            EventKind::NickRegistered { .. } => "nick registered",
            EventKind::NickChanged { .. } => "nick changed",
            EventKind::TopicChanged { .. } => "topic changed",
            EventKind::AwayChanged { .. } => "away changed",
            EventKind::Notice { .. } => "notice",
            EventKind::Tagged { .. }
            | EventKind::People(_)
            | EventKind::Edited { .. }
            | EventKind::Deleted { .. }
            | EventKind::MarkedRead { .. }
            | EventKind::AccountChanged { .. }
            | EventKind::Kicked { .. }
            | EventKind::RoleChanged { .. }
            | EventKind::RoomChanged { .. }
            | EventKind::RoomRenamed { .. }
            | EventKind::RuleAdded { .. }
            | EventKind::RuleEnded { .. }
            | EventKind::InviteNoticed { .. }
            | EventKind::ToStatus { .. }
            | EventKind::Invited { .. } => {
                return None;
            }
        },
        Seen::Replied(_, _, Reply::Refused(refusal)) => refusal.code(),
        Seen::Logged(Audit::LoggedIn { sessions: 2.., .. }) => "another session of a user",
        Seen::Logged(Audit::Detached { .. }) => "a place is kept",
        Seen::Logged(Audit::Gone { .. }) => "a place is given up",
        Seen::Replied(
            _,
            _,
            Reply::LoggedIn {
                is_resumed: true, ..
            },
        ) => "logged in again",
        Seen::Pinged(_) => "pinged",
        Seen::Closed(_, reason) => return Some(closed(reason)),
        Seen::Replied(..) | Seen::Administered(_) | Seen::Logged(_) => return None,
    };
    Some(name.to_owned())
}

fn by_session(seen: Vec<Seen>) -> Heard {
    let mut heard = Heard::new();
    for noticed in seen {
        let (hearers, line) = match noticed {
            Seen::Heard(hearers, event) => (hearers, lines::event(&event.kind)),
            Seen::Replied(session, _, reply) => (vec![session], lines::reply(&reply)),
            Seen::Pinged(session) => (vec![session], "pinged".to_owned()),
            Seen::Closed(session, reason) => (vec![session], closed(&reason)),
            Seen::Administered(result) => {
                let line = lines::administered(&result);
                heard.entry(None).or_default().push(line);
                continue;
            }
            Seen::Logged(_) => continue,
        };
        for session in hearers {
            heard.entry(Some(session)).or_default().push(line.clone());
        }
    }
    heard
}

/// A session that joins a user learns of their rooms in an order that means nothing.
fn sort_arrivals(heard: &mut Heard) {
    for lines in heard.values_mut() {
        if lines.iter().skip(1).all(|line| line.starts_with("in #")) {
            lines.sort();
        }
        // Those whose places are given up at the same moment, too.
        for quits in
            lines.chunk_by_mut(|one, next| [one, next].iter().all(|it| it.contains(" quit: ")))
        {
            quits.sort();
        }
    }
}

/// SplitMix64: the same throws for the same seed on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(u64::try_from(bound).unwrap())).unwrap()
    }
}

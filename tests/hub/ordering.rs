//! Random moderators in random rooms, thousands of times, with restarts between. After each step the hub's
//! invariants hold; nobody comes in, speaks or stays where a second, simple notion of the rules says that
//! they must not, nor is kept out where it says that they may; a restart brings back what was; and all that
//! happened replays to the same outputs.
//!
//! A failure prints its seed; `CHATD_SEED=17 cargo test ordering` plays that one again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chatd::hub::account::Claim;
use chatd::hub::command::{Command, Entry, MessageKind, Target};
use chatd::hub::event::EventKind;
use chatd::hub::id::{RequestId, SessionId, UserKey};
use chatd::hub::input::{AdminCommand, Input, Origin, QuitReason};
use chatd::hub::moderation::request::{Moderated, Moderation, RoomInfo};
use chatd::hub::moderation::rule::Rule;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::{Administered, Audit, Reply};
use chatd::hub::secret::Secret;
use chatd::hub::settings::Settings;

use super::engine::{Engine, Seen};
use super::moderating;

const SEEDS: u64 = 24;
const STEPS: u32 = 300;
const ROOMS: [&str; 4] = ["#lobby", "#a", "#b", "#c"];
const PEOPLE: usize = 6;

#[test]
fn no_rule_is_broken_and_a_restart_changes_nothing() {
    if let Ok(seed) = std::env::var("CHATD_SEED") {
        return Ordering::new(seed.parse().unwrap()).run();
    }
    let mut met = BTreeMap::new();
    for seed in 0..SEEDS {
        let mut ordering = Ordering::new(seed);
        ordering.run();
        for (thing, times) in ordering.met {
            *met.entry(thing).or_insert(0) += times;
        }
    }
    for thing in THINGS_TO_MEET {
        let times = met.get(thing).copied().unwrap_or(0_u32);
        assert!(times >= 3, "{thing} was met {times} times in {met:#?}");
    }
}

/// A simulation that never comes to a case says nothing about it.
const THINGS_TO_MEET: [&str; 22] = [
    "acknowledged",
    "bad_room_key",
    "banned",
    "banned_from_room",
    "closed: banned",
    "closed: kicked",
    "invite_only",
    "invited and in",
    "joined",
    "kicked",
    "logged in",
    "moderated",
    "muted",
    "not_permitted",
    "outranked",
    "room_for_registered",
    "room_full",
    "room_moderated",
    "restart with rules",
    "rule added",
    "rule expired",
    "turned away",
];

/// Somebody who has one session at most, and is the same person each time.
struct Person {
    nicks: [&'static str; 2],
    account: Option<&'static str>,
    address: [u8; 4],
    key: UserKey,
    /// And what they are called.
    session: Option<(SessionId, &'static str)>,
}

/// A rule as it was ordered.
#[derive(Debug)]
struct Known {
    room: Option<&'static str>,
    effect: &'static str,
    subject: &'static str,
    /// As uptime and as wall time, in milliseconds.
    end: Option<(Duration, u64)>,
}

const SUBJECTS: [&str; 9] = [
    "p1*",
    "p2",
    "?3",
    "*x",
    "account:ann",
    "account:root",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "10.2.0.4",
];

struct Ordering {
    seed: u64,
    dice: u64,
    engine: Engine,
    people: Vec<Person>,
    rules: Vec<Known>,
    settings: BTreeMap<(&'static str, &'static str), &'static str>,
    /// 1 voiced, 2 operator, 3 owner.
    roles: BTreeMap<(&'static str, usize), u8>,
    members: BTreeSet<(&'static str, usize)>,
    invited: BTreeSet<(&'static str, usize)>,
    diary: Vec<String>,
    met: BTreeMap<String, u32>,
}

const ROOT: usize = 0;
const SERVER_OPERATOR: u8 = 4;
const ADMIN_SOCKET: u8 = 5;

impl Ordering {
    fn new(seed: u64) -> Self {
        let mut engine = Engine::new(Settings {
            rate: 0.0,
            ..Settings::default()
        });
        engine.tape = Some(Vec::new());
        engine.keep();
        for name in ["root", "ann"] {
            engine.change_account(|registrar| registrar.add(name, "correct horse"));
        }
        engine.change_account(|registrar| registrar.set_operator("root", true));
        let person = |number: usize, nicks, account| Person {
            nicks,
            account,
            address: [10, 1 + u8::try_from(number % 3).unwrap(), 0, 4],
            key: UserKey(7000 + number as u128),
            session: None,
        };
        let people = vec![
            person(0, ["root", "p0x"], Some("root")),
            person(1, ["ann", "p1x"], Some("ann")),
            person(2, ["p2", "p2x"], None),
            person(3, ["p3", "q3"], None),
            person(4, ["p4", "p14"], None),
            person(5, ["p5", "p15"], None),
        ];
        Self {
            seed,
            dice: seed,
            engine,
            people,
            rules: Vec::new(),
            settings: BTreeMap::new(),
            roles: BTreeMap::new(),
            members: BTreeSet::new(),
            invited: BTreeSet::new(),
            diary: Vec::new(),
            met: BTreeMap::new(),
        }
    }

    fn run(&mut self) {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 0..STEPS {
                self.step();
                if number % 5 == 0 {
                    self.stays_true();
                }
            }
            self.engine.replay();
        }));
        if let Err(panic) = result {
            let from = self.diary.len().saturating_sub(60);
            eprintln!(
                "CHATD_SEED={}\n{}",
                self.seed,
                self.diary[from..].join("\n")
            );
            std::panic::resume_unwind(panic);
        }
    }

    fn step(&mut self) {
        let who = self.below(PEOPLE);
        let place = self.pick(&ROOMS);
        match self.below(20) {
            0 => self.time_passes(),
            1 if self.below(8) == 0 => self.starts_anew(),
            2 => {
                let steps = 1000 * self.below(100) as u64;
                self.engine.now.unix.0 += steps;
                self.diary.push(format!("the clock steps {steps} ms ahead"));
            }
            3..=6 => self.joins(who, place),
            7 => self.leaves(who, place),
            8..=11 => self.says(who, place),
            12 if self.below(2) == 0 => self.writes(who),
            12 => self.is_renamed(who),
            13 => self.invites(who, place),
            14 if self.below(4) == 0 => self.drops(who),
            _ => self.orders(who, place),
        }
    }

    fn time_passes(&mut self) {
        let time = Duration::from_millis(500 * self.below(60) as u64);
        self.diary.push(format!("{time:?} pass"));
        let seen = self.engine.pass(time);
        self.takes_in(&seen, None);
        self.rules_end();
    }

    fn rules_end(&mut self) {
        let now = self.engine.now.uptime;
        self.rules
            .retain(|rule| rule.end.is_none_or(|(end, _)| end > now));
    }

    fn connects(&mut self, who: usize) -> Option<SessionId> {
        if let Some((session, _)) = self.people[who].session {
            return Some(session);
        }
        let address = IpAddr::V4(Ipv4Addr::from(self.people[who].address));
        let (session, seen) = self.engine.connect(Origin::Ip(address));
        let is_at_door = self.rules.iter().any(|rule| {
            let is_ban = rule.room.is_none() && rule.effect == "ban";
            is_ban && rule.subject.starts_with("10.") && self.fits(rule, who, "-")
        });
        let has_exempt = self
            .rules
            .iter()
            .any(|rule| rule.room.is_none() && rule.effect == "exempt");
        let was_turned_away = matches!(seen[..], [Seen::Closed(_, QuitReason::Banned(_))]);
        assert_eq!(was_turned_away, is_at_door && !has_exempt, "{seen:?}");
        if was_turned_away {
            self.meet("turned away");
            return None;
        }
        let person = &self.people[who];
        let nick = person.nicks[0];
        let command = match person.account {
            Some(name) => Command::LogInAs {
                claim: Claim::Password {
                    name: self.nick(name),
                    password: Secret::new("correct horse").unwrap(),
                },
                entry: Entry {
                    enter_default_room: true,
                    does_resume: false,
                    since: None,
                },
            },
            None => Command::Login {
                nick: self.nick(nick),
                key: Some(person.key),
                enter_default_room: true,
                does_resume: false,
                since: None,
                introduction: None,
            },
        };
        let is_banned = self.level(who, "#lobby") < SERVER_OPERATOR
            && self.is_under(None, "ban", who, nick, true);
        self.diary.push(format!("{nick} logs in"));
        let may_enter = self.may_enter(who, nick, "#lobby", None);
        let seen = self.commands(session, command);
        let refused = code(&seen, session);
        if is_banned {
            assert_eq!(refused, Some("banned"));
            self.engine.handle(Input::Disconnected {
                session,
                reason: QuitReason::Closed,
            });
            return None;
        }
        self.meet("logged in");
        self.people[who].session = Some((session, nick));
        assert_eq!(refused, may_enter.err(), "{nick} in #lobby");
        self.takes_in(&seen, Some(who));
        Some(session)
    }

    fn drops(&mut self, who: usize) {
        if let Some((session, nick)) = self.people[who].session {
            self.diary.push(format!("{nick} drops"));
            let reason = QuitReason::Closed;
            let seen = self.engine.handle(Input::Disconnected { session, reason });
            self.is_gone(who);
            self.takes_in(&seen, None);
        }
    }

    fn is_gone(&mut self, who: usize) {
        self.people[who].session = None;
        self.members.retain(|&(_, member)| member != who);
    }

    fn joins(&mut self, who: usize, place: &'static str) {
        let Some(session) = self.connects(who) else {
            return;
        };
        if self.members.contains(&(place, who)) {
            return;
        }
        let key = self.pick(&[None, Some("sesame"), Some("other")]);
        let nick = self.people[who].session.unwrap().1;
        self.diary
            .push(format!("{nick} joins {place} with {key:?}"));
        let expected = self.may_enter(who, nick, place, key);
        let was_invited = self.invited.contains(&(place, who));
        let seen = self.commands(
            session,
            Command::Join {
                room: room(place),
                key: key.map(Into::into),
            },
        );
        assert_eq!(code(&seen, session), expected.err(), "{seen:?}");
        if expected.is_ok() && was_invited {
            self.meet("invited and in");
        }
        self.takes_in(&seen, Some(who));
        assert_eq!(self.members.contains(&(place, who)), expected.is_ok());
    }

    fn leaves(&mut self, who: usize, place: &'static str) {
        if let Some((session, nick)) = self.people[who].session {
            self.diary.push(format!("{nick} leaves {place}"));
            let reason = None;
            let part = Command::Part {
                room: room(place),
                reason,
            };
            let seen = self.commands(session, part);
            self.takes_in(&seen, None);
        }
    }

    fn says(&mut self, who: usize, place: &'static str) {
        let Some((session, nick)) = self.people[who].session else {
            return;
        };
        if !self.members.contains(&(place, who)) {
            return;
        }
        let text = self.pick(&["hello", "oh darn"]);
        self.diary.push(format!("{nick} says to {place}: {text}"));
        let level = self.level(who, place);
        let expected = if level < SERVER_OPERATOR && self.is_under(None, "mute", who, nick, true) {
            Some("muted")
        } else if level < 1 && self.is_set(place, "moderated") {
            Some("room_moderated")
        } else if level < 2 && self.is_under(Some(place), "mute", who, nick, true) {
            Some("muted")
        } else if self.is_set(place, "words") && text.contains("darn") {
            Some("blocked_word")
        } else {
            None
        };
        let to = Target::Room(room(place));
        self.sends(session, to, text, expected);
    }

    fn writes(&mut self, who: usize) {
        let Some((session, nick)) = self.people[who].session else {
            return;
        };
        self.diary.push(format!("{nick} writes to themselves"));
        let is_muted = self.level(who, "#lobby") < SERVER_OPERATOR
            && self.is_under(None, "mute", who, nick, true);
        let to = Target::User(self.nick(nick));
        self.sends(session, to, "note", is_muted.then_some("muted"));
    }

    fn sends(&mut self, session: SessionId, to: Target, text: &str, expected: Option<&str>) {
        let say = Command::Send {
            to,
            kind: MessageKind::Text,
            text: text.into(),
            client_msgid: None,
            tags: None,
        };
        let seen = self.commands(session, say);
        assert_eq!(code(&seen, session), expected);
        if expected.is_none() {
            self.meet("acknowledged");
        }
        self.takes_in(&seen, None);
    }

    fn is_renamed(&mut self, who: usize) {
        let Some((session, old)) = self.people[who].session else {
            return;
        };
        let nick = self.pick(&self.people[who].nicks.clone());
        if nick == old {
            return;
        }
        self.diary.push(format!("{old} becomes {nick}"));
        let is_banned = self.level(who, "#lobby") < SERVER_OPERATOR
            && self.is_under(None, "ban", who, nick, true);
        let places = self.members.iter().filter(|(_, member)| *member == who);
        let mut mutes = vec![(None, SERVER_OPERATOR, "#lobby")];
        mutes.extend(places.map(|&(place, _)| (Some(place), 2, place)));
        let would_end = |&(place, level, room): &(Option<&'static str>, u8, &'static str)| {
            self.level(who, room) < level
                && self.is_under(place, "mute", who, old, true)
                && !self.is_under(place, "mute", who, nick, true)
        };
        let is_muted = self.level(who, "#lobby") < SERVER_OPERATOR && mutes.iter().any(would_end);
        let expected = is_banned
            .then_some("banned")
            .or(is_muted.then_some("muted"));
        let wanted = Command::Nick(self.nick(nick));
        let seen = self.commands(session, wanted);
        assert_eq!(code(&seen, session), expected);
        if expected.is_none() {
            self.people[who].session = Some((session, nick));
        }
    }

    fn invites(&mut self, who: usize, place: &'static str) {
        let other = self.below(PEOPLE);
        let (Some((session, nick)), Some((_, called))) =
            (self.people[who].session, self.people[other].session)
        else {
            return;
        };
        self.diary
            .push(format!("{nick} invites {called} into {place}"));
        let closed = ["invite-only", "key", "registered-only", "secret"];
        let is_closed = closed.iter().any(|setting| self.is_set(place, setting));
        let is_possible =
            self.members.contains(&(place, who)) && !self.members.contains(&(place, other));
        let level = self.level(who, place);
        let is_muted = level < SERVER_OPERATOR && self.is_under(None, "mute", who, nick, true);
        let invite = Command::Invite {
            room: room(place),
            nick: self.nick(called),
        };
        let seen = self.commands(session, invite);
        let was_let = code(&seen, session).is_none();
        let may = is_possible && !is_muted && (level >= 2 || !is_closed);
        assert_eq!(was_let, may);
        if was_let && level >= 2 {
            self.invited.insert((place, other));
        }
    }

    /// Somebody, or whoever has the admin socket, orders something.
    fn orders(&mut self, who: usize, place: &'static str) {
        let by = match self.below(4) {
            0 => None,
            _ => match self.people[who].session {
                Some((session, nick)) => Some((session, nick)),
                None => return,
            },
        };
        let (words, order) = self.random_order(place);
        let text = words.join(" ");
        self.diary.push(format!(
            "{} {text}",
            by.map_or("operator", |(_, nick)| nick)
        ));
        let request = moderating::read(&words, None).unwrap();
        let (seen, moderated) = match by {
            None => {
                let command = AdminCommand::Moderate(request);
                let seen = self.engine.handle(Input::Admin(command));
                let was_let = seen
                    .iter()
                    .any(|it| matches!(it, Seen::Administered(Ok(Administered::Moderated(_)))));
                (seen, was_let)
            }
            Some((session, _)) => {
                let seen = self.commands(session, Command::Moderate(request));
                let was_let = code(&seen, session).is_none();
                (seen, was_let)
            }
        };
        if moderated {
            self.meet("moderated");
            self.is_ordered(&order, by.map(|_| who));
        }
        self.takes_in(&seen, None);
        if moderated {
            self.has_evicted(&order);
        }
    }

    fn random_order(&mut self, place: &'static str) -> (Vec<&'static str>, Order) {
        let other = self.below(PEOPLE);
        let nick = self.people[other].session.map_or("nobody", |(_, it)| it);
        match self.below(12) {
            0 => (
                vec!["kicks", nick, "out", "of", place],
                Order::Kick(Some(place), other),
            ),
            1 => (vec!["kicks", nick], Order::Kick(None, other)),
            2..=6 => {
                let (verb, effect) = self.pick(&[
                    ("bans", "ban"),
                    ("mutes", "mute"),
                    ("exempts", "exempt"),
                    ("admits", "invite"),
                ]);
                let subject = self.pick(&SUBJECTS);
                let is_server = effect != "invite" && self.below(6) == 0;
                let lasts = self.pick(&[None, Some("10s"), Some("45s"), Some("300s")]);
                let mut words = vec![verb, subject];
                if !is_server {
                    words.extend(["in", place]);
                }
                words.extend(lasts.iter().flat_map(|lasts| ["for", lasts]));
                let room = (!is_server).then_some(place);
                (words, Order::Add(room, effect, subject, lasts))
            }
            7 => {
                let index = self.below(self.rules.len().max(1));
                let Some(rule) = self.rules.get(index) else {
                    return (vec!["looks", "at", place], Order::Nothing);
                };
                let mut words = vec!["ends", "the", rule.effect, "of", rule.subject];
                words.extend(rule.room.iter().flat_map(|room| ["in", room]));
                (words, Order::End(index))
            }
            8 | 9 => {
                let role = self.pick(&["voiced", "operator", "owner", "nobody"]);
                (
                    vec!["makes", nick, role, "in", place],
                    Order::Grant(place, other, role),
                )
            }
            _ => {
                let (setting, value) = self.pick(&[
                    ("invite-only", "on"),
                    ("key", "sesame"),
                    ("registered-only", "on"),
                    ("members-max", "2"),
                    ("moderated", "on"),
                    ("secret", "on"),
                    ("topic-locked", "on"),
                    ("members-hidden", "on"),
                    ("persistent", "on"),
                    ("words", "darn"),
                ]);
                let value = self.pick(&[value, value, "off"]);
                (
                    vec!["sets", setting, "of", place, "to", value],
                    Order::Set(place, setting, value),
                )
            }
        }
    }

    /// What was let happen must have been allowed, and is so from now on.
    fn is_ordered(&mut self, order: &Order, by: Option<usize>) {
        let level = match (by, order.room(&self.rules)) {
            (None, _) => ADMIN_SOCKET,
            (Some(ROOT), _) => SERVER_OPERATOR,
            (Some(who), Some(place)) => self.level(who, place),
            (Some(_), None) => 0,
        };
        match *order {
            Order::Kick(place, other) => {
                let least = if place.is_some() { 2 } else { SERVER_OPERATOR };
                assert!(level >= least);
                let above = self.level(other, place.unwrap_or("#lobby"));
                assert!(level > above || level == 3 && above == 3);
            }
            Order::Add(room, effect, subject, lasts) => {
                let is_for_all = room.is_none() || subject.starts_with("10.");
                assert!(level >= if is_for_all { SERVER_OPERATOR } else { 2 });
                let now = self.engine.now;
                self.rules
                    .retain(|it| (it.room, it.effect, it.subject) != (room, effect, subject));
                let end = lasts.map(|lasts| {
                    let lasts = super::story::duration(lasts);
                    (now.uptime + lasts, now.unix.0 + lasts.as_millis() as u64)
                });
                self.rules.push(Known {
                    room,
                    effect,
                    subject,
                    end,
                });
                self.meet("rule added");
            }
            Order::End(index) => {
                let rule = self.rules.remove(index);
                let is_for_all = rule.room.is_none() || rule.subject.starts_with("10.");
                assert!(level >= if is_for_all { SERVER_OPERATOR } else { 2 });
            }
            Order::Grant(place, other, role) => {
                let before = self.roles.get(&(place, other)).copied().unwrap_or(0);
                let after = match role {
                    "voiced" => 1,
                    "operator" => 2,
                    "owner" => 3,
                    _ => 0,
                };
                let least = if before.max(after) > 1 { 3 } else { 2 };
                assert!(level >= least || by == Some(other) && after < before);
                match after {
                    0 => self.roles.remove(&(place, other)),
                    _ => self.roles.insert((place, other), after),
                };
            }
            Order::Set(place, setting, value) => {
                assert!(level >= if setting == "persistent" { 3 } else { 2 });
                match value {
                    "off" => self.settings.remove(&(place, setting)),
                    _ => self.settings.insert((place, setting), value),
                };
            }
            Order::Nothing => {}
        }
    }

    /// Nobody is left where a new ban holds for them.
    fn has_evicted(&self, order: &Order) {
        let Order::Add(room, "ban", ..) = *order else {
            return;
        };
        let rule = self.rules.last().expect("it was just made");
        for (who, person) in self.people.iter().enumerate() {
            let Some((_, nick)) = person.session else {
                continue;
            };
            let is_there = room.is_none_or(|room| self.members.contains(&(room, who)));
            let is_above = self.level(who, room.unwrap_or("#lobby"))
                >= if room.is_some() { 2 } else { SERVER_OPERATOR };
            let is_exempt = self.is_under(room, "exempt", who, nick, false);
            let stays = is_above || is_exempt || !self.fits(rule, who, nick);
            assert!(!is_there || stays, "{nick} is still there: {rule:?}");
        }
    }

    /// What is seen of comings and goings, as far as what is known here hangs on it.
    fn takes_in(&mut self, seen: &[Seen], joiner: Option<usize>) {
        for it in seen {
            match it {
                Seen::Heard(_, event) => self.hears(&event.kind),
                Seen::Closed(session, reason) => {
                    self.meet(&format!("closed: {}", reason.code()));
                    let mut people = self.people.iter();
                    let who = people.position(|it| it.session.is_some_and(|it| it.0 == *session));
                    if let Some(who) = who {
                        self.is_gone(who);
                    }
                }
                Seen::Logged(Audit::RoomOpened { room }) => {
                    let opener = joiner.expect("a room opens for who joins it");
                    self.roles.insert((known_room(room), opener), 3);
                }
                Seen::Logged(Audit::RoomClosed { room }) => self.is_closed(known_room(room)),
                Seen::Logged(Audit::Moderated { deed, .. }) => {
                    if let chatd::hub::output::Deed::RuleEnded {
                        has_expired: true, ..
                    } = deed
                    {
                        self.meet("rule expired");
                    }
                }
                Seen::Logged(_) | Seen::Replied(..) | Seen::Pinged(_) | Seen::Administered(_) => {}
            }
        }
    }

    fn hears(&mut self, kind: &EventKind) {
        if let EventKind::Joined { room, nick, .. } = kind {
            let (place, who) = (known_room(room), self.person(nick));
            self.members.insert((place, who));
            self.invited.remove(&(place, who));
            self.meet("joined");
        }
        if let EventKind::Parted { room, nick, .. } | EventKind::Kicked { room, nick, .. } = kind {
            let member = (known_room(room), self.person(nick));
            assert!(self.members.remove(&member));
        }
        if matches!(kind, EventKind::Kicked { .. }) {
            self.meet("kicked");
        }
    }

    fn is_closed(&mut self, place: &'static str) {
        self.roles.retain(|&(room, _), _| room != place);
        self.settings.retain(|&(room, _), _| room != place);
        self.invited.retain(|&(room, _)| room != place);
        // What ends by the clock is taken from the list only behind all that was seen of it.
        self.rules_end();
        let is_ruled = self.rules.iter().any(|rule| rule.room == Some(place));
        assert!(!is_ruled, "{place} closes though rules hold there");
    }

    fn starts_anew(&mut self) {
        self.diary.push("the daemon starts anew".to_owned());
        for who in 0..PEOPLE {
            self.drops(who);
        }
        self.engine.replay();
        let before: Vec<_> = ROOMS.map(|place| self.dump(place)).into();
        if before.iter().flatten().any(|(_, rules)| !rules.is_empty()) {
            self.meet("restart with rules");
        }
        let server = self.rules_of(None);
        self.engine.start_anew();
        let after: Vec<_> = ROOMS.map(|place| self.dump(place)).into();
        assert_eq!(before, after);
        assert_eq!(server, self.rules_of(None));
        self.invited.clear();
        let now = self.engine.now;
        for (end, unix) in self.rules.iter_mut().filter_map(|it| it.end.as_mut()) {
            *end = now.uptime + Duration::from_millis(unix.saturating_sub(now.unix.0));
        }
        let seen = self.engine.pass(Duration::ZERO);
        self.rules_end();
        self.takes_in(&seen, None);
    }

    /// What is set about a room and which rules hold there, if there is such a room.
    fn dump(&mut self, place: &str) -> Option<(RoomInfo, Vec<Rule>)> {
        let show = Moderation::ShowRoom { room: room(place) };
        let Moderated::Room(info) = self.administers(show)? else {
            panic!("a room was asked for");
        };
        Some((*info, self.rules_of(Some(place))))
    }

    fn rules_of(&mut self, place: Option<&str>) -> Vec<Rule> {
        let room = place.map(room);
        match self.administers(Moderation::Rules { room }) {
            Some(Moderated::Rules(rules)) => rules,
            other => panic!("rules were asked for: {other:?}"),
        }
    }

    fn administers(&mut self, request: Moderation) -> Option<Moderated> {
        let command = AdminCommand::Moderate(request);
        match self.engine.handle(Input::Admin(command)).pop() {
            Some(Seen::Administered(Ok(Administered::Moderated(moderated)))) => Some(moderated),
            _ => None,
        }
    }

    /// What the hub says of rooms and rules is what is known here.
    fn stays_true(&mut self) {
        for place in ROOMS {
            let Some((info, rules)) = self.dump(place) else {
                assert!(!self.members.iter().any(|&(room, _)| room == place));
                continue;
            };
            let members = self.members.iter().filter(|&&(room, _)| room == place);
            assert_eq!(info.members, members.count(), "{place}");
            let settings = self.settings.iter().filter(|((room, _), _)| *room == place);
            assert_eq!(info.settings.len(), settings.count(), "{place}");
            let roles = self.roles.iter().filter(|((room, _), _)| *room == place);
            assert_eq!(info.roles.len(), roles.count(), "{place}");
            let known = self.rules.iter().filter(|rule| rule.room == Some(place));
            assert_eq!(rules.len(), known.count(), "{place}");
        }
        let known = self.rules.iter().filter(|rule| rule.room.is_none()).count();
        assert_eq!(self.rules_of(None).len(), known);
    }

    // The second notion of the rules.

    fn level(&self, who: usize, place: &str) -> u8 {
        if who == ROOT {
            return SERVER_OPERATOR;
        }
        let mut roles = self.roles.iter();
        let found = roles.find(|((room, holder), _)| *room == place && *holder == who);
        found.map_or(0, |(_, &level)| level)
    }

    fn is_set(&self, place: &str, setting: &str) -> bool {
        let mut settings = self.settings.keys();
        settings.any(|&(room, name)| room == place && name == setting)
    }

    fn fits(&self, rule: &Known, who: usize, nick: &str) -> bool {
        let person = &self.people[who];
        if let Some(account) = rule.subject.strip_prefix("account:") {
            return person.account == Some(account);
        }
        match rule.subject {
            "10.0.0.0/8" => true,
            "10.1.0.0/16" => person.address[1] == 1,
            "10.2.0.4" => person.address == [10, 2, 0, 4],
            mask => glob(mask.as_bytes(), nick.as_bytes()),
        }
    }

    fn is_under(
        &self,
        place: Option<&str>,
        effect: &str,
        who: usize,
        nick: &str,
        heeds_exemptions: bool,
    ) -> bool {
        let mut rules = self.rules.iter();
        let is_there = rules
            .any(|rule| rule.room == place && rule.effect == effect && self.fits(rule, who, nick));
        let is_exempt = || self.is_under(place, "exempt", who, nick, false);
        is_there && !(heeds_exemptions && is_exempt())
    }

    fn may_enter(
        &self,
        who: usize,
        nick: &str,
        place: &str,
        key: Option<&str>,
    ) -> Result<(), &'static str> {
        let level = self.level(who, place);
        let is_invited = self.invited.iter().any(|&it| it == (place, who));
        let is_known =
            is_invited || level > 0 || self.is_under(Some(place), "invite", who, nick, false);
        let members = self.members.iter().filter(|(room, _)| *room == place);
        let (members, is_set) = (members.count(), |setting| self.is_set(place, setting));
        if level < 2 && self.is_under(Some(place), "ban", who, nick, true) {
            Err("banned_from_room")
        } else if level >= 3 {
            Ok(())
        } else if is_set("registered-only") && self.people[who].account.is_none() {
            Err("room_for_registered")
        } else if is_set("invite-only") && !is_known {
            Err("invite_only")
        } else if is_set("key") && key != Some("sesame") && !is_invited {
            Err("bad_room_key")
        } else if is_set("members-max") && members >= 2 && !is_invited {
            Err("room_full")
        } else {
            Ok(())
        }
    }

    fn person(&self, nick: &Nick) -> usize {
        let mut people = self.people.iter();
        let found = people.position(|it| it.nicks.contains(&nick.as_str()));
        found.unwrap_or_else(|| panic!("nobody is ever called {nick}"))
    }

    fn nick(&self, name: &str) -> Nick {
        Nick::parse(name).unwrap()
    }

    fn commands(&mut self, session: SessionId, command: Command) -> Vec<Seen> {
        let request = RequestId::new("r");
        let seen = self.engine.handle(Input::Command {
            session,
            request,
            command,
        });
        if let Some(code) = code(&seen, session) {
            self.meet(code);
        }
        seen
    }

    fn meet(&mut self, thing: &str) {
        *self.met.entry(thing.to_owned()).or_insert(0) += 1;
    }

    fn below(&mut self, bound: usize) -> usize {
        self.dice = self.dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// What is ordered, in the terms of this file.
enum Order {
    Kick(Option<&'static str>, usize),
    Add(
        Option<&'static str>,
        &'static str,
        &'static str,
        Option<&'static str>,
    ),
    End(usize),
    Grant(&'static str, usize, &'static str),
    Set(&'static str, &'static str, &'static str),
    Nothing,
}

impl Order {
    /// Where it holds, if not on the whole server.
    fn room(&self, rules: &[Known]) -> Option<&'static str> {
        match *self {
            Self::Kick(place, _) | Self::Add(place, ..) => place,
            Self::End(index) => rules[index].room,
            Self::Grant(place, ..) | Self::Set(place, ..) => Some(place),
            Self::Nothing => None,
        }
    }
}

/// The code of the refusal that a session got.
fn code(seen: &[Seen], session: SessionId) -> Option<&'static str> {
    seen.iter().find_map(|it| {
        if let Seen::Replied(to, _, Reply::Refused(refusal)) = it
            && *to == session
        {
            return Some(refusal.code());
        }
        None
    })
}

fn glob(mask: &[u8], text: &[u8]) -> bool {
    match (mask, text) {
        ([], []) => true,
        ([b'*', mask @ ..], _) if glob(mask, text) => true,
        ([b'*', ..], [_, text @ ..]) => glob(mask, text),
        ([b'?', mask @ ..], [_, text @ ..]) => glob(mask, text),
        ([letter, mask @ ..], [other, text @ ..]) => letter == other && glob(mask, text),
        ([], [_, ..]) | ([_, ..], []) => false,
    }
}

fn room(place: &str) -> RoomName {
    RoomName::parse(place).unwrap()
}

fn known_room(room: &RoomName) -> &'static str {
    let mut rooms = ROOMS.into_iter();
    rooms.find(|place| *place == room.as_str()).unwrap()
}

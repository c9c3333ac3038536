//! Stories: what people do, after `>`, and under it all that anybody notices of it, in order.
//!
//! ```text
//! > ana says to #lobby: hello
//!   ana, ben hear: ana in #lobby: hello
//!   ana gets: ack
//! ```
//!
//! People are sessions here: `ana` and `ana2` may be two of one user. `arrives` stands for what
//! most stories begin with, connecting and logging in, and is not spelt out.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chatd::hub::account::Claim;
use chatd::hub::command::{Command, Entry, MessageKind, PLAYBACK_MAX, Survey, Tags, Target};
use chatd::hub::fingerprint::Fingerprint;
use chatd::hub::history::{ClientMsgId, Keeping, Partner, Query, Range, Trouble};
use chatd::hub::id::{MessageId, RequestId, SessionId, UserKey};
use chatd::hub::input::{AdminCommand, Input, Origin, QuitReason};
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::permission::Status;
use chatd::hub::secret::Secret;
use chatd::hub::settings::Settings;
use chatd::hub::time::UnixMillis;

use super::engine::{Engine, Seen, key_of};
use super::lines;
use super::moderating;
use super::people_lines;

pub(super) struct Story {
    pub(super) engine: Engine,
    sessions: BTreeMap<String, SessionId>,
    requests: u32,
}

/// Plays a story with the default settings.
pub(super) fn story(script: &str) {
    Story::with(|_| {}).play(script);
}

impl Story {
    pub(super) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings);
        Self {
            engine: Engine::new(settings),
            sessions: BTreeMap::new(),
            requests: 0,
        }
    }

    /// The config is read again.
    pub(super) fn settings(&mut self, change: impl FnOnce(&mut Settings)) -> &mut Self {
        let mut settings = self.engine.hub.settings().clone();
        change(&mut settings);
        let seen = self.engine.handle(Input::Settings(settings));
        assert!(seen.is_empty());
        self
    }

    /// As [`story`], with a history that is empty when it begins.
    pub(super) fn kept() -> Self {
        let mut story = Self::with(|_| {});
        story.engine.keep();
        story
    }

    /// Plays a script and compares all of it.
    pub(super) fn play(&mut self, script: &str) -> &mut Self {
        let told: Vec<&str> = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let mut happened = Vec::new();
        for line in &told {
            if let Some(action) = line.strip_prefix("> ") {
                happened.push((*line).to_owned());
                let seen = self.act(action);
                happened.extend(seen.into_iter().map(|it| self.line(it)));
            }
        }
        if told != happened {
            panic!("{}", difference(&told, &happened));
        }
        self
    }

    /// Plays one action of which the story does not tell what came of it.
    pub(super) fn play_muted(&mut self, action: &str) -> Vec<Seen> {
        self.act(action)
    }

    /// Plays one action and says what anybody noticed of it, as [`play`](Self::play) compares it.
    pub(super) fn told(&mut self, action: &str) -> Vec<String> {
        let seen = self.act(action);
        seen.into_iter().map(|it| self.line(it)).collect()
    }

    fn act(&mut self, action: &str) -> Vec<Seen> {
        let (action, text) = match action.split_once(": ") {
            Some((action, text)) => (action, Some(unescape(text))),
            None => (action, None),
        };
        let words: Vec<&str> = action.split(' ').collect();
        match words[..] {
            [time, "pass"] => self.engine.pass(duration(time)),
            ["the", "clock", "steps", "back", time] => {
                let back = u64::try_from(duration(time).as_millis()).unwrap();
                self.engine.now.unix.0 -= back;
                Vec::new()
            }
            ["the", "clock", "steps", "ahead", time] => {
                let ahead = u64::try_from(duration(time).as_millis()).unwrap();
                self.engine.now.unix.0 += ahead;
                Vec::new()
            }
            ["the", "disk", "fills", "up"] => {
                let keeping = Keeping::Fails(Trouble::DiskFull);
                self.engine.handle(Input::Keeping(keeping))
            }
            ["the", "disk", "has", "room", "again"] => {
                self.engine.handle(Input::Keeping(Keeping::Works))
            }
            ["message", number, "is", "lost"] => {
                let id = self.message(number);
                self.engine.handle(Input::Lost { from: id, upto: id })
            }
            ["the", "store", "takes", "its", "time"] => {
                self.engine.is_prompt = false;
                Vec::new()
            }
            ["the", "store", "answers"] => self.engine.answer(),
            ["operator", "makes", "account", name] => {
                let password = text.expect("with a password");
                self.engine
                    .change_account(|registrar| registrar.add(name, &password))
            }
            ["operator", "closes", "account", name] => self
                .engine
                .change_account(|registrar| registrar.disable(name)),
            ["operator", "removes", "account", name] => self
                .engine
                .change_account(|registrar| registrar.remove(name)),
            ["operator", "takes", "back", token] => self
                .engine
                .change_account(|registrar| registrar.revoke(token)),
            ["operator", "gives", token, "to", name, "for", rooms] => {
                self.give_token(token, name, rooms, false)
            }
            [
                "operator",
                "gives",
                token,
                "to",
                name,
                "to",
                "send",
                "to",
                rooms,
            ] => self.give_token(token, name, rooms, true),
            ["operator", "lets", token, "expire", "in", time] => {
                let mut end = self.engine.now.unix;
                end.0 += u64::try_from(duration(time).as_millis()).unwrap();
                self.engine.registrar.expire(token, end);
                Vec::new()
            }
            ["operator", "gives", "certificate", shown, "to", name] => {
                self.engine.registrar.add_certificate(shown, name);
                Vec::new()
            }
            ["operator", "takes", "back", "certificate", shown] => self
                .engine
                .change_account(|registrar| registrar.remove_certificate(shown)),
            [who, "shows", "certificate", shown] => {
                let session = self.session(who);
                let certificate = Fingerprint::of(shown.as_bytes());
                self.engine.handle(Input::Certified {
                    session,
                    certificate,
                })
            }
            [who, "is", "introduced", "from", address] => {
                let session = self.session(who);
                let origin = Origin::Ip(address.parse::<IpAddr>().unwrap());
                self.engine.handle(Input::Introduced { session, origin })
            }
            ["operator", "invites", "with", secret] => {
                self.engine.registrar.invitations.push(secret.to_owned());
                Vec::new()
            }
            ["the", "daemon", "starts", "anew"] => self.engine.start_anew(),
            ["operator", "makes", name, "a", "server", "operator"] => self
                .engine
                .change_account(|registrar| registrar.set_operator(name, true)),
            ["operator", "makes", name, "no", "server", "operator"] => self
                .engine
                .change_account(|registrar| registrar.set_operator(name, false)),
            ["the", "registry", "is", "stuck"] => {
                self.engine.is_registry_stuck = true;
                Vec::new()
            }
            ["the", "registry", "answers"] => self.engine.answer_accounts(),
            ["operator", ref rest @ ..] => self.operate(rest, text),
            [who, "connects"] => self.connect(who, "10.0.0.1"),
            [who, "connects", "from", address] => self.connect(who, address),
            [who, "arrives"] => self.arrive(who, who),
            [who, "arrives", "as", nick] => self.arrive(who, nick),
            [who, "drops"] => {
                let session = self.session(who);
                self.engine.handle(Input::Disconnected {
                    session,
                    reason: QuitReason::Closed,
                })
            }
            [who, "sends", "garbage"] => {
                let session = self.session(who);
                self.engine.handle(Input::Fault { session })
            }
            [who, "wants", "no", "echo"] => {
                let session = self.session(who);
                let is_wanted = false;
                self.engine.handle(Input::Echo { session, is_wanted })
            }
            [who, "answers", "pings"] => self.capable(who, true),
            [who, "answers", "no", "pings"] => self.capable(who, false),
            [who, ref rest @ ..] => {
                let session = self.session(who);
                let command = self.command(rest, text);
                self.command_of(session, command)
            }
            [] => panic!("no action"),
        }
    }

    fn command(&self, words: &[&str], text: Option<Arc<str>>) -> Command {
        if let Some(moderation) = moderating::read(words, text.as_ref()) {
            return Command::Moderate(moderation);
        }
        if let Some(command) = people_lines::command(words, text.as_ref()) {
            return command;
        }
        match (words, text) {
            (["logs", "in", "as", name], _) => self.login(name, None, true),
            (["logs", "in", "outside", "as", name], _) => self.login(name, None, false),
            (["logs", "in", "as", name, "with", "the", "key", "of", owner], _) => {
                self.login(name, Some(key_of(self.session(owner))), true)
            }
            (["logs", "in", "to", "stay", "as", name], _) => self.login_again(name, None, None),
            (
                [
                    "comes",
                    "back",
                    "as",
                    name,
                    "with",
                    "the",
                    "key",
                    "of",
                    owner,
                ],
                _,
            ) => self.login_again(name, Some(owner), None),
            (
                [
                    "comes",
                    "back",
                    "as",
                    name,
                    "with",
                    "the",
                    "key",
                    "of",
                    owner,
                    "after",
                    number,
                ],
                _,
            ) => self.login_again(name, Some(owner), Some(self.message(number))),
            (["logs", "in", "to", name], password) => Command::LogInAs {
                claim: Claim::Password {
                    name: nick(name),
                    password: secret(&password.expect("with a password")),
                },
                entry: entry(false),
            },
            (["logs", "in", "to", "stay", "to", name], password) => Command::LogInAs {
                claim: Claim::Password {
                    name: nick(name),
                    password: secret(&password.expect("with a password")),
                },
                entry: entry(true),
            },
            (["proves", "to", "be", name], password) => Command::Authenticate {
                claim: Claim::Password {
                    name: nick(name),
                    password: secret(&password.expect("with a password")),
                },
            },
            (["begins", "SCRAM", "as", name], _) => Command::BeginScram { name: nick(name) },
            (["proves", "by", "SCRAM", "to", "be", name], password) => Command::Authenticate {
                claim: Claim::Scram {
                    name: nick(name),
                    auth_message: password.expect("with a password"),
                    proof: [0; 32],
                },
            },
            (["proves", "to", "have", token], _) => Command::Authenticate {
                claim: Claim::Token(secret(token)),
            },
            (["proves", "to", "have", "a", "certificate"], _) => {
                Command::AuthenticateByCertificate { name: None }
            }
            (["registers", "ahead", "as", name], password) => Command::Register {
                name: Some(nick(name)),
                password: secret(&password.expect("with a password")),
                invitation: None,
                entry: None,
            },
            (["logs", "in", "to", "stay", "with", token], _) => Command::LogInAs {
                claim: Claim::Token(secret(token)),
                entry: entry(true),
            },
            (["logs", "in", "by", "certificate"], _) => Command::LogInByCertificate {
                name: None,
                entry: entry(true),
            },
            (["logs", "in", "by", "certificate", "to", name], _) => Command::LogInByCertificate {
                name: Some(nick(name)),
                entry: entry(true),
            },
            (["logs", "in", "with", token], _) => Command::LogInAs {
                claim: Claim::Token(secret(token)),
                entry: entry(false),
            },
            (["changes", "the", "password", "from", old], new) => Command::ChangePassword {
                old: secret(old),
                new: secret(&new.expect("with a password")),
            },
            (["registers"], password) => register(None, password, None),
            (["registers", "with", invitation], password) => {
                register(None, password, Some(invitation))
            }
            (["registers", "as", name], password) => register(Some(name), password, None),
            (["registers", "as", name, "with", invitation], password) => {
                register(Some(name), password, Some(invitation))
            }
            (["says", "to", to, "under", own], text) => Command::Send {
                to: target(to),
                kind: MessageKind::Text,
                text: text.unwrap_or_default(),
                client_msgid: ClientMsgId::new(own),
                tags: None,
            },
            (["edits", number], text) => Command::Edit {
                message: self.message(number),
                text: text.unwrap_or_default(),
            },
            (["deletes", number], _) => Command::Delete {
                message: self.message(number),
                of: None,
                reason: None,
            },
            (["deletes", number, "of", of], reason) => Command::Delete {
                message: self.message(number),
                of: Some(partner(of)),
                reason,
            },
            (["says", "to", to, "with", tags], text) => Command::Send {
                to: target(to),
                kind: MessageKind::Text,
                text: text.unwrap_or_default(),
                client_msgid: None,
                tags: Tags::new(tags),
            },
            (["tags", to, "with", tags], _) => Command::Tag {
                to: target(to),
                tags: Tags::new(tags).expect("tags"),
            },
            (["keeps", "the", "place"], _) => Command::Persist(true),
            (["gives", "up", "the", "place"], _) => Command::Persist(false),
            (["plays", "back", of], _) => playback(of, Range::Latest),
            (["plays", "back", of, "between", one, "and", other], _) => {
                let range = Range::NewestBetween(self.message(one), self.message(other));
                playback(of, range)
            }
            (["asks", "where", "something", "was", "said"], _) => Command::Conversations {
                after: MessageId(0),
                before: MessageId(u64::MAX >> 1),
                limit: 10,
            },
            (["asks", "up", "to", "where", of, "was", "read"], _) => Command::ReadMark {
                of: partner(of),
                upto: None,
            },
            (["has", "read", of, "at", number], _) => Command::ReadMark {
                of: partner(of),
                upto: Some(UnixMillis(self.message(number).unix_ms())),
            },
            (["reads", of], _) => history(of, Range::Latest, 50),
            (["reads", "the", "last", count, "of", of], _) => {
                history(of, Range::Latest, count.parse().unwrap())
            }
            (["reads", "what", "came", "before", number, "in", of], _) => {
                history(of, Range::Before(self.message(number)), 50)
            }
            (["looks", "for"], words) => search(None, words),
            (["looks", "in", of, "for"], words) => search(Some(partner(of)), words),
            (["has", "read", of, "up", "to", number], _) => Command::MarkRead {
                of: partner(of),
                upto: self.message(number),
            },
            (["asks", "what", "is", "unread"], _) => Command::Unread,
            (["becomes", name], _) => Command::Nick(nick(name)),
            (["joins", name], _) => Command::Join {
                room: room(name),
                key: None,
            },
            (["joins", name, "with", key], _) => Command::Join {
                room: room(name),
                key: Some((*key).into()),
            },
            (["invites", name, "into", place], _) => Command::Invite {
                room: room(place),
                nick: nick(name),
            },
            (["leaves", name], reason) => Command::Part {
                room: room(name),
                reason,
            },
            (["says", "to", to], text) => send(to, MessageKind::Text, text),
            (["acts", "to", to], text) => send(to, MessageKind::Action, text),
            (["notes", "to", to], text) => send(to, MessageKind::Notice, text),
            (["sets", "the", "topic", "of", name], text) => Command::Topic {
                room: room(name),
                text: text.unwrap_or_default(),
            },
            (["goes", "away"], text) => Command::Away(Some(text.unwrap_or_default())),
            (["comes", "back"], _) => Command::Away(None),
            (["switches", "group", "chat", "off"], _) => Command::Deaf(Some(true)),
            (["switches", "group", "chat", "on"], _) => Command::Deaf(Some(false)),
            (["switches", "group", "chat", "over"], _) => Command::Deaf(None),
            (["ignores", name], _) => ignore(name, true),
            (["hears", name, "again"], _) => ignore(name, false),
            (["looks", "for", "rules", "of", name], _) => {
                Command::Survey(Survey::Rules(room(name)))
            }
            (["looks", "for", "invitations"], _) => Command::Survey(Survey::Invitations),
            (["looks", "around", "in", name], _) => Command::Survey(Survey::Room {
                room: room(name),
                members: true,
            }),
            (["asks", "for", "ignores"], _) => Command::Ignores,
            (["asks", "for", "rooms"], _) => Command::Rooms,
            (["asks", "for", "users"], _) => Command::Users,
            (["asks", "for", "names", "in", name], _) => Command::Names(room(name)),
            (["asks", "about", name], _) => Command::Whois(nick(name)),
            (["pings"], _) => Command::Ping,
            (["pongs"], _) => Command::Pong,
            (["quits"], reason) => Command::Quit { reason },
            (words, _) => panic!("nobody can {words:?}"),
        }
    }

    /// `rooms` is `everything` or names with a comma between them.
    fn give_token(&mut self, token: &str, name: &str, rooms: &str, send_only: bool) -> Vec<Seen> {
        let rooms: Vec<&str> = match rooms {
            "everything" => Vec::new(),
            rooms => rooms.split(',').collect(),
        };
        let registrar = &mut self.engine.registrar;
        registrar.add_token(token, name, &rooms, send_only);
        Vec::new()
    }

    fn operate(&mut self, words: &[&str], text: Option<Arc<str>>) -> Vec<Seen> {
        if let Some(moderation) = moderating::read(words, text.as_ref()) {
            let command = AdminCommand::Moderate(moderation);
            return self.engine.handle(Input::Admin(command));
        }
        let command = match (words, text) {
            (["announces"], text) => AdminCommand::Announce {
                room: None,
                text: text.unwrap_or_default(),
            },
            (["announces", "in", name], text) => AdminCommand::Announce {
                room: Some(room(name)),
                text: text.unwrap_or_default(),
            },
            (["sets", "the", "topic", "of", name], text) => AdminCommand::Topic {
                room: room(name),
                text: text.unwrap_or_default(),
            },
            (["shuts", "down"], _) => AdminCommand::Shutdown,
            (words, _) => panic!("no operator can {words:?}"),
        };
        self.engine.handle(Input::Admin(command))
    }

    fn login(&self, name: &str, key: Option<UserKey>, enter_default_room: bool) -> Command {
        Command::Login {
            nick: nick(name),
            key,
            enter_default_room,
            does_resume: false,
            since: None,
            introduction: None,
        }
    }

    fn login_again(&self, name: &str, owner: Option<&str>, since: Option<MessageId>) -> Command {
        Command::Login {
            nick: nick(name),
            key: owner.map(|owner| key_of(self.session(owner))),
            enter_default_room: true,
            does_resume: true,
            since,
            introduction: None,
        }
    }

    /// The id of the message that was kept as number so much, from 1.
    fn message(&self, number: &str) -> MessageId {
        let shelf = self.engine.shelf.as_ref().expect("the story is kept");
        shelf.id(number.parse().unwrap())
    }

    fn command_of(&mut self, session: SessionId, command: Command) -> Vec<Seen> {
        self.requests += 1;
        let request = RequestId::new(&format!("r{}", self.requests));
        let seen = self.engine.handle(Input::Command {
            session,
            request: request.clone(),
            command,
        });
        for noticed in &seen {
            if let Seen::Replied(to, answered, _) = noticed {
                assert!(answered.is_none() || (*to == session && *answered == request));
            }
        }
        seen
    }

    fn connect(&mut self, who: &str, address: &str) -> Vec<Seen> {
        let origin = match address {
            "here" => Origin::Local { uid: None },
            user if user.starts_with("the-user-") => Origin::Local { uid: Some(1000) },
            address => Origin::Ip(address.parse::<IpAddr>().unwrap()),
        };
        let (session, seen) = self.engine.connect(origin);
        self.sessions.insert(who.to_owned(), session);
        if let Some(user) = address.strip_prefix("the-user-") {
            let user = nick(user);
            let seen = self.engine.handle(Input::Vouched { session, user });
            assert!(seen.is_empty(), "{seen:?}");
        }
        seen
    }

    fn arrive(&mut self, who: &str, name: &str) -> Vec<Seen> {
        self.connect(who, "here");
        let session = self.session(who);
        let command = self.login(name, Some(self.key_for(name)), true);
        let seen = self.command_of(session, command);
        let logged_in = |it: &Seen| lines_of_reply(it).starts_with("logged in");
        assert!(seen.iter().any(logged_in), "{who}: {seen:?}");
        Vec::new()
    }

    /// The key of the session that is called like the nick, for those who arrive as somebody.
    fn key_for(&self, name: &str) -> UserKey {
        key_of(
            self.sessions
                .get(name)
                .copied()
                .unwrap_or(SessionId { slot: 0, serial: 0 }),
        )
    }

    fn capable(&mut self, who: &str, answers_ping: bool) -> Vec<Seen> {
        let session = self.session(who);
        self.engine.handle(Input::Capable {
            session,
            answers_ping,
        })
    }

    /// Whether somebody has come and not gone again.
    pub(super) fn is_here(&self, who: &str) -> bool {
        let session = self.sessions.get(who);
        session.is_some_and(|&session| self.engine.is_open(session))
    }

    pub(super) fn session(&self, who: &str) -> SessionId {
        let session = self.sessions.get(who);
        *session.unwrap_or_else(|| panic!("{who} never came"))
    }

    fn who(&self, session: SessionId) -> &str {
        let mut known = self.sessions.iter();
        let found = known.find(|(_, id)| **id == session);
        found.map_or("somebody", |(who, _)| who)
    }

    fn line(&self, seen: Seen) -> String {
        match seen {
            Seen::Heard(hearers, event) => {
                let mut names: Vec<&str> = hearers.iter().map(|&id| self.who(id)).collect();
                names.sort_unstable();
                let hear = if names.len() == 1 { "hears" } else { "hear" };
                let heard = lines::event(&event.kind);
                format!("{} {hear}: {heard}", names.join(", "))
            }
            Seen::Replied(session, request, reply) => {
                let unasked = if request.is_none() { " unasked" } else { "" };
                let reply = lines::reply(&reply);
                format!("{} gets{unasked}: {reply}", self.who(session))
            }
            Seen::Pinged(session) => format!("{} is pinged", self.who(session)),
            Seen::Closed(session, reason) => {
                let reason = lines::quit(&reason);
                format!("{} is closed: {reason}", self.who(session))
            }
            Seen::Administered(result) => {
                format!("operator gets: {}", lines::administered(&result))
            }
            Seen::Logged(audit) => format!("log: {}", lines::audit(&audit)),
        }
    }
}

fn lines_of_reply(seen: &Seen) -> String {
    match seen {
        Seen::Replied(_, _, reply) => lines::reply(reply),
        Seen::Heard(..)
        | Seen::Pinged(_)
        | Seen::Closed(..)
        | Seen::Administered(_)
        | Seen::Logged(_) => String::new(),
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn entry(does_resume: bool) -> Entry {
    Entry {
        enter_default_room: true,
        does_resume,
        since: None,
    }
}

fn register(name: Option<&str>, password: Option<Arc<str>>, invitation: Option<&str>) -> Command {
    Command::Register {
        name: name.map(nick),
        password: secret(&password.expect("with a password")),
        invitation: invitation.map(secret),
        entry: Some(entry(false)),
    }
}

fn send(to: &str, kind: MessageKind, text: Option<Arc<str>>) -> Command {
    let text = text.unwrap_or_default();
    Command::Send {
        to: target(to),
        kind,
        text,
        client_msgid: None,
        tags: None,
    }
}

fn target(to: &str) -> Target {
    if to.starts_with('#') {
        Target::Room(room(to))
    } else if let Some(name) = to.strip_prefix('@') {
        Target::Status(room(name), Status::Operator)
    } else if let Some(name) = to.strip_prefix('+') {
        Target::Status(room(name), Status::Voiced)
    } else {
        Target::User(nick(to))
    }
}

fn partner(of: &str) -> Partner {
    if of.starts_with('#') {
        Partner::Room(room(of))
    } else {
        Partner::User(nick(of))
    }
}

fn history(of: &str, range: Range, limit: usize) -> Command {
    let of = partner(of);
    Command::History { of, range, limit }
}

fn playback(of: &str, range: Range) -> Command {
    let (of, limit) = (partner(of), PLAYBACK_MAX);
    Command::Playback {
        of,
        range,
        limit,
        with_asides: true,
    }
}

fn search(of: Option<Partner>, words: Option<Arc<str>>) -> Command {
    let query = Query {
        words: words.unwrap_or_default(),
        of,
        from: None,
        after: None,
        before: None,
    };
    Command::Search { query, limit: 50 }
}

fn ignore(name: &str, on: bool) -> Command {
    let nick = nick(name);
    Command::Ignore { nick, on }
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap_or_else(|error| panic!("{name}: {error:?}"))
}

/// `1500ms`, `30s`.
pub(super) fn duration(text: &str) -> Duration {
    if let Some(ms) = text.strip_suffix("ms") {
        return Duration::from_millis(ms.parse().unwrap());
    }
    let seconds = text.strip_suffix('s').expect("a duration has a unit");
    Duration::from_secs(seconds.parse().unwrap())
}

/// `\n` and `\e` in scripts, which are told in lines.
fn unescape(text: &str) -> Arc<str> {
    text.replace("\\n", "\n").replace("\\e", "\u{1b}").into()
}

fn difference(told: &[&str], happened: &[String]) -> String {
    let mut report = String::from("the story went otherwise:\n");
    let same = told
        .iter()
        .zip(happened)
        .take_while(|(a, b)| a == b)
        .count();
    for line in happened {
        let indent = if line.starts_with('>') { "" } else { "  " };
        writeln!(report, "{indent}{line}").unwrap();
    }
    let told = told.get(same).unwrap_or(&"(the end)");
    let happened = happened.get(same).map_or("(the end)", String::as_str);
    write!(report, "\ntold:     {told}\nhappened: {happened}").unwrap();
    report
}

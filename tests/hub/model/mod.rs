//! What each session must hear and be answered, worked out a second time and in the plainest way:
//! no indexes, no queues, everything looked for by going through everything. Names are ASCII here.
//! It shares with the hub only the types of what is asked and the bounds.

mod commands;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chatd::hub::command::Command;
use chatd::hub::event::EventKind;
use chatd::hub::flood::REFUSALS_MAX;
use chatd::hub::id::{SessionId, UserKey};
use chatd::hub::input::{AdminCommand, Origin, QuitReason};
use chatd::hub::moderation::request::Moderation;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::Reply;
use chatd::hub::refusal::Refusal;
use chatd::hub::settings::Settings;
use chatd::hub::view::Counts;

use super::lines;

/// Lines by session, in order; an operator's are under `None`.
pub(super) type Heard = BTreeMap<Option<SessionId>, Vec<String>>;

pub(super) struct Model {
    settings: Settings,
    now_ms: u64,
    clock: u64,
    sessions: Vec<Session>,
    users: Vec<User>,
    rooms: Vec<Room>,
    users_ever: usize,
    pub(super) heard: Heard,
}

struct Session {
    id: SessionId,
    origin: Origin,
    user: Option<usize>,
    deaf: bool,
    wants_echo: bool,
    does_resume: bool,
    answers_ping: bool,
    since_ms: u64,
    /// Of the last sign of life, on a clock of inputs: who comes first when both are due.
    order: u64,
    is_pinged: bool,
    millitokens: u64,
    filled_ms: u64,
    refusals: u16,
    faults: u32,
}

struct User {
    number: usize,
    nick: Nick,
    key: UserKey,
    /// Without a session: until when their place is kept.
    kept_until_ms: Option<u64>,
    kept_from: Option<Origin>,
    rooms: BTreeSet<RoomName>,
    away: Option<String>,
    ignores: BTreeSet<usize>,
}

struct Room {
    name: RoomName,
    topic: String,
}

impl Model {
    pub(super) fn new(settings: Settings) -> Self {
        let lobby = Room {
            name: settings.default_room.clone(),
            topic: String::new(),
        };
        Self {
            settings,
            now_ms: 0,
            clock: 0,
            sessions: Vec::new(),
            users: Vec::new(),
            rooms: vec![lobby],
            users_ever: 0,
            heard: Heard::new(),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            sessions: self.sessions.len(),
            users: self.users.len(),
            rooms: self.rooms.len(),
        }
    }

    pub(super) fn is_user(&self, id: SessionId) -> bool {
        let mut sessions = self.sessions.iter();
        sessions.any(|it| it.id == id && it.user.is_some())
    }

    pub(super) fn settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    pub(super) fn connected(&mut self, id: SessionId, origin: Origin) {
        let same = |it: &&Session| !matches!(origin, Origin::Local { .. }) && it.origin == origin;
        let from_there = self.sessions.iter().filter(same).count();
        if self.sessions.len() >= self.settings.max_connections {
            self.tell(id, closed(&QuitReason::ServerFull));
        } else if from_there >= self.settings.max_connections_per_ip {
            self.tell(id, closed(&QuitReason::TooManyFromAddress));
        } else {
            self.clock += 1;
            self.sessions.push(Session {
                id,
                origin,
                user: None,
                deaf: false,
                wants_echo: true,
                does_resume: false,
                answers_ping: false,
                since_ms: self.now_ms,
                order: self.clock,
                is_pinged: false,
                millitokens: (self.settings.burst * 1000.0) as u64,
                filled_ms: self.now_ms,
                refusals: 0,
                faults: 0,
            });
        }
    }

    pub(super) fn introduced(&mut self, id: SessionId, origin: Origin) {
        if !self.is_here(id) || self.session(id).user.is_some() {
            return;
        }
        let is_elsewhere = self.session(id).origin != origin;
        let from_there = self.sessions.iter().filter(|it| it.origin == origin);
        if is_elsewhere && from_there.count() >= self.settings.max_connections_per_ip {
            self.end(id, &QuitReason::TooManyFromAddress, true);
        } else {
            self.session(id).origin = origin;
        }
    }

    pub(super) fn disconnected(&mut self, id: SessionId) {
        if self.is_here(id) {
            self.end(id, &QuitReason::Closed, false);
        }
    }

    pub(super) fn capable(&mut self, id: SessionId, answers_ping: bool) {
        if self.sign_of_life(id) {
            self.session(id).answers_ping = answers_ping;
        }
    }

    pub(super) fn echo(&mut self, id: SessionId, is_wanted: bool) {
        if self.sign_of_life(id) {
            self.session(id).wants_echo = is_wanted;
        }
    }

    pub(super) fn fault(&mut self, id: SessionId) {
        if !self.sign_of_life(id) {
            return;
        }
        let wait = self.spend(id, 1);
        let session = self.session(id);
        session.faults += 1;
        let (faults, refusals) = (session.faults, session.refusals);
        if faults >= self.settings.max_faults {
            self.end(id, &QuitReason::TooManyFaults, true);
        } else if wait.is_some() && refusals > REFUSALS_MAX {
            self.end(id, &QuitReason::Flooding, true);
        }
    }

    pub(super) fn command(&mut self, id: SessionId, command: Command) {
        if !self.sign_of_life(id) {
            return;
        }
        let cost = match &command {
            Command::Pong | Command::Quit { .. } => 0,
            Command::Login { .. }
            | Command::LogInAs { .. }
            | Command::LogInByCertificate { .. }
            | Command::Authenticate { .. }
            | Command::AuthenticateByCertificate { .. }
            | Command::BeginScram { .. }
            | Command::Register { .. }
            | Command::ChangePassword { .. }
            | Command::Nick(_)
            | Command::Join { .. }
            | Command::Invite { .. }
            | Command::Moderate(_)
            | Command::Away(_)
            | Command::Edit { .. }
            | Command::Delete { .. }
            | Command::History { .. }
            | Command::Playback { .. }
            | Command::Conversations { .. }
            | Command::Unread => 2,
            Command::Search { .. } => 4,
            Command::Part { .. }
            | Command::Send { .. }
            | Command::Tag { .. }
            | Command::Survey(_)
            | Command::People(_)
            | Command::MarkRead { .. }
            | Command::ReadMark { .. }
            | Command::Topic { .. }
            | Command::Deaf(_)
            | Command::Persist(_)
            | Command::Ignore { .. }
            | Command::Ignores
            | Command::Rooms
            | Command::Names(_)
            | Command::Users
            | Command::Whois(_)
            | Command::Ping => 1,
        };
        if cost > 0 {
            if let Some(retry_after_ms) = self.spend(id, cost) {
                if self.session(id).refusals > REFUSALS_MAX {
                    self.end(id, &QuitReason::Flooding, true);
                } else {
                    self.refuse(id, &Refusal::TooFast { retry_after_ms });
                }
                return;
            }
            let session = self.session(id);
            session.faults = session.faults.saturating_sub(1);
        }
        match self.answer(id, command) {
            Ok(Some(reply)) => self.reply(id, &reply),
            Ok(None) => {}
            Err(refusal) => self.refuse(id, &refusal),
        }
    }

    pub(super) fn admin(&mut self, command: AdminCommand) {
        let line = match command {
            AdminCommand::Moderate(Moderation::Kick { nick, reason, .. }) => {
                let user = self.users.iter().find(|it| it.nick == nick);
                match user.map(|it| it.number) {
                    None => lines::refused(&Refusal::NoSuchUser(nick)),
                    Some(user) => {
                        let sessions = self.sessions_of(user);
                        let reason = reason.filter(|text| !text.is_empty());
                        let reason = QuitReason::Kicked(reason);
                        for &session in &sessions {
                            self.end(session, &reason, true);
                        }
                        if sessions.is_empty() {
                            self.end_user(user, &reason);
                        }
                        format!("{} sessions", sessions.len())
                    }
                }
            }
            AdminCommand::Moderate(_) => unreachable!("but kick"),
            AdminCommand::Announce { room, text } => {
                let hearers: BTreeSet<SessionId> = match &room {
                    None => {
                        let users = self.sessions.iter().filter(|it| it.user.is_some());
                        users.map(|it| it.id).collect()
                    }
                    Some(name) => self.room_sessions(name),
                };
                let open = room
                    .map(|name| self.open_name(&name).ok_or(name))
                    .transpose();
                match open {
                    Err(name) => lines::refused(&Refusal::NoSuchRoom(name)),
                    Ok(room) => {
                        let count = hearers.len();
                        self.tell_all(hearers, &EventKind::Notice { room, text });
                        format!("{count} sessions")
                    }
                }
            }
            AdminCommand::Topic { room, text } => match self.open_name(&room) {
                None => lines::refused(&Refusal::NoSuchRoom(room)),
                Some(name) => {
                    let room = self.rooms.iter_mut().find(|it| it.name == name).unwrap();
                    room.topic = text.to_string();
                    self.tell_room(
                        &name,
                        &EventKind::TopicChanged {
                            room: name.clone(),
                            by: None,
                            text,
                        },
                    );
                    self.close_empty_rooms();
                    "topic set".to_owned()
                }
            },
            AdminCommand::Shutdown => {
                let sessions: Vec<SessionId> = self.sessions.iter().map(|it| it.id).collect();
                for &id in &sessions {
                    self.tell(id, closed(&QuitReason::Shutdown));
                }
                self.sessions.clear();
                self.users.clear();
                self.close_empty_rooms();
                format!("{} sessions", sessions.len())
            }
        };
        self.heard.entry(None).or_default().push(line);
    }

    /// Time passes in quarters of a second, and whoever is due then is dealt with.
    pub(super) fn pass(&mut self, quarters: u64) {
        self.due();
        for _ in 0..quarters {
            self.now_ms += 250;
            self.due();
        }
    }

    fn due(&mut self) {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        let (login, interval, timeout) = (
            ms(self.settings.login_timeout),
            ms(self.settings.ping_interval),
            ms(self.settings.ping_timeout),
        );
        let now_ms = self.now_ms;
        let late = |it: &Session| {
            let is_waiting = it.user.is_none() && it.since_ms + login <= now_ms;
            let is_silent = it.is_pinged && it.since_ms + timeout <= now_ms;
            is_waiting || is_silent
        };
        let mut gone: Vec<(u64, SessionId, QuitReason)> = Vec::new();
        for session in self.sessions.iter().filter(|it| late(it)) {
            let reason = match session.user {
                None => QuitReason::LoginTimeout,
                Some(_) => QuitReason::PingTimeout,
            };
            gone.push((session.order, session.id, reason));
        }
        gone.sort_by_key(|(order, ..)| *order);
        for (_, id, reason) in gone {
            self.end(id, &reason, true);
        }
        let mut pinged = Vec::new();
        for session in &mut self.sessions {
            let is_asked = session.user.is_some() && session.answers_ping && !session.is_pinged;
            if is_asked && session.since_ms + interval <= now_ms {
                session.is_pinged = true;
                session.since_ms = now_ms;
                pinged.push(session.id);
            }
        }
        for id in pinged {
            self.tell(id, "pinged".to_owned());
        }
        let late = |it: &&User| it.kept_until_ms.is_some_and(|until| until <= now_ms);
        let mut late: Vec<_> = self
            .users
            .iter()
            .filter(late)
            .map(|it| (it.kept_until_ms, it.number))
            .collect();
        late.sort_unstable();
        for (_, user) in late {
            self.end_user(user, &QuitReason::Closed);
        }
    }

    fn end(&mut self, id: SessionId, reason: &QuitReason, is_open: bool) {
        let session = self.session(id);
        let (user, does_resume, origin) = (session.user, session.does_resume, session.origin);
        self.sessions.retain(|it| it.id != id);
        if let Some(me) = user
            && self.sessions_of(me).is_empty()
        {
            let window = u64::try_from(self.settings.resume_window.as_millis()).unwrap();
            let is_broken = matches!(reason, QuitReason::Closed | QuitReason::PingTimeout);
            let kept = self.users.iter().filter(|it| it.kept_until_ms.is_some());
            let same = |it: &&User| {
                !matches!(origin, Origin::Local { .. }) && it.kept_from == Some(origin)
            };
            let has_room = kept.count() < self.settings.max_connections
                && self.users.iter().filter(same).count() < self.settings.max_connections_per_ip;
            if does_resume && is_broken && has_room && window > 0 {
                self.user(me).kept_until_ms = Some(self.now_ms + window);
                self.user(me).kept_from = Some(origin);
            } else {
                self.end_user(me, reason);
            }
        }
        if is_open {
            self.tell(id, closed(reason));
        }
    }

    fn end_user(&mut self, me: usize, reason: &QuitReason) {
        let hearers = self.others_around(me);
        let nick = self.user(me).nick.clone();
        self.users.retain(|it| it.number != me);
        for user in &mut self.users {
            user.ignores.remove(&me);
        }
        self.close_empty_rooms();
        let reason = reason.clone();
        self.tell_all(hearers, &EventKind::Quit { nick, reason });
    }

    fn close_empty_rooms(&mut self) {
        let users = &self.users;
        let lobby = &self.settings.default_room;
        self.rooms.retain(|room| {
            let is_kept = room.name == *lobby || !room.topic.is_empty();
            is_kept || users.iter().any(|it| it.rooms.contains(&room.name))
        });
    }

    /// `None` when the tokens are there, else how long until they are.
    fn spend(&mut self, id: SessionId, cost: u64) -> Option<u64> {
        let (rate, burst) = (self.settings.rate as u64, self.settings.burst as u64 * 1000);
        if rate == 0 {
            return None;
        }
        let now_ms = self.now_ms;
        let session = self.session(id);
        let back = (now_ms - session.filled_ms) * rate;
        session.millitokens = (session.millitokens + back).min(burst);
        session.filled_ms = now_ms;
        if let Some(left) = session.millitokens.checked_sub(cost * 1000) {
            session.millitokens = left;
            session.refusals = 0;
            return None;
        }
        session.refusals += 1;
        Some((cost * 1000 - session.millitokens).div_ceil(rate))
    }

    /// Whether the session is there; then it has just been heard.
    fn sign_of_life(&mut self, id: SessionId) -> bool {
        if !self.is_here(id) {
            return false;
        }
        let now_ms = self.now_ms;
        self.clock += 1;
        let clock = self.clock;
        let session = self.session(id);
        if session.user.is_some() {
            session.since_ms = now_ms;
            session.order = clock;
        }
        session.is_pinged = false;
        true
    }

    fn own_room(&self, me: usize, name: &RoomName) -> Result<RoomName, Refusal> {
        let open = self.open_name(name);
        let open = open.ok_or_else(|| Refusal::NoSuchRoom(name.clone()))?;
        if self.members(name).contains(&me) {
            Ok(open)
        } else {
            Err(Refusal::NotInRoom(open))
        }
    }

    /// The room's name as whoever opened it wrote it.
    fn open_name(&self, name: &RoomName) -> Option<RoomName> {
        let room = self.rooms.iter().find(|it| it.name == *name);
        room.map(|it| it.name.clone())
    }

    fn members(&self, name: &RoomName) -> BTreeSet<usize> {
        let there = self.users.iter().filter(|it| it.rooms.contains(name));
        there.map(|it| it.number).collect()
    }

    fn room_sessions(&self, name: &RoomName) -> BTreeSet<SessionId> {
        let members = self.members(name);
        members
            .into_iter()
            .flat_map(|it| self.sessions_of(it))
            .collect()
    }

    fn sessions_of(&self, user: usize) -> BTreeSet<SessionId> {
        let theirs = self.sessions.iter().filter(|it| it.user == Some(user));
        theirs.map(|it| it.id).collect()
    }

    /// All sessions of others that share a room with a user.
    fn others_around(&self, me: usize) -> BTreeSet<SessionId> {
        let mine = &self.users.iter().find(|it| it.number == me).unwrap().rooms;
        let near = self
            .users
            .iter()
            .filter(|it| it.number != me && !it.rooms.is_disjoint(mine));
        near.flat_map(|it| self.sessions_of(it.number)).collect()
    }

    fn nicks(&self, is_meant: impl Fn(&User) -> bool) -> Vec<Nick> {
        let meant = self.users.iter().filter(|it| is_meant(it));
        let mut nicks: Vec<Nick> = meant.map(|it| it.nick.clone()).collect();
        nicks.sort_by_key(|it| it.as_str().to_lowercase());
        nicks
    }

    fn is_here(&self, id: SessionId) -> bool {
        self.sessions.iter().any(|it| it.id == id)
    }

    fn session(&mut self, id: SessionId) -> &mut Session {
        self.sessions.iter_mut().find(|it| it.id == id).unwrap()
    }

    fn user(&mut self, number: usize) -> &mut User {
        self.users
            .iter_mut()
            .find(|it| it.number == number)
            .unwrap()
    }

    fn reply_joined(&mut self, id: SessionId, name: &RoomName) {
        let room = self.rooms.iter().find(|it| it.name == *name).unwrap();
        let reply = Reply::Joined {
            room: room.name.clone(),
            topic: room.topic(),
            members: self.members(name).len(),
            was_there: false,
        };
        self.reply(id, &reply);
    }

    fn reply(&mut self, id: SessionId, reply: &Reply) {
        self.tell(id, lines::reply(reply));
    }

    fn refuse(&mut self, id: SessionId, refusal: &Refusal) {
        self.tell(id, lines::refused(refusal));
    }

    fn tell_room(&mut self, name: &RoomName, kind: &EventKind) {
        self.tell_all(self.room_sessions(name), kind);
    }

    fn tell_all(&mut self, hearers: BTreeSet<SessionId>, kind: &EventKind) {
        for id in hearers {
            self.tell(id, lines::event(kind));
        }
    }

    fn tell(&mut self, id: SessionId, line: String) {
        self.heard.entry(Some(id)).or_default().push(line);
    }
}

impl Room {
    fn topic(&self) -> Option<Arc<str>> {
        (!self.topic.is_empty()).then(|| self.topic.as_str().into())
    }
}

pub(super) fn closed(reason: &QuitReason) -> String {
    format!("closed: {}", lines::quit(reason))
}

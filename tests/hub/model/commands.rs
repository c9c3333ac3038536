//! The model's answers to commands.

use std::collections::BTreeSet;
use std::sync::Arc;

use chatd::hub::command::{Command, MessageKind, Target};
use chatd::hub::event::EventKind;
use chatd::hub::id::{SessionId, UserKey};
use chatd::hub::input::QuitReason;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::output::{Reply, RoomSummary};
use chatd::hub::people;
use chatd::hub::refusal::Refusal;

use super::{Model, Room, Session, User};
use crate::hub::engine::key_of;

/// `None` where what the session gets has been told already, or is nothing.
type Answer = Result<Option<Reply>, Refusal>;

impl Model {
    /// What the session gets for its command, after all that others hear of it.
    pub(super) fn answer(&mut self, id: SessionId, command: Command) -> Answer {
        let me = self.session(id).user.ok_or(Refusal::NotLoggedIn);
        match command {
            Command::Ping => Ok(Some(Reply::Pong)),
            Command::Pong => Ok(None),
            Command::Quit { reason } => {
                self.end(id, &QuitReason::Quit(reason), true);
                Ok(None)
            }
            Command::Login {
                nick,
                key,
                enter_default_room,
                does_resume,
                ..
            } => {
                let answer = self.log_in(id, nick, key, enter_default_room);
                if answer.is_ok() {
                    self.session(id).does_resume = does_resume;
                }
                answer
            }
            Command::LogInAs { .. }
            | Command::LogInByCertificate { .. }
            | Command::Authenticate { .. }
            | Command::AuthenticateByCertificate { .. }
            | Command::BeginScram { .. }
            | Command::Register { .. }
            | Command::ChangePassword { .. } => {
                unreachable!("the simulation has no accounts")
            }
            Command::Tag { .. }
            | Command::People(_)
            | Command::Persist(_)
            | Command::Survey(_)
            | Command::Playback { .. }
            | Command::Conversations { .. }
            | Command::ReadMark { .. } => {
                unreachable!("nobody speaks IRC in the simulation")
            }
            Command::Invite { .. } | Command::Moderate(_) | Command::Join { key: Some(_), .. } => {
                unreachable!("nobody keeps order in the simulation")
            }
            Command::Nick(nick) => self.rename(me?, nick),
            Command::Away(text) => self.set_away(me?, text),
            Command::Join {
                room: name,
                key: None,
            } => self.join(id, me?, name),
            Command::Part { room, reason } => self.part(me?, &room, reason),
            Command::Send { to, kind, text, .. } => self.send(id, me?, to, kind, text),
            Command::Edit { .. }
            | Command::Delete { .. }
            | Command::History { .. }
            | Command::Search { .. }
            | Command::MarkRead { .. }
            | Command::Unread => me.and(Err(Refusal::HistoryOff)),
            Command::Topic { room, text } => self.set_topic(me?, &room, text),
            Command::Deaf(deaf) => {
                me?;
                let session = self.session(id);
                session.deaf = deaf.unwrap_or(!session.deaf);
                let deaf = session.deaf;
                Ok(Some(Reply::Deaf { deaf }))
            }
            Command::Ignore { nick, on } => self.ignore(me?, &nick, on),
            Command::Ignores => {
                let ignored = self.user(me?).ignores.clone();
                let nicks = self.nicks(|it| ignored.contains(&it.number));
                Ok(Some(Reply::Ignores(nicks)))
            }
            Command::Users => me.map(|_| Some(Reply::Users(self.nicks(|_| true)))),
            Command::Names(name) => me.and_then(|_| self.names(name)),
            Command::Rooms => me.map(|_| Some(self.all_rooms())),
            Command::Whois(nick) => me.and_then(|_| self.whois(id, nick)),
        }
    }

    fn log_in(
        &mut self,
        id: SessionId,
        nick: Nick,
        key: Option<UserKey>,
        enter_default_room: bool,
    ) -> Answer {
        if self.session(id).user.is_some() {
            return Err(Refusal::AlreadyLoggedIn);
        }
        if let Some(holder) = self.users.iter().find(|it| it.nick == nick) {
            let number = holder.number;
            if key.is_none() {
                return Err(Refusal::NickInUse(nick));
            }
            if key != Some(holder.key) {
                return Err(Refusal::WrongKey(nick));
            }
            let written = holder.nick.clone();
            let names: Vec<RoomName> = holder.rooms.iter().cloned().collect();
            self.session(id).user = Some(number);
            self.user(number).kept_until_ms = None;
            self.user(number).kept_from = None;
            self.sign_of_life(id);
            self.tell(id, format!("logged in again as {written}"));
            // The order of these is the hub's own; it is compared without.
            for name in names {
                self.reply_joined(id, &name);
            }
            return Ok(None);
        }
        self.users_ever += 1;
        let number = self.users_ever;
        self.users.push(User {
            number,
            nick: nick.clone(),
            key: key.unwrap_or(key_of(id)),
            kept_until_ms: None,
            kept_from: None,
            rooms: BTreeSet::new(),
            away: None,
            ignores: BTreeSet::new(),
        });
        self.session(id).user = Some(number);
        self.sign_of_life(id);
        self.tell(id, format!("logged in as {nick}"));
        if enter_default_room {
            let name = self.settings.default_room.clone();
            self.enter(number, &name, id);
        }
        Ok(None)
    }

    fn rename(&mut self, me: usize, nick: Nick) -> Answer {
        let taken = self
            .users
            .iter()
            .any(|it| it.nick == nick && it.number != me);
        if taken {
            return Err(Refusal::NickInUse(nick));
        }
        let old = self.user(me).nick.clone();
        if old.as_str() != nick.as_str() {
            self.user(me).nick = nick.clone();
            let mut hearers = self.others_around(me);
            hearers.extend(self.sessions_of(me));
            self.tell_all(hearers, &EventKind::NickChanged { old, new: nick });
        }
        Ok(Some(Reply::Done))
    }

    fn join(&mut self, id: SessionId, me: usize, name: RoomName) -> Answer {
        if self.user(me).rooms.contains(&name) {
            return Err(Refusal::AlreadyInRoom(name));
        }
        let is_open = self.rooms.iter().any(|it| it.name == name);
        let is_occupied = |it: &&Room| {
            it.name == self.settings.default_room || !self.members(&it.name).is_empty()
        };
        let occupied: Vec<&Room> = self.rooms.iter().filter(is_occupied).collect();
        let is_entered = occupied.iter().any(|it| it.name == name);
        if !is_entered && occupied.len() >= self.settings.max_rooms {
            let max = self.settings.max_rooms;
            return Err(Refusal::ServerRoomsFull { max });
        }
        let max = self.settings.rooms_per_user;
        if self.user(me).rooms.len() >= max {
            return Err(Refusal::TooManyRooms { max });
        }
        if !is_open {
            let topic = String::new();
            self.rooms.push(Room {
                name: name.clone(),
                topic,
            });
        }
        self.enter(me, &name, id);
        Ok(None)
    }

    fn enter(&mut self, me: usize, name: &RoomName, asker: SessionId) {
        let room = self.rooms.iter().find(|it| it.name == *name).unwrap();
        let name = room.name.clone();
        self.user(me).rooms.insert(name.clone());
        self.reply_joined(asker, &name);
        for session in self.sessions_of(me) {
            if session != asker {
                self.reply_joined(session, &name);
            }
        }
        let nick = self.user(me).nick.clone();
        let room = name.clone();
        self.tell_room(
            &name,
            &EventKind::Joined {
                room,
                nick,
                away: None,
            },
        );
    }

    fn send(
        &mut self,
        id: SessionId,
        me: usize,
        to: Target,
        kind: MessageKind,
        text: Arc<str>,
    ) -> Answer {
        if text.is_empty() {
            return Err(Refusal::TextEmpty);
        }
        let from = self.user(me).nick.clone();
        let line;
        let mut away = None;
        let mut hearers: BTreeSet<SessionId> = match to {
            Target::Room(name) => {
                let room = self.own_room(me, &name)?;
                if self.session(id).deaf {
                    return Err(Refusal::Deaf);
                }
                let members = self.members(&room);
                let hearing = self
                    .users
                    .iter()
                    .filter(|it| members.contains(&it.number) && !it.ignores.contains(&me));
                let hearing: BTreeSet<usize> = hearing.map(|it| it.number).collect();
                line = EventKind::Message {
                    room,
                    from,
                    kind,
                    text,
                    tags: None,
                };
                let hears =
                    |it: &&Session| !it.deaf && it.user.is_some_and(|user| hearing.contains(&user));
                self.sessions.iter().filter(hears).map(|it| it.id).collect()
            }
            Target::Status(..) => unreachable!("nobody here has a status"),
            Target::User(nick) => {
                let other = self.users.iter().find(|it| it.nick == nick);
                let other = other.ok_or(Refusal::NoSuchUser(nick))?;
                if kind != MessageKind::Notice {
                    let nick = other.nick.clone();
                    away = other.away.clone().map(|text| people::Answer::IsAway {
                        nick,
                        text: text.into(),
                    });
                }
                let mut hearers = self.sessions_of(me);
                if !other.ignores.contains(&me) {
                    hearers.extend(self.sessions_of(other.number));
                }
                line = EventKind::Private {
                    from,
                    to: other.nick.clone(),
                    kind,
                    text,
                    tags: None,
                };
                hearers
            }
        };
        if !self.session(id).wants_echo {
            hearers.remove(&id);
        }
        self.tell_all(hearers, &line);
        if let Some(away) = away {
            self.reply(id, &Reply::People(away));
        }
        self.tell(id, "ack".to_owned());
        Ok(None)
    }

    fn ignore(&mut self, me: usize, nick: &Nick, on: bool) -> Answer {
        let other = self.users.iter().find(|it| it.nick == *nick);
        let other = other.ok_or(Refusal::NoSuchUser(nick.clone()))?.number;
        let max = self.settings.ignores_per_user;
        let mine = &mut self.user(me).ignores;
        if other == me {
            return Err(Refusal::CannotIgnoreSelf);
        }
        if on && !mine.contains(&other) && mine.len() >= max {
            return Err(Refusal::TooManyIgnored { max });
        }
        if on {
            mine.insert(other);
        } else {
            mine.remove(&other);
        }
        Ok(Some(Reply::Done))
    }

    fn set_away(&mut self, me: usize, text: Option<Arc<str>>) -> Answer {
        let user = self.user(me);
        let nick = user.nick.clone();
        if user.away.as_deref() != text.as_deref() {
            user.away = text.as_ref().map(ToString::to_string);
            let mut hearers = self.others_around(me);
            hearers.extend(self.sessions_of(me));
            self.tell_all(hearers, &EventKind::AwayChanged { nick, text });
        }
        Ok(Some(Reply::Done))
    }

    fn part(&mut self, me: usize, room: &RoomName, reason: Option<Arc<str>>) -> Answer {
        let room = self.own_room(me, room)?;
        let nick = self.user(me).nick.clone();
        let kind = EventKind::Parted {
            room: room.clone(),
            nick,
            reason,
        };
        self.tell_room(&room, &kind);
        self.user(me).rooms.remove(&room);
        self.close_empty_rooms();
        Ok(Some(Reply::Done))
    }

    fn set_topic(&mut self, me: usize, room: &RoomName, text: Arc<str>) -> Answer {
        let room = self.own_room(me, room)?;
        let by = Some(self.user(me).nick.clone());
        let open = self.rooms.iter_mut().find(|it| it.name == room).unwrap();
        if open.topic != *text {
            open.topic = text.to_string();
            let name = room.clone();
            self.tell_room(&name, &EventKind::TopicChanged { room, by, text });
        }
        Ok(Some(Reply::Done))
    }

    fn names(&self, name: RoomName) -> Answer {
        let room = self.rooms.iter().find(|it| it.name == name);
        let room = room.ok_or(Refusal::NoSuchRoom(name))?;
        Ok(Some(Reply::Names {
            room: room.name.clone(),
            topic: room.topic(),
            members: self.nicks(|it| it.rooms.contains(&room.name)),
        }))
    }

    fn all_rooms(&self) -> Reply {
        let rooms = self.rooms.iter().map(|room| RoomSummary {
            room: room.name.clone(),
            members: self.members(&room.name).len(),
            topic: room.topic(),
        });
        let mut rooms: Vec<RoomSummary> = rooms.collect();
        rooms.sort_by_key(|it| it.room.as_str().to_lowercase());
        Reply::Rooms(rooms)
    }

    /// As a line, for the model keeps no times.
    fn whois(&mut self, id: SessionId, nick: Nick) -> Answer {
        let user = self.users.iter().find(|it| it.nick == nick);
        let user = user.ok_or(Refusal::NoSuchUser(nick))?;
        let sessions = self.sessions_of(user.number).len();
        let rooms: Vec<&str> = user.rooms.iter().map(|it| it.as_str()).collect();
        let away = user.away.as_ref();
        let away = away.map_or(String::new(), |it| format!(" away: {it}"));
        let (nick, rooms) = (&user.nick, rooms.join(", "));
        let line = format!("{nick} is in [{rooms}] with {sessions} sessions{away}");
        self.tell(id, line);
        Ok(None)
    }
}

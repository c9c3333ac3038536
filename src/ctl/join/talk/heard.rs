//! What the server said, understood: answers go by what was asked, events by what they change.

use super::{Effect, Entry, Purpose, Talk, UNSURE, names, undelivered};
use crate::ctl::chat::outbox::Answered;
use crate::ctl::exit::exit_of_code;
use crate::ctl::join::input::line_again;
use crate::ctl::join::told::taken_out;
use crate::wire::chat::{ClientBody, ServerMessage};

impl Talk {
    /// An answer to something that we asked.
    pub(super) fn answered(&mut self, answered: Answered<Purpose>) -> Vec<Effect> {
        let Answered { request, answer } = answered;
        if let ServerMessage::Error { code, text, .. } = &answer {
            return match (&request.body, &request.purpose) {
                (ClientBody::Join { room, .. }, Purpose::Enter(entry))
                    if code == "already_in_room" =>
                {
                    self.was_there(room, *entry)
                }
                (ClientBody::Join { room, .. }, Purpose::Enter(entry)) => {
                    if *entry == Entry::Again {
                        self.is_put_out(room);
                    } else {
                        self.room_keys.remove(&room.to_lowercase());
                    }
                    self.refusal(request.purpose, code, text)
                }
                _ => self.refusal(request.purpose, code, text),
            };
        }
        match (request.purpose, answer) {
            (Purpose::Enter(entry), answer @ ServerMessage::Joined { .. }) => {
                self.has_entered(entry, answer)
            }
            (Purpose::Leave(room), _) => {
                self.is_out(&room);
                vec![Effect::Remark(format!("you have left {room}"))]
            }
            (Purpose::Fill, answer) => {
                self.learn(&answer);
                Vec::new()
            }
            (Purpose::ShowTopic, answer) => {
                let told = topic_of(&answer);
                vec![Effect::Data(answer), Effect::Answer(told)]
            }
            (Purpose::List, ServerMessage::RoomChat { on, .. }) => {
                let told = if on {
                    "group chat is on"
                } else {
                    "group chat is off: you neither hear rooms nor speak in them; /i switches it on"
                };
                vec![Effect::Remark(told.to_owned())]
            }
            (Purpose::List, answer) => {
                self.learn(&answer);
                vec![Effect::Show(answer)]
            }
            (Purpose::Change(done), _) => vec![Effect::Remark(done)],
            (Purpose::Rename(nick), _) => self.renamed(nick),
            (Purpose::Past(question), answer) => self.remembered(question, answer),
            (Purpose::Say { to, text, .. }, ServerMessage::Ack { msgid, kept, .. }) => {
                if kept {
                    self.past.own.has_said(msgid, to, text);
                    return Vec::new();
                }
                let told = format!("said to {to}, but the server could not keep it: {text}");
                vec![Effect::Answer(told)]
            }
            // A change is told by its event.
            (Purpose::Enter(_) | Purpose::Mark | Purpose::Amend(_), _) => Vec::new(),
            // Whatever that is, it is no acknowledgement.
            (Purpose::Say { to, text, .. }, _) => vec![undelivered(UNSURE, &to, &text)],
        }
    }

    /// We are in a room that we asked for.
    fn has_entered(&mut self, entry: Entry, joined: ServerMessage) -> Vec<Effect> {
        let ServerMessage::Joined {
            room,
            topic,
            members,
            ..
        } = &joined
        else {
            return Vec::new();
        };
        let told = entered(room, topic.as_deref(), *members);
        self.is_in(room.clone());
        self.look_back(room, entry);
        self.goes_to(room.clone(), entry);
        match entry {
            Entry::Again => vec![Effect::Data(joined)],
            Entry::Wanted | Entry::Start => vec![Effect::Data(joined), Effect::Remark(told)],
        }
    }

    /// An event, or an answer to nothing that we asked.
    pub(super) fn happened(&mut self, message: ServerMessage) -> Vec<Effect> {
        self.note_seen(&message);
        match &message {
            ServerMessage::Joined {
                room,
                topic,
                members,
                ..
            } => {
                // Entered by the login, or by another session of ours.
                let told = entered(room, topic.as_deref(), *members);
                let is_new = !self.rooms.contains_key(room);
                let entry = if is_new { Entry::Start } else { Entry::Again };
                self.awaits_default_room = false;
                self.unconfirmed.remove(room);
                self.is_in(room.clone());
                self.look_back(room, entry);
                self.current.get_or_insert_with(|| room.clone());
                let mut effects = vec![Effect::Data(message)];
                if is_new {
                    effects.push(Effect::Remark(told));
                }
                return effects;
            }
            ServerMessage::Join { room, nick, .. } if *nick == self.nick => {
                let (room, is_new) = (room.clone(), !self.rooms.contains_key(room));
                if is_new {
                    self.is_in(room);
                }
                return vec![Effect::Data(message)];
            }
            ServerMessage::Part { room, nick, .. } if *nick == self.nick => {
                let room = room.clone();
                self.is_out(&room);
                return vec![Effect::Data(message)];
            }
            ServerMessage::Kicked {
                room,
                nick,
                by,
                reason,
                ..
            } if *nick == self.nick => {
                let told = taken_out(room, by.as_deref(), reason.as_deref());
                let room = room.clone();
                self.is_put_out(&room);
                return vec![Effect::Data(message), Effect::Answer(told)];
            }
            ServerMessage::Kicked { room, nick, .. } => {
                if let Some(nicks) = self.rooms.get_mut(room) {
                    nicks.remove(nick);
                }
            }
            ServerMessage::Join { room, nick, .. } => {
                if let Some(nicks) = self.rooms.get_mut(room) {
                    nicks.insert(nick.clone());
                }
            }
            ServerMessage::Part { room, nick, .. } => {
                if let Some(nicks) = self.rooms.get_mut(room) {
                    nicks.remove(nick);
                }
            }
            ServerMessage::Quit { nick, .. } => {
                for nicks in self.rooms.values_mut() {
                    nicks.remove(nick);
                }
            }
            ServerMessage::Nick { old, new, .. } => {
                for nicks in self.rooms.values_mut() {
                    if nicks.remove(old) {
                        nicks.insert(new.clone());
                    }
                }
                if *old == self.nick {
                    let mut effects = self.renamed(new.clone());
                    effects.insert(0, Effect::Data(message));
                    return effects;
                }
            }
            ServerMessage::RoomRenamed { room, to, .. } => self.room_is_called(room, to),
            ServerMessage::Missed { more, .. } => {
                let mut effects = if *more {
                    Vec::new()
                } else {
                    self.put_out_of_unconfirmed()
                };
                effects.extend(self.missed(message));
                return effects;
            }
            ServerMessage::Error { code, text, .. } => {
                // Whatever it is about, there is nothing more to wait for.
                self.past.awaits_missed = false;
                return vec![Effect::Fault {
                    exit: exit_of_code(code),
                    text: text.clone(),
                }];
            }
            ServerMessage::Message { .. }
            | ServerMessage::Private { .. }
            | ServerMessage::Edited { .. }
            | ServerMessage::Deleted { .. }
            | ServerMessage::Reaction { .. }
            | ServerMessage::Topic { .. }
            | ServerMessage::Away { .. }
            | ServerMessage::Role { .. }
            | ServerMessage::RoomSet { .. }
            | ServerMessage::RuleAdded { .. }
            | ServerMessage::RuleEnded { .. }
            | ServerMessage::Invited { .. }
            | ServerMessage::Notice { .. } => {}
            // In another session of ours; for programs.
            ServerMessage::Read { .. } => return vec![Effect::Data(message)],
            // Answers that nobody waits for: their request was given up with a connection.
            ServerMessage::Welcome { .. }
            | ServerMessage::Login { .. }
            | ServerMessage::Registered { .. }
            | ServerMessage::Ack { .. }
            | ServerMessage::History { .. }
            | ServerMessage::Found { .. }
            | ServerMessage::Unread { .. }
            | ServerMessage::Ok { .. }
            | ServerMessage::RoomChat { .. }
            | ServerMessage::Rooms { .. }
            | ServerMessage::Names { .. }
            | ServerMessage::Users { .. }
            | ServerMessage::Ignores { .. }
            | ServerMessage::Whois { .. }
            | ServerMessage::Moderated { .. }
            | ServerMessage::Rules { .. }
            | ServerMessage::Room { .. }
            | ServerMessage::Pong { .. }
            | ServerMessage::Ping
            | ServerMessage::Bye { .. }
            | ServerMessage::Unknown => return Vec::new(),
        }
        self.tell(message)
    }

    /// The server had us in the room that we wanted into.
    fn was_there(&mut self, wanted: &str, entry: Entry) -> Vec<Effect> {
        let folded = wanted.to_lowercase();
        let known = self.rooms.keys().find(|room| room.to_lowercase() == folded);
        let room = match known {
            Some(room) => room.clone(),
            None => {
                self.is_in(wanted.to_owned());
                wanted.to_owned()
            }
        };
        self.look_back(&room, entry);
        self.goes_to(room, entry);
        Vec::new()
    }

    /// Makes an entered room the current one where that was the purpose.
    fn goes_to(&mut self, room: String, entry: Entry) {
        match entry {
            Entry::Again => {}
            Entry::Wanted => self.current = Some(room),
            Entry::Start => {
                self.current.get_or_insert(room);
            }
        }
    }

    /// What the user is told when the server says no.
    fn refusal(&mut self, purpose: Purpose, code: &str, text: &str) -> Vec<Effect> {
        let exit = exit_of_code(code);
        let fault = |text: String| Effect::Fault { exit, text };
        match purpose {
            Purpose::Fill | Purpose::Mark => Vec::new(),
            Purpose::Past(question) => {
                let mut effects = vec![fault(text.to_owned())];
                effects.extend(self.not_remembered(&question));
                effects
            }
            Purpose::Amend(line) => vec![fault(text.to_owned()), Effect::Unsent(line)],
            Purpose::Enter(Entry::Wanted) => vec![fault(text.to_owned()), Effect::NotEntered],
            Purpose::Say {
                to,
                text: unsent,
                kind,
            } => {
                let mut effects = vec![fault(format!("not sent to {to}: {text}"))];
                // Given back only where Enter sends it to the same place.
                if to.starts_with('@') || self.current.as_deref() == Some(to.as_str()) {
                    effects.push(Effect::Unsent(line_again(&to, &unsent, kind)));
                }
                effects
            }
            Purpose::Enter(_)
            | Purpose::Leave(_)
            | Purpose::List
            | Purpose::ShowTopic
            | Purpose::Change(_)
            | Purpose::Rename(_) => vec![fault(text.to_owned())],
        }
    }

    fn is_in(&mut self, room: String) {
        self.heard_of.insert(room.clone());
        self.ask(names(room.clone()), Purpose::Fill);
        self.rooms.entry(room).or_default();
    }

    /// One of our rooms has another name.
    fn room_is_called(&mut self, room: &str, to: &str) {
        let Some(nicks) = self.rooms.remove(room) else {
            return;
        };
        self.rooms.insert(to.to_owned(), nicks);
        self.heard_of.remove(room);
        self.heard_of.insert(to.to_owned());
        if self.unconfirmed.remove(room) {
            self.unconfirmed.insert(to.to_owned());
        }
        if let Some(key) = self.room_keys.remove(&room.to_lowercase()) {
            self.room_keys.insert(to.to_lowercase(), key);
        }
        if self.current.as_deref() == Some(room) {
            self.current = Some(to.to_owned());
        }
        self.past.rename_room(room, to);
    }

    fn is_out(&mut self, room: &str) {
        self.rooms.remove(room);
        self.unconfirmed.remove(room);
        self.room_keys.remove(&room.to_lowercase());
        if self.current.as_deref() == Some(room) {
            self.current = self.rooms.keys().next().cloned();
        }
    }

    /// Somebody else has taken us out. What is being typed must not go to another room instead.
    fn is_put_out(&mut self, room: &str) {
        let was_current = self.current.as_deref() == Some(room);
        self.is_out(room);
        if was_current {
            self.current = None;
        }
    }

    /// The server has named all rooms that we are in.
    fn put_out_of_unconfirmed(&mut self) -> Vec<Effect> {
        let rooms = std::mem::take(&mut self.unconfirmed);
        let put_out = rooms.into_iter().map(|room| {
            self.is_put_out(&room);
            Effect::Answer(format!("you are no longer in {room}"))
        });
        put_out.collect()
    }

    fn learn(&mut self, answer: &ServerMessage) {
        match answer {
            ServerMessage::Names { room, nicks, .. } => {
                if let Some(known) = self.rooms.get_mut(room) {
                    known.extend(nicks.iter().cloned());
                }
            }
            ServerMessage::Rooms { rooms, .. } => {
                self.heard_of
                    .extend(rooms.iter().map(|room| room.room.clone()));
            }
            _ => {}
        }
    }

    fn renamed(&mut self, nick: String) -> Vec<Effect> {
        if self.nick == nick {
            return Vec::new();
        }
        self.nick.clone_from(&nick);
        vec![
            Effect::Remark(format!("you are now {nick}")),
            Effect::Renamed(nick),
        ]
    }
}

fn entered(room: &str, topic: Option<&str>, members: usize) -> String {
    let users = if members == 1 { "user" } else { "users" };
    let topic = topic
        .map(|topic| format!("; topic: {topic}"))
        .unwrap_or_default();
    format!("you are in {room}, {members} {users}{topic}")
}

fn topic_of(names: &ServerMessage) -> String {
    match names {
        ServerMessage::Names {
            room,
            topic: Some(topic),
            ..
        } => format!("the topic of {room}: {topic}"),
        ServerMessage::Names { room, .. } => format!("{room} has no topic"),
        _ => "the server did not say".to_owned(),
    }
}

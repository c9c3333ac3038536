//! What becomes of a decision, one function each: audience, change, outputs, in the order in which
//! people are to find them. Whether it may happen was settled in `decide`.

use std::sync::Arc;

use super::apply::topic_of;
use super::audience;
use super::change::Change;
use super::command::MessageKind;
use super::event::{EventKind, Membership};
use super::id::{RoomId, SessionId, UserId};
use super::name::{Nick, RoomName};
use super::output::{Audit, Output, Reply};
use super::turn::{Asked, Turn};

impl Turn<'_> {
    pub(super) fn log_in(&mut self, asked: Asked, nick: Nick, enter_default_room: bool) {
        let session = asked.session;
        self.hub.state.apply(Change::LoggedIn {
            session,
            nick,
            at: self.now.unix,
        });
        let user = self.user_of(session);
        self.welcome(asked, user);
        if enter_default_room {
            let room = self.hub.settings.default_room.clone();
            self.enter(user, room, None);
        }
    }

    /// The user's rooms are the session's rooms at once; nobody is told, for nobody came.
    pub(super) fn attach(&mut self, asked: Asked, user: UserId) {
        let session = asked.session;
        self.hub.state.apply(Change::Attached { session, user });
        self.welcome(asked, user);
        for index in 0..self.hub.state.user(user).places.len() {
            let room = self.hub.state.user(user).places[index].room;
            self.enter_session(user, session, room);
            self.reply_joined(
                Asked {
                    session,
                    request: None,
                },
                room,
            );
        }
    }

    fn welcome(&mut self, asked: Asked, id: UserId) {
        let now_us = self.now_us();
        self.hub.timers.logged_in(asked.session.slot, now_us);
        let user = self.hub.state.user(id);
        let (nick, key) = (user.nick.clone(), self.hub.state.key_of(id));
        let audit = Audit::LoggedIn {
            session: asked.session,
            nick: nick.clone(),
            sessions: user.sessions.len(),
        };
        self.audit(audit);
        self.reply(asked, Reply::LoggedIn { nick, key });
    }

    pub(super) fn rename(&mut self, asked: Asked, new: Nick) {
        let user = self.user_of(asked.session);
        let old = self.hub.state.user(user).nick.clone();
        let audience = audience::around(&self.hub.state, user);
        self.hub.state.apply(Change::Renamed {
            user,
            nick: new.clone(),
        });
        self.audit(Audit::NickChanged {
            session: asked.session,
            sessions: self.hub.state.user(user).sessions.clone(),
            old: old.clone(),
            new: new.clone(),
        });
        self.tell(audience, EventKind::NickChanged { old, new });
        self.reply(asked, Reply::Done);
    }

    pub(super) fn set_away(&mut self, asked: Asked, away: Option<Arc<str>>) {
        let user = self.user_of(asked.session);
        let nick = self.hub.state.user(user).nick.clone();
        let audience = audience::around(&self.hub.state, user);
        self.hub.state.apply(Change::AwaySet {
            user,
            away: away.clone(),
        });
        self.tell(audience, EventKind::AwayChanged { nick, text: away });
        self.reply(asked, Reply::Done);
    }

    /// The user's sessions are in the room before its members are told, so that they hear it too.
    /// `asked` is `None` for a login, which asks for no room by name.
    pub(super) fn enter(&mut self, user: UserId, name: RoomName, asked: Option<Asked>) {
        let is_new = self.hub.state.room_named(&name).is_none();
        self.hub.state.apply(Change::Entered { user, room: name });
        let place = self.hub.state.user(user).places.last();
        let room = place.expect("who has entered a room is there").room;
        if is_new {
            let room = self.hub.state.room(room).name.clone();
            self.audit(Audit::RoomOpened { room });
        }
        let sessions = self.hub.state.user(user).sessions.clone();
        for &session in &sessions {
            self.enter_session(user, session, room);
        }
        let asker = asked.as_ref().map(|asked| asked.session);
        if let Some(asked) = asked {
            self.reply_joined(asked, room);
        }
        for session in sessions {
            if Some(session) != asker {
                self.reply_joined(
                    Asked {
                        session,
                        request: None,
                    },
                    room,
                );
            }
        }
        let kind = EventKind::Joined {
            room: self.hub.state.room(room).name.clone(),
            nick: self.hub.state.user(user).nick.clone(),
        };
        self.tell(audience::all_of(room), kind);
    }

    fn enter_session(&mut self, user: UserId, session: SessionId, room: RoomId) {
        self.outputs.push(Output::Enter(Membership {
            room,
            user,
            session,
        }));
    }

    fn reply_joined(&mut self, asked: Asked, room: RoomId) {
        let room = self.hub.state.room(room);
        let reply = Reply::Joined {
            room: room.name.clone(),
            topic: room.topic.clone(),
            members: room.members.len(),
        };
        self.reply(asked, reply);
    }

    /// The leaver is told with the others, and only then leaves.
    pub(super) fn leave(&mut self, asked: Asked, room: RoomId, reason: Option<Arc<str>>) {
        let user = self.user_of(asked.session);
        let name = self.hub.state.room(room).name.clone();
        let kind = EventKind::Parted {
            room: name.clone(),
            nick: self.hub.state.user(user).nick.clone(),
            reason,
        };
        let closes = self.hub.state.would_close(room);
        self.tell(audience::all_of(room), kind);
        for &session in &self.hub.state.user(user).sessions {
            self.outputs.push(Output::Leave(Membership {
                room,
                user,
                session,
            }));
        }
        self.hub.state.apply(Change::Left { user, room });
        if closes {
            self.audit(Audit::RoomClosed { room: name });
        }
        self.reply(asked, Reply::Done);
    }

    pub(super) fn say(&mut self, asked: Asked, room: RoomId, kind: MessageKind, text: Arc<str>) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience = audience::speech(state, from, room);
        let message = EventKind::Message {
            room: state.room(room).name.clone(),
            from: state.user(from).nick.clone(),
            kind,
            text,
        };
        self.tell(audience, message);
        self.acknowledge(asked);
    }

    pub(super) fn tell_user(
        &mut self,
        asked: Asked,
        to: UserId,
        kind: MessageKind,
        text: Arc<str>,
    ) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience = audience::private(state, from, to);
        let message = EventKind::Private {
            from: state.user(from).nick.clone(),
            to: state.user(to).nick.clone(),
            kind,
            text,
        };
        self.tell(audience, message);
        self.acknowledge(asked);
    }

    /// Speech has always an audience, its speaker, so its id is the last one given.
    fn acknowledge(&mut self, asked: Asked) {
        let (id, at) = (self.hub.last_message, self.now.unix);
        self.reply(asked, Reply::Ack { id, at });
    }

    /// `by` is `None` for an operator.
    pub(super) fn set_topic(&mut self, room: RoomId, by: Option<UserId>, text: Arc<str>) {
        self.hub.state.apply(Change::TopicSet {
            room,
            topic: topic_of(&text),
        });
        let kind = EventKind::TopicChanged {
            room: self.hub.state.room(room).name.clone(),
            by: by.map(|user| self.hub.state.user(user).nick.clone()),
            text,
        };
        self.tell(audience::all_of(room), kind);
    }
}

//! What becomes of a decision, one function each: audience, change, outputs, in the order in which
//! people are to find them. Whether it may happen was settled in `decide`.

use std::sync::Arc;

use super::account::Token;
use super::apply::topic_of;
use super::audience;
use super::change::{Change, CharterChange, Who};
use super::command::{Command, MessageKind, Tags};
use super::decide::Speech;
use super::event::EventKind;
use super::history::{Keeping, Place, RecordKind, Sent};
use super::id::{MessageId, RoomId, SessionId, UserId, UserKey};
use super::name::Nick;
use super::output::{Audit, LoggedInto, Reply};
use super::persona::Introduction;
use super::resend::Said;
use super::turn::{Asked, Turn};

/// A login that the registry vouches for.
pub(super) struct Proven {
    pub(super) login: LoggedInto,
    pub(super) token: Option<Token>,
}

impl Turn<'_> {
    pub(super) fn log_in(
        &mut self,
        asked: &Asked,
        nick: Nick,
        key: Option<UserKey>,
        does_resume: bool,
        introduction: Option<Introduction>,
    ) {
        let session = asked.session;
        self.hub.state.apply(Change::LoggedIn {
            session,
            nick,
            who: Who::Guest { key },
            does_resume,
            at: self.now.unix,
        });
        if let Some(introduction) = introduction {
            self.introduce(session, introduction);
        }
        self.welcome(asked.clone(), self.user_of(session), false, None);
    }

    /// The user's rooms are the session's rooms at once; nobody is told, for nobody came.
    pub(super) fn attach(
        &mut self,
        asked: Asked,
        user: UserId,
        does_resume: bool,
        since: Option<MessageId>,
        by: Option<Proven>,
    ) {
        let session = asked.session;
        let (login, token) = by.map(|by| (by.login, by.token)).unzip();
        let token = token.flatten();
        if token.is_none() {
            self.forget_place(user);
        }
        self.hub.state.apply(Change::Attached {
            session,
            user,
            does_resume,
            token,
        });
        self.welcome(asked.clone(), user, true, login);
        // What was missed has private messages in it, which are not for every token.
        let may_ask =
            self.hub.keeping != Keeping::Off && self.hub.state.restriction(session).is_none();
        if let Some(since) = since.filter(|_| may_ask) {
            self.hold(asked, user, since);
        }
        for index in 0..self.hub.state.user(user).places.len() {
            let room = self.hub.state.user(user).places[index].room;
            if !self.may_know_of(session, room) {
                continue;
            }
            self.enter_session(user, session, room);
            self.reply_joined(Asked::nothing(session), room, true);
        }
    }

    pub(super) fn welcome(
        &mut self,
        asked: Asked,
        id: UserId,
        is_resumed: bool,
        account: Option<LoggedInto>,
    ) {
        let now_us = self.now_us();
        self.hub.timers.logged_in(asked.session.slot, now_us);
        self.await_expiry(asked.session);
        let user = self.hub.state.user(id);
        let nick = user.nick.clone();
        // With it, others could be the account beyond the limits and the end of what proved it.
        let can_be_taken_back = self.hub.state.can_be_taken_back(asked.session);
        let key = Some(self.hub.state.key_of(id));
        let key = key.filter(|&key| !can_be_taken_back && self.hub.state.does_key_fit(id, key));
        let audit = Audit::LoggedIn {
            session: asked.session,
            nick: nick.clone(),
            sessions: user.sessions.len(),
        };
        self.audit(audit);
        let account = account.or_else(|| {
            let account = self.hub.state.account_of(id)?.clone();
            Some(LoggedInto {
                account,
                failed_logins: 0,
            })
        });
        let persona = self.persona_for_event(id);
        let reply = Reply::LoggedIn {
            nick,
            key,
            is_resumed,
            account,
            persona,
        };
        self.reply(asked, reply);
        if !is_resumed {
            self.note_came(id);
        }
    }

    pub(super) fn rename(&mut self, asked: Asked, new: Nick) {
        let user = self.user_of(asked.session);
        self.rename_user(user, asked.session, new);
        self.reply(asked, Reply::Done);
    }

    /// `by` is the session that asked for it, or any of the user's.
    pub(super) fn rename_user(&mut self, user: UserId, by: SessionId, new: Nick) {
        let old = self.hub.state.user(user).nick.clone();
        let audience = audience::around(&self.hub.state, user);
        self.hub.state.apply(Change::Renamed {
            user,
            nick: new.clone(),
        });
        self.audit(Audit::NickChanged {
            session: by,
            sessions: self.hub.state.user(user).sessions.clone(),
            old: old.clone(),
            new: new.clone(),
        });
        let is_other = old != new;
        let kind = EventKind::NickChanged {
            old: old.clone(),
            new,
        };
        self.tell(audience, kind);
        if is_other {
            let persona = self.persona_for_event(user);
            self.note_went(old, persona);
            self.note_came(user);
        }
    }

    pub(super) fn say(&mut self, asked: Asked, room: RoomId, speech: Speech) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience =
            audience::speech(state, from, room).without_unwanted_echo(state, asked.session);
        let name = state.room(room).name.clone();
        let message = EventKind::Message {
            room: name.clone(),
            from: state.user(from).nick.clone(),
            kind: speech.kind,
            text: Arc::clone(&speech.text),
            tags: speech.tags.clone(),
        };
        self.tell_of(from, audience, message);
        self.note_spoke(from, room);
        self.keep(from, Place::Room(name), speech);
        self.acknowledge(asked);
    }

    /// From now on they wait, where a room is slow.
    pub(super) fn note_spoke(&mut self, user: UserId, room: RoomId) {
        let state = &self.hub.state;
        if state.room(room).charter.settings.slow_mode.is_some() {
            let at = self.now.uptime;
            let owner = state.owner_of(user);
            let spoke = CharterChange::Spoke { room, owner, at };
            self.hub.state.apply(Change::Charter(spoke));
        }
    }

    pub(super) fn tell_user(&mut self, asked: Asked, to: UserId, speech: Speech) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience =
            audience::private(state, from, to).without_unwanted_echo(state, asked.session);
        let message = EventKind::Private {
            from: state.user(from).nick.clone(),
            to: state.user(to).nick.clone(),
            kind: speech.kind,
            text: Arc::clone(&speech.text),
            tags: speech.tags.clone(),
        };
        let place = Place::User {
            to: state.author(to),
            is_unheard: state.user(to).does_ignore(from),
        };
        self.tell_of(from, audience, message);
        if speech.kind != MessageKind::Notice {
            self.note_away(&asked, to);
        }
        self.keep(from, place, speech);
        self.acknowledge(asked);
    }

    /// Whether this is a message that the user's client sent before: then it is acknowledged as it was,
    /// whoever has gone and whatever has failed since.
    pub(super) fn was_said(&mut self, asked: &Asked, command: &Command) -> bool {
        let Command::Send {
            client_msgid: Some(client_msgid),
            ..
        } = command
        else {
            return false;
        };
        let session = self.hub.state.session(asked.session);
        let Some(user) = session.and_then(|session| session.user) else {
            return false;
        };
        let owner = self.hub.state.owner_of(user);
        let now = self.now.unix;
        let Some(said) = self.hub.resends.find(owner, client_msgid, now) else {
            return false;
        };
        let Said { id, at, is_kept } = said;
        self.reply(asked.clone(), Reply::Ack { id, at, is_kept });
        true
    }

    /// Has what was just said kept, and remembers it for when it is sent again.
    fn keep(&mut self, from: UserId, place: Place, speech: Speech) {
        if let Some(client_msgid) = &speech.client_msgid {
            let sent = Sent {
                owner: self.hub.state.owner_of(from),
                client_msgid: client_msgid.clone(),
                id: self.last_id(),
                at: self.now.unix,
            };
            self.hub.resends.remember(sent);
        }
        if self.hub.keeping == Keeping::Off {
            return;
        }
        self.record(RecordKind::Said {
            place,
            from: self.hub.state.author(from),
            kind: speech.kind,
            text: speech.text,
            client_msgid: speech.client_msgid,
            tags: speech.tags.as_ref().and_then(Tags::kept),
        });
    }

    /// What was just told has always an audience, its author, so its id is the last one given.
    pub(super) fn acknowledge(&mut self, asked: Asked) {
        let reply = Reply::Ack {
            id: self.last_id(),
            at: self.now.unix,
            is_kept: true,
        };
        self.reply(asked, reply);
    }

    /// `by` is `None` for an operator.
    pub(super) fn set_topic(&mut self, room: RoomId, by: Option<UserId>, text: Arc<str>) {
        let topic = topic_of(&text);
        let name = self.hub.state.room(room).name.clone();
        let kind = EventKind::TopicChanged {
            room: name.clone(),
            by: by.map(|user| self.hub.state.user(user).nick.clone()),
            text,
        };
        let before = self.last_id();
        self.tell(audience::all_of(room), kind);
        let state = &mut self.hub.state;
        let author = by.map(|user| state.author(user));
        let by = by.map(|user| (state.user(user).nick.clone(), self.now.unix));
        state.apply(Change::TopicSet {
            room,
            topic: topic.clone(),
            by,
        });
        if self.hub.keeping != Keeping::Off {
            if self.last_id() == before {
                // Nobody was there to hear it.
                let now = self.now.unix.0;
                self.hub.last_message = self.hub.last_message.next(now);
            }
            let by = author;
            self.record(RecordKind::TopicSet {
                room: name,
                topic,
                by,
            });
        }
        self.write_charter(room, false);
    }
}

//! The only place where the chat state changes. Nothing here decides, refuses, tells anybody or
//! knows the time: the same changes applied to the same state give the same state, wherever they
//! come from.

use std::sync::Arc;
use std::time::Duration;

use smallvec::{SmallVec, smallvec};

use super::change::{Change, Who};
use super::history::OwnerId;
use super::id::{RoomId, SessionId, UserId};
use super::name::{Nick, RoomName};
use super::people::modes::UserModes;
use super::room::Room;
use super::session::{Proof, Session};
use super::state::{State, VACANT_ROOMS_MAX};
use super::time::{Now, UnixMillis};
use super::user::{Extra, KeptPlace, Place, User};

impl State {
    /// Takes one change in.
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Connected {
                session,
                source,
                key,
                at,
            } => {
                let it = Session::new(session.serial, source, key, at);
                self.sessions.insert(session.slot, it);
            }
            Change::Certified {
                session,
                certificate,
            } => {
                self.prove(session, Proof::shown(certificate));
            }
            Change::Vouched { session, user } => self.prove(session, Proof::SystemUser(user)),
            Change::Introduced { session, source } => self.introduce(session, source),
            Change::AdmittedByCertificate { session } => self.admit_by_certificate(session),
            Change::Authenticated { session, account } => {
                self.authenticated.insert(session, account);
            }
            Change::PersonChanged { session, account } => self.change_person(session, *account),
            Change::EchoSet { session, is_wanted } => {
                known(self.sessions.find_mut(session)).wants_echo = is_wanted;
            }
            Change::LoggedIn {
                session,
                nick,
                who,
                does_resume,
                at,
            } => {
                self.log_in(session, nick, who, at);
                known(self.sessions.find_mut(session)).does_resume = does_resume;
            }
            Change::Attached {
                session,
                user,
                does_resume,
                token,
            } => {
                known(self.sessions.find_mut(session)).does_resume = does_resume;
                self.attach(session, user, token.is_some());
                self.tokens.extend(token.map(|token| (session, token)));
            }
            Change::Registered { user, account } => self.join_account(user, account, false),
            Change::Rekeyed { user, key } => self.rekey(user, key),
            Change::OperatorSet { owner, is_operator } => self.set_operator(owner, is_operator),
            Change::Detached {
                session,
                last_heard,
                until,
            } => self.detach(session, last_heard, until),
            Change::PlaceGivenUp { user } => {
                self.change_extra(user, |extra| extra.kept_place = None);
            }
            Change::Gone { user } => self.forget(user),
            Change::Renamed { user, nick } => self.users.rename(user.0, nick),
            Change::Entered { user, room, now } => self.enter(user, room, now),
            Change::Left { user, room } => self.leave(user, room),
            Change::RoomKept { room, topic } => self.keep_room(room, topic),
            Change::TopicSet { room, topic, by } => {
                let room = self.room_mut(room);
                room.topic = topic;
                room.topic_by = by.map(Box::new);
            }
            Change::Charter(change) => self.apply_charter(change),
            Change::People(change) => self.apply_people(change),
            Change::CloseIfIdle { room } => self.close_if_idle(room),
            Change::PersonaSet { user, persona } => {
                self.change_extra(user, |extra| extra.persona = Some(persona));
            }
            Change::AwaySet { user, away } => {
                self.change_extra(user, |extra| extra.away = away);
            }
            Change::PersistSet { session, on } => {
                known(self.sessions.find_mut(session)).does_resume = on;
            }
            Change::DeafSet { session, deaf } => self.set_deaf(session, deaf),
            Change::IgnoreSet { user, other, on } => self.set_ignore(user, other, on),
            Change::Ended { session } => self.end(session),
        }
    }

    fn prove(&mut self, session: SessionId, proof: Proof) {
        known(self.sessions.find_mut(session)).proof = Some(Box::new(proof));
    }

    fn log_in(&mut self, id: SessionId, nick: Nick, who: Who, at: UnixMillis) {
        self.authenticated.remove(&id);
        let user = UserId(self.users.insert(User {
            nick,
            since: at,
            sessions: smallvec![id],
            places: SmallVec::new(),
            extra: None,
        }));
        let session = known(self.sessions.find_mut(id));
        session.user = Some(user);
        self.attached_sessions += 1;
        let session = known(self.sessions.find_mut(id));
        match who {
            Who::Guest { key } => {
                session.key = key.unwrap_or(session.key);
                session.owner = OwnerId::of(session.key);
            }
            Who::Account {
                owner,
                account,
                is_operator,
                token,
            } => {
                session.owner = owner;
                self.join_account(user, account, is_operator);
                self.tokens.extend(token.map(|token| (id, token)));
            }
        }
    }

    /// A token's session is nobody who has come back: the place stays kept.
    fn attach(&mut self, id: SessionId, user: UserId, is_token: bool) {
        let (key, owner) = (self.key_of(user), self.owner_of(user));
        self.authenticated.remove(&id);
        let session = known(self.sessions.find_mut(id));
        session.user = Some(user);
        session.key = key;
        session.owner = owner;
        self.user_mut(user).sessions.push(id);
        self.attached_sessions += 1;
        if !is_token && self.user(user).kept_place().is_some() {
            self.change_extra(user, |extra| extra.kept_place = None);
        }
    }

    fn detach(&mut self, id: SessionId, last_heard: Duration, until: Duration) {
        let session = known(self.sessions.find(id));
        let user = session.user.expect("only a user has a place to keep");
        let (key, owner, network) = (session.key, session.owner, session.network());
        self.set_deaf(id, false);
        self.change_extra(user, |extra| {
            extra.kept_place = Some(Box::new(KeptPlace {
                key,
                owner,
                network,
                last_heard,
                until,
            }));
        });
        self.user_mut(user).sessions.retain(|other| *other != id);
        self.forget_wishes(id);
        self.attached_sessions -= 1;
        self.sessions.remove(id);
    }

    pub(super) fn close_if_idle(&mut self, room: RoomId) {
        if self.is_vacant(room) && !self.is_kept(room) {
            self.vacant_rooms -= 1;
            self.close(room);
        }
    }

    fn close(&mut self, room: RoomId) {
        let closed = self.rooms.remove(room.0);
        if closed.is_some_and(|room| room.charter.is_written) {
            self.written_rooms -= 1;
        }
    }

    /// A room that nobody is in, for its topic; unless there are too many of them.
    fn keep_room(&mut self, name: RoomName, topic: Arc<str>) {
        if self.room_named(&name).is_none() {
            if self.vacant_rooms >= VACANT_ROOMS_MAX {
                return;
            }
            self.vacant_rooms += 1;
        }
        let room = self.open(name);
        self.room_mut(room).topic = Some(topic);
    }

    /// The room of a name, opened if need be.
    pub(super) fn open(&mut self, name: RoomName) -> RoomId {
        match self.room_named(&name) {
            Some(room) => room,
            None => RoomId(self.rooms.insert(Room::new(name))),
        }
    }

    fn enter(&mut self, id: UserId, name: RoomName, now: Now) {
        let found = self.room_named(&name);
        if found.is_some_and(|room| self.is_vacant(room)) {
            self.vacant_rooms -= 1;
        }
        let room_id = self.open(name);
        if found.is_none() {
            self.room_mut(room_id).created_at = now.unix;
        }
        let owner = self.owner_of(id);
        let user = self.users.find_mut(id.0).expect("a user id names a user");
        let room = self
            .rooms
            .find_mut(room_id.0)
            .expect("it was open or has been opened");
        user.places.push(Place {
            room: room_id,
            index: u32::try_from(room.members.len()).expect("fewer than 2^32 users"),
        });
        room.members.push(id);
        room.charter.count_join(now.uptime);
        room.charter.invited.retain(|&invited| invited != owner);
        let sessions = &self.sessions;
        let is_deaf = |session: &SessionId| known(sessions.find(*session)).deaf;
        room.deaf
            .extend(user.sessions.iter().copied().filter(is_deaf));
    }

    fn leave(&mut self, id: UserId, room_id: RoomId) {
        let closes = self.would_close(room_id);
        let user = self.users.find_mut(id.0).expect("a user id names a user");
        let position = user.places.iter().position(|place| place.room == room_id);
        let place = user.places.remove(position.expect("who leaves is there"));
        let room = self
            .rooms
            .find_mut(room_id.0)
            .expect("a place is an open room");
        room.members.swap_remove(place.index as usize);
        if !room.deaf.is_empty() {
            room.deaf.retain(|session| !user.sessions.contains(session));
        }
        if let Some(&moved) = room.members.get(place.index as usize) {
            let places = &mut self.user_mut(moved).places;
            let theirs = places.iter_mut().find(|place| place.room == room_id);
            theirs.expect("a member has a place").index = place.index;
        }
        if closes {
            self.close(room_id);
        } else if self.is_vacant(room_id) {
            self.vacant_rooms += 1;
        }
    }

    fn set_deaf(&mut self, id: SessionId, deaf: bool) {
        let session = known(self.sessions.find_mut(id));
        if session.deaf == deaf {
            return;
        }
        session.deaf = deaf;
        let user = session.user.expect("only a user has group chat to switch");
        let user = self.users.find(user.0).expect("a user id names a user");
        for place in &user.places {
            let room = self.rooms.find_mut(place.room.0);
            let list = &mut room.expect("a place is an open room").deaf;
            if deaf {
                list.push(id);
            } else {
                list.retain(|&session| session != id);
            }
        }
    }

    fn set_ignore(&mut self, user: UserId, other: UserId, on: bool) {
        if self.user(user).does_ignore(other) == on {
            return;
        }
        self.change_extra(user, |extra| toggle(&mut extra.ignores, other, on));
        self.change_extra(other, |extra| toggle(&mut extra.ignored_by, user, on));
    }

    pub(super) fn change_extra(&mut self, user: UserId, change: impl FnOnce(&mut Extra)) {
        let slot = &mut self.user_mut(user).extra;
        let extra = slot.get_or_insert_default();
        change(extra);
        if extra.is_empty() {
            *slot = None;
        }
    }

    fn end(&mut self, id: SessionId) {
        let Some(user_id) = known(self.sessions.find(id)).user else {
            self.authenticated.remove(&id);
            self.sessions.remove(id);
            return;
        };
        self.set_deaf(id, false);
        let user = self.user(user_id);
        if user.sessions.len() == 1 && user.kept_place().is_none() {
            self.forget(user_id);
        } else {
            self.user_mut(user_id).sessions.retain(|other| *other != id);
        }
        self.tokens.remove(&id);
        self.forget_wishes(id);
        self.attached_sessions -= 1;
        self.sessions.remove(id);
    }

    fn forget(&mut self, id: UserId) {
        self.leave_account(id);
        while let Some(place) = self.user(id).places.last() {
            self.leave(id, place.room);
        }
        for other in Vec::from(self.user(id).ignores()) {
            self.set_ignore(id, other, false);
        }
        for other in Vec::from(self.user(id).ignored_by()) {
            self.set_ignore(other, id, false);
        }
        self.count_invisible(self.user(id).modes(), UserModes::default());
        self.opers.remove(&id);
        self.users.remove(id.0);
    }
}

pub(super) fn known<T>(session: Option<T>) -> T {
    session.expect("a change names a session that is there")
}

fn toggle(list: &mut Vec<UserId>, user: UserId, on: bool) {
    if on {
        list.push(user);
    } else {
        list.retain(|&other| other != user);
    }
}

/// An empty text clears a topic.
pub(super) fn topic_of(text: &Arc<str>) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| Arc::clone(text))
}

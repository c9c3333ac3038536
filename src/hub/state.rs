//! The chat state and how to find things in it. `apply.rs` is the only place that changes it,
//! `check.rs` knows what must always be true of it.

use std::collections::BTreeMap;

use super::account::Token;
use super::directory::Directory;
use super::history::{Author, OwnerId};
use super::id::{RoomId, SessionId, UserId, UserKey};
use super::name::{Nick, RoomName};
use super::room::Room;
use super::session::{Session, Sessions};
use super::user::User;

/// Who is here and where. Nothing of it is in an order that hangs on chance, so that a replay comes
/// out the same.
#[derive(Debug)]
pub(super) struct State {
    pub(super) sessions: Sessions,
    pub(super) users: Directory<User>,
    pub(super) rooms: Directory<Room>,
    /// Who is here by an account, and the name that is held for them, which need not be their nick.
    pub(super) accounts: BTreeMap<OwnerId, (UserId, Nick)>,
    /// Sessions that logged in with a token.
    pub(super) tokens: BTreeMap<SessionId, Token>,
    /// Rooms, but the default room, that nobody is in: they are open for their topic's sake.
    pub(super) vacant_rooms: usize,
}

/// Most rooms that stay open for their topic's sake. Anyone can set a topic and leave, so they must not
/// count among the rooms that people are in, and more of them close as all others do.
pub(super) const VACANT_ROOMS_MAX: usize = 10_000;

/// The default room is opened first and never closes.
pub(super) const DEFAULT_ROOM: RoomId = RoomId(0);

impl State {
    pub(super) fn new(default_room: RoomName) -> Self {
        let mut rooms = Directory::new();
        rooms.insert(Room::new(default_room));
        Self {
            sessions: Sessions::default(),
            users: Directory::new(),
            rooms,
            accounts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            vacant_rooms: 0,
        }
    }

    /// A session that may have ended meanwhile.
    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.find(id)
    }

    /// Ids of users come from the state itself, and are not kept once the user is gone.
    pub(super) fn user(&self, id: UserId) -> &User {
        self.users.find(id.0).expect("a user id names a user")
    }

    pub(super) fn user_mut(&mut self, id: UserId) -> &mut User {
        self.users.find_mut(id.0).expect("a user id names a user")
    }

    /// As for users.
    pub(super) fn room(&self, id: RoomId) -> &Room {
        self.rooms.find(id.0).expect("a room id names an open room")
    }

    pub(super) fn room_mut(&mut self, id: RoomId) -> &mut Room {
        self.rooms
            .find_mut(id.0)
            .expect("a room id names an open room")
    }

    /// What lets one more session speak as the user.
    pub(super) fn key_of(&self, user: UserId) -> UserKey {
        let user = self.user(user);
        let session = user.sessions.first().and_then(|&id| self.session(id));
        let key = session.map(|session| session.key);
        key.or_else(|| user.kept_place().map(|place| place.key))
            .expect("a user has a session or a place that is kept")
    }

    pub(super) fn user_named(&self, nick: &Nick) -> Option<UserId> {
        self.users.named(nick).map(UserId)
    }

    pub(super) fn room_named(&self, name: &RoomName) -> Option<RoomId> {
        self.rooms.named(name).map(RoomId)
    }

    /// The person behind a user.
    pub(super) fn owner_of(&self, user: UserId) -> OwnerId {
        let first = self.user(user).sessions.first();
        let session = first.and_then(|&id| self.session(id));
        let owner = session.map(|session| session.owner);
        owner
            .or_else(|| self.user(user).kept_place().map(|place| place.owner))
            .expect("a user has a session or a place that is kept")
    }

    /// The name of a user's account; `None` for a guest.
    pub(super) fn account_of(&self, user: UserId) -> Option<&Nick> {
        let (holder, account) = self.accounts.get(&self.owner_of(user))?;
        (*holder == user).then_some(account)
    }

    /// All users who are one person: guests with one key may be several. Takes time proportional to the
    /// users there are.
    pub(super) fn users_of(&self, owner: OwnerId) -> Vec<UserId> {
        let users = self.users.iter().map(|(id, _)| UserId(id));
        users.filter(|&it| self.owner_of(it) == owner).collect()
    }

    /// The token of a session, where it may not do all that its account may.
    pub(super) fn restriction(&self, session: SessionId) -> Option<&Token> {
        let token = self.tokens.get(&session)?;
        token.is_restricted().then_some(token)
    }

    /// Whether a session of a member hears a room.
    pub(super) fn does_hear(&self, session: SessionId, room: RoomId) -> bool {
        self.restriction(session)
            .is_none_or(|token| !token.send_only && token.is_for(&self.room(room).name))
    }

    /// The persons whom a user ignores.
    pub(super) fn ignored_by(&self, user: UserId) -> Vec<OwnerId> {
        let ignores = self.user(user).ignores().iter();
        ignores.map(|&it| self.owner_of(it)).collect()
    }

    /// A user as what they say is kept under.
    pub(super) fn author(&self, user: UserId) -> Author {
        Author {
            owner: self.owner_of(user),
            nick: self.user(user).nick.clone(),
        }
    }

    /// Rooms that somebody is in, and the default room.
    pub(super) fn occupied_rooms(&self) -> usize {
        self.rooms.len() - self.vacant_rooms
    }

    /// Whether nobody is in the room, so that it is open for its topic's sake only.
    pub(super) fn is_vacant(&self, room: RoomId) -> bool {
        room != DEFAULT_ROOM && self.room(room).members.is_empty()
    }

    /// Whether the room closes when one more user leaves.
    pub(super) fn would_close(&self, room: RoomId) -> bool {
        let is_kept = self.room(room).topic.is_some() && self.vacant_rooms < VACANT_ROOMS_MAX;
        room != DEFAULT_ROOM && self.room(room).members.len() == 1 && !is_kept
    }

    /// The sessions of all of a room's members.
    pub(super) fn room_sessions(&self, room: RoomId) -> impl Iterator<Item = SessionId> {
        let members = self.room(room).members.iter();
        members.flat_map(|&user| self.user(user).sessions.iter().copied())
    }
}

//! The chat state and how to find things in it. `apply.rs` is the only place that changes it,
//! `check.rs` knows what must always be true of it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::account::{Account, Token};
use super::address::Network;
use super::directory::Directory;
use super::history::{Author, OwnerId};
use super::id::{RoomId, SessionId, UserId, UserKey};
use super::moderation::Rules;
use super::moderation::rule::Effect;
use super::moderation::subject::{Shown, Traits};
use super::name::{Nick, RoomName};
use super::people::metadata::Subscriptions;
use super::people::modes::UserMode;
use super::people::watch::Watches;
use super::permission::{Action, Role};
use super::persona::{CloakKey, Persona};
use super::register::Closing;
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
    /// Who is here by an account.
    pub(super) accounts: BTreeMap<OwnerId, Member>,
    /// Sessions that logged in with a token.
    pub(super) tokens: BTreeMap<SessionId, Token>,
    /// What sessions without a user have proved to be theirs.
    pub(super) authenticated: BTreeMap<SessionId, Box<Account>>,
    /// Rooms, but the default room, that nobody is in: they are open for the sake of their topic or of what is
    /// set about them.
    pub(super) vacant_rooms: usize,
    pub(super) rules: Rules,
    /// Rooms that the registry has.
    pub(super) written_rooms: usize,
    pub(super) watches: Watches,
    pub(super) subscriptions: Subscriptions,
    /// Sessions that have logged in.
    pub(super) attached_sessions: usize,
    pub(super) invisible_users: usize,
    /// What IRC's hosts are hidden by.
    pub(super) cloak_key: CloakKey,
    /// Who became a server operator by a password of the config.
    pub(super) opers: BTreeSet<UserId>,
}

/// Who is here by an account.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) user: UserId,
    /// The nick that is held for them, which need not be the one they have.
    pub(super) account: Nick,
    pub(super) is_operator: bool,
    /// Whether another session becomes this user by the user's key. Not where they were somebody else before:
    /// who has that key has proved to be that person only.
    pub(super) takes_key: bool,
}

/// Most rooms that stay open for their topic's sake. Anyone can set a topic and leave, so they must not
/// count among the rooms that people are in, and more of them close as all others do.
pub(super) const VACANT_ROOMS_MAX: usize = 10_000;

/// Most rooms about which something is set that outlives their members. Unlike a topic this is not given up,
/// since what was said there is not for everybody; so with more of them nothing more can be set.
pub(super) const CHARTERS_MAX: usize = 20_000;

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
            authenticated: BTreeMap::new(),
            vacant_rooms: 0,
            rules: Rules::default(),
            written_rooms: 0,
            watches: Watches::default(),
            subscriptions: Subscriptions::default(),
            attached_sessions: 0,
            invisible_users: 0,
            cloak_key: CloakKey::default(),
            opers: BTreeSet::new(),
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
        let member = self.member(user)?;
        Some(&member.account)
    }

    fn member(&self, user: UserId) -> Option<&Member> {
        let member = self.accounts.get(&self.owner_of(user))?;
        (member.user == user).then_some(member)
    }

    /// Whether this key makes a session one of the user's.
    pub(super) fn does_key_fit(&self, user: UserId, key: UserKey) -> bool {
        let takes_key = self.member(user).is_none_or(|member| member.takes_key);
        takes_key && key == self.key_of(user)
    }

    pub(super) fn is_server_operator(&self, user: UserId) -> bool {
        let is_by_account = || self.member(user).is_some_and(|member| member.is_operator);
        self.opers.contains(&user) || is_by_account()
    }

    /// How many of the users are server operators. Takes time proportional to those who are here by an account.
    pub(super) fn server_operators(&self) -> usize {
        let members = self.accounts.values().filter(|member| member.is_operator);
        let others = members.filter(|member| !self.opers.contains(&member.user));
        self.opers.len() + others.count()
    }

    /// What a user is in a room, whether or not they are in it.
    pub(super) fn role_in(&self, user: UserId, room: RoomId) -> Role {
        if self.is_server_operator(user) {
            return Role::ServerOperator;
        }
        self.room(room).charter.role_of(self.owner_of(user))
    }

    /// Calls `look` with a user as rules see them.
    pub(super) fn with_traits<T>(&self, user: UserId, look: impl FnOnce(Traits<'_>) -> T) -> T {
        let sessions = self.user(user).sessions.iter();
        let networks = sessions.filter_map(|&session| self.session(session)?.network());
        let kept = self.user(user).kept_place().and_then(|place| place.network);
        let networks: SmallVec<[Network; 2]> = networks.chain(kept).collect();
        let persona = self.user(user).persona();
        let host = OnceCell::new();
        if let Some(persona) = persona {
            host.get_or_init(|| persona.host.clone());
        }
        look(Traits {
            nick: &self.user(user).nick,
            account: self.account_of(user),
            networks: &networks,
            shown: Shown {
                username: persona.map_or(Persona::USERNAME, |it| &it.username),
                host: &host,
                network: self.shown_network(user),
                cloak_key: self.cloak_key,
            },
        })
    }

    /// What a user's cloak is of, as long as they have said nothing of themselves.
    pub(super) fn shown_network(&self, user: UserId) -> Option<Network> {
        let first = self.user(user).sessions.first();
        let network = first.and_then(|&session| self.session(session)?.network());
        let kept = self.user(user).kept_place();
        network.or_else(|| kept.and_then(|place| place.network))
    }

    /// All users who are one person: guests with one key may be several. Takes time proportional to the
    /// users there are.
    pub(super) fn users_of(&self, owner: OwnerId) -> Vec<UserId> {
        let users = self.users.iter().map(|(id, _)| UserId(id));
        users.filter(|&it| self.owner_of(it) == owner).collect()
    }

    /// Whether what a session has logged in by, a token or a certificate, may be taken back, which ends it.
    pub(super) fn can_be_taken_back(&self, session: SessionId) -> bool {
        let is_by_certificate = self
            .session(session)
            .is_some_and(Session::is_by_certificate);
        is_by_certificate || self.tokens.contains_key(&session)
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

    /// Whether something is set about a room that outlives its members.
    pub(super) fn is_chartered(&self, room: RoomId) -> bool {
        let is_default = room == DEFAULT_ROOM;
        let room = self.room(room);
        // Nobody is the default room's owner by opening it.
        let has_granted = is_default && !room.charter.roles.is_empty();
        room.charter.is_set() || has_granted || self.rules.all_of(Some(&room.name)).next().is_some()
    }

    /// Whether a room stays open when nobody is in it.
    pub(super) fn is_kept(&self, room: RoomId) -> bool {
        room == DEFAULT_ROOM || self.room(room).topic.is_some() || self.is_chartered(room)
    }

    /// Whether the room closes when one more user leaves.
    pub(super) fn would_close(&self, room: RoomId) -> bool {
        let is_one_too_many = self.vacant_rooms >= VACANT_ROOMS_MAX && !self.is_chartered(room);
        let is_kept = self.is_kept(room) && !is_one_too_many;
        room != DEFAULT_ROOM && self.room(room).members.len() == 1 && !is_kept
    }

    /// Whether a user may know that a room is there. A secret one is only known to its members and to those who
    /// keep order there.
    pub(super) fn may_know_of(&self, user: UserId, room: RoomId) -> bool {
        !self.room(room).charter.settings.secret
            || self.user(user).is_in(room)
            || self.role_in(user, room) > Role::Anyone
    }

    /// Whether a user may see who is in a room.
    pub(super) fn may_see_members(&self, user: UserId, room: RoomId) -> bool {
        !self.room(room).charter.settings.members_hidden
            || self.role_in(user, room).may(Action::SeeMembers)
    }

    /// Whether the asker may find a user among those in a room: who is invisible is hidden from outside.
    pub(super) fn may_find_in(&self, asker: UserId, user: UserId, room: RoomId) -> bool {
        !self.user(user).modes().has(UserMode::Invisible)
            || asker == user
            || self.user(asker).is_in(room)
            || self.is_server_operator(asker)
    }

    /// Whether a user may read what was said in a room: who could come in at any time could have heard it.
    pub(super) fn may_read(&self, user: UserId, id: RoomId) -> bool {
        let room = self.room(id);
        let name = Some(&room.name);
        let is_closed = room.charter.settings.is_closed();
        let has_bans = self.rules.of(name, Effect::Ban).next().is_some();
        // A search asks this of all rooms, and nearly all are like this.
        if !is_closed && !has_bans {
            return true;
        }
        let role = self.role_in(user, id);
        if self.user(user).is_in(id) || role.may(Action::Rule) {
            return true;
        }
        let is_banned = || {
            self.with_traits(user, |who| {
                self.rules.holding(name, Effect::Ban, who).is_some()
            })
        };
        let is_open = role > Role::Anyone || !is_closed;
        is_open && !(has_bans && is_banned())
    }

    /// The rooms whose history a user may not read, by name.
    pub(super) fn unreadable_to(&self, user: UserId) -> Vec<RoomName> {
        let rooms = self.rooms.iter().map(|(id, _)| RoomId(id));
        let unreadable = rooms.filter(|&room| !self.may_read(user, room));
        let names = unreadable.map(|room| self.room(room).name.clone());
        let mut names: Vec<RoomName> = names.collect();
        names.sort_unstable();
        names
    }

    /// What is to be done when one more user has left a room, if it closes then.
    pub(super) fn closing(&self, room: RoomId) -> Option<Closing> {
        self.would_close(room).then(|| Closing {
            room: self.room(room).name.clone(),
            is_written: self.room(room).charter.is_written,
        })
    }

    /// The sessions of all of a room's members.
    pub(super) fn room_sessions(&self, room: RoomId) -> impl Iterator<Item = SessionId> {
        let members = self.room(room).members.iter();
        members.flat_map(|&user| self.user(user).sessions.iter().copied())
    }
}

//! Everything that must be true of the hub between two inputs. Tests ask after every step; the
//! daemon never does, for it looks at everything there is.

use std::collections::BTreeSet;

use super::Hub;
use super::charter::{INVITED_MAX, ROLES_MAX, SPOKE_MAX};
use super::history::OwnerId;
use super::id::{RoomId, SessionId, UserId};
use super::people::modes::UserMode;
use super::permission::RoomRole;
use super::room::Room;
use super::state::{DEFAULT_ROOM, State};
use super::timers::Queue;
use super::user::{Extra, User};

impl Hub {
    /// Looks at the whole state, in time proportional to it.
    ///
    /// # Panics
    /// When an invariant is broken: that is a bug in the hub.
    pub fn check(&self) {
        self.state.check();
        self.check_timers();
        assert_eq!(
            self.state.room(DEFAULT_ROOM).name,
            self.settings.default_room
        );
        self.check_places();
        self.check_owners();
        let is_empty = self.state.sessions.len() == 0 && self.state.users.len() == 0;
        assert!(!self.stopping || is_empty, "sessions outlive a shutdown");
    }

    /// Nobody is an account's owner by a guest's key.
    fn check_owners(&self) {
        for (id, user) in self.state.users.iter() {
            let is_guest = self.state.account_of(UserId(id)).is_none();
            let owner = self.state.owner_of(UserId(id));
            let nick = &user.nick;
            assert!(!(is_guest && self.held.has_owner(owner)), "{nick}");
        }
    }

    fn check_places(&self) {
        let users = self.state.users.iter();
        let kept = users.filter_map(|(id, user)| Some((user.kept_place()?.until, UserId(id))));
        assert_eq!(kept.collect::<BTreeSet<_>>(), self.kept_places);
        let users = self.state.users.iter();
        let from_ip =
            users.filter(|(_, user)| user.kept_place().is_some_and(|it| it.network.is_some()));
        assert_eq!(from_ip.count(), self.kept_networks.total());
    }

    fn check_timers(&self) {
        for (id, session) in self.state.sessions.iter() {
            let queue = self.timers.queue_of(id.slot);
            let may_be_pinged = self.timers.answers_ping(id.slot);
            match (session.user, may_be_pinged) {
                (None, _) => assert_eq!(queue, Some(Queue::Login), "{id}"),
                (Some(_), true) => {
                    let waits = matches!(queue, Some(Queue::Quiet | Queue::Pinged));
                    assert!(waits, "{id} can answer pings and is in {queue:?}");
                }
                (Some(_), false) => assert_eq!(queue, None, "{id} cannot answer pings"),
            }
        }
        let mut waiting = 0;
        for queue in Queue::ALL {
            let mut since_us = 0;
            for (slot, since) in self.timers.waiting(queue) {
                assert_eq!(self.timers.queue_of(slot), Some(queue));
                assert!(self.state.sessions.in_slot(slot).is_some());
                assert!(since >= since_us, "{queue:?} is out of order");
                since_us = since;
                waiting += 1;
            }
        }
        let sessions = self.state.sessions.iter();
        let queued = sessions.filter(|(id, _)| self.timers.queue_of(id.slot).is_some());
        assert_eq!(waiting, queued.count(), "each waits in one queue, once");
        let tokens = self.state.tokens.iter();
        let expiring = tokens.filter(|(_, token)| token.expires_at.is_some());
        let expiring = expiring.map(|(&session, _)| session);
        assert!(expiring.eq(self.expiries.sessions()), "tokens expire once");
    }
}

impl State {
    fn check(&self) {
        self.check_sessions();
        for (id, user) in self.users.iter() {
            self.check_user(UserId(id), user);
        }
        let vacant = self
            .rooms
            .iter()
            .filter(|(id, _)| self.is_vacant(RoomId(*id)));
        assert_eq!(vacant.count(), self.vacant_rooms);
        for (id, room) in self.rooms.iter() {
            self.check_room(RoomId(id), room);
        }
        let written = self
            .rooms
            .iter()
            .filter(|(_, room)| room.charter.is_written);
        assert_eq!(written.count(), self.written_rooms);
        self.rules.check();
        self.check_people();
        for rule in self.rules.iter() {
            let is_there = rule
                .room
                .as_ref()
                .is_none_or(|room| self.room_named(room).is_some());
            assert!(is_there, "a rule of a room that is not there");
        }
        let nicks = self.users.by_name().map(|user| &user.nick);
        assert!(nicks.is_sorted_by(|a, b| a < b), "one nick per user");
        assert_eq!(self.users.by_name().count(), self.users.len());
        let names = self.rooms.by_name().map(|room| &room.name);
        assert!(names.is_sorted_by(|a, b| a < b), "one name per room");
        assert_eq!(self.rooms.by_name().count(), self.rooms.len());
    }

    /// What is wished for is wished for by somebody who is there, and counts are counts.
    fn check_people(&self) {
        for session in self.watches.sessions().chain(self.subscriptions.sessions()) {
            let user = self.session(session).and_then(|it| it.user);
            assert!(
                user.is_some(),
                "{session} wishes for something and is nobody"
            );
        }
        let users = self.users.iter();
        let invisible = users.filter(|(_, user)| user.modes().has(UserMode::Invisible));
        assert_eq!(invisible.count(), self.invisible_users);
        let mut opers = self.opers.iter();
        assert!(opers.all(|user| self.users.find(user.0).is_some()));
        let sessions = self.sessions.iter();
        let attached = sessions.filter(|(_, session)| session.user.is_some());
        assert_eq!(attached.count(), self.attached_sessions);
    }

    fn check_sessions(&self) {
        let mut count = 0;
        let mut from_ip = 0;
        for (id, session) in self.sessions.iter() {
            count += 1;
            from_ip += usize::from(session.network().is_some());
            match session.user {
                Some(user) => assert!(self.user(user).sessions.contains(&id)),
                None => assert!(!session.deaf, "{id} is deaf and nobody"),
            }
            if session.is_by_certificate() {
                let user = session.user.expect("it is logged in");
                assert!(self.account_of(user).is_some(), "to an account");
            }
        }
        for session in self.tokens.keys() {
            let session = self.session(*session).expect("a token's session is there");
            let user = session.user.expect("and is logged in");
            assert!(self.account_of(user).is_some(), "a token is an account's");
        }
        for session in self.authenticated.keys() {
            let session = self.session(*session).expect("who has proved it is there");
            assert!(session.user.is_none(), "and has not come in by it");
        }
        for (owner, member) in &self.accounts {
            assert_eq!(
                self.owner_of(member.user),
                *owner,
                "an account is one user's"
            );
        }
        assert_eq!(self.sessions.len(), count);
        assert_eq!(self.sessions.networks.total(), from_ip);
    }

    fn check_user(&self, id: UserId, user: &User) {
        assert_eq!(self.user_named(&user.nick), Some(id));
        let is_kept = user.kept_place().is_some();
        let nick = &user.nick;
        assert!(!user.sessions.is_empty() || is_kept, "{nick} is nowhere");
        let mut sessions = user.sessions.iter();
        let are_tokens = sessions.all(|it| self.tokens.contains_key(it));
        assert!(
            !is_kept || are_tokens,
            "{nick} is here and has a place kept"
        );
        assert!(all_differ(&user.sessions));
        for &session in &user.sessions {
            let found = self.session(session).expect("a user's session is there");
            assert_eq!(found.user, Some(id), "{session}");
            assert_eq!(found.key, self.key_of(id), "{session} has the user's key");
            assert_eq!(found.owner, self.owner_of(id), "{session} is the user's");
        }
        if self.account_of(id).is_none() {
            assert_eq!(self.owner_of(id), OwnerId::of(self.key_of(id)));
        }
        let rooms: Vec<RoomId> = user.places.iter().map(|place| place.room).collect();
        assert!(all_differ(&rooms), "{} is in a room twice", user.nick);
        for place in &user.places {
            let members = &self.room(place.room).members;
            assert_eq!(members.get(place.index as usize), Some(&id));
        }
        assert!(user.away().is_none_or(|text| !text.is_empty()));
        self.check_ignoring(id, user);
    }

    fn check_ignoring(&self, id: UserId, user: &User) {
        assert!(!user.does_ignore(id), "{} ignores themselves", user.nick);
        assert!(all_differ(user.ignores()) && all_differ(user.ignored_by()));
        for &other in user.ignores() {
            assert!(self.user(other).ignored_by().contains(&id));
        }
        for &other in user.ignored_by() {
            assert!(self.user(other).does_ignore(id));
        }
        let is_empty = |extra: &Extra| extra.is_empty();
        assert!(
            !user.extra.as_deref().is_some_and(is_empty),
            "paid for by the concerned"
        );
    }

    fn check_room(&self, id: RoomId, room: &Room) {
        assert_eq!(self.room_named(&room.name), Some(id));
        let is_open = !room.members.is_empty() || self.is_kept(id);
        assert!(is_open, "{} is open and empty", room.name);
        let charter = &room.charter;
        for person in &charter.voiced {
            let standing = charter.standing_of(*person);
            assert!(
                standing.role >= Some(RoomRole::Operator),
                "else it is their role"
            );
        }
        assert!(charter.roles.len() <= ROLES_MAX && charter.invited.len() <= INVITED_MAX);
        assert!(charter.spoke.len() <= SPOKE_MAX);
        assert!(charter.spoke.is_empty() || charter.settings.slow_mode.is_some());
        assert!(
            charter.is_written || !self.is_chartered(id),
            "{} is forgotten at a restart",
            room.name
        );
        assert!(room.topic.as_ref().is_none_or(|text| !text.is_empty()));
        assert!(all_differ(&room.members));
        for &user in &room.members {
            assert!(self.user(user).is_in(id));
        }
        assert!(all_differ(&room.deaf));
        let is_deaf = |id: &SessionId| self.session(*id).is_some_and(|it| it.deaf);
        let deaf: BTreeSet<SessionId> = self.room_sessions(id).filter(is_deaf).collect();
        assert_eq!(deaf, room.deaf.iter().copied().collect());
    }
}

fn all_differ<T: Ord + Copy>(things: &[T]) -> bool {
    things.iter().collect::<BTreeSet<_>>().len() == things.len()
}

//! Coming back: a user whose last connection broke keeps their nick and rooms for a while, and nobody is
//! told that they went. What they missed comes from the store, before anything that happens since.

use std::time::Duration;

use super::address::Network;
use super::ask::Purpose;
use super::change::Change;
use super::history::{Keeping, Question, Restored};
use super::id::{MessageId, SessionId, UserId};
use super::input::QuitReason;
use super::output::{Audit, Output};
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// What was kept before this start.
    pub(super) fn restored(&mut self, restored: Restored) {
        let hub = &mut *self.hub;
        hub.last_message = hub.last_message.max(restored.last_id);
        self.finish_renamings(restored.renamed);
        let hub = &mut *self.hub;
        for (room, topic) in restored.topics {
            hub.state.apply(Change::RoomKept { room, topic });
        }
        self.restore_topic_owners();
        let hub = &mut *self.hub;
        for sent in restored.sent {
            hub.resends.remember(sent);
        }
        hub.keeping = Keeping::Works;
        self.forget_former_names();
    }

    /// Ends the last session of a user that no token made, and keeps their place, if that was asked for and
    /// there is room. Says whether it did.
    pub(super) fn keep_place(
        &mut self,
        session: SessionId,
        user: UserId,
        reason: &QuitReason,
    ) -> bool {
        let hub = &*self.hub;
        let window = hub.settings.resume_window;
        let Some(leaver) = hub.state.session(session) else {
            return false;
        };
        // Without a history there is nothing to give to who comes back.
        let is_wanted = leaver.does_resume
            && reason.is_broken_connection()
            && !hub.state.tokens.contains_key(&session);
        let is_possible = !window.is_zero() && !hub.stopping && hub.keeping != Keeping::Off;
        if !(is_wanted && is_possible && self.has_room_for_place(leaver.network())) {
            return false;
        }
        if let Some(network) = leaver.network() {
            self.hub.kept_networks.add(network);
        }
        let until = self.now.uptime + window;
        let nick = self.hub.state.user(user).nick.clone();
        let last_heard = self.hub.timers.last_heard(session.slot);
        self.hub.state.apply(Change::Detached {
            session,
            last_heard,
            until,
        });
        self.hub.timers.ended(session.slot);
        self.hub.kept_places.insert((until, user));
        self.audit(Audit::Detached { session, nick });
        true
    }

    /// As many places are kept as there may be connections, in all and from one network.
    fn has_room_for_place(&self, network: Option<Network>) -> bool {
        let hub = &*self.hub;
        let per_ip_max = hub.settings.max_connections_per_ip;
        let from_there = network.map_or(0, |network| hub.kept_networks.count(network));
        hub.kept_places.len() < hub.settings.max_connections
            && (per_ip_max == 0 || from_there < per_ip_max)
    }

    /// Who has not come back in time has gone.
    pub(super) fn end_kept_places(&mut self, now: Duration) {
        while let Some(&(until, user)) = self.hub.kept_places.first()
            && until <= now
        {
            self.give_up_place(user, &QuitReason::Closed);
        }
    }

    /// Ends a user whose place was kept, and tells those around them, unless a token's session is there: then
    /// only the place goes.
    pub(super) fn give_up_place(&mut self, user: UserId, reason: &QuitReason) {
        self.forget_place(user);
        let nick = self.hub.state.user(user).nick.clone();
        self.audit(Audit::Gone { nick });
        if !self.hub.state.user(user).sessions.is_empty() {
            self.hub.state.apply(Change::PlaceGivenUp { user });
            return;
        }
        self.end_user(user, reason, |turn| {
            turn.hub.state.apply(Change::Gone { user });
        });
    }

    /// The user has a session of their own again, or is gone.
    pub(super) fn forget_place(&mut self, user: UserId) {
        if let Some(place) = self.hub.state.user(user).kept_place() {
            self.hub.kept_places.remove(&(place.until, user));
            if let Some(network) = place.network {
                self.hub.kept_networks.remove(network);
            }
        }
    }

    /// Holds a session that has come back until it has what it missed.
    pub(super) fn hold(&mut self, asked: Asked, user: UserId, since: MessageId) {
        let state = &self.hub.state;
        let places = state.user(user).places.iter();
        let question = Question::Missed {
            asker: state.owner_of(user),
            rooms: places
                .map(|place| state.room(place.room).name.clone())
                .collect(),
            since,
            upto: self.last_id(),
            limit: super::history::PAGE_MAX,
        };
        let session = asked.session;
        self.outputs.push(Output::Hold { session });
        self.ask_at_once(asked, question, Purpose::Resume);
    }
}

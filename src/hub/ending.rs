//! How a session ends, and with its last session a user who keeps no place.

use super::audience;
use super::change::Change;
use super::event::{EventKind, Membership};
use super::id::{SessionId, UserId};
use super::input::QuitReason;
use super::output::Output;
use super::register::Closing;
use super::session::Session;
use super::turn::Turn;

/// Connections of `connects_per_minute` that one counts for which was closed for flooding or garbage.
const CONNECTS_FOR_A_FLOOD: u32 = 20;

/// Whether the peer is still there when its session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connection {
    /// It has to be told why, and closed.
    Open,
    Gone,
}

impl Turn<'_> {
    /// Ends a session that is there. With a user's last session, those around them hear of it;
    /// the leaver does not.
    pub(super) fn end(&mut self, session: SessionId, reason: QuitReason, connection: Connection) {
        if matches!(reason, QuitReason::Flooding | QuitReason::TooManyFaults) {
            self.charge_for_flood(session);
        }
        let user = self.hub.state.session(session).and_then(|it| it.user);
        if let Some(user) = user {
            self.end_as_user(session, user, &reason);
        } else {
            self.forget(session);
        }
        if connection == Connection::Open {
            self.outputs.push(Output::Close { session, reason });
        }
    }

    /// Who was closed for a flood would begin it anew with the next connection.
    fn charge_for_flood(&mut self, session: SessionId) {
        let now_us = self.now_us();
        let hub = &mut *self.hub;
        let flooder = hub.state.session(session);
        if let Some(network) = flooder.and_then(Session::remote_network) {
            let per_minute = hub.settings.connects_per_minute;
            hub.pace
                .charge(network, now_us, CONNECTS_FOR_A_FLOOD, per_minute);
        }
    }

    /// Ends all sessions of a user, who are told why, and the place that is kept for them. Says how many
    /// sessions there were.
    pub(super) fn end_all_of(&mut self, user: UserId, reason: &QuitReason) -> usize {
        let sessions = self.hub.state.user(user).sessions.clone();
        if self.hub.state.user(user).kept_place().is_some() {
            self.give_up_place(user, reason);
        }
        for &session in &sessions {
            self.end(session, reason.clone(), Connection::Open);
        }
        sessions.len()
    }

    fn end_as_user(&mut self, session: SessionId, user: UserId, reason: &QuitReason) {
        self.leave_places(session, user);
        let state = &self.hub.state;
        let leaver = state.user(user);
        let is_last = leaver.sessions.len() == 1 && leaver.kept_place().is_none();
        let mut others = leaver.sessions.iter().filter(|&&it| it != session);
        // A bot that stays keeps no place for a person who was cut off.
        let is_last_own = others.all(|it| state.tokens.contains_key(it));
        if is_last_own && self.keep_place(session, user, reason) {
            return;
        }
        if !is_last {
            self.forget(session);
            return;
        }
        self.end_user(user, reason, |turn| turn.forget(session));
    }

    /// Ends a user by `forget`: those around them hear of it, and rooms may close.
    pub(super) fn end_user(
        &mut self,
        user: UserId,
        reason: &QuitReason,
        forget: impl FnOnce(&mut Self),
    ) {
        let state = &self.hub.state;
        let nick = state.user(user).nick.clone();
        let audience = audience::others_around(state, user);
        let actor = self.persona_for_event(user);
        let closing = self.closing_with(user);
        forget(self);
        let reason = reason.clone();
        let quit = EventKind::Quit {
            nick: nick.clone(),
            reason,
        };
        self.tell_by(actor.clone(), audience, quit);
        self.note_went(nick, actor);
        for closing in closing {
            self.closed(closing);
        }
    }

    /// The rooms that close when a user goes.
    fn closing_with(&self, user: UserId) -> Vec<Closing> {
        let state = &self.hub.state;
        let rooms = state.user(user).places.iter().map(|place| place.room);
        rooms.filter_map(|room| state.closing(room)).collect()
    }

    /// One session hears its user's rooms no more.
    pub(super) fn leave_places(&mut self, session: SessionId, user: UserId) {
        for place in &self.hub.state.user(user).places {
            if !self.hub.state.does_hear(session, place.room) {
                continue;
            }
            self.outputs.push(Output::Leave(Membership {
                room: place.room,
                user,
                session,
            }));
        }
    }

    pub(super) fn forget(&mut self, session: SessionId) {
        self.hub.state.apply(Change::Ended { session });
        self.hub.timers.ended(session.slot);
        self.hub.expiries.remove(session);
    }
}

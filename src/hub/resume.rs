//! Coming back: a user whose last connection broke keeps their nick and rooms for a while, and nobody is
//! told that they went. What they missed comes from the store, before anything that happens since.

use std::time::Duration;

use super::ask::Purpose;
use super::audience;
use super::change::Change;
use super::event::EventKind;
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
        for (room, topic) in restored.topics {
            hub.state.apply(Change::RoomKept { room, topic });
        }
        for sent in restored.sent {
            hub.resends.remember(sent);
        }
        hub.keeping = Keeping::Works;
    }

    /// Ends a user's last session and keeps their place, if that was asked for and there is room.
    /// Says whether it did.
    pub(super) fn keep_place(
        &mut self,
        session: SessionId,
        user: UserId,
        reason: &QuitReason,
    ) -> bool {
        let hub = &*self.hub;
        let window = hub.settings.resume_window;
        let has_asked = hub.state.session(session).is_some_and(|it| it.does_resume);
        let has_room = hub.kept_places.len() < hub.settings.max_connections;
        if !(has_asked && has_room && reason.is_broken_connection())
            || window.is_zero()
            || hub.stopping
        {
            return false;
        }
        let until = self.now.uptime + window;
        let nick = hub.state.user(user).nick.clone();
        self.hub.state.apply(Change::Detached { session, until });
        self.hub.timers.ended(session.slot);
        self.hub.kept_places.insert((until, user));
        self.audit(Audit::Detached { session, nick });
        true
    }

    /// Who has not come back in time has gone.
    pub(super) fn end_kept_places(&mut self, now: Duration) {
        while let Some(&(until, user)) = self.hub.kept_places.first()
            && until <= now
        {
            self.give_up_place(user, &QuitReason::Closed);
        }
    }

    /// Ends a user who has no session, and tells those around them.
    pub(super) fn give_up_place(&mut self, user: UserId, reason: &QuitReason) {
        self.forget_place(user);
        let state = &self.hub.state;
        let nick = state.user(user).nick.clone();
        let audience = audience::others_around(state, user);
        let closing = self.closing_with(user);
        self.hub.state.apply(Change::Gone { user });
        let reason = reason.clone();
        self.audit(Audit::Gone { nick: nick.clone() });
        self.tell(audience, EventKind::Quit { nick, reason });
        for room in closing {
            self.audit(Audit::RoomClosed { room });
        }
    }

    /// The user has a session again, or is gone.
    pub(super) fn forget_place(&mut self, user: UserId) {
        if let Some(place) = self.hub.state.user(user).kept_place() {
            self.hub.kept_places.remove(&(place.until, user));
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

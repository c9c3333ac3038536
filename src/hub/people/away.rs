//! Being away, and who is told of it.

use std::sync::Arc;

use super::Answer;
use crate::hub::audience;
use crate::hub::change::Change;
use crate::hub::decide::Asker;
use crate::hub::event::EventKind;
use crate::hub::id::{RoomId, SessionId, UserId};
use crate::hub::output::Reply;
use crate::hub::turn::{Asked, Turn};

impl Turn<'_> {
    pub(in crate::hub) fn set_away(&mut self, asked: Asked, away: Option<Arc<str>>) {
        let user = self.user_of(asked.session);
        let nick = self.hub.state.user(user).nick.clone();
        let rooms = self.rooms_that_read(asked.session, user, away.as_deref());
        let audience = audience::around_in(&self.hub.state, user, &rooms);
        let audience = self.with_watchers(audience, user);
        self.hub.state.apply(Change::AwaySet {
            user,
            away: away.clone(),
        });
        self.tell(audience, EventKind::AwayChanged { nick, text: away });
        self.reply(asked, Reply::Done);
    }

    /// The rooms of a user that are told a text about them: not those where the session that says it may not
    /// speak.
    pub(super) fn rooms_that_read(
        &self,
        session: SessionId,
        user: UserId,
        text: Option<&str>,
    ) -> Vec<RoomId> {
        let asker = Asker::find(self.facts(), session);
        let mut rooms = audience::rooms_of(&self.hub.state, user).into_vec();
        if let (Ok(asker), Some(text)) = (asker, text) {
            rooms.retain(|&room| asker.may_be_read_in(room, text).is_ok());
        }
        rooms
    }

    /// Who is spoken to by somebody who is to know that they are away.
    pub(in crate::hub) fn note_away(&mut self, asked: &Asked, to: UserId) {
        let user = self.hub.state.user(to);
        if let Some(text) = user.away().cloned() {
            let nick = user.nick.clone();
            let answer = Answer::IsAway { nick, text };
            self.reply(asked.clone(), Reply::People(answer));
        }
    }
}

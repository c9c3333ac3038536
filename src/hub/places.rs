//! Entering and leaving rooms, once it is settled that it may happen: the engine's tables and what people are
//! told, in the order that makes both agree.

use std::sync::Arc;

use super::audience;
use super::change::{Change, CharterChange};
use super::decide::{self, Asker};
use super::event::{EventKind, Membership};
use super::id::{RoomId, SessionId, UserId};
use super::name::RoomName;
use super::output::{Audit, Output, Reply};
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// With a login, which asked for no room by name: where the room does not let the user in, the session is
    /// told why and is in no room.
    pub(super) fn enter_default_room(&mut self, session: SessionId) {
        let user = self.user_of(session);
        match decide::may_enter_default_room(self.facts(), session) {
            Ok(room) => self.enter(user, room, None),
            Err(refusal) => {
                let asked = Asked::nothing(session);
                self.refuse(asked, refusal);
            }
        }
    }

    /// The user's sessions are in the room before its members are told, so that they hear it too.
    /// `asked` is `None` for a login, which asks for no room by name.
    pub(super) fn enter(&mut self, user: UserId, name: RoomName, asked: Option<Asked>) {
        let is_new = self.hub.state.room_named(&name).is_none();
        let entered = Change::Entered {
            user,
            room: name,
            now: self.now,
        };
        self.hub.state.apply(entered);
        let place = self.hub.state.user(user).places.last();
        let room = place.expect("who has entered a room is there").room;
        if is_new {
            let opened = CharterChange::Opened { room, by: user };
            self.hub.state.apply(Change::Charter(opened));
            let room = self.hub.state.room(room).name.clone();
            self.audit(Audit::RoomOpened { room });
        }
        let sessions = self.hub.state.user(user).sessions.clone();
        for &session in &sessions {
            self.enter_session(user, session, room);
        }
        let asker = asked.as_ref().map(|asked| asked.session);
        if let Some(asked) = asked {
            self.reply_joined(asked, room, false);
        }
        for session in sessions {
            if Some(session) != asker && self.may_know_of(session, room) {
                self.reply_joined(Asked::nothing(session), room, false);
            }
        }
        let kind = EventKind::Joined {
            room: self.hub.state.room(room).name.clone(),
            nick: self.hub.state.user(user).nick.clone(),
            away: self.away_to_tell(user, room),
        };
        self.tell(audience::all_of(room), kind);
    }

    /// The away text of somebody who enters a room, where that may be told.
    fn away_to_tell(&self, user: UserId, room: RoomId) -> Option<Arc<str>> {
        let entering = self.hub.state.user(user);
        let away = entering.away()?;
        let session = *entering.sessions.first()?;
        let asker = Asker::find(self.facts(), session).ok()?;
        let may_be_read = asker.may_be_read_in(room, away).is_ok();
        may_be_read.then(|| Arc::clone(away))
    }

    pub(super) fn enter_session(&mut self, user: UserId, session: SessionId, room: RoomId) {
        if !self.hub.state.does_hear(session, room) {
            return;
        }
        self.outputs.push(Output::Enter(Membership {
            room,
            user,
            session,
        }));
    }

    pub(super) fn reply_joined(&mut self, asked: Asked, room: RoomId, was_there: bool) {
        let room = self.hub.state.room(room);
        let reply = Reply::Joined {
            room: room.name.clone(),
            topic: room.topic.clone(),
            members: room.members.len(),
            was_there,
        };
        self.reply(asked, reply);
    }

    pub(super) fn leave(&mut self, asked: Asked, room: RoomId, reason: Option<Arc<str>>) {
        let user = self.user_of(asked.session);
        let kind = EventKind::Parted {
            room: self.hub.state.room(room).name.clone(),
            nick: self.hub.state.user(user).nick.clone(),
            reason,
        };
        self.leave_room(user, room, kind);
        self.reply(asked, Reply::Done);
    }

    /// The leaver is told with the others, and only then leaves.
    pub(super) fn leave_room(&mut self, user: UserId, room: RoomId, kind: EventKind) {
        let closing = self.hub.state.closing(room);
        self.tell(audience::all_of(room), kind);
        for &session in &self.hub.state.user(user).sessions {
            if !self.hub.state.does_hear(session, room) {
                continue;
            }
            self.outputs.push(Output::Leave(Membership {
                room,
                user,
                session,
            }));
        }
        self.hub.state.apply(Change::Left { user, room });
        if let Some(closing) = closing {
            self.closed(closing);
        }
    }
}

//! What becomes of what is said by tags alone, of read marks and of places that are to be kept: what is kept beside
//! speech.

use super::audience;
use super::change::Change;
use super::command::Tags;
use super::event::{EventKind, EventPlace};
use super::history::{Keeping, Partner, Place, RecordKind};
use super::id::{MessageId, RoomId, SessionId, UserId};
use super::output::Reply;
use super::turn::{Asked, Turn};

impl Turn<'_> {
    pub(super) fn tag_room(&mut self, asked: Asked, room: RoomId, tags: &Tags) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience =
            audience::speech(state, from, room).without_unwanted_echo(state, asked.session);
        let name = state.room(room).name.clone();
        let kind = EventKind::Tagged {
            place: EventPlace::Room(name.clone()),
            from: state.user(from).nick.clone(),
            tags: tags.clone(),
        };
        self.tell_of(from, audience, kind);
        if tags.do_last() {
            self.note_spoke(from, room);
        }
        self.keep_tags(from, Place::Room(name), tags);
        self.acknowledge(asked);
    }

    pub(super) fn tag_user(&mut self, asked: Asked, to: UserId, tags: &Tags) {
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience =
            audience::private(state, from, to).without_unwanted_echo(state, asked.session);
        let kind = EventKind::Tagged {
            place: EventPlace::User(state.user(to).nick.clone()),
            from: state.user(from).nick.clone(),
            tags: tags.clone(),
        };
        let place = Place::User {
            to: state.author(to),
            is_unheard: state.user(to).does_ignore(from),
        };
        self.tell_of(from, audience, kind);
        self.keep_tags(from, place, tags);
        self.acknowledge(asked);
    }

    /// Has tags kept that were just told, where they are such.
    fn keep_tags(&mut self, from: UserId, place: Place, tags: &Tags) {
        if self.hub.keeping == Keeping::Off || !tags.do_last() {
            return;
        }
        if let Some(tags) = tags.kept() {
            let from = self.hub.state.author(from);
            self.record(RecordKind::Tagged { place, from, tags });
        }
    }

    /// The user's other sessions hear it, so that no client counts as unread what another has shown.
    pub(super) fn set_persistence(&mut self, asked: Asked, on: bool) {
        let session = asked.session;
        self.hub.state.apply(Change::PersistSet { session, on });
        self.reply(asked, Reply::Done);
    }

    pub(super) fn mark_read(&mut self, asked: Asked, of: Partner, upto: MessageId) {
        let user = self.user_of(asked.session);
        self.set_mark(None, user, of, upto);
        self.reply(asked, Reply::Done);
    }

    /// All sessions of the user hear it but the one that is answered with it, if any.
    pub(super) fn set_mark(
        &mut self,
        answered: Option<SessionId>,
        user: UserId,
        of: Partner,
        upto: MessageId,
    ) {
        let state = &self.hub.state;
        let owner = state.owner_of(user);
        let mut audience = audience::own(state, user);
        audience.sessions.retain(|it| Some(*it) != answered);
        let event = EventKind::MarkedRead {
            of: of.clone(),
            upto,
        };
        let before = self.last_id();
        self.tell(audience, event);
        if self.last_id() == before {
            self.hub.last_message = before.next(self.now.unix.0);
        }
        self.record(RecordKind::MarkSet { owner, of, upto });
    }
}

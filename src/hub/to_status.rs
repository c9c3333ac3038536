//! What is said to those in a room alone who have a status there.

use super::audience;
use super::command::Tags;
use super::decide::Speech;
use super::event::{EventKind, EventPlace};
use super::id::RoomId;
use super::permission::Status;
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// Whoever comes back, or searches, may have another status by then: so it is not kept.
    pub(super) fn say_to_status(&mut self, asked: Asked, to: (RoomId, Status), speech: Speech) {
        let (room, status) = to;
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience = audience::speech_to_status(state, from, room, status);
        let audience = audience.without_unwanted_echo(state, asked.session);
        let kind = EventKind::ToStatus {
            room: state.room(room).name.clone(),
            status,
            from: state.user(from).nick.clone(),
            kind: speech.kind,
            text: speech.text,
            tags: speech.tags,
        };
        self.tell_of(from, audience, kind);
        self.acknowledge(asked);
    }

    pub(super) fn tag_status(&mut self, asked: Asked, to: (RoomId, Status), tags: Tags) {
        let (room, status) = to;
        let from = self.user_of(asked.session);
        let state = &self.hub.state;
        let audience = audience::speech_to_status(state, from, room, status);
        let audience = audience.without_unwanted_echo(state, asked.session);
        let kind = EventKind::Tagged {
            place: EventPlace::Status(state.room(room).name.clone(), status),
            from: state.user(from).nick.clone(),
            tags,
        };
        self.tell_of(from, audience, kind);
        self.acknowledge(asked);
    }
}

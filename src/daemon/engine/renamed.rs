//! Telling of a room's new name those whose protocol has no word for it, one by one: each sees itself leave a room and
//! enter another.

use super::core::Core;
use crate::hub::event::Event;
use crate::hub::id::RoomId;

impl Core {
    /// Behind the event itself, which is nothing to them.
    pub(super) fn tell_renamed(&mut self, room_id: RoomId, event: &Event) {
        let Some(room) = self.rooms.get(room_id.0 as usize) else {
            return;
        };
        let hearers = room.hearers();
        let slots: Vec<u32> = room.slots().collect();
        for slot in slots {
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                continue;
            };
            let session = connection.session;
            let (mut out, mut asked) = (Vec::new(), Vec::new());
            let facts = &self.facts;
            connection
                .protocol
                .room_renamed(facts, event, hearers, &mut out, &mut asked);
            self.push_own(session, &out);
            let asked = asked.into_iter().map(|item| (session, item));
            self.asked_in_turn.extend(asked);
        }
        if !self.asked_in_turn.is_empty() {
            self.work.notify_one();
        }
    }
}

//! From a room's buffer to the shards: which rooms have news, and when their members are given it.
//! Speech goes out with the turn. Who came and went may wait a moment, unless something is said, so
//! that a storm of joins and leaves shares its writes.

use std::mem;

use super::core::Core;
use super::room::News;
use crate::hub::event::EventKind;
use crate::hub::id::RoomId;

impl Core {
    /// Notes that a room has got news of `bytes`.
    pub(super) fn note_news(&mut self, room_id: RoomId, kind: &EventKind, bytes: usize) {
        let room = &mut self.rooms[room_id.0 as usize];
        self.turn_bytes += bytes;
        match (room.news, is_coming_or_going(kind)) {
            (News::Loud, _) => return,
            (_, false) => {
                room.news = News::Loud;
                self.loud_rooms.push(room_id);
                return;
            }
            (News::None, true) => {
                room.news = News::Quiet;
                self.quiet_rooms.push(room_id);
            }
            (News::Quiet, true) => {}
        }
        self.quiet_bytes += bytes;
        if self.quiet_since.is_none() {
            self.quiet_since = Some(self.now().uptime);
        }
    }

    /// Whether any other room has news.
    pub(super) fn have_others_news(&self, room_id: RoomId) -> bool {
        let mut rooms = self.loud_rooms.iter().chain(&self.quiet_rooms);
        rooms.any(|&other| other != room_id)
    }

    /// Quiet news has waited long enough, or has become too much.
    pub(super) fn make_loud(&mut self) {
        for room_id in mem::take(&mut self.quiet_rooms) {
            let room = &mut self.rooms[room_id.0 as usize];
            if room.news == News::Quiet {
                room.news = News::Loud;
                self.loud_rooms.push(room_id);
            }
        }
        self.quiet_bytes = 0;
        self.quiet_since = None;
    }

    /// Gives the members of all rooms all that is new.
    pub(super) fn seal_rooms(&mut self) {
        self.make_loud();
        self.seal_loud_rooms();
    }

    /// Gives each member of each room in which something was said its share.
    pub(super) fn seal_loud_rooms(&mut self) {
        for room_id in mem::take(&mut self.loud_rooms) {
            let shards = &mut self.shards;
            let room = &mut self.rooms[room_id.0 as usize];
            self.counters.deliveries += room.seal(|slice, slots| {
                if !(slice.is_empty() || slots.is_empty()) {
                    shards.share(&slice, slots);
                }
            });
        }
    }
}

/// Whether an event only tells who came to one room or left it. News of all of a user's rooms is not
/// of this kind: heard late in one of them, it would contradict what came after it in another.
fn is_coming_or_going(kind: &EventKind) -> bool {
    match kind {
        EventKind::Joined { .. } | EventKind::Parted { .. } => true,
        EventKind::Quit { .. }
        | EventKind::NickChanged { .. }
        | EventKind::AwayChanged { .. }
        | EventKind::Message { .. }
        | EventKind::Private { .. }
        | EventKind::TopicChanged { .. }
        | EventKind::Notice { .. } => false,
    }
}

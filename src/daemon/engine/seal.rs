//! From a room's buffer to the shards: which rooms have news, and when their members are given it.
//! Speech goes out with the turn. Who came and went may wait a moment, unless something is said, so
//! that a storm of joins and leaves shares its writes.

use std::mem;
use std::time::Duration;

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
            (News::Loud, _) => {}
            (News::None | News::Quiet, false) => {
                room.news = News::Loud;
                self.loud_rooms.push(room_id);
            }
            (News::None, true) => {
                room.news = News::Quiet;
                let delay = QUIET_DELAY_PER_MEMBER * room.hearers();
                let until = self.now().uptime + delay.clamp(QUIET_DELAY_MIN, QUIET_DELAY_MAX);
                self.quiet_rooms.insert((until, room_id));
                self.quiet_bytes += bytes;
            }
            (News::Quiet, true) => self.quiet_bytes += bytes,
        }
    }

    /// Whether any other room has news.
    pub(super) fn have_others_news(&self, room_id: RoomId) -> bool {
        let quiet = self.quiet_rooms.iter().map(|(_, room)| room);
        let mut rooms = self.loud_rooms.iter().chain(quiet);
        rooms.any(|&other| other != room_id)
    }

    /// Lets the news go out that has waited long enough.
    pub(super) fn make_due_loud(&mut self, now: Duration) {
        while let Some(&(until, room_id)) = self.quiet_rooms.first()
            && until <= now
        {
            self.quiet_rooms.pop_first();
            let room = &mut self.rooms[room_id.0 as usize];
            // Else it has become loud and may have been sealed since.
            if room.news == News::Quiet {
                room.news = News::Loud;
                self.loud_rooms.push(room_id);
            }
        }
        if self.quiet_rooms.is_empty() {
            self.quiet_bytes = 0;
        }
    }

    /// Lets all news go out.
    pub(super) fn make_all_loud(&mut self) {
        self.make_due_loud(Duration::MAX);
    }

    /// Gives the members of all rooms all that is new.
    pub(super) fn seal_rooms(&mut self) {
        self.make_all_loud();
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

/// How long news of who came and went waits for more. Giving it to a room's members costs 5 µs each,
/// so that this bounds it to a tenth of the time, however many come and go.
const QUIET_DELAY_PER_MEMBER: Duration = Duration::from_micros(50);
/// Also in a small room, where it costs little, some come together.
const QUIET_DELAY_MIN: Duration = Duration::from_millis(5);
/// People should not see it.
const QUIET_DELAY_MAX: Duration = Duration::from_millis(200);

//! From a room's buffer to the shards: which rooms have news, and when their members are given it.
//! Speech goes out with the turn. Who came and went may wait a moment, unless something is said, so
//! that a storm of joins and leaves shares its writes.

use std::mem;
use std::time::Duration;

use super::core::Core;
use super::room::News;
use crate::hub::event::EventKind;
use crate::hub::id::RoomId;
use crate::hub::people::News as People;

impl Core {
    /// Notes that a room has got news of `bytes`.
    pub(super) fn note_news(&mut self, room_id: RoomId, kind: &EventKind, bytes: usize) {
        self.turn_bytes += bytes;
        let room = &mut self.rooms[room_id.0 as usize];
        match (room.news, is_coming_or_going(kind)) {
            (News::Loud, _) => {}
            (News::None | News::Quiet, false) => self.make_loud(room_id),
            (News::None, true) => {
                room.news = News::Quiet;
                let delay = QUIET_DELAY_PER_MEMBER * room.hearers();
                let until = self.now().uptime + delay.clamp(QUIET_DELAY_MIN, QUIET_DELAY_MAX);
                self.quiet_rooms.insert((until, room_id));
                self.note_quiet(room_id, bytes);
            }
            (News::Quiet, true) => self.note_quiet(room_id, bytes),
        }
    }

    fn note_quiet(&mut self, room_id: RoomId, bytes: usize) {
        self.rooms[room_id.0 as usize].quiet_bytes += bytes;
        self.quiet_bytes += bytes;
    }

    fn make_loud(&mut self, room_id: RoomId) {
        let room = &mut self.rooms[room_id.0 as usize];
        room.news = News::Loud;
        self.quiet_bytes -= mem::take(&mut room.quiet_bytes);
        self.loud_rooms.push(room_id);
    }

    /// Lets the news go out that has waited long enough.
    pub(super) fn make_due_loud(&mut self, now: Duration) {
        while let Some(&(until, room_id)) = self.quiet_rooms.first()
            && until <= now
        {
            self.quiet_rooms.pop_first();
            // Else it has become loud and may have been sealed since.
            if self.rooms[room_id.0 as usize].news == News::Quiet {
                self.make_loud(room_id);
            }
        }
    }

    /// Lets all news go out.
    pub(super) fn make_all_loud(&mut self) {
        self.make_due_loud(Duration::MAX);
    }

    /// Some events tell the members of several rooms something, by way of whichever room most of them
    /// share (`carrier`), or one by one: they must not overtake what the same people are still to hear
    /// in the other rooms.
    pub(super) fn seal_before(&mut self, kind: &EventKind, carrier: Option<RoomId>) {
        match kind {
            EventKind::Quit { .. } => {
                for room_id in mem::take(&mut self.left_rooms) {
                    if Some(room_id) != carrier {
                        self.seal_room(room_id);
                    }
                }
            }
            // Which rooms these are is not known here, and they are rare.
            EventKind::NickChanged { .. }
            | EventKind::AwayChanged { .. }
            | EventKind::AccountChanged { .. }
            | EventKind::People(People::RealName { .. })
            | EventKind::RuleAdded { .. }
            | EventKind::RuleEnded { .. }
            | EventKind::Notice { room: None, .. } => {
                self.make_all_loud();
                self.seal_loud_rooms();
            }
            // They are frequent: who watches many, or sets a value again and again, must not undo what rooms gather.
            // So they may come a moment before older news of a room.
            EventKind::People(
                People::Wallops { .. }
                | People::Came { .. }
                | People::Went { .. }
                | People::Metadata { .. },
            )
            | EventKind::Message { .. }
            | EventKind::Private { .. }
            | EventKind::Tagged { .. }
            | EventKind::Edited { .. }
            | EventKind::Deleted { .. }
            | EventKind::MarkedRead { .. }
            | EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::TopicChanged { .. }
            | EventKind::Kicked { .. }
            | EventKind::RoleChanged { .. }
            | EventKind::RoomChanged { .. }
            | EventKind::RoomRenamed { .. }
            | EventKind::Invited { .. }
            | EventKind::InviteNoticed { .. }
            | EventKind::ToStatus { .. }
            | EventKind::NickRegistered { .. }
            | EventKind::Notice { room: Some(_), .. } => {}
        }
    }

    /// Gives each member of each room in which something was said its share.
    pub(super) fn seal_loud_rooms(&mut self) {
        for room_id in mem::take(&mut self.loud_rooms) {
            self.seal_room(room_id);
        }
    }

    /// Gives each member of a room its share of what is new, if anything is. The room may stay in the
    /// lists: it is found without news there.
    pub(super) fn seal_room(&mut self, room_id: RoomId) {
        let Some(room) = self.rooms.get_mut(room_id.0 as usize) else {
            return;
        };
        self.quiet_bytes -= mem::take(&mut room.quiet_bytes);
        let shards = &mut self.shards;
        self.counters.deliveries += room.seal(|share, slots| {
            if !slots.is_empty() {
                shards.share(share, slots);
            }
        });
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
        | EventKind::AccountChanged { .. }
        | EventKind::People(_)
        | EventKind::Message { .. }
        | EventKind::Private { .. }
        | EventKind::Tagged { .. }
        | EventKind::Edited { .. }
        | EventKind::Deleted { .. }
        | EventKind::MarkedRead { .. }
        | EventKind::TopicChanged { .. }
        | EventKind::Kicked { .. }
        | EventKind::RoleChanged { .. }
        | EventKind::RoomChanged { .. }
        | EventKind::RoomRenamed { .. }
        | EventKind::RuleAdded { .. }
        | EventKind::RuleEnded { .. }
        | EventKind::Invited { .. }
        | EventKind::InviteNoticed { .. }
        | EventKind::ToStatus { .. }
        | EventKind::NickRegistered { .. }
        | EventKind::Notice { .. } => false,
    }
}

/// How long news of who came and went waits for more. Giving it to a room's members costs 5 µs each:
/// so it takes a tenth of the time at most, in a room of up to 4000, however many come and go.
const QUIET_DELAY_PER_MEMBER: Duration = Duration::from_micros(50);
/// Also in a small room, where it costs little, some come together.
const QUIET_DELAY_MIN: Duration = Duration::from_millis(5);
/// People should not see it.
const QUIET_DELAY_MAX: Duration = Duration::from_millis(200);

//! Who hears an event: a whole room by its buffer, some sessions by a slice of their own, and whoever brought it
//! about, where its dialect wants that apart. Rendered once for each dialect that is heard.

use bytes::Bytes;
use smallvec::SmallVec;

use super::core::Core;
use crate::daemon::protocol::{self, Dialect};
use crate::hub::event::{Event, EventKind};
use crate::hub::id::{RoomId, SessionId};

impl Core {
    pub(super) fn tell_room(
        &mut self,
        room_id: RoomId,
        event: &Event,
        except: &[SessionId],
        unechoed: Option<SessionId>,
    ) {
        self.count(event);
        if matches!(event.kind, EventKind::Message { .. }) {
            self.note_speech(room_id);
        }
        self.seal_before(&event.kind, Some(room_id));
        let Some(room) = self.rooms.get_mut(room_id.0 as usize) else {
            return;
        };
        let apart = self.own.as_ref().map(|own| own.session);
        let apart = apart.filter(|it| Some(*it) != unechoed && !except.contains(it));
        let mut bytes = 0;
        let mut tells_apart = false;
        for place in 0.. {
            let Some(dialect) = room.dialect_at(place) else {
                break;
            };
            let speaks_it = |session: &SessionId| {
                let connection = self.connections.get(session.slot as usize);
                connection.is_some_and(|it| it.dialect == Some(dialect))
            };
            let except = except.iter().filter(|it| speaks_it(it));
            let except: Vec<u32> = except.map(|session| session.slot).collect();
            let mut unechoed = unechoed.filter(speaks_it).map(|it| it.slot);
            if let Some(apart) = apart.filter(speaks_it)
                && room.has(dialect, apart.slot)
            {
                unechoed = Some(apart.slot);
                tells_apart = true;
            }
            bytes += room.append(dialect, &except, unechoed, |out| {
                protocol::render_event(dialect, &self.facts, event, out);
            });
        }
        if bytes > 0 {
            self.note_news(room_id, &event.kind, bytes);
        }
        if tells_apart && let Some(apart) = apart {
            // The hub may have it out of the room by now: this may be its leave.
            self.catch_up_in(room_id, apart);
            self.tell_own(event);
        }
        if matches!(event.kind, EventKind::RoomRenamed { .. }) {
            self.tell_renamed(room_id, event);
        }
    }

    pub(super) fn tell_sessions(&mut self, sessions: &[SessionId], event: &Event) {
        self.count(event);
        let is_private = matches!(event.kind, EventKind::Private { .. });
        let is_behind = is_private && self.has_spoken();
        self.seal_before(&event.kind, None);
        if is_behind {
            self.seal_loud_rooms();
        }
        let apart = self.own.as_ref().map(|own| own.session);
        let mut hearers: SmallVec<[(Dialect, Vec<u32>); 2]> = SmallVec::new();
        for &session in sessions {
            if Some(session) == apart {
                continue;
            }
            let Some(dialect) = self.open(session).and_then(|it| it.dialect) else {
                continue;
            };
            match hearers.iter_mut().find(|(its, _)| *its == dialect) {
                Some((_, slots)) => slots.push(session.slot),
                None => hearers.push((dialect, vec![session.slot])),
            }
        }
        for (dialect, slots) in hearers {
            let mut out = Vec::new();
            protocol::render_event(dialect, &self.facts, event, &mut out);
            self.turn_bytes += out.len();
            self.counters.deliveries += slots.len() as u64;
            match (is_private, is_behind) {
                (true, true) => slots.iter().for_each(|&it| self.shards.send_last(it, &out)),
                (true, false) => slots.iter().for_each(|&it| self.shards.send(it, &out)),
                (false, _) => self.shards.share(Bytes::from(out).into(), &slots),
            }
        }
        if apart.is_some_and(|apart| sessions.contains(&apart)) {
            self.tell_own(event);
        }
    }

    /// Tells the session whose request is being carried out of what came of it.
    fn tell_own(&mut self, event: &Event) {
        let Some(own) = self.own.clone() else {
            return;
        };
        let mut out = Vec::new();
        if let Some(connection) = self
            .connections
            .get_mut(own.session.slot as usize)
            .filter(|it| it.session == own.session && !it.is_closing)
        {
            let (facts, request) = (&self.facts, own.request.as_ref());
            connection
                .protocol
                .tell_own(facts, request, event, &mut out);
        }
        self.push_own(own.session, &out);
    }

    /// Notes that the session that is being heard speaks in a room. What it has said in another one
    /// goes out first.
    fn note_speech(&mut self, room_id: RoomId) {
        let turn = self.turn;
        let Some(speaker) = self.connection(self.speaker) else {
            return;
        };
        let before = (speaker.spoke_in == turn).then_some(speaker.spoke_to);
        speaker.spoke_in = turn;
        speaker.spoke_to = room_id;
        if let Some(other) = before.filter(|&other| other != room_id) {
            self.seal_room(other);
        }
    }

    /// Whether what the session that is being heard said in a room may not have left yet: what it
    /// says to one user must not overtake that.
    fn has_spoken(&mut self) -> bool {
        let turn = self.turn;
        let speaker = self.speaker;
        let spoke_in = self.connection(speaker).map_or(0, |it| it.spoke_in);
        spoke_in == turn || (spoke_in + 1 == turn && self.shards.is_flushing())
    }

    fn count(&mut self, event: &Event) {
        match event.kind {
            EventKind::Message { .. } | EventKind::Private { .. } => self.counters.messages += 1,
            EventKind::Tagged { .. }
            | EventKind::Edited { .. }
            | EventKind::Deleted { .. }
            | EventKind::MarkedRead { .. }
            | EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::Quit { .. }
            | EventKind::NickChanged { .. }
            | EventKind::TopicChanged { .. }
            | EventKind::AwayChanged { .. }
            | EventKind::AccountChanged { .. }
            | EventKind::NickRegistered { .. }
            | EventKind::Kicked { .. }
            | EventKind::RoleChanged { .. }
            | EventKind::RoomChanged { .. }
            | EventKind::RoomRenamed { .. }
            | EventKind::RuleAdded { .. }
            | EventKind::RuleEnded { .. }
            | EventKind::Invited { .. }
            | EventKind::People(_)
            | EventKind::InviteNoticed { .. }
            | EventKind::ToStatus { .. }
            | EventKind::Notice { .. } => {}
        }
    }
}

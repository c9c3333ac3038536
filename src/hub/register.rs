//! What the registry keeps of how order is kept, and what it gives back at a start.

use std::collections::BTreeSet;
use std::time::Duration;

use super::change::{Change, CharterChange};
use super::charter::is_record_set;
use super::decide::share::share_of_guests;
use super::history::Keeping;
use super::id::RoomId;
use super::moderate::UNREGISTERED_MAX;
use super::moderation::room::{CharterRecord, RoomSettings};
use super::moderation::rule::Rule;
use super::name::RoomName;
use super::output::{Audit, Output, RegistryRecord};
use super::state::CHARTERS_MAX;
use super::turn::Turn;

/// A room that is about to close.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) room: RoomName,
    /// Whether the registry has it.
    pub(super) is_written: bool,
}

impl Turn<'_> {
    /// Has the registry keep what is set about a room, or forget it when there is nothing any more that would
    /// keep the room open; and closes it when nobody is in it then.
    pub(super) fn write_charter(&mut self, room: RoomId, has_changed: bool) {
        // Anybody may open rooms and set topics, so while the registry writes nothing no more are given to it.
        let has_room_for_more = self.hub.unregistered < UNREGISTERED_MAX;
        let state = &mut self.hub.state;
        let charter = &state.room(room).charter;
        let was_written = charter.is_written;
        // Who owns a room that stays for its topic should own it after a restart too.
        let places = share_of_guests(CHARTERS_MAX);
        let has_place = was_written || has_room_for_more && state.written_rooms < places;
        let is_topic_kept = state.room(room).topic.is_some() && self.hub.keeping != Keeping::Off;
        let has_owner_to_keep = is_topic_kept && !charter.roles.is_empty();
        let is_written = state.is_chartered(room) || has_owner_to_keep && has_place;
        let name = state.room(room).name.clone();
        if is_written != was_written || is_written && has_changed {
            let record = if is_written {
                RegistryRecord::Charter(state.room(room).charter.record(name.clone()))
            } else {
                RegistryRecord::CharterGone(name.clone())
            };
            state.apply(Change::Charter(CharterChange::Written { room, is_written }));
            self.register(record);
        }
        self.hub.state.apply(Change::CloseIfIdle { room });
        if self.hub.state.room_named(&name).is_none() {
            self.audit(Audit::RoomClosed { room: name });
        }
    }

    /// A room has closed with its last member.
    pub(super) fn closed(&mut self, closing: Closing) {
        let Closing { room, is_written } = closing;
        if is_written {
            self.register(RegistryRecord::CharterGone(room.clone()));
        }
        self.audit(Audit::RoomClosed { room });
    }

    pub(super) fn register(&mut self, record: RegistryRecord) {
        self.hub.unregistered += 1;
        self.outputs.push(Output::Register(record));
    }

    /// The registry has so many more.
    pub(super) fn registered_records(&mut self, records: usize) {
        self.hub.unregistered = self.hub.unregistered.saturating_sub(records);
        self.hub.renamings.written(records);
        self.forget_former_names();
    }

    /// What the registry has kept from before this start.
    pub(super) fn chartered(&mut self, charters: Vec<CharterRecord>, rules: Vec<Rule>) {
        let state = &mut self.hub.state;
        let ruled: BTreeSet<&RoomName> = rules.iter().filter_map(|it| it.room.as_ref()).collect();
        for charter in charters {
            let room = &charter.room;
            let is_kept = is_record_set(&charter) || ruled.contains(room);
            if is_kept || state.room_named(room).is_some() {
                state.apply(Change::Charter(CharterChange::Kept(charter)));
            } else {
                self.hub.topic_owners.push(charter);
            }
        }
        for rule in rules {
            // Where a rule holds, the room is there.
            if let Some(room) = &rule.room
                && state.room_named(room).is_none()
            {
                let charter = CharterRecord {
                    room: room.clone(),
                    settings: RoomSettings::default(),
                    roles: Vec::new(),
                };
                state.apply(Change::Charter(CharterChange::Kept(charter)));
            }
            let left = rule
                .until
                .map(|until| until.0.saturating_sub(self.now.unix.0));
            let end = left.map(|left| self.now.uptime + Duration::from_millis(left));
            state.apply(Change::Charter(CharterChange::RuleAdded { rule, end }));
        }
    }

    /// Who owns a room that is there for its topic, now that it is known which are. The others are forgotten.
    pub(super) fn restore_topic_owners(&mut self) {
        for charter in std::mem::take(&mut self.hub.topic_owners) {
            if self.hub.state.room_named(&charter.room).is_some() {
                let kept = CharterChange::Kept(charter);
                self.hub.state.apply(Change::Charter(kept));
            } else {
                self.register(RegistryRecord::CharterGone(charter.room));
            }
        }
    }
}

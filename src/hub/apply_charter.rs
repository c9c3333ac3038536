//! How what is set about rooms changes, and the rules: the part of `apply` that keeps order.

use super::change::CharterChange;
use super::charter::INVITED_MAX;
use super::id::{RoomId, UserId};
use super::moderation::room::CharterRecord;
use super::permission::RoomRole;
use super::state::State;

impl State {
    /// Takes one change in.
    pub(super) fn apply_charter(&mut self, change: CharterChange) {
        match change {
            CharterChange::Kept(record) => self.keep_charter(record),
            CharterChange::Written { room, is_written } => {
                let before = &mut self.room_mut(room).charter.is_written;
                let change = isize::from(is_written) - isize::from(*before);
                *before = is_written;
                self.written_rooms = self.written_rooms.saturating_add_signed(change);
            }
            CharterChange::Renamed { room, name } => {
                let before = self.room(room).name.clone();
                self.rules.rename_room(&before, &name);
                self.rooms.rename(room.0, name);
            }
            CharterChange::Opened { room, by } => self.found(room, by),
            CharterChange::Set { room, change } => {
                let charter = &mut self.room_mut(room).charter;
                charter.settings.apply(change);
                if charter.settings.slow_mode.is_none() {
                    charter.spoke.clear();
                }
            }
            CharterChange::RoleSet {
                room,
                owner,
                nick,
                standing,
            } => {
                let charter = &mut self.room_mut(room).charter;
                charter.set_standing(owner, nick, standing);
            }
            CharterChange::Invited { room, owner } => {
                let invited = &mut self.room_mut(room).charter.invited;
                invited.retain(|&other| other != owner);
                if invited.len() >= INVITED_MAX {
                    invited.remove(0);
                }
                invited.push(owner);
            }
            CharterChange::Inherited { room, from, to } => {
                self.room_mut(room).charter.inherit(from, to);
            }
            CharterChange::Spoke { room, owner, at } => {
                let room = self.room_mut(room);
                room.charter.note_speech(owner, room.members.len(), at);
            }
            CharterChange::RuleAdded { rule, end } => self.rules.add(rule, end),
            CharterChange::RuleRemoved { rule } => {
                self.rules.remove(rule);
            }
        }
    }

    fn found(&mut self, room: RoomId, by: UserId) {
        let owner = self.owner_of(by);
        let nick = self.user(by).nick.clone();
        let charter = &mut self.room_mut(room).charter;
        charter.roles.insert(owner, (RoomRole::Owner, nick));
    }

    fn keep_charter(&mut self, record: CharterRecord) {
        let room = match self.room_named(&record.room) {
            Some(room) => room,
            None => {
                self.vacant_rooms += 1;
                self.open(record.room)
            }
        };
        let charter = &mut self.room_mut(room).charter;
        charter.settings = record.settings;
        let roles = record.roles.into_iter();
        charter.roles = roles.map(|it| (it.owner, (it.role, it.nick))).collect();
        charter.voiced.clear();
        if !std::mem::replace(&mut charter.is_written, true) {
            self.written_rooms += 1;
        }
    }
}

//! What the log says of those who keep order. Names and subjects are all that it has of what users wrote: no
//! reasons, no keys, no words.

use tracing::{field, info};

use super::core::Core;
use crate::hub::id::SessionId;
use crate::hub::moderation::rule::Rule;
use crate::hub::output::Deed;
use crate::hub::permission::RoomRole;

impl Core {
    /// `session` is `None` for the admin socket, whose own log line says who was there, and for the clock.
    pub(super) fn log_deed(&mut self, session: Option<SessionId>, deed: &Deed) {
        let by = session
            .and_then(|session| self.open(session))
            .and_then(|connection| connection.nick.clone());
        let by = by.map(field::display);
        let session = session.map(field::display);
        match deed {
            Deed::Kicked { room, nick } => {
                let room = room.as_ref().map(field::display);
                info!(target: TARGET, session, by, room, %nick, "kicked");
            }
            Deed::RuleAdded(rule) => {
                let Rule {
                    room,
                    effect,
                    subject,
                    until,
                    ..
                } = rule;
                let room = room.as_ref().map(field::display);
                let (effect, until) = (effect.name(), until.map(|until| until.0));
                info!(target: TARGET, session, by, room, effect, %subject, until, "rule added");
            }
            Deed::RuleEnded { rule, has_expired } => {
                let Rule {
                    room,
                    effect,
                    subject,
                    ..
                } = rule;
                let (room, effect) = (room.as_ref().map(field::display), effect.name());
                info!(target: TARGET, session, by, room, effect, %subject, has_expired, "rule ended");
            }
            Deed::RoleSet { room, nick, role } => {
                let role = role.map_or("none", RoomRole::name);
                info!(target: TARGET, session, by, %room, %nick, role, "role set");
            }
            Deed::RoomRenamed { room, to } => {
                info!(target: TARGET, session, by, %room, %to, "room renamed");
            }
            Deed::RoomSet {
                room,
                setting,
                value,
            } => info!(target: TARGET, session, by, %room, setting, %value, "room set"),
        }
    }
}

const TARGET: &str = "chatd::moderation";

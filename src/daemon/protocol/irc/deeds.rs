//! What is set about a room, rules, roles and invitations, as lines for everybody with the same look, and what became of
//! a `MODE` line for whoever wrote it.

use smol_str::SmolStr;

use super::event::Telling;
use super::modes::{self, Change};
use super::write::{push_params, push_text};
use super::{Look, one_line};
use crate::daemon::protocol::stamp::Stamp;
use crate::daemon::protocol::{Facts, moderation};
use crate::hub::event::{Event, EventKind};
use crate::hub::name::{Nick, RoomName};

/// What became of a `MODE` line, for whoever has written it.
pub(super) fn render_modes(
    look: Look,
    facts: &Facts,
    event: &Event,
    changes: &[Change],
    out: &mut Vec<u8>,
) {
    let stamp = Stamp::of(event);
    let mut telling = Telling {
        look,
        facts,
        event,
        stamp,
        batch: None,
        out,
    };
    telling.modes(changes);
}

impl Telling<'_> {
    pub(super) fn invite(&mut self, by: &Nick, nick: &Nick, room: &RoomName) {
        self.head(by, "INVITE", None);
        push_params(&[nick.as_str(), room.as_str()], self.out);
        self.end();
    }

    /// What is set about a room, a rule or a role, as modes; in words where there is no letter for it.
    pub(super) fn modes(&mut self, changes: &[Change]) {
        let kind = &self.event.kind;
        let (room, by) = if let EventKind::RoleChanged { room, by, .. }
        | EventKind::RoomChanged { room, by, .. } = kind
        {
            (Some(room), by)
        } else if let EventKind::RuleAdded { rule } = kind {
            (rule.room.as_ref(), &rule.by)
        } else if let EventKind::RuleEnded { rule, by } = kind {
            (rule.room.as_ref(), by)
        } else {
            return;
        };
        let target = room.map_or("*", |room| room.as_str());
        if changes.is_empty() {
            if let Some(text) = moderation::told(kind, self.event.at) {
                self.head_by(None, "NOTICE");
                push_params(&[target], self.out);
                push_text(&one_line(&text), self.out);
            }
            return;
        }
        for words in modes::lines(changes) {
            self.head_by(by.as_ref(), "MODE");
            push_params(&[target], self.out);
            let words: Vec<&str> = words.iter().map(SmolStr::as_str).collect();
            push_params(&words, self.out);
            self.end();
        }
    }
}

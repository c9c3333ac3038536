//! A room that is called otherwise from now on, for clients that know no word for that: they see themselves leave it
//! and enter another, as draft/channel-rename has it.

use super::answer::Answering;
use super::caps::Cap;
use super::context::Context;
use super::write::{Head, Source, push_fitting_text, push_joined, push_params};
use super::{Facts, Incoming, Session};
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::command::{Command, Survey};
use crate::hub::event::{Event, EventKind};
use crate::hub::output::RoomCard;

/// Sessions in a room of which each is still told who is there. In a larger one that would be the work of a moment in
/// which nobody else is served, and clients can ask.
const NAMES_HEARERS_MAX: u32 = 250;

impl Session {
    /// A room that the session hears, with so many others, has another name.
    pub(in crate::daemon::protocol) fn room_renamed(
        &mut self,
        facts: &Facts,
        event: &Event,
        hearers: u32,
        out: &mut Vec<u8>,
        incoming: &mut Vec<Incoming>,
    ) {
        let EventKind::RoomRenamed {
            room, to, reason, ..
        } = &event.kind
        else {
            return;
        };
        // To a client these are one name.
        let is_same = room.as_str().eq_ignore_ascii_case(to.as_str());
        if self.caps.has(Cap::ChannelRename) || is_same || !self.is_registered() {
            return;
        }
        let begin = out.len();
        self.own_head(facts, event, "PART", out);
        push_params(&[room.as_str()], out);
        let reason = reason.as_deref().unwrap_or("Channel renamed");
        push_fitting_text(reason, begin, out);
        let names = hearers <= NAMES_HEARERS_MAX;
        let survey = Survey::Room {
            room: to.clone(),
            members: names,
        };
        let context = Context::Renamed {
            event: Box::new(event.clone()),
            names,
        };
        incoming.push(Incoming::FollowUp {
            request: self.pending.add(None, context),
            command: Command::Survey(survey),
        });
    }

    /// The beginning of a line that tells what the client itself does.
    fn own_head(&self, facts: &Facts, event: &Event, verb: &str, out: &mut Vec<u8>) {
        let head = Head {
            caps: self.caps.look().caps,
            stamp: &Stamp::of(event),
            has_msgid: false, // it is no line of its own of the room's
            source: Source {
                nick: &self.nick,
                persona: self.persona.as_deref(),
            },
            is_server: false,
            client_tags: None,
            batch: None,
            verb,
        };
        head.write(facts, out);
    }
}

impl Answering<'_> {
    /// The rest of it, as for a room that the client enters: what was said there it has.
    pub(super) fn renamed(&mut self, event: &Event, names: bool, card: &RoomCard) {
        if !card.is_member {
            return; // left meanwhile
        }
        let session = &*self.session;
        session.own_head(self.facts, event, "JOIN", &mut self.lines);
        let (room, persona) = (card.room.as_str(), session.persona.as_deref());
        push_joined(room, persona, session.caps, &mut self.lines);
        self.topic(card);
        if names && self.wants_names() {
            self.names(card);
            self.end_names(Some(card.room.as_str()));
        }
    }
}

//! Telling an audience what has happened: every event gets its id and its moment here.

use std::sync::Arc;

use super::audience::Audience;
use super::event::{Event, EventKind};
use super::id::UserId;
use super::output::Output;
use super::persona::Persona;
use super::turn::Turn;

impl Turn<'_> {
    /// Tells an audience, if there is anybody in it. Every event gets the next id.
    pub(super) fn tell(&mut self, audience: Audience, kind: EventKind) {
        let actor = self.actor_of(&kind);
        self.tell_by(actor, audience, kind);
    }

    /// As [`Self::tell`], of what a user does who is known.
    pub(super) fn tell_of(&mut self, user: UserId, audience: Audience, kind: EventKind) {
        let actor = self.persona_for_event(user);
        self.tell_by(actor, audience, kind);
    }

    /// As [`Self::tell`], of what somebody does who may have gone.
    pub(super) fn tell_by(
        &mut self,
        actor: Option<Arc<Persona>>,
        audience: Audience,
        kind: EventKind,
    ) {
        let Audience {
            room,
            except,
            unechoed,
            sessions,
        } = audience;
        // The default room may be empty.
        let state = &self.hub.state;
        let room = room.filter(|&room| !state.room(room).members.is_empty());
        // Whoever speaks is acknowledged under the id of what they said, though nobody hears it.
        let is_speech = matches!(
            kind,
            EventKind::Message { .. }
                | EventKind::Private { .. }
                | EventKind::ToStatus { .. }
                | EventKind::Tagged { .. }
        );
        let mut sessions = self.without_restricted(sessions, &kind);
        if room.is_none() && sessions.is_empty() && !is_speech {
            return;
        }
        let event = self.stamp(kind, actor);
        sessions.retain(|session| Some(*session) != unechoed);
        let Some(room) = room else {
            self.outputs.push(Output::Sessions { sessions, event });
            return;
        };
        let beside = (!sessions.is_empty()).then(|| event.clone());
        self.outputs.push(Output::Room {
            room,
            event,
            except,
            unechoed,
        });
        if let Some(event) = beside {
            self.outputs.push(Output::Sessions { sessions, event });
        }
    }

    fn stamp(&mut self, kind: EventKind, actor: Option<Arc<Persona>>) -> Event {
        let at = self.now.unix;
        self.hub.last_message = self.hub.last_message.next(at.0);
        Event {
            at,
            id: self.hub.last_message,
            kind,
            actor,
        }
    }
}

//! What becomes of an operator's command. Every one is answered exactly once, after all that it
//! brought about.

use std::sync::Arc;

use super::audience;
use super::change::Change;
use super::decide::admin::{self, AdminDecision};
use super::decide::moderation::Order;
use super::event::EventKind;
use super::id::RoomId;
use super::input::{AdminCommand, QuitReason};
use super::moderate::By;
use super::output::{Administered, Output};
use super::refusal::Refusal;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn admin(&mut self, command: AdminCommand) {
        let is_too_late = self.hub.stopping && command != AdminCommand::Shutdown;
        let decided = if is_too_late {
            Err(Refusal::ShuttingDown)
        } else {
            admin::decide(self.facts(), command)
        };
        let result = decided.and_then(|decision| match decision {
            AdminDecision::Moderate(Order::Rename(new)) => self.rename_room_by_admin(new),
            AdminDecision::Moderate(order) => {
                let moderated = self.moderate(By(None), order)?;
                Ok(Administered::Moderated(moderated))
            }
            AdminDecision::Announce { room, text } => Ok(self.announce(room, text)),
            AdminDecision::SetTopic { room, text } => {
                self.set_topic(room, None, text);
                Ok(Administered::TopicSet)
            }
            AdminDecision::Shutdown => Ok(self.shut_down()),
        });
        self.outputs.push(Output::Administered(result));
    }

    /// Everybody hears it, those with group chat off too: it is no chat.
    fn announce(&mut self, room: Option<RoomId>, text: Arc<str>) -> Administered {
        let state = &self.hub.state;
        let (audience, name, count) = match room {
            Some(room) => (
                audience::all_of(room),
                Some(state.room(room).name.clone()),
                state.room_sessions(room).count(),
            ),
            None => {
                let everyone = audience::everyone(state);
                let count = everyone.sessions.len();
                (everyone, None, count)
            }
        };
        self.tell(audience, EventKind::Notice { room: name, text });
        Administered::Sessions(count)
    }

    /// Everyone goes at once, so nobody is told who else goes, and no room is said to close.
    fn shut_down(&mut self) -> Administered {
        self.hub.stopping = true;
        let sessions: Vec<_> = self.hub.state.sessions.iter().map(|(id, _)| id).collect();
        let count = sessions.len();
        for session in sessions {
            if let Some(user) = self.hub.state.session(session).and_then(|it| it.user) {
                self.leave_places(session, user);
            }
            self.forget(session);
            let reason = QuitReason::Shutdown;
            self.outputs.push(Output::Close { session, reason });
        }
        while let Some(&(_, user)) = self.hub.kept_places.first() {
            self.forget_place(user);
            self.hub.state.apply(Change::Gone { user });
        }
        Administered::Sessions(count)
    }
}

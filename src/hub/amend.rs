//! Changing what was said, once the store has told whose it is and where it was said: its author may, and whoever
//! keeps order in a room may take away what others have said there.

use std::sync::Arc;

use super::ask::Purpose;
use super::audience::{self, Audience};
use super::decide::Asker;
use super::event::{EventKind, EventPlace};
use super::history::{Aside, Partner, Place, RecordKind, Stored};
use super::id::{RoomId, SessionId, UserId};
use super::permission::Action;
use super::refusal::Refusal;
use super::turn::Turn;

impl Turn<'_> {
    /// Changes a message, if the user may and could say it there now.
    pub(super) fn change(
        &mut self,
        session: SessionId,
        user: UserId,
        stored: &Stored,
        purpose: &Purpose,
    ) -> Result<(), Refusal> {
        let (audience, place) = match &stored.place {
            Place::Room(_) => self.change_in_room(session, user, stored, purpose)?,
            Place::User { .. } => self.change_privately(session, user, stored, purpose)?,
        };
        let from = self.hub.state.user(user).nick.clone();
        let message = stored.id;
        let (event, record) = match purpose {
            Purpose::Edit(text) => (
                EventKind::Edited {
                    place,
                    from,
                    message,
                    text: Arc::clone(text),
                },
                RecordKind::Edited {
                    message,
                    text: Arc::clone(text),
                },
            ),
            Purpose::Delete { reason, .. } => (
                EventKind::Deleted {
                    place,
                    from,
                    message,
                    reason: reason.clone(),
                },
                RecordKind::Deleted { message },
            ),
            Purpose::Page(_)
            | Purpose::Playback(_)
            | Purpose::Conversations
            | Purpose::Mark { .. }
            | Purpose::Search(_)
            | Purpose::Unread
            | Purpose::Resume => unreachable!("a message answers a question for one"),
        };
        self.tell(audience, event);
        self.record(record);
        Ok(())
    }

    fn change_in_room(
        &self,
        session: SessionId,
        user: UserId,
        stored: &Stored,
        purpose: &Purpose,
    ) -> Result<(Audience, EventPlace), Refusal> {
        let Place::Room(name) = &stored.place else {
            return Err(Refusal::NoSuchMessage);
        };
        let asker = Asker::find(self.facts(), session)?;
        let state = &self.hub.state;
        let is_own = stored.from.owner == state.owner_of(user);
        let is_there = |of: &Partner| matches!(of, Partner::Room(room) if room == name);
        let is_meant = match purpose.is_deletion() {
            true => purpose.aim().is_none_or(is_there),
            false => is_own,
        };
        let room = state.room_named(name);
        let room = room.filter(|&room| state.user(user).is_in(room));
        if !is_meant || !can_change(stored, purpose) {
            return Err(Refusal::NoSuchMessage);
        }
        let room = match room {
            Some(room) => room,
            None if is_own => return Err(Refusal::NotInRoom(name.clone())),
            None => return Err(Refusal::NoSuchMessage),
        };
        if !is_own {
            self.may_delete(user, room, purpose)?;
        }
        if let Purpose::Edit(text) = purpose {
            asker.may_be_read_in(room, text)?;
        }
        let audience = match is_own {
            true => audience::speech(state, user, room),
            // Whoever has heard it hears that it is gone.
            false => audience::all_of(room),
        };
        Ok((audience, EventPlace::Room(name.clone())))
    }

    /// What somebody else has said in a room where the user is.
    fn may_delete(&self, user: UserId, room: RoomId, purpose: &Purpose) -> Result<(), Refusal> {
        let action = Action::DeleteOthers;
        if self.hub.state.role_in(user, room).may(action) {
            return Ok(());
        }
        // Whoever does not say where it is has no right to learn that it is there.
        let needs = action.needs();
        Err(match purpose.aim() {
            Some(_) => Refusal::NotPermitted { needs },
            None => Refusal::NoSuchMessage,
        })
    }

    fn change_privately(
        &self,
        session: SessionId,
        user: UserId,
        stored: &Stored,
        purpose: &Purpose,
    ) -> Result<(Audience, EventPlace), Refusal> {
        let Place::User { to, is_unheard } = &stored.place else {
            return Err(Refusal::NoSuchMessage);
        };
        let asker = Asker::find(self.facts(), session)?;
        let state = &self.hub.state;
        let own = state.owner_of(user);
        let is_meant = purpose.aim().is_none_or(|of| match of {
            Partner::User(nick) => *nick == to.nick || *nick == stored.from.nick,
            Partner::Room(_) => false,
        });
        if !is_meant || !can_change(stored, purpose) {
            return Err(Refusal::NoSuchMessage);
        }
        if stored.from.owner != own {
            let has_heard = to.owner == own && !is_unheard;
            let needs = Action::RuleServer.needs();
            return Err(match purpose.aim() {
                Some(_) if has_heard => Refusal::NotPermitted { needs },
                Some(_) | None => Refusal::NoSuchMessage,
            });
        }
        if let Purpose::Edit(text) = purpose {
            asker.may_say(text)?;
        }
        let recipient = state.user_named(&to.nick);
        let recipient = recipient.filter(|&it| state.owner_of(it) == to.owner && !is_unheard);
        let audience = audience::private(state, user, recipient.unwrap_or(user));
        Ok((audience, EventPlace::User(to.nick.clone())))
    }
}

/// Whether there is still something to change; tags can be taken away, but not be given another text.
fn can_change(stored: &Stored, purpose: &Purpose) -> bool {
    let fits = match stored.aside {
        None => true,
        Some(Aside::Tagged) => purpose.is_deletion(),
        Some(Aside::TopicSet) => false,
    };
    fits && stored.text.is_some()
}

impl Purpose {
    fn is_deletion(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    /// Where the message must be that is to be deleted, if that was said.
    fn aim(&self) -> Option<&Partner> {
        if let Self::Delete { of, .. } = self {
            of.as_ref()
        } else {
            None
        }
    }
}

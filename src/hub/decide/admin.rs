//! What operators may: everything that is possible, and kept where it must be. Who is an operator is for the admin socket.

use std::sync::Arc;

use super::moderation::{self, Moderator, Order};
use super::{Facts, text};
use crate::hub::id::RoomId;
use crate::hub::input::AdminCommand;
use crate::hub::name::RoomName;
use crate::hub::refusal::Refusal;
use crate::hub::state::State;

/// An [`AdminCommand`] with all names resolved.
#[derive(Debug)]
pub(in crate::hub) enum AdminDecision {
    Moderate(Order),
    Announce {
        room: Option<RoomId>,
        text: Arc<str>,
    },
    SetTopic {
        room: RoomId,
        text: Arc<str>,
    },
    Shutdown,
}

/// Decides one command of an operator.
pub(in crate::hub) fn decide(
    facts: Facts<'_>,
    command: AdminCommand,
) -> Result<AdminDecision, Refusal> {
    let Facts {
        state, settings, ..
    } = facts;
    match command {
        AdminCommand::Moderate(request) => {
            moderation::decide(facts, Moderator(None), request).map(AdminDecision::Moderate)
        }
        AdminCommand::Announce { room, text } => {
            text::message(&text, settings.message_bytes)?;
            let room = room.map(|name| open_room(state, name)).transpose()?;
            Ok(AdminDecision::Announce { room, text })
        }
        AdminCommand::Topic { room, text } => {
            text::line(&text, settings.topic_bytes)?;
            let room = open_room(state, room)?;
            facts.may_be_heard()?;
            Ok(AdminDecision::SetTopic { room, text })
        }
        AdminCommand::Shutdown => Ok(AdminDecision::Shutdown),
    }
}

fn open_room(state: &State, name: RoomName) -> Result<RoomId, Refusal> {
    let room = state.room_named(&name);
    room.ok_or(Refusal::NoSuchRoom(name))
}

//! Entering and leaving rooms. A user is in a room with all sessions or with none.

use std::sync::Arc;

use super::{Asker, Decision, text};
use crate::hub::name::RoomName;
use crate::hub::refusal::Refusal;

pub(super) fn join(asker: &Asker<'_>, name: RoomName) -> Result<Decision, Refusal> {
    let (settings, state) = (asker.settings, asker.state);
    match state.room_named(&name) {
        Some(room) if asker.user.is_in(room) => return Err(Refusal::AlreadyInRoom(name)),
        Some(room) if !state.is_vacant(room) => {}
        Some(_) | None if state.occupied_rooms() >= settings.max_rooms => {
            let max = settings.max_rooms;
            return Err(Refusal::ServerRoomsFull { max });
        }
        Some(_) | None => {}
    }
    let max = settings.rooms_per_user;
    if asker.user.places.len() >= max {
        return Err(Refusal::TooManyRooms { max });
    }
    Ok(Decision::Enter(name))
}

pub(super) fn part(
    asker: &Asker<'_>,
    name: RoomName,
    reason: Option<Arc<str>>,
) -> Result<Decision, Refusal> {
    let room = asker.own_room(name)?;
    text::optional_line(reason.as_deref(), asker.settings.topic_bytes)?;
    Ok(Decision::Leave { room, reason })
}

//! What members may change about a room.

use std::sync::Arc;

use super::{Asker, Decision, text};
use crate::hub::apply::topic_of;
use crate::hub::name::RoomName;
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;

/// Any member may; the others are not told what they know.
pub(super) fn set_topic(
    asker: &Asker<'_>,
    name: RoomName,
    text: Arc<str>,
) -> Result<Decision, Refusal> {
    let room = asker.own_room(name)?;
    text::line(&text, asker.settings.topic_bytes)?;
    asker.may_be_heard()?;
    if asker.state.room(room).topic == topic_of(&text) {
        return Ok(Decision::Answer(Reply::Done));
    }
    Ok(Decision::SetTopic { room, text })
}

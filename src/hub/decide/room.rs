//! A room's topic.

use std::sync::Arc;

use super::moderation::must_be_able_to;
use super::{Asker, Decision, text};
use crate::hub::apply::topic_of;
use crate::hub::name::RoomName;
use crate::hub::output::Reply;
use crate::hub::permission::Action;
use crate::hub::refusal::Refusal;

/// Any member may, unless it is locked; the others are not told what they know.
pub(super) fn set_topic(
    asker: &Asker<'_>,
    name: RoomName,
    text: Arc<str>,
) -> Result<Decision, Refusal> {
    let room = asker.own_room(name)?;
    text::line(&text, asker.settings.topic_bytes)?;
    asker.may_be_heard()?;
    let action = if asker.state.room(room).charter.settings.topic_locked {
        Action::SetLockedTopic
    } else {
        Action::SetTopic
    };
    must_be_able_to(action, asker.state.role_in(asker.id, room))?;
    asker.may_be_read_in(room, &text)?;
    if asker.state.room(room).topic == topic_of(&text) {
        return Ok(Decision::Answer(Reply::Done));
    }
    Ok(Decision::SetTopic { room, text })
}

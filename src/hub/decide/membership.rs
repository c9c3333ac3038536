//! Entering and leaving rooms. A user is in a room with all sessions or with none.

use std::sync::Arc;

use super::moderation::must_be_able_to;
use super::{Asker, Decision, text};
use crate::hub::id::RoomId;
use crate::hub::moderation::rule::Effect;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::{Action, Role};
use crate::hub::refusal::Refusal;

pub(super) fn join(
    asker: &Asker<'_>,
    name: RoomName,
    key: Option<&str>,
) -> Result<Decision, Refusal> {
    let (settings, state) = (asker.settings, asker.state);
    let max = settings.rooms_per_user;
    let is_full = asker.user.places.len() >= max;
    let found = state.room_named(&name);
    if found.is_some_and(|room| asker.user.is_in(room)) {
        return Err(Refusal::AlreadyInRoom(name));
    }
    let is_vacant = found.is_none_or(|room| state.is_vacant(room));
    if is_vacant && state.occupied_rooms() >= settings.max_rooms {
        let max = settings.max_rooms;
        return Err(Refusal::ServerRoomsFull { max });
    }
    if found.is_none() && asker.renamings.hold(&name) {
        return Err(Refusal::RoomNameHeld(name));
    }
    if is_full {
        return Err(Refusal::TooManyRooms { max });
    }
    if let Some(room) = found {
        may_enter(asker, room, key)?;
    }
    Ok(Decision::Enter(name))
}

/// Whether a room's rules and settings let somebody in who is not there.
pub(super) fn may_enter(asker: &Asker<'_>, id: RoomId, key: Option<&str>) -> Result<(), Refusal> {
    let state = asker.state;
    let room = state.room(id);
    let charter = &room.charter;
    let role = state.role_in(asker.id, id);
    if !role.may(Action::Rule)
        && let Some(ban) = asker.rule_of(Some(&room.name), Effect::Ban)
    {
        return Err(Refusal::Banned(Some(room.name.clone()), ban));
    }
    if role.may(Action::EnterAnyway) {
        return Ok(());
    }
    let is_invited = charter.invited.contains(&asker.owner());
    let settings = &charter.settings;
    if settings.registered_only && state.account_of(asker.id).is_none() {
        return Err(Refusal::RoomForRegistered(room.name.clone()));
    }
    let is_known = is_invited
        || role > Role::Anyone
        || asker.rule_of(Some(&room.name), Effect::Invite).is_some();
    if settings.invite_only && !is_known {
        return Err(Refusal::InviteOnly(room.name.clone()));
    }
    if settings.key.is_some() && settings.key.as_deref() != key && !is_invited {
        return Err(Refusal::BadRoomKey(room.name.clone()));
    }
    if let Some(max) = settings.members_max
        && room.members.len() >= max as usize
        && !is_invited
    {
        let room = room.name.clone();
        return Err(Refusal::RoomFull { room, max });
    }
    if let Some(wait) = charter.join_wait(asker.now.uptime) {
        let retry_after_ms = super::millis(wait);
        return Err(Refusal::JoinsThrottled { retry_after_ms });
    }
    Ok(())
}

pub(super) fn part(
    asker: &Asker<'_>,
    name: RoomName,
    reason: Option<Arc<str>>,
) -> Result<Decision, Refusal> {
    let room = asker.own_room(name)?;
    text::optional_line(reason.as_deref(), asker.settings.topic_bytes)?;
    let reason = reason.filter(|text| asker.may_be_read_in(room, text).is_ok());
    Ok(Decision::Leave { room, reason })
}

/// Members call others. Whom those call who keep order may come in once, whatever is set about the room by
/// then.
pub(super) fn invite(asker: &Asker<'_>, name: RoomName, nick: Nick) -> Result<Decision, Refusal> {
    let room = asker.own_room(name.clone())?;
    let user = asker.user_named(nick.clone())?;
    asker.may_say("")?; // the name of a room may say a lot
    if asker.state.user(user).is_in(room) {
        return Err(Refusal::UserInRoom(nick, name));
    }
    let settings = &asker.state.room(room).charter.settings;
    let action = if settings.is_closed() {
        Action::InviteIntoClosed
    } else {
        Action::Invite
    };
    let role = asker.state.role_in(asker.id, room);
    must_be_able_to(action, role)?;
    let opens = role.may(Action::InviteIntoClosed);
    Ok(Decision::Invite { room, user, opens })
}

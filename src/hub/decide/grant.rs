//! Giving roles and taking them: as such, or as what IRC shows of them.

use super::moderation::{Moderator, Order};
use super::share::must_have_charter;
use crate::hub::charter::ROLES_MAX;
use crate::hub::history::OwnerId;
use crate::hub::id::{RoomId, UserId};
use crate::hub::moderation::request::Moderated;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::{Action, RoomRole, Standing, Status};
use crate::hub::refusal::Refusal;
use crate::hub::state::State;

/// What somebody is to be in a room.
#[derive(Debug)]
pub(in crate::hub) struct Granting {
    pub(in crate::hub) room: RoomId,
    pub(in crate::hub) owner: OwnerId,
    pub(in crate::hub) nick: Nick,
    pub(in crate::hub) before: Standing,
    pub(in crate::hub) after: Standing,
}

/// Gives somebody who is here a role; a role is taken also from who is not.
pub(super) fn grant(
    state: &State,
    by: Moderator,
    room: RoomName,
    nick: Nick,
    role: Option<RoomRole>,
) -> Result<Order, Refusal> {
    let room = by.room(state, room)?;
    let roles = &state.room(room).charter.roles;
    let present = state.user_named(&nick).map(|user| state.owner_of(user));
    // A role is taken also from who is not here, although somebody else is called so now.
    let is_meant = |owner: &OwnerId| role.is_some() || roles.contains_key(owner);
    let named = roles.iter().find(|(_, (_, named))| *named == nick);
    let listed = named.map(|(&owner, _)| owner).filter(|_| role.is_none());
    let owner = present.filter(is_meant).or(listed).or(present);
    let owner = owner.ok_or_else(|| Refusal::NoSuchUser(nick.clone()))?;
    let before = state.room(room).charter.standing_of(owner);
    // Who has the role already may be voiced beside it, and stays so.
    let is_voiced = before.is_voiced && before.role == role;
    let after = Standing { role, is_voiced };
    let granting = Granting {
        room,
        owner,
        nick,
        before,
        after,
    };
    give(state, by, granting)
}

/// As [`grant`], of those who are in the room; and taken also from who is not.
pub(super) fn set_status(
    state: &State,
    by: Moderator,
    room: RoomName,
    nick: Nick,
    status: Status,
    on: bool,
) -> Result<Order, Refusal> {
    let id = by.room(state, room.clone())?;
    let user = state.user_named(&nick);
    if by.0.is_none() || user != by.0 {
        // Before it is told who is there.
        by.must_be_able_to(Action::GrantVoice, state, Some(id))?;
    }
    let charter = &state.room(id).charter;
    let has_gone = |user: UserId| {
        let had = charter.standing_of(state.owner_of(user));
        !state.user(user).is_in(id) && (on || had.role.is_none())
    };
    let owner = match user {
        Some(user) if has_gone(user) => return Err(Refusal::UserNotInRoom(nick, room)),
        Some(user) => state.owner_of(user),
        None => {
            let mut roles = charter.roles.iter();
            let named = roles.find(|(_, (_, named))| !on && *named == nick);
            *named.ok_or_else(|| Refusal::NoSuchUser(nick.clone()))?.0
        }
    };
    let before = charter.standing_of(owner);
    let granting = Granting {
        room: id,
        owner,
        nick,
        before,
        after: before.with(status, on),
    };
    give(state, by, granting)
}

/// Whether somebody may be given a standing.
fn give(state: &State, by: Moderator, granting: Granting) -> Result<Order, Refusal> {
    let Granting {
        room,
        owner,
        before,
        after,
        ..
    } = granting;
    let is_own = by.0.is_some_and(|user| state.owner_of(user) == owner);
    let steps_down = is_own && after.role < before.role;
    if after.role != before.role && !steps_down {
        for role in after.role.into_iter().chain(before.role) {
            by.must_be_able_to(role.grant(), state, Some(room))?;
        }
    }
    if after.role == before.role {
        // Nobody who has no role learns who has one by asking to take it away.
        by.must_be_able_to(Action::GrantVoice, state, Some(room))?;
    }
    if after == before {
        return Ok(Order::Answer(Moderated::Done { sessions: 0 }));
    }
    if after.role.is_some() {
        let roles = &state.room(room).charter.roles;
        if before.role.is_none() && roles.len() >= ROLES_MAX {
            return Err(Refusal::TooManyRoles { max: ROLES_MAX });
        }
        must_have_charter(state, by, room)?;
    }
    Ok(Order::Grant(granting))
}

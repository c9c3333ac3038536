//! Questions that change nothing. Every user may ask about everything but what a room hides.

use super::{Asker, Decision};
use crate::hub::command::Survey;
use crate::hub::id::UserId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::Reply;
use crate::hub::permission::Action;
use crate::hub::refusal::Refusal;
use crate::hub::view;

pub(super) fn ignores(asker: &Asker<'_>) -> Decision {
    Decision::Answer(Reply::Ignores(nicks(asker, asker.user.ignores())))
}

pub(super) fn rooms(asker: &Asker<'_>) -> Decision {
    let rooms = view::rooms(asker.state, |room| asker.state.may_know_of(asker.id, room));
    Decision::Answer(Reply::Rooms(rooms))
}

pub(super) fn users(asker: &Asker<'_>) -> Decision {
    let users = &asker.state.users;
    let mut nicks = Vec::with_capacity(users.len());
    for user in users.by_name() {
        nicks.push(user.nick.clone());
    }
    Decision::Answer(Reply::Users(nicks))
}

/// Whether there is what is to be looked at.
pub(super) fn survey(asker: &Asker<'_>, survey: Survey) -> Result<Decision, Refusal> {
    match &survey {
        Survey::User(nick) => drop(asker.user_named(nick.clone())?),
        Survey::Room { room, .. } | Survey::Members(room) | Survey::Rules(room) => {
            asker.room(room.clone())?;
        }
        Survey::Some(_)
        | Survey::Gone { .. }
        | Survey::Rooms
        | Survey::Invitations
        | Survey::Users
        | Survey::Counts => {}
    }
    Ok(Decision::Survey(survey))
}

pub(super) fn names(asker: &Asker<'_>, name: RoomName) -> Result<Decision, Refusal> {
    let id = asker.room(name)?;
    let room = asker.state.room(id);
    let sees_all = asker.state.may_see_members(asker.id, id);
    let members = room.members.iter().copied();
    let shown = members.filter(|&member| {
        // Who keeps order can be found, and nobody doubts that they are there themselves.
        let is_seen = || member == asker.id || asker.state.role_in(member, id).may(Action::Rule);
        (sees_all || is_seen()) && asker.state.may_find_in(asker.id, member, id)
    });
    let members = nicks(asker, &shown.collect::<Vec<_>>());
    Ok(Decision::Answer(Reply::Names {
        room: room.name.clone(),
        topic: room.topic.clone(),
        members,
    }))
}

pub(super) fn whois(asker: &Asker<'_>, nick: Nick) -> Result<Decision, Refusal> {
    let user = asker.user_named(nick)?;
    let state = asker.state;
    let summary = view::user(state, user, |room| {
        user == asker.id
            || state.may_know_of(asker.id, room)
                && state.may_see_members(asker.id, room)
                && state.may_find_in(asker.id, user, room)
    });
    Ok(Decision::Answer(Reply::Whois(summary)))
}

fn nicks(asker: &Asker<'_>, users: &[UserId]) -> Vec<Nick> {
    let named = users
        .iter()
        .map(|&user| asker.state.user(user).nick.clone());
    let mut nicks: Vec<Nick> = named.collect();
    nicks.sort_unstable();
    nicks
}

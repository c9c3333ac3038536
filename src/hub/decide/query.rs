//! Questions that change nothing. No room is secret: every user may ask about all of them.

use super::{Asker, Decision};
use crate::hub::id::UserId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;
use crate::hub::view;

pub(super) fn ignores(asker: &Asker<'_>) -> Decision {
    Decision::Answer(Reply::Ignores(nicks(asker, asker.user.ignores())))
}

pub(super) fn rooms(asker: &Asker<'_>) -> Decision {
    Decision::Answer(Reply::Rooms(view::rooms(asker.state)))
}

pub(super) fn users(asker: &Asker<'_>) -> Decision {
    let users = &asker.state.users;
    let mut nicks = Vec::with_capacity(users.len());
    for user in users.by_name() {
        nicks.push(user.nick.clone());
    }
    Decision::Answer(Reply::Users(nicks))
}

pub(super) fn names(asker: &Asker<'_>, name: RoomName) -> Result<Decision, Refusal> {
    let room = asker.state.room(asker.room(name)?);
    Ok(Decision::Answer(Reply::Names {
        room: room.name.clone(),
        topic: room.topic.clone(),
        members: nicks(asker, &room.members),
    }))
}

pub(super) fn whois(asker: &Asker<'_>, nick: Nick) -> Result<Decision, Refusal> {
    let summary = view::user(asker.state, asker.user_named(nick)?);
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

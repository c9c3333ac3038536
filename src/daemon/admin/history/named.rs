//! Names in requests about the history, parsed once.

use super::super::failure::Failure;
use crate::hub::name::{Nick, RoomName};
use crate::hub::refusal::Refusal;

/// An optional room.
pub(super) fn room(name: Option<&str>) -> Result<Option<RoomName>, Failure> {
    let room = name.map(RoomName::parse).transpose();
    room.map_err(|error| Refusal::BadRoom(error).into())
}

/// An optional nick.
pub(super) fn nick(name: Option<&str>) -> Result<Option<Nick>, Failure> {
    let nick = name.map(Nick::parse).transpose();
    nick.map_err(|error| Refusal::BadNick(error).into())
}

//! Speaking, and not wanting to hear.

use super::{Asker, Decision, Speech, text};
use crate::hub::command::{Tags, Target};
use crate::hub::id::RoomId;
use crate::hub::name::Nick;
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;

pub(super) fn send(asker: &Asker<'_>, to: Target, speech: Speech) -> Result<Decision, Refusal> {
    text::message(&speech.text, asker.settings.message_bytes)?;
    asker.may_be_heard()?;
    match to {
        Target::Room(name) => {
            let room = asker.room_to_speak_in(name)?;
            if asker.is_deaf() {
                return Err(Refusal::Deaf);
            }
            asker.may_speak_in(room, &speech.text)?;
            if let Some(tags) = &speech.tags {
                asker.may_be_read_in(room, &tags.as_said())?;
            }
            Ok(Decision::Say { room, speech })
        }
        Target::Status(name, status) => {
            let room = asker.own_room(name)?;
            if asker.is_deaf() {
                return Err(Refusal::Deaf);
            }
            asker.may_speak_in(room, &speech.text)?;
            if let Some(tags) = &speech.tags {
                asker.may_be_read_in(room, &tags.as_said())?;
            }
            let to = (room, status);
            Ok(Decision::SayToStatus { to, speech })
        }
        Target::User(nick) => {
            let to = asker.user_named(nick)?;
            asker.may_say(&speech.text)?;
            if let Some(tags) = &speech.tags {
                asker.may_say(&tags.as_said())?;
            }
            Ok(Decision::Tell { to, speech })
        }
    }
}

/// As speech, but that only some of it is kept. What is not, such as that somebody is typing, is never kept waiting.
pub(super) fn tag(asker: &Asker<'_>, to: Target, tags: Tags) -> Result<Decision, Refusal> {
    if tags.do_last() {
        asker.may_be_heard()?;
    }
    match to {
        Target::Room(name) => {
            let room = asker.room_to_speak_in(name)?;
            if asker.is_deaf() {
                return Err(Refusal::Deaf);
            }
            may_tag_in(asker, room, &tags)?;
            Ok(Decision::TagRoom { room, tags })
        }
        Target::User(nick) => {
            let to = asker.user_named(nick)?;
            asker.may_say(&tags.as_said())?;
            Ok(Decision::TagUser { to, tags })
        }
        Target::Status(name, status) => {
            let room = asker.own_room(name)?;
            if asker.is_deaf() {
                return Err(Refusal::Deaf);
            }
            may_tag_in(asker, room, &tags)?;
            let to = (room, status);
            Ok(Decision::TagStatus { to, tags })
        }
    }
}

fn may_tag_in(asker: &Asker<'_>, room: RoomId, tags: &Tags) -> Result<(), Refusal> {
    if tags.do_last() {
        asker.may_speak_in(room, &tags.as_said())
    } else {
        asker.may_be_read_in(room, &tags.as_said())
    }
}

pub(super) fn set_deaf(asker: &Asker<'_>, deaf: Option<bool>) -> Result<Decision, Refusal> {
    Ok(Decision::SetDeaf(deaf.unwrap_or(!asker.is_deaf())))
}

/// Asking for what is so already is no mistake.
pub(super) fn ignore(asker: &Asker<'_>, nick: Nick, on: bool) -> Result<Decision, Refusal> {
    let other = asker.user_named(nick)?;
    if other == asker.id {
        return Err(Refusal::CannotIgnoreSelf);
    }
    if on == asker.user.does_ignore(other) {
        return Ok(Decision::Answer(Reply::Done));
    }
    let max = asker.settings.ignores_per_user;
    if on && asker.user.ignores().len() >= max {
        return Err(Refusal::TooManyIgnored { max });
    }
    Ok(Decision::SetIgnore { other, on })
}

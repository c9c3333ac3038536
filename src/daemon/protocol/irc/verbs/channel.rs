//! Rooms: `JOIN`, `PART`, `KICK`, `INVITE`, `RENAME`, `TOPIC`, `NAMES`.

use super::{Handling, is_nothing, shown};
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::{Command, Survey};
use crate::hub::moderation::request::Moderation;
use crate::hub::name::RoomName;

/// Rooms or users of one line.
pub(in crate::daemon::protocol::irc) const TARGETS_MAX: usize = 10;

pub(super) fn join(handling: &mut Handling<'_>, line: &Line<'_>) {
    if line.params[0] == "0" {
        return leave_all(handling);
    }
    if is_nothing(line.params[0]) {
        return handling.not_enough("JOIN");
    }
    let mut keys = line.params.get(1).map_or("", |keys| keys).split(',');
    for name in names_of(line.params[0]) {
        let key = keys.next().filter(|key| !key.is_empty());
        if let Some(room) = handling.room(name) {
            let key = key.map(Into::into);
            let context = Context::Join { room: name.into() };
            handling.command(Command::Join { room, key }, context);
        }
    }
}

/// `JOIN 0` has always meant that.
fn leave_all(handling: &mut Handling<'_>) {
    let own = handling.session.nick.clone();
    if let Some(nick) = handling.user(&own) {
        let survey = Survey::User(nick);
        handling.command(Command::Survey(survey), Context::LeaveAll);
    }
}

pub(super) fn part(handling: &mut Handling<'_>, line: &Line<'_>) {
    if is_nothing(line.params[0]) {
        return handling.not_enough("PART");
    }
    for name in names_of(line.params[0]) {
        if let Some(room) = handling.room(name) {
            let reason = line.param(1).map(Into::into);
            let context = Context::Deed {
                verb: "PART",
                target: name.into(),
            };
            handling.command(Command::Part { room, reason }, context);
        }
    }
}

pub(super) fn kick(handling: &mut Handling<'_>, line: &Line<'_>) {
    if is_nothing(line.params[0]) || is_nothing(line.params[1]) {
        return handling.not_enough("KICK");
    }
    let rooms: Vec<&str> = names_of(line.params[0]).collect();
    for (index, name) in names_of(line.params[1]).enumerate() {
        // One room for all, or one for each.
        let place = match rooms[..] {
            [only] => Some(only),
            _ => rooms.get(index).copied(),
        };
        let Some(place) = place else {
            return handling.not_enough("KICK");
        };
        let Some(room) = handling.room(place) else {
            continue;
        };
        if let Some(nick) = handling.user(name) {
            let kick = Moderation::Kick {
                room: Some(room.clone()),
                nick,
                reason: line.param(2).map(Into::into),
            };
            let target = room.as_str().into();
            handling.command(
                Command::Moderate(kick),
                Context::Deed {
                    verb: "KICK",
                    target,
                },
            );
        }
    }
}

pub(super) fn invite(handling: &mut Handling<'_>, line: &Line<'_>) {
    if line.params.is_empty() {
        let survey = Command::Survey(Survey::Invitations);
        return handling.command(survey, Context::Invitations);
    }
    if line.params.len() == 1 {
        return handling.not_enough("INVITE");
    }
    let nick = handling.user(line.params[0]);
    let Some((nick, room)) = nick.zip(handling.room(line.params[1])) else {
        return;
    };
    let command = Command::Invite {
        room: room.clone(),
        nick: nick.clone(),
    };
    handling.command(command, Context::Invite { room, nick });
}

/// The channel may be called otherwise by whoever owns it.
pub(super) fn rename(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(room) = handling.room(line.params[0]) else {
        return;
    };
    let Some(to) = handling.room(line.params[1]) else {
        return;
    };
    let target = room.as_str().into();
    let rename = Moderation::RenameRoom {
        room,
        to,
        reason: line.param(2).map(Into::into),
    };
    handling.command(
        Command::Moderate(rename),
        Context::Deed {
            verb: "RENAME",
            target,
        },
    );
}

pub(super) fn topic(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(room) = handling.room(line.params[0]) else {
        return;
    };
    match line.params.get(1) {
        Some(&text) => {
            let target = line.params[0].into();
            let command = Command::Topic {
                room,
                text: text.into(),
            };
            handling.command(
                command,
                Context::Deed {
                    verb: "TOPIC",
                    target,
                },
            );
        }
        None => {
            let survey = Survey::Room {
                room: room.clone(),
                members: false,
            };
            handling.command(Command::Survey(survey), Context::Topic { room });
        }
    }
}

pub(super) fn names(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(names) = line.param(0) else {
        handling.lines().numeric(366, &["*"], "End of /NAMES list");
        return;
    };
    // What is no name has nobody in it.
    let rooms = names_of(names).filter_map(|name| RoomName::parse(name).ok());
    let rooms: Vec<RoomName> = rooms.collect();
    let whole = if names.len() <= NAMES_BYTES_MAX {
        names.trim_start_matches(':').replace(' ', "_")
    } else {
        "*".to_owned()
    };
    let Some(last) = rooms.len().checked_sub(1) else {
        handling
            .lines()
            .numeric(366, &[&shown(&whole)], "End of /NAMES list");
        return;
    };
    for (index, room) in rooms.into_iter().enumerate() {
        let survey = Survey::Room {
            room: room.clone(),
            members: true,
        };
        let ends = (index == last).then(|| whole.as_str().into());
        handling.command(Command::Survey(survey), Context::Names { room, ends });
    }
}

/// Names that stand at the end of a list as they were asked for.
const NAMES_BYTES_MAX: usize = 300;

/// Those of `a,b`; the first of them, where there are many.
fn names_of(names: &str) -> impl Iterator<Item = &str> {
    super::names_of(names).take(TARGETS_MAX)
}

//! Rooms: `JOIN`, `PART`, `KICK`, `INVITE`, `TOPIC`, `NAMES`.

use super::{Handling, shown};
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::{Command, Survey};
use crate::hub::moderation::request::Moderation;

/// Rooms or users of one line.
const TARGETS_MAX: usize = 10;

pub(super) fn join(handling: &mut Handling<'_>, line: &Line<'_>) {
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

pub(super) fn part(handling: &mut Handling<'_>, line: &Line<'_>) {
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
    let Some(room) = handling.room(line.params[0]) else {
        return;
    };
    for name in names_of(line.params[1]) {
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
    for name in names_of(names) {
        let Some(room) = crate::hub::name::RoomName::parse(name).ok() else {
            handling
                .lines()
                .numeric(366, &[&shown(name)], "End of /NAMES list");
            continue;
        };
        let survey = Survey::Room {
            room: room.clone(),
            members: true,
        };
        handling.command(Command::Survey(survey), Context::Names { room });
    }
}

/// Those of `a,b`.
fn names_of(names: &str) -> impl Iterator<Item = &str> {
    let names = names.split(',').filter(|name| !name.is_empty());
    names.take(TARGETS_MAX)
}

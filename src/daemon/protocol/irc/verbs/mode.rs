//! `MODE`: what is set about a room, its lists, and who has a status there. Each change is a request of its own; what
//! comes of all of them is told to whoever asked in one line.

use smol_str::SmolStr;

use super::{Handling, own, shown};
use crate::daemon::protocol::irc::context::{Context, ModeChange};
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::irc::modes::{self, Mode, Setting, Takes};
use crate::hub::command::{Command, Survey};
use crate::hub::moderation::request::Moderation;
use crate::hub::moderation::room::{OFF, RoomChange};
use crate::hub::moderation::rule::Effect;
use crate::hub::name::RoomName;
use crate::hub::permission::Status;

/// Changes of one line.
pub(in crate::daemon::protocol::irc) const MODES_MAX: usize = 16;

pub(super) fn mode(handling: &mut Handling<'_>, line: &Line<'_>) {
    let target = line.params[0];
    if !target.starts_with('#') {
        return own::mode(handling, line);
    }
    let Some(room) = handling.room(target) else {
        return;
    };
    let Some(letters) = line.param(1) else {
        let survey = Survey::Room {
            room: room.clone(),
            members: false,
        };
        return handling.command(Command::Survey(survey), Context::Modes { room });
    };
    let mut asked = Vec::new();
    let mut params = line.params[2..].iter().copied();
    let mut on = true;
    for letter in letters.chars() {
        match letter {
            '+' => on = true,
            '-' => on = false,
            _ if asked.len() >= MODES_MAX => {
                let text = format!("The most changes of one line are {MODES_MAX}");
                handling.lines().numeric(263, &["MODE"], &text);
                break;
            }
            _ => asked.extend(one(handling, &room, on, letter, &mut params)),
        }
    }
    ask(handling, asked);
}

/// What is asked for one letter.
enum Asked {
    Change(Box<Command>, ModeChange),
    List(Effect),
}

fn ask(handling: &mut Handling<'_>, asked: Vec<(RoomName, Asked)>) {
    let changes = asked
        .iter()
        .filter(|(_, it)| matches!(it, Asked::Change(..)));
    let is_gathered = changes.count() > 1;
    for (room, it) in asked {
        match it {
            Asked::Change(command, change) => {
                let change = ModeChange {
                    is_gathered,
                    ..change
                };
                handling.command(*command, Context::Mode(Box::new(change)));
            }
            Asked::List(effect) => {
                let survey = Survey::Rules(room.clone());
                handling.command(Command::Survey(survey), Context::Rules { room, effect });
            }
        }
    }
    if is_gathered {
        handling.command(Command::Ping, Context::ModesEnd);
    }
}

fn one<'a>(
    handling: &mut Handling<'_>,
    room: &RoomName,
    on: bool,
    letter: char,
    params: &mut impl Iterator<Item = &'a str>,
) -> Option<(RoomName, Asked)> {
    let change = |param: &str| ModeChange {
        room: room.as_str().into(),
        letter,
        param: shown(param).into(),
        key: None,
        is_gathered: false,
    };
    let asked = match modes::mode(letter) {
        None => {
            let text = "is not a mode that is known here";
            let letter = shown(&letter.to_string());
            handling.lines().numeric(472, &[&letter], text);
            return None;
        }
        Some(Mode::List(effect)) => match params.next().filter(|mask| !mask.is_empty()) {
            None => Asked::List(effect),
            Some(mask) => match modes::parse_mask(effect, mask) {
                Ok((effect, subject)) => {
                    let room = Some(room.clone());
                    let request = if on {
                        Moderation::AddRule {
                            room,
                            effect,
                            subject,
                            reason: None,
                            lasts: None,
                            evicts: false,
                        }
                    } else {
                        Moderation::EndRule {
                            room,
                            effect,
                            subject,
                        }
                    };
                    Asked::Change(Box::new(Command::Moderate(request)), change(mask))
                }
                Err(error) => return bad(handling, room, letter, mask, &error.to_string()),
            },
        },
        Some(Mode::Status(status)) => {
            let (command, param) = status_of(handling, room, on, letter, status, params.next())?;
            Asked::Change(Box::new(command), change(param))
        }
        Some(Mode::Setting(setting)) => {
            let (command, key) = setting_of(handling, room, on, setting, params)?;
            let change = ModeChange { key, ..change("") };
            Asked::Change(Box::new(command), change)
        }
    };
    Some((room.clone(), asked))
}

fn status_of<'a>(
    handling: &mut Handling<'_>,
    room: &RoomName,
    on: bool,
    letter: char,
    status: Status,
    param: Option<&'a str>,
) -> Option<(Command, &'a str)> {
    let Some(name) = param.filter(|name| !name.is_empty()) else {
        return bad(handling, room, letter, "", "whom it is for is missing");
    };
    let nick = handling.user(name)?;
    let request = Moderation::SetStatus {
        room: room.clone(),
        nick,
        status,
        on,
    };
    Some((Command::Moderate(request), name))
}

/// And the key, where it is one.
fn setting_of<'a>(
    handling: &mut Handling<'_>,
    room: &RoomName,
    on: bool,
    setting: &Setting,
    params: &mut impl Iterator<Item = &'a str>,
) -> Option<(Command, Option<SmolStr>)> {
    let switch = |on: bool| if on { "on" } else { OFF };
    let param = match setting.takes {
        Takes::Nothing | Takes::Inverse => None,
        Takes::Value if !on => None,
        Takes::Value | Takes::Key => params.next(),
    };
    let value = match (setting.takes, param) {
        (Takes::Nothing, _) => switch(on).to_owned(),
        (Takes::Inverse, _) => switch(!on).to_owned(),
        (Takes::Value | Takes::Key, _) if !on => OFF.to_owned(),
        (Takes::Value | Takes::Key, Some(written)) if written != OFF => {
            modes::value(setting, written)
        }
        (Takes::Value | Takes::Key, _) => String::new(),
    };
    match RoomChange::parse(setting.name, &value) {
        Ok(change) => {
            let key = param.filter(|_| on && setting.takes == Takes::Key);
            let request = Moderation::SetRoom {
                room: room.clone(),
                change,
            };
            Some((Command::Moderate(request), key.map(Into::into)))
        }
        Err(error) => {
            // Nobody looking over a shoulder needs to read a key that is none.
            let param = param.filter(|_| setting.takes != Takes::Key);
            let (letter, param) = (setting.letter, param.unwrap_or_default());
            bad(handling, room, letter, param, &error.to_string())
        }
    }
}

/// What stands behind a letter is nothing that it takes.
fn bad<T>(
    handling: &mut Handling<'_>,
    room: &RoomName,
    letter: char,
    param: &str,
    why: &str,
) -> Option<T> {
    let param = shown(param);
    let params = [room.as_str(), &letter.to_string(), &param];
    handling.lines().numeric(696, &params, why);
    None
}

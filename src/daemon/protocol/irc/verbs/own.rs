//! What a client says of itself, and what operators do: `MODE` of the own nick, `SETNAME`, `WALLOPS`, `KILL`,
//! `REHASH`; and how one becomes an operator, `OPER`.

use super::{Handling, shown};
use crate::daemon::protocol::irc::about::About;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::{Command, Survey};
use crate::hub::moderation::request::Moderation;
use crate::hub::name::Nick;
use crate::hub::people::Request;
use crate::hub::people::modes::{UserMode, UserModes};
use crate::hub::secret::Secret;

/// Of users; of rooms it is elsewhere.
pub(super) fn mode(handling: &mut Handling<'_>, line: &Line<'_>) {
    let own = Nick::parse(&handling.session.nick).ok();
    match handling.user(line.params[0]) {
        Some(nick) if Some(&nick) == own.as_ref() => {}
        Some(_) => {
            let text = "You cannot see or change the modes of others";
            return handling.lines().numeric(502, &[], text);
        }
        None => return,
    }
    let Wanted {
        on,
        off,
        resigns,
        is_understood,
    } = wanted(line.param(1).unwrap_or_default());
    if !is_understood {
        handling.lines().numeric(501, &[], "Unknown MODE flag");
    }
    let is_question = line.param(1).is_none();
    if is_question || !on.is_empty() || !off.is_empty() {
        let request = Request::SetModes { on, off };
        people(handling, request, About::Modes { is_question });
    }
    if resigns {
        people(handling, Request::Resign, About::Resign);
    }
}

/// What `+i-wo` wants on and off. The last word about a mode counts.
#[derive(Debug, Default)]
struct Wanted {
    on: UserModes,
    off: UserModes,
    /// To be no server operator any more.
    resigns: bool,
    /// Whether all of it was.
    is_understood: bool,
}

fn wanted(modes: &str) -> Wanted {
    let Wanted {
        mut on,
        mut off,
        mut resigns,
        ..
    } = Wanted::default();
    let mut is_on = true;
    let mut is_understood = true;
    for letter in modes.chars() {
        match (letter, mode_of(letter)) {
            ('+', _) => is_on = true,
            ('-', _) => is_on = false,
            (_, Some(mode)) if is_on => {
                on.add(mode);
                off.remove(mode);
            }
            (_, Some(mode)) => {
                off.add(mode);
                on.remove(mode);
            }
            // Nobody becomes an operator by wishing to.
            ('o', None) => resigns = !is_on,
            (_, None) => is_understood = false,
        }
    }
    Wanted {
        on,
        off,
        resigns,
        is_understood,
    }
}

fn mode_of(letter: char) -> Option<UserMode> {
    UserMode::ALL
        .into_iter()
        .find(|&mode| self::letter(mode) == letter)
}

pub(in crate::daemon::protocol::irc) fn letter(mode: UserMode) -> char {
    match mode {
        UserMode::Invisible => 'i',
        UserMode::Wallops => 'w',
        UserMode::Bot => 'B',
    }
}

pub(super) fn setname(handling: &mut Handling<'_>, line: &Line<'_>) {
    let request = Request::SetRealName(line.params[0].into());
    people(handling, request, About::SetName);
}

pub(super) fn wallops(handling: &mut Handling<'_>, line: &Line<'_>) {
    match line.param(0) {
        Some(text) => people(handling, Request::Wallops(text.into()), About::Wallops),
        None => handling.not_enough("WALLOPS"),
    }
}

pub(super) fn kill(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(nick) = handling.user(line.params[0]) else {
        return;
    };
    let about = About::Kill {
        nick: shown(line.params[0]).into(),
    };
    let kick = Moderation::Kick {
        room: None,
        nick,
        reason: line.param(1).map(Into::into),
    };
    handling.command(Command::Moderate(kick), Context::About(about));
}

/// `OPER name password`.
pub(super) fn oper(handling: &mut Handling<'_>, line: &Line<'_>) {
    match Secret::new(line.params[1]) {
        Some(password) => {
            let name = line.params[0].into();
            people(handling, Request::Operate { name, password }, About::Oper);
        }
        None => handling.not_enough("OPER"),
    }
}

/// Whether the client may ask for it at all is for the hub to say.
pub(super) fn rehash(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let Ok(nick) = Nick::parse(&handling.session.nick) else {
        return;
    };
    let survey = Command::Survey(Survey::User(nick));
    handling.command(survey, Context::About(About::Rehash));
}

fn people(handling: &mut Handling<'_>, request: Request, about: About) {
    handling.command(Command::People(request), Context::About(about));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_in_their_order() {
        let letters = |modes: UserModes| modes.iter().map(letter).collect::<String>();
        let read = |text| {
            let wanted = wanted(text);
            assert_eq!(wanted.resigns, text.ends_with("-o"));
            (
                letters(wanted.on),
                letters(wanted.off),
                wanted.is_understood,
            )
        };
        assert_eq!(read("+iw-B"), ("iw".into(), "B".into(), true));
        assert_eq!(read("i-i"), (String::new(), "i".into(), true));
        assert_eq!(read("+o-o"), (String::new(), String::new(), true));
        assert_eq!(read("+ix"), ("i".into(), String::new(), false));
    }
}

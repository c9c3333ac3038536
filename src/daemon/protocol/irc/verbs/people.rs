//! Questions about people: `WHO`, `WHOIS`, `WHOWAS`, `USERHOST`, `USERIP`, `ISON`, `LUSERS`.

use smol_str::SmolStr;

use super::{Handling, is_nothing, names_of, shown};
use crate::daemon::protocol::irc::about::{About, Who};
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::{Command, Survey};
use crate::hub::name::{Nick, RoomName};

/// Users that one `WHOIS` or `WHOWAS` may ask about.
const TARGETS_MAX: usize = 4;
/// Users that one `USERHOST` may ask about, as it has always been.
const HOSTS_MAX: usize = 5;
/// Users that one `ISON` may ask about; no line has more.
const PRESENT_MAX: usize = 256;
/// Answers to `WHOWAS` about one nick.
const GONE_MAX: usize = 20;

pub(super) fn who(handling: &mut Handling<'_>, line: &Line<'_>) {
    let mask = line.param(0).unwrap_or("*");
    let options = line.param(1).unwrap_or_default();
    let (flags, fields) = match options.split_once('%') {
        Some((flags, fields)) => (flags, Some(fields)),
        None => (options, None),
    };
    let fields = fields.map(|fields| match fields.split_once(',') {
        // A token of up to three digits, says the specification; longer ones do no harm.
        Some((fields, token)) => (SmolStr::from(fields), SmolStr::from(shown(token))),
        None => (fields.into(), "0".into()),
    });
    let who = Who {
        mask: shown(mask).into(),
        fields,
        operators_only: flags.contains('o'),
    };
    let survey = if mask.starts_with('#') {
        let room = RoomName::parse(mask).ok();
        room.map(Survey::Members)
    } else if mask.contains(['*', '?']) || mask == "0" {
        Some(Survey::Users)
    } else {
        Nick::parse(mask).ok().map(Survey::User)
    };
    match survey {
        Some(survey) => ask(handling, survey, About::Who(Box::new(who))),
        None => handling
            .lines()
            .numeric(315, &[&who.mask], "End of /WHO list"),
    }
}

/// `WHOIS [server] nick[,nick]`: there is only one server.
pub(super) fn whois(handling: &mut Handling<'_>, line: &Line<'_>) {
    let nicks = line.param(1).or_else(|| line.param(0));
    let Some(nicks) = nicks.filter(|nicks| !is_nothing(nicks)) else {
        return no_nick(handling);
    };
    for name in names_of(nicks).take(TARGETS_MAX) {
        let nick = shown(name);
        match Nick::parse(name) {
            Ok(user) => ask(
                handling,
                Survey::User(user),
                About::Whois { nick: nick.into() },
            ),
            Err(_) => {
                let mut lines = handling.lines();
                lines.numeric(401, &[&nick], "No such nick");
                lines.numeric(318, &[&nick], "End of /WHOIS list");
            }
        }
    }
}

pub(super) fn whowas(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(nicks) = line.param(0).filter(|nicks| !is_nothing(nicks)) else {
        return no_nick(handling);
    };
    let count: Option<usize> = line.param(1).and_then(|it| it.parse().ok());
    let most = count.filter(|&it| it > 0).unwrap_or(GONE_MAX).min(GONE_MAX);
    for name in names_of(nicks).take(TARGETS_MAX) {
        let shown = shown(name);
        match Nick::parse(name) {
            Ok(nick) => {
                let about = About::WhoWas { nick: shown.into() };
                ask(handling, Survey::Gone { nick, most }, about);
            }
            Err(_) => {
                let mut lines = handling.lines();
                lines.numeric(406, &[&shown], "There was no such nick");
                lines.numeric(369, &[&shown], "End of WHOWAS");
            }
        }
    }
}

pub(super) fn userhost(handling: &mut Handling<'_>, line: &Line<'_>) {
    let nicks = several(line, HOSTS_MAX);
    ask(handling, Survey::Some(nicks), About::UserHost);
}

pub(super) fn userip(handling: &mut Handling<'_>, line: &Line<'_>) {
    let nicks = several(line, HOSTS_MAX);
    ask(handling, Survey::Some(nicks), About::UserIp);
}

pub(super) fn ison(handling: &mut Handling<'_>, line: &Line<'_>) {
    let nicks = several(line, PRESENT_MAX);
    ask(handling, Survey::Some(nicks), About::IsOn);
}

pub(super) fn lusers(handling: &mut Handling<'_>, _line: &Line<'_>) {
    ask(handling, Survey::Counts, About::Lusers);
}

fn ask(handling: &mut Handling<'_>, survey: Survey, about: About) {
    handling.command(Command::Survey(survey), Context::About(about));
}

/// What is no nick is nobody's.
fn several(line: &Line<'_>, most: usize) -> Vec<Nick> {
    let words = line.params.iter().flat_map(|param| param.split(' '));
    let nicks = words.filter_map(|word| Nick::parse(word).ok());
    nicks.take(most).collect()
}

fn no_nick(handling: &mut Handling<'_>) {
    handling.lines().numeric(431, &[], "No nickname given");
}

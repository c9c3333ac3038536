//! Who one is and whether one is there: registration, nick, away, ping, quit.

use super::{Handling, shown};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::irc::registration::introduction;
use crate::daemon::protocol::irc::splitter::LINE_BYTES_MAX;
use crate::hub::command::Command;
use crate::hub::name::Nick;

/// The server's password, or `account:password`; whoever needs both says both.
pub(super) fn pass(handling: &mut Handling<'_>, line: &Line<'_>) {
    match handling.session.registration.as_deref_mut() {
        Some(registration) => {
            let server = handling.facts.irc_password;
            if server.is_some_and(|it| it.fits(line.params[0])) {
                registration.knows_password = true;
            } else {
                registration.password = Some(line.params[0].into());
            }
        }
        None => already_registered(handling),
    }
}

pub(super) fn user(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(registration) = handling.session.registration.as_deref_mut() else {
        return already_registered(handling);
    };
    if line.params[3].trim().is_empty() {
        return handling.not_enough("USER");
    }
    match introduction(line.params[0], line.params[3]) {
        Some(introduction) => {
            registration.introduction = Some(introduction);
            handling.register_if_complete();
        }
        None if line.params[0].is_empty() => handling.not_enough("USER"),
        None => handling.lines().numeric(468, &[], "Malformed username"),
    }
}

/// `WEBIRC password gateway hostname ip [:options]`, ahead of all that says who the client is. The hostname is not
/// believed: hosts are cloaks.
pub(super) fn webirc(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(registration) = handling.session.registration.as_deref_mut() else {
        return already_registered(handling);
    };
    let has_begun = registration.nick.is_some() || registration.introduction.is_some();
    if has_begun || registration.is_introduced {
        return handling
            .lines()
            .fail("WEBIRC", "TOO_LATE", &[], "WEBIRC comes first, and once");
    }
    let Ok(address) = line.params[3].parse() else {
        return handling.lines().fail(
            "WEBIRC",
            "INVALID_ADDRESS",
            &[],
            "The fourth word is an IP address",
        );
    };
    registration.is_introduced = true;
    handling.gateway(line.params[0], address);
}

fn already_registered(handling: &mut Handling<'_>) {
    handling.lines().numeric(462, &[], "You may not reregister");
}

pub(super) fn nick(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(wanted) = line.param(0) else {
        handling.lines().numeric(431, &[], "No nickname given");
        return;
    };
    let Ok(nick) = Nick::parse(wanted) else {
        handling
            .lines()
            .numeric(432, &[&shown(wanted)], "Erroneous nickname");
        return;
    };
    match handling.session.registration.as_deref_mut() {
        Some(registration) => {
            registration.nick = Some((wanted.into(), nick));
            handling.register_if_complete();
        }
        None => {
            let wanted = wanted.into();
            handling.command(Command::Nick(nick), Context::Nick { wanted });
        }
    }
}

pub(super) fn away(handling: &mut Handling<'_>, line: &Line<'_>) {
    if !handling.session.is_registered() {
        return early_away(handling, line);
    }
    let text = line.param(0).map(Into::into);
    let target = if line.param(0).is_some() { "1" } else { "" };
    let context = Context::Deed {
        verb: "AWAY",
        target: target.into(),
    };
    handling.command(Command::Away(text), context);
}

/// `draft/pre-away`: nobody may be there when the client comes in.
fn early_away(handling: &mut Handling<'_>, line: &Line<'_>) {
    let knows_it = handling.session.caps.has(Cap::PreAway);
    match handling.session.registration.as_deref_mut() {
        Some(registration) if knows_it => registration.away = line.param(0).map(Into::into),
        Some(_) | None => {
            let text = "You have not registered";
            handling.lines().numeric(451, &[], text);
        }
    }
}

pub(super) fn ping(handling: &mut Handling<'_>, line: &Line<'_>) {
    match line.params.first() {
        Some(token) => {
            let server = handling.facts.server_name.clone();
            // A token that leaves no room for the server's name beside it is cut.
            let most = LINE_BYTES_MAX.saturating_sub(2 * server.len() + ": PONG  :\r\n".len());
            let token = &token[..token.floor_char_boundary(most)];
            handling.lines().server("PONG", &[&server], token);
        }
        None => handling.not_enough("PING"),
    }
}

/// That it came says all.
pub(super) fn pong(_handling: &mut Handling<'_>, _line: &Line<'_>) {}

pub(super) fn quit(handling: &mut Handling<'_>, line: &Line<'_>) {
    let reason = line.param(0).map(Into::into);
    let context = Context::Deed {
        verb: "QUIT",
        target: "".into(),
    };
    handling.command(Command::Quit { reason }, context);
}

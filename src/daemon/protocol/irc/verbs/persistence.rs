//! `PERSISTENCE`: whether a user with an account keeps their place for a while when the connection breaks.

use super::{Handling, shown};
use crate::daemon::protocol::irc::Session;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::Command;

/// What a client has said of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::daemon::protocol::irc) enum Persistence {
    #[default]
    Unset,
    On,
    Off,
}

pub(super) fn persistence(handling: &mut Handling<'_>, line: &Line<'_>) {
    if !handling.session.has_account {
        let text = "Log in to an account first";
        return handling
            .lines()
            .fail("PERSISTENCE", "ACCOUNT_REQUIRED", &[], text);
    }
    let word = |index: usize| line.param(index).map(str::to_ascii_uppercase);
    let wanted = match (word(0).as_deref(), word(1).as_deref()) {
        (Some("GET"), None) => return status(handling),
        (Some("SET"), Some("ON")) => Persistence::On,
        (Some("SET"), Some("OFF")) => Persistence::Off,
        (Some("SET"), Some("DEFAULT")) => Persistence::Unset,
        _ => {
            let context = [&*shown(line.params[0])];
            let text = "GET, or SET with ON, OFF or DEFAULT";
            return handling
                .lines()
                .fail("PERSISTENCE", "INVALID_PARAMS", &context, text);
        }
    };
    handling.session.persistence = wanted;
    let context = Context::Deed {
        verb: "PERSISTENCE",
        target: "".into(),
    };
    let command = Command::Persist(wanted != Persistence::Off);
    status(handling);
    handling.command(command, context);
}

fn status(handling: &mut Handling<'_>) {
    let Session { persistence, .. } = *handling.session;
    let set = match persistence {
        Persistence::Unset => "DEFAULT",
        Persistence::On => "ON",
        Persistence::Off => "OFF",
    };
    let settings = &handling.facts.settings;
    let is_possible = handling.facts.has_history && !settings.resume_window.is_zero();
    let holds = match persistence {
        Persistence::Unset | Persistence::On if is_possible => "ON",
        Persistence::Unset | Persistence::On | Persistence::Off => "OFF",
    };
    let params = ["STATUS", set, holds];
    handling.lines().bare_server("PERSISTENCE", &params);
}

//! `MONITOR`: who is to be told of.

use super::{Handling, is_nothing, names_of, shown};
use crate::daemon::protocol::irc::about::About;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::Command;
use crate::hub::name::Nick;
use crate::hub::people::Request;
use crate::hub::people::watch::Watch;

/// Nicks of one line; none is longer.
const TARGETS_MAX: usize = 256;

pub(super) fn monitor(handling: &mut Handling<'_>, line: &Line<'_>) {
    match line.params[0] {
        "+" => {
            if let Some(nicks) = nicks(handling, line, true) {
                watch(handling, Watch::Add(nicks));
            }
        }
        "-" => {
            if let Some(nicks) = nicks(handling, line, false) {
                watch(handling, Watch::Remove(nicks));
            }
        }
        "C" | "c" => watch(handling, Watch::Clear),
        "L" | "l" => watch(handling, Watch::List),
        "S" | "s" => watch(handling, Watch::Status),
        other => {
            let other = shown(other);
            let text = "MONITOR knows +, -, C, L and S";
            handling
                .lines()
                .fail("MONITOR", "UNKNOWN_SUBCOMMAND", &[&other], text);
        }
    }
}

fn nicks(handling: &mut Handling<'_>, line: &Line<'_>, tells_bad: bool) -> Option<Vec<Nick>> {
    let Some(names) = line.param(1).filter(|names| !is_nothing(names)) else {
        handling.not_enough("MONITOR");
        return None;
    };
    let mut nicks = Vec::new();
    for name in names_of(names).take(TARGETS_MAX) {
        match Nick::parse(name) {
            Ok(nick) => nicks.push(nick),
            Err(_) if tells_bad => {
                let name = shown(name);
                handling
                    .lines()
                    .numeric(432, &[&name], "Erroneous nickname");
            }
            Err(_) => {}
        }
    }
    (!nicks.is_empty()).then_some(nicks)
}

fn watch(handling: &mut Handling<'_>, watch: Watch) {
    let command = Command::People(Request::Watch(watch));
    handling.command(command, Context::About(About::Monitor));
}

/// The client wants `extended-monitor` from now on, or not any more; before it has come in, that is told then.
pub(super) fn extend(handling: &mut Handling<'_>) {
    if handling.session.is_registered() {
        let is_extended = handling.session.caps.has(Cap::ExtendedMonitor);
        watch(handling, Watch::Extend(is_extended));
    }
}

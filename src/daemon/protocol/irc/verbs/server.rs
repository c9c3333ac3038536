//! Questions about the server: `VERSION`, `TIME`, `INFO`, `ADMIN`, `STATS`, `LINKS`.

use super::{Handling, shown};
use crate::daemon::protocol::irc::isupport;
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::stamp::Rfc3339;

pub(super) fn version(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let facts = handling.facts;
    let version = facts.software.replace(' ', "-");
    let mut lines = handling.lines();
    lines.numeric(351, &[&version, &facts.server_name], "IRC and more");
    isupport::write(&mut lines, None);
}

/// In UTC: whose time another one would be, nobody could say.
pub(super) fn time(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let facts = handling.facts;
    let now = Rfc3339::new(facts.now);
    handling
        .lines()
        .numeric(391, &[&facts.server_name], now.as_str());
}

pub(super) fn info(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let facts = handling.facts;
    let mut lines = handling.lines();
    lines.numeric(371, &[], &facts.software);
    lines.numeric(
        371,
        &[],
        "A chat server of your own: IRC and a JSON protocol in the same rooms.",
    );
    let since = Rfc3339::new(facts.started_at);
    lines.numeric(371, &[], &format!("Started {}", since.as_str()));
    lines.numeric(374, &[], "End of /INFO list");
}

/// Whom to turn to, where the config says it.
pub(super) fn admin(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let facts = handling.facts;
    let server = &facts.server_name;
    let mut lines = handling.lines();
    if facts.irc_admin.is_empty() {
        let text = "No administrative info is given here; /MOTD may say more";
        return lines.numeric(423, &[server], text);
    }
    lines.numeric(256, &[server], "Administrative info");
    lines.numeric(257, &[], server);
    lines.numeric(258, &[], &facts.software);
    lines.numeric(259, &[], &facts.irc_admin);
}

pub(super) fn stats(handling: &mut Handling<'_>, line: &Line<'_>) {
    let facts = handling.facts;
    let query = shown(line.params[0]);
    if query == "u" {
        let up = facts.now.0.saturating_sub(facts.started_at.0) / 1000;
        let (days, hours, minutes, seconds) = (up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
        let text = format!("Server Up {days} days {hours}:{minutes:02}:{seconds:02}");
        handling.lines().numeric(242, &[], &text);
    }
    // Who else asks for figures is an operator of the machine, and has `chatctl stats`.
    handling
        .lines()
        .numeric(219, &[&query], "End of /STATS report");
}

/// There is no other server.
pub(super) fn links(handling: &mut Handling<'_>, _line: &Line<'_>) {
    handling.lines().numeric(365, &["*"], "End of /LINKS list");
}

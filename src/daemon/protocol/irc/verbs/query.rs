//! Questions about the server and who is on it.

use super::Handling;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::isupport;
use crate::daemon::protocol::irc::line::Line;

/// Before the welcome only for clients that know that it can be asked for then.
pub(super) fn isupport(handling: &mut Handling<'_>, _line: &Line<'_>) {
    let session = &mut *handling.session;
    if !session.is_registered() && !session.caps.has(Cap::ExtendedIsupport) {
        handling
            .lines()
            .numeric(451, &[], "You have not registered");
        return;
    }
    let batch = session.batch_of_isupport();
    isupport::write(&mut handling.lines(), batch.as_deref());
}

pub(super) fn motd(handling: &mut Handling<'_>, _line: &Line<'_>) {
    write_motd(&mut handling.lines());
}

/// The line of `[server] motd`.
pub(in crate::daemon::protocol::irc) fn write_motd(
    lines: &mut crate::daemon::protocol::irc::write::Lines<'_>,
) {
    let motd = &lines.facts.motd;
    if motd.is_empty() {
        lines.numeric(422, &[], "There is no message of the day");
        return;
    }
    let server = &lines.facts.server_name;
    lines.numeric(375, &[], &format!("- {server} Message of the day -"));
    lines.numeric(372, &[], &format!("- {motd}"));
    lines.numeric(376, &[], "End of /MOTD command");
}

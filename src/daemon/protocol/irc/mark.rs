//! Up to where somebody has read a conversation, as a line.

use super::Facts;
use crate::daemon::protocol::stamp::Rfc3339;
use crate::hub::history::Partner;

/// Up to when somebody has read a conversation.
pub(super) fn mark_line(facts: &Facts, target: &str, at: Option<&Rfc3339>) -> String {
    let server = &facts.server_name;
    match at {
        Some(at) => format!(":{server} MARKREAD {target} timestamp={}\r\n", at.as_str()),
        None => format!(":{server} MARKREAD {target} *\r\n"),
    }
}

/// As clients name it.
pub(super) fn partner_name(of: &Partner) -> &str {
    match of {
        Partner::Room(room) => room.as_str(),
        Partner::User(nick) => nick.as_str(),
    }
}

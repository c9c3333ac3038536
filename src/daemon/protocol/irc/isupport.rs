//! `005`: what a client may count on, derived from the limits in force.

use super::write::Lines;
use crate::hub::name::{Nick, RoomName};

/// Tokens of one line.
const PER_LINE: usize = 12;

pub(super) fn write(lines: &mut Lines<'_>) {
    let tokens = tokens(lines);
    for tokens in tokens.chunks(PER_LINE) {
        let tokens: Vec<&str> = tokens.iter().map(|token| &**token).collect();
        lines.numeric(5, &tokens, "are supported by this server");
    }
}

fn tokens(lines: &Lines<'_>) -> Vec<String> {
    let settings = &lines.facts.settings;
    let topic_bytes = settings.topic_bytes;
    let mut tokens = vec![
        format!("AWAYLEN={topic_bytes}"),
        "CASEMAPPING=ascii".to_owned(),
        format!("CHANLIMIT=#:{}", settings.rooms_per_user),
        format!("CHANNELLEN={}", RoomName::MAX_CHARS),
        "CHANTYPES=#".to_owned(),
        format!("KICKLEN={topic_bytes}"),
        format!("NETWORK={}", lines.facts.server_name),
        format!("NICKLEN={}", Nick::MAX_CHARS),
        "PREFIX=(ov)@+".to_owned(),
        format!("TOPICLEN={topic_bytes}"),
        "UTF8ONLY".to_owned(),
    ];
    tokens.sort_unstable();
    tokens
}

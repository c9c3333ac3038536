//! `005`: what a client may count on, derived from the limits in force.

use super::modes;
use super::verbs::own::letter;
use super::verbs::{channel, list, message, mode};
use super::write::Lines;
use crate::hub::command::PLAYBACK_MAX;
use crate::hub::moderation::PER_ROOM_MAX;
use crate::hub::name::{Nick, RoomName};
use crate::hub::people::modes::UserMode;
use crate::hub::people::watch::WATCHED_MAX;
use crate::hub::persona::Persona;

/// Tokens of one line.
const PER_LINE: usize = 12;

/// Within a batch where the client wants that.
pub(super) fn write(lines: &mut Lines<'_>, batch: Option<&str>) {
    if let Some(batch) = batch {
        lines.bare_server("BATCH", &[&format!("+{batch}"), "draft/isupport"]);
    }
    let tokens = tokens(lines);
    for tokens in tokens.chunks(PER_LINE) {
        if let Some(batch) = batch {
            lines
                .out
                .extend_from_slice(format!("@batch={batch} ").as_bytes());
        }
        let tokens: Vec<&str> = tokens.iter().map(|token| &**token).collect();
        lines.numeric(5, &tokens, "are supported by this server");
    }
    if let Some(batch) = batch {
        lines.bare_server("BATCH", &[&format!("-{batch}")]);
    }
}

fn tokens(lines: &Lines<'_>) -> Vec<String> {
    let settings = &lines.facts.settings;
    let topic_bytes = settings.topic_bytes;
    let rules_max = PER_ROOM_MAX;
    let conditions = list::CONDITIONS_MAX;
    let (targets, speech) = (channel::TARGETS_MAX, message::TARGETS_MAX);
    let mut tokens = vec![
        "ACCOUNTEXTBAN=a".to_owned(),
        format!("CHANMODES={}", modes::chanmodes()),
        "ELIST=CMNTU".to_owned(),
        "EXCEPTS=e".to_owned(),
        "EXTBAN=,am".to_owned(),
        "INVEX=I".to_owned(),
        format!("KEYLEN={}", modes::KEYLEN),
        format!("MAXLIST=I:{rules_max},b:{rules_max},e:{rules_max}"),
        format!("MODES={}", mode::MODES_MAX),
        "SAFELIST".to_owned(),
        "STATUSMSG=@+".to_owned(),
        format!(
            "TARGMAX=JOIN:{targets},KICK:{targets},LIST:{conditions},NAMES:{targets},NOTICE:{speech},PART:{targets},\
             PRIVMSG:{speech},TAGMSG:{speech}"
        ),
        format!("AWAYLEN={topic_bytes}"),
        format!("BOT={}", letter(UserMode::Bot)),
        "CASEMAPPING=ascii".to_owned(),
        format!("CHANLIMIT=#:{}", settings.rooms_per_user),
        format!("CHANNELLEN={}", RoomName::MAX_CHARS),
        "CHANTYPES=#".to_owned(),
        format!("KICKLEN={topic_bytes}"),
        format!("MONITOR={WATCHED_MAX}"),
        format!("NAMELEN={}", Persona::REALNAME_BYTES),
        format!("NETWORK={}", lines.facts.server_name),
        format!("NICKLEN={}", Nick::MAX_CHARS),
        "PREFIX=(ov)@+".to_owned(),
        format!("TOPICLEN={topic_bytes}"),
        format!("USERLEN={}", Persona::USERNAME_BYTES),
        "UTF8ONLY".to_owned(),
        "WHOX".to_owned(),
    ];
    if lines.facts.has_history {
        tokens.push(format!("CHATHISTORY={PLAYBACK_MAX}"));
        tokens.push("MSGREFTYPES=msgid,timestamp".to_owned());
    }
    tokens.sort_unstable();
    tokens
}

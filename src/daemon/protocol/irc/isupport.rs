//! `005`: what a client may count on, derived from the limits in force.

use std::fmt::Display;
use std::io::Write;

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

/// Within a batch where the client wants that. Everybody who comes is told all this, so each token is written where it
/// stays, in their order.
pub(super) fn write(lines: &mut Lines<'_>, batch: Option<&str>) {
    if let Some(batch) = batch {
        lines.bare_server("BATCH", &[&format!("+{batch}"), "draft/isupport"]);
    }
    let mut list = List {
        lines,
        batch,
        in_line: 0,
    };
    list.write();
    if let Some(batch) = batch {
        lines.bare_server("BATCH", &[&format!("-{batch}")]);
    }
}

struct List<'a, 'b> {
    lines: &'a mut Lines<'b>,
    batch: Option<&'a str>,
    in_line: usize,
}

impl List<'_, '_> {
    fn write(&mut self) {
        let facts = self.lines.facts;
        let (settings, rules_max) = (&facts.settings, PER_ROOM_MAX);
        let topic_bytes = settings.topic_bytes;
        let conditions = list::CONDITIONS_MAX;
        let (targets, speech) = (channel::TARGETS_MAX, message::TARGETS_MAX);
        self.word("ACCOUNTEXTBAN=a");
        self.value("AWAYLEN", topic_bytes);
        self.value("BOT", letter(UserMode::Bot));
        self.word("CASEMAPPING=ascii");
        self.value("CHANLIMIT", format_args!("#:{}", settings.rooms_per_user));
        self.value("CHANMODES", modes::chanmodes());
        self.value("CHANNELLEN", RoomName::MAX_CHARS);
        self.word("CHANTYPES=#");
        if facts.has_history {
            self.value("CHATHISTORY", PLAYBACK_MAX);
        }
        self.word("ELIST=CMNTU");
        self.word("EXCEPTS=e");
        self.word("EXTBAN=,am");
        self.word("INVEX=I");
        self.value("KEYLEN", modes::KEYLEN);
        self.value("KICKLEN", topic_bytes);
        self.value(
            "MAXLIST",
            format_args!("I:{rules_max},b:{rules_max},e:{rules_max}"),
        );
        self.value("MODES", mode::MODES_MAX);
        self.value("MONITOR", WATCHED_MAX);
        if facts.has_history {
            self.word("MSGREFTYPES=msgid,timestamp");
        }
        self.value("NAMELEN", Persona::REALNAME_BYTES);
        self.value("NETWORK", &facts.server_name);
        self.value("NICKLEN", Nick::MAX_CHARS);
        self.word("PREFIX=(ov)@+");
        self.word("SAFELIST");
        self.word("STATUSMSG=@+");
        let joining = format_args!("JOIN:{targets},KICK:{targets},LIST:{conditions}");
        let saying =
            format_args!("NOTICE:{speech},PART:{targets},PRIVMSG:{speech},TAGMSG:{speech}");
        self.value(
            "TARGMAX",
            format_args!("{joining},NAMES:{targets},{saying}"),
        );
        self.value("TOPICLEN", topic_bytes);
        self.value("USERLEN", Persona::USERNAME_BYTES);
        self.word("UTF8ONLY");
        self.word("WHOX");
        self.end();
    }

    fn word(&mut self, token: &str) {
        self.begin();
        self.lines.out.extend_from_slice(token.as_bytes());
    }

    fn value(&mut self, name: &str, value: impl Display) {
        self.word(name);
        let _ = write!(self.lines.out, "={value}"); // a Vec takes all
    }

    /// One more token.
    fn begin(&mut self) {
        if self.in_line == PER_LINE {
            self.end();
        }
        if self.in_line == 0 {
            if let Some(batch) = self.batch {
                let _ = write!(self.lines.out, "@batch={batch} ");
            }
            self.lines.begin_numeric(5, &[]);
        }
        self.lines.out.push(b' ');
        self.in_line += 1;
    }

    fn end(&mut self) {
        self.lines.end_with("are supported by this server");
        self.in_line = 0;
    }
}

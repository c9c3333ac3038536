//! `HELP` and `HELPOP`: what each command does, in a line.

use super::{Handling, shown};
use crate::daemon::protocol::irc::line::Line;

/// A command, its parameters, and what it does; by name.
const TOPICS: &[(&str, &str, &str)] = &[
    (
        "AWAY",
        "[text]",
        "Tells others that you are away; without a text, that you are back.",
    ),
    (
        "CAP",
        "LS|LIST|REQ|END",
        "What your client and the server agree to use of IRCv3.",
    ),
    ("INFO", "", "What this server is."),
    ("INVITE", "nick #channel", "Calls somebody into a channel."),
    ("ISON", "nick ...", "Who of these is here."),
    ("JOIN", "#channel[,...] [key[,...]]", "Enters channels."),
    (
        "KICK",
        "#channel nick[,...] [reason]",
        "Takes somebody out of a channel.",
    ),
    (
        "KILL",
        "nick [reason]",
        "Ends somebody's connections; for server operators.",
    ),
    ("LIST", "[#channel|condition]", "Which channels there are."),
    ("LUSERS", "", "How many are here."),
    (
        "METADATA",
        "target subcommand ...",
        "Keys and values of users and channels.",
    ),
    (
        "MODE",
        "nick|#channel [modes]",
        "Shows or sets modes. Yours: i invisible, w wallops, B a bot.",
    ),
    (
        "MONITOR",
        "+|- nick[,...] or C, L, S",
        "Tells you when somebody comes and goes.",
    ),
    ("MOTD", "", "The message of the day."),
    ("NAMES", "#channel[,...]", "Who is in a channel."),
    ("NICK", "nick", "Gives you another nick."),
    (
        "NOTICE",
        "target text",
        "Says something to which no program answers.",
    ),
    ("PART", "#channel[,...] [reason]", "Leaves channels."),
    (
        "PRIVMSG",
        "target[,...] text",
        "Says something to a channel or somebody.",
    ),
    ("QUIT", "[reason]", "Ends your connection."),
    (
        "RENAME",
        "#channel #new [reason]",
        "Gives a channel another name; for its owners.",
    ),
    ("SETNAME", "realname", "Gives you another realname."),
    ("STATS", "u", "Since when the server runs."),
    ("TIME", "", "The server's time."),
    (
        "TOPIC",
        "#channel [text]",
        "Shows or sets a channel's topic.",
    ),
    ("USERHOST", "nick ...", "The user@host of up to five."),
    (
        "USERIP",
        "nick ...",
        "The same with an address, which nobody is told.",
    ),
    ("VERSION", "", "The server's version and what it supports."),
    (
        "WALLOPS",
        "text",
        "Tells all who want to hear it; for server operators.",
    ),
    (
        "WHO",
        "#channel|mask [o][%fields]",
        "Who is in a channel, or who is called like that.",
    ),
    ("WHOIS", "nick[,...]", "Who somebody is."),
    ("WHOWAS", "nick [count]", "Who had a nick before."),
];

pub(super) fn help(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(subject) = line.param(0) else {
        return index(handling);
    };
    let name = subject.to_ascii_uppercase();
    let found = TOPICS.binary_search_by(|(its, ..)| its.cmp(&&*name));
    let subject = shown(subject);
    let mut lines = handling.lines();
    match found {
        Ok(at) => {
            let (name, params, text) = TOPICS[at];
            let syntax = format!("{name} {params}");
            lines.numeric(704, &[&subject], syntax.trim_end());
            lines.numeric(705, &[&subject], text);
            lines.numeric(706, &[&subject], "End of /HELP");
        }
        Err(_) => lines.numeric(524, &[&subject], "No help is available on this"),
    }
}

fn index(handling: &mut Handling<'_>) {
    const PER_LINE: usize = 10;
    let mut lines = handling.lines();
    lines.numeric(704, &["*"], "Commands; HELP with one of them says more:");
    for topics in TOPICS.chunks(PER_LINE) {
        let names: Vec<&str> = topics.iter().map(|(name, ..)| *name).collect();
        lines.numeric(705, &["*"], &names.join(" "));
    }
    lines.numeric(706, &["*"], "End of /HELP");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_found_by_their_order() {
        assert!(TOPICS.is_sorted_by_key(|(name, ..)| name));
    }
}

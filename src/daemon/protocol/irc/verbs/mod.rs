//! What a client may say, one function per verb, by family. A function writes what can be answered at once and asks the
//! hub the rest; whatever it does, the line costs its sender a token.

mod account;
mod cap;
pub(super) mod channel;
mod help;
pub(super) mod list;
pub(super) mod message;
pub(super) mod metadata;
pub(super) mod mode;
mod monitor;
pub(super) mod own;
mod past;
mod people;
pub(super) mod persistence;
pub(super) mod query;
mod server;
mod session;

use std::net::IpAddr;

use smol_str::SmolStr;

use super::caps::Cap;
use super::context::Context;
use super::line::Line;
use super::multiline;
use super::pending::GroupId;
use super::write::Lines;
use super::{Facts, Incoming, Session};
use crate::daemon::protocol::Dialect;
use crate::hub::command::Command;
use crate::hub::name::{Nick, RoomName};

/// One line while it is being handled.
pub(super) struct Handling<'a> {
    pub(super) session: &'a mut Session,
    pub(super) facts: &'a Facts,
    incoming: &'a mut Vec<Incoming>,
    pub(super) group: Option<GroupId>,
    /// What answers the line at once.
    pub(super) out: Vec<u8>,
    /// Whether the hub was asked something.
    has_asked: bool,
}

/// One verb.
struct Verb {
    name: &'static str,
    /// Fewer are an error.
    params_min: usize,
    /// Whether a client may say it before it is let in.
    is_early: bool,
    handle: fn(&mut Handling<'_>, &Line<'_>),
}

const fn early(name: &'static str, params_min: usize, handle: Handle) -> Verb {
    let is_early = true;
    Verb {
        name,
        params_min,
        is_early,
        handle,
    }
}

const fn verb(name: &'static str, params_min: usize, handle: Handle) -> Verb {
    let is_early = false;
    Verb {
        name,
        params_min,
        is_early,
        handle,
    }
}

type Handle = fn(&mut Handling<'_>, &Line<'_>);

/// By name.
const VERBS: &[Verb] = &[
    verb("ADMIN", 0, server::admin),
    early("AUTHENTICATE", 1, account::authenticate),
    early("AWAY", 0, session::away),
    verb("BATCH", 1, multiline::batch),
    early("CAP", 1, cap::cap),
    verb("CHATHISTORY", 0, past::chathistory),
    verb("HELP", 0, help::help),
    verb("HELPOP", 0, help::help),
    verb("INFO", 0, server::info),
    verb("INVITE", 0, channel::invite),
    verb("ISON", 1, people::ison),
    early("ISUPPORT", 0, query::isupport),
    verb("JOIN", 1, channel::join),
    verb("KICK", 2, channel::kick),
    verb("KILL", 1, own::kill),
    verb("LINKS", 0, server::links),
    verb("LIST", 0, list::list),
    verb("LUSERS", 0, people::lusers),
    verb("MARKREAD", 0, past::markread),
    early("METADATA", 2, metadata::metadata),
    verb("MODE", 1, mode::mode),
    verb("MONITOR", 1, monitor::monitor),
    verb("MOTD", 0, query::motd),
    verb("NAMES", 0, channel::names),
    early("NICK", 0, session::nick),
    verb("NOTICE", 0, message::notice),
    verb("OPER", 2, own::oper),
    verb("PART", 1, channel::part),
    early("PASS", 1, session::pass),
    verb("PERSISTENCE", 1, persistence::persistence),
    early("PING", 0, session::ping),
    early("PONG", 0, session::pong),
    verb("PRIVMSG", 0, message::privmsg),
    early("QUIT", 0, session::quit),
    verb("REDACT", 2, past::redact),
    early("REGISTER", 3, account::register),
    verb("REHASH", 0, own::rehash),
    verb("RENAME", 2, channel::rename),
    verb("SEARCH", 1, past::search),
    verb("SETNAME", 1, own::setname),
    verb("STATS", 1, server::stats),
    verb("TAGMSG", 1, message::tagmsg),
    verb("TIME", 0, server::time),
    verb("TOPIC", 1, channel::topic),
    early("USER", 4, session::user),
    verb("USERHOST", 1, people::userhost),
    verb("USERIP", 1, people::userip),
    early("VERIFY", 2, account::verify),
    verb("VERSION", 0, server::version),
    verb("WALLOPS", 1, own::wallops),
    early("WEBIRC", 4, session::webirc),
    verb("WHO", 0, people::who),
    verb("WHOIS", 0, people::whois),
    verb("WHOWAS", 0, people::whowas),
];

pub(super) fn handle(handling: &mut Handling<'_>, line: &Line<'_>) {
    if let Some(batch) = line.tag("batch")
        && handling.session.caps.has(Cap::MultiLine)
    {
        return multiline::line(handling, line, &batch);
    }
    let name = line.verb.to_ascii_uppercase();
    let found = VERBS.binary_search_by(|verb| verb.name.cmp(&name));
    let is_registered = handling.session.is_registered();
    let Some(verb) = found.ok().map(|at| &VERBS[at]) else {
        let shown = shown(line.verb);
        if is_registered {
            handling.lines().numeric(421, &[&shown], "Unknown command");
        } else {
            handling
                .lines()
                .numeric(451, &[], "You have not registered");
        }
        return;
    };
    if !is_registered && !verb.is_early {
        handling
            .lines()
            .numeric(451, &[], "You have not registered");
    } else if line.params.len() < verb.params_min {
        handling.not_enough(verb.name);
    } else {
        (verb.handle)(handling, line);
    }
}

impl<'a> Handling<'a> {
    pub(super) fn begin(
        session: &'a mut Session,
        facts: &'a Facts,
        incoming: &'a mut Vec<Incoming>,
        line: &Line<'_>,
    ) -> Self {
        let has_labels = session.caps.has(Cap::LabeledResponse);
        let label = line
            .tag("label")
            .filter(|label| has_labels && !label.is_empty());
        let label = label.filter(|_| !session.pending.is_full(facts));
        let group = label.map(|label| session.pending.open(&label));
        Self {
            session,
            facts,
            incoming,
            group,
            out: Vec::new(),
            has_asked: false,
        }
    }

    /// What the server says to the client at once.
    pub(super) fn lines(&mut self) -> Lines<'_> {
        self.session.lines(self.facts, &mut self.out)
    }

    /// Asks the hub something. `context` is for the answer.
    pub(super) fn command(&mut self, command: Command, context: Context) {
        if self.session.pending.is_full(self.facts) {
            let verb = context.verb().to_owned();
            self.lines()
                .numeric(263, &[&verb], "Too much waits already. Try again later.");
            return;
        }
        self.flush();
        self.has_asked = true;
        let request = Some(self.session.pending.add(self.group, context));
        self.incoming.push(Incoming::Command { request, command });
    }

    /// The client has proved by SASL whose account it is.
    pub(super) fn logged_in(&mut self, account: &Nick) {
        let (session, facts) = (&*self.session, self.facts);
        session.logged_in(facts, account, true, &mut self.out);
    }

    /// The same, and nothing more is read before the answer is here.
    pub(super) fn ask_and_wait(&mut self, command: Command, context: Context) {
        let has_room = !self.session.pending.is_full(self.facts);
        self.command(command, context);
        self.session.is_waiting = has_room;
    }

    /// The client says that it is a gateway. Whether it is one, is not known here.
    pub(super) fn gateway(&mut self, password: &str, address: IpAddr) {
        self.incoming.push(Incoming::Gateway {
            password: password.into(),
            address,
            refusal:
                b"ERROR :WEBIRC is not for you, by where you come from, or by your password\r\n"
                    .to_vec(),
        });
    }

    /// The line is paid for with another one.
    pub(super) fn is_paid(&mut self) {
        self.has_asked = true;
    }

    /// Says no more to the client than what has been written, and why.
    pub(super) fn turn_away(&mut self, why: &str) {
        self.flush();
        self.has_asked = true;
        self.session.is_waiting = true;
        let text = format!("ERROR :{why}\r\n");
        self.incoming.push(Incoming::Closed(text.into_bytes()));
    }

    /// What the client hears in this way is that of its capabilities from now on.
    pub(super) fn look_anew(&mut self) {
        let dialect = Dialect::Irc(self.session.caps.look());
        self.incoming.push(Incoming::Dialect(dialect));
    }

    /// The line has been read. What was answered at once is paid for, unless the hub was asked something else.
    pub(super) fn end(mut self, line: &Line<'_>) {
        if !self.has_asked && self.session.pending.is_full(self.facts) {
            // It costs as much, but what answers it cannot wait.
            self.flush();
            self.incoming.push(Incoming::Command {
                request: None,
                command: Command::Ping,
            });
        } else if !self.has_asked {
            let lines = std::mem::take(&mut self.out).into();
            let verb = SmolStr::from(shown(line.verb));
            let context = Context::Paid { verb, lines };
            self.command(Command::Ping, context);
        }
        self.flush();
        self.settle(self.group);
    }

    /// One part of a labelled line has been read.
    pub(super) fn settle(&mut self, group: Option<GroupId>) {
        let mut out = Vec::new();
        self.session.pending.settle(group, self.facts, &mut out);
        if !out.is_empty() {
            self.incoming.push(Incoming::Answer(out));
        }
    }

    /// What was written so far comes before what is asked next.
    fn flush(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let mut out = Vec::new();
        self.session.pending.put(self.group, &self.out, &mut out);
        self.out.clear();
        if !out.is_empty() {
            self.incoming.push(Incoming::Answer(out));
        }
    }

    pub(super) fn not_enough(&mut self, verb: &str) {
        self.lines().numeric(461, &[verb], "Not enough parameters");
    }

    /// The room of a name; what is none is told.
    pub(super) fn room(&mut self, name: &str) -> Option<RoomName> {
        let room = RoomName::parse(name).ok();
        if room.is_none() {
            self.lines()
                .numeric(403, &[&shown(name)], "No such channel");
        }
        room
    }

    /// The user of a name; what is none is told.
    pub(super) fn user(&mut self, name: &str) -> Option<Nick> {
        let nick = Nick::parse(name).ok();
        if nick.is_none() {
            self.lines().numeric(401, &[&shown(name)], "No such nick");
        }
        nick
    }
}

/// Those of `a,b`.
fn names_of(names: &str) -> impl Iterator<Item = &str> {
    names.split(',').filter(|name| !name.is_empty())
}

/// Whether a list such as `,` names nothing.
fn is_nothing(names: &str) -> bool {
    names_of(names).next().is_none()
}

/// A word of the client as it may stand in an answer.
pub(super) fn shown(word: &str) -> String {
    const MOST: usize = 64;
    let end = word.floor_char_boundary(MOST);
    let word = word[..end].trim_start_matches(':').replace(' ', "_");
    if word.is_empty() {
        "*".to_owned()
    } else {
        word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_by_their_order() {
        assert!(VERBS.is_sorted_by_key(|verb| verb.name));
    }
}

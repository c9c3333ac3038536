//! Speaking: `PRIVMSG`, `NOTICE`, `TAGMSG`.

use super::{Handling, is_nothing, names_of, shown};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::{Context, Echo, Said};
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::irc::splitter::LINE_BYTES_MAX;
use crate::daemon::protocol::irc::write::Source;
use crate::hub::command::{Command, MessageKind, Tags, Target};
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::Status;

/// Targets of one line.
pub(in crate::daemon::protocol::irc) const TARGETS_MAX: usize = 4;

pub(super) fn privmsg(handling: &mut Handling<'_>, line: &Line<'_>) {
    say(handling, line, "PRIVMSG");
}

pub(super) fn notice(handling: &mut Handling<'_>, line: &Line<'_>) {
    say(handling, line, "NOTICE");
}

fn say(handling: &mut Handling<'_>, line: &Line<'_>, verb: &'static str) {
    let Some(targets) = line.param(0).filter(|targets| !is_nothing(targets)) else {
        return no_recipient(handling, verb);
    };
    let Some(text) = line.param(1) else {
        handling.lines().numeric(412, &[], "No text to send");
        return;
    };
    let (kind, said) = meaning(verb, text);
    let tags = client_tags(handling, line);
    for (name, target) in targets_of(handling, targets, verb) {
        if relayed_bytes(handling, verb, name, text) > LINE_BYTES_MAX {
            // Others would get it in two pieces, of which only one could be answered.
            handling
                .lines()
                .numeric(417, &[], "Input line was too long");
            return;
        }
        let command = Command::Send {
            to: target,
            kind,
            text: said.into(),
            client_msgid: None,
            tags: tags.clone(),
        };
        let echo = echo(handling, name, text, tags.as_ref());
        let target = name.into();
        let said = Said { verb, target, echo };
        handling.command(command, Context::Say(Box::new(said)));
    }
}

fn no_recipient(handling: &mut Handling<'_>, verb: &str) {
    let text = format!("No recipient given ({verb})");
    handling.lines().numeric(411, &[], &text);
}

/// How long a line is for those who hear it, its end counted in.
fn relayed_bytes(handling: &Handling<'_>, verb: &str, target: &str, text: &str) -> usize {
    let session = &handling.session;
    let source = Source {
        nick: &session.nick,
        persona: session.persona.as_deref(),
    };
    let between = ":".len() + " ".len() + " ".len() + " :".len() + "\r\n".len();
    source.bytes(handling.facts) + verb.len() + target.len() + text.len() + between
}

pub(super) fn tagmsg(handling: &mut Handling<'_>, line: &Line<'_>) {
    if !handling.session.caps.has(Cap::MessageTags) {
        handling
            .lines()
            .numeric(421, &["TAGMSG"], "Unknown command");
        return;
    }
    if is_nothing(line.params[0]) {
        return no_recipient(handling, "TAGMSG");
    }
    let Some(tags) = client_tags(handling, line) else {
        return; // nothing is said by it
    };
    for (name, target) in targets_of(handling, line.params[0], "TAGMSG") {
        let command = Command::Tag {
            to: target,
            tags: tags.clone(),
        };
        let echo = echo(handling, name, "", Some(&tags));
        let said = Said {
            verb: "TAGMSG",
            target: name.into(),
            echo,
        };
        handling.command(command, Context::Say(Box::new(said)));
    }
}

/// `/me` is a kind of its own to everybody else.
pub(in crate::daemon::protocol::irc) fn meaning<'a>(
    verb: &str,
    text: &'a str,
) -> (MessageKind, &'a str) {
    let action = text.strip_prefix("\u{1}ACTION ");
    match action {
        Some(action) if verb == "PRIVMSG" => {
            let action = action.strip_suffix('\u{1}').unwrap_or(action);
            (MessageKind::Action, action)
        }
        Some(_) | None if verb == "NOTICE" => (MessageKind::Notice, text),
        Some(_) | None => (MessageKind::Text, text),
    }
}

/// Only from a client that knows what they are.
pub(in crate::daemon::protocol::irc) fn client_tags(
    handling: &Handling<'_>,
    line: &Line<'_>,
) -> Option<Tags> {
    let knows_tags = handling.session.caps.has(Cap::MessageTags);
    Tags::new(&line.client_tags()).filter(|_| knows_tags)
}

/// What comes back to the client: as an echo, or because it speaks to itself.
pub(in crate::daemon::protocol::irc) fn echo(
    handling: &Handling<'_>,
    target: &str,
    text: &str,
    tags: Option<&Tags>,
) -> Option<Echo> {
    let session = &handling.session;
    let is_wanted = session.caps.has(Cap::EchoMessage) || session.is_called(target);
    is_wanted.then(|| Echo {
        text: text.into(),
        tags: tags.cloned(),
    })
}

/// Those of `a,b` that can be names; the others are told, but of a notice. Each once.
pub(in crate::daemon::protocol::irc) fn targets_of<'a>(
    handling: &mut Handling<'_>,
    names: &'a str,
    verb: &str,
) -> Vec<(&'a str, Target)> {
    let mut targets: Vec<(&str, Target)> = Vec::new();
    for name in names_of(names) {
        let target = target(name);
        match target {
            Some(target) if targets.iter().any(|(_, other)| *other == target) => {}
            Some(_) if targets.len() >= TARGETS_MAX => {
                let text = format!("Too many targets; the most of {verb} are {TARGETS_MAX}");
                handling.lines().numeric(407, &[&shown(name)], &text);
                break;
            }
            Some(target) => targets.push((name, target)),
            None if verb == "NOTICE" => {} // which is never answered
            None if name.trim_start_matches(['@', '+']).starts_with('#') => {
                handling
                    .lines()
                    .numeric(403, &[&shown(name)], "No such channel");
            }
            None => handling
                .lines()
                .numeric(401, &[&shown(name)], "No such nick"),
        }
    }
    targets
}

/// A room, those in it who have a status (`@#room`, `+#room`), or a user.
fn target(name: &str) -> Option<Target> {
    let room = |name: &str| RoomName::parse(name).ok();
    if name.starts_with('#') {
        return room(name).map(Target::Room);
    }
    for (sign, status) in [('@', Status::Operator), ('+', Status::Voiced)] {
        if let Some(rest) = name.strip_prefix(sign)
            && rest.starts_with('#')
        {
            return room(rest).map(|room| Target::Status(room, status));
        }
    }
    Nick::parse(name).ok().map(Target::User)
}

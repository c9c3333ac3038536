//! What was said before: `CHATHISTORY`, `MARKREAD`, `REDACT`, `SEARCH`.

use std::sync::Arc;

use super::{Handling, shown};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::{Context, Past};
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::stamp::parse_time;
use crate::hub::command::{Command, PLAYBACK_MAX};
use crate::hub::history::{Partner, Query, Range};
use crate::hub::id::MessageId;
use crate::hub::name::{Nick, RoomName};
use crate::hub::tags::unescape;

pub(super) fn chathistory(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(subcommand) = line.param(0) else {
        return fail(handling, "*", &[], "Which messages?");
    };
    let subcommand = subcommand.to_ascii_uppercase();
    let wanted = match &*subcommand {
        "TARGETS" => return targets(handling, line),
        "LATEST" | "BEFORE" | "AFTER" | "AROUND" => 4,
        "BETWEEN" => 5,
        _ => return fail(handling, &shown(line.params[0]), &[], "Unknown command"),
    };
    if line.params.len() != wanted {
        let text = if line.params.len() < wanted {
            "Insufficient parameters"
        } else {
            "Too many parameters"
        };
        return fail(handling, &subcommand, &[], text);
    }
    let target = line.params[1];
    let Some(of) = partner(target) else {
        let context = [&*subcommand, &*shown(target)];
        let text = "Messages could not be retrieved";
        return handling
            .lines()
            .fail("CHATHISTORY", "INVALID_TARGET", &context, text);
    };
    let bounds = &line.params[2..wanted - 1];
    let range = match range(&subcommand, bounds) {
        Ok(range) => range,
        Err(wrong) => return fail(handling, &subcommand, &[&shown(wrong)], "Invalid reference"),
    };
    let Some(limit) = limit(line.params[wanted - 1]) else {
        let wrong = shown(line.params[wanted - 1]);
        return fail(handling, &subcommand, &[&wrong], "Invalid limit");
    };
    let past = Past::Page {
        subcommand: subcommand.into(),
        target: target.into(),
        is_newest: matches!(
            range,
            Range::Latest | Range::Before(_) | Range::NewestBetween(..)
        ),
    };
    let command = Command::Playback {
        of,
        range,
        limit,
        with_asides: handling.session.caps.has(Cap::EventPlayback),
    };
    handling.command(command, Context::Past(Box::new(past)));
}

fn range<'a>(subcommand: &str, bounds: &[&'a str]) -> Result<Range, &'a str> {
    let first = bounds[0];
    if subcommand == "LATEST" && first == "*" {
        return Ok(Range::Latest);
    }
    let bound = Bound::parse(first).ok_or(first)?;
    let end = MessageId(u64::MAX >> 1);
    Ok(match subcommand {
        "LATEST" => Range::NewestBetween(bound.last(), end),
        "BEFORE" => Range::Before(bound.first()),
        "AFTER" => Range::After(bound.last()),
        "AROUND" => Range::Around(bound.first()),
        _ => {
            let other = Bound::parse(bounds[1]).ok_or(bounds[1])?;
            if bound.first() <= other.first() {
                Range::Between(bound.last(), other.first())
            } else {
                Range::NewestBetween(other.last(), bound.first())
            }
        }
    })
}

/// A message, or all of one millisecond.
#[derive(Clone, Copy)]
struct Bound(MessageId, MessageId);

impl Bound {
    fn parse(text: &str) -> Option<Self> {
        if let Some(id) = text.strip_prefix("msgid=") {
            let id = MessageId::parse(id)?;
            return Some(Self(id, id));
        }
        let at = parse_time(text.strip_prefix("timestamp=")?)?.0;
        let last = MessageId(MessageId::first_at(at + 1).0 - 1);
        Some(Self(MessageId::first_at(at), last))
    }

    fn first(self) -> MessageId {
        self.0
    }

    fn last(self) -> MessageId {
        self.1
    }
}

/// More than can be had is as much as can be had.
fn limit(text: &str) -> Option<usize> {
    let limit = text.parse::<usize>().ok().filter(|&limit| limit > 0);
    limit.map(|limit| limit.min(PLAYBACK_MAX))
}

fn targets(handling: &mut Handling<'_>, line: &Line<'_>) {
    let bound = |text: &str| Bound::parse(text).filter(|_| text.starts_with("timestamp="));
    let params = &line.params[1..];
    let &[first, second, last] = params else {
        return fail(handling, "TARGETS", &[], "Insufficient parameters");
    };
    let (Some(one), Some(other), Some(limit)) = (bound(first), bound(second), limit(last)) else {
        return fail(handling, "TARGETS", &[], "Invalid timestamp or limit");
    };
    let (after, before) = if one.first() <= other.first() {
        (one.last(), other.first())
    } else {
        (other.last(), one.first())
    };
    let command = Command::Conversations {
        after,
        before,
        limit,
    };
    handling.command(command, Context::Past(Box::new(Past::Targets)));
}

fn fail(handling: &mut Handling<'_>, subcommand: &str, beside: &[&str], text: &str) {
    let mut context = vec![subcommand];
    context.extend_from_slice(beside);
    handling
        .lines()
        .fail("CHATHISTORY", "INVALID_PARAMS", &context, text);
}

/// `MARKREAD target [timestamp=...]`
pub(super) fn markread(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(target) = line.param(0) else {
        return handling
            .lines()
            .fail("MARKREAD", "NEED_MORE_PARAMS", &[], "Missing parameters");
    };
    let invalid = |handling: &mut Handling<'_>, what: &str| {
        let context = [&*shown(what)];
        let text = "Invalid parameters";
        handling
            .lines()
            .fail("MARKREAD", "INVALID_PARAMS", &context, text);
    };
    let Some(of) = partner(target) else {
        return invalid(handling, target);
    };
    let upto = match line.param(1) {
        None => None,
        Some(text) => match text.strip_prefix("timestamp=").and_then(parse_time) {
            None => return invalid(handling, text),
            at => at,
        },
    };
    let past = Past::Mark {
        target: target.into(),
    };
    let context = Context::Past(Box::new(past));
    handling.command(Command::ReadMark { of, upto }, context);
}

/// `REDACT target msgid [reason]`
pub(super) fn redact(handling: &mut Handling<'_>, line: &Line<'_>) {
    let (target, id) = (line.params[0], line.params[1]);
    let Some(of) = partner(target) else {
        let context = [&*shown(target)];
        let text = "You cannot delete messages from there";
        return handling
            .lines()
            .fail("REDACT", "INVALID_TARGET", &context, text);
    };
    let past = Past::Redact {
        target: target.into(),
        message: shown(id).into(),
    };
    let command = Command::Delete {
        // No message has the number 0; where it is looked for may still be wrong, which is told first.
        message: MessageId::parse(id).unwrap_or_default(),
        of: Some(of),
        reason: line.param(2).map(Into::into),
    };
    handling.command(command, Context::Past(Box::new(past)));
}

/// `SEARCH key=value;key=value`, as `soju.im/search` has it.
pub(super) fn search(handling: &mut Handling<'_>, line: &Line<'_>) {
    let mut query = Query {
        words: Arc::from(""),
        of: None,
        from: None,
        after: None,
        before: None,
    };
    let mut most = PLAYBACK_MAX;
    for attribute in line.params[0].split(';').filter(|it| !it.is_empty()) {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = unescape(value);
        let time = || parse_time(&value).map(|at| MessageId::first_at(at.0));
        let is_good = match key {
            "text" => {
                query.words = value.into();
                true
            }
            "in" => {
                query.of = partner(&value);
                query.of.is_some()
            }
            "from" => {
                query.from = Nick::parse(&value).ok();
                query.from.is_some()
            }
            "after" => {
                query.after = time();
                query.after.is_some()
            }
            "before" => {
                query.before = time();
                query.before.is_some()
            }
            "limit" => match limit(&value) {
                Some(limit) => {
                    most = limit;
                    true
                }
                None => false,
            },
            _ => false,
        };
        if !is_good {
            let context = [&*shown(key)];
            let text = "This attribute is not known, or has no such value";
            return handling
                .lines()
                .fail("SEARCH", "INVALID_PARAMS", &context, text);
        }
    }
    let command = Command::Search { query, limit: most };
    handling.command(command, Context::Past(Box::new(Past::Search)));
}

fn partner(target: &str) -> Option<Partner> {
    if target.starts_with('#') {
        RoomName::parse(target).ok().map(Partner::Room)
    } else {
        Nick::parse(target).ok().map(Partner::User)
    }
}

//! `METADATA`: keys and values of users and rooms. Before a client is let in, what it sets is kept here and set when
//! it is.

use smol_str::SmolStr;

use super::{Handling, shown};
use crate::daemon::protocol::irc::about::{About, Metadata};
use crate::daemon::protocol::irc::answer::metadata::{NO_TARGET, NOT_SET, value_line};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::hub::command::Command;
use crate::hub::name::{Nick, RoomName};
use crate::hub::people::Request as PeopleRequest;
use crate::hub::people::metadata::{KEYS_MAX, MetadataKey, Of, Request, VALUE_BYTES_MAX};

/// Keys of one line.
const KEYS_OF_LINE_MAX: usize = 50;

pub(super) fn metadata(handling: &mut Handling<'_>, line: &Line<'_>) {
    let subcommand = line.params[1].to_ascii_uppercase();
    if !handling.session.is_registered() {
        return early(handling, line, &subcommand);
    }
    let target = line.params[0];
    let Some(of) = target_of(target) else {
        return invalid_target(handling, target);
    };
    match &*subcommand {
        "GET" => {
            let keys = keys_of(handling, line);
            if !keys.is_empty() {
                ask(handling, Request::Get { of, keys }, "GET", target, "");
            }
        }
        "LIST" => ask(handling, Request::List(of), "LIST", target, ""),
        "SET" => set(handling, line, of),
        "CLEAR" => ask(handling, Request::Clear(of), "CLEAR", target, "*"),
        "SYNC" => ask(handling, Request::Sync(of), "SYNC", target, "*"),
        "SUB" => {
            let keys = keys_of(handling, line);
            if !keys.is_empty() {
                ask(handling, Request::Subscribe(keys), "SUB", "*", "");
            }
        }
        "UNSUB" => {
            let keys = keys_of(handling, line);
            if !keys.is_empty() {
                ask(handling, Request::Unsubscribe(keys), "UNSUB", "*", "");
            }
        }
        "SUBS" => ask(handling, Request::Subscriptions, "SUBS", "*", ""),
        _ => unknown(handling, &subcommand),
    }
}

fn set(handling: &mut Handling<'_>, line: &Line<'_>, of: Of) {
    let Some(key) = key_of(handling, line) else {
        return;
    };
    let name = SmolStr::from(key.as_str());
    let value = line.params.get(3).map(|&value| value.into());
    let request = Request::Set { of, key, value };
    ask(handling, request, "SET", line.params[0], &name);
}

/// Only about the client itself, and nobody else knows of it yet.
fn early(handling: &mut Handling<'_>, line: &Line<'_>, subcommand: &str) {
    let wants_it = [Cap::Metadata2, Cap::Metadata3].map(|cap| handling.session.caps.has(cap));
    if !wants_it.contains(&true) {
        let text = "You have not registered";
        return handling.lines().numeric(451, &[], text);
    }
    if line.params[0] != "*" {
        return invalid_target(handling, line.params[0]);
    }
    match subcommand {
        "SET" => early_set(handling, line),
        "GET" | "LIST" => early_get(handling, line, subcommand == "LIST"),
        "CLEAR" => {
            if let Some(registration) = handling.session.registration.as_deref_mut() {
                registration.metadata.clear();
            }
            batch(handling, &[]);
        }
        "SUB" => {
            let keys = keys_of(handling, line);
            let Some(registration) = handling.session.registration.as_deref_mut() else {
                return;
            };
            let room = KEYS_OF_LINE_MAX.saturating_sub(registration.subscriptions.len());
            let keys: Vec<MetadataKey> = keys.into_iter().take(room).collect();
            registration.subscriptions.extend(keys.iter().cloned());
            let keys: Vec<&str> = keys.iter().map(MetadataKey::as_str).collect();
            if !keys.is_empty() {
                handling.lines().bare_numeric(770, &keys);
            }
        }
        _ => unknown(handling, subcommand),
    }
}

fn early_set(handling: &mut Handling<'_>, line: &Line<'_>) {
    let Some(key) = key_of(handling, line) else {
        return;
    };
    let value = line.params.get(3).copied();
    let Some(registration) = handling.session.registration.as_deref_mut() else {
        return;
    };
    let kept = &mut registration.metadata;
    if value.is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
        let text = "The value is too long";
        let caps = handling.session.caps;
        let code = if caps.has(Cap::Metadata3) {
            "INVALID_VALUE"
        } else {
            "VALUE_INVALID"
        };
        return handling
            .lines()
            .fail("METADATA", code, &[key.as_str()], text);
    }
    if value.is_some() && kept.len() >= KEYS_MAX && !kept.contains_key(&key) {
        let text = "As many keys are set as you may have";
        return handling
            .lines()
            .fail("METADATA", "LIMIT_REACHED", &["*"], text);
    }
    match value {
        Some(value) => {
            kept.insert(key.clone(), value.into());
            value_line(&mut handling.lines(), "*", key.as_str(), Some(value));
        }
        None if kept.remove(&key).is_some() => {
            value_line(&mut handling.lines(), "*", key.as_str(), None);
        }
        None => {
            let context = ["*", key.as_str()];
            handling
                .lines()
                .fail("METADATA", "KEY_NOT_SET", &context, NOT_SET);
        }
    }
}

fn early_get(handling: &mut Handling<'_>, line: &Line<'_>, all: bool) {
    let wanted = if all {
        Vec::new()
    } else {
        keys_of(handling, line)
    };
    let Some(registration) = handling.session.registration.as_deref() else {
        return;
    };
    let kept = &registration.metadata;
    let entries: Vec<_> = if all {
        let entries = kept
            .iter()
            .map(|(key, value)| (key.clone(), Some(value.clone())));
        entries.collect()
    } else {
        let entries = wanted.into_iter().map(|key| {
            let value = kept.get(&key).cloned();
            (key, value)
        });
        entries.collect()
    };
    let mut written = Vec::new();
    let mut lines = handling.session.lines(handling.facts, &mut written);
    for (key, value) in &entries {
        value_line(&mut lines, "*", key.as_str(), value.as_deref());
    }
    batch(handling, &written);
}

fn batch(handling: &mut Handling<'_>, written: &[u8]) {
    let name = handling.session.pending.next_batch();
    handling.lines().batch(&name, "metadata", &["*"], written);
}

fn target_of(target: &str) -> Option<Of> {
    match target {
        "*" => Some(Of::Own),
        room if room.starts_with('#') => RoomName::parse(room).ok().map(Of::Room),
        nick => Nick::parse(nick).ok().map(Of::User),
    }
}

/// The key of `SET`; what is none is told.
fn key_of(handling: &mut Handling<'_>, line: &Line<'_>) -> Option<MetadataKey> {
    let Some(name) = line.param(2) else {
        handling.not_enough("METADATA");
        return None;
    };
    let key = MetadataKey::parse(name);
    if key.is_none() {
        invalid_key(handling, name);
    }
    key
}

/// Those of a line, in their order; what is none is told.
fn keys_of(handling: &mut Handling<'_>, line: &Line<'_>) -> Vec<MetadataKey> {
    let mut keys = Vec::new();
    let words = line
        .params
        .iter()
        .skip(2)
        .flat_map(|param| param.split(' '));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        handling.not_enough("METADATA");
    }
    for word in words.into_iter().take(KEYS_OF_LINE_MAX) {
        match MetadataKey::parse(word) {
            Some(key) => keys.push(key),
            None => invalid_key(handling, word),
        }
    }
    keys
}

fn invalid_key(handling: &mut Handling<'_>, name: &str) {
    let text = "A key has up to 32 of a-z, 0-9 and _./-";
    handling
        .lines()
        .fail("METADATA", "KEY_INVALID", &[&shown(name)], text);
}

fn invalid_target(handling: &mut Handling<'_>, target: &str) {
    let context = [&*shown(target)];
    handling
        .lines()
        .fail("METADATA", "INVALID_TARGET", &context, NO_TARGET);
}

fn unknown(handling: &mut Handling<'_>, subcommand: &str) {
    let context = [&*shown(subcommand)];
    let text = "METADATA knows GET, LIST, SET, CLEAR, SUB, UNSUB, SUBS and SYNC";
    handling
        .lines()
        .fail("METADATA", "SUBCOMMAND_INVALID", &context, text);
}

fn ask(
    handling: &mut Handling<'_>,
    request: Request,
    subcommand: &'static str,
    target: &str,
    key: &str,
) {
    let metadata = Metadata {
        subcommand,
        target: shown(target).into(),
        key: key.into(),
    };
    let about = About::Metadata(Box::new(metadata));
    let command = Command::People(PeopleRequest::Metadata(request));
    handling.command(command, Context::About(about));
}

//! What people show of themselves, as lines for everybody with the same [`Look`] who is told.

use super::answer::metadata::NOT_SET;
use super::caps::Cap;
use super::write::{Head, Source, push_params, push_text};
use super::{Look, one_line};
use crate::daemon::protocol::Facts;
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::event::{Event, EventPlace};
use crate::hub::name::Nick;
use crate::hub::people::News;
use crate::hub::people::metadata::MetadataKey;

pub(super) fn render(look: Look, facts: &Facts, event: &Event, news: &News, out: &mut Vec<u8>) {
    let persona = event.actor.as_deref();
    match news {
        News::RealName { nick, text } if look.caps.has(Cap::SetName) => {
            head(look, facts, event, Some(nick), "SETNAME", out);
            push_text(text, out);
        }
        News::RealName { .. } => {}
        News::Wallops { from, text } => {
            head(look, facts, event, Some(from), "WALLOPS", out);
            push_text(&one_line(text), out);
        }
        News::Came { nick } => {
            let nick = nick.as_str();
            let source = Source { nick, persona };
            head(look, facts, event, None, "730", out);
            push_params(&["*"], out);
            push_text(&source.text(facts), out);
        }
        News::Went { nick } => {
            head(look, facts, event, None, "731", out);
            push_params(&["*"], out);
            push_text(nick.as_str(), out);
        }
        News::Metadata { of, key, value } => {
            metadata(look, facts, event, (of, key, value.as_deref()), out);
        }
    }
}

/// In the form of `draft/metadata-3`, else of `draft/metadata-2`; not at all for who has neither.
fn metadata(
    look: Look,
    facts: &Facts,
    event: &Event,
    (of, key, value): (&EventPlace, &MetadataKey, Option<&str>),
    out: &mut Vec<u8>,
) {
    let target = match of {
        EventPlace::Room(room) | EventPlace::Status(room, _) => room.as_str(),
        EventPlace::User(nick) => nick.as_str(),
    };
    let key = key.as_str();
    if look.caps.has(Cap::Metadata3) {
        let verb = if value.is_some() { "761" } else { "766" };
        head(look, facts, event, None, verb, out);
        push_params(&["*", target, key], out);
        if value.is_some() {
            push_params(&["*"], out);
        }
        push_text(value.unwrap_or(NOT_SET), out);
    } else if look.caps.has(Cap::Metadata2) {
        head(look, facts, event, None, "METADATA", out);
        push_params(&[target, key, "*"], out);
        match value {
            Some(value) => push_text(value, out),
            None => out.extend_from_slice(b"\r\n"),
        }
    }
}

/// Of somebody, or of the server.
fn head(
    look: Look,
    facts: &Facts,
    event: &Event,
    by: Option<&Nick>,
    verb: &str,
    out: &mut Vec<u8>,
) {
    let head = Head {
        caps: look.caps,
        stamp: &Stamp::of(event),
        has_msgid: false,
        source: Source {
            nick: by.map_or("", Nick::as_str),
            persona: event.actor.as_deref(),
        },
        is_server: by.is_none(),
        client_tags: None,
        batch: None,
        verb,
    };
    head.write(facts, out);
}

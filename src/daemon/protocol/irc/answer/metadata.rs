//! What is answered to `METADATA`.

use super::Answering;
use crate::daemon::protocol::irc::about::{About, Metadata};
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::one_line;
use crate::daemon::protocol::irc::write::Lines;
use crate::daemon::protocol::sentence;
use crate::hub::event::EventPlace;
use crate::hub::people::metadata::{Answer, KeyError, MetadataKey};
use crate::hub::refusal::Refusal;

pub(in crate::daemon::protocol::irc) const NOT_SET: &str = "Nothing is set under this key";
pub(in crate::daemon::protocol::irc) const NO_TARGET: &str = "There is no such user or channel";

/// What a key of somebody is now.
pub(in crate::daemon::protocol::irc) fn value_line(
    lines: &mut Lines<'_>,
    target: &str,
    key: &str,
    value: Option<&str>,
) {
    match value {
        Some(value) => lines.numeric(761, &[target, key, "*"], value),
        None => lines.numeric(766, &[target, key], NOT_SET),
    }
}

pub(super) fn answer(answering: &mut Answering<'_>, about: &About, answer: &Answer) {
    match answer {
        Answer::Entries { of, entries } => {
            let target = name_of(of);
            let mut written = Vec::new();
            let mut lines = answering.session.lines(answering.facts, &mut written);
            for (key, value) in entries {
                value_line(&mut lines, target, key.as_str(), value.as_deref());
            }
            let is_set = matches!(about, About::Metadata(asked) if asked.subcommand == "SET");
            if is_set {
                answering.lines.extend_from_slice(&written);
            } else {
                batch(answering, "metadata", &[target], &written);
            }
        }
        Answer::Synced {
            of,
            entries,
            is_cut,
        } => {
            if entries.is_empty() && matches!(about, About::RoomMetadata) {
                return;
            }
            let mut written = Vec::new();
            let has_new_form = answering.session.caps.has(Cap::Metadata3);
            let mut lines = answering.session.lines(answering.facts, &mut written);
            for (place, key, value) in entries {
                let params = [name_of(place), key.as_str(), "*"];
                if has_new_form {
                    lines.numeric(761, &params, value);
                } else {
                    lines.server("METADATA", &params, value);
                }
            }
            batch(answering, "metadata", &[name_of(of)], &written);
            if *is_cut {
                let text = "There is more than one answer may have; the rest is left out";
                let context = [name_of(of)];
                answering
                    .lines()
                    .warn("METADATA", "LIMIT_REACHED", &context, text);
            }
        }
        Answer::Subscribed { keys, full } => {
            answering.session.has_subscribed |= !keys.is_empty();
            list(&mut answering.lines(), 770, keys);
            if let Some(key) = full {
                let text = "You are subscribed to as many keys as you may be";
                let context = [key.as_str()];
                answering
                    .lines()
                    .fail("METADATA", "TOO_MANY_SUBS", &context, text);
            }
        }
        Answer::Unsubscribed(keys) => list(&mut answering.lines(), 771, keys),
        Answer::Subscriptions(keys) => {
            let mut written = Vec::new();
            list(
                &mut answering.session.lines(answering.facts, &mut written),
                772,
                keys,
            );
            batch(answering, "metadata-subs", &[], &written);
        }
    }
}

/// Whether it has a form of its own.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the others have none here, as `refusal::write` sees"
)]
pub(super) fn refused(answering: &mut Answering<'_>, asked: &Metadata, refusal: &Refusal) -> bool {
    let text = one_line(&sentence::refusal(refusal));
    let (target, key) = (&*asked.target, &*asked.key);
    let has_new_form = answering.session.caps.has(Cap::Metadata3);
    let mut lines = answering.lines();
    let mut fail = |code: &str, context: &[&str]| lines.fail("METADATA", code, context, &text);
    match refusal {
        Refusal::NoSuchUser(_) | Refusal::NoSuchRoom(_) => fail("INVALID_TARGET", &[target]),
        Refusal::NotPermitted { .. } | Refusal::NotInRoom(_) => {
            let key = if key.is_empty() { "*" } else { key };
            fail("KEY_NO_PERMISSION", &[target, key]);
        }
        Refusal::Key(KeyError::NotSet) => fail("KEY_NOT_SET", &[target, key]),
        Refusal::Key(KeyError::TooMany { .. }) => fail("LIMIT_REACHED", &[target]),
        Refusal::TextTooLong { .. } | Refusal::TextControl | Refusal::BlockedWord => {
            if has_new_form {
                fail("INVALID_VALUE", &[key]);
            } else {
                fail("VALUE_INVALID", &[]);
            }
        }
        Refusal::TooFast { retry_after_ms } | Refusal::Limited { retry_after_ms, .. }
            if !key.is_empty() =>
        {
            let seconds = retry_after_ms.div_ceil(1000).max(1).to_string();
            fail("RATE_LIMITED", &[target, key, &seconds]);
        }
        _ => return false,
    }
    true
}

fn batch(answering: &mut Answering<'_>, kind: &str, params: &[&str], written: &[u8]) {
    let name = answering.session.pending.next_batch();
    answering.lines().batch(&name, kind, params, written);
}

fn list(lines: &mut Lines<'_>, code: u16, keys: &[MetadataKey]) {
    const PER_LINE: usize = 10;
    for keys in keys.chunks(PER_LINE) {
        let keys: Vec<&str> = keys.iter().map(MetadataKey::as_str).collect();
        lines.bare_numeric(code, &keys);
    }
}

fn name_of(place: &EventPlace) -> &str {
    match place {
        EventPlace::Room(room) | EventPlace::Status(room, _) => room.as_str(),
        EventPlace::User(nick) => nick.as_str(),
    }
}

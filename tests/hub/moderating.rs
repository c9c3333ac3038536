//! Keeping order, in the words of stories: `bans b* in #lobby for 10m: rude`.

use std::sync::Arc;

use chatd::hub::moderation::request::Moderation;
use chatd::hub::moderation::room::RoomChange;
use chatd::hub::moderation::rule::Effect;
use chatd::hub::moderation::subject::Subject;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::permission::{RoomRole, Status};

use super::story::duration;

/// `None` for words of another family.
pub(super) fn read(words: &[&str], text: Option<&Arc<str>>) -> Option<Moderation> {
    let reason = text.cloned();
    let effect = |verb: &str| {
        let verbs = [
            ("bans", Effect::Ban),
            // Nobody is taken out.
            ("shuts-out", Effect::Ban),
            ("mutes", Effect::Mute),
            ("exempts", Effect::Exempt),
            ("admits", Effect::Invite),
        ];
        let found = verbs.iter().find(|(known, _)| *known == verb);
        found.map(|&(_, effect)| effect)
    };
    Some(match words {
        ["kicks", name] => Moderation::Kick {
            room: None,
            nick: nick(name),
            reason,
        },
        ["kicks", name, "out", "of", place] => Moderation::Kick {
            room: room(place),
            nick: nick(name),
            reason,
        },
        ["ends", "the", what, "of", whom, rest @ ..] => Moderation::EndRule {
            room: match rest {
                ["in", place] => room(place),
                _ => None,
            },
            effect: Effect::parse(what).unwrap(),
            subject: Subject::parse(whom).unwrap(),
        },
        ["asks", "for", "rules"] => Moderation::Rules { room: None },
        ["asks", "for", "rules", "of", place] => Moderation::Rules { room: room(place) },
        ["makes", name, role, "in", place] => Moderation::Grant {
            room: room(place)?,
            nick: nick(name),
            role: RoomRole::parse(role),
        },
        [gives @ ("gives" | "takes"), name, status, "in", place] => Moderation::SetStatus {
            room: room(place)?,
            nick: nick(name),
            status: match *status {
                "voice" => Status::Voiced,
                _ => Status::Operator,
            },
            on: *gives == "gives",
        },
        ["sets", setting, "of", place, "to", value] => Moderation::SetRoom {
            room: room(place)?,
            change: RoomChange::parse(setting, value).unwrap(),
        },
        ["renames", place, "to", name] => Moderation::RenameRoom {
            room: room(place)?,
            to: room(name)?,
            reason,
        },
        ["looks", "at", place] => Moderation::ShowRoom { room: room(place)? },
        [verb, whom, rest @ ..] => {
            let (place, lasts) = match rest {
                [] => (None, None),
                ["in", place] => (Some(*place), None),
                ["for", time] => (None, Some(*time)),
                ["in", place, "for", time] => (Some(*place), Some(*time)),
                _ => return None,
            };
            Moderation::AddRule {
                room: place.and_then(room),
                effect: effect(verb)?,
                subject: Subject::parse(whom).unwrap(),
                reason,
                lasts: lasts.map(duration),
                evicts: *verb != "shuts-out",
            }
        }
        _ => return None,
    })
}

fn nick(name: &str) -> Nick {
    Nick::parse(name).unwrap()
}

fn room(name: &str) -> Option<RoomName> {
    Some(RoomName::parse(name).unwrap())
}

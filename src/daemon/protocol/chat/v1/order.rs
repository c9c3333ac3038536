//! Keeping order: a moderator's requests, what comes of them, and the events that those concerned hear.

use std::borrow::Cow;
use std::time::Duration;

use super::list::for_each_part;
use super::request::{nick, room, wrong};
use super::write;
use crate::daemon::protocol::Facts;
use crate::daemon::protocol::chat::complaint::Complaint;
use crate::daemon::protocol::chat::escape::json_bytes;
use crate::daemon::protocol::stamp::{Rfc3339, Stamp};
use crate::hub::event::{Event, EventKind};
use crate::hub::moderation::request::{Moderated, Moderation, RoomInfo};
use crate::hub::moderation::room::RoomChange;
use crate::hub::moderation::rule::{Effect, Rule};
use crate::hub::moderation::subject::Subject;
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::RoomRole;
use crate::hub::refusal::Refusal;
use crate::wire::chat::{self as wire, Re, RoleOf, RuleAbout, ServerMessage, Setting};
use crate::wire::fields::Field;

/// A rule's texts, which its object borrows.
struct RuleTexts {
    subject: String,
    at: Rfc3339,
    until: Option<Rfc3339>,
}

impl RuleTexts {
    fn of(rule: &Rule) -> Self {
        Self {
            subject: rule.subject.to_string(),
            at: Rfc3339::new(rule.at),
            until: rule.until.map(Rfc3339::new),
        }
    }

    fn object<'a>(&'a self, rule: &'a Rule) -> wire::Rule<&'a str> {
        wire::Rule {
            room: rule.room.as_ref().map(RoomName::as_str),
            effect: rule.effect.name(),
            subject: &self.subject,
            by: rule.by.as_ref().map(Nick::as_str),
            reason: rule.reason.as_deref(),
            at: self.at.as_str(),
            until: self.until.as_ref().map(Rfc3339::as_str),
        }
    }
}

/// An event of this family; nothing for any other.
pub(super) fn render_event(event: &Event, out: &mut Vec<u8>) {
    let stamp = Stamp::of(event);
    let (msgid, time) = (stamp.msgid(), stamp.time());
    if let EventKind::RuleAdded { rule } = &event.kind {
        let texts = RuleTexts::of(rule);
        let rule = texts.object(rule);
        write(&ServerMessage::RuleAdded { msgid, time, rule }, out);
    } else if let EventKind::RuleEnded { rule, by } = &event.kind {
        let texts = RuleTexts::of(rule);
        let ended = ServerMessage::RuleEnded {
            msgid,
            time,
            rule: texts.object(rule),
            by: by.as_ref().map(Nick::as_str),
        };
        write(&ended, out);
    } else if let EventKind::Invited { room, by, .. } = &event.kind {
        let invited = ServerMessage::Invited {
            msgid,
            time,
            room: room.as_str(),
            by: by.as_str(),
        };
        write(&invited, out);
    } else if let Some(object) = about_room(&event.kind, msgid, time) {
        write(&object, out);
    }
}

fn about_room<'a>(
    kind: &'a EventKind,
    msgid: &'a str,
    time: &'a str,
) -> Option<ServerMessage<&'a str>> {
    Some(match kind {
        EventKind::Kicked {
            room,
            nick,
            by,
            reason,
        } => ServerMessage::Kicked {
            msgid,
            time,
            room: room.as_str(),
            nick: nick.as_str(),
            by: by.as_ref().map(Nick::as_str),
            reason: reason.as_deref(),
        },
        EventKind::RoleChanged {
            room,
            nick,
            was,
            is,
            by,
        } if was.role != is.role => ServerMessage::Role {
            msgid,
            time,
            room: room.as_str(),
            nick: nick.as_str(),
            role: is.role.map(RoomRole::name),
            by: by.as_ref().map(Nick::as_str),
        },
        EventKind::RoomRenamed {
            room,
            to,
            by,
            reason,
        } => ServerMessage::RoomRenamed {
            msgid,
            time,
            room: room.as_str(),
            to: to.as_str(),
            by: by.as_ref().map(Nick::as_str),
            reason: reason.as_deref(),
        },
        EventKind::RoomChanged {
            room,
            setting,
            value,
            by,
        } => ServerMessage::RoomSet {
            msgid,
            time,
            room: room.as_str(),
            setting,
            value,
            by: by.as_ref().map(Nick::as_str),
        },
        EventKind::RoleChanged { .. }
        | EventKind::Invited { .. }
        | EventKind::InviteNoticed { .. }
        | EventKind::ToStatus { .. }
        | EventKind::RuleAdded { .. }
        | EventKind::RuleEnded { .. }
        | EventKind::Message { .. }
        | EventKind::Private { .. }
        | EventKind::Tagged { .. }
        | EventKind::Edited { .. }
        | EventKind::Deleted { .. }
        | EventKind::MarkedRead { .. }
        | EventKind::Joined { .. }
        | EventKind::Parted { .. }
        | EventKind::Quit { .. }
        | EventKind::NickChanged { .. }
        | EventKind::TopicChanged { .. }
        | EventKind::NickRegistered { .. }
        | EventKind::AwayChanged { .. }
        | EventKind::AccountChanged { .. }
        | EventKind::People(_)
        | EventKind::Notice { .. } => return None,
    })
}

pub(super) fn write_moderated(
    facts: &Facts,
    re: Re<&str>,
    moderated: &Moderated,
    out: &mut Vec<u8>,
) {
    match moderated {
        Moderated::Done { sessions } => {
            let sessions = *sessions;
            write(&ServerMessage::Moderated { re, sessions }, out);
        }
        Moderated::Rules(rules) => write_rules(&re, rules, facts.list_bytes, out),
        Moderated::Room(info) => write_room(re, info, out),
    }
}

fn write_rules(re: &Re<&str>, rules: &[Rule], bytes_max: usize, out: &mut Vec<u8>) {
    let bytes = |rule: &Rule| {
        let room = rule.room.as_ref().map_or("", RoomName::as_str);
        let by = rule.by.as_ref().map_or("", Nick::as_str);
        let reason = rule.reason.as_deref().unwrap_or_default();
        let texts = [room, by, reason, &rule.subject.to_string()].map(json_bytes);
        texts.iter().sum::<usize>() + RULE_FIELDS_BYTES
    };
    for_each_part(rules, bytes, bytes_max, |entries, part| {
        let texts: Vec<RuleTexts> = entries.iter().map(RuleTexts::of).collect();
        let rules = texts.iter().zip(entries);
        let object = ServerMessage::Rules {
            re: re.clone(),
            rules: rules.map(|(texts, rule)| texts.object(rule)).collect(),
            more: part.more,
            left_off: part.left_off,
        };
        write(&object, out);
    });
}

/// All names, two times and an effect of a rule's object.
const RULE_FIELDS_BYTES: usize = 160;

fn write_room(re: Re<&str>, info: &RoomInfo, out: &mut Vec<u8>) {
    let settings = info.settings.iter().map(|(setting, value)| Setting {
        setting: *setting,
        value: value.as_str(),
    });
    let roles = info.roles.iter().map(|it| RoleOf {
        nick: it.nick.as_str(),
        role: it.role.name(),
    });
    let object = ServerMessage::Room {
        re,
        room: info.room.as_str(),
        topic: info.topic.as_deref(),
        members: info.members,
        settings: settings.collect(),
        roles: roles.collect(),
    };
    write(&object, out);
}

/// What a rule is about, from a request.
struct About {
    room: Option<RoomName>,
    effect: Effect,
    subject: Subject,
}

impl About {
    fn read(about: &RuleAbout<'_>) -> Result<Self, Complaint> {
        let effect = Effect::parse(&about.effect);
        let expected = "`ban`, `mute`, `exempt` or `invite`";
        let subject = Subject::parse(&about.subject);
        Ok(Self {
            room: optional_room(about.room.as_deref())?,
            effect: effect.ok_or_else(|| wrong(Field::Effect, expected))?,
            subject: subject.map_err(Refusal::BadSubject)?,
        })
    }
}

pub(super) fn kick(
    room: Option<&str>,
    whom: &str,
    reason: Option<Cow<'_, str>>,
) -> Result<Moderation, Complaint> {
    Ok(Moderation::Kick {
        room: optional_room(room)?,
        nick: nick(whom)?,
        reason: reason.map(Into::into),
    })
}

pub(super) fn add_rule(
    about: &RuleAbout<'_>,
    reason: Option<Cow<'_, str>>,
    lasts: Option<u64>,
    evicts: bool,
) -> Result<Moderation, Complaint> {
    let About {
        room,
        effect,
        subject,
    } = About::read(about)?;
    if lasts == Some(0) {
        return Err(wrong(Field::Lasts, "a number of seconds from 1"));
    }
    Ok(Moderation::AddRule {
        room,
        effect,
        subject,
        reason: reason.map(Into::into),
        lasts: lasts.map(Duration::from_secs),
        evicts,
    })
}

pub(super) fn end_rule(about: &RuleAbout<'_>) -> Result<Moderation, Complaint> {
    let About {
        room,
        effect,
        subject,
    } = About::read(about)?;
    Ok(Moderation::EndRule {
        room,
        effect,
        subject,
    })
}

pub(super) fn rules(name: Option<&str>) -> Result<Moderation, Complaint> {
    let room = optional_room(name)?;
    Ok(Moderation::Rules { room })
}

pub(super) fn grant(name: &str, whom: &str, role: Option<&str>) -> Result<Moderation, Complaint> {
    let expected = "`voiced`, `operator` or `owner`";
    let parse = |role| RoomRole::parse(role).ok_or_else(|| wrong(Field::Role, expected));
    Ok(Moderation::Grant {
        room: room(name)?,
        nick: nick(whom)?,
        role: role.map(parse).transpose()?,
    })
}

pub(super) fn set_room(name: &str, setting: &str, value: &str) -> Result<Moderation, Complaint> {
    Ok(Moderation::SetRoom {
        room: room(name)?,
        change: RoomChange::parse(setting, value).map_err(Refusal::BadSetting)?,
    })
}

pub(super) fn rename_room(
    name: &str,
    to: &str,
    reason: Option<Cow<'_, str>>,
) -> Result<Moderation, Complaint> {
    Ok(Moderation::RenameRoom {
        room: room(name)?,
        to: room(to)?,
        reason: reason.map(Into::into),
    })
}

fn optional_room(name: Option<&str>) -> Result<Option<RoomName>, Complaint> {
    name.map(room).transpose()
}

//! What people read when order is kept: events and lists of this family as sentences. Pure; others' words come
//! out harmless.

use super::view::{because, harmless};
use crate::wire::chat::{RoleOf, Rule, ServerMessage, Setting};

/// When it happened, in which room, and what.
pub type Told<'a> = (&'a String, Option<&'a String>, String);

/// What has become of an earlier message, or how somebody reacts to it; `None` for anything else.
pub fn change(message: &ServerMessage) -> Option<Told<'_>> {
    Some(match message {
        ServerMessage::Edited {
            time,
            room,
            from,
            to,
            text,
            ..
        } => {
            let told = format!("{} edited: {text}", pair(from, to.as_deref()));
            (time, room.as_ref(), told)
        }
        ServerMessage::Deleted {
            time,
            room,
            from,
            to,
            ..
        } => {
            let told = format!("{} deleted a message", pair(from, to.as_deref()));
            (time, room.as_ref(), told)
        }
        ServerMessage::Reaction {
            time,
            room,
            from,
            to,
            reaction,
            off,
            ..
        } => {
            let did = if *off { "takes back" } else { "reacts with" };
            let who = pair(from, to.as_deref());
            (
                time,
                room.as_ref(),
                format!("{who} {did} {}", harmless(reaction)),
            )
        }
        _ => return None,
    })
}

/// An event of this family; `None` for any other. `day_and_time` shows a time that may be far off.
pub fn event<'a>(
    message: &'a ServerMessage,
    day_and_time: impl Fn(&str) -> String,
) -> Option<Told<'a>> {
    Some(match message {
        ServerMessage::Kicked {
            time,
            room,
            nick,
            by,
            reason,
            ..
        } => {
            let (by, nick) = (who(by.as_deref()), harmless(nick));
            let text = format!("{by} has taken {nick} out{}", because(reason.as_deref()));
            (time, Some(room), text)
        }
        ServerMessage::Role {
            time,
            room,
            nick,
            role,
            by,
            ..
        } => {
            let (by, nick) = (who(by.as_deref()), harmless(nick));
            let text = match role.as_deref() {
                Some(role) => format!("{by} has made {nick} {}", with_article(role)),
                None => format!("{by} has taken {nick}'s role away"),
            };
            (time, Some(room), text)
        }
        ServerMessage::RoomSet {
            time,
            room,
            setting,
            value,
            by,
            ..
        } => {
            let (by, setting) = (who(by.as_deref()), harmless(setting));
            let text = format!("{by} has set {setting} to {}", harmless(value));
            (time, Some(room), text)
        }
        ServerMessage::RoomRenamed { time, to, .. } => (time, Some(to), renamed(message)),
        ServerMessage::RuleAdded { time, rule, .. } => {
            let (by, terms) = (who(rule.by.as_deref()), terms(rule, day_and_time));
            let text = format!("{by} has {}{terms}", done(rule));
            (time, rule.room.as_ref(), text)
        }
        ServerMessage::RuleEnded { time, rule, by, .. } => {
            let text = match by.as_deref() {
                Some(by) => format!("{} has ended the {}", harmless(by), called(rule)),
                None => format!("the {} has ended", called(rule)),
            };
            (time, rule.room.as_ref(), text)
        }
        ServerMessage::Invited { time, room, by, .. } => {
            let room = harmless(room);
            let text = format!(
                "{} invites you into {room}; /join {room} enters it",
                harmless(by)
            );
            (time, None, text)
        }
        _ => return None,
    })
}

fn renamed(message: &ServerMessage) -> String {
    let ServerMessage::RoomRenamed {
        room,
        to,
        by,
        reason,
        ..
    } = message
    else {
        return String::new();
    };
    let (by, because) = (who(by.as_deref()), because(reason.as_deref()));
    format!(
        "{by} has renamed {} to {}{because}",
        harmless(room),
        harmless(to)
    )
}

/// The columns of an event for programs: time, type, room, whom or what it is about, and with what; `None` for
/// what is no event of this family. What there is not is left empty.
#[must_use]
pub fn columns(message: &ServerMessage) -> Option<[&str; 5]> {
    fn or_empty(text: &Option<String>) -> &str {
        text.as_deref().unwrap_or_default()
    }
    Some(match message {
        ServerMessage::Kicked {
            time,
            room,
            nick,
            reason,
            ..
        } => [time, "kicked", room, nick, or_empty(reason)],
        ServerMessage::Role {
            time,
            room,
            nick,
            role,
            ..
        } => [time, "role", room, nick, or_empty(role)],
        ServerMessage::RoomSet {
            time,
            room,
            setting,
            value,
            ..
        } => [time, "room_set", room, setting, value],
        ServerMessage::RoomRenamed {
            time,
            room,
            to,
            reason,
            ..
        } => [time, "room_renamed", room, to, or_empty(reason)],
        ServerMessage::RuleAdded { time, rule, .. } => {
            let room = or_empty(&rule.room);
            [time, "rule_added", room, &rule.subject, &rule.effect]
        }
        ServerMessage::RuleEnded { time, rule, .. } => {
            let room = or_empty(&rule.room);
            [time, "rule_ended", room, &rule.subject, &rule.effect]
        }
        ServerMessage::Invited { time, room, by, .. } => [time, "invited", room, by, ""],
        _ => return None,
    })
}

/// A list of this family; `None` for any other.
pub fn list(message: &ServerMessage, day_and_time: impl Fn(&str) -> String) -> Option<String> {
    match message {
        ServerMessage::Rules { rules, .. } if rules.is_empty() => {
            Some("no bans, mutes, exemptions or standing invitations hold here".to_owned())
        }
        ServerMessage::Rules { rules, .. } => {
            let rows = rules.iter().map(|rule| {
                let by = who(rule.by.as_deref());
                format!("{}{}, by {by}", called(rule), terms(rule, &day_and_time))
            });
            Some(rows.collect::<Vec<_>>().join("\n"))
        }
        ServerMessage::Room {
            room,
            topic,
            members,
            settings,
            roles,
            ..
        } => Some(about_room(
            room,
            topic.as_deref(),
            *members,
            settings,
            roles,
        )),
        _ => None,
    }
}

/// What somebody reads who was taken out of a room themselves.
#[must_use]
pub fn taken_out(room: &str, by: Option<&str>, reason: Option<&str>) -> String {
    let (room, reason) = (harmless(room), because(reason));
    format!("you were taken out of {room} by {}{reason}", who(by))
}

fn about_room(
    room: &str,
    topic: Option<&str>,
    members: usize,
    settings: &[Setting],
    roles: &[RoleOf],
) -> String {
    let users = if members == 1 { "user" } else { "users" };
    let topic = topic.map_or(String::new(), |topic| {
        format!("; topic: {}", harmless(topic))
    });
    let settings = settings
        .iter()
        .map(|it| format!("{} {}", harmless(&it.setting), harmless(&it.value)));
    let settings = settings.collect::<Vec<_>>().join("; ");
    let settings = if settings.is_empty() {
        "nothing is set".to_owned()
    } else {
        format!("set: {settings}")
    };
    let mut lines = vec![
        format!("{}: {members} {users}{topic}", harmless(room)),
        settings,
    ];
    let roles = roles
        .iter()
        .map(|it| format!("{}: {}", harmless(&it.role), harmless(&it.nick)));
    lines.extend(roles);
    lines.join("\n")
}

fn who(by: Option<&str>) -> String {
    by.map_or_else(|| "an operator".to_owned(), harmless)
}

fn terms(rule: &Rule, day_and_time: impl Fn(&str) -> String) -> String {
    let until = rule.until.as_deref();
    let until = until.map_or(String::new(), |at| format!(" until {}", day_and_time(at)));
    format!("{until}{}", because(rule.reason.as_deref()))
}

fn done(rule: &Rule) -> String {
    let subject = harmless(&rule.subject);
    let (place, within) = if rule.room.is_some() {
        ("the room", "in the room")
    } else {
        ("the server", "on the server")
    };
    match rule.effect.as_str() {
        "ban" => format!("banned {subject} from {place}"),
        "mute" => format!("muted {subject} {within}"),
        "exempt" => format!("exempted {subject} from bans and mutes of {place}"),
        "invite" => format!("invited {subject} for good"),
        other => format!("made a rule ({}) about {subject}", harmless(other)),
    }
}

fn called(rule: &Rule) -> String {
    let what = match rule.effect.as_str() {
        "exempt" => "exemption".to_owned(),
        "invite" => "standing invitation".to_owned(),
        other => harmless(other),
    };
    let place = if rule.room.is_some() {
        ""
    } else {
        " on the server"
    };
    format!("{what} of {}{place}", harmless(&rule.subject))
}

fn with_article(role: &str) -> String {
    match role {
        "operator" | "owner" => format!("an {role}"),
        other => harmless(other),
    }
}

/// Who changed a message, and to whom it was said if that is private.
fn pair(from: &str, to: Option<&str>) -> String {
    match to {
        Some(to) => format!("[{} > {}]", harmless(from), harmless(to)),
        None => harmless(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::chat::Re;

    fn rule(room: Option<&str>, effect: &str, until: Option<&str>) -> Rule {
        Rule {
            room: room.map(Into::into),
            effect: effect.into(),
            subject: "spam*".into(),
            by: Some("ben".into()),
            reason: Some("loud\u{1b}[2J".into()),
            at: String::new(),
            until: until.map(Into::into),
        }
    }

    fn text(message: &ServerMessage) -> String {
        let (_, _, text) = event(message, |_| "tomorrow 12:31".to_owned()).expect("an event");
        text
    }

    #[test]
    fn events_are_told_in_plain_words() {
        let (msgid, time) = (String::new, String::new);
        let added = |rule| ServerMessage::RuleAdded {
            msgid: msgid(),
            time: time(),
            rule,
        };
        let ended = |by: Option<&str>| ServerMessage::RuleEnded {
            msgid: msgid(),
            time: time(),
            rule: rule(None, "mute", None),
            by: by.map(Into::into),
        };
        let role = |role: Option<&str>| ServerMessage::Role {
            msgid: msgid(),
            time: time(),
            room: "#dev".into(),
            nick: "ana".into(),
            role: role.map(Into::into),
            by: None,
        };
        for (message, expected) in [
            (
                added(rule(Some("#dev"), "ban", Some("x"))),
                "ben has banned spam* from the room until tomorrow 12:31 (loud␛[2J)",
            ),
            (
                added(rule(None, "mute", None)),
                "ben has muted spam* on the server (loud␛[2J)",
            ),
            (
                ended(Some("ana")),
                "ana has ended the mute of spam* on the server",
            ),
            (ended(None), "the mute of spam* on the server has ended"),
            (
                role(Some("operator")),
                "an operator has made ana an operator",
            ),
            (role(None), "an operator has taken ana's role away"),
        ] {
            assert_eq!(text(&message), expected);
        }
    }

    #[test]
    fn programs_get_columns() {
        let kicked = ServerMessage::Kicked {
            msgid: String::new(),
            time: "12:31".into(),
            room: "#dev".into(),
            nick: "ana".into(),
            by: None,
            reason: None,
        };
        let expected = ["12:31", "kicked", "#dev", "ana", ""];
        assert_eq!(columns(&kicked), Some(expected));
        assert_eq!(columns(&ServerMessage::Ping), None);
    }

    #[test]
    fn a_room_is_told_with_what_is_set_and_who_is_what() {
        let message = ServerMessage::Room {
            re: Re::default(),
            room: "#dev".into(),
            topic: None,
            members: 1,
            settings: vec![Setting {
                setting: "secret".into(),
                value: "on".into(),
            }],
            roles: vec![RoleOf {
                nick: "ana".into(),
                role: "owner".into(),
            }],
        };
        let told = list(&message, str::to_owned);
        assert_eq!(
            told.as_deref(),
            Some("#dev: 1 user\nset: secret on\nowner: ana")
        );
    }
}

//! The commands that keep order in the current room, as people type them and as the protocol asks. Who may is
//! the server's to say. Pure.

use super::input::{nick, word};
use crate::ctl::{duration, subject};
use crate::wire::chat::{ClientBody, RuleAbout};

/// What may be set about a room, for completion; the server knows what each takes.
pub const SETTINGS: [&str; 14] = [
    "external-messages",
    "invite-only",
    "join-throttle",
    "key",
    "members-hidden",
    "members-max",
    "moderated",
    "no-ctcp",
    "persistent",
    "registered-only",
    "secret",
    "slow-mode",
    "topic-locked",
    "words",
];

/// Something that is to happen in the current room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Kick {
        nick: String,
        reason: Option<String>,
    },
    AddRule {
        effect: Effect,
        subject: String,
        lasts_s: Option<u64>,
        reason: Option<String>,
    },
    EndRule {
        effect: Effect,
        subject: String,
    },
    Rules,
    Invite(String),
    /// `None` takes the role away.
    Grant {
        nick: String,
        role: Option<&'static str>,
    },
    ShowRoom,
    SetRoom {
        setting: String,
        value: String,
    },
    Rename {
        to: String,
        reason: Option<String>,
    },
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Ban,
    Mute,
}

/// A command of this family and what stands behind its name; `None` for any other.
#[must_use]
pub fn parse(name: &str, argument: Option<&str>) -> Option<Result<Order, String>> {
    let what = argument.unwrap_or_default();
    let (first, rest) = word(what);
    let is_missing = first.is_empty();
    let write = |what: &str| Err(format!("write /{name} {what}"));
    let grant = |role| {
        if is_missing || rest.is_some() {
            return write("nick");
        }
        let nick = nick(&first);
        Ok(Order::Grant { nick, role })
    };
    Some(match name {
        "kick" if is_missing => write("nick, and why if you like"),
        "kick" => Ok(Order::Kick {
            nick: nick(&first),
            reason: rest,
        }),
        "ban" => add_rule(name, Effect::Ban, &first, rest),
        "mute" => add_rule(name, Effect::Mute, &first, rest),
        "unban" => end_rule(name, Effect::Ban, &first),
        "unmute" => end_rule(name, Effect::Mute, &first),
        "bans" => Ok(Order::Rules),
        "invite" if is_missing || rest.is_some() => write("nick"),
        "invite" => Ok(Order::Invite(nick(&first))),
        "op" => grant(Some("operator")),
        "voice" => grant(Some("voiced")),
        "owner" => grant(Some("owner")),
        "deop" | "devoice" => grant(None),
        "room" => match rest {
            None if is_missing => Ok(Order::ShowRoom),
            None => write("setting value; /room alone shows what is set"),
            Some(value) => Ok(Order::SetRoom {
                setting: first,
                value,
            }),
        },
        "rename" if is_missing => write("#new, and why if you like"),
        "rename" => Ok(Order::Rename {
            to: super::input::room(&first),
            reason: rest,
        }),
        _ => return None,
    })
}

fn add_rule(name: &str, effect: Effect, whom: &str, rest: Option<String>) -> Result<Order, String> {
    let subject = subject_of(name, whom)?;
    let (first, behind) = word(rest.as_deref().unwrap_or_default());
    let (lasts_s, reason) = if is_time(&first) {
        (Some(duration::parse_term(&first)?), behind)
    } else {
        (None, rest)
    };
    Ok(Order::AddRule {
        effect,
        subject,
        lasts_s,
        reason,
    })
}

fn end_rule(name: &str, effect: Effect, whom: &str) -> Result<Order, String> {
    let subject = subject_of(name, whom)?;
    Ok(Order::EndRule { effect, subject })
}

fn subject_of(name: &str, whom: &str) -> Result<String, String> {
    if whom.is_empty() {
        return Err(format!("write /{name} nick; /help says more"));
    }
    subject::parse(&nick(whom)).map_err(|why| format!("nothing was sent: {why}"))
}

/// A number with a unit is a time; `3 strikes` and `2nd warning` are reasons.
fn is_time(text: &str) -> bool {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    unit.len() < text.len() && matches!(unit, "ms" | "s" | "m" | "h" | "d" | "w")
}

impl Order {
    /// What is told when it is done; `None` where the answer itself is shown.
    #[must_use]
    pub fn done(&self, room: &str) -> Option<String> {
        Some(match self {
            Self::Rules | Self::ShowRoom => return None,
            Self::Kick { nick, .. } => format!("{nick} is out of {room}"),
            Self::AddRule {
                effect, subject, ..
            } => match effect {
                Effect::Ban => format!("{subject} is banned from {room}"),
                Effect::Mute => format!("{subject} is muted in {room}"),
            },
            Self::EndRule { effect, subject } => {
                format!("the {} of {subject} in {room} is over", effect.name())
            }
            Self::Invite(nick) => format!("{nick} is invited into {room}"),
            Self::Grant {
                nick,
                role: Some(role),
            } => format!("{nick} is {role} in {room}"),
            Self::Grant { nick, role: None } => format!("{nick} has no role in {room}"),
            Self::SetRoom { setting, value } if value == "off" => {
                format!("{setting} of {room} is off")
            }
            Self::SetRoom { setting, .. } => format!("{setting} of {room} is set"),
            Self::Rename { to, .. } => format!("{room} is called {to} now"),
        })
    }

    /// The request, about a room.
    #[must_use]
    pub fn body(self, room: String) -> ClientBody<'static> {
        let about = |effect: Effect, subject: String, room: String| RuleAbout {
            room: Some(room.into()),
            effect: effect.name().into(),
            subject: subject.into(),
        };
        match self {
            Self::Kick { nick, reason } => ClientBody::Kick {
                room: Some(room.into()),
                nick: nick.into(),
                reason: reason.map(Into::into),
            },
            Self::AddRule {
                effect,
                subject,
                lasts_s,
                reason,
            } => ClientBody::AddRule {
                about: about(effect, subject, room),
                reason: reason.map(Into::into),
                lasts: lasts_s,
                evicts: true,
            },
            Self::EndRule { effect, subject } => ClientBody::EndRule {
                about: about(effect, subject, room),
            },
            Self::Rules => ClientBody::Rules {
                room: Some(room.into()),
            },
            Self::Invite(nick) => ClientBody::Invite {
                room: room.into(),
                nick: nick.into(),
            },
            Self::Grant { nick, role } => ClientBody::Grant {
                room: room.into(),
                nick: nick.into(),
                role: role.map(Into::into),
            },
            Self::ShowRoom => ClientBody::ShowRoom { room: room.into() },
            Self::Rename { to, reason } => ClientBody::RenameRoom {
                room: room.into(),
                to: to.into(),
                reason: reason.map(Into::into),
            },
            Self::SetRoom { setting, value } => ClientBody::SetRoom {
                room: room.into(),
                setting: setting.into(),
                value: value.into(),
            },
        }
    }
}

impl Effect {
    fn name(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Mute => "mute",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str) -> Result<Order, String> {
        let (name, argument) = word(line);
        parse(&name, argument.as_deref()).expect("a command of this family")
    }

    fn rule(subject: &str, lasts_s: Option<u64>, reason: Option<&str>) -> Order {
        Order::AddRule {
            effect: Effect::Ban,
            subject: subject.into(),
            lasts_s,
            reason: reason.map(Into::into),
        }
    }

    #[test]
    fn a_ban_has_a_time_and_a_reason_or_one_of_them() {
        for (line, expected) in [
            ("ban ben", rule("ben", None, None)),
            ("ban @ben 10m", rule("ben", Some(600), None)),
            (
                "ban b* 7d  too loud",
                rule("b*", Some(604_800), Some("too loud")),
            ),
            ("ban ben 3 strikes", rule("ben", None, Some("3 strikes"))),
            (
                "ban ben 2nd warning",
                rule("ben", None, Some("2nd warning")),
            ),
            (
                "ban 203.0.113.0/24 out",
                rule("203.0.113.0/24", None, Some("out")),
            ),
        ] {
            assert_eq!(order(line), Ok(expected), "{line}");
        }
        assert!(order("ban ben 0m").unwrap_err().contains("or more"));
        assert!(order("ban ** 10m").unwrap_err().contains("everybody"));
        assert!(order("mute").unwrap_err().starts_with("write /mute"));
    }

    #[test]
    fn the_others_take_their_arguments() {
        let grant = |nick: &str, role| Order::Grant {
            nick: nick.into(),
            role,
        };
        for (line, expected) in [
            ("op @ben", grant("ben", Some("operator"))),
            ("voice ben", grant("ben", Some("voiced"))),
            ("owner ben", grant("ben", Some("owner"))),
            ("deop ben", grant("ben", None)),
            ("devoice ben", grant("ben", None)),
            ("bans", Order::Rules),
            ("invite ben", Order::Invite("ben".into())),
            ("room", Order::ShowRoom),
            (
                "room words darn, drat",
                Order::SetRoom {
                    setting: "words".into(),
                    value: "darn, drat".into(),
                },
            ),
            (
                "kick ben go home",
                Order::Kick {
                    nick: "ben".into(),
                    reason: Some("go home".into()),
                },
            ),
            (
                "rename tea 4 o'clock",
                Order::Rename {
                    to: "#tea".into(),
                    reason: Some("4 o'clock".into()),
                },
            ),
            (
                "unmute b*",
                Order::EndRule {
                    effect: Effect::Mute,
                    subject: "b*".into(),
                },
            ),
        ] {
            assert_eq!(order(line), Ok(expected), "{line}");
        }
        for line in ["kick", "op", "op ben bob", "invite", "room secret", "unban"] {
            let said = order(line).unwrap_err();
            assert!(said.starts_with("write /"), "{line}: {said}");
        }
        assert!(parse("topic", None).is_none());
    }
}

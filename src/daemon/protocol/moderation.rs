//! What people are told when order is kept, in the same words whatever the dialect.

use std::sync::Arc;
use std::time::Duration;

use crate::hub::event::EventKind;
use crate::hub::moderation::rule::{Effect, Rule};
use crate::hub::name::Nick;
use crate::hub::permission::Role;
use crate::hub::refusal::InForce;
use crate::hub::time::UnixMillis;

/// What those concerned are told when order is kept; `None` for what is no such event.
pub(super) fn told(kind: &EventKind, at: UnixMillis) -> Option<String> {
    let who = |by: &Option<Nick>| by.as_ref().map_or("An operator", Nick::as_str).to_owned();
    Some(match kind {
        EventKind::Kicked {
            room,
            nick,
            by,
            reason,
        } => format!(
            "{} has taken {nick} out of {room}{}.",
            who(by),
            because(reason.as_ref())
        ),
        EventKind::RoleChanged {
            room,
            nick,
            was,
            is,
            by,
        } => match is.role {
            role if role == was.role => return None,
            Some(role) => {
                let role = with_article(role.into());
                format!("{} has made {nick} {role} in {room}.", who(by))
            }
            None => format!("{} has taken {nick}'s role in {room} away.", who(by)),
        },
        EventKind::RoomChanged {
            room,
            setting,
            value,
            by,
        } => format!("{} has set {setting} of {room} to {value}.", who(by)),
        EventKind::RoomRenamed {
            room,
            to,
            by,
            reason,
        } => {
            let because = because(reason.as_ref());
            format!("{} has renamed {room} to {to}{because}.", who(by))
        }
        EventKind::RuleAdded { rule } => {
            let terms = terms(&InForce::of(rule, at));
            format!("{} has {}{terms}.", who(&rule.by), done(rule))
        }
        EventKind::RuleEnded { rule, by: None } => {
            format!("The {} has ended.", called(rule))
        }
        EventKind::RuleEnded { rule, by: Some(by) } => {
            format!("{by} has ended the {}.", called(rule))
        }
        EventKind::Invited { room, by, .. } => format!("{by} invites you into {room}."),
        EventKind::InviteNoticed { .. }
        | EventKind::ToStatus { .. }
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

fn done(rule: &Rule) -> String {
    let subject = &rule.subject;
    match (rule.effect, &rule.room) {
        (Effect::Ban, Some(room)) => format!("banned {subject} from {room}"),
        (Effect::Ban, None) => format!("banned {subject} from this server"),
        (Effect::Mute, Some(room)) => format!("muted {subject} in {room}"),
        (Effect::Mute, None) => format!("muted {subject} on this server"),
        (Effect::Exempt, Some(room)) => format!("exempted {subject} from bans and mutes in {room}"),
        (Effect::Exempt, None) => format!("exempted {subject} from bans and mutes"),
        (Effect::Invite, Some(room)) => format!("invited {subject} into {room} for good"),
        (Effect::Invite, None) => format!("invited {subject}"),
    }
}

fn called(rule: &Rule) -> String {
    let subject = &rule.subject;
    let what = match rule.effect {
        Effect::Ban => "ban",
        Effect::Mute => "mute",
        Effect::Exempt => "exemption",
        Effect::Invite => "standing invitation",
    };
    match &rule.room {
        Some(room) => format!("{what} of {subject} in {room}"),
        None => format!("{what} of {subject} on this server"),
    }
}

pub(super) fn with_article(role: Role) -> &'static str {
    match role {
        Role::Anyone => "a member",
        Role::Voiced => "voiced",
        Role::Operator => "an operator",
        Role::Owner => "an owner",
        Role::ServerOperator => "a server operator",
    }
}

/// Until when, and why.
pub(super) fn terms(rule: &InForce) -> String {
    let until = rule
        .left
        .map_or_else(String::new, |left| format!(" for {}", rough(left)));
    format!("{until}{}", because(rule.reason.as_ref()))
}

fn because(reason: Option<&Arc<str>>) -> String {
    reason.map_or_else(String::new, |text| format!(" ({text})"))
}

/// A time to go by, in one unit, rounded up.
fn rough(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    let units = [
        (86_400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let fits = |&(size, _): &(u128, &str)| seconds >= 2 * size || size == 1;
    let (size, unit) = units.into_iter().find(fits).expect("a second always fits");
    match seconds.div_ceil(size) {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_one_unit() {
        let said = [0, 1, 90, 120, 3599, 7200, 200_000].map(|it| rough(Duration::from_secs(it)));
        assert_eq!(
            said,
            [
                "0 seconds",
                "1 second",
                "90 seconds",
                "2 minutes",
                "60 minutes",
                "2 hours",
                "3 days"
            ]
        );
    }
}

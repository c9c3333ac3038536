//! Bans, mutes, exemptions and standing invitations: listing them, making them and ending them.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use super::super::AdminState;
use super::super::change::{Body, audit, count, done};
use super::super::failure::Failure;
use super::super::rights::Operator;
use super::{ModerationFailures, bad_request, change, optional_room, rules_of};
use crate::daemon::clock::rfc3339;
use crate::hub::moderation::request::Moderation;
use crate::hub::moderation::rule::{Effect, Rule};
use crate::hub::moderation::subject::Subject;
use crate::hub::name::{Nick, RoomName};
use crate::hub::refusal::Refusal;
use crate::hub::time::UnixMillis;
use crate::wire::admin::Done;
use crate::wire::admin::moderation::{self as wire, AddRule, EndRule, Rules, RulesQuery};

/// Rules in one answer, which takes some MiB with the longest reasons.
const LISTED_MAX: usize = 10_000;

/// Longest time of a rule, which else may hold until it is ended: a little less than ten years.
const LASTS_S_MAX: u64 = 10 * 365 * 86_400 - 1;

/// The rules of a room or of the server.
#[utoipa::path(get, path = "/v1/rules", tag = "moderation", params(RulesQuery), responses((status = 200, body = Rules), ModerationFailures))]
pub(in super::super) async fn rules(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<RulesQuery>, QueryRejection>,
) -> Result<Json<Rules>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let room = optional_room(query.room.as_deref())?;
    let rules = rules_of(&state, room).await?;
    let (rules, left_off) = to_wire(&rules, state.daemon.clock.now().unix);
    Ok(Json(Rules { rules, left_off }))
}

/// Makes a rule of a room or of the server, or gives one that is there another reason and end.
#[utoipa::path(post, path = "/v1/rules", tag = "moderation", request_body = AddRule, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn add(
    operator: Operator,
    State(state): State<AdminState>,
    Body(new): Body<AddRule>,
) -> Result<Json<Done>, Failure> {
    let about = About::read(new.effect, &new.subject, new.room.as_deref());
    let outcome = match about.clone() {
        Ok(about) => add_rule(&state, about, &new).await,
        Err(failure) => Err(failure),
    };
    audit(operator, "rule add", &shown(&about), &outcome);
    let (about, sessions) = (about?, outcome?);
    let evicted = (about.effect == Effect::Ban && new.evicts).then_some(sessions);
    let text = match evicted {
        Some(_) => format!("{}, and taken out {}", about.done(), count(evicted)),
        None => about.done(),
    };
    Ok(done(text, evicted))
}

/// Ends a rule.
#[utoipa::path(post, path = "/v1/rules/end", tag = "moderation", request_body = EndRule, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn end(
    operator: Operator,
    State(state): State<AdminState>,
    Body(which): Body<EndRule>,
) -> Result<Json<Done>, Failure> {
    let about = About::read(which.effect, &which.subject, which.room.as_deref());
    let outcome = match about.clone() {
        Ok(About {
            effect,
            subject,
            room,
        }) => {
            let request = Moderation::EndRule {
                room,
                effect,
                subject,
            };
            change(&state, request).await
        }
        Err(failure) => Err(failure),
    };
    audit(operator, "rule end", &shown(&about), &outcome);
    outcome?;
    Ok(done(format!("{} was ended", about?), None))
}

async fn add_rule(state: &AdminState, about: About, new: &AddRule) -> Result<usize, Failure> {
    let is_time = |lasts| (1..=LASTS_S_MAX).contains(&lasts);
    if !new.lasts_s.is_none_or(is_time) {
        return Err(bad_request(format!(
            "lasts_s must be a number from 1 to {LASTS_S_MAX}; leave it out for a rule without end"
        )));
    }
    let About {
        effect,
        subject,
        room,
    } = about;
    let request = Moderation::AddRule {
        room,
        effect,
        subject,
        reason: new.reason.as_deref().map(Into::into),
        lasts: new.lasts_s.map(Duration::from_secs),
        evicts: new.evicts,
    };
    change(state, request).await
}

/// Which rule.
#[derive(Clone, Debug)]
struct About {
    effect: Effect,
    subject: Subject,
    room: Option<RoomName>,
}

impl About {
    fn read(effect: wire::Effect, subject: &str, room: Option<&str>) -> Result<Self, Failure> {
        Ok(Self {
            effect: effect_of(effect),
            subject: Subject::parse(subject).map_err(Refusal::BadSubject)?,
            room: optional_room(room)?,
        })
    }

    fn done(&self) -> String {
        let Self {
            effect,
            subject,
            room,
        } = self;
        match (effect, room) {
            (Effect::Ban, Some(room)) => format!("{subject} was banned from {room}"),
            (Effect::Ban, None) => format!("{subject} was banned from the server"),
            (Effect::Mute, Some(room)) => format!("{subject} was muted in {room}"),
            (Effect::Mute, None) => format!("{subject} was muted everywhere"),
            (Effect::Exempt, Some(room)) => {
                format!("{subject} is exempt from bans and mutes of {room}")
            }
            (Effect::Exempt, None) => {
                format!("{subject} is exempt from bans and mutes of the server")
            }
            (Effect::Invite, Some(room)) => format!("{subject} may enter {room}"),
            (Effect::Invite, None) => format!("{subject} is invited"),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.effect {
            Effect::Ban => "ban",
            Effect::Mute => "mute",
            Effect::Exempt => "exemption",
            Effect::Invite => "standing invitation",
        };
        write!(f, "the {what} of {}", self.subject)?;
        match &self.room {
            Some(room) => write!(f, " in {room}"),
            None => f.write_str(" on the server"),
        }
    }
}

/// For the log: only what could be parsed.
fn shown(about: &Result<About, Failure>) -> String {
    let Ok(About {
        effect,
        subject,
        room,
    }) = about
    else {
        return String::new();
    };
    let effect = effect.name();
    match room {
        Some(room) => format!("{effect} of {subject} in {room}"),
        None => format!("{effect} of {subject}"),
    }
}

/// As many as an answer has place for, and how many more there are.
pub(super) fn to_wire(rules: &[Rule], now: UnixMillis) -> (Vec<wire::Rule>, usize) {
    let listed = rules.iter().take(LISTED_MAX);
    let listed = listed.map(|rule| rule_to_wire(rule, now)).collect();
    (listed, rules.len().saturating_sub(LISTED_MAX))
}

fn rule_to_wire(rule: &Rule, now: UnixMillis) -> wire::Rule {
    wire::Rule {
        room: rule.room.as_ref().map(ToString::to_string),
        effect: match rule.effect {
            Effect::Ban => wire::Effect::Ban,
            Effect::Mute => wire::Effect::Mute,
            Effect::Exempt => wire::Effect::Exempt,
            Effect::Invite => wire::Effect::Invite,
        },
        subject: rule.subject.to_string(),
        by: rule.by.as_ref().map(Nick::to_string),
        reason: rule.reason.as_deref().map(str::to_owned),
        created_at: rfc3339(rule.at),
        expires_at: rule.until.map(rfc3339),
        // Rounded up, so that a rule that holds never has nothing left.
        left_s: rule
            .until
            .map(|until| until.0.saturating_sub(now.0).div_ceil(1000)),
    }
}

fn effect_of(effect: wire::Effect) -> Effect {
    match effect {
        wire::Effect::Ban => Effect::Ban,
        wire::Effect::Mute => Effect::Mute,
        wire::Effect::Exempt => Effect::Exempt,
        wire::Effect::Invite => Effect::Invite,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::moderation::rule::RuleId;

    fn ban(number: u64) -> Rule {
        Rule {
            id: RuleId(number),
            room: None,
            effect: Effect::Ban,
            subject: Subject::parse(&format!("b{number}")).unwrap(),
            by: None,
            reason: None,
            at: UnixMillis(1000),
            until: Some(UnixMillis(61_500)),
        }
    }

    #[test]
    fn a_list_has_an_end_and_says_what_it_leaves_off() {
        let rules: Vec<Rule> = (0..LISTED_MAX as u64 + 7).map(ban).collect();
        let (listed, left_off) = to_wire(&rules, UnixMillis(2000));
        assert_eq!((listed.len(), left_off), (LISTED_MAX, 7));
        assert_eq!(listed[0].subject, "b0");
        assert_eq!(listed[0].left_s, Some(60));
        let (listed, left_off) = to_wire(&rules[..2], UnixMillis(61_400));
        assert_eq!((listed.len(), left_off), (2, 0));
        assert_eq!(listed[1].left_s, Some(1));
    }
}

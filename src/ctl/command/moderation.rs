//! `chatctl kick`, `ban`, `mute`, `exempt`, `admit`, what ends them, and `bans`: who is taken out, and who may
//! come and speak.

use anyhow::Result;

use super::user::escaped;
use crate::ctl::admin_client::Admin;
use crate::ctl::args::{self, Terms};
use crate::ctl::duration;
use crate::ctl::join::input::room;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output, Table};
use crate::wire::admin::Done;
use crate::wire::admin::moderation::{AddRule, Effect, EndRule, Kick, Rule, Rules};

/// Takes a user out of a room, or ends their connections.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when nobody has the nick, or they are not in the room.
pub async fn kick(admin: &Admin, output: Output, kick: &args::Kick) -> Result<()> {
    let request = Kick {
        room: kick.room.as_deref().map(room),
        nick: kick.nick.clone(),
        reason: kick.reason.clone(),
    };
    let done: Done = admin.post("/v1/kick", &request).await?;
    render::sentence(output, &done, &done.done)
}

/// Keeps somebody out.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such room.
pub async fn ban(admin: &Admin, output: Output, ban: &args::Ban) -> Result<()> {
    let mut request = request(Effect::Ban, &ban.rule);
    request.evicts = !ban.keep;
    add(admin, output, &request).await
}

/// Makes a rule of another kind.
///
/// # Errors
/// As [`ban`].
pub async fn rule(admin: &Admin, output: Output, effect: Effect, rule: &args::Rule) -> Result<()> {
    add(admin, output, &request(effect, rule)).await
}

/// Lets somebody into a room that is closed to others.
///
/// # Errors
/// As [`ban`].
pub async fn admit(admin: &Admin, output: Output, admit: &args::Admit) -> Result<()> {
    let request = about(
        Effect::Invite,
        Some(&admit.room),
        &admit.subject,
        &admit.terms,
    );
    add(admin, output, &request).await
}

/// Ends a rule.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such rule or room.
pub async fn end(
    admin: &Admin,
    output: Output,
    effect: Effect,
    rule: &args::EndRule,
) -> Result<()> {
    end_of(admin, output, effect, rule.room.as_deref(), &rule.subject).await
}

/// Ends a standing invitation.
///
/// # Errors
/// As [`end`].
pub async fn unadmit(admin: &Admin, output: Output, admit: &args::Unadmit) -> Result<()> {
    let (room, subject) = (Some(admit.room.as_str()), &admit.subject);
    end_of(admin, output, Effect::Invite, room, subject).await
}

/// Shows the rules of a room, or those that hold everywhere.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such room.
pub async fn list(admin: &Admin, output: Output, bans: &args::Bans) -> Result<()> {
    let of = bans.room.as_deref().map(room);
    let query = of.map_or(String::new(), |room| format!("?room={}", escaped(&room)));
    let rules: Rules = admin.get(&format!("/v1/rules{query}")).await?;
    render::list(output, &rules, &rules.rules, &table(&rules.rules))?;
    tell_left_off(rules.left_off);
    Ok(())
}

/// A row for each rule.
pub(super) fn table(rules: &[Rule]) -> Table {
    let mut table = Table::new(&["EFFECT", "SUBJECT", "ROOM", "LEFT", "BY", "MADE", "REASON"]);
    for rule in rules {
        let made_by = rule.by.as_deref().unwrap_or("an operator");
        table.row(vec![
            effect_name(rule.effect).to_owned(),
            rule.subject.clone(),
            rule.room.clone().unwrap_or_else(|| "-".to_owned()),
            left(rule),
            made_by.to_owned(),
            rule.created_at.clone(),
            rule.reason.clone().unwrap_or_default(),
        ]);
    }
    table
}

/// Says so where a list is not whole.
pub(super) fn tell_left_off(left_off: usize) {
    if left_off > 0 {
        remark(&format!("{left_off} more rules are not in this list"));
    }
}

/// How long a rule still holds.
pub(super) fn left(rule: &Rule) -> String {
    rule.left_s
        .map_or_else(|| "until ended".to_owned(), duration::show)
}

/// As the protocols call it.
pub(super) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Ban => "ban",
        Effect::Mute => "mute",
        Effect::Exempt => "exempt",
        Effect::Invite => "invite",
    }
}

async fn end_of(
    admin: &Admin,
    output: Output,
    effect: Effect,
    of: Option<&str>,
    subject: &str,
) -> Result<()> {
    let request = EndRule {
        room: of.map(room),
        effect,
        subject: subject.to_owned(),
    };
    let done: Done = admin.post("/v1/rules/end", &request).await?;
    render::sentence(output, &done, &done.done)
}

async fn add(admin: &Admin, output: Output, request: &AddRule) -> Result<()> {
    let done: Done = admin.post("/v1/rules", request).await?;
    render::sentence(output, &done, &done.done)
}

fn request(effect: Effect, rule: &args::Rule) -> AddRule {
    about(effect, rule.room.as_deref(), &rule.subject, &rule.terms)
}

fn about(effect: Effect, of: Option<&str>, subject: &str, terms: &Terms) -> AddRule {
    AddRule {
        room: of.map(room),
        effect,
        subject: subject.to_owned(),
        reason: terms.reason.clone(),
        lasts_s: terms.lasts_s,
        evicts: true,
    }
}

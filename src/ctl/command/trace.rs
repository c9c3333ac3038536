//! `chatctl trace`: all there is to know about one user.

use anyhow::Result;

use super::moderation::{effect_name, left, tell_left_off};
use super::room::role_name;
use super::user::escaped;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::duration;
use crate::ctl::render::{self, Output};
use crate::wire::admin::Session;
use crate::wire::admin::moderation::{Place, Role, Rule, Trace};

/// Shows a user, where they are, by which connections, and the rules that are about them.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when nobody has the nick.
pub async fn run(admin: &Admin, output: Output, asked: &args::Trace) -> Result<()> {
    let path = format!("/v1/trace?nick={}", escaped(&asked.nick));
    let trace: Trace = admin.get(&path).await?;
    render::record(output, &trace, &fields(&trace))?;
    tell_left_off(trace.rules_left_off);
    Ok(())
}

fn fields(trace: &Trace) -> Vec<(&'static str, String)> {
    let mut fields = vec![("nick", trace.nick.clone())];
    let account = trace
        .account
        .clone()
        .unwrap_or_else(|| "- (a guest)".to_owned());
    fields.push(("account", account));
    if trace.is_server_operator {
        fields.push(("role", "server operator".to_owned()));
    }
    fields.push(("since", trace.since.clone()));
    if let Some(away) = &trace.away {
        fields.push(("away", away.clone()));
    }
    fields.extend(trace.rooms.iter().map(|it| ("room", place(it))));
    if trace.sessions.is_empty() {
        let text = "none: their place is kept for a while".to_owned();
        fields.push(("session", text));
    }
    fields.extend(trace.sessions.iter().map(|it| ("session", session(it))));
    fields.extend(trace.rules.iter().map(|it| ("rule", rule(it))));
    fields
}

fn place(place: &Place) -> String {
    match place.role {
        Role::None => place.room.clone(),
        role => format!("{}, {}", place.room, role_name(role)),
    }
}

fn session(session: &Session) -> String {
    let mut text = format!(
        "{} from {} since {}, idle {}",
        session.session,
        session.address,
        session.connected_at,
        duration::show(session.idle_s)
    );
    if let Some(dialect) = &session.dialect {
        text.push_str(&format!(", dialect {dialect}"));
    }
    if session.group_chat_off {
        text.push_str(", group chat off");
    }
    if session.queued_bytes > 0 {
        text.push_str(&format!(", {} bytes wait", session.queued_bytes));
    }
    if let Some(certificate) = &session.certificate {
        text.push_str(&format!(", certificate {certificate}"));
    }
    text
}

fn rule(rule: &Rule) -> String {
    let place = rule.room.as_ref();
    let place = place.map_or("everywhere".to_owned(), |room| format!("in {room}"));
    let by = rule.by.as_deref().unwrap_or("an operator");
    let reason = rule.reason.as_ref();
    let reason = reason.map_or(String::new(), |text| format!(": {text}"));
    format!(
        "{} of {} {place}, by {by}, left: {}{reason}",
        effect_name(rule.effect),
        rule.subject,
        left(rule)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::admin::moderation::Effect;

    #[test]
    fn a_user_is_a_record_with_a_line_for_each_room_session_and_rule() {
        let trace = Trace {
            nick: "ana".into(),
            account: None,
            is_server_operator: true,
            since: "2026-11-23T09:00:00Z".into(),
            away: None,
            rooms: vec![
                Place {
                    room: "#dev".into(),
                    role: Role::Owner,
                },
                Place {
                    room: "#lobby".into(),
                    role: Role::None,
                },
            ],
            sessions: Vec::new(),
            rules: vec![Rule {
                room: None,
                effect: Effect::Mute,
                subject: "a*".into(),
                by: Some("ben".into()),
                reason: Some("loud".into()),
                created_at: "2026-11-23T09:00:00Z".into(),
                expires_at: None,
                left_s: None,
            }],
            rules_left_off: 0,
        };
        let shown: Vec<String> = fields(&trace)
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(
            shown,
            [
                "nick: ana",
                "account: - (a guest)",
                "role: server operator",
                "since: 2026-11-23T09:00:00Z",
                "room: #dev, owner",
                "room: #lobby",
                "session: none: their place is kept for a while",
                "rule: mute of a* everywhere, by ben, left: until ended: loud",
            ]
        );
    }
}

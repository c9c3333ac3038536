//! `chatctl who`, `rooms`, `stats`: what is going on.

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::duration;
use crate::ctl::render::{self, Output, Table};
use crate::wire::admin::{Room, Rooms, Session, Stats, Who};

/// Shows every connection.
///
/// # Errors
/// As [`Admin::get`].
pub async fn who(admin: &Admin, output: Output) -> Result<()> {
    let who: Who = admin.get("/v1/who").await?;
    let mut table = Table::new(&[
        "NICK",
        "ROOMS",
        "ADDRESS",
        "CONNECTED",
        "IDLE",
        "DIALECT",
        "SESSION",
        "NOTE",
    ]);
    for session in &who.sessions {
        table.row(session_row(session));
    }
    render::list(output, &who, &who.sessions, &table)
}

/// Shows the rooms.
///
/// # Errors
/// As [`Admin::get`].
pub async fn rooms(admin: &Admin, output: Output) -> Result<()> {
    let rooms: Rooms = admin.get("/v1/rooms").await?;
    let mut table = Table::new(&["ROOM", "USERS", "TOPIC"]);
    for Room {
        room,
        members,
        topic,
    } in &rooms.rooms
    {
        let topic = topic.clone().unwrap_or_default();
        table.row(vec![room.clone(), members.to_string(), topic]);
    }
    render::list(output, &rooms, &rooms.rooms, &table)
}

/// Shows the counters.
///
/// # Errors
/// As [`Admin::get`].
pub async fn stats(admin: &Admin, output: Output) -> Result<()> {
    let stats: Stats = admin.get("/v1/stats").await?;
    let names = stat_fields(&stats)?;
    let fields: Vec<_> = names
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    render::record(output, &stats, &fields)
}

fn session_row(session: &Session) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(account) = &session.account {
        notes.push(format!("account: {account}"));
    }
    if let Some(away) = &session.away {
        notes.push(format!("away: {away}"));
    }
    if session.group_chat_off {
        notes.push("group chat off".to_owned());
    }
    if session.queued_bytes > 0 {
        notes.push(format!("{} bytes wait", session.queued_bytes));
    }
    vec![
        session.nick.clone().unwrap_or_else(|| "-".into()),
        session.rooms.join(" "),
        session.address.clone(),
        session.connected_at.clone(),
        duration::show(session.idle_s),
        session.dialect.clone().unwrap_or_else(|| "-".into()),
        session.session.clone(),
        notes.join("; "),
    ]
}

/// The counters under the names that the JSON has, so that a table teaches what a script may read.
fn stat_fields(stats: &Stats) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    if let serde_json::Value::Object(counters) = serde_json::to_value(stats)? {
        for (name, value) in counters {
            match value {
                serde_json::Value::Object(by) => fields.extend(
                    by.into_iter()
                        .map(|(key, count)| (format!("{name}.{key}"), count.to_string())),
                ),
                other => fields.push((name, other.to_string())),
            }
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_by_reason_are_told_one_by_one() {
        let mut stats = Stats {
            logins: 3,
            ..Stats::default()
        };
        stats.refusals.insert("too_fast".into(), 2);
        let fields = stat_fields(&stats).unwrap();
        assert!(fields.contains(&("logins".into(), "3".into())));
        assert!(fields.contains(&("refusals.too_fast".into(), "2".into())));
    }

    #[test]
    fn what_an_operator_should_notice_is_in_the_note() {
        let row = session_row(&Session {
            session: "c1".into(),
            nick: None,
            account: Some("ana".into()),
            address: "127.0.0.1:1".into(),
            dialect: None,
            rooms: vec!["#a".into(), "#b".into()],
            away: Some("lunch".into()),
            group_chat_off: true,
            connected_at: "2026-11-23T09:00:00Z".into(),
            idle_s: 5,
            queued_bytes: 7,
            certificate: None,
        });
        assert_eq!(row[0], "-");
        assert_eq!(row[1], "#a #b");
        assert_eq!(
            row[7],
            "account: ana; away: lunch; group chat off; 7 bytes wait"
        );
    }
}

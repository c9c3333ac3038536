//! `chatctl room retention`: how long messages are kept.

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::duration;
use crate::ctl::join::input::room as room_name;
use crate::ctl::render::{self, Output, Table};
use crate::wire::admin::history::{Retention, Retentions, RoomRetention, SetRetention};

/// Shows the retentions, or changes one.
///
/// # Errors
/// As [`Admin::get`].
pub async fn run(admin: &Admin, output: Output, wanted: &args::Retention) -> Result<()> {
    let changes = wanted.default || wanted.keep.is_some() || wanted.messages.is_some();
    let room = wanted.room.as_deref().map(room_name);
    let retentions: Retentions = match &room {
        Some(room) if changes => {
            let request = SetRetention {
                room: room.clone(),
                retention: own(wanted),
            };
            admin.put("/v1/rooms/retention", &request).await?
        }
        _ => admin.get("/v1/rooms/retention").await?,
    };
    match room {
        Some(room) => one(output, &retentions, room),
        None => all(output, &retentions),
    }
}

/// `None` for the common one.
fn own(wanted: &args::Retention) -> Option<Retention> {
    let above_zero = |bound: Option<u64>| bound.filter(|&bound| bound > 0);
    (!wanted.default).then(|| Retention {
        age_s: above_zero(wanted.keep),
        messages: above_zero(wanted.messages),
    })
}

fn one(output: Output, retentions: &Retentions, room: String) -> Result<()> {
    let folded = room.to_lowercase();
    let own = retentions
        .rooms
        .iter()
        .find(|it| it.room.to_lowercase() == folded);
    let text = match own {
        Some(own) => format!("{} keeps {}", own.room, described(own.retention)),
        None => format!(
            "{room} keeps {}, as all rooms without a rule of their own",
            described(retentions.common)
        ),
    };
    let shown = own.cloned().unwrap_or(RoomRetention {
        room,
        retention: retentions.common,
    });
    render::sentence(output, &shown, &text)
}

fn all(output: Output, retentions: &Retentions) -> Result<()> {
    let mut table = Table::new(&["ROOM", "KEPT"]);
    table.row(vec![
        "(all others)".to_owned(),
        described(retentions.common),
    ]);
    for own in &retentions.rooms {
        table.row(vec![own.room.clone(), described(own.retention)]);
    }
    render::list(output, retentions, &retentions.rooms, &table)
}

fn described(retention: Retention) -> String {
    let messages = retention.messages.map(|count| match count {
        1 => "the newest message".to_owned(),
        count => format!("the newest {count} messages"),
    });
    let age = retention
        .age_s
        .map(|age| format!("for {}", duration::show(age)));
    match (messages, age) {
        (None, None) => "everything".to_owned(),
        (Some(messages), None) => messages,
        (None, Some(age)) => format!("everything {age}"),
        (Some(messages), Some(age)) => format!("{messages} {age}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_is_a_sentence() {
        let kept = |age_s, messages| described(Retention { age_s, messages });
        assert_eq!(kept(None, None), "everything");
        assert_eq!(kept(Some(90 * 86_400), None), "everything for 90 d 0 h");
        assert_eq!(
            kept(Some(3600), Some(100)),
            "the newest 100 messages for 1 h 0 min"
        );
    }
}

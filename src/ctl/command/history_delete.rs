//! `chatctl history-delete`: counts first, asks, then deletes.

use anyhow::Result;

use super::operate::confirm;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::join::input::room;
use crate::ctl::render::{self, Output};
use crate::ctl::when::When;
use crate::wire::admin::history::{Delete, Deleted};

/// Deletes messages.
///
/// # Errors
/// As [`Admin::get`]; exit 2 when nobody can be asked and `--yes` is missing.
pub async fn run(admin: &Admin, output: Output, wanted: &args::HistoryDelete) -> Result<()> {
    let bound = |when: &Option<When>| when.as_ref().map(|when| when.as_bound().to_owned());
    let bare = |nick: &Option<String>| {
        let nick = nick.as_deref()?;
        Some(nick.strip_prefix('@').unwrap_or(nick).to_owned())
    };
    let mut request = Delete {
        ids: wanted.ids.clone(),
        room: wanted.room.as_deref().map(room),
        with: bare(&wanted.with),
        from: bare(&wanted.from),
        after: bound(&wanted.after),
        before: bound(&wanted.before),
        dry_run: true,
    };
    if wanted.dry_run || !wanted.yes {
        let found: Deleted = admin.post("/v1/history/delete", &request).await?;
        if wanted.dry_run || found.messages == 0 {
            return tell(output, found);
        }
        confirm(&format!(
            "Delete {} without a trace?",
            messages(found.messages)
        ))?;
    }
    request.dry_run = false;
    let deleted: Deleted = admin.post("/v1/history/delete", &request).await?;
    tell(output, deleted)
}

fn tell(output: Output, deleted: Deleted) -> Result<()> {
    let (count, text) = (deleted.messages, messages(deleted.messages));
    let text = match (deleted.dry_run, count) {
        (_, 0) => "there is no such message".to_owned(),
        (true, _) => format!("{text} would be deleted"),
        (false, _) => format!("{text} deleted"),
    };
    render::sentence(output, &deleted, &text)
}

fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

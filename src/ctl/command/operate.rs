//! `chatctl announce`, `reload`, `shutdown`: what changes the running daemon.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input::room;
use crate::ctl::remark;
use crate::ctl::render::{self, Output};
use crate::wire::admin::{Announce, Done, Reloaded, Status};

/// Tells everyone something.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such room.
pub async fn announce(admin: &Admin, output: Output, announce: &args::Announce) -> Result<()> {
    let request = Announce {
        room: announce.room.as_deref().map(room),
        text: announce.text.clone(),
    };
    let done: Done = admin.post("/v1/announce", &request).await?;
    render::sentence(output, &done, &done.done)
}

/// Makes the daemon read its configuration again.
///
/// # Errors
/// As [`Admin::get`]; when the file is wrong, nothing has changed.
pub async fn reload(admin: &Admin, output: Output) -> Result<()> {
    let reloaded: Reloaded = admin.act("/v1/reload").await?;
    render::sentence(output, &reloaded, &reload_text(&reloaded))
}

/// Stops the daemon, after asking where somebody can answer.
///
/// # Errors
/// As [`Admin::get`]; exit 2 when nobody can be asked and `--yes` is missing.
pub async fn shutdown(admin: &Admin, output: Output, shutdown: &args::Shutdown) -> Result<()> {
    if !shutdown.yes {
        let status: Status = admin.get("/v1/status").await?;
        confirm(&format!(
            "Stop chatd (pid {}) and disconnect {} users?",
            status.pid, status.users
        ))?;
    }
    let done: Done = admin.act("/v1/shutdown").await?;
    render::sentence(output, &done, &done.done)
}

fn reload_text(reloaded: &Reloaded) -> String {
    let applied = match reloaded.applied.as_slice() {
        [] => "nothing to apply".to_owned(),
        keys => format!("in force now: {}", keys.join(", ")),
    };
    match reloaded.needs_restart.as_slice() {
        [] => applied,
        keys => format!("{applied}; waiting for a restart: {}", keys.join(", ")),
    }
}

/// Asks whether that is meant.
///
/// # Errors
/// When it is not; exit 2 when nobody can be asked.
pub fn confirm(question: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "nobody can be asked here whether that is meant: add --yes",
        )
        .into());
    }
    remark::ask(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "nothing was done").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_says_what_waits() {
        let mut reloaded = Reloaded {
            applied: Vec::new(),
            needs_restart: Vec::new(),
        };
        assert_eq!(reload_text(&reloaded), "nothing to apply");
        reloaded.applied.push("limits.rate".into());
        reloaded.needs_restart.push("listen[0].port".into());
        assert_eq!(
            reload_text(&reloaded),
            "in force now: limits.rate; waiting for a restart: listen[0].port"
        );
    }
}

//! `chatctl status`: the daemon at a glance.

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::duration;
use crate::ctl::render::{self, Output};
use crate::wire::admin::accounts::{RegistryState, RegistrySummary};
use crate::wire::admin::history::{HistoryState, HistorySummary};
use crate::wire::admin::{State, Status};

/// Shows the status; warnings stand last, where they are seen.
///
/// # Errors
/// As [`Admin::get`].
pub async fn run(admin: &Admin, output: Output) -> Result<()> {
    let status: Status = admin.get("/v1/status").await?;
    render::record(output, &status, &fields(&status))
}

/// The name of a state, as in the JSON.
#[must_use]
pub fn state_name(state: State) -> &'static str {
    match state {
        State::Starting => "starting",
        State::Ready => "ready",
        State::Stopping => "stopping",
    }
}

/// Whether what is said is kept, how surely, and how much there is.
fn history(history: &HistorySummary) -> String {
    let state = match history.state {
        HistoryState::Off => return "off: nothing that is said is kept".to_owned(),
        HistoryState::Works => "works".to_owned(),
        HistoryState::Fails => {
            let why = history.why.as_deref().unwrap_or("the log says why");
            format!("FAILS, because {why}")
        }
    };
    let sure = if history.durability == "relaxed" {
        "; relaxed: a power failure may take the last second"
    } else {
        ""
    };
    let mut text = format!(
        "{state}, {} messages in {}{sure}",
        history.messages,
        render::bytes(history.bytes)
    );
    if history.waiting > 0 {
        text.push_str(&format!("; {} not in the database yet", history.waiting));
    }
    if history.unindexed > 0 {
        text.push_str(&format!("; the search lacks {}", history.unindexed));
    }
    text
}

/// Whether what is set about rooms, and the rules, are written down.
fn registry(registry: &RegistrySummary) -> String {
    let mut text = match registry.state {
        RegistryState::Works => "works".to_owned(),
        RegistryState::Fails => {
            let why = registry.why.as_deref().unwrap_or("the log says why");
            format!("FAILS, because {why}")
        }
    };
    if registry.unwritten > 0 {
        text.push_str(&format!("; {} changes not written yet", registry.unwritten));
    }
    text
}

fn fields(status: &Status) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("server", status.server.clone()),
        ("version", status.version.clone()),
        ("state", state_name(status.state).to_owned()),
        ("pid", status.pid.to_string()),
        ("uptime", duration::show(status.uptime_s)),
        ("users", status.users.to_string()),
        ("rooms", status.rooms.to_string()),
        (
            "connections",
            format!("{} of {}", status.connections, status.max_connections),
        ),
    ];
    for listener in &status.listeners {
        let tls = if listener.tls { " with TLS" } else { "" };
        let at = format!("{} on {}{tls}", listener.protocol, listener.address);
        fields.push(("listens", at));
    }
    if let Some(tls) = &status.tls {
        let text = format!(
            "{}, expires {} (in {} days)",
            tls.subject, tls.expires_at, tls.days_left
        );
        fields.push(("certificate", text));
        fields.push(("sha256", tls.sha256.clone()));
    }
    let or_none = |file: &Option<String>| file.clone().unwrap_or_else(|| "none".into());
    fields.push(("config", or_none(&status.config_file)));
    fields.push(("log", or_none(&status.log_file)));
    if status.log_lines_dropped > 0 {
        let dropped = format!("{} lines, the disk is too slow", status.log_lines_dropped);
        fields.push(("log dropped", dropped));
    }
    fields.push(("history", history(&status.history)));
    fields.push(("registry", registry(&status.registry)));
    for warning in &status.warnings {
        fields.push(("warning", warning.clone()));
    }
    fields
}

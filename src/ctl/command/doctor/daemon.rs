//! What a running daemon says about itself, and whether it keeps what it says.

use std::path::PathBuf;
use std::time::Duration;

use chrono::DateTime;
use tokio::time::timeout;

use super::Finding;
use crate::ctl::admin_client::Admin;
use crate::ctl::chat::connection::{Connection, Lost};
use crate::ctl::clock;
use crate::ctl::command::status::state_name;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::chat_address;
use crate::wire::admin::{State, Stats, Status};

/// How long a listener may take to greet.
const GREETING_MAX: Duration = Duration::from_secs(3);

/// Files that chatd needs besides its connections: logs, sockets, what the runtime opens.
const FILES_BESIDES: u64 = 32;

/// How far the clock may have been moved under a running daemon before it is worth a word.
const CLOCK_STEP_MAX_S: i64 = 2;

/// What became known of the daemon.
#[derive(Debug, Default)]
pub(super) struct Daemon {
    status: Option<Status>,
}

impl Daemon {
    pub(super) fn is_running(&self) -> bool {
        self.status.is_some()
    }

    /// The file that it runs by.
    pub(super) fn config_file(&self) -> Option<PathBuf> {
        let file = self.status.as_ref()?.config_file.as_ref()?;
        Some(PathBuf::from(file))
    }
}

/// Asks the daemon.
pub(super) async fn check(admin: &Admin) -> (Daemon, Vec<Finding>) {
    let status: Status = match admin.get("/v1/status").await {
        Ok(status) => status,
        Err(error) => return (Daemon::default(), vec![unanswered(&error)]),
    };
    let mut findings = vec![state(&status), version(&status), clock_step(&status)];
    for listener in &status.listeners {
        if let Some(server) = chat_address(listener, status.tls.as_ref()) {
            let greeted = timeout(GREETING_MAX, Connection::open(&server)).await;
            findings.push(match greeted {
                Ok(Ok(_)) => Finding::ok("listener", format!("{server} greets")),
                // It answers, and may want a certificate that only clients have.
                Ok(Err(Lost::NotTrusted(text))) => {
                    Finding::warn("listener", format!("{server}: {text}"))
                }
                Ok(Err(lost)) => Finding::fail("listener", format!("{server}: {lost}")),
                Err(_) => Finding::fail(
                    "listener",
                    format!("{server} does not greet; see the log and chatctl stats"),
                ),
            });
        }
    }
    if let Ok(stats) = admin.get::<Stats>("/v1/stats").await {
        findings.push(open_files(&status, &stats));
    }
    findings.extend(
        status
            .warnings
            .iter()
            .map(|text| Finding::warn("daemon", text)),
    );
    let daemon = Daemon {
        status: Some(status),
    };
    (daemon, findings)
}

fn unanswered(error: &anyhow::Error) -> Finding {
    match error.downcast_ref::<Failure>() {
        Some(failure) if failure.exit == Exit::Unreachable => {
            Finding::warn("daemon", failure.text.clone())
        }
        _ => Finding::fail("daemon", error.to_string()),
    }
}

fn state(status: &Status) -> Finding {
    let text = format!("pid {}, {}", status.pid, state_name(status.state));
    match status.state {
        State::Ready => Finding::ok("daemon", text),
        State::Starting | State::Stopping => Finding::warn("daemon", text),
    }
}

fn version(status: &Status) -> Finding {
    let ours = env!("CARGO_PKG_VERSION");
    if status.version == ours {
        return Finding::ok("version", format!("chatd and chatctl are both {ours}"));
    }
    let text = format!(
        "chatd runs as {}, chatctl is {ours}; after an upgrade: systemctl restart chatd",
        status.version
    );
    Finding::warn("version", text)
}

/// Ids and times of messages follow the clock, so a clock that was set is worth knowing of.
fn clock_step(status: &Status) -> Finding {
    let Ok(started) = DateTime::parse_from_rfc3339(&status.started_at) else {
        let text = format!(
            "chatd gives a start time that is none: {}",
            status.started_at
        );
        return Finding::fail("clock steps", text);
    };
    let by_clock = (clock::now() - started.to_utc()).num_seconds();
    let step = by_clock - i64::try_from(status.uptime_s).unwrap_or(i64::MAX);
    if step.abs() <= CLOCK_STEP_MAX_S {
        return Finding::ok("clock steps", "steady since chatd started");
    }
    let text =
        format!("was set by {step} s since chatd started; is time synchronised (timedatectl)?");
    Finding::warn("clock steps", text)
}

fn open_files(status: &Status, stats: &Stats) -> Finding {
    let needed = status.max_connections as u64 + FILES_BESIDES;
    let text = format!("{} of {} in use", stats.open_files, stats.open_files_max);
    if stats.accepts_starved > 0 {
        return Finding::fail(
            "open files",
            format!(
                "{text}, and new connections had to wait {} times; raise LimitNOFILE= in the unit",
                stats.accepts_starved
            ),
        );
    }
    if stats.open_files_max < needed {
        return Finding::warn(
            "open files",
            format!(
                "{text}, too few for {} connections; raise LimitNOFILE= in the unit",
                status.max_connections
            ),
        );
    }
    Finding::ok("open files", text)
}

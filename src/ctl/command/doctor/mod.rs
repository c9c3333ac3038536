//! `chatctl doctor`: everything that chatd needs, looked at from outside, one line each, and what
//! to do where something is wrong. `daemon` asks a daemon that runs; `machine` looks at the config,
//! the directories, the ports and the limits, `history` and `registry` at what is kept. Nothing is changed.

mod daemon;
mod history;
mod machine;
mod registry;

use anyhow::Result;
use serde::Serialize;

use super::config::load_local;
use crate::config::paths::Environment;
use crate::ctl::admin_client::Admin;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::render::{self, Output, Table};

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    /// What was found, and what to do about it.
    text: String,
}

impl Finding {
    fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, text)
    }

    fn warn(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, text)
    }

    fn fail(check: &'static str, text: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fail, text)
    }

    fn new(check: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            text: text.into(),
        }
    }
}

/// Checks everything.
///
/// # Errors
/// Exit 1 when something fails; warnings alone are no failure.
pub async fn run(admin: &Admin, output: Output, environment: &Environment) -> Result<()> {
    let (daemon, mut findings) = daemon::check(admin).await;
    if daemon.is_running() {
        findings.extend(history::of_daemon(admin).await);
    }
    match load_local(daemon.config_file(), environment) {
        Ok(loaded) => {
            findings.push(machine::config(&loaded));
            findings.extend(
                loaded
                    .warnings
                    .iter()
                    .map(|text| Finding::warn("config", text)),
            );
            // With a daemon, its own directories matter, and it would have said so.
            if !daemon.is_running() {
                findings.extend(machine::directories(&loaded.config));
                findings.extend(machine::ports(&loaded.config));
                findings.push(machine::open_files(&loaded.config));
                findings.extend(history::of_file(&loaded.config.history));
                findings.push(registry::of_file(&loaded.config.accounts.path));
            }
            findings.extend(machine::certificate(&loaded.config));
            findings.push(machine::rights(&loaded.config, environment));
        }
        Err(problems) => {
            findings.extend(problems.lines().map(|line| Finding::fail("config", line)));
        }
    }
    findings.push(machine::clock());
    tell(output, &findings)
}

fn tell(output: Output, findings: &[Finding]) -> Result<()> {
    let mut table = Table::new(&["CHECK", "RESULT", "FOUND"]);
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        table.row(vec![
            finding.check.to_owned(),
            verdict.to_owned(),
            finding.text.clone(),
        ]);
    }
    render::list(output, &findings, findings, &table)?;
    if findings.iter().any(|it| it.verdict == Verdict::Fail) {
        return Err(Failure::told(Exit::Failed).into());
    }
    Ok(())
}

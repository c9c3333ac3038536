//! `chatctl log level`: show the level, or change it for a while or until the next start.

use anyhow::Result;

use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::render::{self, Output};
use crate::wire::admin::{LogLevel, SetLogLevel};

/// Carries out a `log` command.
///
/// # Errors
/// As [`Admin::get`].
pub async fn run(admin: &Admin, output: Output, command: &args::Log) -> Result<()> {
    let args::Log::Level { level, duration } = command;
    let level: LogLevel = match level {
        None => admin.get("/v1/log/level").await?,
        Some(level) => {
            let request = SetLogLevel {
                level: level.clone(),
                // A part of a second is rounded up, or it would mean no time at all.
                for_s: duration.map(|time| time.as_millis().div_ceil(1000) as u64),
            };
            admin.put("/v1/log/level", &request).await?
        }
    };
    render::sentence(output, &level, &text(&level))
}

fn text(level: &LogLevel) -> String {
    match (&level.back_to, &level.back_at) {
        (Some(to), Some(at)) => format!("{} until {at}, then {to}", level.level),
        (Some(to), None) => format!("{} until the next start, then {to}", level.level),
        (None, _) => level.level.clone(),
    }
}

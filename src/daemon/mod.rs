//! The daemon: build, serve, drain.

pub mod admin;
pub mod clock;
pub mod engine;
pub mod inherited;
pub mod instance;
pub mod logging;
pub mod metrics;
pub mod nofile;
pub mod protocol;
pub mod reload;
pub mod signals;
pub mod state;
pub mod systemd;

use std::process::ExitCode;

use crate::config::{Loaded, Sources};

/// Runs the daemon.
#[must_use]
pub fn run(_loaded: Loaded, _sources: Sources) -> ExitCode {
    ExitCode::FAILURE
}

//! The daemon: build, serve, drain.

pub mod engine;
pub mod protocol;

use std::process::ExitCode;

use crate::config::{Loaded, Sources};

/// Runs the daemon until it is told to stop.
#[must_use]
pub fn run(_: Loaded, _: Sources) -> ExitCode {
    ExitCode::SUCCESS
}

//! `chatctl completion`: what a shell needs to complete our command line.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::ctl::args::Args;
use crate::ctl::render;

/// Writes the shell's completion file to stdout.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(shell: Shell) -> Result<()> {
    // Into memory first: the generator panics where a pipe is closed early.
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "chatctl", &mut script);
    render::write(&String::from_utf8(script)?)
}

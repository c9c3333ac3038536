//! `chatctl man`: the manual pages, made from the command line itself so that they cannot lag.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::{Man, generate_to};

use crate::config::args::DaemonArgs;
use crate::ctl::args::Args;
use crate::ctl::render;

/// Writes `chatctl.1` to stdout, or a page for every command and `chatd.8` into a directory, which
/// is made if it is missing.
///
/// # Errors
/// When they cannot be written.
pub fn run(directory: Option<&Path>) -> Result<()> {
    let command = Args::command();
    if let Some(directory) = directory {
        let daemon = Man::new(DaemonArgs::command()).section("8");
        return fs::create_dir_all(directory)
            .and_then(|()| generate_to(command, directory))
            .and_then(|()| daemon.generate_to(directory))
            .map(drop)
            .with_context(|| format!("cannot write to {}", directory.display()));
    }
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    render::write(&String::from_utf8(page)?)
}

//! chatctl. `args` is the command line; `command` has a file for each command; `admin_client`
//! speaks to the daemon's admin socket, `chat` and `join` to its chat port; `render` writes results,
//! `exit` ends, `sanitize` keeps others' words harmless. Knows the wire and the config, never the
//! hub or the daemon: what chatctl can do, every other client can do too.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a client passes over what it has no use for, as the protocol asks of clients"
)]

pub mod admin_client;
pub mod args;
pub mod bench;
pub mod chat;
pub mod clock;
pub mod command;
pub mod duration;
pub mod exit;
pub mod join;
pub mod locate;
pub mod new_file;
pub mod password;
pub mod remark;
pub mod render;
pub mod sanitize;
pub mod subject;
pub mod trust;
pub mod when;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;

use args::Args;
use exit::Exit;

/// Runs chatctl with this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are results; a closed pipe behind them is no error.
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Ok
            };
            let _ = tell(&error);
            return exit.into();
        }
    };
    match in_runtime(&args) {
        Ok(()) => Exit::Ok.into(),
        Err(error) => exit::report(&error).into(),
    }
}

/// Prints help, or a mistake on the command line, which begins as all our errors do.
fn tell(error: &clap::Error) -> io::Result<()> {
    let text = error.render().to_string();
    match text.strip_prefix("error: ") {
        Some(mistake) => write!(io::stderr(), "chatctl: {mistake}"),
        None => error.print(),
    }
}

fn in_runtime(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(command::run(args));
    // Name lookups run in threads that must not hold up the end.
    runtime.shutdown_background();
    result
}

//! chatd's command line: where its config comes from, and what is to be done with it. It lives here
//! so that `chatctl man` can write the daemon's manual page beside its own.

use std::path::PathBuf;

use clap::Parser;

/// A chat service for machines that you run yourself.
///
/// chatd runs in the foreground until it gets a signal. People chat with `chatctl join NICK`,
/// operators ask it with `chatctl status`.
#[derive(Debug, Parser)]
#[command(name = "chatd", version, after_help = AFTER_HELP)]
pub struct DaemonArgs {
    /// Read this config file
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Set one key, above what the file says; may be repeated.
    /// For example: `--set limits.rate=5 --set 'listen[0].port=0'`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,

    /// Check the config, print all its mistakes, and exit
    #[arg(long, conflicts_with = "print_config")]
    pub check_config: bool,

    /// Print the effective config as TOML, each value with its source, and exit
    #[arg(long)]
    pub print_config: bool,
}

const AFTER_HELP: &str = "\
Without --config, chatd reads $CHATD_CONFIG, else /etc/chatd/chat.toml (as root), else
chatd/chat.toml in $XDG_CONFIG_HOME or ~/.config, and without any file it runs on its defaults:
clients on 127.0.0.1:12231, logs and the admin socket in directories of their own.

Signals: SIGTERM and SIGINT shut down, SIGHUP reloads the config, SIGUSR1 reopens the log files.

Exit codes:
  0  it was shut down, or the config is fine
  1  it could not start or go on; the last line says why
  2  a mistake on the command line or in the config; every mistake is printed";

//! chatd's command line: which config, and whether to run, to check or to print it. What the
//! options mean is in `config`; what running means is in `daemon`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use chatd::config::paths::Environment;
use chatd::config::{self, Loaded, Problems, Sources};
use chatd::daemon;
use clap::Parser;

/// The exit code for a mistake in the config; clap uses the same for one on the command line.
const EXIT_USAGE: u8 = 2;

const AFTER_HELP: &str = "\
Without --config, chatd reads $CHATD_CONFIG, else /etc/chatd/chat.toml (as root), else
chatd/chat.toml in $XDG_CONFIG_HOME or ~/.config, and without any file it runs on its defaults:
clients on 127.0.0.1:12231, logs and the admin socket in directories of their own.

Signals: SIGTERM and SIGINT shut down, SIGHUP reloads the config, SIGUSR1 reopens the log files.

Exit codes:
  0  it was shut down, or the config is fine
  1  it could not start or go on; the last line says why
  2  a mistake on the command line or in the config; every mistake is printed";

/// A chat service for machines that you run yourself.
///
/// chatd runs in the foreground until it gets a signal. People chat with `chatctl join NICK`,
/// operators ask it with `chatctl status`.
#[derive(Debug, Parser)]
#[command(name = "chatd", version, after_help = AFTER_HELP)]
struct Args {
    /// Read this config file
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Set one key, above what the file says; may be repeated.
    /// For example: --set limits.rate=5 --set 'listen[0].port=0'
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,

    /// Check the config, print all its mistakes, and exit
    #[arg(long, conflicts_with = "print_config")]
    check_config: bool,

    /// Print the effective config as TOML, each value with its source, and exit
    #[arg(long)]
    print_config: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let sources = Sources {
        file: args.config,
        sets: args.sets,
        environment: Environment::from_process(),
    };
    let loaded = match config::load(&sources) {
        Ok(loaded) => loaded,
        Err(problems) => return refuse(&problems),
    };
    if args.check_config {
        warn(&loaded);
        print(&format!("{}: ok\n", checked_name(&loaded)))
    } else if args.print_config {
        warn(&loaded);
        print(&loaded.to_toml())
    } else {
        daemon::run(loaded, sources)
    }
}

fn checked_name(loaded: &Loaded) -> String {
    loaded.file.as_ref().map_or_else(
        || "defaults (no config file)".to_owned(),
        |file| file.display().to_string(),
    )
}

fn refuse(problems: &Problems) -> ExitCode {
    let count = match problems.count() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    complain(&format!("{problems}\nchatd: {count} in the configuration"));
    ExitCode::from(EXIT_USAGE)
}

fn warn(loaded: &Loaded) {
    for warning in &loaded.warnings {
        complain(&format!("warning: {warning}"));
    }
}

/// To standard error; where that is closed there is nobody to tell.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// To standard output. A reader that has seen enough (`chatd --print-config | head -1`) is no
/// failure.
fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("chatd: cannot write to standard output: {error}"));
            ExitCode::FAILURE
        }
    }
}

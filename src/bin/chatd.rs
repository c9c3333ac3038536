//! chatd: runs the daemon, or checks or prints its config. What the options are and mean is in
//! `config`; what running means is in `daemon`.

use std::io::{self, Write};
use std::process::ExitCode;

use chatd::config::args::DaemonArgs;
use chatd::config::paths::Environment;
use chatd::config::{self, Loaded, Problems, Sources};
use chatd::daemon;
use chatd::daemon::certificates::Certificates;
use chatd::daemon::clock::Clock;
use clap::Parser;

/// The exit code for a mistake in the config; clap uses the same for one on the command line.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let args = DaemonArgs::parse();
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
        if let Err(error) = Certificates::load(&loaded.config, Clock::start()) {
            error.lines().for_each(|line| complain(&line));
            return ExitCode::from(EXIT_USAGE);
        }
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

//! The way in: the first login, and asking for another nick where the first will not do.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;

use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::login::{Identity, Welcome, login};
use crate::ctl::exit::Failure;
use crate::ctl::locate::Server;
use crate::ctl::sanitize;

/// Logs in; where someone can be asked, a nick that will not do is asked for anew.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn log_in(
    server: &Server,
    mut identity: Identity,
    enter: bool,
    limit: Duration,
) -> Result<(Connection, Welcome)> {
    let may_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    loop {
        let error = match login(server, &identity, enter, limit).await {
            Ok(entered) => return Ok(entered),
            Err(error) => error,
        };
        let failure = error.failure(server);
        if !may_ask || !error.is_about_nick() {
            return Err(failure.into());
        }
        eprintln!("chatctl: {}", sanitize::line(&failure.text));
        identity.nick = ask_nick()?.ok_or_else(|| Failure::told(failure.exit))?;
    }
}

/// Blocks: nothing else is going on yet. `None` at the end of input.
fn ask_nick() -> Result<Option<String>> {
    loop {
        eprint!("another nick: ");
        io::stderr().flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            eprintln!();
            return Ok(None);
        }
        if !line.trim().is_empty() {
            return Ok(Some(line.trim().to_owned()));
        }
    }
}

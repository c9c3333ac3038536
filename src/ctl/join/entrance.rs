//! The way in: the first login, and asking for another nick where the first will not do.

use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use anyhow::Result;

use crate::ctl::args::Login;
use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::keys;
use crate::ctl::chat::login::{Arrival, Identity, Welcome, login, warn_of_failed_logins};
use crate::ctl::chat::proof::Proof;
use crate::ctl::exit::Failure;
use crate::ctl::locate::Server;
use crate::ctl::remark;

/// Logs in as whoever was called so here before; where someone can be asked, a nick that will not do is
/// asked for anew.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn log_in(
    server: &Server,
    nick: Option<&str>,
    account: &Login,
    arrival: &Arrival,
    limit: Duration,
) -> Result<(Connection, Welcome)> {
    let may_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut proof = Proof::of(account, server)?;
    let mut nick = nick.unwrap_or_default().to_owned();
    loop {
        let identity = Identity {
            key: keys::find(server, &nick),
            nick,
            proof: proof.clone(),
        };
        let error = match login(server, &identity, arrival, limit).await {
            Ok(entered) => {
                keys::keep_identity(server, &entered.1);
                warn_of_failed_logins(&entered.1);
                return Ok(entered);
            }
            Err(error) => error,
        };
        let instead = proof.as_ref().map(|proof| proof.instead(&error));
        if let Some(instead) = instead.transpose()?.flatten() {
            proof = Some(instead);
            nick = identity.nick;
            continue;
        }
        let failure = error.failure(server);
        if !may_ask || proof.is_some() || !error.is_about_nick() {
            return Err(failure.into());
        }
        remark::remark(&failure.text);
        nick = ask_nick()?.ok_or_else(|| Failure::told(failure.exit))?;
    }
}

/// Blocks: nothing else is going on yet. `None` at the end of input.
fn ask_nick() -> Result<Option<String>> {
    loop {
        remark::ask("another nick: ");
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            remark::ask("\n");
            return Ok(None);
        }
        if !line.trim().is_empty() {
            return Ok(Some(line.trim().to_owned()));
        }
    }
}

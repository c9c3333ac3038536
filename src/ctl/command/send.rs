//! `chatctl send`: one text, to a room or a user, and exit 0 only when chatd has acknowledged it.
//! Where `chatctl join` runs as the same user on this machine, that user speaks; a room that is
//! entered only for this is left again.

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::ctl::args::{Identity as Who, Send};
use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::delivery::{Delivery, Sent, deliver};
use crate::ctl::chat::login::{
    Arrival, Identity, LoginError, Welcome, login, warn_of_failed_logins,
};
use crate::ctl::chat::proof::Proof;
use crate::ctl::chat::{keys, nick, text};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::render::{self, Output, Table};

/// How long each answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Longest text taken from stdin, in bytes: a log by mistake should not go to everyone.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// Sends and waits for the acknowledgement.
///
/// # Errors
/// A failure by the contract: 3 unreachable, 4 no such user, 5 banned, muted or not let in, 6 no answer in
/// time, 1 all else.
pub async fn run(
    args: &Send,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    if !args.to.starts_with(['#', '@']) || args.to.len() < 2 {
        let text = format!("send to '#room' or @nick, not to {}", args.to);
        return Err(Failure::new(Exit::Usage, text).into());
    }
    // The password is the first line of stdin where both are there.
    let proof = Proof::of(&args.identity.login, &server)?;
    let text = read_text(args.text.as_deref())?;
    let limit = limit.unwrap_or(TIMEOUT);
    let (connection, welcome) = log_in_by(&server, &args.identity, proof, limit).await?;
    let messages = text::split(&text, welcome.limits.message_bytes);
    if messages.is_empty() {
        return Err(
            Failure::new(Exit::Failed, "there is nothing to send: the text is empty").into(),
        );
    }
    let delivery = Delivery::new(&args.to, &messages);
    let sent = deliver(delivery, &server, (connection, welcome), limit).await?;
    tell(output, &sent)
}

/// Logs in as whoever was chosen, or as the first free of the default nicks.
///
/// # Errors
/// A failure by the contract.
pub async fn log_in(server: &Server, who: &Who, limit: Duration) -> Result<(Connection, Welcome)> {
    log_in_by(server, who, Proof::of(&who.login, server)?, limit).await
}

async fn log_in_by(
    server: &Server,
    who: &Who,
    proof: Option<Proof>,
    limit: Duration,
) -> Result<(Connection, Welcome)> {
    if let Some(proof) = proof {
        return log_in_to_account(server, proof, limit).await;
    }
    let mut last = None;
    for nick in nick::candidates(who.nick.as_deref(), |name| std::env::var(name).ok()) {
        let identity = Identity {
            key: keys::find(server, &nick),
            nick,
            proof: None,
        };
        match login(server, &identity, &Arrival::default(), limit).await {
            Ok(entered) => {
                keys::keep_identity(server, &entered.1);
                return Ok(entered);
            }
            Err(error) if is_taken(&error) => last = Some(error.failure(server)),
            Err(error) => return Err(error.failure(server).into()),
        }
    }
    let last = last.context("there is always a nick to try")?;
    Err(last).context("choose a nick with --as NICK")
}

async fn log_in_to_account(
    server: &Server,
    proof: Proof,
    limit: Duration,
) -> Result<(Connection, Welcome)> {
    let mut proof = proof;
    loop {
        let identity = Identity {
            nick: String::new(),
            key: None,
            proof: Some(proof.clone()),
        };
        match login(server, &identity, &Arrival::default(), limit).await {
            Ok(entered) => {
                warn_of_failed_logins(&entered.1);
                return Ok(entered);
            }
            Err(error) => match proof.instead(&error)? {
                Some(instead) => proof = instead,
                None => return Err(error.failure(server).into()),
            },
        }
    }
}

fn is_taken(error: &LoginError) -> bool {
    matches!(error, LoginError::Refused { code, .. } if code == "nick_in_use" || code == "nick_registered")
}

fn read_text(text: Option<&str>) -> Result<String> {
    match text {
        Some(text) if text != "-" => Ok(text.to_owned()),
        None if io::stdin().is_terminal() => Err(Failure::new(
            Exit::Usage,
            "what is to be sent? Give a text, or - to type it until Ctrl-D",
        )
        .into()),
        _ => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .take(TEXT_BYTES_MAX + 1)
                .read_to_end(&mut bytes)?;
            if bytes.len() as u64 > TEXT_BYTES_MAX {
                let text =
                    format!("nothing was sent: the text is longer than {TEXT_BYTES_MAX} bytes");
                return Err(Failure::new(Exit::Failed, text).into());
            }
            String::from_utf8(bytes).map_err(|_| {
                Failure::new(Exit::Failed, "nothing was sent: the text is not UTF-8").into()
            })
        }
    }
}

/// People need no word when all went well.
fn tell(output: Output, sent: &[Sent]) -> Result<()> {
    if output == Output::Table {
        return Ok(());
    }
    let mut table = Table::new(&["TO", "MSGID", "TIME"]);
    for Sent { to, msgid, time } in sent {
        table.row(vec![to.clone(), msgid.clone(), time.clone()]);
    }
    render::list(output, &sent, sent, &table)
}

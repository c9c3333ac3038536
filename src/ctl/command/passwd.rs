//! `chatctl passwd`: another password for one's own account, for whoever knows the one that it has.

use std::time::Duration;

use anyhow::Result;

use crate::ctl::args::Passwd;
use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::login::{Arrival, Identity, login};
use crate::ctl::chat::proof::Proof;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::password;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{ClientBody, ClientMessage, ServerMessage};
use crate::wire::hidden::Hidden;

/// How long each answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Logs in by the old password and asks for the new one to be taken.
///
/// # Errors
/// A failure by the contract; 5 when the old password is wrong.
pub async fn run(
    args: &Passwd,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let limit = limit.unwrap_or(TIMEOUT);
    let old = password::existing(&args.name, args.password_stdin)?;
    let new = password::new(&args.name, args.password_stdin)?;
    let identity = Identity {
        nick: String::new(),
        key: None,
        proof: Some(Proof::Password {
            account: args.name.clone(),
            password: old.clone(),
        }),
    };
    let entered = login(&server, &identity, &Arrival::default(), limit).await;
    let (mut connection, _) = entered.map_err(|error| error.failure(&server))?;
    connection.send(&ClientMessage {
        id: Some(REQUEST.into()),
        body: ClientBody::Password {
            old: Hidden(old.0.into()),
            new: Hidden(new.0.into()),
        },
    });
    let answer = tokio::time::timeout(limit, answer(&mut connection)).await;
    answer.unwrap_or_else(|_| {
        let text = format!(
            "{server} did not answer within {} s; the password may yet be changed",
            limit.as_secs_f32()
        );
        Err(Failure::new(Exit::TimedOut, text))
    })?;
    connection.say_good_bye(FAREWELL).await;
    let done = serde_json::json!({ "account": args.name });
    let text = format!(
        "{} has another password; whoever else was logged in is not any more",
        args.name
    );
    render::sentence(output, &done, &text)
}

async fn answer(connection: &mut Connection) -> Result<(), Failure> {
    loop {
        match connection.next().await {
            Ok(ServerMessage::Ok { .. }) => return Ok(()),
            Ok(ServerMessage::Error { code, text, .. }) => {
                return Err(Failure::answered(&code, text));
            }
            Ok(_) => {}
            Err(lost) => return Err(Failure::new(Exit::Unreachable, lost.to_string())),
        }
    }
}

/// The id of the only request.
const REQUEST: &str = "password";
/// How long leaving waits for the server's last words.
const FAREWELL: Duration = Duration::from_secs(2);

//! `chatctl register`: making an account in the chat, where the server lets one. Whoever was called so here
//! before, as a guest, keeps what they said.

use std::time::Duration;

use anyhow::Result;

use super::send::log_in;
use crate::ctl::args::{Identity, Login, Register};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::password;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{ClientBody, ClientMessage, ServerMessage};
use crate::wire::hidden::Hidden;

/// How long each answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Logs in as a guest of that name and registers it.
///
/// # Errors
/// A failure by the contract.
pub async fn run(
    args: &Register,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let limit = limit.unwrap_or(TIMEOUT);
    let who = Identity {
        nick: Some(args.name.clone()),
        login: Login::default(),
    };
    let (mut connection, welcome) = log_in(&server, &who, limit).await?;
    let invitation = match &args.invitation_file {
        Some(file) => Some(password::in_file(file)?),
        None if welcome.needs_invitation => Some(password::invitation()?),
        None => None,
    };
    let password = password::new(&args.name, args.password_stdin)?;
    connection.send(&ClientMessage {
        id: Some("register".into()),
        body: ClientBody::Register {
            account: None,
            password: Hidden(password.0.into()),
            invitation: invitation.map(|text| Hidden(text.0.into())),
        },
    });
    let answer = async {
        loop {
            match connection.next().await {
                Ok(ServerMessage::Registered { account, .. }) => return Ok(account),
                Ok(ServerMessage::Error { code, text, .. }) => {
                    return Err(Failure::answered(&code, text));
                }
                Ok(_) => {}
                Err(lost) => return Err(Failure::new(Exit::Unreachable, lost.to_string())),
            }
        }
    };
    let answer = tokio::time::timeout(limit, answer).await;
    let account = answer.unwrap_or_else(|_| {
        let text = format!("{server} did not answer within {} s", limit.as_secs_f32());
        Err(Failure::new(Exit::TimedOut, text))
    })?;
    connection.say_good_bye(FAREWELL).await;
    let done = serde_json::json!({ "account": account });
    render::sentence(
        output,
        &done,
        &format!("the account {account} is yours; log in with --account {account}"),
    )
}

/// How long leaving waits for the server's last words.
const FAREWELL: Duration = Duration::from_secs(2);

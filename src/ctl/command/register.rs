//! `chatctl register`: making an account in the chat, where the server lets one. Whoever was called so here
//! before, as a guest, keeps what they said; where guests are not let in, the account begins with nothing.

use std::time::Duration;

use anyhow::Result;

use crate::ctl::args::Register;
use crate::ctl::chat::connection::Connection;
use crate::ctl::chat::keys;
use crate::ctl::chat::login::{Arrival, Identity, LoginError, greet, login};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::password;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{ClientBody, ClientMessage, ServerMessage};
use crate::wire::hidden::Hidden;

/// How long each answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How an account is registered at a server.
struct Way {
    /// Of a guest; `None` where guests are not let in: then the account is made before any login.
    guest: Option<Connection>,
    needs_invitation: bool,
}

/// Logs in as a guest of that name and registers it, or registers it at once where no guest may log in.
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
    let Way {
        guest,
        needs_invitation,
    } = find_way(&server, &args.name, limit).await?;
    let invitation = match &args.invitation_file {
        Some(file) => Some(password::in_file(file)?),
        None if needs_invitation => Some(password::invitation()?),
        None => None,
    };
    let password = password::new(&args.name, args.password_stdin)?;
    let is_guest = guest.is_some();
    let mut connection = match guest {
        Some(connection) => connection,
        // Not before now: a server does not wait long for a login.
        None => greeted(&server, limit).await?.0,
    };
    connection.send(&ClientMessage {
        id: Some("register".into()),
        body: ClientBody::Register {
            account: (!is_guest).then(|| args.name.as_str().into()),
            password: Hidden(password.0.into()),
            invitation: invitation.map(|text| Hidden(text.0.into())),
        },
    });
    let answer = tokio::time::timeout(limit, answer(&mut connection)).await;
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

async fn find_way(server: &Server, name: &str, limit: Duration) -> Result<Way, Failure> {
    let identity = Identity {
        key: keys::find(server, name),
        nick: name.to_owned(),
        proof: None,
    };
    match login(server, &identity, &Arrival::default(), limit).await {
        Ok((connection, welcome)) => {
            keys::keep_identity(server, &welcome);
            Ok(Way {
                guest: Some(connection),
                needs_invitation: welcome.needs_invitation,
            })
        }
        Err(LoginError::Refused { code, .. }) if code == "account_required" => {
            let (_, needs_invitation) = greeted(server, limit).await?;
            Ok(Way {
                guest: None,
                needs_invitation,
            })
        }
        Err(error) => Err(error.failure(server)),
    }
}

/// Connected, and whether making an account takes an invitation.
async fn greeted(server: &Server, limit: Duration) -> Result<(Connection, bool), Failure> {
    let greeted = greet(server, limit).await;
    greeted.map_err(|error| error.failure(server))
}

/// The account that was made.
async fn answer(connection: &mut Connection) -> Result<String, Failure> {
    loop {
        match connection.next().await {
            Ok(ServerMessage::Registered { account, .. }) => return Ok(account),
            // Before the login; whoever has an account is called by its name.
            Ok(ServerMessage::Login { nick, .. }) => return Ok(nick),
            Ok(ServerMessage::Error { code, text, .. }) => {
                return Err(Failure::answered(&code, text));
            }
            Ok(_) => {}
            Err(lost) => return Err(Failure::new(Exit::Unreachable, lost.to_string())),
        }
    }
}

/// How long leaving waits for the server's last words.
const FAREWELL: Duration = Duration::from_secs(2);

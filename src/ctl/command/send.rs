//! `chatctl send`: one text, to a room or a user, and exit 0 only when chatd has acknowledged it.
//! Where `chatctl join` runs as the same user on this machine, that user speaks; a room that is
//! entered only for this is left again.

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout};

use crate::ctl::args::{Identity as Who, Send};
use crate::ctl::chat::connection::{Connection, Lost};
use crate::ctl::chat::login::{Identity, LoginError, Welcome, exit_of_loss, login};
use crate::ctl::chat::outbox::Outbox;
use crate::ctl::chat::{keys, nick, text};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::render::{self, Output, Table};
use crate::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};

/// How long all of it may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long to hear the server out after good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// Longest text taken from stdin, in bytes: a log by mistake should not go to everyone.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// One message that was acknowledged.
#[derive(Debug, Serialize)]
struct Sent {
    to: String,
    msgid: String,
    time: String,
}

/// Sends and waits for the acknowledgement.
///
/// # Errors
/// A failure by the contract: 3 unreachable, 4 no such user, 6 no answer in time, 1 all else.
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
    let text = read_text(args.text.as_deref())?;
    let limit = limit.unwrap_or(TIMEOUT);
    let (mut connection, welcome) = log_in(&server, &args.identity, limit).await?;
    let messages = text::split(&text, welcome.limits.message_bytes);
    if messages.is_empty() {
        return Err(
            Failure::new(Exit::Failed, "there is nothing to send: the text is empty").into(),
        );
    }
    let sent = timeout(
        limit,
        deliver(&mut connection, &welcome, &args.to, &messages),
    )
    .await;
    let sent = sent.unwrap_or_else(|_| {
        let text = format!("no acknowledgement within {} s", limit.as_secs_f32());
        Err(Failure::new(Exit::TimedOut, text).into())
    });
    say_good_bye(connection).await;
    tell(output, &sent?)
}

/// Logs in as whoever was chosen, or as the first free of the default nicks.
///
/// # Errors
/// A failure by the contract.
pub async fn log_in(server: &Server, who: &Who, limit: Duration) -> Result<(Connection, Welcome)> {
    let mut last = None;
    for nick in nick::candidates(who.nick.as_deref(), |name| std::env::var(name).ok()) {
        let identity = Identity {
            key: keys::find(server, &nick),
            nick,
        };
        match login(server, &identity, false, limit).await {
            Ok(entered) => return Ok(entered),
            Err(error) if is_taken(&error) => last = Some(error.failure(server)),
            Err(error) => return Err(error.failure(server).into()),
        }
    }
    let last = last.context("there is always a nick to try")?;
    Err(last).context("choose a nick with --as NICK")
}

fn is_taken(error: &LoginError) -> bool {
    matches!(error, LoginError::Refused { code, .. } if code == "nick_in_use")
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

/// What each request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Enter,
    Say,
    Leave,
}

async fn deliver(
    connection: &mut Connection,
    welcome: &Welcome,
    to: &str,
    messages: &[String],
) -> Result<Vec<Sent>> {
    let mut outbox = Outbox::new(&welcome.limits, Instant::now());
    if to.starts_with('#') {
        outbox.push(
            ClientBody::Join {
                room: to.to_owned().into(),
            },
            Step::Enter,
        );
    }
    for message in messages {
        let body = ClientBody::Send {
            to: to.to_owned().into(),
            text: message.clone().into(),
            kind: Kind::Text,
        };
        outbox.push(body, Step::Say);
    }
    let mut sent = Vec::new();
    while !outbox.is_empty() {
        let answer = next_answer(connection, &mut outbox).await;
        let answer = answer.map_err(|lost| not_acknowledged(&lost, sent.len(), messages.len()))?;
        let Ok(Some(answered)) = outbox.answered(answer, Instant::now()) else {
            continue;
        };
        match (answered.request.purpose, answered.answer) {
            (Step::Say, ServerMessage::Ack { msgid, time, .. }) => sent.push(Sent {
                to: to.to_owned(),
                msgid,
                time,
            }),
            (Step::Enter, ServerMessage::Joined { .. }) if welcome.attached => {
                // The user stays when we go, so they must not stay in this room.
                outbox.push(
                    ClientBody::Part {
                        room: to.to_owned().into(),
                        reason: None,
                    },
                    Step::Leave,
                );
            }
            (Step::Enter, ServerMessage::Error { code, .. }) if code == "already_in_room" => {}
            (Step::Enter | Step::Say, ServerMessage::Error { code, text, .. }) => {
                return Err(Failure::answered(&code, format!("not sent: {text}")).into());
            }
            (Step::Enter | Step::Say | Step::Leave, _) => {}
        }
    }
    Ok(sent)
}

/// The next object, writing what is due meanwhile.
async fn next_answer(
    connection: &mut Connection,
    outbox: &mut Outbox<Step>,
) -> Result<ServerMessage, Lost> {
    loop {
        let now = Instant::now();
        while let Some(message) = outbox.next(now) {
            connection.send(&message);
        }
        let wake_at = outbox.wake_at(now).unwrap_or(now + TIMEOUT);
        tokio::select! {
            answer = connection.next() => return answer,
            () = sleep_until(wake_at) => {}
        }
    }
}

fn not_acknowledged(lost: &Lost, sent: usize, all: usize) -> Failure {
    let progress = if sent > 0 {
        format!("only {sent} of {all} messages were acknowledged")
    } else {
        "not acknowledged".to_owned()
    };
    Failure::new(exit_of_loss(lost), format!("{progress}: {lost}"))
}

async fn say_good_bye(mut connection: Connection) {
    connection.send(&ClientMessage {
        id: None,
        body: ClientBody::Quit { reason: None },
    });
    // Until the server closes; what it says on the way is for nobody.
    let _ = timeout(FAREWELL, async { while connection.next().await.is_ok() {} }).await;
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

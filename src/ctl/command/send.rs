//! `chatctl send`: one text, to a room or a user, and exit 0 only when chatd has acknowledged it.
//! Where `chatctl join` runs as the same user on this machine, that user speaks; a room that is
//! entered only for this is left again.

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::ctl::args::{Identity as Who, Send};
use crate::ctl::chat::connection::{Connection, Lost};
use crate::ctl::chat::login::{Identity, LoginError, Welcome, exit_of_loss, login};
use crate::ctl::chat::outbox::{Answered, Outbox};
use crate::ctl::chat::{keys, nick, text};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::render::{self, Output, Table};
use crate::wire::chat::{ClientBody, ClientMessage, Kind, ServerMessage};

/// How long each answer may take unless `--timeout` says otherwise.
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
    let sent = deliver(&mut connection, &welcome, &args.to, &messages, limit).await;
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

/// What has become of the messages so far.
struct Delivery<'a> {
    to: &'a str,
    messages: &'a [String],
    /// The user stays in the room when we go, so it must be left again.
    attached: bool,
    sent: Vec<Sent>,
    /// The first thing that was refused; nothing more is said behind it.
    refused: Option<Failure>,
}

/// Sends and hears all answers, each within `limit` of the one before it and of its turn.
async fn deliver(
    connection: &mut Connection,
    welcome: &Welcome,
    to: &str,
    messages: &[String],
    limit: Duration,
) -> Result<Vec<Sent>> {
    let mut delivery = Delivery {
        to,
        messages,
        attached: welcome.attached,
        sent: Vec::new(),
        refused: None,
    };
    let mut outbox = Outbox::new(&welcome.limits, Instant::now());
    delivery.queue(&mut outbox);
    let mut until = Instant::now() + limit;
    while !outbox.is_empty() {
        let answer = match timeout_at(until, next_answer(connection, &mut outbox)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(lost)) => {
                return delivery.cut_short(exit_of_loss(&lost), &lost.to_string());
            }
            Err(_) => {
                let why = format!("no answer within {} s", limit.as_secs_f32());
                return delivery.cut_short(Exit::TimedOut, &why);
            }
        };
        let now = Instant::now();
        match outbox.answered(answer, now) {
            Ok(Some(Answered { request, answer })) => {
                delivery.answered(request.purpose, answer, &mut outbox);
                // Flood control makes the next request wait; that is not the server's silence.
                until = outbox.wake_at(now).unwrap_or(now) + limit;
            }
            // Too fast: a server that never has enough of that is given up like a silent one.
            Ok(None) => {}
            Err(event) => delivery.heard(&event, &mut outbox),
        }
    }
    delivery
        .refused
        .map_or(Ok(delivery.sent), |failure| Err(failure.into()))
}

impl Delivery<'_> {
    fn queue(&self, outbox: &mut Outbox<Step>) {
        if self.to.starts_with('#') {
            let room = self.to.to_owned().into();
            outbox.push(
                ClientBody::Join {
                    room,
                    last: None,
                    since: None,
                },
                Step::Enter,
            );
        }
        for message in self.messages {
            let body = ClientBody::Send {
                to: self.to.to_owned().into(),
                text: message.clone().into(),
                kind: Kind::Text,
                client_msgid: None,
            };
            outbox.push(body, Step::Say);
        }
    }

    fn answered(&mut self, step: Step, answer: ServerMessage, outbox: &mut Outbox<Step>) {
        match (step, answer) {
            (Step::Say, ServerMessage::Ack { msgid, time, .. }) => self.sent.push(Sent {
                to: self.to.to_owned(),
                msgid,
                time,
            }),
            (Step::Enter, ServerMessage::Joined { .. }) if self.attached => {
                self.leave(outbox);
            }
            (Step::Enter, ServerMessage::Error { code, .. }) if code == "already_in_room" => {}
            (Step::Enter | Step::Say, ServerMessage::Error { code, text, .. }) => {
                self.refuse(&code, &text, outbox);
            }
            (Step::Say, _) => self.refuse("", "it was not acknowledged", outbox),
            (Step::Enter | Step::Leave, _) => {}
        }
    }

    /// An error without an id is about us all the same.
    fn heard(&mut self, event: &ServerMessage, outbox: &mut Outbox<Step>) {
        let is_open = self.sent.len() < self.messages.len();
        if let ServerMessage::Error { code, text, .. } = event
            && is_open
        {
            self.refuse(code, text, outbox);
        }
    }

    fn refuse(&mut self, code: &str, text: &str, outbox: &mut Outbox<Step>) {
        let leaves = outbox.any(|step| *step == Step::Leave);
        outbox.lost();
        outbox.give_up();
        if leaves {
            self.leave(outbox);
        }
        let failure = || Failure::answered(code, format!("not sent: {text}"));
        self.refused.get_or_insert_with(failure);
    }

    fn leave(&self, outbox: &mut Outbox<Step>) {
        let body = ClientBody::Part {
            room: self.to.to_owned().into(),
            reason: None,
        };
        outbox.push(body, Step::Leave);
    }

    /// No more answers. When only leaving was not answered, all is well.
    fn cut_short(self, exit: Exit, why: &str) -> Result<Vec<Sent>> {
        let (sent, all) = (self.sent.len(), self.messages.len());
        if let Some(failure) = self.refused {
            return Err(failure.into());
        }
        if sent == all {
            return Ok(self.sent);
        }
        let progress = if sent > 0 {
            format!("only {sent} of {all} messages were acknowledged")
        } else {
            "not acknowledged".to_owned()
        };
        Err(Failure::new(exit, format!("{progress}: {why}")).into())
    }
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

//! `chatctl tail`: what is said in one room, as it is said. Enters the room as a user, since a room
//! has no invisible listeners; comes back after a loss as `join` does.

use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::send::log_in;
use crate::ctl::args::Tail;
use crate::ctl::chat::backoff::trying_again;
use crate::ctl::chat::link::{Happening, Link};
use crate::ctl::chat::login::{Welcome, exit_of_loss};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input;
use crate::ctl::join::lines::tsv;
use crate::ctl::join::look::Look;
use crate::ctl::join::view::View;
use crate::ctl::locate::Server;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{ClientBody, ClientMessage, ServerMessage};

/// How long a login may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long to hear the server out after good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// The request that enters the room; there is no other.
const ENTER: &str = "enter";

/// Follows until interrupted, or until `--count` messages have come.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(
    args: &Tail,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let limit = limit.unwrap_or(TIMEOUT);
    let (connection, welcome) = log_in(&server, &args.identity, limit).await?;
    let mut follower = Follower {
        room: args
            .room
            .as_deref()
            .map_or(welcome.default_room.clone(), input::room),
        left: args.count,
        output,
        attached: welcome.attached,
        entered_here: false,
        link: Link::new(server, connection, &welcome, limit),
    };
    follower.enter();
    let result = follower.follow().await;
    follower.leave().await;
    result
}

struct Follower {
    /// As the server writes it, once it has said so.
    room: String,
    left: Option<u64>,
    output: Output,
    /// The user is there without us too, so what we changed must be undone.
    attached: bool,
    entered_here: bool,
    link: Link,
}

impl Follower {
    fn enter(&mut self) {
        let body = ClientBody::Join {
            room: self.room.clone().into(),
            last: None,
            since: None,
        };
        self.link.send(&ClientMessage {
            id: Some(ENTER.into()),
            body,
        });
    }

    async fn follow(&mut self) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        while self.left != Some(0) {
            tokio::select! {
                happening = self.link.next() => self.happened(happening)?,
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hang_up.recv() => return Ok(()),
            }
        }
        Ok(())
    }

    fn happened(&mut self, happening: Happening) -> Result<()> {
        match happening {
            Happening::Heard(message) => return self.heard(&message),
            Happening::Lost { why, retry_in } => {
                remark(&trying_again(&why.to_string(), retry_in));
            }
            Happening::StillAway { why, retry_in } => {
                remark(&trying_again(&why, retry_in));
            }
            Happening::Back(welcome) => self.back(&welcome),
            Happening::Refused { text } => return Err(Failure::new(Exit::Failed, text).into()),
            Happening::Ended(why) => {
                return Err(Failure::new(exit_of_loss(&why), why.to_string()).into());
            }
        }
        Ok(())
    }

    fn back(&mut self, welcome: &Welcome) {
        remark(&format!("connected again to {}", welcome.server));
        self.enter();
    }

    fn heard(&mut self, message: &ServerMessage) -> Result<()> {
        match message {
            ServerMessage::Joined { re, room, .. } if re.id.as_deref() == Some(ENTER) => {
                self.entered_here = true;
                self.room.clone_from(room);
                Ok(())
            }
            ServerMessage::Error { re, code, text, .. } if re.id.as_deref() == Some(ENTER) => {
                if code == "already_in_room" {
                    return Ok(());
                }
                Err(Failure::answered(code, text.clone()).into())
            }
            ServerMessage::Message { room, .. } if self.is_here(room) => {
                self.left = self.left.map(|left| left - 1);
                self.show(message)
            }
            ServerMessage::Topic { room, .. }
            | ServerMessage::Notice {
                room: Some(room), ..
            } if self.is_here(room) => self.show(message),
            ServerMessage::Notice { room: None, .. } => self.show(message),
            _ => Ok(()),
        }
    }

    fn is_here(&self, room: &str) -> bool {
        room == self.room || room.to_lowercase() == self.room.to_lowercase()
    }

    fn show(&self, message: &ServerMessage) -> Result<()> {
        match self.output {
            Output::Json | Output::Jsonl => render::write(&render::json_line(message)?),
            Output::Tsv => render::write(&tsv(message)),
            Output::Table => {
                let view = View::new(Look::of_stdout(), Some(&self.room));
                render::write(&view.lines(message).unwrap_or_default())
            }
        }
    }

    async fn leave(&mut self) {
        if self.attached && self.entered_here {
            let body = ClientBody::Part {
                room: self.room.clone().into(),
                reason: None,
            };
            self.link.send(&ClientMessage { id: None, body });
        }
        let body = ClientBody::Quit { reason: None };
        if self.link.send(&ClientMessage { id: None, body }) {
            let farewell = async { while let Happening::Heard(_) = self.link.next().await {} };
            let _ = timeout(FAREWELL, farewell).await;
        }
    }
}

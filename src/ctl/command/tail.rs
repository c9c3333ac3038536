//! `chatctl tail`: what is said in one room, as it is said. Enters the room as a user, since a room
//! has no invisible listeners; comes back after a loss as `join` does, and goes on after the last line that
//! it has written.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::send::log_in;
use crate::ctl::args::Tail;
use crate::ctl::chat::backoff::trying_again;
use crate::ctl::chat::conversation::Conversation;
use crate::ctl::chat::event;
use crate::ctl::chat::link::{Happening, Link};
use crate::ctl::chat::login::{Welcome, exit_of_loss};
use crate::ctl::chat::question::NO_HISTORY;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::join::input;
use crate::ctl::join::lines::tsv;
use crate::ctl::join::look::Look;
use crate::ctl::join::page::Page;
use crate::ctl::join::told::taken_out;
use crate::ctl::join::view::View;
use crate::ctl::locate::Whereabouts;
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::wire::chat::{Bounds, ClientBody, ClientMessage, Kept, ServerMessage};

/// How long a login may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long to hear the server out after good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// The request that enters the room, and the one for what was said before.
const ENTER: &str = "enter";
const CATCH_UP: &str = "catch up";

/// Messages asked for at once: the most that a server gives.
const PAGE_MAX: u64 = 1000;

/// Follows until interrupted, or until `--count` messages have come.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(
    args: &Tail,
    whereabouts: &Whereabouts,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let server = whereabouts.server().await?;
    let limit = limit.unwrap_or(TIMEOUT);
    let (connection, welcome) = log_in(&server, &args.identity, limit).await?;
    if args.since.is_some() && !welcome.has_history {
        connection.say_good_bye(FAREWELL).await;
        return Err(Failure::new(Exit::Failed, NO_HISTORY).into());
    }
    let mut follower = Follower {
        room: args
            .room
            .as_deref()
            .map_or(welcome.default_room.clone(), input::room),
        since: args.since.as_ref().map(|when| when.as_bound().to_owned()),
        conversation: Conversation::default(),
        day: View::new(Look::PLAIN, None).today(),
        left: args.count,
        nick: welcome.nick.clone(),
        output,
        attached: welcome.attached,
        entered_here: false,
        ask_again_at: None,
        has_history: welcome.has_history,
        link: Link::new(server, connection, &welcome, limit).found_by(whereabouts),
    };
    follower.enter();
    let result = follower.follow().await;
    follower.leave().await;
    result
}

struct Follower {
    nick: String,
    /// As the server writes it, once it has said so.
    room: String,
    /// Where to begin; what was shown since then moves it on.
    since: Option<String>,
    conversation: Conversation,
    /// The day of the line that was written last.
    day: String,
    left: Option<u64>,
    output: Output,
    /// The user is there without us too, so what we changed must be undone.
    attached: bool,
    entered_here: bool,
    has_history: bool,
    /// The server wanted the last question later.
    ask_again_at: Option<Instant>,
    link: Link,
}

impl Follower {
    fn enter(&mut self) {
        let body = ClientBody::Join {
            room: self.room.clone().into(),
            key: None,
            last: None,
            since: None,
        };
        self.link.send(&ClientMessage {
            id: Some(ENTER.into()),
            body,
        });
    }

    /// We hear the room from here on; what was said before comes in pages.
    fn catch_up(&mut self) {
        let shown = self.conversation.newest().map(str::to_owned);
        let Some(after) = shown.or_else(|| self.since.clone()) else {
            return;
        };
        if !self.has_history {
            return;
        }
        self.conversation.fall_behind();
        let body = ClientBody::History {
            of: self.room.clone().into(),
            bounds: Bounds {
                before: None,
                after: Some(after.into()),
            },
            around: None,
            limit: Some(PAGE_MAX),
        };
        self.link.send(&ClientMessage {
            id: Some(CATCH_UP.into()),
            body,
        });
    }

    async fn follow(&mut self) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        while self.left != Some(0) {
            let ask_again_at = self.ask_again_at;
            let due = sleep_until(ask_again_at.unwrap_or_else(Instant::now));
            tokio::select! {
                () = due, if ask_again_at.is_some() => {
                    self.ask_again_at = None;
                    self.catch_up();
                }
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
            Happening::Heard(message) => return self.heard(message),
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
        self.nick.clone_from(&welcome.nick);
        self.has_history = welcome.has_history;
        self.enter();
    }

    fn heard(&mut self, message: ServerMessage) -> Result<()> {
        self.note_name(&message);
        match &message {
            ServerMessage::Joined { re, room, .. } if re.id.as_deref() == Some(ENTER) => {
                self.entered_here = true;
                self.room.clone_from(room);
                self.catch_up();
                Ok(())
            }
            ServerMessage::Error { re, code, text, .. } if re.id.as_deref() == Some(ENTER) => {
                if code == "already_in_room" {
                    self.catch_up();
                    return Ok(());
                }
                Err(Failure::answered(code, text.clone()).into())
            }
            ServerMessage::Error {
                re,
                code,
                retry_after_ms,
                ..
            } if re.id.as_deref() == Some(CATCH_UP) && code == "too_fast" => {
                let wait = Duration::from_millis(retry_after_ms.unwrap_or(1000));
                self.ask_again_at = Some(Instant::now() + wait);
                Ok(())
            }
            ServerMessage::Error { re, code, text, .. } if re.id.as_deref() == Some(CATCH_UP) => {
                Err(Failure::answered(code, text.clone()).into())
            }
            ServerMessage::History { .. } => self.page(message),
            ServerMessage::Message { room, .. }
            | ServerMessage::Topic { room, .. }
            | ServerMessage::RoomRenamed { to: room, .. }
            | ServerMessage::Edited {
                room: Some(room), ..
            }
            | ServerMessage::Deleted {
                room: Some(room), ..
            }
            | ServerMessage::Notice {
                room: Some(room), ..
            } if self.is_here(room) => match self.known(message) {
                Some(message) => self.show(&message),
                None => Ok(()),
            },
            // Not shown; but from our own entering on nothing may be missing.
            ServerMessage::Join { room, .. } if self.is_here(room) => {
                self.known(message);
                Ok(())
            }
            ServerMessage::Notice { room: None, .. } => self.show(&message),
            ServerMessage::Kicked {
                room,
                nick,
                by,
                reason,
                ..
            } if self.is_here(room) && *nick == self.nick => {
                let told = taken_out(room, by.as_deref(), reason.as_deref());
                self.entered_here = false;
                Err(Failure::new(Exit::NotPermitted, told).into())
            }
            ServerMessage::Nick { old, new, .. } if *old == self.nick => {
                self.nick.clone_from(new);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The room may be called otherwise.
    fn note_name(&mut self, message: &ServerMessage) {
        if let ServerMessage::RoomRenamed { room, to, .. } = message
            && self.is_here(room)
        {
            self.room.clone_from(to);
        }
    }

    /// The message, if it is to be shown now. Where nothing is kept, all that comes is new.
    fn known(&mut self, message: ServerMessage) -> Option<ServerMessage> {
        if self.has_history {
            self.conversation.heard(message)
        } else {
            Some(message)
        }
    }

    /// What was said before, or while the connection was broken.
    fn page(&mut self, answer: ServerMessage) -> Result<()> {
        let ServerMessage::History {
            mut messages,
            more,
            further,
            ..
        } = answer
        else {
            return Ok(());
        };
        let is_empty = messages.is_empty();
        self.conversation.read(&mut messages);
        for kept in messages {
            self.show_kept(&kept)?;
        }
        if more || self.left == Some(0) {
            return Ok(());
        }
        if further && !is_empty {
            self.catch_up();
            return Ok(());
        }
        match self.conversation.catch_up() {
            Some(held) => held.iter().try_for_each(|message| self.show(message)),
            None => {
                self.catch_up();
                Ok(())
            }
        }
    }

    fn is_here(&self, room: &str) -> bool {
        room == self.room || room.to_lowercase() == self.room.to_lowercase()
    }

    fn show(&mut self, message: &ServerMessage) -> Result<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        match message {
            ServerMessage::Message { .. } => self.left = self.left.map(|left| left - 1),
            // Held while pages came, and told to nobody.
            ServerMessage::Join { .. } => return Ok(()),
            _ => {}
        }
        match self.output {
            Output::Json | Output::Jsonl => render::write(&render::json_line(message)?),
            Output::Tsv => render::write(&tsv(message)),
            Output::Table => {
                let view = View::new(Look::of_stdout(), Some(&self.room));
                let lines = view.lines(message).unwrap_or_default();
                // What comes live comes now; the line above may be of another day.
                let today = view.today();
                if today != self.day {
                    render::write(&view.rule(&today))?;
                    self.day = today;
                }
                render::write(&lines)
            }
        }
    }

    /// A message of a page, as the event that it was; what came of it since goes with it.
    fn show_kept(&mut self, kept: &Kept) -> Result<()> {
        if self.left == Some(0) {
            return Ok(());
        }
        if self.output == Output::Tsv {
            let text = kept.text.clone().unwrap_or_default();
            return self.show(&event::of_kept(kept, text));
        }
        self.left = self.left.map(|left| left - 1);
        if self.output != Output::Table {
            let said = Said {
                kind: "message",
                kept,
            };
            return render::write(&render::json_line(&said)?);
        }
        let view = View::new(Look::of_stdout(), Some(&self.room));
        let lines = view.lines_of(&Page::of(vec![kept.clone()]), &mut self.day);
        render::write(&lines)
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

/// A message of a page as an event for programs.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    kept: &'a Kept,
}

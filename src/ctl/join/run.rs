//! The loop of `chatctl join`: the user on one side, the link on the other, the conversation
//! between them. Everything that waits, waits here; what to do is decided in `talk`, and done in `react`.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::entrance::log_in;
use super::input;
use super::lines::Typed;
use super::screen::Screen;
use super::talk::Talk;
use super::user::User;
use crate::ctl::args::Join;
use crate::ctl::chat::keys::KeptKey;
use crate::ctl::chat::link::{Happening, Link};
use crate::ctl::chat::login::{Arrival, Welcome};
use crate::ctl::exit::{Exit, Failure, is_closed_pipe};
use crate::ctl::locate::{Server, Whereabouts};
use crate::ctl::render::Output;
use crate::wire::chat::{ClientBody, ClientMessage};

/// How long a login or an answer may take unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a pipe waits for a server that has gone away, unless `--timeout` says otherwise.
const AWAY_MAX: Duration = Duration::from_secs(30);

/// How long leaving waits for the server's last words.
const FAREWELL: Duration = Duration::from_secs(2);

/// Requests queued before no more input is taken.
const PENDING_MAX: usize = 32;

/// How long a prompt waits for the answer that may change it.
pub(super) const PROMPT_PATIENCE: Duration = Duration::from_secs(1);

/// How long a prompt waits to hear whether what was said arrived, so that a refused line is back in
/// the next prompt. Short, because nothing is typed and no Ctrl-C is heard meanwhile.
pub(super) const REFUSAL_PATIENCE: Duration = Duration::from_millis(300);

/// Chats until the user leaves or the server ends it.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(
    args: &Join,
    whereabouts: &Whereabouts,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let server = whereabouts.server().await?;
    let rooms: Vec<_> = args.rooms.iter().map(|room| input::room(room)).collect();
    let arrival = Arrival {
        enter: rooms.is_empty(),
        resume: true,
        since: None,
    };
    let limit_of_login = limit.unwrap_or(TIMEOUT);
    let (connection, welcome) = log_in(
        &server,
        args.nick.as_deref(),
        &args.login,
        &arrival,
        limit_of_login,
    )
    .await?;
    let user = User::open(output)?;
    let link = Link::new(server.clone(), connection, &welcome, limit_of_login)
        .found_by(whereabouts)
        .resuming();
    let mut chat = Chat {
        kept_key: KeptKey::keep(&server, &welcome.nick, &welcome.key),
        key: welcome.key.clone(),
        server,
        talk: Talk::new(&welcome, &rooms, user.is_terminal(), Instant::now()),
        link,
        user,
        worst: Exit::Ok,
        leaving: None,
        is_interrupted: false,
        postponed: None,
        unsent: String::new(),
        prompt_due: Some(Instant::now() + PROMPT_PATIENCE),
        away_since: None,
        progress_at: Instant::now(),
        answer_max: limit.unwrap_or(TIMEOUT),
        away_max: limit.unwrap_or(AWAY_MAX),
    };
    chat.greet(&welcome);
    let ended = chat.talk_on().await;
    chat.leave().await;
    chat.user.close();
    match (chat.worst, ended) {
        (Exit::Ok, ended) => ended,
        // That nobody reads on is no error; that a text was not acknowledged is one all the same.
        (_, Err(error)) if !is_closed_pipe(&error) => Err(error),
        (worst, _) => Err(Failure::told(worst).into()),
    }
}

pub(super) struct Chat {
    pub(super) server: Server,
    pub(super) talk: Talk,
    pub(super) link: Link,
    pub(super) user: User,
    pub(super) kept_key: Option<KeptKey>,
    pub(super) key: String,
    /// The first thing that went wrong decides the exit code.
    pub(super) worst: Exit,
    /// The user wants to go, perhaps with a word, as soon as all is acknowledged.
    pub(super) leaving: Option<Option<String>>,
    /// Ctrl-C: at once.
    pub(super) is_interrupted: bool,
    /// A line in a pipe that means the last message, and waits until that has its id.
    pub(super) postponed: Option<String>,
    /// A line that could not be sent, for the next prompt.
    pub(super) unsent: String,
    /// A prompt is owed to the user, at this time at the latest.
    pub(super) prompt_due: Option<Instant>,
    pub(super) away_since: Option<Instant>,
    /// When the last answer came, or the last line was typed.
    pub(super) progress_at: Instant,
    pub(super) answer_max: Duration,
    pub(super) away_max: Duration,
}

impl Chat {
    fn greet(&mut self, welcome: &Welcome) {
        if self.user.is_terminal() {
            let motd = if welcome.motd.is_empty() {
                String::new()
            } else {
                format!(": {}", welcome.motd)
            };
            self.user.remark(&format!(
                "you are {} on {}{motd}",
                welcome.nick, welcome.server
            ));
        }
    }

    /// Until the user has left or the server has ended it.
    async fn talk_on(&mut self) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        loop {
            if !self.talk.is_saying()
                && let Some(line) = self.postponed.take()
            {
                self.typed(Typed::Line(line))?;
            }
            self.write();
            self.prompt();
            if self.is_done()? {
                return Ok(());
            }
            let may_type = self.may_type();
            let wake_at = self.wake_at();
            // A server that says more than the terminal can show is not listened to; the user is.
            let full = self.user.full_screen();
            tokio::select! {
                happening = self.link.next(), if full.is_none() => {
                    let pending = self.talk.pending();
                    self.happened(happening)?;
                    if self.talk.pending() != pending {
                        self.progress_at = Instant::now();
                    }
                }
                () = has_room(full.as_ref()), if full.is_some() => {}
                typed = self.user.next(), if may_type => self.typed(typed)?,
                () = sleep_until(wake_at) => {}
                _ = terminate.recv() => return Ok(()),
                _ = hang_up.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            }
        }
    }

    fn write(&mut self) {
        while let Some(message) = self.talk.next_to_send(Instant::now()) {
            self.link.send(&message);
        }
    }

    /// Whether the next line can be understood: in a pipe it must not overtake a `/join` before it, nor
    /// a `/history` that tells where the next one begins.
    fn may_type(&self) -> bool {
        let is_settled = self.talk.is_settled() && !self.talk.is_looking_back();
        let may_be_understood = is_settled || self.user.is_terminal();
        let has_room = self.talk.pending() < PENDING_MAX && self.postponed.is_none();
        self.leaving.is_none() && may_be_understood && has_room
    }

    /// Gives the next prompt once nothing that was asked can change it any more.
    fn prompt(&mut self) {
        let Some(due) = self.prompt_due else { return };
        let is_awaited = !self.talk.is_settled() || self.talk.is_saying();
        let may_change = self.talk.is_connected() && is_awaited;
        if may_change && self.leaving.is_none() && Instant::now() < due {
            return;
        }
        self.prompt_due = None;
        if self.leaving.is_some() {
            return;
        }
        let unsent = std::mem::take(&mut self.unsent);
        self.user.prompt(&self.talk, &unsent);
    }

    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let patience = now + Duration::from_secs(1);
        let outbox = self.talk.wake_at(now).unwrap_or(patience);
        outbox.min(self.prompt_due.unwrap_or(patience)).max(now)
    }

    /// Whether there is nothing left to do; an error when what is left cannot be done.
    fn is_done(&mut self) -> Result<bool> {
        if self.is_interrupted {
            return Ok(true);
        }
        let is_terminal = self.user.is_terminal();
        if self.leaving.is_some()
            && (self.talk.pending() == 0 || (is_terminal && !self.link.is_up()))
        {
            return Ok(true);
        }
        let now = Instant::now();
        if !is_terminal
            && self
                .away_since
                .is_some_and(|since| now - since > self.away_max)
        {
            return Err(Failure::new(
                Exit::Unreachable,
                format!("{} has not come back", self.server),
            )
            .into());
        }
        let is_waited_for = self.leaving.is_some() || (!is_terminal && !self.may_type());
        if is_waited_for && self.talk.is_connected() && now - self.progress_at > self.answer_max {
            return Err(Failure::new(
                Exit::TimedOut,
                format!("no answer within {} s", self.answer_max.as_secs_f32()),
            )
            .into());
        }
        Ok(false)
    }

    /// Says good-bye and hears the server out.
    async fn leave(&mut self) {
        let effects = self.talk.give_up();
        // What cannot be written now cannot be told either.
        let _ = self.carry_out(effects);
        self.kept_key = None;
        for body in self.talk.last_marks() {
            self.link.send(&ClientMessage { id: None, body });
        }
        let quit = ClientMessage {
            id: None,
            body: ClientBody::Quit {
                reason: self.leaving.take().flatten().map(Into::into),
            },
        };
        if !self.link.send(&quit) {
            return;
        }
        let farewell = async {
            while let Happening::Heard(message) = self.link.next().await {
                let effects = self.talk.heard(message, Instant::now());
                if self.carry_out(effects).is_err() {
                    return;
                }
            }
        };
        let _ = timeout(FAREWELL, pin!(farewell)).await;
    }
}

async fn has_room(screen: Option<&Arc<Screen>>) {
    if let Some(screen) = screen {
        screen.has_room().await;
    }
}

//! The loop of `chatctl join`: the user on one side, the link on the other, the conversation
//! between them. Everything that waits, waits here; what to do is decided in `talk`.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::entrance::log_in;
use super::input::{self, Input};
use super::lines::Typed;
use super::screen::Screen;
use super::talk::{Effect, Talk};
use super::user::User;
use crate::ctl::args::Join;
use crate::ctl::chat::backoff::trying_again;
use crate::ctl::chat::keys::KeptKey;
use crate::ctl::chat::link::{Happening, Link};
use crate::ctl::chat::login::{Identity, Welcome, exit_of_loss};
use crate::ctl::exit::{Exit, Failure, is_closed_pipe};
use crate::ctl::locate::Server;
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
const PROMPT_PATIENCE: Duration = Duration::from_secs(1);

/// How long a prompt waits to hear whether what was said arrived, so that a refused line is back in
/// the next prompt. Short, because nothing is typed and no Ctrl-C is heard meanwhile.
const REFUSAL_PATIENCE: Duration = Duration::from_millis(300);

/// Chats until the user leaves or the server ends it.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(
    args: &Join,
    server: Server,
    output: Output,
    limit: Option<Duration>,
) -> Result<()> {
    let rooms: Vec<_> = args.rooms.iter().map(|room| input::room(room)).collect();
    let identity = Identity {
        nick: args.nick.clone(),
        key: None,
    };
    let enter = rooms.is_empty();
    let (connection, welcome) = log_in(&server, identity, enter, limit.unwrap_or(TIMEOUT)).await?;
    let user = User::open(output)?;
    let link = Link::new(
        server.clone(),
        connection,
        &welcome,
        limit.unwrap_or(TIMEOUT),
    );
    let mut chat = Chat {
        kept_key: KeptKey::keep(&server, &welcome.nick, &welcome.key),
        key: welcome.key.clone(),
        server,
        talk: Talk::new(&welcome, &rooms, Instant::now()),
        link,
        user,
        worst: Exit::Ok,
        leaving: None,
        is_interrupted: false,
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

struct Chat {
    server: Server,
    talk: Talk,
    link: Link,
    user: User,
    kept_key: Option<KeptKey>,
    key: String,
    /// The first thing that went wrong decides the exit code.
    worst: Exit,
    /// The user wants to go, perhaps with a word, as soon as all is acknowledged.
    leaving: Option<Option<String>>,
    /// Ctrl-C: at once.
    is_interrupted: bool,
    /// A line that could not be sent, for the next prompt.
    unsent: String,
    /// A prompt is owed to the user, at this time at the latest.
    prompt_due: Option<Instant>,
    away_since: Option<Instant>,
    /// When the last answer came, or the last line was typed.
    progress_at: Instant,
    answer_max: Duration,
    away_max: Duration,
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

    /// Whether the next line can be understood: in a pipe it must not overtake a `/join` before it.
    fn may_type(&self) -> bool {
        let is_settled = self.talk.is_settled() || self.user.is_terminal();
        self.leaving.is_none() && is_settled && self.talk.pending() < PENDING_MAX
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

    fn typed(&mut self, typed: Typed) -> Result<()> {
        self.progress_at = Instant::now();
        let line = match typed {
            Typed::Line(line) => line,
            Typed::Unfit(why) => {
                self.fault(Exit::Failed, &why);
                return Ok(());
            }
            Typed::End => {
                self.leaving = Some(None);
                return Ok(());
            }
            Typed::Interrupted => {
                self.is_interrupted = true;
                return Ok(());
            }
        };
        let input = input::parse(&line);
        let patience = match &input {
            Ok(Input::Say(_) | Input::Act(_) | Input::Private { .. }) => REFUSAL_PATIENCE,
            _ => PROMPT_PATIENCE,
        };
        self.prompt_due = Some(Instant::now() + patience);
        match input {
            Err(why) => self.fault(Exit::Failed, &why),
            Ok(Input::Quit(reason)) => self.leaving = Some(reason),
            Ok(Input::Nothing) => {}
            // These make sense without a connection, too.
            Ok(input @ (Input::Help | Input::Nick(_))) => {
                let effects = self.talk.typed(input);
                self.carry_out(effects)?;
            }
            Ok(_) if !self.link.is_up() && self.user.is_terminal() => {
                self.user
                    .remark("not connected: this was not sent, it is back in your prompt");
                self.unsent = line;
            }
            Ok(input) => {
                let effects = self.talk.typed(input);
                self.carry_out(effects)?;
            }
        }
        Ok(())
    }

    fn happened(&mut self, happening: Happening) -> Result<()> {
        match happening {
            Happening::Heard(message) => {
                let effects = self.talk.heard(message, Instant::now());
                self.carry_out(effects)?;
            }
            Happening::Lost { why, retry_in } => {
                self.away_since = Some(Instant::now());
                self.user.remark(&trying_again(&why.to_string(), retry_in));
                let effects = self.talk.lost();
                self.carry_out(effects)?;
            }
            Happening::StillAway { why, retry_in } => {
                self.user.remark(&trying_again(&why, retry_in));
            }
            Happening::Back(welcome) => {
                self.away_since = None;
                self.user
                    .remark(&format!("connected again to {}", welcome.server));
                self.key.clone_from(&welcome.key);
                self.keep_key(&welcome.nick);
                self.talk.back(&welcome, Instant::now());
            }
            Happening::Refused { text } => {
                self.talk.refused();
                if !self.user.is_terminal() {
                    return Err(Failure::new(Exit::Failed, text).into());
                }
                self.user
                    .remark(&format!("{text}; /nick NAME comes back under another name"));
            }
            Happening::Ended(why) => {
                return Err(Failure::new(exit_of_loss(&why), why.to_string()).into());
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Result<()> {
        for effect in effects {
            match effect {
                Effect::Show(message) => self.user.show(&self.talk, &message)?,
                Effect::Data(message) => self.user.data(&message)?,
                // In a pipe, what went well is not worth a word.
                Effect::Remark(text) if self.user.is_terminal() => self.user.remark(&text),
                Effect::Remark(_) => {}
                Effect::Answer(text) => self.user.remark(&text),
                Effect::Fault { exit, text } => self.fault(exit, &text),
                // Too late for a prompt that stands; the arrow keys still reach the line.
                Effect::Unsent(_) if self.prompt_due.is_none() => {}
                Effect::Unsent(line) => self.unsent = line,
                // Nobody looks on who could see where the next line goes.
                Effect::NotEntered if !self.user.is_terminal() => self.talk.turn_away(),
                Effect::NotEntered => {}
                Effect::RetryAs(nick) => self.link.retry_as(&nick),
                Effect::Renamed(nick) => {
                    self.link.set_nick(&nick);
                    self.keep_key(&nick);
                }
            }
        }
        self.user.learn(&self.talk);
        Ok(())
    }

    fn keep_key(&mut self, nick: &str) {
        // First away with the old one: dropped later it would take the same file with it.
        self.kept_key = None;
        self.kept_key = KeptKey::keep(&self.server, nick, &self.key);
    }

    fn fault(&mut self, exit: Exit, text: &str) {
        self.user.remark(text);
        // On a terminal the user has seen it and gone on: leaving is a success all the same.
        if self.worst == Exit::Ok && !self.user.is_terminal() {
            self.worst = exit;
        }
    }

    /// Says good-bye and hears the server out.
    async fn leave(&mut self) {
        let effects = self.talk.give_up();
        // What cannot be written now cannot be told either.
        let _ = self.carry_out(effects);
        self.kept_key = None;
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

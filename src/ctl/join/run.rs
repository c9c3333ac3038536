//! The loop of `chatctl join`: the user on one side, the link on the other, the conversation
//! between them. Everything that waits, waits here; what to do is decided in `talk`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};

use super::input::{self, Input};
use super::lines::{Lines, Typed};
use super::screen::Screen;
use super::talk::{Effect, Talk};
use super::terminal::Terminal;
use super::view::View;
use crate::ctl::args::Join;
use crate::ctl::chat::connection::{Connection, Lost};
use crate::ctl::chat::keys::KeptKey;
use crate::ctl::chat::link::{Happening, Link};
use crate::ctl::chat::login::{Identity, Welcome, exit_of_loss, login};
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::Server;
use crate::ctl::render::Output;
use crate::ctl::sanitize;
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
    let may_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    let rooms: Vec<_> = args.rooms.iter().map(|room| input::room(room)).collect();
    let identity = Identity {
        nick: args.nick.clone(),
        key: None,
    };
    let enter = rooms.is_empty();
    let (connection, welcome) =
        log_in(&server, identity, enter, limit.unwrap_or(TIMEOUT), may_ask).await?;
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
    ended?;
    match chat.worst {
        Exit::Ok => Ok(()),
        exit => Err(Failure::told(exit).into()),
    }
}

/// Logs in; where someone can be asked, a nick that will not do is asked for anew.
async fn log_in(
    server: &Server,
    mut identity: Identity,
    enter: bool,
    limit: Duration,
    may_ask: bool,
) -> Result<(Connection, Welcome)> {
    loop {
        let error = match login(server, &identity, enter, limit).await {
            Ok(entered) => return Ok(entered),
            Err(error) => error,
        };
        let failure = error.failure(server);
        if !may_ask || !error.is_about_nick() {
            return Err(failure.into());
        }
        eprintln!("chatctl: {}", sanitize::line(&failure.text));
        identity.nick = ask_nick()?.ok_or_else(|| Failure::told(failure.exit))?;
    }
}

/// Blocks: nothing else is going on yet. `None` at the end of input.
fn ask_nick() -> Result<Option<String>> {
    loop {
        eprint!("another nick: ");
        io::stderr().flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            eprintln!();
            return Ok(None);
        }
        if !line.trim().is_empty() {
            return Ok(Some(line.trim().to_owned()));
        }
    }
}

/// The two ways to a user.
enum User {
    Terminal(Option<Terminal>),
    Lines(Lines),
}

impl User {
    /// A prompt where one can be drawn and the output is for people, else plain lines.
    fn open(output: Output) -> Result<Self> {
        let is_dumb = std::env::var("TERM").map_or(true, |term| term.is_empty() || term == "dumb");
        let both = io::stdin().is_terminal() && io::stdout().is_terminal();
        if both && !is_dumb && output == Output::Table {
            Ok(Self::Terminal(Some(Terminal::open()?)))
        } else {
            Ok(Self::Lines(Lines::open(output)?))
        }
    }

    fn terminal(&self) -> Option<&Terminal> {
        match self {
            Self::Terminal(terminal) => terminal.as_ref(),
            Self::Lines(_) => None,
        }
    }

    async fn next(&mut self) -> Typed {
        match self {
            Self::Terminal(Some(terminal)) => terminal.next().await,
            Self::Terminal(None) => Typed::End,
            Self::Lines(lines) => lines.next().await,
        }
    }

    /// The screen, when it cannot take more for now.
    fn full_screen(&self) -> Option<Arc<Screen>> {
        let screen = self.terminal()?.screen();
        screen.is_full().then(|| Arc::clone(screen))
    }

    fn close(&mut self) {
        if let Self::Terminal(terminal) = self
            && let Some(terminal) = terminal.take()
        {
            terminal.close();
        }
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
    /// A text that could not be sent, for the next prompt.
    unsent: String,
    /// A prompt is owed to the user, at this time at the latest.
    prompt_due: Option<Instant>,
    away_since: Option<Instant>,
    /// When the server last said something.
    progress_at: Instant,
    answer_max: Duration,
    away_max: Duration,
}

impl Chat {
    fn greet(&mut self, welcome: &Welcome) {
        if self.user.terminal().is_some() {
            let motd = if welcome.motd.is_empty() {
                String::new()
            } else {
                format!(": {}", welcome.motd)
            };
            self.remark(&format!(
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
                    self.progress_at = Instant::now();
                    self.happened(happening)?;
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
        let is_settled = self.talk.is_settled() || self.user.terminal().is_some();
        self.leaving.is_none() && is_settled && self.talk.pending() < PENDING_MAX
    }

    /// Gives the next prompt once nothing that was asked can change it any more.
    fn prompt(&mut self) {
        let Some(due) = self.prompt_due else { return };
        let Some(terminal) = self.user.terminal() else {
            return;
        };
        let may_change = self.talk.is_connected() && !self.talk.is_settled();
        if may_change && Instant::now() < due {
            return;
        }
        terminal.set_words(self.talk.words());
        let room = self.talk.current().unwrap_or_default();
        let state = if self.talk.is_connected() {
            ""
        } else {
            " (offline)"
        };
        terminal.ask(
            &format!("{room}{state}> "),
            &std::mem::take(&mut self.unsent),
        );
        self.prompt_due = None;
    }

    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let patience = now + Duration::from_secs(1);
        let outbox = self.talk.wake_at(now).unwrap_or(patience);
        let prompt = self.prompt_due.filter(|_| self.user.terminal().is_some());
        outbox.min(prompt.unwrap_or(patience)).max(now)
    }

    /// Whether there is nothing left to do; an error when what is left cannot be done.
    fn is_done(&mut self) -> Result<bool> {
        let is_terminal = self.user.terminal().is_some();
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
        let is_waited_for = self.leaving.is_some() || (!is_terminal && !self.talk.is_settled());
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
            Typed::Interrupted | Typed::End => {
                self.leaving = Some(None);
                return Ok(());
            }
        };
        self.prompt_due = Some(Instant::now() + PROMPT_PATIENCE);
        match input::parse(&line) {
            Err(why) => self.fault(Exit::Failed, &why),
            Ok(Input::Quit(reason)) => self.leaving = Some(reason),
            Ok(Input::Help) => self.remark(input::HELP),
            Ok(Input::Nothing) => {}
            Ok(Input::Nick(nick)) => {
                let effects = self.talk.typed(Input::Nick(nick));
                self.carry_out(effects)?;
            }
            Ok(_) if !self.link.is_up() && self.user.terminal().is_some() => {
                self.remark("not connected: this was not sent, it is back in your prompt");
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
                self.remark(&format!("{why}; trying again in {}", seconds(retry_in)));
                let effects = self.talk.lost();
                self.carry_out(effects)?;
            }
            Happening::StillAway { why, retry_in } => {
                self.remark(&format!("{why}; trying again in {}", seconds(retry_in)));
            }
            Happening::Back(welcome) => {
                self.away_since = None;
                self.remark(&format!("connected again to {}", welcome.server));
                self.key.clone_from(&welcome.key);
                self.keep_key(&welcome.nick);
                self.talk.back(&welcome, Instant::now());
            }
            Happening::Refused { text } => {
                self.talk.refused();
                if self.user.terminal().is_none() {
                    return Err(Failure::new(Exit::Failed, text).into());
                }
                self.remark(&format!("{text}; /nick NAME comes back under another name"));
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
                Effect::Show(message) => match &self.user {
                    User::Terminal(Some(terminal)) => {
                        let view = View::new(terminal.look(), self.talk.current());
                        if let Some(lines) = view.lines(&message) {
                            terminal.show(&lines);
                        }
                    }
                    User::Terminal(None) => {}
                    User::Lines(lines) => lines.show(&message)?,
                },
                Effect::Data(message) => {
                    if let User::Lines(lines) = &self.user {
                        lines.data(&message)?;
                    }
                }
                // In a pipe, what went well is not worth a word.
                Effect::Remark(text) if self.user.terminal().is_some() => self.remark(&text),
                Effect::Remark(_) => {}
                Effect::Answer(text) => self.remark(&text),
                Effect::Fault { exit, text } => self.fault(exit, &text),
                Effect::Unsent(text) => self.unsent = text,
                Effect::RetryAs(nick) => self.link.retry_as(&nick),
                Effect::Renamed(nick) => {
                    self.link.set_nick(&nick);
                    self.keep_key(&nick);
                }
            }
        }
        if let Some(terminal) = self.user.terminal() {
            terminal.set_words(self.talk.words());
        }
        Ok(())
    }

    fn keep_key(&mut self, nick: &str) {
        self.kept_key = KeptKey::keep(&self.server, nick, &self.key);
    }

    fn remark(&self, text: &str) {
        match &self.user {
            User::Terminal(Some(terminal)) => {
                let view = View::new(terminal.look(), self.talk.current());
                terminal.show(&view.remark(text));
            }
            User::Terminal(None) => {}
            User::Lines(lines) => lines.remark(text),
        }
    }

    fn fault(&mut self, exit: Exit, text: &str) {
        self.remark(text);
        // On a terminal the user has seen it and gone on: leaving is a success all the same.
        if self.worst == Exit::Ok && self.user.terminal().is_none() {
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

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}

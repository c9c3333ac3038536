//! How other tasks (the admin API, signals, the watchdog) ask the engine something: a bounded
//! channel of questions, each with its own way back. Never on the path of a chat message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::config::Config;
use crate::daemon::shard::Tally;
use crate::hub::input::AdminCommand;
use crate::hub::name::Nick;
use crate::hub::output::{Administered, RoomSummary};
use crate::hub::refusal::Refusal;
use crate::hub::view::{Counts, SessionView, UserView};

/// A way to the engine. Cheap to clone; may be used from any thread.
#[derive(Clone, Debug)]
pub struct EngineHandle {
    questions: mpsc::Sender<Question>,
}

/// What may be asked of the engine.
#[derive(Debug)]
pub enum Question {
    Counts(oneshot::Sender<Counts>),
    Sessions(oneshot::Sender<Vec<SessionRow>>),
    Rooms(oneshot::Sender<Vec<RoomSummary>>),
    /// `None` where nobody has the nick.
    Trace(Nick, oneshot::Sender<Option<UserView>>),
    Stats(oneshot::Sender<EngineStats>),
    Admin(AdminCommand, oneshot::Sender<Result<Administered, Refusal>>),
    /// The new config's reloadable part comes into force.
    Reconfigure(Arc<Config>, oneshot::Sender<()>),
    /// Answered from the engine's own loop: proof that it turns.
    Heartbeat(oneshot::Sender<()>),
}

/// One connection, as hub and engine know it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub view: SessionView,
    /// `127.0.0.1:4242`, or `unix:uid=1000`.
    pub address: String,
    pub dialect: Option<&'static str>,
    pub queued_bytes: usize,
    pub idle: Duration,
}

/// What the engine has counted, and what there is now.
#[derive(Clone, Debug, Default)]
pub struct EngineStats {
    pub counters: Counters,
    /// What the shards have written.
    pub written: Tally,
    /// Connections, with those that are closing.
    pub open: u64,
    pub queued_bytes: u64,
}

/// The engine's counters since the start.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    pub accepted: u64,
    pub refused: u64,
    /// By the code of the reason.
    pub ended: BTreeMap<&'static str, u64>,
    pub logins: u64,
    pub messages: u64,
    /// Lines times hearers, without regard to who ignores whom.
    pub deliveries: u64,
    pub bytes_read: u64,
    pub turns: u64,
    /// By code.
    pub refusals: BTreeMap<&'static str, u64>,
    pub faults: u64,
    pub accepts_starved: u64,
    /// Put to the history.
    pub questions: u64,
}

/// The engine has ended, or is so far behind that its queue of questions is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine does not answer: it has stopped or is overloaded")]
pub struct EngineGone;

impl EngineHandle {
    /// Questions that may wait; more are refused at once.
    pub const QUEUE_MAX: usize = 64;

    /// A handle and the end that the engine serves.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Question>) {
        let (questions, served) = mpsc::channel(Self::QUEUE_MAX);
        (Self { questions }, served)
    }

    /// How much there is.
    ///
    /// # Errors
    /// [`EngineGone`], as all questions.
    pub async fn counts(&self) -> Result<Counts, EngineGone> {
        self.ask(Question::Counts).await
    }

    /// All connections, by serial.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn sessions(&self) -> Result<Vec<SessionRow>, EngineGone> {
        self.ask(Question::Sessions).await
    }

    /// All rooms, by name.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn rooms(&self) -> Result<Vec<RoomSummary>, EngineGone> {
        self.ask(Question::Rooms).await
    }

    /// One user, with all that operators may know of them; `None` where nobody has the nick.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn trace(&self, nick: Nick) -> Result<Option<UserView>, EngineGone> {
        self.ask(|answer| Question::Trace(nick, answer)).await
    }

    /// The counters.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn stats(&self) -> Result<EngineStats, EngineGone> {
        self.ask(Question::Stats).await
    }

    /// Carries out an operator's command.
    ///
    /// # Errors
    /// [`EngineGone`]; the hub's refusal is the inner result.
    pub async fn admin(
        &self,
        command: AdminCommand,
    ) -> Result<Result<Administered, Refusal>, EngineGone> {
        self.ask(|answer| Question::Admin(command, answer)).await
    }

    /// Brings the reloadable part of a config into force.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn reconfigure(&self, config: Arc<Config>) -> Result<(), EngineGone> {
        self.ask(|answer| Question::Reconfigure(config, answer))
            .await
    }

    /// Returns when the engine's loop has turned.
    ///
    /// # Errors
    /// [`EngineGone`].
    pub async fn heartbeat(&self) -> Result<(), EngineGone> {
        self.ask(Question::Heartbeat).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question,
    ) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        self.questions
            .try_send(question(answer))
            .map_err(|_| EngineGone)?;
        answered.await.map_err(|_| EngineGone)
    }
}

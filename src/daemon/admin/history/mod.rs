//! The operators' requests about the history. The store's door waits for disks, so each request uses it
//! in a thread of its own, of every kind one at a time; whoever comes second is told so. What was begun
//! is done to its end and logged, also when the client goes away meanwhile.

pub(super) mod backup;
mod bound;
pub(super) mod change;
pub(super) mod export;
pub(super) mod failure;
pub(super) mod import;
mod line;
mod named;
pub(super) mod retention;
pub(super) mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::AdminState;
use super::change::internal;
use super::failure::Failure;
use super::patience::Patience;
use super::rights::Operator;
use crate::daemon::logging::AUDIT;
use crate::hub::time::UnixMillis;
use crate::store::{StoreError, StoreHandle};

/// The store's door, if there is a store, and who goes through it now.
#[derive(Debug)]
pub struct History {
    store: Option<StoreHandle>,
    backups: Arc<Semaphore>,
    checks: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    changes: Arc<Semaphore>,
    moments: Arc<Semaphore>,
    noted: Mutex<Noted>,
}

/// What is remembered until the end of the daemon.
#[derive(Clone, Copy, Debug, Default)]
struct Noted {
    /// When the history was checked, and whether it was sound.
    check: Option<(UnixMillis, bool)>,
    backup: Option<UnixMillis>,
}

/// Quick requests under way at a time.
const MOMENTS_MAX: usize = 4;

/// What an operator may have under way; of each kind one at a time, unless it takes only a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Backup,
    Check,
    Export,
    /// An import or a deletion.
    Change,
    /// What takes only a moment, so that a few may be under way.
    Moment,
}

impl Job {
    /// As part of "… is under way".
    fn name(self) -> &'static str {
        match self {
            Self::Backup => "a backup",
            Self::Check => "a check",
            Self::Export => "an export",
            Self::Change => "another import or deletion",
            Self::Moment => "much of this kind",
        }
    }
}

/// The right to use the store for a job.
#[derive(Debug)]
struct Turn {
    store: StoreHandle,
    /// Given back when the thread has ended, whatever became of who asked.
    _permit: OwnedSemaphorePermit,
}

impl History {
    /// With the door of a store, or for a daemon that keeps nothing.
    #[must_use]
    pub fn new(store: Option<StoreHandle>) -> Self {
        let one = || Arc::new(Semaphore::new(1));
        Self {
            store,
            backups: one(),
            checks: one(),
            exports: one(),
            changes: one(),
            moments: Arc::new(Semaphore::new(MOMENTS_MAX)),
            noted: Mutex::default(),
        }
    }

    fn begin(&self, job: Job) -> Result<Turn, Failure> {
        let store = self.store.clone().ok_or_else(failure::off)?;
        let seats = match job {
            Job::Backup => &self.backups,
            Job::Check => &self.checks,
            Job::Export => &self.exports,
            Job::Change => &self.changes,
            Job::Moment => &self.moments,
        };
        match Arc::clone(seats).try_acquire_owned() {
            Ok(permit) => Ok(Turn {
                store,
                _permit: permit,
            }),
            Err(_) => Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                format!("{} is under way already; try again later", job.name()),
            )),
        }
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request of an operator that is to be carried out.
struct Order {
    operator: Operator,
    state: AdminState,
    /// Of a connection that is to wait for the end of it.
    patience: Option<Patience>,
    job: Job,
    /// As the log names it.
    action: &'static str,
    /// Names, ids, times and paths; never a text that somebody has said.
    about: String,
}

impl Order {
    /// Passes on what was read from the request; what made no sense is logged as any other outcome, but
    /// without a word of it.
    fn read<T>(&mut self, read: Result<(T, String), Failure>) -> Result<T, Failure> {
        match read {
            Ok((read, about)) => {
                self.about = about;
                Ok(read)
            }
            Err(failure) => {
                self.log("", Some(&failure));
                Err(failure)
            }
        }
    }

    /// Does `work` in a thread of its own; `result` says for the log what came of it.
    async fn carry_out<T: Send + 'static>(
        self,
        work: impl FnOnce(&StoreHandle) -> Result<T, StoreError> + Send + 'static,
        result: impl FnOnce(&T) -> String + Send + 'static,
    ) -> Result<T, Failure> {
        // In a task of its own, for a client that goes away.
        let done = tokio::spawn(async move {
            let _at_work = self.patience.as_ref().map(Patience::at_work);
            let outcome = match self.state.history.begin(self.job) {
                Ok(turn) => in_thread(turn, work).await,
                Err(failure) => Err(failure),
            };
            let result = outcome.as_ref().map(result).unwrap_or_default();
            self.log(&result, outcome.as_ref().err());
            outcome
        });
        done.await.unwrap_or_else(|_| Err(internal()))
    }

    fn log(&self, result: &str, failure: Option<&Failure>) {
        let peer = self.operator.0;
        let outcome = failure.map_or("done", Failure::code);
        let (action, about) = (self.action, self.about.as_str());
        tracing::info!(target: AUDIT, uid = peer.uid, pid = peer.pid, action, about, result, outcome, "asked of the history by the admin socket");
    }
}

async fn in_thread<T: Send + 'static>(
    turn: Turn,
    work: impl FnOnce(&StoreHandle) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    match spawn_blocking(move || work(&turn.store)).await {
        Ok(outcome) => outcome.map_err(Failure::from),
        Err(_) => Err(internal()),
    }
}

/// `1 message`, `7 messages`.
fn messages(count: u64) -> String {
    match count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    }
}

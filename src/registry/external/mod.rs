//! Who else is asked whether a password is right: a program, or a service on this machine over HTTP. It may
//! hang, lie and die; whoever asked has an answer in time all the same. One thread of its own has so many
//! checks under way at a time, and so many may wait. Nothing here knows an account.

mod answer;
mod cache;
mod http;
mod program;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};

use tokio::runtime;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::hub::secret::Secret;

use answer::{Trouble, question, verdict};
use cache::Cache;

/// Who is asked, and how much at a time.
#[derive(Clone, Debug)]
pub struct ExternalOptions {
    pub way: Way,
    /// From the question to the answer, with the wait for others.
    pub timeout: Duration,
    /// How long what was right need not be asked again; zero is never.
    pub cache: Duration,
    /// Checks at a time, 1 or more.
    pub concurrency: usize,
    /// Checks that may wait for that, 1 or more.
    pub queue: usize,
}

/// How the check is reached.
#[derive(Clone, Debug)]
pub enum Way {
    /// A program's path and its arguments.
    Command(Vec<String>),
    /// A service over HTTP, and the path of its resource.
    Http { address: SocketAddr, path: String },
}

/// Whether this is the account's password.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    /// In the one form that all its spellings share.
    pub(super) account: String,
    pub(super) password: Secret,
    /// Where it comes from.
    pub(super) address: String,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// Nobody knows. The text is for operators and has nothing in it that came from outside.
    Unknown(String),
}

/// So many wait already.
#[derive(Debug)]
pub(super) struct Full;

/// A check that waits.
struct Check {
    claimed: Claimed,
    until: Instant,
    done: Box<dyn FnOnce(Verdict) + Send>,
}

/// The thread, and the way to it. Dropping it ends the checks that are under way.
pub(super) struct External {
    checks: mpsc::Sender<Check>,
    known: Arc<Mutex<Cache>>,
    timeout: Duration,
    /// Dropped, it ends the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl External {
    /// # Errors
    /// The system's, when it gives no thread.
    pub(super) fn start(options: &ExternalOptions) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (checks, waiting) = mpsc::channel(options.queue);
        let (stop, stopped) = oneshot::channel::<()>();
        let known = Arc::new(Mutex::new(Cache::new(options.cache)));
        let desk = Desk {
            way: options.way.clone(),
            timeout: options.timeout,
            known: Arc::clone(&known),
            waiting: AsyncMutex::new(waiting),
        };
        let concurrency = options.concurrency;
        let thread = thread::Builder::new().name("registry-check".to_owned());
        let thread = thread.spawn(move || {
            let guard = super::guard::AbortOnPanic;
            runtime.block_on(serve(Arc::new(desk), concurrency, stopped));
            runtime.shutdown_timeout(LAST_STARTS);
            drop(guard);
        })?;
        Ok(Self {
            checks,
            known,
            timeout: options.timeout,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Whether this was right lately.
    pub(super) fn knows(&self, claimed: &Claimed) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.has(claimed, Instant::now())
    }

    /// Has it checked; never waits. `done` is called in time, from the thread, unless that ends first.
    ///
    /// # Errors
    /// [`Full`]; `done` is not called.
    pub(super) fn ask(
        &self,
        claimed: Claimed,
        done: impl FnOnce(Verdict) + Send + 'static,
    ) -> Result<(), Full> {
        let check = Check {
            claimed,
            until: Instant::now() + self.timeout,
            done: Box::new(done),
        };
        self.checks.try_send(check).map_err(|_| Full)
    }
}

/// What those who check share.
struct Desk {
    way: Way,
    timeout: Duration,
    known: Arc<Mutex<Cache>>,
    waiting: AsyncMutex<mpsc::Receiver<Check>>,
}

async fn serve(desk: Arc<Desk>, concurrency: usize, stopped: oneshot::Receiver<()>) {
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(Arc::clone(&desk).work());
    }
    stopped.await.ok(); // nothing is ever sent
    workers.shutdown().await;
}

impl Desk {
    /// Checks one after the other.
    async fn work(self: Arc<Self>) {
        loop {
            let next = self.waiting.lock().await.recv().await;
            let Some(check) = next else { return };
            self.check(check).await;
        }
    }

    async fn check(&self, check: Check) {
        let Check {
            claimed,
            until,
            done,
        } = check;
        let question = question(&claimed);
        let report = |answer: Result<Vec<u8>, Trouble>| {
            let verdict = answer.and_then(|answer| verdict(&answer));
            done(self.conclude(&claimed, verdict));
        };
        if until <= Instant::now() {
            return report(Err(Trouble::TookTooLong));
        }
        match &self.way {
            Way::Command(command) => program::ask(command, &question, until, report).await,
            Way::Http { address, path } => {
                report(http::ask(*address, path, question, until).await);
            }
        }
    }

    fn conclude(&self, claimed: &Claimed, verdict: Result<bool, Trouble>) -> Verdict {
        match verdict {
            Ok(true) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.note(claimed, Instant::now());
                Verdict::Right
            }
            Ok(false) => Verdict::Wrong,
            Err(trouble) => {
                let (way, timeout) = (&self.way, self.timeout.as_millis());
                Verdict::Unknown(format!("{way} {trouble} (it has {timeout} ms)"))
            }
        }
    }
}

impl Drop for External {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it cannot have panicked: the process would be gone
        }
    }
}

/// Without arguments: there may be a secret among them.
impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => f.write_str(command.first().map_or("", String::as_str)),
            Self::Http { address, .. } => write!(f, "http://{address}"),
        }
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("External").finish_non_exhaustive()
    }
}

/// How long the end waits for programs that are just being started.
const LAST_STARTS: Duration = Duration::from_secs(1);

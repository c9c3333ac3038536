//! The daemon's log: lines go through one bounded queue to one writer thread, which owns the
//! rotating files and stderr, so that a slow or full disk never holds up the engine. What the queue
//! cannot take is dropped, counted and told. The level may change while the daemon runs.
//!
//! Nobody logs a message text, a password or a token; what a peer chose is logged only as a parsed
//! name, and control characters are escaped on the way (see [`mod@line`]).

mod files;
mod guard;
pub mod level;
mod line;

use std::fmt;
use std::io::{self, IsTerminal};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{Dispatch, Level, Subscriber};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder};
use tracing_subscriber::filter::{Targets, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, reload};

use self::files::{Health, LogFiles};
pub use self::guard::Guard;
use self::level::LevelError;
use self::line::{JournalLine, Sink, Sinks, ToSink};
use crate::config::{self, LogFormat};
use crate::hub::time::UnixMillis;

/// Target of the lines that tell the daemon's own life (started, ready, reloaded, stopping). The
/// journal gets them too.
pub const LIFE: &str = "chatd::life";
/// Target of the lines that tell who changed what by the admin socket.
pub const AUDIT: &str = "chatd::audit";

/// Lines that may wait for the writer thread; at some 200 bytes a line, about 3 MB.
const QUEUE_LINES: usize = 16_384;
/// How often a loss of lines is told, while it goes on.
const LOSS_TOLD_EVERY: Duration = Duration::from_secs(10);

/// Where stderr leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stderr {
    /// To a person: every line, in colour unless `NO_COLOR` is set.
    Terminal { colour: bool },
    /// To systemd's journal, which adds time and priority: warnings, errors and the daemon's life;
    /// every line when there are no files.
    Journal,
    /// To a pipe or a file, as under a container's supervisor: every line.
    Other,
}

impl Stderr {
    /// Looks.
    #[must_use]
    pub fn detect() -> Self {
        if io::stderr().is_terminal() {
            let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            return Self::Terminal { colour };
        }
        // systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream that leads to the journal.
        let journal = std::env::var("JOURNAL_STREAM").ok();
        let stderr = std::fs::metadata("/proc/self/fd/2").ok();
        match (journal, stderr) {
            (Some(journal), Some(stderr))
                if journal == format!("{}:{}", stderr.dev(), stderr.ino()) =>
            {
                Self::Journal
            }
            _ => Self::Other,
        }
    }
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(
        "cannot create the log directory {path}: {source}; create it for uid {uid}, or set `[log] directory` to another place (\"\" writes no files)"
    )]
    Directory {
        path: PathBuf,
        uid: u32,
        source: io::Error,
    },
    #[error(
        "cannot write log files in {path}: {reason}; let uid {uid} write there, or set `[log] directory` to another place (\"\" writes no files)"
    )]
    File {
        path: PathBuf,
        uid: u32,
        reason: String,
    },
    #[error(transparent)]
    Level(#[from] LevelError),
    #[error("the log was started already")]
    StartedAlready,
}

/// The running log. Cheap to clone.
#[derive(Clone)]
pub struct Logging(Arc<Shared>);

struct Shared {
    filter: reload::Handle<Targets, Registry>,
    state: Mutex<LevelState>,
    /// The level was set: the timer must look again.
    changed: Notify,
    dropped: ErrorCounter,
    health: Arc<Health>,
    file: Option<PathBuf>,
}

/// Which level is in force, and until when.
struct LevelState {
    configured: String,
    current: String,
    until: Option<(Instant, UnixMillis)>,
}

/// The level in force, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelInForce {
    /// Its directives.
    pub level: String,
    /// The configured level, when another is in force.
    pub back_to: Option<String>,
    /// When that comes back by itself.
    pub back_at: Option<UnixMillis>,
}

/// Starts the log for the whole process.
///
/// # Errors
/// [`LogError`], which says what to do.
pub fn start(config: &config::Log, stderr: Stderr) -> Result<(Logging, Guard), LogError> {
    let (logging, guard, dispatch) = build(config, stderr)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| LogError::StartedAlready)?;
    guard.end_process_at_panics();
    Ok((logging, guard))
}

/// The log, not yet that of the process: [`start`] makes it so, tests have several side by side.
///
/// # Errors
/// [`LogError`], which says what to do.
pub fn build(config: &config::Log, stderr: Stderr) -> Result<(Logging, Guard, Dispatch), LogError> {
    let filter = level::parse(&config.level)?;
    let health = Arc::new(Health::default());
    let files = match &config.directory {
        Some(directory) => Some(LogFiles::open(directory, config, Arc::clone(&health))?),
        None => None,
    };
    let file = files.as_ref().map(LogFiles::current);
    let has_files = files.is_some();
    let (queue, worker) = NonBlockingBuilder::default()
        .buffered_lines_limit(QUEUE_LINES)
        .lossy(true)
        .thread_name("chatd-log")
        .finish(Sinks::new(files));
    let dropped = queue.error_counter();

    let (filter, handle) = reload::Layer::new(filter);
    let mut layers = Vec::new();
    if has_files {
        layers.push(plain(config.format, ToSink::new(Sink::File, &queue)));
    }
    layers.push(to_stderr(stderr, config.format, has_files, &queue));
    let dispatch = Dispatch::new(Registry::default().with(filter).with(layers));

    let logging = Logging(Arc::new(Shared {
        filter: handle,
        state: Mutex::new(LevelState {
            configured: config.level.clone(),
            current: config.level.clone(),
            until: None,
        }),
        changed: Notify::new(),
        dropped,
        health,
        file,
    }));
    Ok((logging, Guard::new(worker), dispatch))
}

type BoxedLayer<S> = Box<dyn Layer<S> + Send + Sync>;

fn plain<S>(format: LogFormat, writer: ToSink) -> BoxedLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}

fn to_stderr<S>(
    stderr: Stderr,
    format: LogFormat,
    has_files: bool,
    queue: &NonBlocking,
) -> BoxedLayer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let writer = ToSink::new(Sink::Stderr, queue);
    match stderr {
        Stderr::Terminal { colour } => tracing_subscriber::fmt::layer()
            .with_ansi(colour)
            .with_writer(writer.with_colour(colour))
            .boxed(),
        Stderr::Journal => tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(JournalLine::default())
            .with_writer(writer)
            .with_filter(filter_fn(move |line| {
                !has_files || *line.level() <= Level::WARN || line.target() == LIFE
            }))
            .boxed(),
        Stderr::Other => plain(format, writer),
    }
}

impl Logging {
    /// Sets the level until it is set again or the daemon restarts.
    ///
    /// # Errors
    /// [`LevelError`]; then nothing has changed.
    pub fn set_level(&self, level: &str) -> Result<(), LevelError> {
        self.apply(level, None)
    }

    /// Sets the level for a while; the configured one comes back by itself, at `back_at` by the
    /// calendar. [`Self::tend`] must be running.
    ///
    /// # Errors
    /// [`LevelError`]; then nothing has changed.
    pub fn set_level_for(
        &self,
        level: &str,
        duration: Duration,
        back_at: UnixMillis,
    ) -> Result<(), LevelError> {
        self.apply(level, Some((Instant::now() + duration, back_at)))
    }

    /// The config names another level: it is in force at once, whatever was before.
    ///
    /// # Errors
    /// [`LevelError`]; then nothing has changed.
    pub fn set_configured_level(&self, level: &str) -> Result<(), LevelError> {
        self.apply(level, None)?;
        level.clone_into(&mut self.state().configured);
        Ok(())
    }

    /// The level in force.
    #[must_use]
    pub fn level(&self) -> LevelInForce {
        let state = self.state();
        LevelInForce {
            level: state.current.clone(),
            back_to: (state.current != state.configured).then(|| state.configured.clone()),
            back_at: state.until.map(|(_, back_at)| back_at),
        }
    }

    /// The log files are opened anew before the next line is written, after someone moved them.
    pub fn reopen(&self) {
        self.0.health.ask_reopen();
    }

    /// Lines that were lost since the start: the queue was full, or a file could not be written.
    #[must_use]
    pub fn dropped_lines(&self) -> u64 {
        let dropped = u64::try_from(self.0.dropped.dropped_lines()).unwrap_or(u64::MAX);
        dropped.saturating_add(self.0.health.lines_failed())
    }

    /// Why the last line could not be written to its file, while that lasts.
    #[must_use]
    pub fn write_failure(&self) -> Option<String> {
        self.0.health.failure()
    }

    /// A name that always leads to the file being written; `None` when there are no files.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        self.0.file.clone()
    }

    /// Brings a temporary level to its end and tells of lost lines, for ever. Run it as a task.
    pub async fn tend(self) {
        let mut told = 0;
        let mut every = tokio::time::interval(LOSS_TOLD_EVERY);
        loop {
            let until = self.state().until.map(|(until, _)| until);
            tokio::select! {
                () = self.0.changed.notified() => {}
                () = sleep_until(until) => self.level_expired(),
                _ = every.tick() => self.tell_losses(&mut told),
            }
        }
    }

    fn apply(&self, level: &str, until: Option<(Instant, UnixMillis)>) -> Result<(), LevelError> {
        let filter = level::parse(level)?;
        let mut state = self.state();
        self.0.filter.reload(filter).map_err(|_| LevelError::Gone)?;
        level.clone_into(&mut state.current);
        state.until = until;
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }

    fn level_expired(&self) {
        let configured = self.state().configured.clone();
        match self.set_level(&configured) {
            Ok(()) => tracing::info!(target: LIFE, level = configured, "the log level is back"),
            Err(error) => tracing::error!(%error, "the log level cannot go back"),
        }
    }

    fn tell_losses(&self, told: &mut u64) {
        let dropped = self.dropped_lines();
        if dropped > *told {
            tracing::warn!(
                lines = dropped - *told,
                total = dropped,
                failure = self.write_failure(),
                "log lines were lost"
            );
            *told = dropped;
        }
    }

    fn state(&self) -> MutexGuard<'_, LevelState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Logging {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging")
            .field("level", &self.level())
            .field("file", &self.0.file)
            .finish_non_exhaustive()
    }
}

async fn sleep_until(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;

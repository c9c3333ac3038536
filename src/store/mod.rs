//! What was said, kept in a SQLite file: a commit log that has it first, a writer that takes it over into the
//! database, readers that answer the hub's questions, and a search index in a file of its own. Nothing here
//! knows a protocol, a socket or the engine; the owner hands in records and questions and takes news, and
//! never waits.
//!
//! ```text
//! keep(record) ─► inbox ─► committer ─► backlog ─► writer ─► history.db ─► index ─► history-search.db
//!                              └► history.db-log                 │                      │
//! ask(question) ─► questions ─► readers ◄────────────────────────┴──────────────────────┘
//! take_news ◄─ newsbox ◄─ committer, readers, watch
//! ```

mod backlog;
mod backup;
mod batch;
mod check;
mod checkpoint;
mod clock;
mod commit_log;
mod condition;
mod connection;
mod conversations;
mod deadline;
mod disk;
mod error;
mod handle;
mod ids;
mod inbox;
mod ledger;
mod lock;
mod look;
mod missed;
mod names;
mod news;
mod open;
mod options;
mod page;
mod people;
mod questions;
mod readers;
mod removal;
mod renaming;
mod report;
mod retention;
mod row;
mod schema;
mod search;
mod shared;
mod sweeping;
mod threads;
mod transfer;
mod unread;
mod watch;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::hub::history::{Question, Record, Renaming, Restored, Ticket};
use crate::hub::id::MessageId;

use backlog::Backlog;
use commit_log::Recovered;
use disk::Identity;
use ids::Ids;
use inbox::Inbox;
use ledger::{Files, Gauges, Ledger};
use lock::Lock;
use news::{Newsbox, locked};
use questions::Questions;
use search::Progress;
use shared::{Bell, Meter, Pace, Settings, Shared};
use threads::Threads;
use writer::Writer;

pub use backup::restore;
pub use check::check_file;
pub use error::{Full, OpenError, StoreError};
pub use handle::StoreHandle;
pub use look::{look, look_at_search};
pub use news::News;
pub use options::{Durability, Options, Retention};
pub use report::{
    BackupReport, CheckReport, ExportFilter, ImportReport, Imported, RestoreReport, Selection,
    StoreStatus,
};

/// A history that is open. Dropping it closes it.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    /// Nothing once the store is closed.
    running: Option<Running>,
}

/// What ends with the store, in this order.
#[derive(Debug)]
struct Running {
    threads: Threads,
    /// As long as this is there, operators may use their handles.
    open: Arc<()>,
    _lock: Lock,
}

impl Store {
    /// Opens a history, or begins one where no file is, and starts its threads. `news` is called, from any
    /// thread, whenever there is something to take with [`take_news`](Self::take_news); it must not wait.
    ///
    /// # Errors
    /// [`OpenError`] says why not and what to do.
    pub fn open(
        options: Options,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Restored), OpenError> {
        Self::open_at_pace(options, Pace::USUAL, news)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a store is opened once, and its owner has no more use for them"
    )]
    fn open_at_pace(
        options: Options,
        pace: Pace,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Restored), OpenError> {
        let lock = Lock::take(&options.path)?;
        let database = open::without_links(&options.path)?;
        // Held until the writer's is open: the last connection to close would remove the log.
        open::remove_leftovers(&database);
        let first = open::prepare(&database)?;
        let gauges = Arc::new(Gauges::default());
        let mut ledger =
            Ledger::open(&database, &gauges).map_err(|source| open::sort_out(&database, source))?;
        // Before anything is written: what is damaged is left as it is.
        let (mut restored, mut messages) = open::restored(&first, &database)?;
        let recovered = commit_log::recover(&mut ledger, &database)?;
        if recovered.has_taken {
            (restored, messages) = open::restored(&first, &database)?;
        }
        let Recovered { log, backlog, .. } = recovered;
        open::add_backlog(&mut restored, &backlog);
        drop(first);
        let shared = Arc::new(Shared {
            identity: Identity::of(&database),
            files: Files {
                search: open::search_path(&database),
                database,
            },
            pace,
            news: Newsbox::new(news),
            inbox: Inbox::new(options.queue_bytes),
            backlog: Backlog::new(pace.gather),
            renamings: renaming::Held::default(),
            needs_log: AtomicBool::new(log.is_err()),
            new_log: Mutex::default(),
            log_room: Bell::default(),
            questions: Questions::new(pace.question_limit),
            ids: Ids::new(restored.last_id),
            condition: condition::Condition::default(),
            settings: Mutex::new(Settings {
                durability: options.durability,
                retention: options.retention,
            }),
            meter: Meter::default(),
            gauges,
            index: Bell::default(),
            progress: Progress::default(),
            checkpoint: Bell::default(),
            watch: Bell::default(),
        });
        messages += Record::messages_in(&backlog);
        shared.meter.messages.store(messages, Ordering::Relaxed);
        shared.inbox.count(&backlog);
        let trouble = log.as_ref().err().copied();
        shared.condition.set_log(trouble, &shared.news);
        shared.condition.set_writer(trouble, &shared.news);
        let writer = Writer::new(Arc::clone(&shared), ledger, backlog);
        let threads = Threads::start(&shared, log.ok(), writer, options.readers)
            .inspect_err(|_| shared.close())?;
        let running = Running {
            threads,
            open: Arc::default(),
            _lock: lock,
        };
        let store = Self {
            shared,
            running: Some(running),
        };
        Ok((store, restored))
    }

    /// Takes a record to be kept; never waits. Ids must rise from record to record.
    ///
    /// # Errors
    /// [`Full`]: it was not taken, and will not be reported as lost.
    pub fn keep(&self, record: Record) -> Result<(), Full> {
        let id = record.id;
        let waiting = self.shared.inbox.push(record)?;
        self.shared.ids.push(id);
        if waiting.is_high() {
            self.shared.watch.ring();
        }
        Ok(())
    }

    /// Takes a question; never waits. Exactly one [`News::Answered`] follows.
    ///
    /// # Errors
    /// [`Full`]: too many questions wait already; no answer follows.
    pub fn ask(&self, ticket: Ticket, question: Question) -> Result<(), Full> {
        let shared = &self.shared;
        if let Some(upto) = shared.questions.ask(ticket, question, &shared.ids)? {
            shared.backlog.hurry(upto);
        }
        Ok(())
    }

    /// Gives a room's conversation another name, or lets its former one go; never waits. Exactly one
    /// [`News::Answered`] follows, once the disk has it or it has failed. What fails has changed nothing.
    ///
    /// # Errors
    /// [`Full`]: too much waits already; no answer follows.
    pub fn rename(&self, ticket: Ticket, renaming: Renaming) -> Result<(), Full> {
        renaming::ask(&self.shared, ticket, renaming)
    }

    /// Moves what has happened to the end of `out`; never waits for a disk.
    pub fn take_news(&self, out: &mut Vec<News>) {
        self.shared.news.take(out);
    }

    /// Says that `id` was given to something that is not kept, so that it is not given again after a
    /// restart. Usually one comparison.
    pub fn reserve(&self, id: MessageId) {
        if self.shared.ids.give(id) {
            self.shared.backlog.poke();
        }
    }

    /// Other settings from now on.
    pub fn reconfigure(&self, durability: Durability, retention: Retention) {
        *locked(&self.shared.settings) = Settings {
            durability,
            retention,
        };
        self.shared.backlog.poke();
    }

    /// The operators' door.
    #[must_use]
    pub fn handle(&self) -> StoreHandle {
        // A handle of a store that is closed already is as good as one of a store that was.
        let closed = Arc::default();
        let open = self.running.as_ref().map_or(&closed, |it| &it.open);
        StoreHandle::new(Arc::clone(&self.shared), open)
    }

    /// Commits everything that waits, or reports it as lost, and ends the threads. What the database cannot
    /// take over stays in the commit log, for the next start. Afterwards nothing more is taken, and the last
    /// news can be. Waits for as long as the disk hangs.
    pub fn finish(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running.open);
            running.threads.end(&self.shared);
        }
    }

    /// [`finish`](Self::finish) for an owner who has no use for the last news.
    pub fn close(mut self) {
        self.finish();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.finish();
    }
}

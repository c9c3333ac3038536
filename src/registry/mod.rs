//! Who has an account, and what proves it: `registry.db`, a SQLite database of its own, with one thread that
//! alone reads and writes it and a few that hash passwords. Nothing here knows a protocol, a socket or the
//! engine; the owner hands in questions and takes news, and never waits. Roles, bans and what belongs to a
//! room are to be kept here too.
//!
//! ```text
//! ask(question) ─► inbox ─► clerk ─► registry.db
//!                    ▲        │
//!                    └ pool ◄─┘ (Argon2)
//! take_news ◄─ newsbox ◄─ clerk
//! ```

mod book;
mod clerk;
mod costs;
mod error;
mod grants;
mod guard;
mod handle;
mod hash;
mod news;
mod open;
mod pool;
mod report;
mod schema;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::hub::account::AccountQuestion;
use crate::hub::held::Held;
use crate::hub::history::Ticket;

use book::Book;
use clerk::{Clerk, Message};
use guard::AbortOnPanic;
use news::Newsbox;
use pool::Pool;

pub use error::{Full, OpenError, RegistryError};
pub use handle::{RegistryHandle, TokenRequest};
pub use hash::HashCost;
pub use news::News;
pub use report::{AccountInfo, InvitationInfo, TokenInfo};

/// How a registry is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub path: PathBuf,
    pub cost: HashCost,
    /// Passwords that are hashed at a time.
    pub hash_threads: usize,
    /// Passwords that may wait for that.
    pub hash_queue: usize,
}

/// Questions, requests and results that may wait for the clerk.
const INBOX_MAX: usize = 1024;

/// A registry that is open. Dropping it closes it.
#[derive(Debug)]
pub struct Registry {
    shared: Arc<Shared>,
    inbox: SyncSender<Message>,
    clerk: Option<JoinHandle<()>>,
    opening: Opening,
}

/// What was found when a registry was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub path: PathBuf,
    /// Nothing was there, and nothing had been.
    pub is_new: bool,
    /// The file's permissions, nine bits.
    pub mode: u32,
    pub accounts: usize,
}

/// What the threads and the handles share.
#[derive(Debug)]
struct Shared {
    pool: Pool,
    news: Newsbox,
    cost: Mutex<HashCost>,
}

impl Shared {
    fn cost(&self) -> HashCost {
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Opens a registry, or begins one where no file is, and says which nicks and people it holds. `news`
    /// is called, from any thread, whenever there is something to take with
    /// [`take_news`](Self::take_news); it must not wait.
    ///
    /// # Errors
    /// [`OpenError`] says why not and what to do.
    pub fn open(
        options: &Options,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Held), OpenError> {
        let opened = open::open(&options.path)?;
        let lock = opened.lock;
        let failed = |source| open::sort_out(&options.path, source);
        let book = Book::new(opened.connection).map_err(failed)?;
        let (held, accounts) = book.held().map_err(failed)?;
        let shared = Arc::new(Shared {
            pool: Pool::start(options.hash_threads, options.hash_queue)
                .map_err(OpenError::Thread)?,
            news: Newsbox::new(news),
            cost: Mutex::new(options.cost),
        });
        let (inbox, taken) = sync_channel(INBOX_MAX);
        let clerk = Clerk::new(book, Arc::clone(&shared));
        let own = inbox.clone();
        let clerk = thread::Builder::new()
            .name("registry".to_owned())
            .spawn(move || {
                let guard = AbortOnPanic;
                clerk.run(&taken, &own);
                drop(lock);
                drop(guard);
            })
            .map_err(OpenError::Thread)?;
        let registry = Self {
            shared,
            inbox,
            clerk: Some(clerk),
            opening: Opening {
                path: options.path.clone(),
                is_new: opened.is_new,
                mode: opened.mode & 0o777,
                accounts,
            },
        };
        Ok((registry, held))
    }

    /// Takes a question; never waits. Exactly one [`News::Answered`] follows.
    ///
    /// # Errors
    /// [`Full`]: too much waits already; no answer follows.
    pub fn ask(&self, ticket: Ticket, question: AccountQuestion) -> Result<(), Full> {
        let asked = self.inbox.try_send(Message::Ask(ticket, question));
        asked.map_err(|_| Full)
    }

    /// Moves what has happened to the end of `out`.
    pub fn take_news(&self, out: &mut Vec<News>) {
        self.shared.news.take(out);
    }

    /// What a hash costs from now on. Hashes of another cost are made anew at the next login.
    pub fn set_cost(&self, cost: HashCost) {
        *self
            .shared
            .cost
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = cost;
    }

    /// What was found at the start.
    #[must_use]
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The operators' door.
    #[must_use]
    pub fn handle(&self) -> RegistryHandle {
        RegistryHandle::new(Arc::clone(&self.shared), self.inbox.clone())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // What was asked before is still done, and what waits to be written is written.
        let _ = self.inbox.send(Message::Close);
        if let Some(clerk) = self.clerk.take() {
            let _ = clerk.join(); // it cannot have panicked: the process would be gone
        }
    }
}

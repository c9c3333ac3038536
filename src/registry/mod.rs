//! Who has an account, and what proves it: `registry.db`, a SQLite database of its own, with one thread that
//! alone reads and writes it and a few that hash passwords. Nothing here knows a protocol, a socket or the
//! engine; the owner hands in questions and takes news, and never waits. What is set about rooms and the rules of
//! who may come and speak are kept here too: the owner hands those in as records, and is told once they are
//! on the disk.
//!
//! ```text
//! ask(question) ─► inbox ───► clerk ─► registry.db
//!                    ▲        ▲ │
//!                    ├ pool ◄─┼─┤ (Argon2)
//!                    └ check ◄┼─┘ (a program, or a service)
//! keep(record) ──► records ───┘
//! take_news ◄─ newsbox ◄─ clerk
//! ```

mod book;
mod certificates;
mod charters;
mod clerk;
mod costs;
mod error;
mod external;
mod grants;
mod guard;
mod handle;
mod hash;
mod news;
mod open;
mod passwords;
mod pool;
mod records;
mod report;
mod schema;
mod scram;
mod vouched;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::hub::account::AccountQuestion;
use crate::hub::held::Held;
use crate::hub::history::Ticket;
use crate::hub::moderation::room::CharterRecord;
use crate::hub::moderation::rule::Rule;
use crate::hub::output::RegistryRecord;
use crate::hub::persona::CloakKey;

use book::Book;
use clerk::{Clerk, Message};
use external::External;
use guard::AbortOnPanic;
use news::Newsbox;
use passwords::Hashing;
use pool::Pool;
use records::Records;
use scram::Salts;

pub use error::{Full, OpenError, RegistryError};
pub use external::{ExternalOptions, Way};
pub use handle::{RegistryHandle, TokenRequest};
pub use hash::HashCost;
pub use news::News;
pub use records::RegistryStatus;
pub use report::{AccountInfo, CertificateInfo, InvitationInfo, TokenInfo};

/// How a registry is opened.
#[derive(Clone, Debug)]
pub struct Options {
    pub path: PathBuf,
    pub cost: HashCost,
    /// Passwords that are hashed at a time.
    pub hash_threads: usize,
    /// Passwords that may wait for that.
    pub hash_queue: usize,
    /// Who else is asked about passwords.
    pub external: Option<ExternalOptions>,
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
    /// About which something is set.
    pub rooms: usize,
    pub rules: usize,
}

/// What a registry knew when it was opened, and the hub must know from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub held: Held,
    /// By room.
    pub charters: Vec<CharterRecord>,
    /// By id, also those whose time is over.
    pub rules: Vec<Rule>,
    /// With what the hosts are drawn that people are shown to come from. Made once, and nobody else's to know.
    pub cloak_key: CloakKey,
}

/// What the threads and the handles share.
#[derive(Debug)]
struct Shared {
    pool: Pool,
    news: Newsbox,
    hashing: Arc<Hashing>,
    records: Records,
}

impl Registry {
    /// Opens a registry, or begins one where no file is, and says what it knows. `news`
    /// is called, from any thread, whenever there is something to take with
    /// [`take_news`](Self::take_news); it must not wait.
    ///
    /// # Errors
    /// [`OpenError`] says why not and what to do.
    pub fn open(
        options: &Options,
        news: impl Fn() + Send + Sync + 'static,
    ) -> Result<(Self, Known), OpenError> {
        let opened = open::open(&options.path)?;
        let lock = opened.lock;
        let failed = |source| open::sort_out(&options.path, source);
        let book = Book::new(opened.connection).map_err(failed)?;
        let (held, accounts) = book.held().map_err(failed)?;
        let charters = book.charters().map_err(failed)?;
        let rules = book.rules().map_err(failed)?;
        let salts = Salts::new(book.secret("scram_salt").map_err(failed)?);
        let cloak_key = book.secret("cloak").map_err(failed)?;
        let cloak_key = CloakKey(u128::from_be_bytes(cloak_key));
        let shared = Arc::new(Shared {
            pool: Pool::start(options.hash_threads, options.hash_queue)
                .map_err(OpenError::Thread)?,
            news: Newsbox::new(news),
            hashing: Arc::new(Hashing::new(options.cost, salts)),
            records: Records::default(),
        });
        let (inbox, taken) = sync_channel(INBOX_MAX);
        let external = options.external.as_ref().map(External::start).transpose();
        let external = external.map_err(OpenError::Thread)?;
        let clerk = Clerk::new(book, Arc::clone(&shared), external);
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
                rooms: charters.len(),
                rules: rules.len(),
            },
        };
        let known = Known {
            held,
            charters,
            rules,
            cloak_key,
        };
        Ok((registry, known))
    }

    /// Takes a question of somebody at the address `from`; never waits. Exactly one [`News::Answered`] follows.
    ///
    /// # Errors
    /// [`Full`]: too much waits already; no answer follows.
    pub fn ask(&self, ticket: Ticket, question: AccountQuestion, from: String) -> Result<(), Full> {
        let asked = self.inbox.try_send(Message::Ask(ticket, question, from));
        asked.map_err(|_| Full)
    }

    /// Takes something to keep; never waits and never refuses. [`News::Kept`] counts it once it is on the
    /// disk. While it cannot be written it waits, and is written before the registry is closed if it can be.
    pub fn keep(&self, record: RegistryRecord) {
        if self.shared.records.give(record) {
            // With a full inbox the clerk comes by soon enough.
            let _ = self.inbox.try_send(Message::Records);
        }
    }

    /// Moves what has happened to the end of `out`.
    pub fn take_news(&self, out: &mut Vec<News>) {
        self.shared.news.take(out);
    }

    /// What a hash costs from now on. Hashes of another cost are made anew at the next login.
    pub fn set_cost(&self, cost: HashCost) {
        self.shared.hashing.set_cost(cost);
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

impl Registry {
    /// Ends it: what was asked before is still done, and what waits is written if it can be. Says what could
    /// not be.
    pub fn close(&mut self) -> RegistryStatus {
        if let Some(clerk) = self.clerk.take() {
            let _ = self.inbox.send(Message::Close);
            let _ = clerk.join(); // it cannot have panicked: the process would be gone
        }
        self.shared.records.status()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.close();
    }
}

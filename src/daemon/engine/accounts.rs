//! Between the hub and the registry: questions go there and come back as inputs, and what operators change
//! is told to the hub. Nothing here ever waits for a disk or a hash.

use std::mem;
use std::sync::Arc;

use tokio::sync::Notify;
use tracing::{error, warn};

use super::core::Core;
use crate::config;
use crate::hub::account::{AccountAnswer, AccountQuestion};
use crate::hub::held::Held;
use crate::hub::history::Ticket;
use crate::hub::input::Input;
use crate::hub::output::RegistryRecord;
use crate::registry::{HashCost, News, OpenError, Options, Registry};

/// The registry, and what it had no room for.
#[derive(Debug)]
pub(super) struct Accounts {
    registry: Registry,
    unasked: Vec<Ticket>,
    unwritten: usize,
    /// For what the registry tells, kept for its memory only.
    news: Vec<News>,
}

impl Accounts {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            unasked: Vec::new(),
            unwritten: 0,
            news: Vec::new(),
        }
    }

    pub(super) fn reconfigure(&self, config: &config::Accounts) {
        self.registry.set_cost(cost(config));
    }
}

impl Core {
    pub(super) fn ask_account(&mut self, ticket: Ticket, question: AccountQuestion) {
        if self.accounts.registry.ask(ticket, question).is_err() {
            self.accounts.unasked.push(ticket);
            self.work.notify_one();
        }
    }

    /// Has the registry keep something.
    pub(super) fn register(&mut self, _record: RegistryRecord) {
        self.accounts.unwritten += 1;
        self.work.notify_one();
    }

    /// Takes in what the registry has done meanwhile.
    pub(super) fn take_account_news(&mut self) {
        for ticket in mem::take(&mut self.accounts.unasked) {
            let answer = AccountAnswer::Busy;
            self.tell_hub(Input::AccountAnswered { ticket, answer });
        }
        let records = mem::take(&mut self.accounts.unwritten);
        if records > 0 {
            self.tell_hub(Input::Registered { records });
        }
        let mut news = mem::take(&mut self.accounts.news);
        self.accounts.registry.take_news(&mut news);
        for news in news.drain(..) {
            match news {
                News::Answered { ticket, answer } => {
                    if let AccountAnswer::Failed(why) = &answer {
                        error!(target: ACCOUNTS, %why, "an account cannot be looked up or made");
                    }
                    self.tell_hub(Input::AccountAnswered { ticket, answer });
                }
                News::Changed(change) => self.tell_hub(Input::AccountChanged(change)),
                News::NotWritten(why) => {
                    warn!(target: ACCOUNTS, why, "when accounts were last used cannot be written down");
                }
            }
        }
        self.accounts.news = news;
    }
}

/// Opens the registry; `work` is notified of its news.
///
/// # Errors
/// [`OpenError`] says what to do.
pub fn open_registry(
    config: &config::Accounts,
    work: &Arc<Notify>,
) -> Result<(Registry, Held), OpenError> {
    let options = Options {
        path: config.path.clone(),
        cost: cost(config),
        hash_threads: config.hash_threads,
        hash_queue: config.hash_queue,
    };
    let work = Arc::clone(work);
    Registry::open(&options, move || work.notify_one())
}

fn cost(config: &config::Accounts) -> HashCost {
    HashCost {
        memory_kib: u32::try_from(config.hash_memory / 1024).unwrap_or(u32::MAX),
        passes: config.hash_passes,
    }
}

/// The log's target.
const ACCOUNTS: &str = "chatd::accounts";

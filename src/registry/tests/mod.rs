//! The registry on a real disk: what it answers, what it writes, what it refuses to open.

mod asking;
mod files;
mod keeping;
mod operating;
mod proving;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tempfile::TempDir;

use super::{HashCost, Known, News, Options, Registry};
use crate::hub::account::{AccountAnswer, AccountQuestion, Claim, Newcomer};
use crate::hub::history::{OwnerId, Ticket};
use crate::hub::name::Nick;
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_000_000);
const CHEAP: HashCost = HashCost {
    memory_kib: 8,
    passes: 1,
};
const PATIENCE: Duration = Duration::from_secs(20);

/// A registry in a directory of its own, and its news as they come.
struct Office {
    directory: TempDir,
    /// `None` while it is closed.
    registry: Option<Registry>,
    known: Known,
    rings: Receiver<()>,
    news: Vec<News>,
    tickets: u64,
}

impl Office {
    fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (registry, known, rings) = open(&directory, CHEAP);
        Self {
            directory,
            registry: Some(registry),
            known,
            rings,
            news: Vec::new(),
            tickets: 0,
        }
    }

    fn open_again(&mut self, cost: HashCost) {
        self.registry = None;
        let (registry, known, rings) = open(&self.directory, cost);
        (self.registry, self.known, self.rings) = (Some(registry), known, rings);
    }

    fn registry(&self) -> &Registry {
        self.registry.as_ref().unwrap()
    }

    fn ask(&mut self, question: AccountQuestion) -> AccountAnswer {
        let ticket = self.begin(question);
        self.answer(ticket)
    }

    fn begin(&mut self, question: AccountQuestion) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.registry()
            .ask(ticket, question, "127.0.0.1".to_owned())
            .unwrap();
        ticket
    }

    fn answer(&mut self, ticket: Ticket) -> AccountAnswer {
        let answered =
            |news: &News| matches!(news, News::Answered { ticket: of, .. } if *of == ticket);
        loop {
            if let Some(at) = self.news.iter().position(answered) {
                let News::Answered { answer, .. } = self.news.remove(at) else {
                    unreachable!();
                };
                return answer;
            }
            self.rings.recv_timeout(PATIENCE).unwrap();
            self.registry.as_ref().unwrap().take_news(&mut self.news);
        }
    }

    fn log_in(&mut self, name: &str, password: &str) -> AccountAnswer {
        let (name, password) = (nick(name), secret(password));
        self.authenticate(Claim::Password { name, password })
    }

    fn authenticate(&mut self, claim: Claim) -> AccountAnswer {
        self.ask(AccountQuestion::Authenticate { claim, at: NOW })
    }

    fn register(&mut self, name: &str, invitation: Option<Secret>) -> AccountAnswer {
        self.ask(AccountQuestion::Register(Newcomer {
            name: nick(name),
            is_in_use: false,
            owner: Some(OwnerId(7)),
            password: secret("correct horse"),
            invitation,
            at: NOW,
        }))
    }
}

fn open(directory: &TempDir, cost: HashCost) -> (Registry, Known, Receiver<()>) {
    let (ring, rings): (SyncSender<()>, _) = sync_channel(100);
    let options = Options {
        path: directory.path().join("registry.db"),
        cost,
        hash_threads: 2,
        hash_queue: 8,
        external: None,
    };
    let ring = move || {
        let _ = ring.try_send(()); // one that waits is enough
    };
    let (registry, known) = Registry::open(&options, ring).unwrap();
    (registry, known, rings)
}

fn nick(text: &str) -> Nick {
    Nick::parse(text).unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

//! Between the hub and the registry: questions go there and come back as inputs, what operators change is told
//! to the hub, and what is set about rooms and the rules go there to be kept. Who has changed those is told
//! once that is on the disk. Nothing here ever waits for a disk or a hash.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tracing::{error, info, warn};

use super::core::Core;
use crate::config;
use crate::hub::account::{AccountAnswer, AccountQuestion};
use crate::hub::history::Ticket;
use crate::hub::id::{RequestId, SessionId};
use crate::hub::input::Input;
use crate::hub::moderation::request::Moderated;
use crate::hub::output::{Administered, RegistryRecord, Reply};
use crate::hub::refusal::Refusal;
use crate::registry::{ExternalOptions, HashCost, Known, News, OpenError, Options, Registry, Way};

/// The registry, what it had no room for, and who waits for it.
#[derive(Debug)]
pub(super) struct Accounts {
    registry: Registry,
    unasked: Vec<Ticket>,
    /// Records that the registry was given, those when the input that is carried out began, and those of
    /// them that it has kept.
    given: u64,
    given_before: u64,
    kept: u64,
    /// Whether it cannot write.
    does_fail: bool,
    /// By rising number of records. Each has added one at least, and the hub has few that are not kept.
    awaiting: VecDeque<Awaiting>,
    trouble: Trouble,
    /// For what the registry tells, kept for its memory only.
    news: Vec<News>,
}

/// Answers that failed.
#[derive(Debug, Default)]
struct Trouble {
    /// Since the log was told.
    untold: u32,
    /// No line before that (uptime).
    until: Option<Duration>,
}

impl Accounts {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            unasked: Vec::new(),
            given: 0,
            given_before: 0,
            kept: 0,
            does_fail: false,
            awaiting: VecDeque::new(),
            trouble: Trouble::default(),
            news: Vec::new(),
        }
    }

    pub(super) fn reconfigure(&self, config: &config::Accounts) {
        self.registry.set_cost(cost(config));
    }

    /// The hub is given an input: what it has kept from here on is of that one.
    pub(super) fn begin_input(&mut self) {
        self.given_before = self.given;
    }

    /// Whether nobody waits to be told that something is kept.
    pub(super) fn is_settled(&self) -> bool {
        self.awaiting.is_empty()
    }

    /// Whether what came of the input is only told once it is kept. While nothing can be written everybody is
    /// answered at once: what they have done holds, and how long it takes is not theirs to wait for.
    fn must_wait(&self, moderated: &Moderated) -> bool {
        let is_change = matches!(moderated, Moderated::Done { .. });
        is_change && self.given > self.given_before && !self.does_fail
    }

    fn wait(&mut self, whom: Whom) {
        let records = self.given;
        self.awaiting.push_back(Awaiting { records, whom });
    }

    /// The next one who need not wait any more.
    fn due(&mut self) -> Option<Whom> {
        let next = self.awaiting.front()?;
        if next.records > self.kept && !self.does_fail {
            return None;
        }
        self.awaiting.pop_front().map(|it| it.whom)
    }
}

impl Drop for Accounts {
    fn drop(&mut self) {
        let status = self.registry.close();
        if status.unwritten > 0 {
            let (lost, why) = (status.unwritten, status.why.unwrap_or_default());
            error!(target: ACCOUNTS, lost, why, "the last changes of rooms and rules could not be written down");
        }
    }
}

/// Somebody who is told of a change of a room or a rule once so many records are kept.
#[derive(Debug)]
struct Awaiting {
    records: u64,
    whom: Whom,
}

#[derive(Debug)]
enum Whom {
    Session {
        session: SessionId,
        request: Option<RequestId>,
        reply: Reply,
    },
    Operator(AdminResult, oneshot::Sender<AdminResult>),
}

pub(super) type AdminResult = Result<Administered, Refusal>;

impl Core {
    pub(super) fn ask_account(
        &mut self,
        ticket: Ticket,
        session: SessionId,
        question: AccountQuestion,
    ) {
        let peer = self.open(session).map(|connection| connection.peer);
        let from = peer.map_or_else(String::new, |peer| match peer.ip() {
            Some(address) => address.to_string(),
            None => peer.to_string(),
        });
        if self.accounts.registry.ask(ticket, question, from).is_err() {
            self.accounts.unasked.push(ticket);
            self.work.notify_one();
        }
    }

    /// Has the registry keep something.
    pub(super) fn register(&mut self, record: RegistryRecord) {
        self.accounts.given += 1;
        self.accounts.registry.keep(record);
    }

    /// The answer as it may leave now; `None` for one that waits for the registry.
    pub(super) fn after_registering(
        &mut self,
        session: SessionId,
        request: Option<&RequestId>,
        reply: Reply,
    ) -> Option<Reply> {
        let must_wait = matches!(&reply, Reply::Moderated(it) if self.accounts.must_wait(it));
        if !must_wait {
            return Some(reply);
        }
        if let Some(connection) = self.connection(session) {
            connection.acks_awaited += 1;
        }
        self.accounts.wait(Whom::Session {
            session,
            request: request.cloned(),
            reply,
        });
        None
    }

    /// Answers an operator, now or once the registry has kept what they have changed.
    pub(super) fn answer_operator(
        &mut self,
        result: AdminResult,
        answer: oneshot::Sender<AdminResult>,
    ) {
        let must_wait = matches!(
            &result,
            Ok(Administered::Moderated(it)) if self.accounts.must_wait(it)
        );
        if must_wait {
            self.accounts.wait(Whom::Operator(result, answer));
        } else {
            answer.send(result).ok(); // who has gone away meanwhile is no matter
        }
    }

    /// What keeps one from logging in keeps all, who try again and again: the log is told once in a while.
    fn tell_trouble(&mut self, why: &str) {
        let now = self.now().uptime;
        let told = &mut self.accounts.trouble;
        told.untold += 1;
        if told.until.is_some_and(|until| now < until) {
            return;
        }
        told.until = Some(now + TROUBLE_TOLD_EVERY);
        let count = mem::take(&mut told.untold);
        error!(target: ACCOUNTS, why, count, "accounts cannot be looked up, checked or made");
    }

    /// Takes in what the registry has done meanwhile.
    pub(super) fn take_account_news(&mut self) {
        for ticket in mem::take(&mut self.accounts.unasked) {
            let answer = AccountAnswer::Busy;
            self.tell_hub(Input::AccountAnswered { ticket, answer });
        }
        let mut news = mem::take(&mut self.accounts.news);
        self.accounts.registry.take_news(&mut news);
        for news in news.drain(..) {
            self.take_one_account_news(news);
        }
        self.accounts.news = news;
    }

    fn take_one_account_news(&mut self, news: News) {
        match news {
            News::Answered { ticket, answer } => {
                if let AccountAnswer::Failed(why) = &answer {
                    self.tell_trouble(why);
                }
                self.tell_hub(Input::AccountAnswered { ticket, answer });
            }
            News::Changed(change) => self.tell_hub(Input::AccountChanged(change)),
            News::NotWritten(why) => {
                warn!(target: ACCOUNTS, why, "when accounts were last used cannot be written down");
            }
            News::Kept { records } => {
                self.accounts.kept += records as u64;
                self.tell_hub(Input::Registered { records });
                self.answer_those_due();
            }
            News::KeepingFails(why) => {
                error!(
                    target: ACCOUNTS,
                    why,
                    "changes of rooms and rules cannot be written down: they hold, and would be lost at a crash",
                );
                self.accounts.does_fail = true;
                self.answer_those_due();
            }
            News::KeepingWorks => {
                info!(target: ACCOUNTS, "changes of rooms and rules are written down again");
                self.accounts.does_fail = false;
            }
        }
    }

    fn answer_those_due(&mut self) {
        while let Some(whom) = self.accounts.due() {
            match whom {
                Whom::Session {
                    session,
                    request,
                    reply,
                } => {
                    self.reply(session, request.as_ref(), &reply);
                    self.let_go(session);
                }
                Whom::Operator(result, answer) => {
                    answer.send(result).ok();
                }
            }
        }
    }
}

/// Opens the registry; `work` is notified of its news.
///
/// # Errors
/// [`OpenError`] says what to do.
pub fn open_registry(
    config: &config::Accounts,
    work: &Arc<Notify>,
) -> Result<(Registry, Known), OpenError> {
    let options = Options {
        path: config.path.clone(),
        cost: cost(config),
        hash_threads: config.hash_threads,
        hash_queue: config.hash_queue,
        external: external(&config.external),
    };
    let work = Arc::clone(work);
    Registry::open(&options, move || work.notify_one())
}

fn external(config: &config::External) -> Option<ExternalOptions> {
    let way = match (&config.url, &config.command) {
        (Some(url), _) => Way::Http {
            address: url.address,
            path: url.path().to_owned(),
        },
        (None, command) if command.is_empty() => return None,
        (None, command) => Way::Command(command.clone()),
    };
    Some(ExternalOptions {
        way,
        timeout: config.timeout,
        cache: config.cache,
        concurrency: config.concurrency,
        queue: config.queue,
    })
}

fn cost(config: &config::Accounts) -> HashCost {
    HashCost {
        memory_kib: u32::try_from(config.hash_memory / 1024).unwrap_or(u32::MAX),
        passes: config.hash_passes,
    }
}

/// The log is told of trouble after this long again.
const TROUBLE_TOLD_EVERY: Duration = Duration::from_secs(30);
/// The log's target.
const ACCOUNTS: &str = "chatd::accounts";

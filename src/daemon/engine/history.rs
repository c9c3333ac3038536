//! Between the hub and the store: what is said goes to the store, its sender is told once it is kept,
//! questions go there and come back as inputs. Nothing here ever waits for the disk.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::core::Core;
use crate::config::{self, Durability};
use crate::hub::history::{Answer, Keeping, Question, Record, Renaming, Restored, Ticket, Trouble};
use crate::hub::id::{MessageId, RequestId, SessionId};
use crate::hub::input::{Input, QuitReason};
use crate::hub::output::Reply;
use crate::hub::refusal::Refusal;
use crate::hub::settings::OnFailure;
use crate::hub::time::UnixMillis;
use crate::store::{self, News, OpenError, Store};

/// The store, if there is one, and who waits for it.
#[derive(Debug)]
pub(super) struct History {
    store: Option<Store>,
    durability: Durability,
    /// What is kept, up to here; above it, what `acks` waits for.
    kept_upto: MessageId,
    /// The last record that was to be kept. What is told under a higher id is kept nowhere, and not waited for.
    recorded_upto: MessageId,
    /// By rising id. As many as the store's queue has room for.
    acks: VecDeque<Ack>,
    /// What the store had no room for: its ack comes next.
    refused: Option<MessageId>,
    /// Of that, what the hub has not been told yet.
    lost: Vec<MessageId>,
    /// Who has gone, and will be let go once they have their acks.
    leaving: BTreeMap<SessionId, QuitReason>,
    /// Questions and renamings that the store had no room for.
    unasked: Vec<Ticket>,
    /// For what the store tells, kept for its memory only.
    news: Vec<News>,
}

/// An answer that waits for the disk.
#[derive(Debug)]
struct Ack {
    id: MessageId,
    at: UnixMillis,
    session: SessionId,
    request: Option<RequestId>,
}

impl History {
    pub(super) fn new(store: Option<Store>, config: &config::History) -> Self {
        Self {
            store,
            durability: config.durability,
            kept_upto: MessageId::default(),
            recorded_upto: MessageId::default(),
            acks: VecDeque::new(),
            refused: None,
            lost: Vec::new(),
            leaving: BTreeMap::new(),
            unasked: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Lets the store know up to which id ids have been given, so that none is given again.
    pub(super) fn reserve(&self, last: MessageId) {
        if let Some(store) = &self.store {
            store.reserve(last);
        }
    }

    pub(super) fn reconfigure(&mut self, config: &config::History) {
        let Some(store) = &self.store else {
            return;
        };
        if let Some(durability) = store_durability(config.durability) {
            self.durability = config.durability;
            store.reconfigure(durability, retention(config));
        }
    }

    /// Whether a message's sender is told only once it is kept.
    fn waits_for(&self, id: MessageId) -> bool {
        let is_on_its_way = id > self.kept_upto && id <= self.recorded_upto;
        self.store.is_some() && self.durability == Durability::Commit && is_on_its_way
    }

    /// Puts an ack in its place: at the end, unless a message was sent again that still waits.
    fn wait(&mut self, ack: Ack) {
        let at = match self.acks.back() {
            Some(last) if last.id > ack.id => self.acks.partition_point(|it| it.id <= ack.id),
            Some(_) | None => self.acks.len(),
        };
        self.acks.insert(at, ack);
    }

    /// The session is over but for its acks.
    pub(super) fn leaves(&mut self, session: SessionId, reason: QuitReason) {
        self.leaving.insert(session, reason);
    }

    /// How many are over but for their acks.
    pub(super) fn leaving(&self) -> usize {
        self.leaving.len()
    }

    /// Those that have waited for ids up to this one.
    fn due(&mut self, upto: MessageId) -> impl Iterator<Item = Ack> + use<> {
        let count = self.acks.partition_point(|ack| ack.id <= upto);
        let rest = self.acks.split_off(count);
        mem::replace(&mut self.acks, rest).into_iter()
    }
}

impl Core {
    /// Takes over what the store knew when it was opened.
    pub(super) fn restore(&mut self, restored: Restored) {
        self.history.kept_upto = restored.last_id;
        let now = self.now();
        self.input(now, Input::Restored(restored));
    }

    pub(super) fn keep(&mut self, record: Record) {
        let id = record.id;
        self.history.recorded_upto = id;
        let Some(store) = &self.history.store else {
            return;
        };
        if store.keep(record).is_err() {
            self.history.refused = Some(id);
        }
    }

    pub(super) fn ask(&mut self, ticket: Ticket, question: Question) {
        self.counters.questions += 1;
        let asked = match &self.history.store {
            Some(store) => store.ask(ticket, question).is_ok(),
            None => false,
        };
        if !asked {
            self.history.unasked.push(ticket);
            self.work.notify_one();
        }
    }

    pub(super) fn ask_renaming(&mut self, ticket: Ticket, renaming: Renaming) {
        let asked = match &self.history.store {
            Some(store) => store.rename(ticket, renaming).is_ok(),
            None => false,
        };
        if !asked {
            self.history.unasked.push(ticket);
            self.work.notify_one();
        }
    }

    /// The answer as it may leave now; `None` for an ack that waits for the disk.
    pub(super) fn after_keeping(
        &mut self,
        session: SessionId,
        request: Option<&RequestId>,
        reply: Reply,
    ) -> Option<Reply> {
        let Reply::Ack {
            id,
            at,
            is_kept: true,
        } = reply
        else {
            return Some(reply);
        };
        let ack = Ack {
            id,
            at,
            session,
            request: request.cloned(),
        };
        let refused = self.history.refused.take_if(|refused| *refused == id);
        if let Some(id) = refused {
            self.history.lost.push(id);
            self.work.notify_one();
        }
        // Sent twice within one turn, it is lost twice: the hub has not been told yet.
        if self.history.lost.contains(&id) {
            self.lose(&ack, Trouble::Behind);
            return None;
        }
        if !self.history.waits_for(id) {
            return Some(reply);
        }
        if let Some(connection) = self.connection(session) {
            connection.acks_awaited += 1;
        }
        self.history.wait(ack);
        None
    }

    /// Takes in what the store has done meanwhile.
    pub(super) fn take_history_news(&mut self) {
        for ticket in mem::take(&mut self.history.unasked) {
            let answer = Answer::Failed(Trouble::Behind);
            self.tell_hub(Input::Answered { ticket, answer });
        }
        for id in mem::take(&mut self.history.lost) {
            self.tell_hub(Input::Lost { from: id, upto: id });
        }
        let Some(store) = &self.history.store else {
            return;
        };
        let mut news = mem::take(&mut self.history.news);
        store.take_news(&mut news);
        let now = how_many_now(&news);
        for news in news.drain(..now) {
            self.take_news(news);
        }
        if !news.is_empty() {
            self.work.notify_one();
        }
        self.history.news = news;
    }

    /// An ack has been given. A connection that waited for its last one may close.
    pub(super) fn let_go(&mut self, session: SessionId) {
        let Some(connection) = self.connection(session) else {
            return;
        };
        connection.acks_awaited -= 1;
        if connection.acks_awaited == 0
            && let Some(reason) = self.history.leaving.remove(&session)
        {
            self.close_now(session, &reason);
        }
    }

    fn take_news(&mut self, news: News) {
        match news {
            News::Kept { upto } => {
                self.history.kept_upto = self.history.kept_upto.max(upto);
                for ack in self.history.due(upto) {
                    self.acknowledge(&ack, true);
                    self.let_go(ack.session);
                }
            }
            News::Lost { from, upto, why } => {
                error!(target: HISTORY, %from, %upto, why = why.because(), "messages could not be kept");
                // An ack below `from` was due before.
                for ack in self.history.due(upto) {
                    self.lose(&ack, why);
                    self.let_go(ack.session);
                }
                self.tell_hub(Input::Lost { from, upto });
            }
            News::Works => {
                info!(target: HISTORY, "messages are kept again");
                self.tell_hub(Input::Keeping(Keeping::Works));
            }
            News::Fails(why) => {
                let but = match self.on_failure() {
                    OnFailure::Refuse => "new ones are refused until they can be",
                    OnFailure::Continue => "they are said all the same, and will be missing",
                };
                warn!(target: HISTORY, "messages cannot be kept, because {}: {but}", why.because());
                self.tell_hub(Input::Keeping(Keeping::Fails(why)));
            }
            News::SearchFails(why) => warn!(target: HISTORY, "{why}"),
            News::SearchWorks => info!(target: HISTORY, "the search index works again"),
            News::Answered { ticket, answer } => self.tell_hub(Input::Answered { ticket, answer }),
        }
    }

    /// Tells a sender that their message was said and not kept.
    fn lose(&mut self, ack: &Ack, why: Trouble) {
        match self.on_failure() {
            OnFailure::Refuse => {
                let reply = Reply::Refused(Refusal::NotKept(why));
                self.reply(ack.session, ack.request.as_ref(), &reply);
            }
            OnFailure::Continue => self.acknowledge(ack, false),
        }
    }

    fn on_failure(&self) -> OnFailure {
        self.config.limits.hub.on_failure
    }

    fn acknowledge(&mut self, ack: &Ack, is_kept: bool) {
        let reply = Reply::Ack {
            id: ack.id,
            at: ack.at,
            is_kept,
        };
        self.reply(ack.session, ack.request.as_ref(), &reply);
    }

    pub(super) fn tell_hub(&mut self, input: Input) {
        let now = self.now();
        self.input(now, input);
    }

    /// Before everyone is sent away: what they have said and set is kept, and they are told. The loop stands
    /// still meanwhile, for a moment at most, because nobody is served any more.
    pub(super) fn settle(&mut self) {
        for _ in 0..SETTLE_STEPS {
            self.take_history_news();
            self.take_account_news();
            if self.history.acks.is_empty() && self.accounts.is_settled() {
                return;
            }
            thread::sleep(SETTLE_STEP);
        }
        warn!(target: HISTORY, unanswered = self.history.acks.len(), "the disk is too slow to wait for");
        for (session, reason) in mem::take(&mut self.history.leaving) {
            self.close_now(session, &reason);
        }
    }
}

/// Opens the store that the config asks for, if any; `work` is notified of its news.
///
/// # Errors
/// [`OpenError`] says what to do.
pub fn open_store(
    config: &config::History,
    work: &Arc<Notify>,
) -> Result<Option<(Store, Restored)>, OpenError> {
    let Some(durability) = store_durability(config.durability) else {
        return Ok(None);
    };
    let options = store::Options {
        path: config.path.clone(),
        durability,
        queue_bytes: config.queue_bytes,
        readers: READERS,
        retention: retention(config),
    };
    let work = Arc::clone(work);
    Store::open(options, move || work.notify_one()).map(Some)
}

/// How much of this is for this turn: what comes behind so many answers waits for the next one, because
/// each may be a long page to render and the peers who asked for nothing are not to wait for all of them.
fn how_many_now(news: &[News]) -> usize {
    let answers = news.iter().enumerate();
    let mut answers = answers.filter(|(_, news)| matches!(news, News::Answered { .. }));
    answers
        .nth(ANSWERS_PER_TURN)
        .map_or(news.len(), |(at, _)| at)
}

/// How the store is to keep things; `None` when there is to be none.
fn store_durability(durability: Durability) -> Option<store::Durability> {
    match durability {
        Durability::Commit => Some(store::Durability::Commit),
        Durability::Relaxed => Some(store::Durability::Relaxed),
        Durability::Off => None,
    }
}

/// How long the store is to keep things.
fn retention(config: &config::History) -> store::Retention {
    store::Retention {
        age: Some(config.retention).filter(|age| !age.is_zero()),
        messages: Some(config.retention_messages as u64).filter(|&count| count > 0),
    }
}

/// Threads that answer questions: two that search or read, and one that only reads.
const READERS: usize = 3;
/// Answers that are taken in before the peers are served again.
const ANSWERS_PER_TURN: usize = 16;
/// The log's target.
const HISTORY: &str = "chatd::history";
const SETTLE_STEP: Duration = Duration::from_millis(2);
const SETTLE_STEPS: usize = 1000;

//! The registry's own thread: it takes one message after the other, looks things up, has passwords hashed
//! by the pool and writes down what came of it. What happens at every login, such as when it was, is
//! written lazily, so that no login and no wrong password costs a write of the disk.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use crate::hub::account::{Account, AccountAnswer, AccountQuestion, Claim, Newcomer, TokenId};
use crate::hub::history::Ticket;
use crate::hub::name::Nick;
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;

use super::Shared;
use super::book::{AccountRow, Book, NewAccount, NotMade, Touch};
use super::error::RegistryError;
use super::external::External;
use super::hash::{hash_of_secret, is_password};
use super::news::News;
use super::passwords::{Prepared, Rehearsed};
use super::records::Unwritten;
use super::vouched::Outsider;

/// What the clerk is given to do.
pub(super) enum Message {
    /// The question, and where it comes from.
    Ask(Ticket, AccountQuestion, String),
    /// A password was compared with the hash that its account had.
    Compared(Ticket, Compared),
    /// A newcomer's password was hashed.
    Hashed(Ticket, Newcomer, Result<Prepared, RegistryError>),
    /// A password was compared with a hash that is no account's.
    Judged(Ticket, AccountAnswer),
    /// An old password was compared, and the new one hashed.
    Rehearsed(Ticket, Rehearsed),
    /// A password that was right has a hash at today's cost, and keys for SCRAM.
    Rehashed {
        account: i64,
        old: String,
        new: Prepared,
    },
    /// Something that an operator asked for.
    Job(Job),
    /// There are records to be written.
    Records,
    Close,
}

pub(super) type Job = Box<dyn FnOnce(&mut Clerk) + Send>;

/// How a password was compared.
#[derive(Debug)]
pub(super) struct Compared {
    name: Nick,
    /// The id of the account and which of its passwords it was compared with; `None` when there was none.
    with: Option<(i64, i64)>,
    is_right: bool,
    at: UnixMillis,
}

/// Written when nothing else came for this long …
const WRITE_AFTER: Duration = Duration::from_secs(1);
/// … or so many accounts and tokens wait for it.
const TOUCHED_MAX: usize = 1000;

/// The thread's state.
#[derive(Debug)]
pub(super) struct Clerk {
    pub(super) book: Book,
    pub(super) shared: Arc<Shared>,
    /// `None` where nobody else is asked. Ends with the clerk.
    external: Option<Arc<External>>,
    pub(super) unwritten: Unwritten,
    /// What happened at logins and has not been written down yet.
    accounts: BTreeMap<i64, Touch>,
    tokens: BTreeMap<TokenId, UnixMillis>,
    /// Whether writing it failed, and the owner was told.
    is_stuck: bool,
}

impl Clerk {
    pub(super) fn new(book: Book, shared: Arc<Shared>, external: Option<External>) -> Self {
        Self {
            book,
            shared,
            unwritten: Unwritten::default(),
            external: external.map(Arc::new),
            accounts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            is_stuck: false,
        }
    }

    /// Works until it is told to close.
    pub(super) fn run(mut self, inbox: &Receiver<Message>, own: &SyncSender<Message>) {
        loop {
            self.write_records();
            let touched = self.accounts.len() + self.tokens.len();
            if touched >= TOUCHED_MAX {
                self.write_touches();
            }
            let write_after = (touched > 0).then_some(WRITE_AFTER);
            let message = match write_after.into_iter().chain(self.until_next_try()).min() {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => inbox.recv_timeout(wait),
            };
            match message {
                Ok(Message::Ask(ticket, question, from)) => self.asked(ticket, question, from, own),
                Ok(Message::Compared(ticket, compared)) => {
                    let answer = self.judge(&compared);
                    self.answer(ticket, answer);
                }
                Ok(Message::Judged(ticket, answer)) => self.answer(ticket, answer),
                Ok(Message::Hashed(ticket, newcomer, hash)) => {
                    let answer = self.enroll(&newcomer, hash);
                    self.answer(ticket, answer);
                }
                Ok(Message::Rehearsed(ticket, rehearsed)) => {
                    let answer = self.change_password(rehearsed);
                    self.answer(ticket, answer);
                }
                Ok(Message::Rehashed { account, old, new }) => {
                    // If it cannot be written, the next login tries again.
                    let _ = self.book.rehash(account, &old, &new);
                }
                Ok(Message::Job(job)) => job(&mut self),
                Ok(Message::Records) => {} // they are written before the next message is taken
                Err(RecvTimeoutError::Timeout) => self.write_touches(),
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.write_last_records();
        self.write_touches();
    }

    pub(super) fn tell(&self, news: News) {
        self.shared.news.leave(news);
    }

    pub(super) fn answer(&self, ticket: Ticket, answer: AccountAnswer) {
        self.tell(News::Answered { ticket, answer });
    }

    /// Answers what can be answered at once; what needs a hash comes back as a message.
    fn asked(
        &mut self,
        ticket: Ticket,
        question: AccountQuestion,
        from: String,
        own: &SyncSender<Message>,
    ) {
        let answer = match question {
            AccountQuestion::Authenticate { claim, at } => match claim {
                Claim::Password { name, password } => {
                    let outsider = Outsider {
                        name,
                        password,
                        from,
                        at,
                    };
                    self.check(ticket, outsider, own)
                }
                Claim::Scram {
                    name,
                    auth_message,
                    proof,
                } => Some(self.check_scram(&name, &auth_message, &proof, at)),
                Claim::Token(token) => Some(self.find_token(&token, at)),
                Claim::Peer(name) => Some(self.let_peer_in(&name, at)),
                Claim::Certificate { name, fingerprint } => {
                    Some(self.find_certified(name.as_ref(), fingerprint, at))
                }
            },
            AccountQuestion::BeginScram { name } => Some(self.begin_scram(&name)),
            AccountQuestion::Register(newcomer) => self.begin_enrolling(ticket, newcomer, own),
            AccountQuestion::ChangePassword(change) => self.begin_changing(ticket, change, own),
            AccountQuestion::Compare { password, hash } => {
                self.judge_by(ticket, password, hash, own)
            }
        };
        if let Some(answer) = answer {
            self.answer(ticket, answer);
        }
    }

    /// Who has a password here is compared with that, and who has none is asked about outside, if anybody is.
    fn check(
        &mut self,
        ticket: Ticket,
        outsider: Outsider,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        if let Some(external) = self.external.clone() {
            match self.book.account(&outsider.name) {
                Ok(Some(row)) if row.password.is_some() => {}
                Ok(_) => return self.ask_outside(&external, ticket, outsider, own),
                Err(error) => return Some(failed(&error)),
            }
        }
        let Outsider {
            name, password, at, ..
        } = outsider;
        self.compare(ticket, name, password, at, own)
    }

    /// Has a password compared with its account's hash, or with one that costs the same.
    fn compare(
        &self,
        ticket: Ticket,
        name: Nick,
        password: Secret,
        at: UnixMillis,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        let row = match self.book.account(&name) {
            Ok(row) => row,
            Err(error) => return Some(failed(&error)),
        };
        // Those of a password from before SCRAM are made once it is seen.
        let lacks_keys = match row.as_ref().map(|row| self.book.scram_keys(row.id)) {
            Some(Ok(None)) => true,
            Some(Ok(Some(_))) | None => false,
            Some(Err(error)) => return Some(failed(&error)),
        };
        let hashing = Arc::clone(&self.shared.hashing);
        let cost = hashing.cost();
        let of_unknown = self.book.costs.of_unknown(&name).unwrap_or(cost);
        let with = row.as_ref().map(|row| (row.id, row.password_serial));
        let hash = row.and_then(|row| row.password);
        let own = own.clone();
        let queued = self.shared.pool.run(move || {
            // Who has no account or no password costs as much as who has.
            let against = hash.clone().unwrap_or_else(|| of_unknown.decoy());
            let is_right = is_password(&password, &against) && hash.is_some();
            let compared = Compared {
                name: name.clone(),
                with,
                is_right,
                at,
            };
            // Nobody waits for it when the registry is closing.
            let _ = own.send(Message::Compared(ticket, compared));
            if let (true, Some((account, _)), Some(old)) = (is_right, with, hash)
                && let Ok(password) = password.as_password()
                && (lacks_keys || !cost.made(&old))
                && let Ok(new) = hashing.renew(&name, &password, &old)
            {
                let _ = own.send(Message::Rehashed { account, old, new });
            }
        });
        queued.is_err().then_some(AccountAnswer::Busy)
    }

    /// The account may have changed while its password was compared, or be another one of the same name.
    fn judge(&mut self, compared: &Compared) -> AccountAnswer {
        let row = match self.book.account(&compared.name) {
            Ok(Some(row)) => row,
            Ok(None) => return AccountAnswer::Wrong,
            Err(error) => return failed(&error),
        };
        if !(compared.is_right && compared.with == Some((row.id, row.password_serial))) {
            self.count_failure(row.id);
            return AccountAnswer::Wrong;
        }
        self.let_in(row, compared.at)
    }

    pub(super) fn count_failure(&mut self, account: i64) {
        self.accounts.entry(account).or_default().failed += 1;
    }

    /// Whoever has proved that an account is theirs.
    pub(super) fn let_in(&mut self, row: AccountRow, at: UnixMillis) -> AccountAnswer {
        if row.disabled_at.is_some() {
            return AccountAnswer::Disabled;
        }
        let touch = self.accounts.entry(row.id).or_default();
        let before = match touch.login_at {
            Some(_) => touch.failed,
            None => row.failed_logins.saturating_add(touch.failed),
        };
        *touch = Touch {
            login_at: Some(at),
            failed: 0,
        };
        AccountAnswer::Account(Account {
            owner: row.owner,
            name: row.name,
            is_operator: row.is_operator,
            failed_logins: before,
            token: None,
            certificate: None,
        })
    }

    fn find_token(&mut self, token: &Secret, at: UnixMillis) -> AccountAnswer {
        match self.book.token(&hash_of_secret(token), at) {
            Ok(Some((row, token))) if row.disabled_at.is_none() => {
                self.tokens.insert(token.id, at);
                AccountAnswer::Account(Account {
                    owner: row.owner,
                    name: row.name,
                    is_operator: row.is_operator,
                    failed_logins: 0, // of no interest to a program
                    token: Some(token),
                    certificate: None,
                })
            }
            Ok(Some(_)) => AccountAnswer::Disabled,
            Ok(None) => AccountAnswer::Wrong,
            Err(error) => failed(&error),
        }
    }

    /// Refuses what can be refused before a hash is paid for.
    fn begin_enrolling(
        &self,
        ticket: Ticket,
        newcomer: Newcomer,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        let invited = newcomer
            .invitation
            .as_ref()
            .map(|secret| self.book.is_invited(&hash_of_secret(secret), newcomer.at));
        match (invited, self.book.account(&newcomer.name)) {
            (Some(Err(error)), _) | (_, Err(error)) => return Some(failed(&error)),
            (Some(Ok(false)), _) => return Some(AccountAnswer::BadInvitation),
            (_, Ok(Some(_))) => return Some(AccountAnswer::NameTaken),
            (_, Ok(None)) if newcomer.is_in_use => return Some(AccountAnswer::NameTaken),
            (Some(Ok(true)) | None, Ok(None)) => {}
        }
        let hashing = Arc::clone(&self.shared.hashing);
        let own = own.clone();
        let queued = self.shared.pool.run(move || {
            let hash = hashing.prepare(&newcomer.name, &newcomer.password);
            let _ = own.send(Message::Hashed(ticket, newcomer, hash));
        });
        queued.is_err().then_some(AccountAnswer::Busy)
    }

    fn enroll(
        &mut self,
        newcomer: &Newcomer,
        hash: Result<Prepared, RegistryError>,
    ) -> AccountAnswer {
        let hash = match hash {
            Ok(hash) => hash,
            Err(error) => return AccountAnswer::Failed(error.to_string().into()),
        };
        let invitation = newcomer.invitation.as_ref().map(hash_of_secret);
        let made = self.book.add(&NewAccount {
            name: &newcomer.name,
            owner: newcomer.owner,
            password: Some(&hash),
            invitation: invitation.as_ref(),
            at: newcomer.at,
        });
        match made {
            Ok(account) => AccountAnswer::Account(account),
            Err(NotMade::NameTaken) => AccountAnswer::NameTaken,
            Err(NotMade::BadInvitation) => AccountAnswer::BadInvitation,
            Err(NotMade::Failed(error)) => failed(&error),
        }
    }

    /// Writes down what waits for it, so that what is read is true.
    pub(super) fn write_touches(&mut self) {
        if self.accounts.is_empty() && self.tokens.is_empty() {
            return;
        }
        let accounts = self.accounts.iter().map(|(&id, &touch)| (id, touch));
        let tokens = self.tokens.iter().map(|(&id, &at)| (id, at));
        match self.book.touch(accounts, tokens) {
            Ok(()) => {
                self.accounts.clear();
                self.tokens.clear();
                self.is_stuck = false;
            }
            Err(error) => {
                // What cannot be written must not grow without end, and is not worth refusing a login.
                if self.accounts.len() + self.tokens.len() >= TOUCHED_MAX {
                    self.accounts.clear();
                    self.tokens.clear();
                }
                if !self.is_stuck {
                    self.is_stuck = true;
                    self.tell(News::NotWritten(error.to_string()));
                }
            }
        }
    }
}

pub(super) fn failed(error: &rusqlite::Error) -> AccountAnswer {
    AccountAnswer::Failed(error.to_string().into())
}

//! Another password for an account, for whoever knows the one that it has: compared and hashed by the pool, written
//! down by the clerk, unless the account has changed meanwhile. And passwords that are no account's, only compared.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use crate::hub::account::{AccountAnswer, PasswordChange};
use crate::hub::history::Ticket;
use crate::hub::id::UserKey;
use crate::hub::name::Nick;
use crate::hub::secret::Secret;

use super::clerk::{Clerk, Message, failed};
use super::error::RegistryError;
use super::hash::{HashCost, is_password};
use super::scram::{Salts, ScramKeys};

/// What is kept of a password.
#[derive(Debug)]
pub(super) struct Prepared {
    /// By Argon2.
    pub(super) hash: String,
    pub(super) scram: ScramKeys,
}

/// How passwords are prepared. The pool's jobs share it, and nothing of what owns the pool.
#[derive(Debug)]
pub(super) struct Hashing {
    cost: Mutex<HashCost>,
    pub(super) salts: Salts,
}

impl Hashing {
    pub(super) fn new(cost: HashCost, salts: Salts) -> Self {
        Self {
            cost: Mutex::new(cost),
            salts,
        }
    }

    pub(super) fn cost(&self) -> HashCost {
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_cost(&self, cost: HashCost) {
        *self.cost.lock().unwrap_or_else(PoisonError::into_inner) = cost;
    }

    /// What is kept of a name's password. It takes as long as the config says a hash does, and a little more.
    pub(super) fn prepare(
        &self,
        name: &Nick,
        password: &Secret,
    ) -> Result<Prepared, RegistryError> {
        Ok(Prepared {
            hash: self.cost().hash(password)?,
            scram: self.salts.keys(name, password),
        })
    }

    /// The same of a password that is kept already; a hash of today's cost stays.
    pub(super) fn renew(
        &self,
        name: &Nick,
        password: &Secret,
        old: &str,
    ) -> Result<Prepared, RegistryError> {
        let cost = self.cost();
        let hash = if cost.made(old) {
            old.to_owned()
        } else {
            cost.hash(password)?
        };
        let scram = self.salts.keys(name, password);
        Ok(Prepared { hash, scram })
    }
}

/// An old password was compared, and if it was right, the new one was hashed.
#[derive(Debug)]
pub(super) struct Rehearsed {
    name: Nick,
    /// The id of the account and which of its passwords it was compared with.
    with: (i64, i64),
    /// `None` where the old one was wrong.
    new: Option<Result<Prepared, RegistryError>>,
}

impl Clerk {
    /// Has a password compared with a hash that is no account's.
    pub(super) fn judge_by(
        &self,
        ticket: Ticket,
        password: Secret,
        hash: Arc<str>,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        let own = own.clone();
        let queued = self.shared.pool.run(move || {
            let answer = match is_password(&password, &hash) {
                true => AccountAnswer::Right,
                false => AccountAnswer::Wrong,
            };
            // Nobody waits for it when the registry is closing.
            let _ = own.send(Message::Judged(ticket, answer));
        });
        queued.is_err().then_some(AccountAnswer::Busy)
    }

    pub(super) fn begin_changing(
        &self,
        ticket: Ticket,
        change: PasswordChange,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        let row = match self.book.account(&change.name) {
            Ok(Some(row)) => row,
            Ok(None) => return Some(AccountAnswer::Wrong),
            Err(error) => return Some(failed(&error)),
        };
        // Who asks is logged in to it, so that it has no password need not be hidden.
        let Some(hash) = row.password else {
            return Some(AccountAnswer::Wrong);
        };
        let with = (row.id, row.password_serial);
        let hashing = Arc::clone(&self.shared.hashing);
        let own = own.clone();
        let queued = self.shared.pool.run(move || {
            let PasswordChange { name, old, new } = change;
            let new = is_password(&old, &hash).then(|| hashing.prepare(&name, &new));
            // Nobody waits for it when the registry is closing.
            let _ = own.send(Message::Rehearsed(ticket, Rehearsed { name, with, new }));
        });
        queued.is_err().then_some(AccountAnswer::Busy)
    }

    pub(super) fn change_password(&mut self, rehearsed: Rehearsed) -> AccountAnswer {
        let row = match self.book.account(&rehearsed.name) {
            Ok(Some(row)) if (row.id, row.password_serial) == rehearsed.with => row,
            Ok(_) => return AccountAnswer::Wrong,
            Err(error) => return failed(&error),
        };
        let new = match rehearsed.new {
            None => {
                self.count_failure(row.id);
                return AccountAnswer::Wrong;
            }
            Some(_) if row.disabled_at.is_some() => return AccountAnswer::Disabled,
            Some(Err(error)) => return AccountAnswer::Failed(error.to_string().into()),
            Some(Ok(prepared)) => prepared,
        };
        match self.book.set_password(row.id, &new) {
            Ok(()) => AccountAnswer::PasswordChanged {
                owner: row.owner,
                key: draw_key(),
            },
            Err(error) => failed(&error),
        }
    }
}

fn draw_key() -> UserKey {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("a running Linux always gives random bytes");
    UserKey(u128::from_ne_bytes(bytes))
}

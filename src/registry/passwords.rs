//! Another password for an account, for whoever knows the one that it has: compared and hashed by the pool, written
//! down by the clerk, unless the account has changed meanwhile.

use std::sync::mpsc::SyncSender;

use crate::hub::account::{AccountAnswer, PasswordChange};
use crate::hub::history::Ticket;
use crate::hub::id::UserKey;
use crate::hub::name::Nick;

use super::clerk::{Clerk, Message, failed};
use super::error::RegistryError;
use super::hash::is_password;

/// An old password was compared, and if it was right, the new one was hashed.
#[derive(Debug)]
pub(super) struct Rehearsed {
    name: Nick,
    /// The id of the account and which of its passwords it was compared with.
    with: (i64, i64),
    /// `None` where the old one was wrong.
    new: Option<Result<String, RegistryError>>,
}

impl Clerk {
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
        let cost = self.shared.cost();
        let own = own.clone();
        let hashing = self.shared.pool.run(move || {
            let PasswordChange { name, old, new } = change;
            let new = is_password(&old, &hash).then(|| cost.hash(&new));
            // Nobody waits for it when the registry is closing.
            let _ = own.send(Message::Rehearsed(ticket, Rehearsed { name, with, new }));
        });
        hashing.is_err().then_some(AccountAnswer::Busy)
    }

    pub(super) fn change_password(&mut self, rehearsed: Rehearsed) -> AccountAnswer {
        let row = match self.book.account(&rehearsed.name) {
            Ok(Some(row)) if (row.id, row.password_serial) == rehearsed.with => row,
            Ok(_) => return AccountAnswer::Wrong,
            Err(error) => return failed(&error),
        };
        let hash = match rehearsed.new {
            None => {
                self.count_failure(row.id);
                return AccountAnswer::Wrong;
            }
            Some(_) if row.disabled_at.is_some() => return AccountAnswer::Disabled,
            Some(Err(error)) => return AccountAnswer::Failed(error.to_string().into()),
            Some(Ok(hash)) => hash,
        };
        match self.book.set_password(row.id, &hash) {
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

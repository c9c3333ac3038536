//! Accounts that something else than a password of the registry's own vouches for.

use crate::hub::account::AccountAnswer;
use crate::hub::name::Nick;
use crate::hub::time::UnixMillis;

use super::clerk::{Clerk, failed};

impl Clerk {
    /// The listener vouches for the peer, whatever password the account has or has not.
    pub(super) fn let_peer_in(&mut self, name: &Nick, at: UnixMillis) -> AccountAnswer {
        match self.book.account(name) {
            Ok(Some(row)) => self.let_in(row, at),
            Ok(None) => AccountAnswer::Wrong,
            Err(error) => failed(&error),
        }
    }
}

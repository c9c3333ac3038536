//! Accounts that something else than a password of the registry's own vouches for: the listener, or the
//! external check. The check speaks for everybody who has no password here; the first time that it says yes
//! to a name, an account is made of that.

use std::sync::mpsc::SyncSender;

use crate::hub::account::{AccountAnswer, AccountChange};
use crate::hub::history::Ticket;
use crate::hub::name::Nick;
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;

use super::book::{NewAccount, NotMade};
use super::clerk::{Clerk, Message, failed};
use super::external::{Claimed, External, Verdict};
use super::news::News;

/// A password for somebody who has none here.
pub(super) struct Outsider {
    pub(super) name: Nick,
    pub(super) password: Secret,
    pub(super) from: String,
    pub(super) at: UnixMillis,
}

impl Clerk {
    /// The listener vouches for the peer, whatever password the account has or has not.
    pub(super) fn let_peer_in(&mut self, name: &Nick, at: UnixMillis) -> AccountAnswer {
        match self.book.account(name) {
            Ok(Some(row)) => self.let_in(row, at),
            Ok(None) => AccountAnswer::Wrong,
            Err(error) => failed(&error),
        }
    }

    /// Asks the check, or answers by what it said lately.
    pub(super) fn ask_outside(
        &mut self,
        external: &External,
        ticket: Ticket,
        outsider: Outsider,
        own: &SyncSender<Message>,
    ) -> Option<AccountAnswer> {
        let Outsider {
            name,
            password,
            from,
            at,
        } = outsider;
        let claimed = Claimed {
            // One account is one name to the check, however it is spelled here.
            account: name.key().to_owned(),
            password,
            address: from,
        };
        if external.knows(&claimed) {
            return Some(self.judge_outsider(&name, Verdict::Right, at));
        }
        let own = own.clone();
        let asked = external.ask(claimed, move |verdict| {
            let job = move |clerk: &mut Self| {
                let answer = clerk.judge_outsider(&name, verdict, at);
                clerk.answer(ticket, answer);
            };
            // Nobody waits for it when the registry is closing.
            let _ = own.send(Message::Job(Box::new(job)));
        });
        asked.is_err().then_some(AccountAnswer::Busy)
    }

    /// An account may have come, gone or been given a password meanwhile.
    fn judge_outsider(&mut self, name: &Nick, verdict: Verdict, at: UnixMillis) -> AccountAnswer {
        let row = match self.book.account(name) {
            Ok(row) => row,
            Err(error) => return failed(&error),
        };
        let has_password = row.as_ref().is_some_and(|row| row.password.is_some());
        match (verdict, row) {
            (Verdict::Unknown(why), _) => AccountAnswer::Failed(why.into()),
            (Verdict::Right, Some(row)) if !has_password => self.let_in(row, at),
            (Verdict::Right, None) => self.begin_outsider(name, at),
            (Verdict::Wrong | Verdict::Right, Some(row)) => {
                self.count_failure(row.id);
                AccountAnswer::Wrong
            }
            (Verdict::Wrong, None) => AccountAnswer::Wrong,
        }
    }

    fn begin_outsider(&mut self, name: &Nick, at: UnixMillis) -> AccountAnswer {
        let made = self.book.add(&NewAccount {
            name,
            owner: None,
            password: None,
            invitation: None,
            at,
        });
        match made {
            Ok(account) => {
                self.tell(News::Changed(AccountChange::Added {
                    owner: account.owner,
                    name: account.name,
                }));
                self.let_peer_in(name, at)
            }
            Err(NotMade::NameTaken | NotMade::BadInvitation) => AccountAnswer::Wrong,
            Err(NotMade::Failed(error)) => failed(&error),
        }
    }
}

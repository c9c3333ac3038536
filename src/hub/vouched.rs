//! Sessions whose listener trusts its peers to be who the system says: each may log in to the account that
//! has the name of its system user. That it may is decided in `decide/account.rs`; whether there is such
//! an account, and it is open, is for the registry to tell.

use super::account::Account;
use super::change::Change;
use super::command::Entry;
use super::id::SessionId;
use super::name::Nick;
use super::output::Audit;
use super::turn::{Asked, Turn};

impl Turn<'_> {
    pub(super) fn vouched(&mut self, session: SessionId, user: Nick) {
        if self.hub.state.session(session).is_some() {
            self.hub.state.apply(Change::Vouched { session, user });
        }
    }

    pub(super) fn log_in_trusted(&mut self, asked: Asked, account: Account, entry: Entry) {
        let (session, name) = (asked.session, account.name.clone());
        self.log_in_as(asked, account, entry);
        let state = &self.hub.state;
        if state.session(session).is_some_and(|it| it.user.is_some()) {
            let account = name;
            self.audit(Audit::PeerTrusted { session, account });
        }
    }
}

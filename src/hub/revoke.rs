//! What ends a login that was good: an operator closes the account or takes a token or a certificate back, a token expires, or a
//! guest's key becomes an account's, and is no longer enough to be its owner. Whose login it is was settled in
//! `authenticate.rs`; how a session ends stands in `ending.rs`.

use std::time::Duration;

use super::account::AccountChange;
use super::change::Change;
use super::ending::Connection;
use super::history::OwnerId;
use super::id::{SessionId, UserId};
use super::input::QuitReason;
use super::turn::Turn;

impl Turn<'_> {
    /// What an operator has changed.
    pub(super) fn account_changed(&mut self, change: AccountChange) {
        match change {
            AccountChange::Added { owner, name } => {
                self.hub.held.add(&name, owner);
                self.log_out(owner);
                if let Some(holder) = self.hub.state.user_named(&name) {
                    self.tell_nick_registered(holder, name, None);
                }
            }
            AccountChange::Removed { owner, name } => {
                self.hub.held.remove(&name);
                self.log_out(owner);
            }
            AccountChange::LoggedOut { owner } => self.log_out(owner),
            AccountChange::OperatorSet { owner, is_operator } => {
                self.set_proved_operator(owner, is_operator);
                let set = Change::OperatorSet { owner, is_operator };
                self.hub.state.apply(set);
            }
            AccountChange::TokenRevoked { token } => {
                let tokens = self.hub.state.tokens.iter();
                let with_it = tokens.filter(|(_, it)| it.id == token);
                let sessions: Vec<SessionId> = with_it.map(|(&session, _)| session).collect();
                for session in sessions {
                    self.end(session, QuitReason::LoggedOut, Connection::Open);
                }
                self.end_proved(|it| it.token.as_ref().is_some_and(|it| it.id == token));
            }
            AccountChange::CertificateRemoved { fingerprint } => {
                self.end_certified(fingerprint);
                self.end_proved(|it| it.certificate == Some(fingerprint));
            }
        }
    }

    /// Sees to it that a session of a token that expires does not outlast it.
    pub(super) fn await_expiry(&mut self, session: SessionId) {
        let token = self.hub.state.tokens.get(&session);
        let Some(end) = token.and_then(|token| token.expires_at) else {
            return;
        };
        let left = Duration::from_millis(end.0.saturating_sub(self.now.unix.0));
        let at = self.now.uptime.saturating_add(left);
        self.hub.expiries.add(session, at);
    }

    pub(super) fn end_expired(&mut self) {
        while let Some(session) = self.hub.expiries.due(self.now.uptime) {
            self.end(session, QuitReason::LoggedOut, Connection::Open);
        }
    }

    /// Ends every user who is this person, and who has proved to be.
    fn log_out(&mut self, owner: OwnerId) {
        self.end_proved(|it| it.owner == owner);
        for user in self.hub.state.users_of(owner) {
            self.end_all_of(user, &QuitReason::LoggedOut);
        }
    }

    /// Ends whoever else came with the key of a guest who has an account now: nothing of theirs would end
    /// when the password is changed, and they could read and say what is the account's.
    pub(super) fn log_out_others(&mut self, owner: OwnerId, but: UserId) {
        for user in self.hub.state.users_of(owner) {
            if user != but {
                self.end_all_of(user, &QuitReason::LoggedOut);
            }
        }
    }
}

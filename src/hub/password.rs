//! Somebody has changed the password of their own account: whoever else is logged in to it knew the old one, or
//! was given the user's key by it, and is ended. Sessions of tokens stay, as tokens do.

use super::change::Change;
use super::ending::Connection;
use super::history::OwnerId;
use super::id::{SessionId, UserKey};
use super::input::QuitReason;
use super::output::{Audit, Reply};
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// It has changed, whether or not the session is there that asked for it. `key` is nobody's yet.
    pub(super) fn password_changed(&mut self, asked: Asked, owner: OwnerId, key: UserKey) {
        // Who has a token or a certificate has not proved the password.
        self.end_proved(|it| it.owner == owner && it.token.is_none() && it.certificate.is_none());
        let state = &self.hub.state;
        let Some(member) = state.accounts.get(&owner) else {
            return; // nobody is here
        };
        let (user, account) = (member.user, member.account.clone());
        let sessions = state.user(user).sessions.iter().copied();
        let own = sessions.filter(|it| !state.tokens.contains_key(it));
        let others: Vec<SessionId> = own.filter(|&it| it != asked.session).collect();
        self.audit(Audit::PasswordChanged {
            session: asked.session,
            account,
        });
        // With the old key they could be the user again without any password.
        self.hub.state.apply(Change::Rekeyed { user, key });
        if self.hub.state.user(user).kept_place().is_some() {
            self.give_up_place(user, &QuitReason::LoggedOut);
        }
        for session in others {
            self.end(session, QuitReason::LoggedOut, Connection::Open);
        }
        if self.hub.state.session(asked.session).is_some() {
            self.reply(asked, Reply::Done);
        }
    }
}

//! Who comes in by an account: the registry has vouched for it, or has made it, and `authenticate.rs` asked.

use super::account::Account;
use super::carry_out::Proven;
use super::change::{Change, Who};
use super::command::Entry;
use super::decide;
use super::event::EventKind;
use super::id::{RoomId, SessionId, SessionIds};
use super::name::Nick;
use super::output::{Audit, LoggedInto};
use super::persona::Introduction;
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// There is an account now, whether or not the session is there that asked for it. A guest who has its
    /// owner's key is its user: who asked, else who has the nick, else anybody who came with that key.
    pub(super) fn registered(&mut self, session: SessionId, account: &Account) {
        let Account { name, owner, .. } = account;
        self.hub.held.add(name, *owner);
        self.audit(Audit::Registered {
            session,
            account: name.clone(),
        });
        let state = &self.hub.state;
        let asker = state.session(session).map(|session| session.user);
        let owners = state.users_of(*owner);
        let likely = [asker.flatten(), state.user_named(name)];
        let mut likely = likely.into_iter().flatten();
        let heir = likely
            .find(|user| owners.contains(user))
            .or_else(|| owners.first().copied());
        if let Some(user) = heir {
            let account = name.clone();
            self.hub.state.apply(Change::Registered { user, account });
            self.log_out_others(*owner, user);
            self.tell_account(user);
        }
        // One who is about to log in displaces them, and they are told then.
        if heir.is_some() || asker.is_none() {
            self.make_way(name, heir);
        }
    }

    /// Under the account's own nick.
    pub(super) fn log_in_as(&mut self, asked: Asked, account: Account, entry: Entry) {
        let name = &account.name;
        if !account.is_operator {
            let banned = decide::must_not_be_banned(self.facts(), asked.session, name, Some(name));
            if let Err(refusal) = banned {
                return self.refuse(asked, refusal);
            }
        }
        let nick = name.clone();
        self.come_in(asked, account, nick, entry, None);
    }

    /// Nothing refuses it any more. Whoever has the nick is a guest, and gives way.
    pub(super) fn come_in(
        &mut self,
        asked: Asked,
        account: Account,
        nick: Nick,
        entry: Entry,
        introduction: Option<Introduction>,
    ) {
        let Account {
            owner,
            name,
            is_operator,
            failed_logins,
            token,
            certificate,
        } = account;
        if let Some(certificate) = certificate {
            self.admit_by_certificate(asked.session, &name, certificate);
        }
        let login = LoggedInto {
            account: name.clone(),
            failed_logins,
        };
        if let Some(user) = self.hub.state.accounts.get(&owner).map(|it| it.user) {
            let by = Some(Proven { login, token });
            self.attach(asked, user, entry.does_resume, entry.since, by);
            return;
        }
        if let Some(holder) = self.hub.state.user_named(&nick) {
            self.displace(holder);
        }
        let session = asked.session;
        let may_enter = token
            .as_ref()
            .is_none_or(|token| token.is_for(&self.hub.settings.default_room));
        self.hub.state.apply(Change::LoggedIn {
            session,
            nick,
            who: Who::Account {
                owner,
                account: name,
                is_operator,
                token,
            },
            does_resume: entry.does_resume,
            at: self.now.unix,
        });
        if let Some(introduction) = introduction {
            self.introduce(session, introduction);
        }
        let user = self.user_of(session);
        self.welcome(asked, user, false, Some(login));
        if entry.enter_default_room && may_enter {
            self.enter_default_room(session);
        }
    }

    /// Whether a session is told that its user is in a room.
    pub(super) fn may_know_of(&self, session: SessionId, room: RoomId) -> bool {
        let state = &self.hub.state;
        state
            .restriction(session)
            .is_none_or(|token| token.is_for(&state.room(room).name))
    }

    /// Those who hear an event beside a room. A restricted token hears of nothing but its rooms, and of
    /// what the server tells.
    pub(super) fn without_restricted(
        &self,
        mut sessions: SessionIds,
        kind: &EventKind,
    ) -> SessionIds {
        let state = &self.hub.state;
        if !state.tokens.is_empty() && !matches!(kind, EventKind::Notice { .. }) {
            sessions.retain(|session| state.restriction(*session).is_none());
        }
        sessions
    }
}

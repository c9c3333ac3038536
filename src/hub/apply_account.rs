//! How it changes whose account somebody is here by: the part of `apply` that knows accounts.

use super::account::Account;
use super::address::Source;
use super::apply::known;
use super::history::OwnerId;
use super::id::{SessionId, UserId, UserKey};
use super::name::Nick;
use super::session::Proof;
use super::state::{Member, State};

impl State {
    /// Whoever is behind a gateway has proved nothing by what the gateway has.
    pub(super) fn introduce(&mut self, session: SessionId, source: Source) {
        self.authenticated.remove(&session);
        self.sessions.introduce(session, source);
    }

    pub(super) fn admit_by_certificate(&mut self, session: SessionId) {
        let proof = known(self.sessions.find_mut(session)).proof.as_deref_mut();
        if let Some(Proof::Certificate { is_login, .. }) = proof {
            *is_login = true;
        }
    }

    pub(super) fn change_person(&mut self, id: SessionId, account: Account) {
        let session = known(self.sessions.find(id));
        let user = session.user.expect("who is somebody else now has a user");
        self.leave_account(user);
        let session = known(self.sessions.find_mut(id));
        session.owner = account.owner;
        if let Some(Proof::Certificate { is_login, .. }) = session.proof.as_deref_mut() {
            *is_login = account.certificate.is_some();
        }
        self.tokens.remove(&id);
        self.tokens.extend(account.token.map(|token| (id, token)));
        let member = Member {
            user,
            account: account.name,
            is_operator: account.is_operator,
            takes_key: false,
        };
        self.accounts.insert(account.owner, member);
    }

    pub(super) fn rekey(&mut self, user: UserId, key: UserKey) {
        let owner = self.owner_of(user);
        if let Some(member) = self.accounts.get_mut(&owner) {
            member.takes_key = true;
        }
        for session in self.user(user).sessions.clone() {
            known(self.sessions.find_mut(session)).key = key;
        }
        self.change_extra(user, |extra| {
            if let Some(place) = &mut extra.kept_place {
                place.key = key;
            }
        });
    }

    pub(super) fn set_operator(&mut self, owner: OwnerId, is_operator: bool) {
        if let Some(member) = self.accounts.get_mut(&owner) {
            member.is_operator = is_operator;
        }
    }

    /// A user is here by an account from now on.
    pub(super) fn join_account(&mut self, user: UserId, account: Nick, is_operator: bool) {
        let member = Member {
            user,
            account,
            is_operator,
            takes_key: true,
        };
        self.accounts.insert(self.owner_of(user), member);
    }

    pub(super) fn leave_account(&mut self, user: UserId) {
        let owner = self.owner_of(user);
        let account = self.accounts.get(&owner);
        if account.is_some_and(|member| member.user == user) {
            self.accounts.remove(&owner);
        }
    }
}

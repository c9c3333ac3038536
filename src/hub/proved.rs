//! What a session has proved ahead of its login, or beside the user that it has. Whose account it is was for the
//! registry to tell, and `authenticate.rs` asked. Until the login it may be taken back, as the login may.

use super::account::{Account, ScramSignature, Token};
use super::audience;
use super::change::{Change, CharterChange};
use super::command::Entry;
use super::decide;
use super::ending::Connection;
use super::event::EventKind;
use super::history::OwnerId;
use super::id::{RoomId, SessionId, UserId};
use super::input::QuitReason;
use super::moderation::rule::Effect;
use super::moderation::subject::Traits;
use super::name::Nick;
use super::output::{Audit, Reply};
use super::permission::{Action, Standing};
use super::persona::Introduction;
use super::refusal::{InForce, Refusal};
use super::turn::{Asked, Turn};

impl Turn<'_> {
    /// A session without a user has proved whose account it is.
    pub(super) fn proved(
        &mut self,
        asked: Asked,
        account: Account,
        signature: Option<ScramSignature>,
    ) {
        let reply = Reply::Authenticated {
            account: account.name.clone(),
            signature,
        };
        self.remember_proof(asked.session, account);
        self.reply(asked, reply);
    }

    pub(super) fn remember_proof(&mut self, session: SessionId, account: Account) {
        self.audit(Audit::Authenticated {
            session,
            account: account.name.clone(),
        });
        let account = Box::new(account);
        self.hub
            .state
            .apply(Change::Authenticated { session, account });
    }

    /// And comes in by that.
    pub(super) fn come_in_proved(
        &mut self,
        asked: Asked,
        nick: Nick,
        entry: Entry,
        introduction: Option<Introduction>,
    ) {
        let account = self.hub.state.authenticated.get(&asked.session);
        let account = account.expect("only who has proved it comes in by it");
        let account = Account::clone(account);
        self.come_in(asked, account, nick, entry, introduction);
    }

    /// Ends the sessions whose proof is good no more.
    pub(super) fn end_proved(&mut self, is_taken_back: impl Fn(&Account) -> bool) {
        let proved = self.hub.state.authenticated.iter();
        let taken_back = proved.filter(|(_, account)| is_taken_back(account));
        let sessions: Vec<SessionId> = taken_back.map(|(&session, _)| session).collect();
        for session in sessions {
            self.end(session, QuitReason::LoggedOut, Connection::Open);
        }
    }

    pub(super) fn set_proved_operator(&mut self, owner: OwnerId, is_operator: bool) {
        let state = &self.hub.state;
        let proved = state.authenticated.iter();
        let its = proved.filter(|(_, account)| account.owner == owner);
        let changed = its.map(|(&session, account)| {
            let account = Box::new(Account {
                is_operator,
                ..Account::clone(account)
            });
            Change::Authenticated { session, account }
        });
        for change in changed.collect::<Vec<_>>() {
            self.hub.state.apply(change);
        }
    }

    /// The session's user is another person from now on: the account's. What a guest had in rooms comes along,
    /// since whoever was that guest is here; what another account had there stays that account's. What they said
    /// stays what the other person has said.
    pub(super) fn change_person(
        &mut self,
        asked: Asked,
        user: UserId,
        account: Account,
        signature: Option<ScramSignature>,
    ) {
        let state = &self.hub.state;
        let name = account.name.clone();
        let reply = Reply::Authenticated {
            account: name.clone(),
            signature,
        };
        let former = state.owner_of(user);
        let is_guest = state.account_of(user).is_none();
        if !is_guest && former == account.owner {
            return self.reply(asked, reply);
        }
        if let Err(refusal) = self.may_become(asked.session, user, &account) {
            return self.refuse(asked, refusal);
        }
        let session = asked.session;
        let before = self.roles_of(user, former);
        let owner = account.owner;
        if let Some(certificate) = account.certificate {
            self.admit_by_certificate(session, &name, certificate);
        }
        let inherits = if is_guest {
            self.rooms_that_know(former)
        } else {
            Vec::new()
        };
        let account = Box::new(account);
        self.hub.expiries.remove(session);
        self.hub
            .state
            .apply(Change::PersonChanged { session, account });
        self.await_expiry(session);
        for room in inherits {
            let from = former;
            let to = owner;
            self.hub
                .state
                .apply(Change::Charter(CharterChange::Inherited { room, from, to }));
            self.write_charter(room, true);
        }
        let account = name;
        self.audit(Audit::Authenticated { session, account });
        // Clients wait for the answer before they look at anything else.
        self.reply(asked, reply);
        self.tell_account(user);
        self.tell_other_roles(user, before);
    }

    /// Tells those around a user, and them, whose account they are here by now.
    pub(super) fn tell_account(&mut self, user: UserId) {
        self.refresh_persona(user);
        let state = &self.hub.state;
        let changed = EventKind::AccountChanged {
            nick: state.user(user).nick.clone(),
            account: state.account_of(user).cloned(),
        };
        let audience = self.with_watchers(audience::around(state, user), user);
        self.tell(audience, changed);
    }

    fn may_become(
        &self,
        session: SessionId,
        user: UserId,
        account: &Account,
    ) -> Result<(), Refusal> {
        let state = &self.hub.state;
        decide::must_be_alone(state, user)?;
        if state.accounts.contains_key(&account.owner) {
            return Err(Refusal::AccountInUse(account.name.clone()));
        }
        if account.token.as_ref().is_some_and(Token::is_restricted) {
            return Err(Refusal::TokenForbids); // it would be in rooms that are not for it
        }
        if account.is_operator {
            return Ok(());
        }
        let nick = &state.user(user).nick;
        decide::must_not_be_banned(self.facts(), session, nick, Some(&account.name))?;
        // Who is banned from a room as that person cannot be in it.
        for place in &state.user(user).places {
            let room = state.room(place.room);
            let is_above = room.charter.role_of(account.owner).may(Action::Rule);
            let ban = state.with_traits(user, |who| {
                let account = Some(&account.name);
                let who = Traits { account, ..who };
                state.rules.holding(Some(&room.name), Effect::Ban, who)
            });
            if let Some(ban) = ban.filter(|_| !is_above) {
                let in_force = Box::new(InForce::of(ban, self.now.unix));
                return Err(Refusal::Banned(Some(room.name.clone()), in_force));
            }
        }
        Ok(())
    }

    fn rooms_that_know(&self, person: OwnerId) -> Vec<RoomId> {
        let rooms = self.hub.state.rooms.iter();
        let known = rooms.filter(|(_, room)| room.charter.knows(person));
        known.map(|(id, _)| RoomId(id)).collect()
    }

    /// What a person is in each of a user's rooms.
    fn roles_of(&self, user: UserId, person: OwnerId) -> Vec<(RoomId, Standing)> {
        let state = &self.hub.state;
        let places = state.user(user).places.iter();
        let standing = |room| state.room(room).charter.standing_of(person);
        places.map(|it| (it.room, standing(it.room))).collect()
    }

    fn tell_other_roles(&mut self, user: UserId, before: Vec<(RoomId, Standing)>) {
        let owner = self.hub.state.owner_of(user);
        let after = self.roles_of(user, owner);
        for ((room, was), (_, is)) in before.into_iter().zip(after) {
            if was != is {
                let state = &self.hub.state;
                let kind = EventKind::RoleChanged {
                    room: state.room(room).name.clone(),
                    nick: state.user(user).nick.clone(),
                    was,
                    is,
                    by: None,
                };
                self.tell(audience::all_of(room), kind);
            }
        }
    }
}

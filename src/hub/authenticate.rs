//! Accounts in the chat: who somebody is, and making one, is asked of the registry with a ticket, and the
//! answer is an input. Failed logins slow down the next; whoever uses an account's nick without it gives way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Hub;
use super::account::{
    Account, AccountAnswer, AccountQuestion, Claim, Newcomer, PasswordChange, ScramChallenge,
};
use super::address::Network;
use super::attempts::{Asker, Attempt, Outcome};
use super::command::Entry;
use super::decide::is_taken;
use super::history::Ticket;
use super::id::{SessionId, UserId};
use super::name::Nick;
use super::oper;
use super::output::{Audit, Output, Reply};
use super::refusal::Refusal;
use super::turn::{Asked, Turn};

/// Questions of all sessions that may wait for the registry.
pub(super) const AUTHENTICATIONS_MAX: usize = 512;

/// Of these, the share of one network that is not this machine's, so that no address alone fills them.
pub(super) const AUTHENTICATIONS_PER_NETWORK: usize = 8;

/// Questions that wait for the registry.
#[derive(Debug, Default)]
pub(super) struct Authentications {
    waiting: BTreeMap<Ticket, Pending>,
    last: u64,
}

#[derive(Debug)]
struct Pending {
    asked: Asked,
    /// `None` for a peer on this machine.
    network: Option<Network>,
    /// Whose account it is about; `None` for a token's or a certificate's.
    account: Option<Nick>,
    purpose: Purpose,
    attempt: Attempt,
}

/// What an answer is for.
#[derive(Debug)]
pub(super) enum Purpose {
    LogIn(Entry),
    /// By who the peer is on this machine, so that nothing is guessed and nobody's guesses are in its way.
    LogInPeer(Entry),
    /// For a login that comes later, or as the user that the session has.
    Prove,
    /// Nothing is proved by it yet.
    BeginScram,
    /// Of a user who is here.
    Register,
    RegisterAndLogIn(Entry),
    RegisterAndProve,
    /// Of who is logged in to it: another password.
    ChangePassword,
    /// By a name and a password of the config. Where `known` says whether that is right, the answer does not.
    Operate {
        name: Arc<str>,
        known: Option<bool>,
    },
}

/// An account that is to be made, once the registry agrees.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub(super) newcomer: Newcomer,
    pub(super) entry: Arrival,
}

/// When the session comes in that has an account made.
#[derive(Debug)]
pub(super) enum Arrival {
    /// It has a user, who registers their nick.
    Here,
    Now(Entry),
    /// By a login of its own.
    Later,
}

impl Purpose {
    /// Whether the account's password may be guessed by it.
    fn is_guess(&self) -> bool {
        match self {
            Self::LogIn(_) | Self::Prove | Self::ChangePassword | Self::Operate { .. } => true,
            Self::LogInPeer(_)
            | Self::BeginScram
            | Self::Register
            | Self::RegisterAndLogIn(_)
            | Self::RegisterAndProve => false,
        }
    }

    fn is_registration(&self) -> bool {
        match self {
            Self::Register | Self::RegisterAndLogIn(_) | Self::RegisterAndProve => true,
            Self::LogIn(_)
            | Self::LogInPeer(_)
            | Self::Prove
            | Self::BeginScram
            | Self::ChangePassword
            | Self::Operate { .. } => false,
        }
    }
}

impl Authentications {
    fn admit(&self, session: SessionId, network: Option<Network>) -> Result<(), Refusal> {
        let mut waiting = self.waiting.values();
        if waiting.any(|pending| pending.asked.session == session) {
            return Err(Refusal::Busy { max: 1 });
        }
        let from_there = self.waiting.values().filter(|it| it.network == network);
        let is_share_used = network.is_some() && from_there.count() >= AUTHENTICATIONS_PER_NETWORK;
        if is_share_used || self.waiting.len() >= AUTHENTICATIONS_MAX {
            return Err(Refusal::LoginsBusy);
        }
        Ok(())
    }
}

impl Turn<'_> {
    pub(super) fn authenticate(&mut self, asked: Asked, claim: Claim, entry: Entry) {
        let purpose = match &claim {
            Claim::Password { .. }
            | Claim::Token(_)
            | Claim::Scram { .. }
            | Claim::Certificate { .. } => Purpose::LogIn(entry),
            Claim::Peer(_) => Purpose::LogInPeer(entry),
        };
        self.judge_claim(asked, claim, purpose);
    }

    pub(super) fn prove(&mut self, asked: Asked, claim: Claim) {
        self.judge_claim(asked, claim, Purpose::Prove);
    }

    pub(super) fn begin_scram(&mut self, asked: Asked, name: Nick) {
        let question = AccountQuestion::BeginScram { name };
        self.ask_registry(asked, None, question, Purpose::BeginScram);
    }

    fn judge_claim(&mut self, asked: Asked, claim: Claim, purpose: Purpose) {
        let account = match &claim {
            Claim::Password { name, .. } | Claim::Scram { name, .. } | Claim::Peer(name) => {
                Some(name.clone())
            }
            Claim::Token(_) | Claim::Certificate { .. } => None,
        };
        let at = self.now.unix;
        let question = AccountQuestion::Authenticate { claim, at };
        self.ask_registry(asked, account, question, purpose);
    }

    pub(super) fn enroll(&mut self, asked: Asked, enrolment: Enrolment) {
        let mut newcomer = enrolment.newcomer;
        newcomer.at = self.now.unix;
        let account = Some(newcomer.name.clone());
        let question = AccountQuestion::Register(newcomer);
        let purpose = match enrolment.entry {
            Arrival::Here => Purpose::Register,
            Arrival::Now(entry) => Purpose::RegisterAndLogIn(entry),
            Arrival::Later => Purpose::RegisterAndProve,
        };
        self.ask_registry(asked, account, question, purpose);
    }

    pub(super) fn change_password(&mut self, asked: Asked, change: PasswordChange) {
        let account = Some(change.name.clone());
        let question = AccountQuestion::ChangePassword(change);
        self.ask_registry(asked, account, question, Purpose::ChangePassword);
    }

    /// Unless too much failed before, or too much waits.
    pub(super) fn ask_registry(
        &mut self,
        asked: Asked,
        account: Option<Nick>,
        question: AccountQuestion,
        purpose: Purpose,
    ) {
        let Hub {
            state,
            attempts,
            authentications,
            ..
        } = &mut *self.hub;
        let may_try = |id| {
            let session = state.session(id);
            session.is_some_and(|it| it.user.is_none() || id == asked.session)
        };
        let session = state.session(asked.session).expect("who asks is there");
        let network = session.remote_network();
        let asker = Asker {
            session: asked.session,
            source: session.source.told_apart(),
            key: session.key,
        };
        let guessed = account.as_ref().filter(|_| purpose.is_guess());
        let now = self.now.uptime;
        let wait = attempts.wait(guessed, asker, now, may_try);
        let admitted = match wait {
            Some(wait) => Err(Refusal::LoginSlowed {
                retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            }),
            None => authentications.admit(asked.session, network),
        };
        if wait.is_some()
            && let Some(count) = attempts.slowed(now)
        {
            let session = asked.session;
            self.audit(Audit::LoginsSlowed {
                session,
                account: account.clone(),
                count,
            });
        }
        if let Err(refusal) = admitted {
            return self.refuse(asked, refusal);
        }
        let hub = &mut *self.hub;
        hub.authentications.last += 1;
        let ticket = Ticket(hub.authentications.last);
        let guessed = account.as_ref().filter(|_| purpose.is_guess());
        let attempt = hub.attempts.began(guessed, asker, now);
        let pending = Pending {
            asked,
            network,
            account,
            purpose,
            attempt,
        };
        let session = pending.asked.session;
        hub.authentications.waiting.insert(ticket, pending);
        self.outputs.push(Output::AskAccount {
            ticket,
            session,
            question,
        });
    }

    /// What was decided meanwhile counts; what failed counts whether or not anybody is there to hear it.
    pub(super) fn account_answered(&mut self, ticket: Ticket, mut answer: AccountAnswer) {
        let Some(pending) = self.hub.authentications.waiting.remove(&ticket) else {
            return;
        };
        if let Purpose::Operate { known, .. } = pending.purpose {
            answer = oper::known_or(known, answer);
        }
        self.count_attempt(&pending, &answer);
        let account = match answer {
            AccountAnswer::Right => return self.operates(pending),
            AccountAnswer::Account(account) => Ok((account, None)),
            AccountAnswer::ScramProved { account, signature } => Ok((account, Some(signature))),
            AccountAnswer::ScramChallenge(challenge) => {
                return self.scram_begun(pending.asked, challenge);
            }
            AccountAnswer::PasswordChanged { owner, key } => {
                return self.password_changed(pending.asked, owner, key);
            }
            AccountAnswer::Wrong => Err(Refusal::LoginFailed),
            AccountAnswer::Disabled => Err(Refusal::AccountDisabled),
            AccountAnswer::NameTaken => {
                let name = pending
                    .account
                    .clone()
                    .expect("an account is made under a name");
                Err(is_taken(&self.hub.held, name))
            }
            AccountAnswer::BadInvitation => Err(Refusal::BadInvitation),
            AccountAnswer::Busy => Err(Refusal::LoginsBusy),
            AccountAnswer::Failed(_) => Err(Refusal::AccountsUnavailable),
        };
        let Pending {
            asked,
            purpose,
            account: named,
            ..
        } = pending;
        if let Ok((account, _)) = &account
            && purpose.is_registration()
        {
            self.registered(asked.session, account);
        }
        let Some(session) = self.hub.state.session(asked.session) else {
            return; // has gone meanwhile
        };
        let user = session.user;
        match (account, purpose, user) {
            (Err(refusal), Purpose::Operate { .. }, _) => self.is_no_operator(asked, refusal),
            (Err(refusal), ..) => {
                let (session, code) = (asked.session, refusal.code());
                self.audit(Audit::LoginFailed {
                    session,
                    account: named,
                    code,
                });
                self.refuse(asked, refusal);
            }
            (Ok((account, signature)), Purpose::Prove, None) => {
                self.proved(asked, account, signature);
            }
            (Ok((account, signature)), Purpose::Prove, Some(user)) => {
                self.change_person(asked, user, account, signature);
            }
            (Ok((account, _)), purpose, user) => self.believe(asked, account, purpose, user),
        }
    }

    fn operates(&mut self, pending: Pending) {
        if let Purpose::Operate { name, .. } = pending.purpose {
            self.is_operator(pending.asked, name);
        }
    }

    fn scram_begun(&mut self, asked: Asked, challenge: ScramChallenge) {
        if self.hub.state.session(asked.session).is_some() {
            self.reply(asked, Reply::ScramChallenge(challenge));
        }
    }

    /// What an account that was proved, or made, is good for at once.
    fn believe(&mut self, asked: Asked, account: Account, purpose: Purpose, user: Option<UserId>) {
        match (purpose, user) {
            (
                Purpose::Prove
                | Purpose::BeginScram
                | Purpose::ChangePassword
                | Purpose::Operate { .. },
                _,
            ) => unreachable!("that has an answer of its own"),
            (Purpose::Register, _) => {
                let account = account.name;
                self.reply(asked, Reply::Registered { account });
            }
            (
                Purpose::LogIn(_)
                | Purpose::LogInPeer(_)
                | Purpose::RegisterAndLogIn(_)
                | Purpose::RegisterAndProve,
                Some(_),
            ) => self.refuse(asked, Refusal::AlreadyLoggedIn),
            (Purpose::LogInPeer(entry), None) => self.log_in_trusted(asked, account, entry),
            (Purpose::LogIn(entry) | Purpose::RegisterAndLogIn(entry), None) => {
                self.log_in_as(asked, account, entry);
            }
            (Purpose::RegisterAndProve, None) => {
                let name = account.name.clone();
                self.remember_proof(asked.session, account);
                self.reply(asked, Reply::Registered { account: name });
            }
        }
    }

    fn count_attempt(&mut self, pending: &Pending, answer: &AccountAnswer) {
        let purpose = &pending.purpose;
        let outcome = match answer {
            AccountAnswer::Wrong if purpose.is_guess() => Outcome::Failed,
            // Nobody needs many accounts, and nobody guesses invitations in vain for long.
            AccountAnswer::Account(_) | AccountAnswer::BadInvitation
                if purpose.is_registration() =>
            {
                Outcome::Failed
            }
            AccountAnswer::Account(_) | AccountAnswer::ScramProved { .. } if purpose.is_guess() => {
                Outcome::Good
            }
            AccountAnswer::PasswordChanged { .. } | AccountAnswer::Right => Outcome::Good,
            AccountAnswer::Wrong
            | AccountAnswer::Account(_)
            | AccountAnswer::ScramProved { .. }
            | AccountAnswer::ScramChallenge(_)
            | AccountAnswer::BadInvitation
            | AccountAnswer::Disabled
            | AccountAnswer::NameTaken
            | AccountAnswer::Busy
            | AccountAnswer::Failed(_) => Outcome::NoGuess,
        };
        let now = self.now.uptime;
        self.hub.attempts.ended(&pending.attempt, outcome, now);
    }
}

//! Becoming a server operator by a name and a password of the config. Guesses count as failed logins of that address
//! do, and slow those down as much.

use std::sync::Arc;

use super::modes::UserModes;
use super::{Answer, PeopleChange};
use crate::hub::account::AccountQuestion;
use crate::hub::attempts::{Asker, Outcome};
use crate::hub::authenticate::Purpose;
use crate::hub::change::Change;
use crate::hub::oper::{self, Judgement};
use crate::hub::output::{Audit, Reply};
use crate::hub::permission::Role;
use crate::hub::refusal::Refusal;
use crate::hub::secret::Secret;
use crate::hub::turn::{Asked, Turn};

impl Turn<'_> {
    pub(super) fn become_operator(&mut self, asked: Asked, name: &str, password: &Secret) {
        let opers = &self.hub.settings.opers;
        if opers.is_empty() {
            let needs = Role::ServerOperator;
            return self.refuse(asked, Refusal::NotPermitted { needs });
        }
        let is_right = match oper::judge(opers, name, password) {
            Judgement::Known(is_right) => is_right,
            Judgement::Compare { hash, known } => {
                let password = password.clone();
                let question = AccountQuestion::Compare { password, hash };
                let name = name.into();
                let purpose = Purpose::Operate { name, known };
                return self.ask_registry(asked, None, question, purpose);
            }
        };
        match self.count_guess(&asked, is_right) {
            Err(refusal) => self.refuse(asked, refusal),
            Ok(()) if is_right => self.is_operator(asked, name.into()),
            Ok(()) => self.is_no_operator(asked, Refusal::LoginFailed),
        }
    }

    /// Whoever asked for it may have gone while it was found out.
    pub(in crate::hub) fn is_operator(&mut self, asked: Asked, name: Arc<str>) {
        let session = asked.session;
        let Some(user) = self.hub.state.session(session).and_then(|it| it.user) else {
            return;
        };
        let nick = self.hub.state.user(user).nick.clone();
        let change = PeopleChange::Operator { user };
        self.hub.state.apply(Change::People(change));
        let name = Some(name);
        self.audit(Audit::Operator {
            session,
            nick,
            name,
        });
        let modes = self.hub.state.user(user).modes();
        let answer = Answer::Modes {
            before: modes,
            now: modes,
            is_server_operator: true,
            persona: self.persona_of(user),
        };
        self.reply(asked, Reply::People(answer));
    }

    pub(in crate::hub) fn is_no_operator(&mut self, asked: Asked, refusal: Refusal) {
        let session = asked.session;
        let Some(user) = self.hub.state.session(session).and_then(|it| it.user) else {
            return;
        };
        // That too much waits, or nothing could be compared, is no wrong password.
        if let Refusal::LoginFailed = refusal {
            let nick = self.hub.state.user(user).nick.clone();
            let name = None;
            self.audit(Audit::Operator {
                session,
                nick,
                name,
            });
        }
        self.refuse(asked, refusal);
    }

    /// Answered by `Done` where somebody was an operator by a password, and by nothing new to whoever is none, or is one
    /// by their account and so stays one.
    pub(super) fn resign(&mut self, asked: Asked) {
        let session = asked.session;
        let user = self.user_of(session);
        if !self.hub.state.opers.contains(&user) {
            return self.set_modes(asked, UserModes::default(), UserModes::default());
        }
        let change = PeopleChange::Resigned { user };
        self.hub.state.apply(Change::People(change));
        if self.hub.state.is_server_operator(user) {
            return self.set_modes(asked, UserModes::default(), UserModes::default());
        }
        let nick = self.hub.state.user(user).nick.clone();
        self.audit(Audit::Resigned { session, nick });
        self.reply(asked, Reply::Done);
    }

    /// Unless too much failed from there before, so that right or wrong is not even told.
    fn count_guess(&mut self, asked: &Asked, is_right: bool) -> Result<(), Refusal> {
        let session = self.hub.state.session(asked.session);
        let session = session.expect("who asks is there");
        let asker = Asker {
            session: asked.session,
            source: session.source.told_apart(),
            key: session.key,
        };
        let now = self.now.uptime;
        let attempts = &mut self.hub.attempts;
        if let Some(wait) = attempts.wait(None, asker, now, |_| true) {
            if let Some(count) = attempts.slowed(now) {
                self.audit(Audit::LoginsSlowed {
                    session: asked.session,
                    account: None,
                    count,
                });
            }
            return Err(Refusal::LoginSlowed {
                retry_after_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            });
        }
        let attempt = attempts.began(None, asker, now);
        let outcome = match is_right {
            true => Outcome::Good,
            false => Outcome::Failed,
        };
        attempts.ended(&attempt, outcome, now);
        Ok(())
    }
}

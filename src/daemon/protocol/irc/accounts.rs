//! The hub's answers about accounts as lines: SASL, `PASS` with an account, `REGISTER`. Until such an answer is here
//! nothing else of the client is read, so a client may say all at once.

use std::sync::Arc;

use smol_str::SmolStr;

use super::answer::Answering;
use super::write::{Lines, Source};
use super::{Facts, Session, one_line, sentence};
use crate::hub::account::{ScramChallenge, ScramSignature};
use crate::hub::command::Command;
use crate::hub::name::Nick;
use crate::hub::persona::Persona;
use crate::hub::refusal::Refusal;
use crate::hub::secret::PasswordError;

impl Session {
    /// Tells the client whose account it is.
    pub(super) fn logged_in(
        &self,
        facts: &Facts,
        account: &Nick,
        is_sasl: bool,
        out: &mut Vec<u8>,
    ) {
        let source = match &*self.nick {
            "" => SmolStr::new_static("*!*@*"),
            nick => {
                let persona = self.persona.as_deref();
                let source = Source { nick, persona };
                source.text(facts)
            }
        };
        let account = account.as_str();
        let text = format!("You are now logged in as {account}");
        let mut lines = self.lines(facts, out);
        lines.numeric(900, &[&source, account], &text);
        if is_sasl {
            lines.numeric(903, &[], "SASL authentication successful");
        }
    }

    /// What is echoed to the client is the account's from now on.
    fn belongs_to(&mut self, account: &Nick) {
        if let Some(persona) = &self.persona {
            self.persona = Some(Arc::new(Persona {
                account: Some(account.clone()),
                ..Persona::clone(persona)
            }));
        }
    }
}

impl Answering<'_> {
    pub(super) fn scram_challenged(&mut self, challenge: &ScramChallenge) {
        let exchange = self.session.sasl.as_deref_mut();
        if let Some(told) = exchange.and_then(|it| it.challenge(challenge)) {
            self.lines().bare_server("AUTHENTICATE", &[&told]);
        }
        self.go_on();
    }

    pub(super) fn authenticated(&mut self, account: &Nick, signature: Option<ScramSignature>) {
        self.session.belongs_to(account);
        match (signature, self.session.sasl.as_deref_mut()) {
            (Some(signature), Some(exchange)) => {
                let told = exchange.prove(account.clone(), signature.0);
                self.lines().bare_server("AUTHENTICATE", &[&told]);
            }
            (_, _) => {
                self.session.sasl = None;
                self.logged_in(account, true);
            }
        }
        self.keeps_place_if_here();
        self.go_on();
    }

    pub(super) fn not_authenticated(&mut self, refusal: &Refusal) {
        self.session.sasl = None;
        let text = one_line(&sentence::refusal(refusal));
        let text = format!("SASL authentication failed: {text}");
        if let Refusal::AccountDisabled = refusal {
            self.lines().numeric(902, &[], &text);
        }
        self.lines().numeric(904, &[], &text);
        self.go_on();
    }

    /// `PASS account:password` was right.
    pub(super) fn passed(&mut self, account: &Nick) {
        self.logged_in(account, false);
        self.session.is_waiting = false;
        if let Some((command, context)) = self.session.complete() {
            self.ask_command(command, context);
            self.session.is_waiting = true;
        } else {
            self.go_on();
        }
    }

    /// Whoever says whose account they are and is wrong does not come in as somebody else.
    pub(super) fn not_passed(&mut self, refusal: &Refusal) {
        let text = one_line(&sentence::refusal(refusal));
        self.lines().numeric(464, &[], &text);
        let reason = None;
        let context = super::context::Context::Deed {
            verb: "QUIT",
            target: "".into(),
        };
        self.ask_command(Command::Quit { reason }, context);
        self.go_on();
    }

    pub(super) fn registered(&mut self, account: &Nick) {
        self.session.belongs_to(account);
        let text = "Account successfully registered";
        let name = account.as_str();
        self.lines().server("REGISTER", &["SUCCESS", name], text);
        self.logged_in(account, false);
        self.keeps_place_if_here();
        self.go_on();
    }

    pub(super) fn not_registered(&mut self, nick: &str, refusal: &Refusal) {
        let text = one_line(&sentence::refusal(refusal));
        write_not_registered(&mut self.lines(), nick, refusal, &text);
        self.go_on();
    }

    fn logged_in(&mut self, account: &Nick, is_sasl: bool) {
        let (session, facts) = (&*self.session, self.facts);
        session.logged_in(facts, account, is_sasl, &mut self.lines);
    }

    /// For who comes in later, that goes with the welcome.
    fn keeps_place_if_here(&mut self) {
        if self.session.registration.is_none() && !self.session.has_account {
            self.keeps_place();
        }
    }

    pub(super) fn go_on(&mut self) {
        let (facts, session) = (self.facts, &mut *self.session);
        session.go_on(facts, self.incoming);
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "those that the specification has a code for; all others have one of their own"
)]
fn write_not_registered(lines: &mut Lines<'_>, nick: &str, refusal: &Refusal, text: &str) {
    let code = match refusal {
        Refusal::NickInUse(_) | Refusal::NickRegistered(_) => "ACCOUNT_EXISTS",
        Refusal::NickReserved(_) => "BAD_ACCOUNT_NAME",
        Refusal::AlreadyRegistered(_) => "ALREADY_AUTHENTICATED",
        Refusal::BadPassword(PasswordError::TooShort { .. }) => "WEAK_PASSWORD",
        Refusal::BadPassword(PasswordError::NotAllowed) => "UNACCEPTABLE_PASSWORD",
        Refusal::LoginSlowed { .. }
        | Refusal::LoginsBusy
        | Refusal::AccountsUnavailable
        | Refusal::Busy { .. }
        | Refusal::Limited { .. }
        | Refusal::TooFast { .. } => "TEMPORARILY_UNAVAILABLE",
        other => &other.code().to_ascii_uppercase(),
    };
    lines.fail("REGISTER", code, &[nick], text);
}

//! Whose account a client is: `AUTHENTICATE`, `REGISTER`, `VERIFY`.

use super::Handling;
use crate::daemon::protocol::irc::context::Context;
use crate::daemon::protocol::irc::line::Line;
use crate::daemon::protocol::irc::sasl::{Exchange, Mechanism, Outcome, mechanisms};
use crate::hub::command::Command;
use crate::hub::name::Nick;
use crate::hub::secret::Secret;

pub(super) fn authenticate(handling: &mut Handling<'_>, line: &Line<'_>) {
    let word = line.params[0];
    let Some(mut exchange) = handling.session.sasl.take() else {
        return begin(handling, word);
    };
    if word == "*" {
        handling
            .lines()
            .numeric(906, &[], "SASL authentication aborted");
        if exchange.proved().is_some() {
            // The client does not believe the server, who has believed the client.
            let reason = None;
            let context = deed("QUIT");
            handling.command(Command::Quit { reason }, context);
        }
        return;
    }
    let outcome = exchange.take(word);
    let (command, context) = match outcome {
        Outcome::More => {
            handling.session.sasl = Some(exchange);
            return;
        }
        Outcome::Claim(claim) => (Command::Authenticate { claim }, Context::Sasl),
        Outcome::Certificate(name) => (Command::AuthenticateByCertificate { name }, Context::Sasl),
        Outcome::BeginScram(name) => (Command::BeginScram { name }, Context::Sasl),
        Outcome::Done(account) => return handling.logged_in(&account),
        Outcome::Failed => {
            handling
                .lines()
                .numeric(904, &[], "SASL authentication failed");
            return;
        }
        Outcome::TooLong => {
            handling.lines().numeric(905, &[], "SASL message too long");
            return;
        }
    };
    handling.session.sasl = Some(exchange);
    handling.ask_and_wait(command, context);
}

fn begin(handling: &mut Handling<'_>, word: &str) {
    let has_certificate = handling.session.has_certificate;
    match Mechanism::named(word, has_certificate) {
        Some(mechanism) => {
            handling.session.sasl = Some(Box::new(Exchange::new(mechanism)));
            handling.lines().bare_server("AUTHENTICATE", &["+"]);
        }
        None => {
            let mechanisms = mechanisms(has_certificate);
            let mut lines = handling.lines();
            lines.numeric(908, &[&mechanisms], "are available SASL mechanisms");
            lines.numeric(904, &[], "SASL authentication failed");
        }
    }
}

/// `REGISTER account email password`. Accounts have no e-mail address here, so what stands there is left alone.
pub(super) fn register(handling: &mut Handling<'_>, line: &Line<'_>) {
    let (account, password) = (super::shown(line.params[0]), line.params[2]);
    let is_early_allowed = handling.facts.settings.register_before_login;
    let (nick, is_here) = match handling.session.registration.as_deref() {
        Some(_) if !is_early_allowed => {
            let text = "Connect first, and register then";
            let code = "COMPLETE_CONNECTION_REQUIRED";
            return fail(handling, code, &account, text);
        }
        Some(registration) => match &registration.nick {
            Some((_, nick)) => (nick.clone(), false),
            None => return fail(handling, "NEED_NICK", "*", "Say NICK first"),
        },
        None => match Nick::parse(&handling.session.nick) {
            Ok(nick) => (nick, true),
            Err(_) => return fail(handling, "NEED_NICK", "*", "Say NICK first"),
        },
    };
    let is_own = line.params[0] == "*" || Nick::parse(line.params[0]).is_ok_and(|it| it == nick);
    if !is_own {
        let text = "An account has the name of your nick";
        return fail(handling, "ACCOUNT_NAME_MUST_BE_NICK", &account, text);
    }
    let Some(password) = Secret::new(password) else {
        let text = "A password is not empty, and not longer than 1024 bytes";
        return fail(handling, "UNACCEPTABLE_PASSWORD", nick.as_str(), text);
    };
    let command = Command::Register {
        name: (!is_here).then(|| nick.clone()),
        password,
        invitation: None,
        entry: None,
    };
    let nick = nick.as_str().into();
    handling.ask_and_wait(command, Context::Account { nick });
}

/// Nothing has to be verified here.
pub(super) fn verify(handling: &mut Handling<'_>, line: &Line<'_>) {
    let account = super::shown(line.params[0]);
    let text = "No account waits for a code here";
    handling
        .lines()
        .fail("VERIFY", "INVALID_CODE", &[&account], text);
}

fn fail(handling: &mut Handling<'_>, code: &str, account: &str, text: &str) {
    handling.lines().fail("REGISTER", code, &[account], text);
}

fn deed(verb: &'static str) -> Context {
    Context::Deed {
        verb,
        target: "".into(),
    }
}

//! Before the hub lets a client in: its nick, what it says of itself, and the capabilities that it negotiates.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::sasl::claim_of_pass;
use super::verbs::Handling;
use super::{Context, Facts, Session};
use crate::hub::command::Command;
use crate::hub::name::Nick;
use crate::hub::people::metadata::MetadataKey;
use crate::hub::persona::{Introduction, Persona};

/// What a client has said before it is let in.
#[derive(Debug, Default)]
pub(super) struct Registration {
    /// As it was written, and as a name.
    pub(super) nick: Option<(SmolStr, Nick)>,
    pub(super) introduction: Option<Introduction>,
    /// It has begun to negotiate capabilities, and not said `CAP END`.
    pub(super) is_negotiating: bool,
    /// Of an account, as far as is known.
    pub(super) password: Option<Box<str>>,
    /// It has said the server's.
    pub(super) knows_password: bool,
    /// A gateway has said who is behind it.
    pub(super) is_introduced: bool,
    /// What it sets about itself; at most so many as a user may.
    pub(super) metadata: BTreeMap<MetadataKey, Arc<str>>,
    /// What it wants to be told of; at most so many as a session may.
    pub(super) subscriptions: Vec<MetadataKey>,
    /// That it comes in without anybody being there.
    pub(super) away: Option<Arc<str>>,
}

impl Registration {
    /// Whether all is said that is needed, but perhaps for passwords.
    fn is_complete(&self) -> bool {
        self.nick.is_some() && self.introduction.is_some() && !self.is_negotiating
    }
}

impl Handling<'_> {
    /// Asks the hub to let the client in, once it has said all that is needed.
    pub(super) fn register_if_complete(&mut self) {
        if self.session.lacks_password(self.facts) {
            self.lines().numeric(464, &[], "Password incorrect");
            return self.turn_away("The server's password is wrong or missing");
        }
        let Some((command, context)) = self.session.complete() else {
            return;
        };
        if let Some(exchange) = self.session.sasl.take() {
            match exchange.proved() {
                Some(account) => self.logged_in(account),
                None => self
                    .lines()
                    .numeric(906, &[], "SASL authentication aborted"),
            }
        }
        self.ask_and_wait(command, context);
    }
}

impl Session {
    /// Whether it has said all that is needed but the server's password.
    fn lacks_password(&self, facts: &Facts) -> bool {
        let registration = self.registration.as_deref();
        facts.irc_password.is_some()
            && registration.is_some_and(|it| it.is_complete() && !it.knows_password)
    }

    /// What the hub is to be asked once the client has said all that is needed: first whose account it is, if
    /// it has said that with `PASS`.
    pub(super) fn complete(&mut self) -> Option<(Command, Context)> {
        let registration = self.registration.as_deref_mut()?;
        if !registration.is_complete() {
            return None;
        }
        let (written, nick) = registration.nick.as_ref()?;
        let introduction = registration.introduction.as_ref()?;
        let password = registration.password.as_deref();
        if let Some(claim) = password.and_then(claim_of_pass) {
            registration.password = None;
            return Some((Command::Authenticate { claim }, Context::Pass));
        }
        let command = Command::Login {
            nick: nick.clone(),
            key: None,
            enter_default_room: false,
            does_resume: false,
            since: None,
            introduction: Some(introduction.clone()),
        };
        let nick = written.clone();
        Some((command, Context::Register { nick }))
    }
}

/// `USER username 0 * :realname`. What cannot stand in a source is left out of the username; `~` says that nobody has
/// checked it.
pub(super) fn introduction(username: &str, realname: &str) -> Option<Introduction> {
    let usable = |it: &char| it.is_ascii_alphanumeric() || "-._".contains(*it);
    let usable = username
        .chars()
        .filter(usable)
        .take(Persona::USERNAME_BYTES - 1);
    let username: String = std::iter::once('~').chain(usable).collect();
    let realname = realname.trim();
    let end = realname.floor_char_boundary(Persona::REALNAME_BYTES);
    (username.len() > 1).then(|| Introduction {
        username: username.into(),
        realname: realname[..end].into(),
    })
}

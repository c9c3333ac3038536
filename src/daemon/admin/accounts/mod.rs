//! The operators' requests about accounts, their certificates, invitations and tokens. The registry's door waits, so each
//! request uses it in a thread of its own, a few at a time. Each change is logged with who asked, and never
//! with a secret.

pub(super) mod certificates;
pub(super) mod grants;
pub(super) mod users;

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use utoipa::IntoResponses;

use super::AdminState;
use super::change::internal;
use super::failure::Failure;
use super::rights::Operator;
use crate::daemon::logging::AUDIT;
use crate::hub::name::{Nick, RoomName};
use crate::hub::refusal::Refusal;
use crate::hub::secret::{PasswordError, Secret};
use crate::hub::time::UnixMillis;
use crate::registry::{RegistryError, RegistryHandle, RegistryStatus};
use crate::wire::admin::Problem;
use crate::wire::admin::accounts::{RegistryState, RegistrySummary, SecretText};

/// Requests under way at a time; more are refused.
const AT_A_TIME: usize = 4;
/// Accounts or tokens of one page.
const PAGE: usize = 1000;
/// Longest note, in bytes.
const NOTE_BYTES_MAX: usize = 200;
/// Longest life of an invitation or a token.
const LIFE_S_MAX: u64 = 10 * 366 * 86_400;

/// The registry's door, and who goes through it now.
#[derive(Debug)]
pub struct Accounts {
    registry: RegistryHandle,
    seats: Arc<Semaphore>,
}

impl Accounts {
    /// With the door of a registry.
    #[must_use]
    pub fn new(registry: RegistryHandle) -> Self {
        Self {
            registry,
            seats: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// Whether changes of rooms and rules are written down.
    pub(super) fn summary(&self) -> RegistrySummary {
        let status = self.registry.status();
        RegistrySummary {
            state: match status.why {
                Some(_) => RegistryState::Fails,
                None => RegistryState::Works,
            },
            why: status.why,
            unwritten: status.unwritten,
        }
    }

    /// What an operator should do where they are not.
    pub(super) fn warning(&self) -> Option<String> {
        let RegistryStatus { unwritten, why } = self.registry.status();
        let why = why?;
        Some(format!(
            "{unwritten} changes of rooms and rules hold, but cannot be written down and would be lost at a crash: {why}; look at the disk of the accounts"
        ))
    }

    /// Asks the registry. What was begun is done to its end, also when the client goes away meanwhile.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&RegistryHandle) -> Result<T, RegistryError> + Send + 'static,
    ) -> Result<T, Failure> {
        let seat = Arc::clone(&self.seats).try_acquire_owned();
        let seat = seat.map_err(|_| busy("other requests about accounts are under way"))?;
        let registry = self.registry.clone();
        let asked = spawn_blocking(move || {
            let result = work(&registry);
            drop(seat);
            result
        });
        match asked.await {
            Ok(result) => result.map_err(|error| Failure::from(&error)),
            Err(_) => Err(internal()),
        }
    }
}

impl From<&RegistryError> for Failure {
    fn from(error: &RegistryError) -> Self {
        let (status, code) = match error {
            RegistryError::NoSuchAccount(_) => (StatusCode::NOT_FOUND, "no_such_account"),
            RegistryError::NoSuchInvitation(_) => (StatusCode::NOT_FOUND, "no_such_invitation"),
            RegistryError::NoSuchToken(_) => (StatusCode::NOT_FOUND, "no_such_token"),
            RegistryError::NoSuchCertificate(_) => (StatusCode::NOT_FOUND, "no_such_certificate"),
            RegistryError::CertificateTaken(_) => (StatusCode::CONFLICT, "certificate_taken"),
            RegistryError::NameTaken(_) => (StatusCode::CONFLICT, "account_exists"),
            RegistryError::TooMany(_) => (StatusCode::CONFLICT, "too_many"),
            RegistryError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            RegistryError::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "timed_out"),
            RegistryError::Sqlite(_) | RegistryError::Hash(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "accounts_unavailable")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

/// What a request about accounts may be answered with beside what every change may.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "only described, never made: `Failure` carries the status"
)]
pub(super) enum AccountFailures {
    /// `bad_nick`, `bad_room`, `bad_password` or `bad_request`: the text says what is wrong.
    #[response(status = 400)]
    BadRequest(Problem),
    /// `not_permitted`: the text says how to get in; or `foreign_origin`.
    #[response(status = 403)]
    NotPermitted(Problem),
    /// `no_such_account`, `no_such_invitation`, `no_such_token` or `no_such_certificate`.
    #[response(status = 404)]
    NotFound(Problem),
    /// `account_exists`, `certificate_taken`, or `too_many`: there are as many as may be.
    #[response(status = 409)]
    Conflict(Problem),
    /// `body_too_large`: more than 64 KiB.
    #[response(status = 413)]
    TooLarge(Problem),
    /// `busy`: ask again; or `accounts_unavailable`: the disk does not work.
    #[response(status = 503)]
    Unavailable(Problem),
    /// `timed_out`: it may yet be done.
    #[response(status = 504)]
    TimedOut(Problem),
}

fn busy(text: &str) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy", text)
}

fn bad_request(text: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad_request", text.into())
}

fn name(text: &str) -> Result<Nick, Failure> {
    Nick::parse(text).map_err(|error| Refusal::BadNick(error).into())
}

fn room(text: &str) -> Result<RoomName, Failure> {
    RoomName::parse(text).map_err(|error| Refusal::BadRoom(error).into())
}

fn password(text: &SecretText, state: &AdminState) -> Result<Secret, Failure> {
    let bad = |text: String| Failure::new(StatusCode::BAD_REQUEST, "bad_password", text);
    let secret = Secret::new(&text.0);
    let secret =
        secret.ok_or_else(|| bad(format!("a password has 1 to {} bytes", Secret::MAX_BYTES)))?;
    let chars_min = state.reloader.config().limits.hub.password_length;
    secret
        .as_new_password(chars_min)
        .map_err(|error| match error {
            PasswordError::TooShort { chars_min } => {
                bad(format!("a password has at least {chars_min} characters"))
            }
            PasswordError::NotAllowed => bad("a password has no control characters".to_owned()),
        })
}

fn note(text: Option<String>) -> Result<Option<String>, Failure> {
    let is_bad = |text: &String| text.len() > NOTE_BYTES_MAX || text.contains(char::is_control);
    match text {
        Some(text) if is_bad(&text) => Err(bad_request(format!(
            "note must be one line of at most {NOTE_BYTES_MAX} bytes"
        ))),
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

/// The end of a life that begins now.
fn end(now: UnixMillis, life_s: u64) -> Result<UnixMillis, Failure> {
    if !(1..=LIFE_S_MAX).contains(&life_s) {
        return Err(bad_request(format!(
            "expires_in_s must be a number from 1 to {LIFE_S_MAX}"
        )));
    }
    Ok(UnixMillis(now.0 + life_s * 1000))
}

fn now(state: &AdminState) -> UnixMillis {
    state.daemon.clock.now().unix
}

/// `about` is a parsed name or an id, never a text.
fn audit<T>(operator: Operator, action: &str, about: &str, outcome: &Result<T, Failure>) {
    let outcome = outcome.as_ref().map_or_else(Failure::code, |_| "done");
    let peer = operator.0;
    tracing::info!(target: AUDIT, uid = peer.uid, pid = peer.pid, action, about, outcome, "changed by the admin socket");
}

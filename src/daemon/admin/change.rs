//! The requests that change something: each takes an [`Operator`], and each is logged with who
//! asked, what for and how it ended, but never with a text that someone wrote.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::AdminState;
use super::failure::{ChangeFailures, Failure};
use super::observe::level_in_force;
use super::rights::Operator;
use crate::daemon::logging::AUDIT;
use crate::daemon::reload::ReloadError;
use crate::hub::input::AdminCommand;
use crate::hub::name::RoomName;
use crate::hub::output::Administered;
use crate::hub::refusal::Refusal;
use crate::hub::time::UnixMillis;
use crate::wire::admin::{Announce, Done, LogLevel, Problem, Reloaded, SetLogLevel, Topic};

/// Longest request body, in bytes.
pub(super) const BODY_BYTES_MAX: usize = 64 * 1024;
/// Longest time for a temporary log level: a month.
const LEVEL_TIME_MAX: Duration = Duration::from_secs(31 * 24 * 3600);

/// Tells everyone who is logged in, or everyone in one room.
#[utoipa::path(post, path = "/v1/announce", tag = "change", request_body = Announce, responses((status = 200, body = Done), (status = 404, description = "`no_such_room`", body = Problem), ChangeFailures))]
pub(super) async fn announce(
    operator: Operator,
    State(state): State<AdminState>,
    Body(announce): Body<Announce>,
) -> Result<Json<Done>, Failure> {
    let room = announce.room.as_deref().map(RoomName::parse).transpose();
    let room = room.map_err(Refusal::BadRoom);
    let about = match &room {
        Ok(Some(room)) => room.to_string(),
        Ok(None) => "everyone".to_owned(),
        Err(_) => String::new(),
    };
    let outcome = match room {
        Ok(room) => {
            let text = announce.text.into();
            administer(&state, AdminCommand::Announce { room, text }).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    audit(operator, "announce", &about, &outcome);
    let told = sessions(&outcome?);
    Ok(done(format!("{about} was told, {}", count(told)), told))
}

/// Sets or clears (empty text) the topic of a room.
#[utoipa::path(put, path = "/v1/topic", tag = "change", request_body = Topic, responses((status = 200, body = Done), (status = 404, description = "`no_such_room`", body = Problem), ChangeFailures))]
pub(super) async fn topic(
    operator: Operator,
    State(state): State<AdminState>,
    Body(topic): Body<Topic>,
) -> Result<Json<Done>, Failure> {
    let room = RoomName::parse(&topic.room).map_err(Refusal::BadRoom);
    let about = room.as_ref().map(ToString::to_string).unwrap_or_default();
    let verb = if topic.text.is_empty() {
        "cleared"
    } else {
        "set"
    };
    let outcome = match room {
        Ok(room) => {
            let text = topic.text.into();
            administer(&state, AdminCommand::Topic { room, text }).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    audit(operator, "topic", &about, &outcome);
    outcome?;
    Ok(done(format!("the topic of {about} was {verb}"), None))
}

/// Reads the config again. A bad one changes nothing, and the answer has every mistake.
#[utoipa::path(post, path = "/v1/reload", tag = "change", responses((status = 200, body = Reloaded), (status = 422, description = "`bad_config`: the mistakes, one per line", body = Problem), ChangeFailures))]
pub(super) async fn reload(
    operator: Operator,
    State(state): State<AdminState>,
) -> Result<Json<Reloaded>, Failure> {
    // In a task of its own: a client that goes away must not leave half a reload.
    let reloader = Arc::clone(&state.reloader);
    let outcome = tokio::spawn(async move { reloader.reload().await }).await;
    let outcome = match outcome {
        Ok(Ok(changes)) => Ok(changes),
        Ok(Err(ReloadError::Config(problems))) => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_config",
            problems.to_string(),
        )),
        Ok(Err(ReloadError::Tls(unusable))) => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_config",
            unusable.lines().collect::<Vec<_>>().join("\n"),
        )),
        Ok(Err(ReloadError::Engine(gone))) => Err(gone.into()),
        Ok(Err(ReloadError::Level(error))) => Err(bad_level(&error)),
        Err(_) => Err(internal()),
    };
    audit(operator, "reload", "config", &outcome);
    let changes = outcome?;
    Ok(Json(Reloaded {
        applied: changes.applied,
        needs_restart: changes.needs_restart,
    }))
}

/// Stops the daemon gracefully, as SIGTERM does. Answered before it ends.
#[utoipa::path(post, path = "/v1/shutdown", tag = "change", responses((status = 200, body = Done), ChangeFailures))]
pub(super) async fn shutdown(operator: Operator, State(state): State<AdminState>) -> Json<Done> {
    audit(operator, "shutdown", "daemon", &Ok(()));
    state.daemon.ask_stop();
    let grace = state.reloader.config().server.shutdown_grace;
    let text = format!("chatd is stopping, within {} s", grace.as_secs_f32());
    done(text, None)
}

/// Sets the log level, for a while or until it is set again.
#[utoipa::path(put, path = "/v1/log/level", tag = "change", request_body = SetLogLevel, responses((status = 200, body = LogLevel), ChangeFailures))]
pub(super) async fn set_log_level(
    operator: Operator,
    State(state): State<AdminState>,
    Body(wanted): Body<SetLogLevel>,
) -> Result<Json<LogLevel>, Failure> {
    let outcome = set_level(&state, &wanted);
    // A wrong level is free text: it stays out of the log.
    let about = if outcome.is_ok() { &*wanted.level } else { "" };
    audit(operator, "log level", about, &outcome);
    outcome?;
    Ok(Json(level_in_force(&state)))
}

fn set_level(state: &AdminState, wanted: &SetLogLevel) -> Result<(), Failure> {
    let set = match wanted.for_s.map(Duration::from_secs) {
        None => state.logging.set_level(&wanted.level),
        Some(duration) if duration.is_zero() || duration > LEVEL_TIME_MAX => {
            return Err(bad_level(&format!(
                "for_s must be 1 to {}",
                LEVEL_TIME_MAX.as_secs()
            )));
        }
        Some(duration) => {
            let now = state.daemon.clock.now().unix.0;
            let back_at = now.saturating_add(duration.as_secs().saturating_mul(1000));
            state
                .logging
                .set_level_for(&wanted.level, duration, UnixMillis(back_at))
        }
    };
    set.map_err(|error| bad_level(&error))
}

fn bad_level(error: &impl ToString) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad_level", error.to_string())
}

pub(super) fn internal() -> Failure {
    let text = "a bug in chatd; the log says where";
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
}

pub(super) async fn administer(
    state: &AdminState,
    command: AdminCommand,
) -> Result<Administered, Failure> {
    Ok(state.engine.admin(command).await??)
}

fn sessions(administered: &Administered) -> Option<usize> {
    match administered {
        Administered::Sessions(count) => Some(*count),
        Administered::TopicSet | Administered::Moderated(_) | Administered::Later(_) => None,
    }
}

pub(super) fn count(sessions: Option<usize>) -> String {
    match sessions {
        Some(1) => "in 1 session".to_owned(),
        Some(count) => format!("in {count} sessions"),
        None => "as asked".to_owned(),
    }
}

pub(super) fn done(text: String, sessions: Option<usize>) -> Json<Done> {
    Json(Done {
        done: text,
        sessions,
    })
}

/// `about` is a parsed name or a level, never a text.
pub(super) fn audit<T>(
    operator: Operator,
    action: &str,
    about: &str,
    outcome: &Result<T, Failure>,
) {
    let outcome = outcome.as_ref().map_or_else(Failure::code, |_| "done");
    let peer = operator.0;
    tracing::info!(target: AUDIT, uid = peer.uid, pid = peer.pid, action, about, outcome, "changed by the admin socket");
}

/// A JSON body. Its content type does not matter, so that `curl -d` needs no header; pages that
/// could misuse that are refused before.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AdminState> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &AdminState) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection, BODY_BYTES_MAX))?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error) => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "bad_request",
                format!("the body must be a JSON object as /v1/openapi.json describes it: {error}"),
            )),
        }
    }
}

pub(super) fn unreadable(rejection: &BytesRejection, bytes_max: usize) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("a request's body may have at most {bytes_max} bytes"),
        ),
        status => Failure::new(status, "bad_request", rejection.body_text()),
    }
}

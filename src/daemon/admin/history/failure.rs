//! Why something about the history is not done, as an answer with a code.

use axum::http::StatusCode;
use utoipa::IntoResponses;

use super::super::failure::Failure;
use crate::store::{OpenError, StoreError};
use crate::wire::admin::Problem;

/// There is no history.
pub(super) fn off() -> Failure {
    let text = "there is no history: [history] durability is \"off\"";
    Failure::new(StatusCode::CONFLICT, "history_off", text)
}

/// A request that makes no sense.
pub(super) fn bad_request(text: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad_request", text)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::Exists { .. } => (StatusCode::CONFLICT, "file_exists"),
            StoreError::File { .. }
            | StoreError::Open(OpenError::File { .. } | OpenError::Directory { .. }) => {
                (StatusCode::CONFLICT, "file_unusable")
            }
            StoreError::Unsound { .. } => (StatusCode::CONFLICT, "not_sound"),
            StoreError::Future { .. } => (StatusCode::CONFLICT, "from_the_future"),
            StoreError::Fails(_) => (StatusCode::SERVICE_UNAVAILABLE, "history_fails"),
            StoreError::Closing => (StatusCode::SERVICE_UNAVAILABLE, "shutting_down"),
            StoreError::Open(_) | StoreError::Sqlite(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "history_unusable")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

/// What requests about the history may be answered with beside what every change may be, for the
/// OpenAPI description.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "only described, never made: `Failure` carries the status"
)]
pub(in super::super) enum HistoryFailures {
    /// `bad_request`, `bad_room`, `bad_nick`, or `bad_line` (an import's; the text has its number).
    #[response(status = 400)]
    BadRequest(Problem),
    /// `not_permitted`: the text says how to get in; or `foreign_origin`.
    #[response(status = 403)]
    NotPermitted(Problem),
    /// `history_off`; `file_exists`, `file_unusable`, `not_sound` (a backup's); `from_the_future` (an
    /// import's).
    #[response(status = 409)]
    Conflict(Problem),
    /// `body_too_large`.
    #[response(status = 413)]
    TooLarge(Problem),
    /// `history_unusable`: the database cannot be read; or `internal`: a bug; the log says where.
    #[response(status = 500)]
    Internal(Problem),
    /// `busy`: the same is under way for someone else; `history_fails`, `shutting_down`.
    #[response(status = 503)]
    Unavailable(Problem),
}

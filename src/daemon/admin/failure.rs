//! How a request fails: an HTTP status and a [`Problem`] with a stable code and a sentence.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa::IntoResponses;

use crate::daemon::engine::handle::EngineGone;
use crate::hub::name::NameError;
use crate::hub::refusal::Refusal;
use crate::wire::admin::Problem;

/// A request that is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    problem: Problem,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, text: impl Into<String>) -> Self {
        Self {
            status,
            problem: Problem {
                code: code.to_owned(),
                text: text.into(),
            },
        }
    }

    pub(super) fn code(&self) -> &str {
        &self.problem.code
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(self.problem)).into_response()
    }
}

impl From<EngineGone> for Failure {
    fn from(gone: EngineGone) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "engine_unavailable",
            format!("{gone}; try again, and look into the log if it goes on"),
        )
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(status_of(&refusal), refusal.code(), sentence(&refusal))
    }
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NoSuchUser(_)
        | Refusal::NoSuchRoom(_)
        | Refusal::NoSuchRule
        | Refusal::UserNotInRoom(..) => StatusCode::NOT_FOUND,
        Refusal::ShuttingDown => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::BadPassword(_)
        | Refusal::BadNick(_)
        | Refusal::BadRoom(_)
        | Refusal::TextTooLong { .. }
        | Refusal::TextEmpty
        | Refusal::TextControl
        | Refusal::BadSubject(_)
        | Refusal::BadSetting(_)
        | Refusal::RuleNeedsRoom => StatusCode::BAD_REQUEST,
        Refusal::NickRegistered(_)
        | Refusal::NickReserved(_)
        | Refusal::KeyOfAccount
        | Refusal::AccountRequired
        | Refusal::LoginFailed
        | Refusal::NoCertificate
        | Refusal::NoAccount
        | Refusal::AccountInUse(_)
        | Refusal::OtherSessions
        | Refusal::LoginsBusy
        | Refusal::AccountDisabled
        | Refusal::RegistrationClosed
        | Refusal::BadInvitation
        | Refusal::AlreadyRegistered(_)
        | Refusal::TokenForbids
        | Refusal::LoginSlowed { .. }
        | Refusal::NotLoggedIn
        | Refusal::AlreadyLoggedIn
        | Refusal::NickInUse(_)
        | Refusal::WrongKey(_)
        | Refusal::NotInRoom(_)
        | Refusal::AlreadyInRoom(_)
        | Refusal::TooManyRooms { .. }
        | Refusal::ServerRoomsFull { .. }
        | Refusal::TooManyIgnored { .. }
        | Refusal::CannotIgnoreSelf
        | Refusal::HistoryOff
        | Refusal::NoSuchMessage
        | Refusal::NotPermitted { .. }
        | Refusal::Outranked(_)
        | Refusal::Banned(..)
        | Refusal::Muted(..)
        | Refusal::InviteOnly(_)
        | Refusal::BadRoomKey(_)
        | Refusal::RoomNameInUse { .. }
        | Refusal::CannotRename { .. }
        | Refusal::RoomNameHeld(_)
        | Refusal::RoomFull { .. }
        | Refusal::RoomForRegistered(_)
        | Refusal::JoinsThrottled { .. }
        | Refusal::RoomModerated(_)
        | Refusal::NoCtcp(_)
        | Refusal::SlowMode { .. }
        | Refusal::Limited { .. }
        | Refusal::BlockedWord
        | Refusal::UserInRoom(..)
        | Refusal::TooManyRules { .. }
        | Refusal::TooManyRoles { .. }
        | Refusal::TooManyCharters { .. }
        | Refusal::Key(_)
        | Refusal::Deaf => StatusCode::CONFLICT,
        Refusal::AccountsUnavailable
        | Refusal::HistoryUnavailable(_)
        | Refusal::NotKept(_)
        | Refusal::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "whoever adds a refusal meets it in `status_of`"
)]
fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoSuchUser(nick) => {
            format!("nobody is called {nick}; `chatctl who` lists who is here")
        }
        Refusal::NoSuchRoom(room) => {
            format!("there is no room {room}; `chatctl rooms` lists those there are")
        }
        Refusal::BadNick(error) => format!("this is no nick: {}", name_error(*error)),
        Refusal::BadRoom(error) => format!("this is no room's name: {}", name_error(*error)),
        Refusal::TextTooLong { bytes, max } => {
            format!("the text has {bytes} bytes, and at most {max} are allowed")
        }
        Refusal::TextEmpty => "the text is empty".to_owned(),
        Refusal::TextControl => "the text has control characters".to_owned(),
        Refusal::ShuttingDown => "chatd is stopping".to_owned(),
        Refusal::AccountsUnavailable => {
            "so much waits to be written to the registry that nothing more is taken; the log says why"
                .to_owned()
        }
        Refusal::NoSuchRule => "no such rule holds; `chatctl bans` lists those that do".to_owned(),
        Refusal::RuleNeedsRoom => "this is for rooms only: name one with --room".to_owned(),
        Refusal::UserNotInRoom(nick, room) => format!("{nick} is not in {room}"),
        Refusal::RoomNameInUse { to, .. } => {
            format!("{to} is there, or what was said in a room of that name is still kept")
        }
        Refusal::CannotRename { room, .. } => {
            format!("{room} is the default room, or is being renamed: it keeps its name for now")
        }
        Refusal::RoomNameHeld(room) => {
            format!("a room called {room} is being renamed: try again in a moment")
        }
        Refusal::Busy { max } => {
            format!("{max} such requests are under way already; try again in a moment")
        }
        Refusal::BadSubject(error) => format!("this is nobody to be banned or muted: {error}"),
        Refusal::BadSetting(error) => format!("this cannot be set: {error}"),
        Refusal::TooManyRules { max } => {
            format!("{max} such rules hold already, the most there may be; end one first")
        }
        Refusal::TooManyRoles { max } => {
            format!("{max} people have a role there already, the most there may be")
        }
        Refusal::TooManyCharters { max } => {
            format!("something is set about {max} rooms already, the most there may be")
        }
        Refusal::TooFast { retry_after_ms } => {
            format!("too fast: try again in {retry_after_ms} ms")
        }
        Refusal::HistoryUnavailable(why) | Refusal::NotKept(why) => {
            format!("the history does not work now, because {}", why.because())
        }
        // No command of an operator is refused for any other; the code says it all the same.
        _ => format!("the request was refused: {}", refusal.code()),
    }
}

fn name_error(error: NameError) -> String {
    match error {
        NameError::Empty => "it is empty".to_owned(),
        NameError::TooLong { max } => format!("it has more than {max} characters"),
        NameError::Character(c) => format!("it may not have {c:?}"),
        NameError::MissingHash => "it must begin with #".to_owned(),
        NameError::NotAllowed => "it has characters that names may not have".to_owned(),
    }
}

/// What any request may be answered with, for the OpenAPI description.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "only described, never made: `Failure` carries the status"
)]
pub(super) enum ReadFailures {
    /// `foreign_origin`: the request comes from a web page.
    #[response(status = 403)]
    ForeignOrigin(Problem),
    /// `engine_unavailable`: the engine has stopped or is overloaded.
    #[response(status = 503)]
    Unavailable(Problem),
    /// `timed_out`: no answer within ten seconds.
    #[response(status = 504)]
    TimedOut(Problem),
}

/// What a request for a change may be answered with beside that.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "only described, never made: `Failure` carries the status"
)]
pub(super) enum ChangeFailures {
    /// `bad_request`, or why a name or text is not acceptable: `bad_nick`, `bad_room`,
    /// `text_empty`, `text_too_long`, `text_control`, `bad_level`.
    #[response(status = 400)]
    BadRequest(Problem),
    /// `not_permitted`: the text says how to get in; or `foreign_origin`.
    #[response(status = 403)]
    NotPermitted(Problem),
    /// `body_too_large`: more than 64 KiB.
    #[response(status = 413)]
    TooLarge(Problem),
    /// `internal`: a bug; the log says where.
    #[response(status = 500)]
    Internal(Problem),
    /// `engine_unavailable`, or `shutting_down`.
    #[response(status = 503)]
    Unavailable(Problem),
    /// `timed_out`: no answer within ten seconds; the change may still be made.
    #[response(status = 504)]
    TimedOut(Problem),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::name::Nick;

    #[test]
    fn a_refusal_keeps_its_code_and_says_what_to_do() {
        let refusal = Refusal::NoSuchUser(Nick::parse("ana").unwrap());
        let failure = Failure::from(refusal);
        assert_eq!(failure.status, StatusCode::NOT_FOUND);
        assert_eq!(failure.code(), "no_such_user");
        assert!(failure.problem.text.contains("nobody is called ana"));
    }
}

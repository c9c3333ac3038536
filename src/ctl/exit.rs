//! How chatctl ends: the exit codes that scripts rely on, and the error that carries one.
//! Everything in `ctl` returns `anyhow::Result`; an error without a [`Failure`] in it exits 1, and a
//! pipe that was closed early (`chatctl who | head -1`) is no error at all.

use std::io;
use std::process::ExitCode;

use super::remark::remark;

/// The exit codes, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// It was tried and did not work.
    Failed = 1,
    /// The command line is wrong; nothing was tried.
    Usage = 2,
    /// chatd does not answer.
    Unreachable = 3,
    /// There is no such user, room, rule or file.
    NotFound = 4,
    /// The caller may not do this.
    NotPermitted = 5,
    /// It took longer than allowed.
    TimedOut = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that knows its exit code. With an empty text it has been told already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    pub exit: Exit,
    pub text: String,
}

impl Failure {
    /// An error for people, one sentence or more.
    #[must_use]
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
        }
    }

    /// What chatd answered, by the admin API or by the chat protocol: both use the same codes.
    #[must_use]
    pub fn answered(code: &str, text: impl Into<String>) -> Self {
        Self::new(exit_of_code(code), text)
    }

    /// The reasons are on stderr already; only the exit code is left to give.
    #[must_use]
    pub fn told(exit: Exit) -> Self {
        Self::new(exit, "")
    }
}

/// The exit code for one of chatd's stable error codes.
#[must_use]
pub fn exit_of_code(code: &str) -> Exit {
    match code {
        "not_permitted"
        | "login_failed"
        | "no_certificate"
        | "account_required"
        | "account_disabled"
        | "token_forbids"
        | "banned"
        | "banned_from_room"
        | "muted"
        | "invite_only"
        | "bad_room_key"
        | "room_for_registered"
        | "room_moderated"
        | "outranked" => Exit::NotPermitted,
        "timed_out" => Exit::TimedOut,
        "shutting_down" | "shutdown" | "stopping" => Exit::Unreachable,
        "user_not_in_room" => Exit::NotFound,
        _ if code.starts_with("no_such_") => Exit::NotFound,
        _ => Exit::Failed,
    }
}

/// Tells an error on stderr and returns the exit code for it.
#[must_use]
pub fn report(error: &anyhow::Error) -> Exit {
    if is_closed_pipe(error) {
        return Exit::Ok;
    }
    let exit = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>())
        .map_or(Exit::Failed, |failure| failure.exit);
    let text = format!("{error:#}");
    if !text.is_empty() {
        remark(&text);
    }
    exit
}

/// Whether whoever read our results has stopped reading.
#[must_use]
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn codes_of_the_daemon_have_their_exit_code() {
        assert_eq!(exit_of_code("not_permitted"), Exit::NotPermitted);
        assert_eq!(exit_of_code("no_such_user"), Exit::NotFound);
        assert_eq!(exit_of_code("no_such_room"), Exit::NotFound);
        assert_eq!(exit_of_code("no_such_rule"), Exit::NotFound);
        assert_eq!(exit_of_code("user_not_in_room"), Exit::NotFound);
        assert_eq!(exit_of_code("banned"), Exit::NotPermitted);
        assert_eq!(exit_of_code("banned_from_room"), Exit::NotPermitted);
        assert_eq!(exit_of_code("timed_out"), Exit::TimedOut);
        assert_eq!(exit_of_code("stopping"), Exit::Unreachable);
        assert_eq!(exit_of_code("nick_in_use"), Exit::Failed);
    }

    #[test]
    fn a_failure_keeps_its_code_under_added_context() {
        let error = Err::<(), _>(Failure::new(Exit::NotFound, "nobody is called ben"))
            .context("not sent")
            .expect_err("an error");
        assert_eq!(report(&error), Exit::NotFound);
    }

    #[test]
    fn a_pipe_closed_early_is_no_error() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(report(&error), Exit::Ok);
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(report(&error), Exit::Failed);
    }
}

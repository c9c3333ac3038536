//! The operators' requests that keep order: rules, rooms, roles, and looks at users. The hub decides, as it does
//! for people in the chat; whoever has the socket stands above all of them. Each change is logged with who
//! asked, and never with a reason, a key or a list of words.

pub(super) mod rooms;
pub(super) mod rules;
pub(super) mod users;

use axum::http::StatusCode;
use utoipa::IntoResponses;

use super::AdminState;
use super::change::{administer, internal};
use super::failure::Failure;
use crate::hub::input::AdminCommand;
use crate::hub::moderation::request::{Moderated, Moderation, RoomInfo};
use crate::hub::moderation::rule::Rule;
use crate::hub::name::{Nick, RoomName};
use crate::hub::output::Administered;
use crate::hub::permission::RoomRole;
use crate::hub::refusal::Refusal;
use crate::wire::admin::Problem;
use crate::wire::admin::moderation as wire;

/// What a request that keeps order may be answered with.
#[derive(IntoResponses)]
#[expect(
    dead_code,
    reason = "only described, never made: `Failure` carries the status"
)]
pub(super) enum ModerationFailures {
    /// `bad_request`, or why something is not what it should be: `bad_nick`, `bad_room`, `bad_subject`,
    /// `bad_setting`, `rule_needs_room`, `text_too_long`, `text_control`.
    #[response(status = 400)]
    BadRequest(Problem),
    /// `not_permitted`: the text says how to get in; or `foreign_origin`.
    #[response(status = 403)]
    NotPermitted(Problem),
    /// `no_such_user`, `no_such_room`, `no_such_rule` or `user_not_in_room`.
    #[response(status = 404)]
    NotFound(Problem),
    /// `too_many_rules`, `too_many_roles` or `too_many_charters`: there are as many as may be.
    #[response(status = 409)]
    Conflict(Problem),
    /// `body_too_large`: more than 64 KiB.
    #[response(status = 413)]
    TooLarge(Problem),
    /// `internal`: a bug; the log says where.
    #[response(status = 500)]
    Internal(Problem),
    /// `engine_unavailable`, `shutting_down`, or `accounts_unavailable`: nothing can be written down now.
    #[response(status = 503)]
    Unavailable(Problem),
    /// `timed_out`: no answer within ten seconds; a change may still be made.
    #[response(status = 504)]
    TimedOut(Problem),
}

/// Carries out a change. Says how many sessions were ended or taken out.
async fn change(state: &AdminState, request: Moderation) -> Result<usize, Failure> {
    match moderate(state, request).await? {
        Moderated::Done { sessions } => Ok(sessions),
        Moderated::Rules(_) | Moderated::Room(_) => Err(internal()),
    }
}

async fn rules_of(state: &AdminState, room: Option<RoomName>) -> Result<Vec<Rule>, Failure> {
    match moderate(state, Moderation::Rules { room }).await? {
        Moderated::Rules(rules) => Ok(rules),
        Moderated::Done { .. } | Moderated::Room(_) => Err(internal()),
    }
}

async fn room_info(state: &AdminState, room: RoomName) -> Result<RoomInfo, Failure> {
    match moderate(state, Moderation::ShowRoom { room }).await? {
        Moderated::Room(info) => Ok(*info),
        Moderated::Done { .. } | Moderated::Rules(_) => Err(internal()),
    }
}

async fn moderate(state: &AdminState, request: Moderation) -> Result<Moderated, Failure> {
    match administer(state, AdminCommand::Moderate(request)).await? {
        Administered::Moderated(moderated) => Ok(moderated),
        Administered::Sessions(_) | Administered::TopicSet | Administered::Later(_) => {
            Err(internal())
        }
    }
}

fn nick(text: &str) -> Result<Nick, Failure> {
    Nick::parse(text).map_err(|error| Refusal::BadNick(error).into())
}

fn room(text: &str) -> Result<RoomName, Failure> {
    RoomName::parse(text).map_err(|error| Refusal::BadRoom(error).into())
}

fn optional_room(text: Option<&str>) -> Result<Option<RoomName>, Failure> {
    text.map(room).transpose()
}

fn bad_request(text: impl Into<String>) -> Failure {
    Failure::new(StatusCode::BAD_REQUEST, "bad_request", text)
}

fn role_to_wire(role: Option<RoomRole>) -> wire::Role {
    match role {
        None => wire::Role::None,
        Some(RoomRole::Voiced) => wire::Role::Voiced,
        Some(RoomRole::Operator) => wire::Role::Operator,
        Some(RoomRole::Owner) => wire::Role::Owner,
    }
}

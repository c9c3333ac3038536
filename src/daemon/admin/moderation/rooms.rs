//! One room: what is set about it, and who has a role there.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use super::super::AdminState;
use super::super::change::{Body, audit, done};
use super::super::failure::Failure;
use super::super::rights::Operator;
use super::{ModerationFailures, bad_request, change, nick, role_to_wire, room, room_info};
use crate::hub::moderation::request::Moderation;
use crate::hub::moderation::room::{OFF, RoomChange};
use crate::hub::permission::RoomRole;
use crate::hub::refusal::Refusal;
use crate::wire::admin::Done;
use crate::wire::admin::moderation::{
    RenameRoom, Role, RoleOf, RoomInfo, RoomQuery, SetRole, SetRoom, Setting,
};

/// What is set about a room, its key among it, and who has a role there.
#[utoipa::path(get, path = "/v1/room", tag = "moderation", params(RoomQuery), responses((status = 200, body = RoomInfo), ModerationFailures))]
pub(in super::super) async fn show(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<RoomQuery>, QueryRejection>,
) -> Result<Json<RoomInfo>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let info = room_info(&state, room(&query.room)?).await?;
    let settings = info.settings.into_iter().map(|(setting, value)| Setting {
        setting: setting.to_owned(),
        value,
    });
    let roles = info.roles.into_iter().map(|it| RoleOf {
        nick: it.nick.to_string(),
        role: role_to_wire(Some(it.role)),
    });
    Ok(Json(RoomInfo {
        room: info.room.to_string(),
        topic: info.topic.map(|topic| topic.to_string()),
        members: info.members,
        settings: settings.collect(),
        roles: roles.collect(),
    }))
}

/// Sets something about a room, or takes it away with `off`.
#[utoipa::path(put, path = "/v1/room", tag = "moderation", request_body = SetRoom, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn set(
    operator: Operator,
    State(state): State<AdminState>,
    Body(wanted): Body<SetRoom>,
) -> Result<Json<Done>, Failure> {
    let read = || -> Result<_, Failure> {
        let change = RoomChange::parse(&wanted.setting, &wanted.value);
        let change = change.map_err(Refusal::BadSetting)?;
        Ok((room(&wanted.room)?, change))
    };
    let parsed = read();
    // No value: a key and words that may not be said are nobody's to read in a log.
    let about = match &parsed {
        Ok((room, change)) => format!("{} of {room}", change.name()),
        Err(_) => String::new(),
    };
    let is_off = matches!(&parsed, Ok((_, change)) if change.value() == OFF);
    let outcome = match parsed {
        Ok((room, setting)) => {
            let request = Moderation::SetRoom {
                room,
                change: setting,
            };
            change(&state, request).await
        }
        Err(failure) => Err(failure),
    };
    audit(operator, "room set", &about, &outcome);
    outcome?;
    let what = if is_off { "is off" } else { "was set" };
    Ok(done(format!("{about} {what}"), None))
}

/// Gives a room another name. Answered once the disk has it; what cannot be kept is refused, and nothing changes.
#[utoipa::path(put, path = "/v1/room/name", tag = "moderation", request_body = RenameRoom, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn rename(
    operator: Operator,
    State(state): State<AdminState>,
    Body(wanted): Body<RenameRoom>,
) -> Result<Json<Done>, Failure> {
    let read = || -> Result<_, Failure> { Ok((room(&wanted.room)?, room(&wanted.to)?)) };
    let parsed = read();
    let about = match &parsed {
        Ok((room, to)) => format!("{room} to {to}"),
        Err(_) => String::new(),
    };
    let outcome = match parsed {
        Ok((room, to)) => {
            let reason = wanted.reason.as_deref().map(Into::into);
            change(&state, Moderation::RenameRoom { room, to, reason }).await
        }
        Err(failure) => Err(failure),
    };
    audit(operator, "room renamed", &about, &outcome);
    outcome?;
    Ok(done(
        format!("{} is called {} now", wanted.room, wanted.to),
        None,
    ))
}

/// Gives somebody who is here a role in a room, or takes one away.
#[utoipa::path(put, path = "/v1/room/role", tag = "moderation", request_body = SetRole, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn set_role(
    operator: Operator,
    State(state): State<AdminState>,
    Body(wanted): Body<SetRole>,
) -> Result<Json<Done>, Failure> {
    let read = || -> Result<_, Failure> { Ok((room(&wanted.room)?, nick(&wanted.nick)?)) };
    let parsed = read();
    let (role, called) = match wanted.role {
        Role::None => (None, "no role"),
        Role::Voiced => (Some(RoomRole::Voiced), "voiced"),
        Role::Operator => (Some(RoomRole::Operator), "operator"),
        Role::Owner => (Some(RoomRole::Owner), "owner"),
    };
    let about = match &parsed {
        Ok((room, nick)) => format!("{nick} in {room}: {called}"),
        Err(_) => String::new(),
    };
    let outcome = match parsed {
        Ok((room, nick)) => change(&state, Moderation::Grant { room, nick, role }).await,
        Err(failure) => Err(failure),
    };
    audit(operator, "room role", &about, &outcome);
    outcome?;
    Ok(done(about, None))
}

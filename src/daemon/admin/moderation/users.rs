//! One user: taking them out, and all there is to know about them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use super::super::AdminState;
use super::super::change::{Body, audit, count, done};
use super::super::failure::Failure;
use super::super::observe::session;
use super::super::rights::Operator;
use super::{ModerationFailures, bad_request, change, nick, optional_room, role_to_wire, rules};
use crate::daemon::clock::rfc3339;
use crate::hub::moderation::request::Moderation;
use crate::hub::refusal::Refusal;
use crate::wire::admin::Done;
use crate::wire::admin::moderation::{Kick, Place, Trace, UserQuery};

/// Takes a user out of a room, or without one ends all their sessions.
#[utoipa::path(post, path = "/v1/kick", tag = "moderation", request_body = Kick, responses((status = 200, body = Done), ModerationFailures))]
pub(in super::super) async fn kick(
    operator: Operator,
    State(state): State<AdminState>,
    Body(kick): Body<Kick>,
) -> Result<Json<Done>, Failure> {
    let read =
        || -> Result<_, Failure> { Ok((optional_room(kick.room.as_deref())?, nick(&kick.nick)?)) };
    let parsed = read();
    let about = match &parsed {
        Ok((Some(room), nick)) => format!("{nick} in {room}"),
        Ok((None, nick)) => nick.to_string(),
        Err(_) => String::new(),
    };
    let deed = match &parsed {
        Ok((Some(room), nick)) => format!("{nick} was taken out of {room}"),
        Ok((None, _)) | Err(_) => format!("{about} was kicked"),
    };
    let outcome = match parsed {
        Ok((room, nick)) => {
            let reason = kick.reason.map(Into::into);
            change(&state, Moderation::Kick { room, nick, reason }).await
        }
        Err(failure) => Err(failure),
    };
    audit(operator, "kick", &about, &outcome);
    let sessions = Some(outcome?);
    Ok(done(format!("{deed}, {}", count(sessions)), sessions))
}

/// All there is to know about a user.
#[utoipa::path(get, path = "/v1/trace", tag = "moderation", params(UserQuery), responses((status = 200, body = Trace), ModerationFailures))]
pub(in super::super) async fn trace(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<UserQuery>, QueryRejection>,
) -> Result<Json<Trace>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let nick = nick(&query.nick)?;
    let traced = state.engine.trace(nick.clone()).await?;
    let user = traced.ok_or(Refusal::NoSuchUser(nick))?;
    // A session that has ended meanwhile is simply not there any more.
    let mut sessions = state.engine.sessions().await?;
    sessions.retain(|row| user.sessions.contains(&row.view.session));
    let (rules, rules_left_off) = rules::to_wire(&user.rules, state.daemon.clock.now().unix);
    let rooms = user.places.iter().map(|(room, role)| Place {
        room: room.to_string(),
        role: role_to_wire(*role),
    });
    Ok(Json(Trace {
        nick: user.nick.to_string(),
        account: user.account.as_ref().map(ToString::to_string),
        is_server_operator: user.is_server_operator,
        since: rfc3339(user.since),
        away: user.away.as_deref().map(str::to_owned),
        rooms: rooms.collect(),
        sessions: sessions.into_iter().map(session).collect(),
        rules,
        rules_left_off,
    }))
}

//! Invitations and tokens: making them, listing them and taking them back.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use super::super::AdminState;
use super::super::change::Body;
use super::super::failure::Failure;
use super::super::rights::Operator;
use super::{AccountFailures, PAGE, audit, bad_request, end, name, note, now, room};
use crate::daemon::clock::rfc3339;
use crate::hub::account::TokenId;
use crate::hub::time::UnixMillis;
use crate::registry::{InvitationInfo, RegistryHandle, TokenInfo, TokenRequest};
use crate::wire::admin::Done;
use crate::wire::admin::accounts::{
    Invitation, Invitations, Made, NewInvitation, NewToken, Revoke, SecretText, Token, Tokens,
    TokensQuery,
};

/// Invitations that were not used yet.
#[utoipa::path(get, path = "/v1/invitations", tag = "accounts", responses((status = 200, body = Invitations), AccountFailures))]
pub(in super::super) async fn invitations(
    _operator: Operator,
    State(state): State<AdminState>,
) -> Result<Json<Invitations>, Failure> {
    let at = now(&state);
    let invitations = state.accounts.ask(move |it| it.invitations(at)).await?;
    let invitations = invitations.into_iter().map(invitation_to_wire).collect();
    Ok(Json(Invitations { invitations }))
}

/// Makes an invitation, which is good for one account and shown this once.
#[utoipa::path(post, path = "/v1/invitations", tag = "accounts", request_body = NewInvitation, responses((status = 200, body = Made), AccountFailures))]
pub(in super::super) async fn invite(
    operator: Operator,
    State(state): State<AdminState>,
    Body(new): Body<NewInvitation>,
) -> Result<Json<Made>, Failure> {
    let outcome = make_invitation(&state, new).await;
    let about = id_of(&outcome);
    audit(operator, "invitation create", &about, &outcome);
    outcome.map(Json)
}

/// Takes an invitation back.
#[utoipa::path(post, path = "/v1/invitations/revoke", tag = "accounts", request_body = Revoke, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn revoke_invitation(
    operator: Operator,
    State(state): State<AdminState>,
    Body(Revoke { id }): Body<Revoke>,
) -> Result<Json<Done>, Failure> {
    let revoke = move |registry: &RegistryHandle| registry.revoke_invitation(id);
    let outcome = state.accounts.ask(revoke).await;
    audit(operator, "invitation revoke", &id.to_string(), &outcome);
    outcome?;
    Ok(revoked("invitation", id))
}

/// The tokens, by id, a thousand at a time.
#[utoipa::path(get, path = "/v1/tokens", tag = "accounts", params(TokensQuery), responses((status = 200, body = Tokens), AccountFailures))]
pub(in super::super) async fn tokens(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<TokensQuery>, QueryRejection>,
) -> Result<Json<Tokens>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let of = query.account.as_deref().map(name).transpose()?;
    let ask = move |registry: &RegistryHandle| registry.tokens(of, query.after, PAGE + 1);
    let mut tokens = state.accounts.ask(ask).await?;
    let more = tokens.len() > PAGE;
    tokens.truncate(PAGE);
    Ok(Json(Tokens {
        tokens: tokens.into_iter().map(token_to_wire).collect(),
        more,
    }))
}

/// Makes a token, which logs in to an account and is shown this once.
#[utoipa::path(post, path = "/v1/tokens", tag = "accounts", request_body = NewToken, responses((status = 200, body = Made), AccountFailures))]
pub(in super::super) async fn add_token(
    operator: Operator,
    State(state): State<AdminState>,
    Body(new): Body<NewToken>,
) -> Result<Json<Made>, Failure> {
    let outcome = make_token(&state, new).await;
    let about = id_of(&outcome);
    audit(operator, "token create", &about, &outcome);
    outcome.map(Json)
}

/// Takes a token back, and ends the sessions that logged in with it.
#[utoipa::path(post, path = "/v1/tokens/revoke", tag = "accounts", request_body = Revoke, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn revoke_token(
    operator: Operator,
    State(state): State<AdminState>,
    Body(Revoke { id }): Body<Revoke>,
) -> Result<Json<Done>, Failure> {
    let revoke = move |registry: &RegistryHandle| registry.revoke_token(TokenId(id));
    let outcome = state.accounts.ask(revoke).await;
    audit(operator, "token revoke", &id.to_string(), &outcome);
    outcome?;
    Ok(revoked("token", id))
}

async fn make_invitation(state: &AdminState, new: NewInvitation) -> Result<Made, Failure> {
    let at = now(state);
    let expires_at = end(at, new.expires_in_s)?;
    let note = note(new.note)?;
    let invite = move |registry: &RegistryHandle| registry.invite(note, at, expires_at);
    let (id, secret) = state.accounts.ask(invite).await?;
    Ok(made(id, secret.reveal(), Some(expires_at)))
}

async fn make_token(state: &AdminState, new: NewToken) -> Result<Made, Failure> {
    let at = now(state);
    let expires_at = new.expires_in_s.map(|life| end(at, life)).transpose()?;
    let rooms = new.rooms.map(|rooms| {
        let rooms = rooms.iter().map(|text| room(text));
        rooms.collect::<Result<Vec<_>, _>>()
    });
    let rooms = rooms.transpose()?;
    if rooms.as_ref().is_some_and(Vec::is_empty) {
        return Err(bad_request(
            "rooms must name a room; leave it out for a token that is good everywhere",
        ));
    }
    if rooms.as_ref().is_some_and(|it| it.len() > ROOMS_MAX) {
        return Err(bad_request(format!(
            "a token is good for at most {ROOMS_MAX} rooms, or for all"
        )));
    }
    let request = TokenRequest {
        account: name(&new.account)?,
        note: note(new.note)?,
        rooms,
        send_only: new.send_only,
        at,
        expires_at,
    };
    let (id, secret) = state.accounts.ask(move |it| it.add_token(request)).await?;
    Ok(made(id, secret.reveal(), expires_at))
}

fn made(id: i64, secret: &str, expires_at: Option<UnixMillis>) -> Made {
    Made {
        id,
        secret: SecretText(secret.to_owned()),
        expires_at: expires_at.map(rfc3339),
    }
}

fn id_of(outcome: &Result<Made, Failure>) -> String {
    outcome
        .as_ref()
        .map_or_else(|_| String::new(), |made| made.id.to_string())
}

fn revoked(what: &str, id: i64) -> Json<Done> {
    Json(Done {
        done: format!("the {what} {id} is good no more"),
        sessions: None,
    })
}

fn invitation_to_wire(info: InvitationInfo) -> Invitation {
    Invitation {
        id: info.id,
        note: info.note,
        created_at: rfc3339(info.created_at),
        expires_at: rfc3339(info.expires_at),
    }
}

fn token_to_wire(info: TokenInfo) -> Token {
    let rooms = info.rooms.map(|rooms| {
        let names = rooms.iter().map(ToString::to_string);
        names.collect()
    });
    Token {
        id: info.id.0,
        account: info.account.to_string(),
        note: info.note,
        rooms,
        send_only: info.send_only,
        created_at: rfc3339(info.created_at),
        expires_at: info.expires_at.map(rfc3339),
        last_used_at: info.last_used_at.map(rfc3339),
    }
}

/// Rooms that one token may name.
const ROOMS_MAX: usize = 100;

//! Accounts: listing them, and making, closing and removing them.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

use super::super::AdminState;
use super::super::change::Body;
use super::super::failure::Failure;
use super::super::rights::Operator;
use super::certificates::certificate_to_wire;
use super::{AccountFailures, PAGE, audit, bad_request, name, now, password};
use crate::daemon::clock::rfc3339;
use crate::hub::name::Nick;
use crate::hub::refusal::Refusal;
use crate::registry::{AccountInfo, RegistryError, RegistryHandle};
use crate::wire::admin::Done;
use crate::wire::admin::accounts::{
    Account, AccountName, AccountRole, Accounts, AccountsQuery, NewAccount, SetDisabled,
    SetPassword, SetRole,
};

/// The accounts, by name, a thousand at a time.
#[utoipa::path(get, path = "/v1/accounts", tag = "accounts", params(AccountsQuery), responses((status = 200, body = Accounts), AccountFailures))]
pub(in super::super) async fn accounts(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<AccountsQuery>, QueryRejection>,
) -> Result<Json<Accounts>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let after = query.after.as_deref().map(name).transpose()?;
    let ask = move |registry: &RegistryHandle| registry.accounts(after, PAGE + 1);
    let mut accounts = state.accounts.ask(ask).await?;
    let more = accounts.len() > PAGE;
    accounts.truncate(PAGE);
    Ok(Json(Accounts {
        accounts: accounts.iter().map(account_to_wire).collect(),
        more,
    }))
}

/// One account.
#[utoipa::path(get, path = "/v1/account", tag = "accounts", params(AccountName), responses((status = 200, body = Account), AccountFailures))]
pub(in super::super) async fn account(
    _operator: Operator,
    State(state): State<AdminState>,
    query: Result<Query<AccountName>, QueryRejection>,
) -> Result<Json<Account>, Failure> {
    let Query(query) = query.map_err(|rejection| bad_request(rejection.body_text()))?;
    let name = name(&query.name)?;
    let account = state.accounts.ask(move |it| it.account(name)).await?;
    Ok(Json(account_to_wire(&account)))
}

/// Makes an account. Who uses the nick as a guest keeps it until somebody logs in to the account.
#[utoipa::path(post, path = "/v1/accounts", tag = "accounts", request_body = NewAccount, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn add(
    operator: Operator,
    State(state): State<AdminState>,
    Body(new): Body<NewAccount>,
) -> Result<Json<Done>, Failure> {
    let at = now(&state);
    let password = new.password.as_ref().map(|it| password(it, &state));
    let password = password.transpose();
    let order = Order {
        operator,
        action: "account add",
        name: name(&new.name).and_then(must_be_plain),
        done: "was made",
    };
    order
        .carry_out(&state, password, move |registry, name, password| {
            registry.add(name, password, at)
        })
        .await
}

/// As whoever registers themselves is told.
fn must_be_plain(name: Nick) -> Result<Nick, Failure> {
    name.is_plain().map_err(Refusal::BadNick)?;
    Ok(name)
}

/// Removes an account and its tokens, and ends its sessions. What it said stays.
#[utoipa::path(post, path = "/v1/accounts/remove", tag = "accounts", request_body = AccountName, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn remove(
    operator: Operator,
    State(state): State<AdminState>,
    Body(which): Body<AccountName>,
) -> Result<Json<Done>, Failure> {
    let order = Order {
        operator,
        action: "account remove",
        name: name(&which.name),
        done: "was removed",
    };
    order
        .carry_out(&state, Ok(()), |registry, name, ()| registry.remove(name))
        .await
}

/// Gives an account another password, and ends its sessions.
#[utoipa::path(put, path = "/v1/accounts/password", tag = "accounts", request_body = SetPassword, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn set_password(
    operator: Operator,
    State(state): State<AdminState>,
    Body(set): Body<SetPassword>,
) -> Result<Json<Done>, Failure> {
    let order = Order {
        operator,
        action: "account password",
        name: name(&set.name),
        done: "has another password",
    };
    order
        .carry_out(
            &state,
            password(&set.password, &state),
            |registry, name, password| registry.set_password(name, password),
        )
        .await
}

/// Closes an account and ends its sessions, or opens it again.
#[utoipa::path(put, path = "/v1/accounts/disabled", tag = "accounts", request_body = SetDisabled, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn set_disabled(
    operator: Operator,
    State(state): State<AdminState>,
    Body(set): Body<SetDisabled>,
) -> Result<Json<Done>, Failure> {
    let at = set.disabled.then(|| now(&state));
    let (action, done) = match set.disabled {
        true => ("account disable", "was closed"),
        false => ("account enable", "is open again"),
    };
    let order = Order {
        operator,
        action,
        name: name(&set.name),
        done,
    };
    order
        .carry_out(&state, Ok(()), move |registry, name, ()| {
            registry.set_disabled(name, at)
        })
        .await
}

/// Makes an account a server operator's, or takes that back; at once also for who is logged in to it.
#[utoipa::path(put, path = "/v1/accounts/role", tag = "accounts", request_body = SetRole, responses((status = 200, body = Done), AccountFailures))]
pub(in super::super) async fn set_role(
    operator: Operator,
    State(state): State<AdminState>,
    Body(set): Body<SetRole>,
) -> Result<Json<Done>, Failure> {
    let is_operator = set.role == AccountRole::Operator;
    let (action, done) = match set.role {
        AccountRole::Operator => ("account role operator", "is a server operator's"),
        AccountRole::None => ("account role none", "is no server operator's"),
    };
    let order = Order {
        operator,
        action,
        name: name(&set.name),
        done,
    };
    order
        .carry_out(&state, Ok(()), move |registry, name, ()| {
            registry.set_operator(name, is_operator)
        })
        .await
}

/// A change of one account.
pub(super) struct Order {
    pub(super) operator: Operator,
    pub(super) action: &'static str,
    pub(super) name: Result<Nick, Failure>,
    /// As the end of the sentence that says so.
    pub(super) done: &'static str,
}

impl Order {
    /// Does it with what was asked for, unless that or the name is none, and tells the log.
    pub(super) async fn carry_out<T: Send + 'static>(
        self,
        state: &AdminState,
        with: Result<T, Failure>,
        work: impl FnOnce(&RegistryHandle, Nick, T) -> Result<(), RegistryError> + Send + 'static,
    ) -> Result<Json<Done>, Failure> {
        let about = self.name.as_ref().map(ToString::to_string);
        let about = about.unwrap_or_default();
        let outcome = match (self.name, with) {
            (Ok(name), Ok(with)) => {
                let work = move |registry: &RegistryHandle| work(registry, name, with);
                state.accounts.ask(work).await
            }
            (Err(failure), _) | (_, Err(failure)) => Err(failure),
        };
        audit(self.operator, self.action, &about, &outcome);
        outcome?;
        Ok(Json(Done {
            done: format!("the account {about} {}", self.done),
            sessions: None,
        }))
    }
}

fn account_to_wire(info: &AccountInfo) -> Account {
    let certificates = info.certificates.iter();
    Account {
        name: info.name.to_string(),
        created_at: rfc3339(info.created_at),
        last_login_at: info.last_login_at.map(rfc3339),
        failed_logins: info.failed_logins,
        disabled_at: info.disabled_at.map(rfc3339),
        has_password: info.has_password,
        tokens: info.tokens,
        certificates: certificates.map(certificate_to_wire).collect(),
        role: match info.is_operator {
            true => AccountRole::Operator,
            false => AccountRole::None,
        },
    }
}

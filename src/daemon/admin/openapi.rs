//! Routes and their description, from one list: what is served is described, and the other way
//! round.

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json, Router, middleware};
use bytes::Bytes;
use serde::Serialize;
use utoipa::openapi::OpenApi as Description;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::failure::{Failure, ReadFailures};
use super::{AdminState, accounts, change, guard, history, moderation, observe};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "chatd admin API",
        description = "HTTP with JSON over chatd's admin socket. Everyone on the machine may look; root, chatd's own user and members of `[admin] group` may change things. Every failure is a Problem with a stable code.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "observe", description = "Look: everyone on this machine may"),
        (name = "change", description = "Change: operators may; each change is logged"),
        (name = "moderation", description = "Keep order, and know about users and rooms: operators may, and each change is logged"),
        (name = "accounts", description = "Accounts, certificates, invitations and tokens: operators may, and each change is logged"),
        (name = "history", description = "What was said: operators may, what they do is logged, and it takes the time that it takes")
    )
)]
struct About;

/// Both written out once, at the start.
#[derive(Clone, Debug)]
struct Written {
    description: Bytes,
    index: Index,
}

/// The whole API.
pub(super) fn router(state: AdminState) -> Router {
    let (router, description) = quick().merge(lasting()).split_for_parts();
    let written = Written {
        index: Index::of(&description),
        description: description
            .to_json()
            .expect("the description is plain data")
            .into(),
    };
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(written))
        .layer(DefaultBodyLimit::max(change::BODY_BYTES_MAX))
        .layer(middleware::from_fn(guard::refuse_foreign))
        .with_state(state)
}

/// What is answered in a moment, or not at all.
fn quick() -> OpenApiRouter<AdminState> {
    OpenApiRouter::with_openapi(About::openapi())
        .routes(routes!(index))
        .routes(routes!(openapi))
        .routes(routes!(observe::status))
        .routes(routes!(observe::who))
        .routes(routes!(observe::rooms))
        .routes(routes!(observe::stats))
        .routes(routes!(observe::config))
        .routes(routes!(observe::log_level, change::set_log_level))
        .routes(routes!(change::announce))
        .routes(routes!(change::topic))
        .routes(routes!(change::reload))
        .routes(routes!(change::shutdown))
        .routes(routes!(history::status::history_status))
        .merge(of_moderation())
        .merge(of_accounts())
        .layer(middleware::from_fn(guard::in_time))
}

/// What keeps order.
fn of_moderation() -> OpenApiRouter<AdminState> {
    use moderation::{rooms, rules, users};
    OpenApiRouter::new()
        .routes(routes!(users::kick))
        .routes(routes!(users::trace))
        .routes(routes!(rules::rules, rules::add))
        .routes(routes!(rules::end))
        .routes(routes!(rooms::show, rooms::set))
        .routes(routes!(rooms::set_role))
        .routes(routes!(rooms::rename))
}

/// What concerns accounts.
fn of_accounts() -> OpenApiRouter<AdminState> {
    use accounts::{certificates, grants, users};
    OpenApiRouter::new()
        .routes(routes!(users::accounts, users::add))
        .routes(routes!(users::account))
        .routes(routes!(users::remove))
        .routes(routes!(users::set_password))
        .routes(routes!(users::set_disabled))
        .routes(routes!(users::set_role))
        .routes(routes!(certificates::add_certificate))
        .routes(routes!(certificates::remove_certificate))
        .routes(routes!(grants::invitations, grants::invite))
        .routes(routes!(grants::revoke_invitation))
        .routes(routes!(grants::tokens, grants::add_token))
        .routes(routes!(grants::revoke_token))
}

/// What takes as long as a disk takes.
fn lasting() -> OpenApiRouter<AdminState> {
    let import = OpenApiRouter::new()
        .routes(routes!(history::import::import))
        .layer(DefaultBodyLimit::max(history::import::BODY_BYTES_MAX));
    OpenApiRouter::new()
        .routes(routes!(history::export::export))
        .merge(import)
        .routes(routes!(history::backup::download, history::backup::backup))
        .routes(routes!(history::change::check))
        .routes(routes!(history::change::delete))
        .routes(routes!(
            history::retention::retentions,
            history::retention::set_retention
        ))
}

/// What there is to ask.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Index {
    /// `chatd 0.1.0`
    software: String,
    routes: Vec<Route>,
}

/// One way to ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Route {
    method: String,
    path: String,
    about: String,
}

impl Index {
    fn of(description: &Description) -> Self {
        let mut routes = Vec::new();
        for (path, item) in &description.paths.paths {
            let methods = [("GET", &item.get), ("PUT", &item.put), ("POST", &item.post)];
            for (method, operation) in methods {
                let Some(operation) = operation else { continue };
                routes.push(Route {
                    method: method.to_owned(),
                    path: path.clone(),
                    about: operation.summary.clone().unwrap_or_default(),
                });
            }
        }
        Self {
            software: concat!("chatd ", env!("CARGO_PKG_VERSION")).to_owned(),
            routes,
        }
    }
}

/// The list of routes.
#[utoipa::path(get, path = "/", tag = "observe", responses((status = 200, body = Index), ReadFailures))]
async fn index(Extension(written): Extension<Written>) -> Json<Index> {
    Json(written.index)
}

/// This description.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "observe", responses((status = 200, description = "An OpenAPI 3.1 document", body = Object, content_type = "application/json"), ReadFailures))]
async fn openapi(Extension(written): Extension<Written>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], written.description)
}

async fn no_such_path() -> Failure {
    let text = "there is nothing at this path; GET / lists what there is";
    Failure::new(StatusCode::NOT_FOUND, "no_such_path", text)
}

async fn wrong_method(request: Request) -> Failure {
    let text = format!(
        "{} is not for {}; GET / lists what there is",
        request.uri().path(),
        request.method()
    );
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", text)
}

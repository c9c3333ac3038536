//! Messages of an export back into a history, some thousand at a time: a request is a batch, of which all
//! lines get in or none.

use axum::Extension;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::StatusCode;

use super::super::AdminState;
use super::super::change::unreadable;
use super::super::failure::Failure;
use super::super::patience::Patience;
use super::super::rights::Operator;
use super::failure::{HistoryFailures, bad_request};
use super::line::message;
use super::{Job, Order, messages};
use crate::store::Imported;
use crate::wire::admin::history::{ImportDone, ImportQuery, Line};

/// Longest body, in bytes: a hundred of the longest messages with every byte escaped, or some ten
/// thousand as people write them.
pub(in super::super) const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Adds messages under their own msgid, as an export wrote them, all of the body's or none. A msgid that is
/// there already stays as it is, so that doing it twice is doing it once.
#[utoipa::path(post, path = "/v1/history/import", tag = "history", params(ImportQuery), request_body(content = Line, content_type = "application/jsonl", description = "A JSON object per line, at most 32 MiB"), responses((status = 200, body = ImportDone), HistoryFailures))]
pub(in super::super) async fn import(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
    query: Result<Query<ImportQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ImportDone>, Failure> {
    let mut order = Order {
        operator,
        state,
        patience: Some(patience),
        job: Job::Change,
        action: "import",
        about: String::new(),
    };
    let lines = query
        .map_err(|rejection| bad_request(rejection.body_text()))
        .and_then(|Query(query)| {
            let body = body.map_err(|rejection| unreadable(&rejection, BODY_BYTES_MAX))?;
            Ok((read(&body, query.first_line.unwrap_or(1))?, String::new()))
        });
    let batch = order.read(lines)?;
    let report = order
        .carry_out(
            move |store| store.import(&batch),
            |report| {
                format!(
                    "{} added, {} were there",
                    messages(report.added),
                    report.known
                )
            },
        )
        .await?;
    Ok(Json(ImportDone {
        added: report.added,
        known: report.known,
    }))
}

fn read(body: &[u8], first_line: u32) -> Result<Vec<Imported>, Failure> {
    let mut batch = Vec::new();
    for (number, line) in (u64::from(first_line)..).zip(body.split(|&byte| byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        batch.push(message(line).map_err(|why| {
            Failure::new(
                StatusCode::BAD_REQUEST,
                "bad_line",
                format!("line {number}: {why}"),
            )
        })?);
    }
    Ok(batch)
}

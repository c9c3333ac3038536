//! Messages as JSON lines, as many as there are, in bounded memory: a thread reads them and writes them
//! into pieces, of which a few may wait for the client.

use std::mem;
use std::ops::ControlFlow;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tokio::sync::mpsc;

use super::super::AdminState;
use super::super::change::internal;
use super::super::failure::Failure;
use super::super::patience::Patience;
use super::super::pieces::{self, PIECE_BYTES, Piece, Pieces};
use super::super::rights::Operator;
use super::bound::Bound;
use super::failure::{HistoryFailures, bad_request};
use super::line::line;
use super::{Job, Order, messages, named};
use crate::hub::history::Partner;
use crate::store::{ExportFilter, StoreError, StoreHandle};
use crate::wire::admin::history::{ExportQuery, Line};

/// Messages, a line each, by rising msgid. Private ones only with `private=true`.
#[utoipa::path(get, path = "/v1/history/export", tag = "history", params(ExportQuery), responses((status = 200, description = "A JSON object per line. An answer that breaks off is not whole.", body = Line, content_type = "application/jsonl"), HistoryFailures))]
pub(in super::super) async fn export(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let mut order = Order {
        operator,
        state,
        // The client shows by taking pieces that it is there.
        patience: None,
        job: Job::Export,
        action: "export",
        about: String::new(),
    };
    let filter = order.read(
        query
            .map_err(|rejection| bad_request(rejection.body_text()))
            .and_then(|Query(query)| Ok((filter(&query)?, about(&query)))),
    )?;
    let (sender, receiver) = pieces::channel();
    let to_tell = sender.clone();
    tokio::spawn(async move {
        let written = order.carry_out(
            move |store| write_lines(store, &filter, &sender),
            Written::to_text,
        );
        if let Err(failure) = written.await {
            // Nobody hears it when the client is gone.
            let _ = to_tell.send(Err(failure)).await;
        }
    });
    let pieces = Pieces::begin(receiver, patience).await;
    let body = Body::from_stream(pieces.ok_or_else(internal)??);
    Ok(([(CONTENT_TYPE, "application/jsonl")], body).into_response())
}

/// What has left.
struct Written {
    messages: u64,
    /// The client took all of it.
    is_whole: bool,
}

impl Written {
    fn to_text(&self) -> String {
        let rest = if self.is_whole { "" } else { ", broken off" };
        format!("{}{rest}", messages(self.messages))
    }
}

fn write_lines(
    store: &StoreHandle,
    filter: &ExportFilter,
    to: &mpsc::Sender<Piece>,
) -> Result<Written, StoreError> {
    let mut written = Written {
        messages: 0,
        is_whole: true,
    };
    let mut piece = Vec::new();
    store.export(filter, &mut |message| {
        serde_json::to_writer(&mut piece, &line(message)).expect("a line is plain data");
        piece.push(b'\n');
        written.messages += 1;
        if piece.len() < PIECE_BYTES {
            return ControlFlow::Continue(());
        }
        let full = mem::take(&mut piece);
        written.is_whole = to.blocking_send(Ok(full.into())).is_ok();
        if written.is_whole {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    })?;
    if written.is_whole {
        // Also when it is empty: it says that there is an answer.
        written.is_whole = to.blocking_send(Ok(Bytes::from(piece))).is_ok();
    }
    Ok(written)
}

fn filter(query: &ExportQuery) -> Result<ExportFilter, Failure> {
    let since = Bound::read("since", query.since.as_deref())?;
    let until = Bound::read("until", query.until.as_deref())?;
    Ok(ExportFilter {
        of: named::room(query.room.as_deref())?.map(Partner::Room),
        everything: query.private,
        since: since.map(Bound::after),
        until: until.map(Bound::upto),
    })
}

/// All of it is parsed by now: names, ids and times.
fn about(query: &ExportQuery) -> String {
    let room = query.room.as_deref().unwrap_or("all rooms");
    let private = if query.private { " and private" } else { "" };
    let bound = |name: &str, bound: &Option<String>| match bound {
        Some(bound) => format!(" {name} {bound}"),
        None => String::new(),
    };
    let (since, until) = (bound("since", &query.since), bound("until", &query.until));
    format!("{room}{private}{since}{until}")
}

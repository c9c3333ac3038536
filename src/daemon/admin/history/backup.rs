//! Backups: whole, consistent copies that the store makes while it goes on. Either the daemon writes one
//! where it is told, with its own rights; or it sends one, so that it ends up wherever the client may write
//! and belongs to the client, whatever the daemon itself is locked out of.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use axum::body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::super::AdminState;
use super::super::change::{Body, internal};
use super::super::failure::Failure;
use super::super::patience::Patience;
use super::super::pieces::{self, PIECE_BYTES, Piece, Pieces};
use super::super::rights::Operator;
use super::failure::{HistoryFailures, bad_request};
use super::{Job, Order, messages};
use crate::store::{BackupReport, StoreError, StoreHandle};
use crate::wire::admin::history::{Backup, BackupDone};

/// Writes a backup to a file of the daemon's machine, with the daemon's rights.
#[utoipa::path(post, path = "/v1/history/backup", tag = "history", request_body = Backup, responses((status = 200, body = BackupDone), HistoryFailures))]
pub(in super::super) async fn backup(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
    wanted: Result<Body<Backup>, Failure>,
) -> Result<Json<BackupDone>, Failure> {
    let mut order = order(operator, state.clone(), patience, String::new());
    let read = wanted.and_then(|Body(wanted)| Ok((path(&wanted)?, wanted.path)));
    let path = order.read(read)?;
    let report = order
        .carry_out(
            move |store| store.backup(&path),
            move |report| noted(&state, report),
        )
        .await?;
    Ok(Json(BackupDone {
        path: report.path.display().to_string(),
        bytes: report.bytes,
        messages: report.messages,
    }))
}

/// Sends a backup: a SQLite database, complete when it has as many bytes as `Content-Length` says.
#[utoipa::path(get, path = "/v1/history/backup", tag = "history", responses((status = 200, description = "A SQLite database", body = String, content_type = "application/vnd.sqlite3"), HistoryFailures))]
pub(in super::super) async fn download(
    operator: Operator,
    State(state): State<AdminState>,
    Extension(patience): Extension<Patience>,
) -> Result<Response, Failure> {
    let order = order(operator, state.clone(), patience.clone(), "sent".to_owned());
    let made = order.carry_out(copy_without_name, move |(_, report)| noted(&state, report));
    let (file, report) = made.await?;
    let (sender, receiver) = pieces::channel();
    spawn_blocking(move || send(file, &sender));
    let pieces = Pieces::begin(receiver, patience).await;
    let body = body::Body::from_stream(pieces.ok_or_else(internal)??);
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.sqlite3"),
        ),
        (CONTENT_LENGTH, HeaderValue::from(report.bytes)),
    ];
    Ok((headers, body).into_response())
}

fn order(operator: Operator, state: AdminState, patience: Patience, about: String) -> Order {
    Order {
        operator,
        state,
        patience: Some(patience),
        job: Job::Backup,
        action: "backup",
        about,
    }
}

fn path(wanted: &Backup) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(&wanted.path);
    if path.is_absolute() && path.file_name().is_some() {
        return Ok(path);
    }
    Err(bad_request("path must be an absolute path of a file"))
}

fn noted(state: &AdminState, report: &BackupReport) -> String {
    state.history.noted().backup = Some(state.daemon.clock.now().unix);
    messages(report.messages)
}

/// A backup beside the history that has no name any more, so that its space is free again as soon as
/// nobody reads it.
fn copy_without_name(store: &StoreHandle) -> Result<(File, BackupReport), StoreError> {
    let mut path = store.status().path.into_os_string();
    path.push(".sending");
    let path = PathBuf::from(path);
    remove_left_over(&path).map_err(|error| at(&path, error))?;
    let report = store.backup(&path)?;
    let file = File::open(&path).map_err(|error| at(&path, error))?;
    fs::remove_file(&path).map_err(|error| at(&path, error))?;
    Ok((file, report))
}

/// What a daemon left that ended in the middle of this.
fn remove_left_over(path: &Path) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(());
    };
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let found = entry.file_name();
        if found
            .as_encoded_bytes()
            .starts_with(name.as_encoded_bytes())
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        path: path.to_owned(),
        source,
    }
}

fn send(mut file: File, to: &mpsc::Sender<Piece>) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return,
            Ok(read) => Ok(Bytes::copy_from_slice(&piece[..read])),
            Err(error) => {
                tracing::warn!(%error, "a backup cannot be read back");
                Err(internal())
            }
        };
        let is_over = read.is_err();
        if to.blocking_send(read).is_err() || is_over {
            return;
        }
    }
}

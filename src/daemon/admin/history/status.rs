//! How the history does: all of it for who asks for that, a part of it for everyone who looks at the daemon,
//! and what an operator should know and do.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use rustix::fs::statvfs;
use tokio::task::spawn_blocking;

use super::super::AdminState;
use super::super::failure::{Failure, ReadFailures};
use super::retention;
use crate::config::{self, Durability};
use crate::daemon::clock::rfc3339;
use crate::hub::settings::OnFailure;
use crate::store::StoreStatus;
use crate::wire::admin::HistoryCounters;
use crate::wire::admin::history::{HistoryState, HistoryStatus, HistorySummary, LastCheck};

/// Free space below which an operator is warned whatever the disk's size.
const FREE_BYTES_MIN: u64 = 200 << 20;
/// And the part of a disk below which they are warned, unless that is much all the same.
const FREE_PART_MIN: u64 = 20;
const FREE_BYTES_AMPLE: u64 = 10 << 30;
/// Messages that the search may miss before it is worth a warning.
const UNINDEXED_MAX: u64 = 10_000;

/// Everything about the history.
#[utoipa::path(get, path = "/v1/history/status", tag = "observe", responses((status = 200, body = HistoryStatus), ReadFailures))]
pub(in super::super) async fn history_status(
    State(state): State<AdminState>,
) -> Result<Json<HistoryStatus>, Failure> {
    let config = state.reloader.config();
    let durability = durability_name(config.history.durability).to_owned();
    let retention = retention::common(&config.history);
    let Some(store) = ask(&state).await else {
        return Ok(Json(HistoryStatus {
            durability,
            retention,
            ..HistoryStatus::default()
        }));
    };
    let noted = *state.history.noted();
    let (history, why) = state_of(&store);
    Ok(Json(HistoryStatus {
        state: history,
        why,
        durability,
        path: Some(store.path.display().to_string()),
        schema: store.schema,
        messages: store.messages,
        database_bytes: store.database_bytes,
        log_bytes: store.log_bytes,
        wal_bytes: store.wal_bytes,
        search_bytes: store.search_bytes,
        free_bytes: store.free_bytes,
        unindexed: store.unindexed,
        search_note: store.search_note,
        search_fault: store.search_fault,
        waiting: store.waiting_records as u64,
        waiting_bytes: store.waiting_bytes as u64,
        commits: store.commits,
        kept: store.records,
        lost: store.lost,
        largest_batch: store.largest_batch,
        last_commit_us: store.last_commit_us,
        longest_commit_us: store.longest_commit_us,
        retention,
        last_check: noted.check.map(|(at, is_sound)| LastCheck {
            at: rfc3339(at),
            is_sound,
        }),
        last_backup_at: noted.backup.map(rfc3339),
    }))
}

/// The store's own word; `None` when there is no history. It may look at files, so in a thread.
pub(in super::super) async fn ask(state: &AdminState) -> Option<StoreStatus> {
    let store = state.history.store.clone()?;
    spawn_blocking(move || store.status()).await.ok()
}

/// For the daemon at a glance.
pub(in super::super) fn summary(
    store: Option<&StoreStatus>,
    config: &config::History,
) -> HistorySummary {
    let durability = durability_name(config.durability).to_owned();
    let Some(store) = store else {
        return HistorySummary {
            durability,
            ..HistorySummary::default()
        };
    };
    let (state, why) = state_of(store);
    HistorySummary {
        state,
        why,
        durability,
        messages: store.messages,
        bytes: store.database_bytes + store.wal_bytes + store.log_bytes + store.search_bytes,
        waiting: store.waiting_records as u64,
        unindexed: store.unindexed,
    }
}

/// For the counters.
#[expect(
    clippy::cast_precision_loss,
    reason = "an average needs no more than 52 bits"
)]
pub(in super::super) fn counters(store: Option<&StoreStatus>, questions: u64) -> HistoryCounters {
    let Some(store) = store else {
        return HistoryCounters::default();
    };
    HistoryCounters {
        kept: store.records,
        lost: store.lost,
        commits: store.commits,
        mean_batch: store.records as f64 / store.commits.max(1) as f64,
        largest_batch: store.largest_batch,
        last_commit_us: store.last_commit_us,
        longest_commit_us: store.longest_commit_us,
        questions,
    }
}

/// What an operator should know and do.
pub(in super::super) fn warnings(store: &StoreStatus, on_failure: OnFailure) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(trouble) = store.state {
        let but = match on_failure {
            OnFailure::Refuse => "new ones are refused until they can be",
            OnFailure::Continue => "they are said all the same, and will be missing",
        };
        warnings.push(format!(
            "messages cannot be kept, because {}: {but}; see chatctl doctor",
            trouble.because()
        ));
    }
    if store.lost > 0 {
        let lost = super::messages(store.lost);
        warnings.push(format!(
            "{lost} could not be kept since the start; the log says when and why"
        ));
    }
    warnings.extend(shortage(&store.path, store.free_bytes));
    if let Some(fault) = &store.search_fault {
        warnings.push(fault.clone());
    } else if store.unindexed > UNINDEXED_MAX {
        warnings.push(format!(
            "the search does not find {} messages yet: its index is being built",
            store.unindexed
        ));
    }
    if let Some(note) = &store.search_note {
        warnings.push(format!("the search index: {note}"));
    }
    warnings
}

/// Whether the disk is nearly full.
fn shortage(path: &Path, free: Option<u64>) -> Option<String> {
    let free = free?;
    let directory = path.parent()?;
    let size = statvfs(directory).map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize));
    let is_short =
        free < FREE_BYTES_MIN || (free < FREE_BYTES_AMPLE && free < size / FREE_PART_MIN);
    is_short.then(|| {
        format!(
            "only {} MiB are free in {}: make room, move the history or set a retention, or soon nothing can be kept",
            free >> 20,
            directory.display()
        )
    })
}

fn state_of(store: &StoreStatus) -> (HistoryState, Option<String>) {
    match store.state {
        None => (HistoryState::Works, None),
        Some(trouble) => (HistoryState::Fails, Some(trouble.because().to_owned())),
    }
}

fn durability_name(durability: Durability) -> &'static str {
    match durability {
        Durability::Commit => "commit",
        Durability::Relaxed => "relaxed",
        Durability::Off => "off",
    }
}

//! The requests that only look: everyone on this machine may send them.

use axum::Json;
use axum::extract::State;

use super::AdminState;
use super::failure::{Failure, ReadFailures};
use super::history::status as history;
use crate::config::EffectiveKey;
use crate::daemon::clock::rfc3339;
use crate::daemon::engine::handle::{EngineStats, SessionRow};
use crate::daemon::metrics::ProcessFigures;
use crate::daemon::nofile::RESERVE;
use crate::hub::output::RoomSummary;
use crate::hub::time::UnixMillis;
use crate::store::StoreStatus;
use crate::wire::admin::{
    ConfigKey, EffectiveConfig, LogLevel, Room, Rooms, Session, Stats, Status, TlsStatus, Who,
};

/// The daemon at a glance.
#[utoipa::path(get, path = "/v1/status", tag = "observe", responses((status = 200, body = Status), ReadFailures))]
pub(super) async fn status(State(state): State<AdminState>) -> Result<Json<Status>, Failure> {
    let counts = state.engine.counts().await?;
    let store = history::ask(&state).await;
    let config = state.reloader.config();
    let now = state.daemon.clock.now();
    let allowed = state.daemon.open_files.connections_allowed(RESERVE);
    Ok(Json(Status {
        server: config.server.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        state: state.daemon.stage(),
        started_at: rfc3339(state.daemon.clock.started_at()),
        uptime_s: now.uptime.as_secs(),
        users: counts.users,
        rooms: counts.rooms,
        connections: counts.sessions,
        max_connections: config.limits.hub.max_connections.min(allowed),
        listeners: state.daemon.listeners(),
        tls: tls(&state),
        config_file: state.reloader.file().map(|path| path.display().to_string()),
        log_file: state.logging.file().map(|path| path.display().to_string()),
        log_lines_dropped: state.logging.dropped_lines(),
        history: history::summary(store.as_ref(), &config.history),
        registry: state.accounts.summary(),
        warnings: warnings(&state, store.as_ref()),
    }))
}

fn tls(state: &AdminState) -> Option<TlsStatus> {
    let acceptor = state.reloader.certificates().acceptor()?;
    let certificate = acceptor.certificate();
    let expires_at = u64::try_from(certificate.not_after_s).unwrap_or(0);
    Some(TlsStatus {
        subject: certificate.subject.clone(),
        names: certificate.names.clone(),
        expires_at: rfc3339(UnixMillis(expires_at * 1000)),
        days_left: state.reloader.certificates().days_left()?,
        sha256: certificate.fingerprint.to_string(),
    })
}

/// What an operator should know and do.
fn warnings(state: &AdminState, store: Option<&StoreStatus>) -> Vec<String> {
    let mut warnings = state.reloader.warnings();
    let waiting = state.reloader.waiting_for_restart();
    if !waiting.is_empty() {
        let keys = waiting.join(", ");
        warnings.push(format!(
            "the config has changed, but waits for a restart: {keys}"
        ));
    }
    if let Some(store) = store {
        let on_failure = state.reloader.config().limits.hub.on_failure;
        warnings.extend(history::warnings(store, on_failure));
    }
    warnings.extend(state.accounts.warning());
    warnings.extend(state.reloader.certificates().warning());
    let files = state.daemon.open_files;
    warnings.extend(files.shortage(state.reloader.config().limits.hub.max_connections));
    let (open, max) = (ProcessFigures::read().open_files, files.now);
    if open.saturating_add(max / 10) >= max {
        warnings.push(format!("{open} of {max} open files are in use: raise LimitNOFILE=, or lower limits.max_connections"));
    }
    if let Some(failure) = state.logging.write_failure() {
        warnings.push(format!("the log loses lines: {failure}"));
    } else if state.logging.dropped_lines() > 0 {
        warnings.push(format!(
            "{} log lines were lost since the start: the disk was too slow, or full",
            state.logging.dropped_lines()
        ));
    }
    warnings
}

/// All connections, by the order in which they came.
#[utoipa::path(get, path = "/v1/who", tag = "observe", responses((status = 200, body = Who), ReadFailures))]
pub(super) async fn who(State(state): State<AdminState>) -> Result<Json<Who>, Failure> {
    let rows = state.engine.sessions().await?;
    let sessions = rows.into_iter().map(session).collect();
    Ok(Json(Who { sessions }))
}

pub(super) fn session(row: SessionRow) -> Session {
    let view = row.view;
    Session {
        session: view.session.to_string(),
        nick: view.nick.map(|nick| nick.to_string()),
        account: view.account.map(|account| account.to_string()),
        address: row.address,
        dialect: row.dialect.map(str::to_owned),
        rooms: view.rooms.iter().map(ToString::to_string).collect(),
        away: view.away.map(|text| text.to_string()),
        group_chat_off: view.deaf,
        connected_at: rfc3339(view.connected_at),
        idle_s: row.idle.as_secs(),
        queued_bytes: row.queued_bytes,
        certificate: view.certificate.map(|print| print.to_string()),
    }
}

/// All rooms, by name.
#[utoipa::path(get, path = "/v1/rooms", tag = "observe", responses((status = 200, body = Rooms), ReadFailures))]
pub(super) async fn rooms(State(state): State<AdminState>) -> Result<Json<Rooms>, Failure> {
    let rooms = state.engine.rooms().await?;
    let rooms = rooms.into_iter().map(room).collect();
    Ok(Json(Rooms { rooms }))
}

fn room(summary: RoomSummary) -> Room {
    Room {
        room: summary.room.to_string(),
        members: summary.members,
        topic: summary.topic.map(|topic| topic.to_string()),
    }
}

/// Counters since the start, and what the process uses now.
#[utoipa::path(get, path = "/v1/stats", tag = "observe", responses((status = 200, body = Stats), ReadFailures))]
pub(super) async fn stats(State(state): State<AdminState>) -> Result<Json<Stats>, Failure> {
    let engine = state.engine.stats().await?;
    let store = history::ask(&state).await;
    Ok(Json(to_wire(engine, store.as_ref(), &state)))
}

fn to_wire(engine: EngineStats, store: Option<&StoreStatus>, state: &AdminState) -> Stats {
    let owned = |counts: std::collections::BTreeMap<&'static str, u64>| {
        let named = counts.into_iter();
        named
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    };
    let (counters, written) = (engine.counters, engine.written);
    let process = ProcessFigures::read();
    Stats {
        uptime_s: state.daemon.clock.now().uptime.as_secs(),
        connections_accepted: counters.accepted,
        connections_refused: counters.refused,
        connections_open: engine.open,
        connections_ended: owned(counters.ended),
        logins: counters.logins,
        messages: counters.messages,
        deliveries: counters.deliveries,
        bytes_read: counters.bytes_read,
        bytes_written: written.bytes_written,
        writes: written.writes,
        writes_short: written.writes_short,
        turns: counters.turns,
        queued_bytes: engine.queued_bytes,
        refusals: owned(counters.refusals),
        faults: counters.faults,
        accepts_starved: counters.accepts_starved,
        history: history::counters(store, counters.questions),
        log_lines_dropped: state.logging.dropped_lines(),
        rss_bytes: process.rss_bytes,
        open_files: process.open_files,
        open_files_max: state.daemon.open_files.now,
    }
}

/// Every value in force and where it came from.
#[utoipa::path(get, path = "/v1/config", tag = "observe", responses((status = 200, body = EffectiveConfig), ReadFailures))]
pub(super) async fn config(State(state): State<AdminState>) -> Json<EffectiveConfig> {
    let keys = state.reloader.effective().into_iter().map(key).collect();
    Json(EffectiveConfig { keys })
}

fn key(key: EffectiveKey) -> ConfigKey {
    ConfigKey {
        value: key.shown().to_owned(),
        key: key.key,
        source: key.source.to_string(),
        needs_restart: key.needs_restart,
    }
}

/// The log level in force.
#[utoipa::path(get, path = "/v1/log/level", tag = "observe", responses((status = 200, body = LogLevel), ReadFailures))]
pub(super) async fn log_level(State(state): State<AdminState>) -> Json<LogLevel> {
    Json(level_in_force(&state))
}

pub(super) fn level_in_force(state: &AdminState) -> LogLevel {
    let level = state.logging.level();
    LogLevel {
        level: level.level,
        back_to: level.back_to,
        back_at: level.back_at.map(rfc3339),
    }
}

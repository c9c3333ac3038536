//! The thread that moves the write-ahead log into the database, so that no commit has to. It gives way:
//! a passive checkpoint stops nobody. Only when the log has outgrown its bound does it ask the writer to stop for
//! a moment, move the little that came in meanwhile, and begin the log anew.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::connection;
use super::shared::Shared;

/// Pages in the log above which the writer is asked to begin it anew: 64 MiB.
const WAL_PAGES_MAX: u32 = 16 * 1024;

/// Pages that are moved without being asked for more: 4 MiB.
const WAL_PAGES_SOON: u32 = 1_000;

/// How long nothing is tried after it failed, or while the writer does it.
const REST: Duration = Duration::from_secs(1);

/// Runs until the bell is closed.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut connection = None;
    while shared.checkpoint.wait(None) {
        if shared.gauges.wal_pages.load(Ordering::Relaxed) < WAL_PAGES_SOON {
            continue;
        }
        if checkpoint(&mut connection, shared).is_err() {
            connection = None;
            if !shared.checkpoint.pause(REST) {
                return;
            }
        }
        if shared.gauges.wal_pages.load(Ordering::Relaxed) > WAL_PAGES_MAX {
            // Only the writer can make the log begin anew while it never rests, and only while nobody else is
            // at it.
            shared.gauges.restart_wal.store(true, Ordering::Relaxed);
            if !shared.checkpoint.pause(REST) {
                return;
            }
        }
    }
}

fn checkpoint(connection: &mut Option<Connection>, shared: &Shared) -> rusqlite::Result<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(connection::checkpointer(&shared.files.database)?),
    };
    connection.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)?;
    Ok(())
}

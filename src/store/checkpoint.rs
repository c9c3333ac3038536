//! The thread that moves the write-ahead log into the database, so that no commit has to. It gives way:
//! a passive checkpoint stops nobody. Only when the log has outgrown its bound does it ask the writer to stop for
//! a moment, move the little that came in meanwhile, and begin the log anew.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::clock;
use super::connection;
use super::lock::beside;
use super::options::Durability;
use super::shared::Shared;

/// Pages in the log above which the writer is asked to begin it anew, once a second at most: 64 MiB.
const WAL_PAGES_MAX: u32 = 16 * 1024;

/// Pages that are moved without being asked for more: 4 MiB.
const WAL_PAGES_SOON: u32 = 1_000;

/// How long nothing is tried after it failed, and how old a commit becomes that need not be on the disk.
const REST: Duration = Duration::from_secs(1);

/// Runs until the bell is closed.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut connection = None;
    let mut next_restart = clock::now();
    while shared.checkpoint.wait(None) {
        if shared.gauges.wal_pages.load(Ordering::Relaxed) < WAL_PAGES_SOON {
            if shared.settings().durability == Durability::Relaxed {
                // What was reported as kept is on the disk a second later, all of that second at once. A
                // checkpoint begins with the same.
                if !shared.checkpoint.pause(REST) {
                    return;
                }
                synchronise(&shared.files.database);
            }
            continue;
        }
        if checkpoint(&mut connection, shared).is_err() {
            connection = None;
            if !shared.checkpoint.pause(REST) {
                return;
            }
        }
        let now = clock::now();
        let pages = shared.gauges.wal_pages.load(Ordering::Relaxed);
        if pages > WAL_PAGES_MAX && now >= next_restart {
            // Only the writer can make the log begin anew while it never rests.
            next_restart = now + REST;
            shared.gauges.restart_log.store(true, Ordering::Relaxed);
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

/// Waits until the log is on the disk. Its own descriptor harms nobody: SQLite has no lock on this file.
fn synchronise(database: &Path) {
    if let Ok(log) = std::fs::File::open(beside(database, "-wal")) {
        let _ = log.sync_data(); // the writer meets the same disk, and tells of it
    }
}

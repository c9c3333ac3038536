//! The writer's side of `history.db`: one connection, what is remembered beside it, and transactions that
//! are either kept whole or undone whole. Everything that changes the database goes through here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::hub::history::Record;
use crate::hub::id::MessageId;

use super::batch;
use super::connection;
use super::ids::{from_sql, to_sql};
use super::names::Names;

/// Size of the write with which the disk is tried, in bytes: more than a nearly full disk that still takes
/// single messages would have left over.
const PROBE_BYTES: u32 = 32 * 1024;

/// How long the writer waits for readers before it lets the log grow on.
const RESTART_WAIT: Duration = Duration::from_millis(50);

/// The database as the writer has it.
#[derive(Debug)]
pub(super) struct Ledger {
    connection: Connection,
    names: Names,
    resends: batch::Resends,
    /// Whether a commit waits for the disk; nothing before the first.
    waits_for_disk: Option<bool>,
}

/// What a test turns to fill a disk, and what the checkpoints look at.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    /// Pages in the write-ahead log after the last commit.
    pub(super) wal_pages: AtomicU32,
    /// The write-ahead log shall begin anew after the next commit.
    pub(super) restart_wal: AtomicBool,
    /// Most pages of the database; 0 for SQLite's own bound.
    pub(super) pages_max: AtomicU32,
}

impl Ledger {
    /// Opens the database, which must exist.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub(super) fn open(path: &Path, gauges: &Arc<Gauges>) -> rusqlite::Result<Self> {
        let mut connection = connection::writer(path)?;
        let measured = Arc::clone(gauges);
        connection.wal_hook(Some(move |_: &mut _, pages: i32| {
            measured
                .wal_pages
                .store(pages.cast_unsigned(), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            connection,
            names: Names::default(),
            resends: batch::Resends::default(),
            waits_for_disk: None,
        })
    }

    /// Takes over all of `records`, which the commit log has; says how many messages were added. It is on the
    /// disk with the next change that waits for it.
    ///
    /// # Errors
    /// [`Undone`]: none of them was taken over, as far as this connection knows.
    pub(super) fn keep(&mut self, records: &[Record]) -> Result<u64, Undone> {
        self.wait_for_disk(false)?;
        let Self {
            connection,
            names,
            resends,
            ..
        } = self;
        transact(connection, names, |transaction, names| {
            batch::write(transaction, names, resends, records)
        })
    }

    /// Does something in one transaction, and waits until it is on the disk with all that came before it.
    ///
    /// # Errors
    /// [`Undone`].
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>, &mut Names) -> rusqlite::Result<T>,
    ) -> Result<T, Undone> {
        self.wait_for_disk(true)?;
        transact(&mut self.connection, &mut self.names, change)
    }

    /// Whether the next transactions wait for the disk.
    fn wait_for_disk(&mut self, waits: bool) -> rusqlite::Result<()> {
        if self.waits_for_disk != Some(waits) {
            let synchronous = if waits { "FULL" } else { "NORMAL" };
            self.connection
                .pragma_update(None, "synchronous", synchronous)?;
            self.waits_for_disk = Some(waits);
        }
        Ok(())
    }

    /// The newest record that was taken over, and the tag of the log from which more may come.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub(super) fn progress(&self) -> rusqlite::Result<(MessageId, u64)> {
        progress(&self.connection)
    }

    /// Says which log belongs to the database from now on, and waits for the disk; the newest record that
    /// was taken over.
    ///
    /// # Errors
    /// [`Undone`].
    pub(super) fn begin_log(&mut self, tag: u64) -> Result<MessageId, Undone> {
        self.change(|transaction, _| {
            transaction.execute("UPDATE state SET log_tag = ?1", [tag.cast_signed()])?;
            Ok(progress(transaction)?.0)
        })
    }

    /// Raises the ceiling, or sets it exactly when the store is closed in order. With that, everything that was
    /// taken over is on the disk, also where the ceiling is the same as before.
    ///
    /// # Errors
    /// [`Undone`].
    pub(super) fn set_ceiling(&mut self, ceiling: MessageId) -> Result<(), Undone> {
        self.change(|transaction, _| {
            // A transaction that changes no byte waits for nothing.
            transaction.execute(
                "UPDATE state SET ceiling = ?1, barrier = barrier + 1",
                [to_sql(ceiling)],
            )?;
            Ok(())
        })
    }

    /// Writes a little, to know whether the disk takes it.
    ///
    /// # Errors
    /// [`Undone`]: it does not.
    pub(super) fn probe(&mut self) -> Result<(), Undone> {
        for probe in [
            "UPDATE state SET probe = zeroblob(?1)",
            "UPDATE state SET probe = NULL WHERE ?1",
        ] {
            self.change(|transaction, _| transaction.execute(probe, params![PROBE_BYTES]))?;
        }
        Ok(())
    }

    /// For reading within the writer's own steps.
    pub(super) fn reading(&self) -> &Connection {
        &self.connection
    }

    /// Bounds the database's size, for a test that fills the disk.
    pub(super) fn bound_pages(&self, gauges: &Gauges) -> rusqlite::Result<()> {
        let pages = match gauges.pages_max.load(Ordering::Relaxed) {
            0 => u32::MAX - 1,
            pages => pages,
        };
        self.connection.pragma_update(None, "max_page_count", pages)
    }

    /// Moves the rest of the write-ahead log into the database, so that the next commit begins it anew. Gives up soon: who
    /// reads for long, as a backup does, keeps it from that.
    pub(super) fn restart_wal(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(RESTART_WAIT)?;
        let restarted = self
            .connection
            .wal_checkpoint_v2(None::<&str>, CheckpointMode::RESTART);
        self.connection.busy_timeout(connection::BUSY)?;
        restarted.map(|_| ())
    }

    /// Moves the whole write-ahead log into the database.
    pub(super) fn finish(self) {
        // What cannot be moved now is moved at the next start.
        let _ = self
            .connection
            .wal_checkpoint_v2(None::<&str>, CheckpointMode::TRUNCATE);
    }
}

/// What a database says of the commit log: see [`Ledger::progress`].
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn progress(db: &Connection) -> rusqlite::Result<(MessageId, u64)> {
    db.query_row("SELECT applied, log_tag FROM state", [], |row| {
        Ok((from_sql(row.get(0)?), row.get::<_, i64>(1)?.cast_unsigned()))
    })
}

fn transact<T>(
    connection: &mut Connection,
    names: &mut Names,
    change: impl FnOnce(&Transaction<'_>, &mut Names) -> rusqlite::Result<T>,
) -> Result<T, Undone> {
    let done = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .and_then(|transaction| {
            let value = change(&transaction, names)?;
            transaction.commit()?;
            Ok(value)
        });
    done.map_err(|source| {
        // Rows that were made in the transaction are gone with it.
        names.forget();
        Undone(source)
    })
}

/// A transaction that failed, and was undone.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Undone(#[from] pub(super) rusqlite::Error);

/// Where the database is, for those who open it again.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) database: PathBuf,
    pub(super) search: PathBuf,
}

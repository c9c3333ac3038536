//! A time limit for reading: a statement that is still at work when it has passed is interrupted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rusqlite::Connection;

use super::clock;

/// Steps of SQLite's machine between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 4_000;

/// A limit that some connections share; moved from question to question.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    begun: Instant,
    /// Microseconds after `begun`.
    at_us: Arc<AtomicU64>,
}

impl Deadline {
    /// One that never passes.
    pub(super) fn never() -> Self {
        Self {
            begun: clock::now(),
            at_us: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }

    pub(super) fn set(&self, at: Instant) {
        self.at_us.store(self.us(at), Ordering::Relaxed);
    }

    pub(super) fn has_passed(&self) -> bool {
        self.us(clock::now()) >= self.at_us.load(Ordering::Relaxed)
    }

    /// Holds a connection to it.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub(super) fn bind(&self, connection: &mut Connection) -> rusqlite::Result<()> {
        let limit = self.clone();
        connection.progress_handler(STEPS, Some(move || limit.has_passed()))
    }

    fn us(&self, at: Instant) -> u64 {
        let us = at.saturating_duration_since(self.begun).as_micros();
        u64::try_from(us).unwrap_or(u64::MAX)
    }
}

//! The end of the log: what is queued is written out, when the daemon ends and when it panics.

use std::sync::{Arc, Mutex, PoisonError};

use tracing_appender::non_blocking::WorkerGuard;

use super::LIFE;

/// Writes out what is queued when it is dropped, for at most about a second.
#[derive(Debug)]
#[must_use = "dropping it ends the log"]
pub struct Guard {
    /// Emptied by a panic, which writes out what is queued before it ends the process.
    worker: Arc<Mutex<Option<WorkerGuard>>>,
}

impl Guard {
    pub(super) fn new(worker: WorkerGuard) -> Self {
        Self {
            worker: Arc::new(Mutex::new(Some(worker))),
        }
    }

    /// A panic is a bug and ends the daemon, in whichever task it happened: tokio would catch it,
    /// and what the task left half done would be served on. The log says where it was. What the
    /// panic says may hold anything, so it goes to stderr only, by the hook that was there before.
    pub(super) fn end_process_at_panics(&self) {
        let worker = Arc::clone(&self.worker);
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let at = panic.location().map(ToString::to_string);
            tracing::error!(target: LIFE, at, "a bug: the daemon panicked");
            before(panic);
            write_out(&worker);
            std::process::abort(); // not exit: a core dump tells more, and systemd starts us again
        }));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        write_out(&self.worker);
    }
}

fn write_out(worker: &Mutex<Option<WorkerGuard>>) {
    drop(worker.lock().unwrap_or_else(PoisonError::into_inner).take());
}

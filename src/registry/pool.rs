//! The threads that hash passwords: so many at a time, because each takes memory and a core for as long as
//! the config says, and so many that may wait. They know no account.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::error::Full;
use super::guard::AbortOnPanic;

type Job = Box<dyn FnOnce() + Send>;

/// The threads and what waits for them. Dropping it ends them; what waits is still done.
pub(super) struct Pool {
    /// `None` once it is being dropped.
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// # Errors
    /// The system's, when it gives no thread.
    pub(super) fn start(threads: usize, waiting_max: usize) -> io::Result<Self> {
        let (jobs, taken) = sync_channel::<Job>(waiting_max);
        let taken = Arc::new(Mutex::new(taken));
        let start = |_| {
            let taken = Arc::clone(&taken);
            thread::Builder::new()
                .name("registry-hash".to_owned())
                .spawn(move || {
                    let guard = AbortOnPanic;
                    while let Some(job) = next(&taken) {
                        job();
                    }
                    drop(guard);
                })
        };
        Ok(Self {
            threads: (0..threads).map(start).collect::<io::Result<_>>()?,
            jobs: Some(jobs),
        })
    }

    /// Has a job done; never waits.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let jobs = self.jobs.as_ref().ok_or(Full)?;
        jobs.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Full,
        })
    }
}

fn next(jobs: &Mutex<Receiver<Job>>) -> Option<Job> {
    let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
    jobs.recv().ok()
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join(); // it cannot have panicked: the process would be gone
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let threads = self.threads.len();
        f.debug_struct("Pool").field("threads", &threads).finish()
    }
}

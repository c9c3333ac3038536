//! The threads that hash passwords: so many at a time, because each takes memory and a core for as long as
//! the config says, and so many that may wait. Operators have places of their own and come first, so that
//! no flood of logins keeps them from setting a password. The threads know no account.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::error::Full;
use super::guard::AbortOnPanic;

type Job = Box<dyn FnOnce() + Send>;

/// Jobs of operators that may wait.
pub(super) const OPERATORS_MAX: usize = 8;

/// The threads and what waits for them. Dropping it ends them; what waits is still done.
pub(super) struct Pool {
    shared: Arc<Shared>,
    waiting_max: usize,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    has_work: Condvar,
}

#[derive(Default)]
struct Queue {
    operators: VecDeque<Job>,
    others: VecDeque<Job>,
    is_closed: bool,
}

impl Pool {
    /// # Errors
    /// The system's, when it gives no thread.
    pub(super) fn start(threads: usize, waiting_max: usize) -> io::Result<Self> {
        let mut pool = Self {
            shared: Arc::default(),
            waiting_max,
            threads: Vec::with_capacity(threads),
        };
        for _ in 0..threads {
            let shared = Arc::clone(&pool.shared);
            let thread = thread::Builder::new().name("registry-hash".to_owned());
            pool.threads.push(thread.spawn(move || {
                let guard = AbortOnPanic;
                while let Some(job) = shared.next() {
                    job();
                }
                drop(guard);
            })?);
        }
        Ok(pool)
    }

    /// Has a job done; never waits.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let mut queue = self.shared.lock();
        let full = queue.others.len() >= self.waiting_max;
        self.push(&mut queue.others, full, Box::new(job))
    }

    /// Has a job of an operator done, before all others; never waits.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn run_first(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let mut queue = self.shared.lock();
        let full = queue.operators.len() >= OPERATORS_MAX;
        self.push(&mut queue.operators, full, Box::new(job))
    }

    fn push(&self, queue: &mut VecDeque<Job>, is_full: bool, job: Job) -> Result<(), Full> {
        if is_full {
            return Err(Full);
        }
        queue.push_back(job);
        self.shared.has_work.notify_one();
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` once there will be none.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        loop {
            let job = queue.operators.pop_front();
            if let Some(job) = job.or_else(|| queue.others.pop_front()) {
                return Some(job);
            }
            if queue.is_closed {
                return None;
            }
            let waited = self.has_work.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.has_work.notify_all();
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn an_operator_has_a_place_when_all_are_taken_and_comes_first() {
        let pool = Pool::start(1, 2).unwrap();
        let (started, has_started) = sync_channel(1);
        let (release, released) = sync_channel::<()>(0);
        pool.run(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        })
        .unwrap();
        has_started.recv().unwrap();
        let (done, order) = sync_channel(OPERATORS_MAX + 2);
        let job = |who| {
            let done = done.clone();
            move || done.send(who).unwrap()
        };
        pool.run(job("a login")).unwrap();
        pool.run(job("another")).unwrap();
        assert_eq!(pool.run(job("one too many")), Err(Full));
        for _ in 0..OPERATORS_MAX {
            pool.run_first(job("an operator")).unwrap();
        }
        assert_eq!(pool.run_first(job("one too many")), Err(Full));
        drop((release, pool, done));
        let order: Vec<_> = order.iter().collect();
        assert_eq!(order[..OPERATORS_MAX], ["an operator"; OPERATORS_MAX]);
        assert_eq!(order[OPERATORS_MAX..], ["a login", "another"]);
    }
}

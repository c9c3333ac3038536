//! The store's threads: started together, ended one after the other in the order in which they need each
//! other. One that panics takes the process with it: without it, promises would be kept by nobody.

use std::fs;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::commit_log::{self, CommitLog, Committer};
use super::error::OpenError;
use super::shared::Shared;
use super::writer::Writer;
use super::{checkpoint, readers, search, watch};

/// All of them.
#[derive(Debug)]
pub(super) struct Threads {
    committer: JoinHandle<()>,
    writer: JoinHandle<bool>,
    readers: Vec<JoinHandle<()>>,
    index: JoinHandle<()>,
    checkpointer: JoinHandle<()>,
    watch: JoinHandle<()>,
}

impl Threads {
    /// Starts them.
    ///
    /// # Errors
    /// [`OpenError::Thread`]; those that were started end when what they share is closed.
    pub(super) fn start(
        shared: &Arc<Shared>,
        log: Option<CommitLog>,
        writer: Writer,
        readers: usize,
    ) -> Result<Self, OpenError> {
        let start = |name: &str, run: fn(&Arc<Shared>)| {
            let shared = Arc::clone(shared);
            spawn(name, move || run(&shared))
        };
        // The first reader, unless it is the only one, is for those who want a page.
        let run_all: fn(&Arc<Shared>) = |shared| readers::run(shared, true);
        let run_pages: fn(&Arc<Shared>) = |shared| readers::run(shared, false);
        let readers = (0..readers.max(1))
            .map(|number| {
                let is_for_pages = number == 0 && readers > 1;
                start(
                    "store-reader",
                    if is_for_pages { run_pages } else { run_all },
                )
            })
            .collect::<Result<_, _>>()?;
        let index = {
            let shared = Arc::clone(shared);
            spawn("store-index", move || {
                yield_to_others(INDEX_NICE);
                search::run(&shared);
            })?
        };
        let checkpointer = start("store-check", checkpoint::run)?;
        let watch = start("store-watch", watch::run)?;
        let committer = Committer::new(Arc::clone(shared), log);
        Ok(Self {
            committer: spawn("store-commit", move || committer.run())?,
            writer: spawn("store-writer", move || {
                yield_to_others(WRITER_NICE);
                writer.run()
            })?,
            readers,
            index,
            checkpointer,
            watch,
        })
    }

    /// Ends them. Committer and writer are the first, so that what they kept can still be asked for; while a
    /// disk hangs, so does this.
    pub(super) fn end(self, shared: &Shared) {
        shared.inbox.close();
        join(self.committer);
        shared.backlog.close();
        let is_log_needed = !join(self.writer);
        shared.questions.close();
        self.readers.into_iter().for_each(join);
        shared.index.close();
        join(self.index);
        shared.checkpoint.close();
        join(self.checkpointer);
        shared.watch.close();
        join(self.watch);
        if !is_log_needed {
            // The next start would find nothing new in it, and what was deleted is not to be found there.
            let _ = fs::remove_file(commit_log::path_of(&shared.files.database));
        }
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, OpenError> {
    let started: io::Result<_> = thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let guard = AbortOnPanic;
            let result = run();
            drop(guard);
            result
        });
    started.map_err(OpenError::Thread)
}

/// Makes the calling thread a nice one: on a core that it shares, it waits for those who answer people.
fn yield_to_others(niceness: i32) {
    let _ = rustix::process::setpriority_process(None, niceness); // nothing depends on it but speed
}

/// The index may fall behind for as long as others have to work: it only finds the newest later.
const INDEX_NICE: i32 = 10;

/// The writer may not: what waits for it fills the inbox, and then nothing more may be said. So on a core that
/// never rests it needs a share of the time that suffices for all that the others commit there, and this
/// leaves it a quarter.
const WRITER_NICE: i32 = 4;

/// SQLite and its search need some tens of KiB.
const STACK_BYTES: usize = 512 * 1024;

fn join<T>(thread: JoinHandle<T>) -> T {
    thread
        .join()
        .expect("a panic in it would have ended the process")
}

/// Ends the process when it is dropped by a panic.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

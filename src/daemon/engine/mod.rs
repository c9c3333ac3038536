//! The engine: the one task that owns the hub and every outbox. Connections hand it the bytes that
//! they read, it hands them to the protocol, the commands to the hub, and carries out what the hub
//! puts out. It knows protocols only through their door, and sockets only as halves to write to.
//!
//! **Turns.** While connections read, lines only pile up in their rooms' buffers ([`room`]). Then the
//! engine's own loop runs: it seals the rooms (each member's outbox gets the same slice) and writes
//! each outbox with one system call. So a line costs a system call per listener only when it comes
//! alone; under load hundreds share one. Flushing goes in slices, with new input read in between, and
//! what is for one peer alone overtakes what is for a whole room.
//!
//! Everything runs on one thread: [`Engine`] is a `RefCell` that is never borrowed across an `await`.

mod answer;
mod connection;
mod core;
mod dispatch;
mod flush;
pub mod handle;
mod outbox;
mod room;
mod serve;

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::spawn_local;
use tokio::time::{Instant, Sleep, sleep_until};

use self::core::Core;
use self::handle::Question;
use self::serve::ConnectionTask;
use super::clock::Clock;
use super::transport::Socket;
use crate::config::{Config, Protocol};

/// The engine, shared between its loop, the listeners and the connections of one thread.
#[derive(Debug)]
pub struct Engine {
    core: RefCell<Core>,
    /// Told when there is something to flush.
    work: Rc<Notify>,
}

impl Engine {
    /// An engine with an empty hub.
    #[must_use]
    pub fn new(clock: Clock, config: Arc<Config>) -> Rc<Self> {
        let work = Rc::new(Notify::new());
        let core = RefCell::new(Core::new(clock, config, Rc::clone(&work)));
        Rc::new(Self { core, work })
    }

    /// Serves a connection that a listener accepted, or sends it away with a line that says why.
    pub fn serve(self: &Rc<Self>, socket: Socket, speaks: Protocol) {
        let admitted = self.core().admit(socket, speaks);
        if let Some((session, read)) = admitted {
            // The loop waits for its end when it drains.
            spawn_local(ConnectionTask::new(Rc::clone(self), session, read));
        }
    }

    /// Notes that accepting found no file descriptor left.
    pub fn note_starved(&self) {
        self.core().counters.accepts_starved += 1;
    }

    /// The state, for the length of one call; never across an `await`.
    fn core(&self) -> RefMut<'_, Core> {
        self.core.borrow_mut()
    }

    /// The loop. Ends when the hub was told to shut down and the last connection has gone, or when
    /// all handles are gone.
    pub async fn run(&self, mut questions: mpsc::Receiver<Question>) {
        let mut timer = Box::pin(sleep_until(Instant::now()));
        while !self.core().is_drained() {
            self.arm(&mut timer);
            tokio::select! {
                // In this order, because under load there is always something to flush.
                biased;
                () = &mut timer => self.core().tick(),
                question = questions.recv() => match question {
                    Some(question) => self.core().answer(question),
                    None => break,
                },
                () = self.work.notified() => self.flush().await,
            }
        }
    }

    /// Flushes one slice, and lets the connections read before the next.
    async fn flush(&self) {
        if self.core().flush_slice() {
            self.work.notify_one();
            tokio::task::yield_now().await;
        }
    }

    /// Sets the timer for the hub's next deadline.
    fn arm(&self, timer: &mut std::pin::Pin<Box<Sleep>>) {
        let deadline = self.core().next_deadline();
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
    }
}

//! The engine: the one task that owns the hub. It takes the bytes that the shards have read, hands
//! them to the protocol, the commands to the hub, and carries out what the hub puts out. It knows
//! protocols only through their door, and sockets only by their slots.
//!
//! **Turns.** What has come is taken in, and lines pile up in their rooms' buffers ([`room`]). Then
//! the rooms are sealed (all members get the same slice) and each peer is written to with one system
//! call. So a line costs a system call per listener only when it comes alone; under load hundreds
//! share one. Flushing goes in slices, with new input taken in in between, and what is for one peer
//! alone overtakes what is for a whole room.
//!
//! Everything runs on one thread: [`Engine`] is a `RefCell` that is never borrowed across an `await`.
//! With `[server] io_threads` above 1 the sockets move to threads of their own ([`shards`]); what is
//! said, to whom and in which order is still decided here.

mod accounts;
mod answer;
mod audit;
mod closing;
mod connection;
mod core;
mod deeds;
mod dispatch;
pub mod handle;
mod handshakes;
mod history;
mod intake;
mod log_pace;
mod renamed;
mod room;
mod seal;
mod shards;
mod side;
mod telling;

use std::cell::{RefCell, RefMut};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until};

use self::accounts::Accounts;
pub use self::accounts::open_registry;
use self::core::Core;
use self::handle::Question;
use self::history::History;
pub use self::history::open_store;
use super::clock::Clock;
use super::transport::{Peer, Socket};
use crate::config::{Config, Protocol};
use crate::hub::history::Restored;
use crate::hub::input::{Input, QuitReason};
use crate::hub::name::Nick;
use crate::registry::{Known, Registry};
use crate::store::Store;
use crate::tls::Acceptor;

/// The engine, shared between its loop and the listeners of one thread.
#[derive(Debug)]
pub struct Engine {
    core: RefCell<Core>,
    /// Notified when there may be something to do.
    work: Arc<Notify>,
}

impl Engine {
    /// An engine whose hub knows what was kept, who has an account, and what is set about rooms. `work` is what the store and the
    /// registry notify when they have news.
    ///
    /// # Errors
    /// The system's: no descriptor, memory or thread is left for the sockets.
    pub fn new(
        clock: Clock,
        config: Arc<Config>,
        work: Arc<Notify>,
        store: Option<(Store, Restored)>,
        (registry, known): (Registry, Known),
    ) -> io::Result<Rc<Self>> {
        let (store, restored) = store.unzip();
        let history = History::new(store, &config.history);
        let accounts = Accounts::new(registry);
        let mut core = Core::new(clock, config, Arc::clone(&work), history, accounts)?;
        core.tell_hub(Input::CloakKey(known.cloak_key));
        core.tell_hub(Input::Held(known.held));
        core.tell_hub(Input::Chartered {
            charters: known.charters,
            rules: known.rules,
        });
        if let Some(restored) = restored {
            core.restore(restored);
        }
        let core = RefCell::new(core);
        Ok(Rc::new(Self { core, work }))
    }

    /// Serves a connection that a listener accepted, or sends it away with a line that says why. With
    /// `tls` it has to agree on that first; `user` is the system user who the listener vouches that it is.
    pub fn serve(
        &self,
        socket: Socket,
        peer: Peer,
        speaks: Protocol,
        tls: Option<&Acceptor>,
        user: Option<Nick>,
    ) {
        self.core().admit(socket, peer, speaks, tls, user);
    }

    /// Notes that accepting found no file descriptor left.
    pub fn note_starved(&self) {
        self.core().counters.accepts_starved += 1;
    }

    /// What a connection hears that cannot be served, in what is spoken there.
    pub fn words_when_full(&self, speaks: Protocol) -> Vec<u8> {
        let mut words = Vec::new();
        let session = core::new_session(speaks, false);
        session.render_close(&self.core().facts, &QuitReason::ServerFull, &mut words);
        words
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
            let has_deadline = self.arm(&mut timer);
            tokio::select! {
                // In this order, because under load there is always something to flush.
                biased;
                () = &mut timer, if has_deadline => self.core().tick(),
                question = questions.recv() => match question {
                    Some(question) => self.core().answer(question),
                    None => break,
                },
                () = self.work.notified() => {}
                () = poll_fn(|cx| self.core().shards.poll_news(cx)) => {}
            }
            if self.core().turn() {
                self.work.notify_one();
                yield_now().await; // listeners and the admin API have their turn, too
            }
        }
    }

    /// Sets the timer for the next deadline, if there is one.
    fn arm(&self, timer: &mut Pin<Box<Sleep>>) -> bool {
        let Some(deadline) = self.core().next_deadline() else {
            return false;
        };
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        true
    }
}

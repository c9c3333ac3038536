//! A shard on a thread of its own. Owner and thread meet in one place, [`Exchange`], which they lock
//! for no longer than it takes to swap lists: the owner leaves a batch of orders per turn, the thread
//! leaves reports. Whoever sleeps is woken; whoever is busy finds by itself what was left for it.

use std::io;
use std::mem;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use tokio::sync::{Notify, oneshot};

use super::{Bounds, Finish, Reports, Shard, Share, Tally};
use crate::daemon::clock::Clock;
use crate::daemon::transport::{Socket, Tls};

/// The owner's end. Its methods are those of a [`Shard`], carried out by the thread after the next
/// [`Self::hand_over`], in order.
#[derive(Debug)]
pub struct ShardThread {
    meeting: Arc<Meeting>,
    thread: Option<JoinHandle<()>>,
    batch: Batch,
}

/// What the owner has for the thread in one turn.
#[derive(Debug, Default)]
struct Batch {
    orders: Vec<Order>,
    /// The bytes that orders are about.
    bytes: Vec<u8>,
    shares: bool,
}

/// One call of a [`Shard`]'s method.
#[derive(Debug)]
enum Order {
    Serve(u32, Socket, Option<Box<Tls>>),
    Pace(u32, Duration),
    Send(u32, Range<usize>),
    SendLast(u32, Range<usize>),
    Hold(u32),
    Release(u32, Range<usize>),
    Share(Share, Vec<u32>),
    Finish(u32, Range<usize>, Finish),
    SetBounds(Bounds),
    Queues(oneshot::Sender<Vec<(u32, usize)>>),
}

#[derive(Debug)]
struct Meeting {
    exchange: Mutex<Exchange>,
    /// Readable once a sleeping thread is to look at the exchange.
    bell: OwnedFd,
}

#[derive(Debug, Default)]
struct Exchange {
    batches: Vec<Batch>,
    reports: Option<Reports>,
    /// A buffer on its way back to the thread.
    spare: Option<Reports>,
    tally: Tally,
    /// The thread sleeps until there is a batch,
    is_asleep: bool,
    /// or until its reports have been taken: it has no room for more.
    is_full: bool,
    /// Something shared is still on its way.
    is_flushing: bool,
    /// The owner waits for that to be over.
    is_awaited: bool,
    is_stopping: bool,
}

impl ShardThread {
    /// Starts the thread. `owner` is notified when there is something to take.
    ///
    /// # Errors
    /// The system's: no descriptor, memory or thread is left.
    pub fn start(bounds: Bounds, clock: Clock, owner: Arc<Notify>) -> io::Result<Self> {
        let meeting = Arc::new(Meeting {
            exchange: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        });
        let worker = Worker {
            shard: Shard::new(bounds)?,
            reports: Reports::new(bounds.read_bytes),
            read_bytes: bounds.read_bytes,
            meeting: Arc::clone(&meeting),
            owner,
            clock,
        };
        let thread = thread::Builder::new()
            .name("shard".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            meeting,
            thread: Some(thread),
            batch: Batch::default(),
        })
    }

    /// See [`Shard::serve`].
    pub fn serve(&mut self, slot: u32, socket: Socket, tls: Option<Box<Tls>>) {
        self.batch.orders.push(Order::Serve(slot, socket, tls));
    }

    /// See [`Shard::pace`].
    pub fn pace(&mut self, slot: u32, pause: Duration) {
        self.batch.orders.push(Order::Pace(slot, pause));
    }

    /// See [`Shard::send`].
    pub fn send(&mut self, slot: u32, bytes: &[u8]) {
        let bytes = self.batch.hold(bytes);
        self.batch.orders.push(Order::Send(slot, bytes));
    }

    /// See [`Shard::send_last`].
    pub fn send_last(&mut self, slot: u32, bytes: &[u8]) {
        let bytes = self.batch.hold(bytes);
        self.batch.orders.push(Order::SendLast(slot, bytes));
    }

    /// See [`Shard::hold`].
    pub fn hold(&mut self, slot: u32) {
        self.batch.orders.push(Order::Hold(slot));
    }

    /// See [`Shard::release`].
    pub fn release(&mut self, slot: u32, ahead: &[u8]) {
        let ahead = self.batch.hold(ahead);
        self.batch.orders.push(Order::Release(slot, ahead));
    }

    /// See [`Shard::share`].
    pub fn share(&mut self, share: Share, slots: Vec<u32>) {
        self.batch.shares = true;
        self.batch.orders.push(Order::Share(share, slots));
    }

    /// See [`Shard::finish`].
    pub fn finish(&mut self, slot: u32, last_words: &[u8], how: Finish) {
        let last_words = self.batch.hold(last_words);
        self.batch.orders.push(Order::Finish(slot, last_words, how));
    }

    /// See [`Shard::set_bounds`].
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.batch.orders.push(Order::SetBounds(bounds));
    }

    /// Slot and queued bytes of each connection with something queued.
    pub fn queues(&mut self) -> oneshot::Receiver<Vec<(u32, usize)>> {
        let (answer, answered) = oneshot::channel();
        self.batch.orders.push(Order::Queues(answer));
        answered
    }

    /// Gives the thread what has gathered.
    pub fn hand_over(&mut self) {
        if self.batch.orders.is_empty() {
            return;
        }
        let batch = mem::take(&mut self.batch);
        let mut exchange = self.meeting.lock();
        exchange.is_flushing |= batch.shares;
        exchange.batches.push(batch);
        if mem::replace(&mut exchange.is_asleep, false) {
            drop(exchange);
            self.meeting.ring();
        }
    }

    /// Takes what has happened, if anything has; `reports` must have been emptied, and goes back to
    /// the thread.
    ///
    /// # Panics
    /// When the thread has: it does not end before it is told to.
    pub fn take_reports(&mut self, reports: &mut Reports) {
        let is_alive = self.thread.as_ref().is_some_and(|it| !it.is_finished());
        assert!(is_alive, "a shard's thread has ended by itself");
        let mut exchange = self.meeting.lock();
        let Some(taken) = exchange.reports.take() else {
            return;
        };
        exchange.spare = Some(mem::replace(reports, taken));
        if mem::replace(&mut exchange.is_full, false) {
            drop(exchange);
            self.meeting.ring();
        }
    }

    /// Whether something shared is still on its way, or so much has been handed over that it had
    /// better be taken first.
    #[must_use]
    pub fn is_flushing(&self) -> bool {
        self.meeting.lock().is_busy()
    }

    /// As [`Self::is_flushing`]; if so, the owner is notified when it is not any more.
    pub fn await_flush(&self) -> bool {
        let mut exchange = self.meeting.lock();
        exchange.is_awaited = exchange.is_busy();
        exchange.is_awaited
    }

    /// As of the thread's last turn.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.meeting.lock().tally
    }
}

/// Ends the thread and waits for it; what is still queued is lost.
impl Drop for ShardThread {
    fn drop(&mut self) {
        self.meeting.lock().is_stopping = true;
        self.meeting.ring();
        if let Some(thread) = self.thread.take() {
            thread.join().ok(); // a panic has been reported where it happened
        }
    }
}

impl Exchange {
    fn is_busy(&self) -> bool {
        self.is_flushing || self.batches.len() >= BATCHES_MAX
    }
}

impl Batch {
    fn hold(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    fn carry_out(self, shard: &mut Shard) {
        for order in self.orders {
            match order {
                Order::Serve(slot, socket, tls) => shard.serve(slot, socket, tls),
                Order::Pace(slot, pause) => shard.pace(slot, pause),
                Order::Send(slot, bytes) => shard.send(slot, &self.bytes[bytes]),
                Order::SendLast(slot, bytes) => shard.send_last(slot, &self.bytes[bytes]),
                Order::Hold(slot) => shard.hold(slot),
                Order::Release(slot, ahead) => shard.release(slot, &self.bytes[ahead]),
                Order::Share(share, slots) => shard.share(share, slots),
                Order::Finish(slot, words, how) => shard.finish(slot, &self.bytes[words], how),
                Order::SetBounds(bounds) => shard.set_bounds(bounds),
                // Whoever asked may have gone away meanwhile.
                Order::Queues(answer) => drop(answer.send(shard.queues().collect())),
            }
        }
    }
}

impl Meeting {
    /// Who panicked while swapping lists has left them whole.
    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        // It fails only when it has been rung 2^64 times without being heard.
        rustix::io::write(&self.bell, &1_u64.to_ne_bytes()).ok();
    }

    fn silence(&self) {
        rustix::io::read(&self.bell, &mut [0; 8]).ok(); // it may not have been rung
    }
}

/// The thread's end.
struct Worker {
    shard: Shard,
    reports: Reports,
    read_bytes: usize,
    meeting: Arc<Meeting>,
    owner: Arc<Notify>,
    clock: Clock,
}

/// What a thread does after it has met its owner.
enum Next {
    Work,
    Sleep,
    Stop,
}

impl Worker {
    fn run(mut self) {
        let on_end = NotifyAtEnd(Arc::clone(&self.owner));
        let mut batches = Vec::new();
        loop {
            if self.reports.is_empty() {
                let now = self.clock.now().uptime;
                self.reports.begin();
                self.shard.poll(now, &mut self.reports);
                self.shard.settle(now, &mut self.reports);
            }
            match self.meet(&mut batches) {
                Next::Work => {
                    for batch in batches.drain(..) {
                        batch.carry_out(&mut self.shard);
                    }
                    self.shard.flush(self.clock.now().uptime);
                }
                Next::Sleep => self.sleep(),
                Next::Stop => break,
            }
        }
        drop(on_end);
    }

    fn meet(&mut self, batches: &mut Vec<Batch>) -> Next {
        let mut exchange = self.meeting.lock();
        if exchange.is_stopping {
            return Next::Stop;
        }
        mem::swap(&mut exchange.batches, batches);
        exchange.tally = self.shard.tally();
        let mut owner_must_look = false;
        if !self.reports.is_empty() && exchange.reports.is_none() {
            let read_bytes = self.read_bytes;
            let spare = exchange.spare.take();
            let empty = spare.unwrap_or_else(|| Reports::new(read_bytes));
            exchange.reports = Some(mem::replace(&mut self.reports, empty));
            owner_must_look = true;
        }
        exchange.is_full = !self.reports.is_empty();
        if batches.is_empty() && !self.shard.is_flushing() {
            exchange.is_flushing = false;
            owner_must_look |= mem::take(&mut exchange.is_awaited);
        }
        // What there is to report waits with it, if it waits for room.
        let has_work = self.shard.has_writes() || (self.shard.has_news() && !exchange.is_full);
        let sleeps = batches.is_empty() && !has_work;
        exchange.is_asleep = sleeps;
        drop(exchange);
        if owner_must_look {
            self.owner.notify_one();
        }
        if sleeps { Next::Sleep } else { Next::Work }
    }

    /// Until a socket, a deadline or the owner has something to do.
    fn sleep(&self) {
        let now = self.clock.now().uptime;
        let is_full = !self.reports.is_empty();
        let deadline = self.shard.next_deadline().filter(|_| !is_full);
        let timeout = deadline.map(|at| Timespec {
            tv_sec: at.saturating_sub(now).as_secs().cast_signed(),
            tv_nsec: at.saturating_sub(now).subsec_nanos().into(),
        });
        let mut wait_for = [
            PollFd::new(&self.meeting.bell, PollFlags::IN),
            PollFd::new(&self.shard, PollFlags::IN),
        ];
        let wait_for = if is_full {
            &mut wait_for[..1]
        } else {
            &mut wait_for[..]
        };
        poll(wait_for, timeout.as_ref()).ok(); // interrupted: then it looks, and sleeps again
        self.meeting.silence();
    }
}

/// With so many batches waiting for a thread, its owner seals no more rooms until it has taken them.
const BATCHES_MAX: usize = 4;

/// Also after a panic, should the process outlive it: the owner looks, and finds the thread gone.
struct NotifyAtEnd(Arc<Notify>);

impl Drop for NotifyAtEnd {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

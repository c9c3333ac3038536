//! Where the sockets are: on the engine's own thread, or on threads beside it that it orders about
//! (`[server] io_threads`). Either way the engine alone decides what is said and in which order, and
//! this file is the only one that knows which way it is.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use crate::daemon::clock::Clock;
use crate::daemon::shard::{Bounds, Finish, Reports, Shard, ShardThread, Share, Tally};
use crate::daemon::transport::{Socket, Tls, Watched};

/// All shards.
#[derive(Debug)]
pub(super) enum Shards {
    /// One, on this thread: nothing has to be handed over.
    Here { shard: Box<Shard>, news: Watched },
    /// Several: a slot belongs to the thread that its number leaves as a remainder.
    Beside {
        threads: Vec<ShardThread>,
        /// Whose reports are taken next, so that none is always the last.
        next: u32,
    },
}

/// Bytes queued for connections, by slot, as they come in from the shards.
#[derive(Debug)]
pub(super) struct Queues {
    known: QueuedBytes,
    /// With the way back from a thread's slots.
    asked: Vec<(Place, oneshot::Receiver<QueuedBytes>)>,
}

/// Slot and bytes of each connection with something queued.
type QueuedBytes = Vec<(u32, usize)>;

/// Where a slot is among several threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    thread: u32,
    of: u32,
}

/// On the engine's own thread, where slots have one number only.
impl Default for Place {
    fn default() -> Self {
        Self { thread: 0, of: 1 }
    }
}

impl Place {
    /// The thread's number for one of the engine's slots.
    fn inner(self, slot: u32) -> u32 {
        slot / self.of
    }

    /// The engine's number for one of the thread's slots.
    pub(super) fn outer(self, slot: u32) -> u32 {
        slot * self.of + self.thread
    }
}

impl Shards {
    /// With one thread everything stays on this one. `work` is notified when threads beside it have
    /// something to say.
    ///
    /// # Errors
    /// The system's: no descriptor, memory or thread is left.
    pub(super) fn start(
        io_threads: usize,
        bounds: Bounds,
        clock: Clock,
        work: &Arc<Notify>,
    ) -> io::Result<Self> {
        if io_threads <= 1 {
            let shard = Box::new(Shard::new(bounds)?);
            let news = Watched::new(shard.as_fd().try_clone_to_owned()?)?;
            return Ok(Self::Here { shard, news });
        }
        let threads = (0..io_threads).map(|_| ShardThread::start(bounds, clock, Arc::clone(work)));
        let threads = threads.collect::<io::Result<_>>()?;
        Ok(Self::Beside { threads, next: 0 })
    }

    pub(super) fn serve(&mut self, slot: u32, socket: Socket, tls: Option<Box<Tls>>) {
        match self {
            Self::Here { shard, .. } => shard.serve(slot, socket, tls),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.serve(inner, socket, tls);
            }
        }
    }

    pub(super) fn pace(&mut self, slot: u32, pause: Duration) {
        match self {
            Self::Here { shard, .. } => shard.pace(slot, pause),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.pace(inner, pause);
            }
        }
    }

    pub(super) fn send(&mut self, slot: u32, bytes: &[u8]) {
        match self {
            Self::Here { shard, .. } => shard.send(slot, bytes),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.send(inner, bytes);
            }
        }
    }

    pub(super) fn send_last(&mut self, slot: u32, bytes: &[u8]) {
        match self {
            Self::Here { shard, .. } => shard.send_last(slot, bytes),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.send_last(inner, bytes);
            }
        }
    }

    pub(super) fn hold(&mut self, slot: u32) {
        match self {
            Self::Here { shard, .. } => shard.hold(slot),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.hold(inner);
            }
        }
    }

    pub(super) fn release(&mut self, slot: u32, ahead: &[u8]) {
        match self {
            Self::Here { shard, .. } => shard.release(slot, ahead),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.release(inner, ahead);
            }
        }
    }

    pub(super) fn finish(&mut self, slot: u32, last_words: &[u8], how: Finish) {
        match self {
            Self::Here { shard, .. } => shard.finish(slot, last_words, how),
            Self::Beside { threads, .. } => {
                let (thread, inner) = find(threads, slot);
                thread.finish(inner, last_words, how);
            }
        }
    }

    /// Gives many peers the same slice.
    pub(super) fn share(&mut self, share: Share, slots: &[u32]) {
        match self {
            Self::Here { shard, .. } => shard.share(share, slots.to_vec()),
            Self::Beside { threads, .. } => {
                let of = count(threads);
                let mut theirs = vec![Vec::new(); threads.len()];
                for &slot in slots {
                    theirs[(slot % of) as usize].push(slot / of);
                }
                for ((number, thread), its) in (0..).zip(threads).zip(theirs) {
                    if !its.is_empty() {
                        let is_its = |slot| (slot % of == number).then_some(slot / of);
                        thread.share(share.only(is_its), its);
                    }
                }
            }
        }
    }

    pub(super) fn set_bounds(&mut self, bounds: Bounds) {
        match self {
            Self::Here { shard, .. } => shard.set_bounds(bounds),
            Self::Beside { threads, .. } => {
                for thread in threads {
                    thread.set_bounds(bounds);
                }
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Here { .. } => 1,
            Self::Beside { threads, .. } => threads.len(),
        }
    }

    /// Takes what has happened in the next shard; `reports` must have been emptied. Returns whose
    /// slots they name.
    pub(super) fn collect(&mut self, now: Duration, reports: &mut Reports) -> Place {
        match self {
            Self::Here { shard, news } => {
                reports.begin();
                // Not asked at all unless tokio has seen news; without any, tokio looks again.
                let polled = news.try_read(|| {
                    let found = shard.poll(now, reports);
                    found.then_some(()).ok_or(io::ErrorKind::WouldBlock.into())
                });
                polled.ok();
                shard.settle(now, reports);
                Place::default()
            }
            Self::Beside { threads, next } => {
                let of = count(threads);
                let thread = *next;
                *next = (*next + 1) % of;
                threads[thread as usize].take_reports(reports);
                Place { thread, of }
            }
        }
    }

    /// Writes a slice of what is queued, or lets the threads do so. Says whether there is more to be
    /// done at once.
    pub(super) fn flush(&mut self, now: Duration) -> bool {
        match self {
            Self::Here { shard, .. } => shard.flush(now),
            Self::Beside { threads, .. } => {
                threads.iter_mut().for_each(ShardThread::hand_over);
                false
            }
        }
    }

    /// Whether something shared is still on its way: the next turn waits for that, and grows.
    pub(super) fn is_flushing(&self) -> bool {
        match self {
            Self::Here { shard, .. } => shard.is_flushing(),
            Self::Beside { threads, .. } => threads.iter().any(ShardThread::is_flushing),
        }
    }

    /// As [`Self::is_flushing`]; if so, `work` is notified when it is not any more, or `flush` has
    /// said that there is more.
    pub(super) fn await_flush(&self) -> bool {
        match self {
            Self::Here { shard, .. } => shard.is_flushing(),
            // All are asked, because each has to know that it is waited for.
            Self::Beside { threads, .. } => threads
                .iter()
                .fold(false, |any, thread| thread.await_flush() | any),
        }
    }

    /// Ready when the kernel has something to tell of this thread's sockets.
    pub(super) fn poll_news(&self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            // An error would show again at the next call; there is none for an epoll instance.
            Self::Here { news, .. } => news.poll_readable(cx).map(drop),
            Self::Beside { .. } => Poll::Pending,
        }
    }

    /// When something is due on this thread, as uptime.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Here { shard, .. } => shard.next_deadline(),
            Self::Beside { .. } => None,
        }
    }

    pub(super) fn tally(&self) -> Tally {
        match self {
            Self::Here { shard, .. } => shard.tally(),
            Self::Beside { threads, .. } => threads.iter().map(ShardThread::tally).sum(),
        }
    }

    /// Asks for the bytes that are queued for each connection.
    pub(super) fn queues(&mut self) -> Queues {
        match self {
            Self::Here { shard, .. } => Queues {
                known: shard.queues().collect(),
                asked: Vec::new(),
            },
            Self::Beside { threads, .. } => Queues {
                known: Vec::new(),
                asked: places(threads)
                    .map(|(place, thread)| (place, thread.queues()))
                    .collect(),
            },
        }
    }
}

impl Queues {
    /// Waits until all shards have answered.
    pub(super) async fn gather(mut self) -> QueuedBytes {
        for (place, answered) in self.asked {
            // A thread that ends does so with the engine: then nobody asks any more.
            let its = answered.await.unwrap_or_default();
            let ours = its
                .into_iter()
                .map(|(slot, bytes)| (place.outer(slot), bytes));
            self.known.extend(ours);
        }
        self.known
    }
}

fn find(threads: &mut [ShardThread], slot: u32) -> (&mut ShardThread, u32) {
    let of = count(threads);
    let place = Place {
        thread: slot % of,
        of,
    };
    (&mut threads[place.thread as usize], place.inner(slot))
}

fn places(threads: &mut [ShardThread]) -> impl Iterator<Item = (Place, &mut ShardThread)> {
    let of = count(threads);
    (0..)
        .zip(threads)
        .map(move |(thread, its)| (Place { thread, of }, its))
}

/// The config allows few.
fn count(threads: &[ShardThread]) -> u32 {
    u32::try_from(threads.len()).expect("a number of threads fits")
}

//! A shard: the sockets that one thread owns, on an epoll instance of their own. It reads what has
//! come, writes what is queued, and reports what happened; whose the bytes are and what they say is
//! for its owner. It knows neither hub nor protocol; only that an object ends with `\n`.
//!
//! Readiness is level-triggered: what is not read now is told again, so that nothing has to be kept
//! about it but who comes first then. A connection costs one [`Link`] while it is idle.

mod deadlines;
mod flush;
mod link;
mod outbox;
mod poll;
mod report;
mod round;
mod secure;
mod share;
mod thread;
mod way;

use std::collections::VecDeque;
use std::io;
use std::iter::Sum;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, EventData};

use self::deadlines::{Deadlines, Due};
use self::link::{Link, Stage};
pub use self::report::{Report, Reports, TlsFailure};
use self::round::Round;
pub use self::share::{Gap, Pieces, Share};
pub use self::thread::ShardThread;
use super::transport::{Socket, Tls, TlsBuffers};

/// How much at a time, and how much at most.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most bytes of one read.
    pub read_bytes: usize,
    /// Most reads from one connection before the others have their turn.
    pub reads_per_turn: usize,
    /// Peers written to before what came meanwhile is read: so many that have something of their own,
    /// and so many that share something with others.
    pub flush_slice: usize,
    /// Most bytes that may wait for one peer.
    pub send_queue_bytes: usize,
}

/// What a shard has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As the kernel took them; over TLS, before their encryption.
    pub bytes_written: u64,
    /// System calls.
    pub writes: u64,
    /// Those of them after which the kernel took no more.
    pub writes_short: u64,
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, one| Self {
            bytes_written: sum.bytes_written + one.bytes_written,
            writes: sum.writes + one.writes,
            writes_short: sum.writes_short + one.writes_short,
        })
    }
}

/// How a connection is ended.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// Until when what is queued has time to leave; uptime.
    pub until: Duration,
    /// Whether there is room to wait for the peer at all.
    pub is_patient: bool,
}

/// The sockets of one thread.
#[derive(Debug)]
pub struct Shard {
    epoll: OwnedFd,
    links: Vec<Option<Link>>,
    /// Slots with something of their own to be written, ahead of `rounds`.
    urgent: VecDeque<u32>,
    rounds: VecDeque<Round>,
    /// Slots with more waiting than allowed.
    overflowed: Vec<u32>,
    deadlines: Deadlines,
    /// What happened since the last turn was collected.
    happened: Vec<Report>,
    /// Who had something to say when the turn had no room for it: comes first in the next one.
    passed_over: Option<u32>,
    bounds: Bounds,
    /// Steps of handshakes that this turn still has time for.
    handshake_steps_left: usize,
    tls_buffers: TlsBuffers,
    tally: Tally,
    now: Duration,
}

impl Shard {
    /// A shard without connections.
    ///
    /// # Errors
    /// The system's: no descriptor or memory is left.
    pub fn new(bounds: Bounds) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            links: Vec::new(),
            urgent: VecDeque::new(),
            rounds: VecDeque::new(),
            overflowed: Vec::new(),
            deadlines: Deadlines::default(),
            happened: Vec::new(),
            passed_over: None,
            bounds,
            handshake_steps_left: 0,
            tls_buffers: TlsBuffers::default(),
            tally: Tally::default(),
            now: Duration::ZERO,
        })
    }

    /// Other bounds, from now on.
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = bounds;
    }

    /// Takes a connection; its slot must be free. Where TLS is spoken, what is queued for it waits until
    /// that was agreed on.
    pub fn serve(&mut self, slot: u32, socket: Socket, tls: Option<Box<Tls>>) {
        let index = slot as usize;
        if self.links.len() <= index {
            self.links.resize_with(index + 1, || None);
        }
        if let Some(tls) = &tls {
            self.deadlines
                .add(tls.handshake_until(), slot, Due::Handshake);
        }
        let mut link = Link::new(socket, tls);
        link.interest = link.wanted_interest();
        let data = EventData::new_u64(slot.into());
        let watched = epoll::add(&self.epoll, &link.socket, data, link.interest);
        debug_assert!(self.links[index].is_none(), "slot {slot} is taken");
        self.links[index] = Some(link);
        if let Err(error) = watched {
            self.fail(slot, error.into());
        }
    }

    /// From now on the peer gets one object per write, so far apart.
    pub fn pace(&mut self, slot: u32, pause: Duration) {
        if let Some(link) = self.link(slot) {
            link.pace.get_or_insert_default().pause = pause;
        }
    }

    /// Queues bytes for one peer, ahead of what its rooms have for it.
    pub fn send(&mut self, slot: u32, bytes: &[u8]) {
        let Some(link) = self.link(slot).filter(|link| link.takes_more()) else {
            return;
        };
        if bytes.is_empty() {
            return;
        }
        link.outbox().push_own(bytes);
        self.queued(slot);
    }

    /// Queues bytes for one peer, behind all that its rooms have for it so far.
    pub fn send_last(&mut self, slot: u32, bytes: &[u8]) {
        self.catch_up(slot);
        self.send(slot, bytes);
    }

    /// From now on what comes for a peer waits for its release; what waits already still goes out.
    pub fn hold(&mut self, slot: u32) {
        self.catch_up(slot);
        if let Some(link) = self.link(slot).filter(|link| link.takes_more()) {
            link.held.get_or_insert_default();
        }
    }

    /// Queues bytes for a peer that was held, and behind them all that has come for it since.
    pub fn release(&mut self, slot: u32, ahead: &[u8]) {
        self.catch_up(slot);
        if let Some(link) = self.link(slot).filter(|link| link.takes_more()) {
            link.release(ahead);
            self.queued(slot);
        }
    }

    /// Queues a slice for many peers.
    pub fn share(&mut self, share: Share, slots: Vec<u32>) {
        self.rounds.push_back(Round::new(share, slots));
    }

    /// Says the last words behind all that is queued, and closes the connection once they have left.
    pub fn finish(&mut self, slot: u32, last_words: &[u8], how: Finish) {
        self.catch_up(slot);
        let Some(link) = self.link(slot) else {
            return;
        };
        match link.stage {
            Stage::Failed => return self.remove(slot),
            Stage::Draining | Stage::Lingering => return,
            Stage::Open | Stage::Ended | Stage::Cut => {}
        }
        if link.is_handshaking() {
            return self.remove(slot); // there is no way to tell it anything yet
        }
        link.release(&[]);
        if !last_words.is_empty() {
            link.outbox().push_own(last_words);
        }
        link.stage = Stage::Draining;
        link.is_patient = how.is_patient;
        link.set_ends_at(how.until);
        self.deadlines.add(how.until, slot, Due::End);
        self.mark(slot);
    }

    /// Does what is due by now, and reports what has happened since the last time.
    pub fn settle(&mut self, now: Duration, reports: &mut Reports) {
        self.meet_deadlines(now);
        for report in self.happened.drain(..) {
            reports.push(report);
        }
    }

    pub(super) fn meet_deadlines(&mut self, now: Duration) {
        self.now = now;
        while let Some((slot, due)) = self.deadlines.pop(now) {
            match due {
                Due::Object => self.pace_is_over(slot),
                Due::Handshake => self.handshake_is_late(slot),
                Due::End => self.remove(slot),
            }
        }
    }

    /// When the next deadline comes, as uptime.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.next_at()
    }

    /// What it has done so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// Slot and queued bytes of each connection with something queued.
    pub fn queues(&self) -> impl Iterator<Item = (u32, usize)> {
        let links = (0..).zip(&self.links);
        links.filter_map(|(slot, link)| {
            let bytes = link.as_ref()?.queued_bytes();
            (bytes > 0).then_some((slot, bytes))
        })
    }

    /// The system gave a connection up: the owner is told, unless it knows of another end.
    fn fail(&mut self, slot: u32, error: io::Error) {
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        // That it is broken would be told again and again. It may not be watched at all.
        epoll::delete(&self.epoll, &link.socket).ok();
        link.outbox = None;
        link.held = None;
        link.is_blocked = false;
        match std::mem::replace(&mut link.stage, Stage::Failed) {
            Stage::Open => self.happened.push(Report::Failed { slot, error }),
            // The owner has still to say the last word.
            Stage::Ended | Stage::Cut | Stage::Failed => {}
            Stage::Draining | Stage::Lingering => self.remove(slot),
        }
    }

    /// Closes a connection and forgets it.
    fn remove(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::take) else {
            return;
        };
        self.deadlines.remove(link.ends_at(), slot, Due::End);
        if let Some(tls) = &link.tls {
            let until = tls.handshake_until();
            self.deadlines.remove(until, slot, Due::Handshake);
        }
        if let Some(next_at) = link.pace.and_then(|pace| pace.next_at) {
            self.deadlines.remove(next_at, slot, Due::Object);
        }
        self.happened.push(Report::Gone {
            slot,
            bytes_written: link.bytes_written,
        });
    }

    /// Asks the kernel to tell what matters of a connection now.
    fn watch(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize).and_then(Option::as_mut) else {
            return;
        };
        let wanted = link.wanted_interest();
        if wanted != link.interest && link.stage != Stage::Failed {
            link.interest = wanted;
            let data = EventData::new_u64(slot.into());
            if let Err(error) = epoll::modify(&self.epoll, &link.socket, data, wanted) {
                self.fail(slot, error.into());
            }
        }
    }

    fn link(&mut self, slot: u32) -> Option<&mut Link> {
        self.links.get_mut(slot as usize)?.as_mut()
    }
}

/// Readable while the kernel has something to tell, so that whoever owns the shard can wait for it.
impl AsFd for Shard {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

#[cfg(test)]
mod tests;

//! Reading: what the kernel tells of the sockets, turn by turn, and what becomes of it. Nothing here
//! waits, and nobody is read without end while others have something to say.

use std::io;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventFlags};

use super::link::Stage;
use super::{Bounds, Report, Reports, Shard};

impl Shard {
    /// Asks the kernel what has come, and reads it. Says whether the kernel told anything, so whether
    /// it may have more to tell.
    pub fn poll(&mut self, now: Duration, reports: &mut Reports) -> bool {
        self.now = now;
        self.handshake_steps_left = HANDSHAKE_STEPS_PER_TURN;
        let mut events = self.ask_kernel();
        if let Some(first) = self.passed_over.take() {
            // The kernel would begin with the same ones again.
            let place = events.iter().position(|event| slot_of(event) == first);
            events.rotate_left(place.unwrap_or(0));
        }
        for event in &events {
            self.on_event(slot_of(event), event.flags, reports);
        }
        !events.is_empty()
    }

    fn ask_kernel(&self) -> Vec<Event> {
        let mut events = Vec::with_capacity(EVENTS_PER_TURN);
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        rustix::io::retry_on_intr(|| {
            epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&at_once))
        })
        .expect("an epoll instance of our own can be asked");
        events
    }

    fn on_event(&mut self, slot: u32, flags: EventFlags, reports: &mut Reports) {
        let is_broken = flags.intersects(EventFlags::ERR | EventFlags::HUP);
        let Some(link) = self.link(slot) else {
            return;
        };
        if link.is_blocked && (is_broken || flags.contains(EventFlags::OUT)) {
            link.is_blocked = false;
            self.flush_link(slot);
            self.watch(slot);
        }
        // The write may have been the connection's last.
        let Some(link) = self.link(slot) else {
            return;
        };
        let is_readable = is_broken || flags.contains(EventFlags::IN);
        match link.stage {
            Stage::Open if is_readable && link.tls.is_some() => self.read_tls(slot, reports),
            Stage::Open if is_readable => self.read(slot, reports),
            Stage::Lingering if is_readable => self.discard(slot),
            // Nothing of it is read any more, so no read would find out.
            Stage::Ended | Stage::Cut | Stage::Draining if is_broken => {
                self.fail(slot, io::ErrorKind::ConnectionReset.into());
            }
            Stage::Open
            | Stage::Ended
            | Stage::Cut
            | Stage::Failed
            | Stage::Draining
            | Stage::Lingering => {}
        }
    }

    fn read(&mut self, slot: u32, reports: &mut Reports) {
        let Bounds {
            read_bytes,
            reads_per_turn,
            ..
        } = self.bounds;
        for _ in 0..reads_per_turn {
            let Some(space) = reports.space(read_bytes) else {
                self.passed_over.get_or_insert(slot);
                return;
            };
            let space_bytes = space.len();
            let Some(link) = self.link(slot) else {
                return;
            };
            match link.socket.read(space) {
                Ok(0) => {
                    link.stage = Stage::Ended;
                    link.has_ended = true;
                    self.watch(slot);
                    reports.push(Report::Closed { slot });
                    return;
                }
                Ok(count) => {
                    reports.received(slot, count);
                    if count < space_bytes {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.fail(slot, error),
            }
        }
    }

    /// Lets the peer finish: closing while its bytes are unread would reset the connection, and it
    /// might lose our last words.
    fn discard(&mut self, slot: u32) {
        let mut discarded = [0; 8192];
        for _ in 0..LINGER_READS {
            let Some(link) = self.link(slot) else {
                return;
            };
            match link.socket.read(&mut discarded) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => break,
            }
        }
        self.remove(slot); // it has finished, or still talks: then it does not listen
    }
}

/// Slots fit in 32 bits: `serve` wrote them there.
fn slot_of(event: &Event) -> u32 {
    event.data.u64() as u32
}

/// Sockets that the kernel tells of at a time.
const EVENTS_PER_TURN: usize = 1024;
/// Steps of handshakes in one turn; the others are told again. Everyone else waits for them: a signature
/// by an RSA key of 2048 bits alone takes 0.4 ms (`openssl speed rsa2048`, two
/// cores in 2026), one by ECDSA on P-256 less than a tenth of that.
const HANDSHAKE_STEPS_PER_TURN: usize = 8;
/// Reads of what a peer still sends after the end, before it is cut off.
const LINGER_READS: usize = 64;

//! The load tool's own event loop: one thread, one epoll, sockets that never block, one read buffer
//! for all of them. tokio would cost a task for each connection and a wake-up for each delivery,
//! which is more than a good server spends on it. It moves bytes between sockets and the protocol
//! and counts who is in; it does not know what is measured.

mod farewell;
pub mod peer;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv, sockopt};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::protocol::{Client, Heard, Place, Speech, Stage, Words};
use super::target::Target;
use crate::ctl::clock;
use peer::{Peer, Reading};

/// Bytes asked of the kernel at a time. What a line left over from the read before is in it too.
const BUFFER_BYTES: usize = 256 * 1024;

/// Longest line or frame that is waited for; longer than any that servers send.
const LINE_BYTES_MAX: usize = BUFFER_BYTES / 2;

/// A client with so many bytes unwritten gets no more for now.
const UNWRITTEN_MAX: usize = 1024 * 1024;

/// Sockets that are looked after before the caller has its turn again.
const EVENTS_MAX: usize = 1024;

/// Longest time until the caller has its turn again when nothing happens.
const TURN_MAX: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 50_000_000,
};

/// In place of a client's number: the clock for the next message.
const TIMER: u64 = u64::MAX;

/// All connections.
pub struct Net {
    pub speech: Speech,
    target: Target,
    epoll: OwnedFd,
    timer: OwnedFd,
    /// When the timer is set to, 0 for never.
    timer_ns: u64,
    peers: Vec<Peer>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    ready: usize,
    closed: usize,
    bytes_read: u64,
    /// The first connection that was closed or turned away, and what the server said.
    first_end: Option<(u32, String)>,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Net")
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

impl Net {
    /// Without connections yet.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(target: Target, speech: Speech) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER), EventFlags::IN)?;
        Ok(Self {
            speech,
            target,
            epoll,
            timer,
            timer_ns: 0,
            peers: Vec::new(),
            events: Vec::with_capacity(EVENTS_MAX),
            buffer: vec![0; BUFFER_BYTES],
            ready: 0,
            closed: 0,
            bytes_read: 0,
            first_end: None,
        })
    }

    /// Clients that were ever opened; their numbers are below this.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.peers.len()
    }

    /// Clients that are where they wanted to be.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready
    }

    /// Connections that the server has closed, or turned away.
    #[must_use]
    pub fn closed(&self) -> usize {
        self.closed
    }

    /// Bytes read from all connections.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// How the first connection that was closed or turned away ended, in words.
    #[must_use]
    pub fn first_end(&self) -> Option<String> {
        let (number, why) = self.first_end.as_ref()?;
        Some(format!("client {number}: {why}"))
    }

    /// A client.
    #[must_use]
    pub fn client(&self, number: usize) -> &Client {
        &self.peers[number].client
    }

    /// Lets a client read that had stopped.
    ///
    /// # Errors
    /// What the system says.
    pub fn read_again(&mut self, number: usize) -> io::Result<()> {
        let peer = &mut self.peers[number];
        peer.reading = Reading::Always;
        if let Some(socket) = &peer.socket {
            let data = EventData::new_u64(number as u64);
            epoll::add(&self.epoll, socket, data, EventFlags::IN)?;
        }
        Ok(())
    }

    /// Starts one more client.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(&mut self, place: Place, reading: Reading) -> io::Result<()> {
        let number = u32::try_from(self.peers.len()).unwrap_or(u32::MAX);
        let socket = self.target.connect(number, reading == Reading::UntilIn)?;
        let data = EventData::new_u64(u64::from(number));
        epoll::add(&self.epoll, &socket, data, EventFlags::IN | EventFlags::OUT)?;
        let client = Client::new(number, place);
        self.peers.push(Peer::new(socket, client, reading));
        Ok(())
    }

    /// Whether so much of a client is unwritten that it gets no more for now.
    #[must_use]
    pub fn is_full(&self, number: usize) -> bool {
        self.peers[number].client.out.len() > UNWRITTEN_MAX
    }

    /// What a client will write; [`Self::write`] does it.
    pub fn out(&mut self, number: usize) -> &mut Vec<u8> {
        &mut self.peers[number].client.out
    }

    /// Writes what a client has to write, in one system call when the kernel has room.
    pub fn write(&mut self, number: usize) {
        let peer = &mut self.peers[number];
        if peer.waits_to_write {
            return;
        }
        if let Err(error) = peer.write() {
            return self.end(number, &Err(error));
        }
        self.watch(number);
    }

    /// Looks after sockets until something has happened, at most 50 ms, or until `wake_ns`. What is
    /// heard is told with the client's number and the time.
    ///
    /// # Errors
    /// What the system says about the loop itself; the end of a connection is no error.
    pub fn turn(
        &mut self,
        wake_ns: Option<u64>,
        hear: &mut impl FnMut(usize, u64, Heard<'_>),
    ) -> io::Result<()> {
        self.wake_at(wake_ns)?;
        let mut events = std::mem::take(&mut self.events);
        events.clear();
        let waited = epoll::wait(
            &self.epoll,
            rustix::buffer::spare_capacity(&mut events),
            Some(&TURN_MAX),
        );
        for event in &events {
            let (data, flags) = (event.data, event.flags);
            match data.u64() {
                TIMER => {
                    rustix::io::read(&self.timer, &mut [0; 8])?;
                    self.timer_ns = 0;
                }
                number => self.look_after(number as usize, flags, hear),
            }
        }
        self.events = events;
        match waited {
            // A signal: the caller knows.
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The kernel rounds an epoll's own timeout to milliseconds and is late on purpose; a timer is not.
    fn wake_at(&mut self, wake_ns: Option<u64>) -> io::Result<()> {
        let wake_ns = wake_ns.unwrap_or(0);
        if wake_ns != self.timer_ns {
            self.timer_ns = wake_ns;
            let time = Duration::from_nanos(wake_ns);
            let timer = Itimerspec {
                it_interval: Timespec::default(),
                it_value: time.try_into().unwrap_or_default(),
            };
            timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &timer)?;
        }
        Ok(())
    }

    fn look_after(
        &mut self,
        number: usize,
        flags: EventFlags,
        hear: &mut impl FnMut(usize, u64, Heard<'_>),
    ) {
        let peer = &mut self.peers[number];
        let Some(socket) = &peer.socket else {
            return;
        };
        if flags.contains(EventFlags::OUT) {
            if peer.client.stage == Stage::Connecting {
                let connected = sockopt::socket_error(socket).and_then(|result| result);
                if let Err(error) = connected {
                    return self.end(number, &Err(error));
                }
                self.speech.connected(&mut peer.client);
            }
            if let Err(error) = peer.write() {
                return self.end(number, &Err(error));
            }
            self.watch(number);
        }
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            self.read(number, hear);
        }
    }

    #[inline]
    fn read(&mut self, number: usize, hear: &mut impl FnMut(usize, u64, Heard<'_>)) {
        let peer = &mut self.peers[number];
        let Some(socket) = &peer.socket else {
            return;
        };
        let carried = peer.carry.len();
        self.buffer[..carried].copy_from_slice(&peer.carry);
        let length = match recv(socket, &mut self.buffer[carried..], RecvFlags::empty()) {
            Ok((0, _)) => return self.end(number, &Ok(())),
            Ok((length, _)) => length,
            Err(Errno::AGAIN | Errno::INTR) => return,
            Err(error) => return self.end(number, &Err(error)),
        };
        self.bytes_read += length as u64;
        let now_ns = clock::monotonic_ns();
        let bytes = &self.buffer[..carried + length];
        let was_ready = peer.client.stage == Stage::Ready;
        let mut tell = |heard: Heard<'_>| hear(number, now_ns, heard);
        let used = self.speech.read(&mut peer.client, bytes, &mut tell);
        peer.carry.clear();
        peer.carry.extend_from_slice(&bytes[used..]);
        if peer.carry.len() > LINE_BYTES_MAX {
            let text = "it sends a line without an end".to_owned();
            peer.client.last_words = Some(Words {
                code: String::new(),
                text,
            });
            peer.client.stage = Stage::TurnedAway;
        }
        if peer.client.stage == Stage::TurnedAway {
            self.ready -= usize::from(was_ready);
            return self.end(number, &Ok(()));
        }
        let is_in = !was_ready && peer.client.stage == Stage::Ready;
        if is_in {
            self.ready += 1;
        }
        if !peer.client.out.is_empty() {
            self.write(number);
        }
        if is_in {
            self.settle_in(number);
        }
    }

    /// What a client no longer needs once it is in: memory, and for some to be read.
    fn settle_in(&mut self, number: usize) {
        let peer = &mut self.peers[number];
        peer.client.out.shrink_to_fit();
        if peer.reading == Reading::UntilIn
            && let Some(socket) = &peer.socket
        {
            let _ = epoll::delete(&self.epoll, socket);
        }
    }

    /// Waits for room to write only while there is something to write.
    fn watch(&mut self, number: usize) {
        let peer = &mut self.peers[number];
        let waits = peer.written < peer.client.out.len();
        if waits == peer.waits_to_write {
            return;
        }
        peer.waits_to_write = waits;
        let flags = if waits {
            EventFlags::IN | EventFlags::OUT
        } else {
            EventFlags::IN
        };
        if let Some(socket) = &peer.socket {
            let data = EventData::new_u64(number as u64);
            // It fails for a client that does not read any more, and then there is nothing to watch.
            let _ = epoll::modify(&self.epoll, socket, data, flags);
        }
    }

    #[cold]
    fn end(&mut self, number: usize, how: &Result<(), Errno>) {
        let peer = &mut self.peers[number];
        if peer.socket.take().is_none() {
            return;
        }
        if peer.client.stage == Stage::Ready {
            self.ready -= 1;
        }
        peer.client.stage = Stage::Closed;
        self.closed += 1;
        if self.first_end.is_none() {
            let why = match (&peer.client.last_words, how) {
                (Some(words), _) => words.to_string(),
                (None, Ok(())) => "the server closed the connection".to_owned(),
                (None, Err(error)) => io::Error::from(*error).to_string(),
            };
            self.first_end = Some((peer.client.number, why));
        }
    }
}

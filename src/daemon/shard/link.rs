//! One connection as its shard keeps it: small, because most are idle. It knows how far its end has
//! come, never why it ends.

use std::time::Duration;

use rustix::event::epoll::EventFlags;

use super::outbox::Outbox;
use crate::daemon::transport::{Socket, Tls};

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    pub socket: Socket,
    pub stage: Stage,
    /// Stands in the shard's list of those to be written to.
    pub is_queued: bool,
    /// The kernel takes no more; it will tell when it does.
    pub is_blocked: bool,
    /// The peer sends no more.
    pub has_ended: bool,
    /// Whether, once it is to end, it may be waited for.
    pub is_patient: bool,
    /// What the kernel was last asked to tell.
    pub interest: EventFlags,
    /// `None` while nothing waits.
    pub outbox: Option<Box<Outbox>>,
    /// What has come for it since it was held back, to go out behind what is released first.
    pub held: Option<Box<Outbox>>,
    /// Only for peers that take one object at a time.
    pub pace: Option<Box<Pace>>,
    /// Only where TLS is spoken.
    pub tls: Option<Box<Tls>>,
    /// When it is closed at the latest, once it is to end; uptime.
    pub ends_at_ns: u64,
    pub bytes_written: u64,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// The peer sends no more; the owner has been told.
    Ended,
    /// It did not read what it was sent, or broke off TLS; the owner has been told, and has the last word.
    Cut,
    /// Nothing can be sent or received; the owner has been told.
    Failed,
    /// The owner has finished with it; what is queued still goes out, for a while.
    Draining,
    /// Everything was sent and the peer was told; it may still be sending.
    Lingering,
}

/// The pace of a peer that takes one object at a time.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pub pause: Duration,
    /// No object before this; `None` when the next one may go at once.
    pub next_at: Option<Duration>,
}

impl Link {
    pub(super) fn new(socket: Socket, tls: Option<Box<Tls>>) -> Self {
        Self {
            socket,
            stage: Stage::Open,
            is_queued: false,
            is_blocked: false,
            has_ended: false,
            is_patient: false,
            interest: EventFlags::empty(),
            outbox: None,
            held: None,
            pace: None,
            tls,
            ends_at_ns: 0,
            bytes_written: 0,
        }
    }

    /// Bytes that wait for the kernel to take them.
    pub(super) fn queued_bytes(&self) -> usize {
        let bytes = |outbox: &Option<Box<Outbox>>| outbox.as_ref().map_or(0, |it| it.bytes());
        let unsent = self.tls.as_ref().map_or(0, |tls| tls.unsent_bytes());
        bytes(&self.outbox) + bytes(&self.held) + unsent
    }

    /// Whether TLS is still being agreed on, so that nothing can be said.
    pub(super) fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
    }

    pub(super) fn ends_at(&self) -> Duration {
        Duration::from_nanos(self.ends_at_ns)
    }

    /// Sets when it is closed at the latest. Uptimes beyond five centuries do not happen.
    pub(super) fn set_ends_at(&mut self, at: Duration) {
        self.ends_at_ns = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
    }

    /// Whether what comes for it has to be queued, because something else goes first, it takes one
    /// object at a time, or TLS is still being agreed on.
    pub(super) fn must_queue(&self) -> bool {
        self.is_blocked
            || self.outbox.is_some()
            || self.held.is_some()
            || self.pace.is_some()
            || self.is_handshaking()
    }

    /// Lets out what was held back, behind `ahead`.
    pub(super) fn release(&mut self, ahead: &[u8]) {
        let held = self.held.take();
        if !ahead.is_empty() {
            self.outbox().push_own(ahead);
        }
        if let Some(held) = held.filter(|held| held.bytes() > 0) {
            self.outbox().append(*held);
        }
    }

    /// Whether what the owner or a room has for it may be queued.
    pub(super) fn takes_more(&self) -> bool {
        match self.stage {
            Stage::Open | Stage::Ended => true,
            Stage::Cut | Stage::Failed | Stage::Draining | Stage::Lingering => false,
        }
    }

    /// Where what comes for it is queued.
    pub(super) fn outbox(&mut self) -> &mut Outbox {
        match &mut self.held {
            Some(held) => held,
            None => self.outbox.get_or_insert_default(),
        }
    }

    /// What the kernel should tell of this connection.
    pub(super) fn wanted_interest(&self) -> EventFlags {
        let read = match self.stage {
            Stage::Open | Stage::Lingering => EventFlags::IN,
            Stage::Ended | Stage::Cut | Stage::Failed | Stage::Draining => EventFlags::empty(),
        };
        let write = if self.is_blocked {
            EventFlags::OUT
        } else {
            EventFlags::empty()
        };
        read | write
    }
}

/// Ten thousand idle connections are ten thousand of these.
const _: () = assert!(size_of::<Link>() <= 64);

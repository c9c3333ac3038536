//! One connection as its shard keeps it: small, because most are idle. It knows how far its end has
//! come, never why it ends.

use std::time::Duration;

use rustix::event::epoll::EventFlags;

use super::outbox::Outbox;
use crate::daemon::transport::Socket;

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
    /// Only for peers that take one object at a time.
    pub pace: Option<Box<Pace>>,
    /// When it is closed at the latest, once it is to end; uptime.
    pub ends_at: Duration,
    pub bytes_written: u64,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// The peer sends no more; the owner has been told.
    Ended,
    /// It did not read what it was sent; the owner has been told, and has the last word.
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
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            stage: Stage::Open,
            is_queued: false,
            is_blocked: false,
            has_ended: false,
            is_patient: false,
            interest: EventFlags::empty(),
            outbox: None,
            pace: None,
            ends_at: Duration::ZERO,
            bytes_written: 0,
        }
    }

    /// Bytes that wait for the kernel to take them.
    pub(super) fn queued_bytes(&self) -> usize {
        self.outbox.as_ref().map_or(0, |outbox| outbox.bytes())
    }

    /// Whether what the owner or a room has for it may be queued.
    pub(super) fn takes_more(&self) -> bool {
        match self.stage {
            Stage::Open | Stage::Ended => true,
            Stage::Cut | Stage::Failed | Stage::Draining | Stage::Lingering => false,
        }
    }

    pub(super) fn outbox(&mut self) -> &mut Outbox {
        self.outbox.get_or_insert_default()
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

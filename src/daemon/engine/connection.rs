//! What the engine keeps for each connection, dense and small: ten thousand idle ones should cost
//! little more than their sockets.

use std::task::Waker;
use std::time::Duration;

use super::outbox::Outbox;
use crate::daemon::protocol;
use crate::daemon::transport::{Peer, WriteHalf};
use crate::hub::id::SessionId;
use crate::hub::name::Nick;

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub session: SessionId,
    pub peer: Peer,
    pub protocol: protocol::Session,
    pub outbox: Outbox,
    /// `None` once the peer has been told that nothing more comes.
    pub write: Option<WriteHalf>,
    /// Wakes the connection's task.
    pub waker: Option<Waker>,
    pub queued: Queued,
    /// The kernel takes no more; the task waits for it to.
    pub is_blocked: bool,
    /// The hub has forgotten it: what is queued still goes out, nothing is read any more.
    pub is_closing: bool,
    /// For the log; `None` until it has logged in.
    pub nick: Option<Nick>,
    /// Uptime of the daemon.
    pub connected_at: Duration,
    pub bytes_read: u64,
    pub bytes_written: u64,
}

/// Whether a connection stands in one of the engine's lists of outboxes to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    No,
    /// With the other members of a room.
    Bulk,
    /// Ahead of them: an answer or a private message.
    Urgent,
}

impl Connection {
    pub(super) fn new(
        session: SessionId,
        peer: Peer,
        protocol: protocol::Session,
        write: WriteHalf,
        connected_at: Duration,
    ) -> Self {
        Self {
            session,
            peer,
            protocol,
            outbox: Outbox::default(),
            write: Some(write),
            waker: None,
            queued: Queued::No,
            is_blocked: false,
            is_closing: false,
            nick: None,
            connected_at,
            bytes_read: 0,
            bytes_written: 0,
        }
    }

    /// Whether its peer takes one object at a time, so that its task writes, by its own timer.
    pub(super) fn is_paced(&self) -> bool {
        self.protocol
            .dialect()
            .is_some_and(protocol::Dialect::is_paced)
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Its nick for a log line.
    pub(super) fn nick(&self) -> &str {
        self.nick.as_ref().map_or("-", Nick::as_str)
    }
}

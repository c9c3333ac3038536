//! What the engine keeps for each connection, dense and small: ten thousand idle ones should cost
//! little more than their sockets. What is queued for them is kept by their shard.

use std::time::Duration;

use crate::daemon::protocol::{self, Dialect};
use crate::daemon::transport::Peer;
use crate::hub::id::{RoomId, SessionId};
use crate::hub::name::Nick;

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub session: SessionId,
    pub peer: Peer,
    pub protocol: protocol::Session,
    /// How it is told of events, once it has chosen.
    pub dialect: Option<Dialect>,
    /// TLS is not agreed on yet.
    pub is_handshaking: bool,
    /// The hub has forgotten it: what is queued still goes out, nothing is taken in any more.
    pub is_closing: bool,
    /// As that, but something that was said is still to be acknowledged, and is waited for.
    pub is_leaving: bool,
    /// Messages of its own whose acks wait for the disk.
    pub acks_awaited: u32,
    /// For the log; `None` until it has logged in.
    pub nick: Option<Nick>,
    /// Uptime of the daemon.
    pub connected_at: Duration,
    pub bytes_read: u64,
    /// The turn in which it last spoke in a room, and in which.
    pub spoke_in: u64,
    pub spoke_to: RoomId,
}

impl Connection {
    pub(super) fn new(
        session: SessionId,
        peer: Peer,
        protocol: protocol::Session,
        connected_at: Duration,
    ) -> Self {
        Self {
            session,
            peer,
            protocol,
            dialect: None,
            is_handshaking: false,
            is_closing: false,
            acks_awaited: 0,
            is_leaving: false,
            nick: None,
            connected_at,
            bytes_read: 0,
            spoke_in: 0,
            spoke_to: RoomId(0),
        }
    }

    /// Whether the hub has forgotten it.
    pub(super) fn is_over(&self) -> bool {
        self.is_closing || self.is_leaving
    }

    /// Its nick for a log line.
    pub(super) fn nick(&self) -> &str {
        self.nick.as_ref().map_or("-", Nick::as_str)
    }
}

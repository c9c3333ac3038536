//! What an operator may see of the hub: copies of facts, made on request, never on the hot path.

use std::sync::Arc;
use std::time::Duration;

use super::id::SessionId;
use super::input::Origin;
use super::name::{Nick, RoomName};
use super::time::UnixMillis;

/// One connection.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionView {
    /// Which one.
    pub session: SessionId,
    /// Where from.
    pub origin: Origin,
    /// As whom; `None` until it has logged in.
    pub nick: Option<Nick>,
    /// When it connected.
    pub connected_at: UnixMillis,
    /// When it last sent something, as uptime.
    pub last_heard: Duration,
    /// Its user's rooms, by name.
    pub rooms: Vec<RoomName>,
    /// Its user's away text.
    pub away: Option<Arc<str>>,
    /// Whether it has group chat off.
    pub deaf: bool,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections, logged in or not.
    pub sessions: usize,
    /// Users who are logged in.
    pub users: usize,
    /// Open rooms.
    pub rooms: usize,
}

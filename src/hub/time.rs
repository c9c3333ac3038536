//! Time as the hub knows it: handed in with every input, never read.

use std::time::Duration;

/// The moment of one input, on two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Since the daemon's start; never steps back. Deadlines and flood control use it.
    pub uptime: Duration,
    /// Milliseconds since the Unix epoch; may step. Messages are stamped with it.
    pub unix: UnixMillis,
}

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// So much later.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

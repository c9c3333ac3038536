//! The one place of the store that reads a clock: how long something took or waits, and how old a message
//! is. The hub's time is handed in with every record, but a stalled disk has to be noticed without one.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::hub::id::MessageId;

/// Now, for measuring.
#[expect(
    clippy::disallowed_methods,
    reason = "the store's threads have no turn of the engine that would hand them the time"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// The id that a message of `age` ago would have at least.
#[expect(
    clippy::disallowed_methods,
    reason = "messages grow old while nothing is said, so no record can bring the time along"
)]
pub(super) fn id_of(age: Duration) -> MessageId {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let then = now.saturating_sub(age).as_millis();
    MessageId(u64::try_from(then).unwrap_or(0) << ID_BITS_BELOW_MS)
}

/// An id's lower bits, below its milliseconds.
pub(super) const ID_BITS_BELOW_MS: u32 = 20;

/// How many ids a time is long.
pub(super) const fn ids_of(ms: u64) -> u64 {
    ms << ID_BITS_BELOW_MS
}

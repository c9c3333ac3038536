//! The only place that reads a clock. Everyone else is handed a [`Now`].

#![expect(clippy::disallowed_methods, reason = "this is the clocks' one home")]

use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Local, Offset, SecondsFormat, Utc};

use crate::hub::time::{Now, UnixMillis};

/// The daemon's clocks, counted from its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    started_at: UnixMillis,
}

impl Clock {
    /// Starts counting.
    #[must_use]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            started_at: unix_now(),
        }
    }

    /// Both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        Now {
            uptime: self.started.elapsed(),
            unix: unix_now(),
        }
    }

    /// When the daemon started.
    #[must_use]
    pub fn started_at(&self) -> UnixMillis {
        self.started_at
    }

    /// The tokio moment of an uptime, for timers.
    #[must_use]
    pub fn instant_of(&self, uptime: Duration) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.started + uptime)
    }
}

/// Local time minus UTC at `at`, in seconds, by the system's time zone.
#[must_use]
pub fn utc_offset_seconds(at: UnixMillis) -> i32 {
    to_utc(at)
        .with_timezone(&Local)
        .offset()
        .fix()
        .local_minus_utc()
}

/// RFC 3339 in UTC with milliseconds, as the APIs show times.
#[must_use]
pub fn rfc3339(at: UnixMillis) -> String {
    to_utc(at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an RFC 3339 time of 1970 or later; parts of a millisecond are cut off.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<UnixMillis> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    u64::try_from(time.timestamp_millis()).ok().map(UnixMillis)
}

fn to_utc(at: UnixMillis) -> DateTime<Utc> {
    i64::try_from(at.0)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .unwrap_or_default()
}

fn unix_now() -> UnixMillis {
    // A clock before 1970 counts as 1970: message ids rise all the same.
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(
            rfc3339(UnixMillis(1_790_000_000_123)),
            "2026-09-21T14:13:20.123Z"
        );
        for text in ["2026-09-21T14:13:20.123Z", "2026-09-21T16:13:20.1239+02:00"] {
            assert_eq!(parse_rfc3339(text), Some(UnixMillis(1_790_000_000_123)));
        }
        assert_eq!(parse_rfc3339("1969-12-31T23:59:59Z"), None);
        assert_eq!(parse_rfc3339("noon"), None);
    }
}

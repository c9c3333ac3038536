//! Time as chatctl sees it: the one file of `ctl` that reads a clock.
//! Waiting uses tokio's own clock; here is what is shown to people, compared with the daemon, or
//! measured.

use chrono::{DateTime, Local, SecondsFormat, Utc};
use rustix::time::{ClockId, clock_gettime};

/// Now, UTC.
#[must_use]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// `HH:MM` in local time for one of chatd's times; `--:--` for what is no time.
#[must_use]
pub fn local_minutes(rfc3339: &str) -> String {
    DateTime::parse_from_rfc3339(rfc3339).map_or_else(
        |_| "--:--".to_owned(),
        |time| time.with_timezone(&Local).format("%H:%M").to_string(),
    )
}

/// The local day of one of chatd's times, `Tue 24 Nov 2026`; `an unknown day` for what is no time.
#[must_use]
pub fn local_day(rfc3339: &str) -> String {
    DateTime::parse_from_rfc3339(rfc3339).map_or_else(
        |_| "an unknown day".to_owned(),
        |time| {
            let time = time.with_timezone(&Local);
            time.format("%a %-d %b %Y").to_string()
        },
    )
}

/// Now, as chatd writes times.
#[must_use]
pub fn now_rfc3339() -> String {
    now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `HH:MM` in local time, now.
#[must_use]
pub fn local_minutes_now() -> String {
    Local::now().format("%H:%M").to_string()
}

/// Nanoseconds on a clock that only runs forward; two of them tell how long something took.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, ns) = (time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned());
    seconds * 1_000_000_000 + ns
}

//! Time as chatctl sees it: the one file of `ctl` that reads a clock.
//! Waiting uses tokio's own clock; here is only what is shown to people or compared with the daemon.

use chrono::{DateTime, Local, Utc};

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

/// `HH:MM` in local time, now.
#[must_use]
pub fn local_minutes_now() -> String {
    Local::now().format("%H:%M").to_string()
}

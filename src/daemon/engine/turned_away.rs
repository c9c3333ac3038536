//! Connections that were one too many, in the log: a line each while they are few, and while they are many
//! one line a second that says how many it stands for. Who floods the daemon shall not flood its log.

use std::time::Duration;

use crate::daemon::transport::Peer;
use crate::hub::input::QuitReason;

const SECOND: Duration = Duration::from_secs(1);

/// Lines that are written of one second.
const LINES_PER_SECOND: u32 = 10;

/// What was and was not written lately.
#[derive(Debug, Default)]
pub(super) struct TurnedAway {
    /// When (uptime) the present second ends, and how much was written in it.
    until: Duration,
    lines: u32,
    /// Not written, since the last line.
    unwritten: u64,
}

impl TurnedAway {
    /// Writes of it, or counts it for the next line.
    pub(super) fn log(&mut self, now: Duration, peer: &Peer, reason: &QuitReason) {
        match self.count(now) {
            None => {}
            Some(0) => {
                tracing::info!(target: "chatd::connection", %peer, reason = %reason.code(), "refused");
            }
            Some(others) => {
                tracing::info!(target: "chatd::connection", %peer, reason = %reason.code(), others, "refused, and others since the last line");
            }
        }
    }

    /// For how many others a line about the next one stands; `None` when there is to be no line.
    fn count(&mut self, now: Duration) -> Option<u64> {
        if now >= self.until {
            self.until = now + SECOND;
            self.lines = 0;
        }
        if self.lines >= LINES_PER_SECOND {
            self.unwritten += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.unwritten))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_in_which_nothing_is_missing() {
        let mut turned_away = TurnedAway::default();
        let at = |tenths: u64| Duration::from_millis(100 * tenths);
        for _ in 0..LINES_PER_SECOND {
            assert_eq!(turned_away.count(at(0)), Some(0));
        }
        for _ in 0..1_000 {
            assert_eq!(turned_away.count(at(9)), None);
        }
        assert_eq!(turned_away.count(at(10)), Some(1_000));
        assert_eq!(turned_away.count(at(11)), Some(0));
    }
}

//! Lines of the log about connections that come and go without ever being anybody: a line each while they are
//! few, and while they are many so many a second, each with how many others it stands for. Who floods the
//! daemon shall not flood its log.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// One kind of line.
#[derive(Debug)]
pub(super) struct LogPace {
    per_second: u32,
    /// When (uptime) the present second ends, and how much was written in it.
    until: Duration,
    lines: u32,
    /// Not written, since the last line.
    unwritten: u64,
}

/// The kinds that there are.
#[derive(Debug)]
pub(super) struct LogPaces {
    /// Connections that were one too many.
    pub(super) refused: LogPace,
    pub(super) connected: LogPace,
    /// Of those that had not logged in.
    pub(super) ended: LogPace,
}

impl Default for LogPaces {
    fn default() -> Self {
        Self {
            refused: LogPace::new(10),
            // A crowd that comes back after a restart is worth more.
            connected: LogPace::new(50),
            ended: LogPace::new(10),
        }
    }
}

impl LogPace {
    fn new(per_second: u32) -> Self {
        Self {
            per_second,
            until: Duration::ZERO,
            lines: 0,
            unwritten: 0,
        }
    }

    /// Whether there is to be a line about the next one, and for how many others since the last line it
    /// stands, if for any. What is not to have a line is counted.
    pub(super) fn admit(&mut self, now: Duration) -> Option<Others> {
        if now >= self.until {
            self.until = now + SECOND;
            self.lines = 0;
        }
        if self.lines >= self.per_second {
            self.unwritten += 1;
            return None;
        }
        self.lines += 1;
        Some(Others(std::mem::take(&mut self.unwritten)))
    }
}

/// How many others a line stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Others(u64);

impl Others {
    /// For a line's field, which is only there where there are any.
    pub(super) fn field(self) -> Option<u64> {
        (self.0 > 0).then_some(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_in_which_nothing_is_missing() {
        let mut pace = LogPace::new(10);
        let at = |tenths: u64| Duration::from_millis(100 * tenths);
        for _ in 0..10 {
            assert_eq!(pace.admit(at(0)), Some(Others(0)));
        }
        for _ in 0..1_000 {
            assert_eq!(pace.admit(at(9)), None);
        }
        let line = pace.admit(at(10)).expect("a new second has lines again");
        assert_eq!(line.field(), Some(1_000));
        assert_eq!(pace.admit(at(11)).and_then(Others::field), None);
    }
}

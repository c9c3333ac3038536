//! How far a stretch of a run is, when nothing more is to be begun in it, and when waiting for the
//! rest has no sense any more.

use std::time::Duration;

use crate::ctl::clock;

/// A stretch ends when nothing that is due has come for so long.
const STALL: Duration = Duration::from_secs(3);

/// What a stretch shall do: so long, or so many, whichever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    pub name: &'static str,
    pub time: Duration,
    /// Messages or cycles.
    pub count: u64,
}

/// How far a stretch is.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub begun_ns: u64,
    end_ns: u64,
    count: u64,
    /// What was begun.
    pub begun: u64,
    /// What had come when something last came, or when nothing was due; and when that was.
    came: u64,
    moved_ns: u64,
}

impl Course {
    /// A stretch that begins now.
    #[must_use]
    pub fn begin(goal: Goal) -> Self {
        let now_ns = clock::monotonic_ns();
        let time_ns = u64::try_from(goal.time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            begun_ns: now_ns,
            end_ns: now_ns.saturating_add(time_ns),
            count: goal.count,
            begun: 0,
            came: 0,
            moved_ns: now_ns,
        }
    }

    /// Messages or cycles that may still be begun.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.count - self.begun
    }

    /// Nothing more is to be begun.
    pub fn end(&mut self, now_ns: u64) {
        self.end_ns = self.end_ns.min(now_ns);
    }

    /// Whether nothing more is to be begun.
    #[must_use]
    pub fn is_over(&self, now_ns: u64) -> bool {
        self.left() == 0 || now_ns >= self.end_ns
    }

    /// Why it makes no sense to wait any longer. `came` is how much has come so far, `missing` how
    /// much is due.
    pub fn stalled(&mut self, (came, missing): (u64, u64), now_ns: u64) -> Option<String> {
        if came != self.came || missing == 0 {
            (self.came, self.moved_ns) = (came, now_ns);
        }
        let silence = Duration::from_nanos(now_ns - self.moved_ns);
        (silence > STALL).then(|| format!("nothing came for {} s", STALL.as_secs()))
    }

    /// What is done, of how much: by time or by count, whichever is further.
    #[must_use]
    pub fn progress(&self, now_ns: u64) -> (u64, u64) {
        let time = (now_ns - self.begun_ns, self.end_ns - self.begun_ns);
        let count = (self.begun, self.count);
        let counts = u128::from(count.0) * u128::from(time.1);
        let is_behind = u128::from(time.0) * u128::from(count.1) < counts;
        if is_behind { count } else { time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(count: u64) -> Course {
        Course::begin(Goal {
            name: "testing",
            time: Duration::from_secs(10),
            count,
        })
    }

    #[test]
    fn it_is_over_by_time_or_by_count() {
        let mut course = course(2);
        let begun_ns = course.begun_ns;
        assert!(!course.is_over(begun_ns));
        assert!(course.is_over(begun_ns + 10_000_000_000));
        course.begun = 1;
        assert_eq!(course.progress(begun_ns + 1), (1, 2));
        course.begun = 2;
        assert!(course.is_over(begun_ns));
    }

    #[test]
    fn waiting_ends_when_nothing_comes_that_is_due() {
        let mut course = course(9);
        let at = |seconds: u64| seconds * 1_000_000_000;
        let begun_ns = course.begun_ns;
        assert_eq!(course.stalled((5, 1), begun_ns), None);
        assert_eq!(course.stalled((5, 1), begun_ns + at(3)), None);
        assert_eq!(course.stalled((6, 1), begun_ns + at(4)), None);
        assert_eq!(
            course.stalled((6, 0), begun_ns + at(9)),
            None,
            "nothing is due"
        );
        assert!(course.stalled((6, 2), begun_ns + at(13)).is_some());
    }
}

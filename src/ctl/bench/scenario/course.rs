//! How far a stretch of a run is, when nothing more is to be begun in it, and when waiting for the
//! rest has no sense any more.

use std::time::Duration;

use crate::ctl::clock;

/// How long is listened after the end of a stretch for what should not come, in nanoseconds.
pub const AFTERMATH_NS: u64 = 150_000_000;

/// A stretch ends when nothing that is due has come for so long.
const STALL: Duration = Duration::from_secs(3);

/// Nanoseconds in a second.
const SECOND_NS: u64 = 1_000_000_000;

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
    begun_ns: u64,
    end_ns: u64,
    /// By then also that must be said which was due before the end.
    late_ns: u64,
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
        let [time_ns, late_ns] = [goal.time, goal.time.max(STALL)]
            .map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let end_ns = now_ns.saturating_add(time_ns);
        Self {
            begun_ns: now_ns,
            end_ns,
            late_ns: end_ns.saturating_add(late_ns),
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

    /// Nothing falls due after `now_ns`. What is due already still is.
    pub fn end(&mut self, now_ns: u64) {
        self.end_ns = self.end_ns.min(now_ns + 1);
    }

    /// Nothing more is to be begun, whether it is due or not.
    pub fn abandon(&mut self) {
        self.count = self.begun;
        self.end_ns = self.begun_ns;
    }

    /// Whether nothing more is to be begun.
    #[must_use]
    pub fn is_over(&self, now_ns: u64) -> bool {
        self.left() == 0 || now_ns >= self.end_ns
    }

    /// How many are due by `now_ns` at so many a second. After the end these are all that were due
    /// before it: who did not get to say them in time says them late, or a slow server would look
    /// faster for having held up the speaker.
    #[must_use]
    pub fn due(&self, rate: u32, now_ns: u64) -> u64 {
        let time_ns = self.end_ns.min(now_ns + 1).saturating_sub(self.begun_ns);
        (time_ns * u64::from(rate)).div_ceil(SECOND_NS)
    }

    /// When the one with this number, from 0, is due at so many a second.
    #[must_use]
    pub fn due_at(&self, rate: u32, number: u64) -> u64 {
        self.begun_ns + number * SECOND_NS / u64::from(rate)
    }

    /// When there is something to do again once all is said before the one with this number: that is
    /// due, or the end has come. `None` after the end.
    #[must_use]
    pub fn wake_ns(&self, rate: u32, number: u64, now_ns: u64) -> Option<u64> {
        (now_ns < self.end_ns).then(|| self.due_at(rate, number).min(self.end_ns))
    }

    /// Why what was due before the end should not all be said: that takes as long again already.
    /// `owed` is how many have not been said.
    #[must_use]
    pub fn too_late(&self, owed: u64, now_ns: u64) -> Option<String> {
        (owed > 0 && now_ns > self.late_ns)
            .then(|| format!("{owed} messages that were due could not be sent"))
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
    fn what_was_due_before_the_end_stays_due_and_nothing_else_becomes_so() {
        let mut course = course(u64::MAX);
        let begun_ns = course.begun_ns;
        let at = |ms: u64| begun_ns + ms * 1_000_000;
        // 3 a second: at 0, 333.3 and 666.6 ms, and so on.
        for (ms, due) in [
            (0, 1),
            (333, 1),
            (334, 2),
            (9_999, 30),
            (10_000, 30),
            (12_000, 30),
        ] {
            assert_eq!(course.due(3, at(ms)), due, "{ms} ms");
        }
        for number in 0..30 {
            let due_ns = course.due_at(3, number);
            assert_eq!(course.due(3, due_ns), number + 1);
            assert_eq!(course.due(3, due_ns - 1), number);
        }
        assert_eq!(course.wake_ns(3, 1, at(0)), Some(begun_ns + 333_333_333));
        assert_eq!(course.wake_ns(3, 30, at(9_999)), Some(at(10_000)));
        assert_eq!(course.wake_ns(3, 30, at(10_000)), None);
        assert_eq!(course.too_late(1, at(20_000)), None);
        assert!(course.too_late(1, at(20_001)).is_some());
        course.end(at(700));
        assert_eq!(course.due(3, at(9_000)), 3);
        course.abandon();
        assert_eq!(course.due(3, at(9_000)), 0);
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

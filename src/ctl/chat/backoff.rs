//! How long to wait before the next attempt to connect: doubling, capped, and jittered so that the
//! clients of a restarted server do not come back all at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Counts failed attempts.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The connection stands: the next wait is short again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        let mut random = [0; 4];
        // Without randomness the wait is still right, only not jittered.
        let share = match getrandom::fill(&mut random) {
            Ok(()) => f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX),
            Err(_) => 0.5,
        };
        let wait = jittered(self.failures, share);
        self.failures = self.failures.saturating_add(1);
        wait
    }
}

/// Between a half and the whole of the doubled time; `share` is from 0 to 1.
fn jittered(failures: u32, share: f64) -> Duration {
    let whole = LONGEST.min(FIRST * 2_u32.pow(failures.min(10)));
    whole.mul_f64(0.5 + share / 2.0)
}

/// What the user is told of a wait. The reason may be a sentence of the server's, with its full stop.
#[must_use]
pub fn trying_again(why: &str, retry_in: Duration) -> String {
    let why = why.trim_end_matches('.');
    format!("{why}; trying again in {:.1} s", retry_in.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        assert_eq!(jittered(0, 0.0), Duration::from_millis(250));
        assert_eq!(jittered(0, 1.0), Duration::from_millis(500));
        assert_eq!(jittered(1, 1.0), Duration::from_secs(1));
        assert_eq!(jittered(6, 1.0), LONGEST);
        assert_eq!(jittered(u32::MAX, 1.0), LONGEST);
    }

    #[test]
    fn success_begins_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(backoff.next_wait() <= FIRST);
    }
}

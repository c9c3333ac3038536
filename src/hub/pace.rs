//! How fast something may go on: token buckets that hold a minute's worth, for whatever they are kept by.
//! What is slow or has stopped is forgotten, so the memory is that of those who were busy just now.

use std::collections::HashMap;
use std::hash::Hash;

/// A token bucket for each key, kept as the moment at which it will be full again.
#[derive(Debug)]
pub(super) struct Pace<K> {
    /// As uptime, in microseconds.
    full_at_us: HashMap<K, u64>,
    next_tidying_us: u64,
}

/// Keys that are remembered. Who has more of them at hand is not held up by a bound for each.
const KEYS_MAX: usize = 65_536;

const MINUTE_US: u64 = 60_000_000;

impl<K> Default for Pace<K> {
    fn default() -> Self {
        Self {
            full_at_us: HashMap::new(),
            next_tidying_us: 0,
        }
    }
}

impl<K: Eq + Hash> Pace<K> {
    /// Takes `amount` whether or not there is as much. Two minutes' worth is the most that is ever owed, so the
    /// wait has an end.
    pub(super) fn charge(&mut self, key: K, now_us: u64, amount: u32, per_minute: u32) {
        if per_minute == 0 {
            return;
        }
        let cost = u64::from(amount) * MINUTE_US / u64::from(per_minute);
        let full_at = self.full_at_us.get(&key).copied();
        let owed = full_at.unwrap_or(0).saturating_sub(now_us) + cost;
        if full_at.is_some() || self.full_at_us.len() < KEYS_MAX {
            self.full_at_us
                .insert(key, now_us + owed.min(2 * MINUTE_US));
        }
    }

    /// Gives back what was taken for somebody else, as if it had not been taken.
    pub(super) fn give_back(&mut self, key: &K, amount: u32, per_minute: u32) {
        let Some(full_at) = self.full_at_us.get_mut(key).filter(|_| per_minute > 0) else {
            return;
        };
        *full_at = full_at.saturating_sub(u64::from(amount) * MINUTE_US / u64::from(per_minute));
    }

    /// Takes `amount` of the `per_minute` that a key may have, all of which may come at once; more than that
    /// counts as that, or it could never be had. 0 per minute is no limit.
    ///
    /// # Errors
    /// In how many microseconds there will be enough; then nothing is taken.
    pub(super) fn take(
        &mut self,
        key: K,
        now_us: u64,
        amount: u32,
        per_minute: u32,
    ) -> Result<(), u64> {
        if per_minute == 0 {
            return Ok(());
        }
        if now_us >= self.next_tidying_us {
            self.next_tidying_us = now_us + MINUTE_US / 60;
            self.full_at_us.retain(|_, full_at| *full_at > now_us);
        }
        let cost = u64::from(amount.min(per_minute)) * MINUTE_US / u64::from(per_minute);
        let full_at = self.full_at_us.get(&key).copied();
        let owed = full_at.unwrap_or(0).saturating_sub(now_us) + cost;
        if owed > MINUTE_US {
            return Err(owed - MINUTE_US);
        }
        if full_at.is_some() || self.full_at_us.len() < KEYS_MAX {
            self.full_at_us.insert(key, now_us + owed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_a_minute_allows_may_come_at_once_and_then_one_by_one() {
        let mut pace = Pace::default();
        for _ in 0..3 {
            assert_eq!(pace.take("ana", 0, 1, 3), Ok(()));
        }
        assert_eq!(pace.take("ana", 0, 1, 3), Err(20_000_000));
        assert_eq!(pace.take("ana", 19_999_999, 1, 3), Err(1));
        assert_eq!(pace.take("ben", 19_999_999, 1, 3), Ok(()), "others may");
        assert_eq!(pace.take("ana", 20_000_000, 1, 3), Ok(()));
        assert!(pace.take("ana", 20_000_000, 1, 3).is_err());
        assert_eq!(pace.take("ana", 20_000_000, 1, 0), Ok(()), "0 is no limit");
        assert_eq!(pace.take("ben", 300_000_000, 1, 3), Ok(()));
        assert_eq!(pace.full_at_us.len(), 1, "who has waited is forgotten");
    }

    #[test]
    fn amounts_add_up_and_the_largest_is_a_minutes_worth() {
        let mut pace = Pace::default();
        assert_eq!(pace.take((), 0, 600, 1000), Ok(()));
        assert_eq!(pace.take((), 0, 500, 1000), Err(6_000_000));
        assert_eq!(pace.take((), 6_000_000, 500, 1000), Ok(()));
        assert_eq!(pace.take((), 66_000_000, 5000, 1000), Ok(()));
        assert_eq!(pace.take((), 66_000_000, 5000, 1000), Err(60_000_000));
    }

    #[test]
    fn what_is_charged_is_waited_for_and_nobody_waits_for_more_than_a_minute() {
        let mut pace = Pace::default();
        pace.charge((), 0, 2, 3);
        assert_eq!(pace.take((), 0, 1, 3), Ok(()));
        pace.charge((), 0, 1000, 3);
        assert_eq!(pace.take((), 0, 1, 3), Err(80_000_000));
        pace.charge((), 0, 1000, 0);
        assert_eq!(pace.take((), 80_000_000, 1, 3), Ok(()));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut pace = Pace::default();
        pace.give_back(&(), 1, 3);
        for _ in 0..3 {
            assert_eq!(pace.take((), 0, 1, 3), Ok(()));
        }
        pace.give_back(&(), 1, 3);
        assert_eq!(pace.take((), 0, 1, 3), Ok(()));
        assert_eq!(pace.take((), 0, 1, 3), Err(20_000_000));
    }

    #[test]
    fn no_crowd_makes_it_grow_without_end() {
        let mut pace = Pace::default();
        for number in 0..70_000 {
            assert_eq!(pace.take(number, 0, 1, 1), Ok(()));
        }
        assert_eq!(pace.full_at_us.len(), KEYS_MAX);
        assert_eq!(pace.take(0, MINUTE_US, 1, 1), Ok(()));
        assert_eq!(pace.full_at_us.len(), 1);
    }
}

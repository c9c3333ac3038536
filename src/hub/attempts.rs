//! How fast passwords may be guessed: failed logins slow the next one down, for the account whoever
//! tries, and for the address whichever account it tries. Bounded in memory and in time: who fails is
//! never shut out for good, and whoever logged in well from an address before is not slowed there by what
//! others do elsewhere. Peers on this machine share one address, so only the account counts for them.
//!
//! An attempt that is being checked counts as one that failed until its answer says otherwise: else as many
//! as can be asked for before the first answer would share one wait.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use super::address::Network;
use super::name::Nick;

/// Failed logins that cost no time: people mistype.
pub(super) const ACCOUNT_FREE: u32 = 5;
pub(super) const ADDRESS_FREE: u32 = 10;

/// The wait after the first failure beyond those. It doubles with each further one, up to the longest.
pub(super) const WAIT: Duration = Duration::from_secs(1);

/// Longest wait for an account, so that a stranger cannot keep its owner out for long.
pub(super) const ACCOUNT_WAIT_MAX: Duration = Duration::from_secs(30);

/// Longest wait for an address.
pub(super) const ADDRESS_WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// Failures are forgotten when there was none for this long.
pub(super) const REMEMBERED_FOR: Duration = Duration::from_secs(60 * 60);

/// Accounts and addresses that are remembered, of each so many; beyond that those give way whose last
/// failure is the longest ago.
pub(super) const REMEMBERED_MAX: usize = 10_000;

/// Attempts that have to wait share a line of the log for so long: they cost whoever makes them nothing.
pub(super) const SLOWED_TOLD_EVERY: Duration = Duration::from_secs(10);

/// Who has failed lately.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    accounts: Record<Nick>,
    addresses: Record<Network>,
    slowed: Slowed,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Good,
    /// It says nothing about who made it.
    NoGuess,
}

/// Attempts that were refused since the log was last told.
#[derive(Debug, Default)]
struct Slowed {
    count: u32,
    told_at: Option<Duration>,
}

#[derive(Debug)]
struct Record<K> {
    failures: BTreeMap<K, Failures>,
    /// By when they were last changed.
    by_age: BTreeMap<(Duration, u64), K>,
    serial: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Failures {
    count: u32,
    /// Attempts that are being checked.
    under_way: u32,
    /// Its place in `by_age`.
    age: (Duration, u64),
    /// Where the account was last logged in to.
    good: Option<Network>,
}

impl<K> Default for Record<K> {
    fn default() -> Self {
        Self {
            failures: BTreeMap::new(),
            by_age: BTreeMap::new(),
            serial: 0,
        }
    }
}

impl Attempts {
    /// How long until this may be tried; `None` at once. `address` is `None` for a peer on this machine.
    pub(super) fn wait(
        &self,
        account: Option<&Nick>,
        address: Option<Network>,
        now: Duration,
    ) -> Option<Duration> {
        let of_account = account
            .and_then(|account| self.accounts.find(account, now))
            .filter(|it| it.good.is_none() || it.good != address)
            .and_then(|it| it.wait(ACCOUNT_FREE, ACCOUNT_WAIT_MAX, now));
        let of_address = address
            .and_then(|address| self.addresses.find(&address, now))
            .and_then(|it| it.wait(ADDRESS_FREE, ADDRESS_WAIT_MAX, now));
        of_account.max(of_address)
    }

    /// An attempt that need not wait is being checked from now on. Each is to be [`ended`](Self::ended).
    pub(super) fn began(
        &mut self,
        account: Option<&Nick>,
        address: Option<Network>,
        now: Duration,
    ) {
        if let Some(account) = account {
            self.accounts.began(account.clone(), now);
        }
        if let Some(address) = address {
            self.addresses.began(address, now);
        }
    }

    /// What came of an attempt that [`began`](Self::began) with the same account and address.
    pub(super) fn ended(
        &mut self,
        account: Option<&Nick>,
        address: Option<Network>,
        outcome: Outcome,
        now: Duration,
    ) {
        if let Some(account) = account {
            // A good login: the account begins anew. The address does not, or whoever has one account could
            // guess at others for ever.
            match outcome {
                Outcome::Good => self.accounts.begin_anew(account, address, now),
                Outcome::Failed => self.accounts.ended(account, true, now),
                Outcome::NoGuess => self.accounts.ended(account, false, now),
            }
        }
        if let Some(address) = address {
            let counts = outcome == Outcome::Failed;
            self.addresses.ended(&address, counts, now);
        }
    }

    /// Counts an attempt that has to wait. Says how many there were whenever the log is to be told.
    pub(super) fn slowed(&mut self, now: Duration) -> Option<u32> {
        let slowed = &mut self.slowed;
        slowed.count = slowed.count.saturating_add(1);
        let is_due = slowed
            .told_at
            .is_none_or(|at| now.saturating_sub(at) >= SLOWED_TOLD_EVERY);
        is_due.then(|| {
            slowed.told_at = Some(now);
            mem::take(&mut slowed.count)
        })
    }
}

impl Failures {
    fn wait(self, free: u32, wait_max: Duration, now: Duration) -> Option<Duration> {
        let count = self.count.saturating_add(self.under_way);
        let beyond = count.checked_sub(free)?.checked_sub(1)?;
        if self.under_way > 0 {
            return Some(WAIT); // nobody knows how long it takes
        }
        let wait = WAIT
            .checked_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))
            .unwrap_or(wait_max)
            .min(wait_max);
        let until = self.age.0 + wait;
        (until > now).then(|| until.saturating_sub(now))
    }
}

impl<K: Ord + Clone> Record<K> {
    fn find(&self, key: &K, now: Duration) -> Option<Failures> {
        let found = self.failures.get(key).copied();
        found.filter(|it| now.saturating_sub(it.age.0) < REMEMBERED_FOR)
    }

    fn began(&mut self, key: K, now: Duration) {
        let mut failures = self.find(&key, now).unwrap_or_default();
        failures.under_way = failures.under_way.saturating_add(1);
        self.put(key, failures, now);
    }

    /// Whatever gave way meanwhile is forgotten.
    fn ended(&mut self, key: &K, has_failed: bool, now: Duration) {
        if let Some(mut failures) = self.failures.get(key).copied() {
            failures.under_way = failures.under_way.saturating_sub(1);
            failures.count = failures.count.saturating_add(u32::from(has_failed));
            self.put(key.clone(), failures, now);
        }
    }

    fn begin_anew(&mut self, key: &K, good: Option<Network>, now: Duration) {
        if let Some(mut failures) = self.failures.get(key).copied() {
            failures.under_way = failures.under_way.saturating_sub(1);
            failures.count = 0;
            failures.good = good;
            self.put(key.clone(), failures, now);
        }
    }

    fn put(&mut self, key: K, mut failures: Failures, now: Duration) {
        self.serial += 1;
        let age = (now, self.serial);
        failures.age = age;
        let before = self.failures.insert(key.clone(), failures);
        if let Some(before) = before {
            self.by_age.remove(&before.age);
        }
        self.by_age.insert(age, key);
        while self.by_age.len() > REMEMBERED_MAX
            || self
                .by_age
                .first_key_value()
                .is_some_and(|((at, _), _)| now.saturating_sub(*at) >= REMEMBERED_FOR)
        {
            if let Some((_, oldest)) = self.by_age.pop_first() {
                self.failures.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn nick(text: &str) -> Nick {
        Nick::parse(text).unwrap()
    }

    fn from(last: u8) -> Option<Network> {
        Some(Network::V4([203, 0, 113, last]))
    }

    fn fail(
        attempts: &mut Attempts,
        account: Option<&Nick>,
        address: Option<Network>,
        now: Duration,
    ) {
        attempts.began(account, address, now);
        attempts.ended(account, address, Outcome::Failed, now);
    }

    fn succeed(attempts: &mut Attempts, account: &Nick, address: Option<Network>) {
        attempts.began(Some(account), address, NOW);
        attempts.ended(Some(account), address, Outcome::Good, NOW);
    }

    #[test]
    fn an_attempt_that_is_being_checked_counts_as_one_that_failed() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        let mut under_way = 0;
        while attempts.wait(Some(&ana), None, NOW).is_none() {
            attempts.began(Some(&ana), None, NOW);
            under_way += 1;
        }
        assert_eq!(under_way, ACCOUNT_FREE + 1);
        let later = NOW + ACCOUNT_WAIT_MAX;
        assert!(attempts.wait(Some(&ana), None, later).is_some());
        for _ in 0..under_way {
            attempts.ended(Some(&ana), None, Outcome::Failed, later);
        }
        assert_eq!(attempts.wait(Some(&ana), None, later), Some(WAIT));
        let then = later + WAIT;
        assert_eq!(attempts.wait(Some(&ana), None, then), None);
        attempts.began(Some(&ana), None, then);
        assert!(attempts.wait(Some(&ana), None, then).is_some());
        attempts.ended(Some(&ana), None, Outcome::NoGuess, then);
        let left = attempts.wait(Some(&ana), None, then);
        assert_eq!(left, Some(WAIT), "it took as long as one");
        for number in 0..=ADDRESS_FREE {
            assert_eq!(attempts.wait(None, from(1), NOW), None, "{number}");
            attempts.began(Some(&nick(&format!("n{number}"))), from(1), NOW);
        }
        assert!(attempts.wait(None, from(1), NOW).is_some());
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        let mut waits = Vec::new();
        for _ in 0..12 {
            fail(&mut attempts, Some(&ana), None, NOW);
            waits.push(attempts.wait(Some(&ana), None, NOW).map(|it| it.as_secs()));
        }
        assert_eq!(waits[..5], [None; 5]);
        assert_eq!(waits[5..], [1, 2, 4, 8, 16, 30, 30].map(Some));
        let later = NOW + Duration::from_secs(29);
        let left = attempts.wait(Some(&ana), from(1), later);
        assert_eq!(left, Some(Duration::from_secs(1)), "from anywhere");
        assert_eq!(attempts.wait(Some(&nick("ben")), None, later), None);
        assert_eq!(
            attempts.wait(Some(&ana), None, NOW + ACCOUNT_WAIT_MAX),
            None
        );
    }

    #[test]
    fn an_address_is_slowed_whatever_it_tries() {
        let mut attempts = Attempts::default();
        for number in 0..=ADDRESS_FREE {
            let victim = nick(&format!("victim{number}"));
            fail(&mut attempts, Some(&victim), from(1), NOW);
        }
        let fresh = nick("somebody-else");
        assert_eq!(attempts.wait(Some(&fresh), from(1), NOW), Some(WAIT));
        assert_eq!(attempts.wait(Some(&fresh), from(2), NOW), None);
        succeed(&mut attempts, &fresh, from(1));
        assert_eq!(attempts.wait(None, from(1), NOW), Some(WAIT));
    }

    #[test]
    fn the_log_is_told_of_the_first_and_then_of_many_at_once() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.slowed(NOW), Some(1));
        for _ in 0..41 {
            assert_eq!(attempts.slowed(NOW + Duration::from_secs(9)), None);
        }
        assert_eq!(attempts.slowed(NOW + SLOWED_TOLD_EVERY), Some(42));
        assert_eq!(attempts.slowed(NOW + SLOWED_TOLD_EVERY), None);
    }

    #[test]
    fn who_logged_in_before_is_not_kept_out_by_a_stranger() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        fail(&mut attempts, Some(&ana), from(9), NOW);
        succeed(&mut attempts, &ana, from(1));
        for _ in 0..20 {
            fail(&mut attempts, Some(&ana), from(9), NOW);
        }
        assert!(attempts.wait(Some(&ana), from(8), NOW).is_some());
        assert_eq!(attempts.wait(Some(&ana), from(1), NOW), None);
    }

    #[test]
    fn failures_are_forgotten_and_never_too_many() {
        let mut attempts = Attempts::default();
        let ana = nick("ana");
        for _ in 0..20 {
            fail(&mut attempts, Some(&ana), None, NOW);
        }
        assert_eq!(attempts.wait(Some(&ana), None, NOW + REMEMBERED_FOR), None);
        for number in 0..REMEMBERED_MAX + 10 {
            fail(&mut attempts, Some(&nick(&format!("n{number}"))), None, NOW);
        }
        let accounts = &attempts.accounts;
        assert_eq!(accounts.failures.len(), REMEMBERED_MAX);
        assert_eq!(accounts.by_age.len(), REMEMBERED_MAX);
        assert!(!accounts.failures.contains_key(&ana));
    }
}

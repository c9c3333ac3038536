//! Which names and passwords were right lately: a hash of both with a key that is in this memory only, so
//! that no password stays there.

use std::collections::HashMap;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Claimed;

/// What was right, and how long that counts.
pub(super) struct Cache {
    key: [u8; 32],
    until: HashMap<[u8; 32], Instant>,
    kept_for: Duration,
}

impl Cache {
    pub(super) fn new(kept_for: Duration) -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("a running Linux always gives random bytes");
        Self {
            key,
            until: HashMap::new(),
            kept_for,
        }
    }

    pub(super) fn has(&self, claimed: &Claimed, now: Instant) -> bool {
        let until = self.until.get(&self.tag(claimed));
        until.is_some_and(|&until| until > now)
    }

    pub(super) fn note(&mut self, claimed: &Claimed, now: Instant) {
        if self.kept_for.is_zero() {
            return;
        }
        if self.until.len() >= KNOWN_MAX {
            self.until.retain(|_, until| *until > now);
        }
        if self.until.len() < KNOWN_MAX {
            self.until.insert(self.tag(claimed), now + self.kept_for);
        }
    }

    /// The length tells where the name ends.
    fn tag(&self, claimed: &Claimed) -> [u8; 32] {
        let name = claimed.account.as_bytes();
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update(claimed.password.reveal());
        hash.finalize().into()
    }
}

/// Answers that are kept.
const KNOWN_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::secret::Secret;

    fn claimed(account: &str, password: &str) -> Claimed {
        Claimed {
            account: account.to_owned(),
            password: Secret::new(password).unwrap(),
            address: String::new(),
        }
    }

    #[test]
    fn what_was_right_counts_for_a_while_and_for_nothing_else() {
        let now = Instant::now();
        let mut cache = Cache::new(Duration::from_secs(60));
        cache.note(&claimed("ana", "bcd"), now);
        assert!(cache.has(&claimed("ana", "bcd"), now + Duration::from_secs(59)));
        assert!(!cache.has(&claimed("ana", "bcd"), now + Duration::from_secs(60)));
        assert!(!cache.has(&claimed("anab", "cd"), now));
        assert!(!cache.has(&claimed("ana", "bce"), now));
        let mut never = Cache::new(Duration::ZERO);
        never.note(&claimed("ana", "bcd"), now);
        assert!(!never.has(&claimed("ana", "bcd"), now));
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let now = Instant::now();
        let mut cache = Cache::new(Duration::from_secs(60));
        for number in 0..KNOWN_MAX + 10 {
            cache.note(&claimed("ana", &number.to_string()), now);
        }
        assert_eq!(cache.until.len(), KNOWN_MAX);
        let later = now + Duration::from_secs(61);
        cache.note(&claimed("ana", "x"), later);
        assert_eq!(cache.until.len(), 1);
    }
}

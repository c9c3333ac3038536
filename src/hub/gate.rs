//! One thing that is guessed at, or guesses: how often it failed, and when the next attempt may be. A *gate* is
//! closed for a while after each failure beyond the free ones, and as long as such an attempt is being
//! checked. The gates are a bounded table on the hub's clock.
//!
//! Where many stand before a gate that is closed, a lot says who is next, and not who comes first: else whoever
//! hammers fastest would be the only one who ever gets through. Each place that can be told apart has one
//! claim; on this machine, where TCP peers cannot be, each connection has one.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::address::Source;
use super::id::SessionId;

/// The wait after the first failure beyond the free ones. It doubles with each further one, up to the longest.
pub(super) const WAIT: Duration = Duration::from_secs(1);

/// Failures are forgotten when there was none for this long.
pub(super) const REMEMBERED_FOR: Duration = Duration::from_secs(60 * 60);

/// Gates that are remembered; beyond that those give way that were the longest not come to.
pub(super) const REMEMBERED_MAX: usize = 30_000;

/// Whose lot was drawn must come within this time after the gate has opened; then it is for whoever comes first.
pub(super) const PRECEDENCE: Duration = Duration::from_secs(2);

/// Claims before one gate; beyond that those give way whose lot is the lowest, which is nobody's choice.
pub(super) const CLAIMS_MAX: usize = 32;

/// How a gate is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// Failures that cost no time: people mistype.
    pub(super) free: u32,
    pub(super) wait_max: Duration,
    /// Who is next is drawn by lot, among these.
    pub(super) lot: Option<Among>,
}

/// Whom a lot is drawn among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Among {
    Sources,
    Sessions,
}

/// Who stands before a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Claim {
    /// Whoever comes from there.
    Source(Source),
    /// One connection of this machine, or of the place that the gate is for.
    Session(SessionId),
}

/// All gates, by what they are for.
#[derive(Debug)]
pub(super) struct Gates<K> {
    gates: BTreeMap<K, Gate>,
    /// By when they were last changed.
    by_age: BTreeMap<(Duration, u64), K>,
    serial: u64,
}

#[derive(Clone, Debug, Default)]
struct Gate {
    failed: u32,
    /// Attempts that are being checked.
    under_way: u32,
    /// Its place in `by_age`.
    age: (Duration, u64),
    /// What the lots of this wait are drawn with; nobody outside knows it.
    luck: u64,
    /// With their lots.
    claims: Vec<(Lot, Claim)>,
}

/// First among the sources, then among the connections of one.
type Lot = (u64, u64);

impl<K> Default for Gates<K> {
    fn default() -> Self {
        Self {
            gates: BTreeMap::new(),
            by_age: BTreeMap::new(),
            serial: 0,
        }
    }
}

impl Claim {
    pub(super) fn new(source: Source, session: SessionId, among: Among) -> Self {
        match (among, source) {
            (Among::Sources, Source::Network(_) | Source::User(_)) => Self::Source(source),
            (Among::Sources, Source::Machine) | (Among::Sessions, _) => Self::Session(session),
        }
    }

    fn lot(self, luck: u64) -> Lot {
        match self {
            Self::Source(source) => (draw(luck, &format!("{source:?}")), 0),
            Self::Session(session) => (draw(luck, ""), draw(luck, &session.serial.to_string())),
        }
    }
}

impl Gate {
    /// How long it is closed after its last change; `None` when it is open.
    fn closed_for(&self, bound: Bound) -> Option<Duration> {
        let count = self.failed.saturating_add(self.under_way);
        let beyond = count.checked_sub(bound.free)?.checked_sub(1)?;
        let wait = WAIT
            .checked_mul(1_u32.checked_shl(beyond).unwrap_or(u32::MAX))
            .unwrap_or(bound.wait_max);
        Some(wait.min(bound.wait_max))
    }

    fn wait(&self, bound: Bound, now: Duration) -> Option<Duration> {
        let closed_for = self.closed_for(bound)?;
        if self.under_way > 0 {
            return Some(WAIT); // nobody knows how long it takes
        }
        let until = self.age.0 + closed_for;
        (until > now).then(|| until.saturating_sub(now))
    }

    fn stand(&mut self, claim: Claim, is_there: impl Fn(SessionId) -> bool) {
        if self.claims.iter().any(|(_, other)| *other == claim) {
            return;
        }
        if self.claims.len() >= CLAIMS_MAX {
            self.forget_the_gone(is_there);
        }
        self.claims.push((claim.lot(self.luck), claim));
        if self.claims.len() > CLAIMS_MAX {
            let lots = self.claims.iter().enumerate();
            let lowest = lots.min_by_key(|(_, claim)| **claim).map(|(at, _)| at);
            self.claims
                .swap_remove(lowest.expect("there are more than none"));
        }
    }

    fn forget_the_gone(&mut self, is_there: impl Fn(SessionId) -> bool) {
        self.claims.retain(|(_, claim)| match claim {
            Claim::Source(_) => true,
            Claim::Session(session) => is_there(*session),
        });
    }
}

impl<K: Ord + Clone> Gates<K> {
    /// How long until this may be tried; `None` at once.
    pub(super) fn wait(&self, key: &K, bound: Bound, now: Duration) -> Option<Duration> {
        self.find(key, now)?.wait(bound, now)
    }

    /// As [`wait`](Self::wait), where a lot decides: who has to wait takes part in it. `is_there` says of a
    /// connection whether it could still try.
    pub(super) fn stand(
        &mut self,
        key: &K,
        bound: Bound,
        claim: Claim,
        now: Duration,
        is_there: impl Fn(SessionId) -> bool,
    ) -> Option<Duration> {
        self.find(key, now)?;
        let gate = self.gates.get_mut(key)?;
        if let Some(wait) = gate.wait(bound, now) {
            gate.stand(claim, is_there);
            return Some(wait);
        }
        gate.forget_the_gone(is_there);
        let (_, first) = gate.claims.iter().max()?;
        let end = gate.age.0 + gate.closed_for(bound)? + PRECEDENCE;
        let left = end.checked_sub(now).filter(|left| !left.is_zero())?;
        (*first != claim).then_some(left)
    }

    /// An attempt that need not wait is being checked from now on. With `luck` the next lots are drawn.
    pub(super) fn began(&mut self, key: K, luck: u64, now: Duration) {
        let mut gate = self.find(&key, now).cloned().unwrap_or_default();
        gate.under_way = gate.under_way.saturating_add(1);
        gate.luck = luck;
        gate.claims.clear();
        self.put(key, gate, now);
    }

    /// An attempt is over. A gate that gave way meanwhile is forgotten.
    pub(super) fn ended(&mut self, key: &K, has_failed: bool, now: Duration) {
        if let Some(mut gate) = self.gates.get(key).cloned() {
            gate.under_way = gate.under_way.saturating_sub(1);
            gate.failed = gate.failed.saturating_add(u32::from(has_failed));
            self.put(key.clone(), gate, now);
        }
    }

    /// What failed before is forgotten.
    pub(super) fn begin_anew(&mut self, key: &K) {
        if let Some(gate) = self.gates.get_mut(key) {
            gate.failed = 0;
        }
    }

    fn find(&self, key: &K, now: Duration) -> Option<&Gate> {
        let found = self.gates.get(key);
        found.filter(|it| now.saturating_sub(it.age.0) < REMEMBERED_FOR)
    }

    fn put(&mut self, key: K, mut gate: Gate, now: Duration) {
        self.serial += 1;
        let age = (now, self.serial);
        gate.age = age;
        if let Some(before) = self.gates.insert(key.clone(), gate) {
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
                self.gates.remove(&oldest);
            }
        }
    }
}

/// A number that nobody can foretell who does not know `luck`.
pub(super) fn draw(luck: u64, of: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update(luck.to_be_bytes());
    digest.update(of.as_bytes());
    let digest = digest.finalize();
    u64::from_be_bytes(*digest.first_chunk().expect("a SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);
    const BOUND: Bound = Bound {
        free: 0,
        wait_max: Duration::from_secs(10),
        lot: Some(Among::Sources),
    };

    fn session(serial: u32) -> SessionId {
        SessionId { slot: 0, serial }
    }

    fn closed(luck: u64) -> Gates<&'static str> {
        let mut gates = Gates::default();
        gates.began("ana", luck, NOW);
        gates.ended(&"ana", true, NOW);
        gates
    }

    #[test]
    fn who_is_next_is_drawn_among_those_who_stand_there() {
        let open = NOW + WAIT;
        let mut won = [0; 3];
        for luck in 0..300 {
            let mut gates = closed(luck);
            for serial in 0..3 {
                let claim = Claim::Session(session(serial));
                // Whoever asks often has one claim all the same.
                for _ in 0..10 * serial + 1 {
                    let wait = gates.stand(&"ana", BOUND, claim, NOW, |_| true);
                    assert_eq!(wait, Some(WAIT));
                }
            }
            let may = (0..3).filter(|&serial| {
                let claim = Claim::Session(session(serial));
                gates.stand(&"ana", BOUND, claim, open, |_| true).is_none()
            });
            let may: Vec<u32> = may.collect();
            assert_eq!(may.len(), 1);
            won[may[0] as usize] += 1;
        }
        assert!(won.iter().all(|&count| count > 70), "{won:?}");
    }

    #[test]
    fn who_was_drawn_and_does_not_come_keeps_nobody_out() {
        let mut gates = closed(7);
        let (one, other) = (Claim::Session(session(1)), Claim::Session(session(2)));
        gates.stand(&"ana", BOUND, one, NOW, |_| true);
        let open = NOW + WAIT;
        let left = gates.stand(&"ana", BOUND, other, open, |_| true);
        assert_eq!(left, Some(PRECEDENCE));
        let late = open + PRECEDENCE;
        assert_eq!(gates.stand(&"ana", BOUND, other, late, |_| true), None);
        let gone = gates.stand(&"ana", BOUND, other, open, |it| it != session(1));
        assert_eq!(gone, None);
    }

    #[test]
    fn claims_are_never_too_many() {
        let mut gates = closed(7);
        for serial in 0..1000 {
            let claim = Claim::Session(session(serial));
            gates.stand(&"ana", BOUND, claim, NOW, |_| true);
        }
        let claims = &gates.gates["ana"].claims;
        assert_eq!(claims.len(), CLAIMS_MAX);
        let all = (0..1000).map(|serial| Claim::Session(session(serial)).lot(7));
        let highest = all.max();
        assert_eq!(claims.iter().map(|(lot, _)| *lot).max(), highest);
    }

    #[test]
    fn failures_are_forgotten_and_never_too_many() {
        let gates = closed(7);
        assert!(gates.wait(&"ana", BOUND, NOW).is_some());
        assert_eq!(gates.wait(&"ana", BOUND, NOW + REMEMBERED_FOR), None);
        let mut gates: Gates<usize> = Gates::default();
        for number in 0..REMEMBERED_MAX + 10 {
            gates.began(number, 0, NOW);
            gates.ended(&number, true, NOW);
        }
        assert_eq!(gates.gates.len(), REMEMBERED_MAX);
        assert_eq!(gates.by_age.len(), REMEMBERED_MAX);
        assert!(!gates.gates.contains_key(&9) && gates.gates.contains_key(&10));
    }
}

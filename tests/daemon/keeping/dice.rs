//! Chance that can be repeated: a seed is drawn once and printed, and `CHATD_SEED` plays it again.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64.
pub(super) struct Dice(u64);

impl Dice {
    /// From `CHATD_SEED` if it is set.
    pub(super) fn new(story: &str) -> Self {
        let seed = match std::env::var("CHATD_SEED") {
            Ok(seed) => seed.parse().expect("CHATD_SEED is a number"),
            Err(_) => RandomState::new().hash_one(()) & 0xffff_ffff,
        };
        eprintln!("{story}: CHATD_SEED={seed}");
        Self(seed)
    }

    /// Others, of its own.
    pub(super) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// Below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    /// Once in `times`.
    pub(super) fn is_one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

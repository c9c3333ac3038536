//! When the writer removes what is too old: between batches, in small steps, and seldom where there is
//! nothing to remove.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::clock;
use super::error::trouble;
use super::ledger::Undone;
use super::writer::Writer;

/// The writer rests so many times as long as a walk that found nothing to remove has looked: so it costs
/// a twentieth of a core at most, however many conversations there are.
const RESTS_PER_WALK: u32 = 20;

impl Writer {
    /// Removes what is too old, until a record comes.
    pub(super) fn sweep_when_due(&mut self) {
        let now = clock::now();
        if !self.sweep.is_needed() || now < self.next_sweep {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let mut is_first = true; // under steady talk too, or nothing would ever be removed
        while (is_first || !shared.backlog.has_work()) && shared.condition.trouble().is_none() {
            is_first = false;
            let begun = clock::now();
            let mut sweep = mem::take(&mut self.sweep);
            let step = self.open_ledger().map(|ledger| sweep.step(ledger));
            self.sweep = sweep;
            let ended = clock::now();
            match step {
                Ok(Ok(step)) => {
                    let removed = step.removed;
                    shared.meter.messages.fetch_sub(removed, Ordering::Relaxed);
                    if removed > 0 {
                        self.has_removed = true;
                        self.call_others();
                    } else {
                        self.swept += ended.saturating_duration_since(begun);
                    }
                    if step.is_last {
                        let looked = mem::take(&mut self.swept);
                        let rest = if mem::take(&mut self.has_removed) {
                            Duration::ZERO
                        } else {
                            looked * RESTS_PER_WALK
                        };
                        self.next_sweep = ended + rest.max(shared.pace.sweep_every);
                        return;
                    }
                }
                Ok(Err(Undone(error))) => return self.failed(trouble(&error)),
                Err(why) => return self.failed(why),
            }
        }
    }
}

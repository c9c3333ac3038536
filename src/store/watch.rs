//! The thread that waits for no disk, and so sees when one hangs: records that wait too long, a queue that
//! fills, a file that was deleted or replaced, a question that nobody can answer in time, a renaming that waits for
//! records in vain.

use std::sync::Arc;
use std::time::Instant;

use crate::hub::id::MessageId;

use super::clock;
use super::shared::Shared;

/// Runs until the bell is closed.
pub(super) fn run(shared: &Arc<Shared>) {
    let mut stall = Stall::default();
    let mut next_look = clock::now() + shared.pace.look_every;
    loop {
        let question = shared.questions.next_expiry();
        let expiries = question.into_iter().chain(shared.renamings.next_expiry());
        let deadline = expiries.fold(next_look, Instant::min);
        if !shared.watch.wait(Some(deadline)) {
            return;
        }
        let now = clock::now();
        shared.questions.expire(now, &shared.news);
        shared.renamings.expire(now, &shared.news);
        let waiting = shared.inbox.waiting();
        let is_stalled = stall.look(now, waiting.records, shared.ids.settled(), shared);
        if waiting.is_high() || is_stalled {
            shared.condition.set_behind(true, &shared.news);
        } else if waiting.is_low() && !is_stalled {
            shared.condition.set_behind(false, &shared.news);
        }
        if now >= next_look {
            next_look = now + shared.pace.look_every;
            let is_gone = !shared.files_are_ours();
            shared.condition.set_gone(is_gone, &shared.news);
        }
    }
}

/// Whether committer and writer get on.
#[derive(Debug, Default)]
struct Stall {
    /// The newest record that was settled when something was first seen to wait behind it, and when.
    stands: Option<(MessageId, Instant)>,
}

impl Stall {
    /// Whether the same record has been the next for too long.
    fn look(&mut self, now: Instant, records: usize, settled: MessageId, shared: &Shared) -> bool {
        if records == 0 {
            self.stands = None;
            return false;
        }
        match self.stands {
            Some((at, since)) if at == settled => {
                now.saturating_duration_since(since) >= shared.pace.stall_after
            }
            Some(_) | None => {
                self.stands = Some((settled, now));
                false
            }
        }
    }
}

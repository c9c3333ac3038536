//! How long a connection may live: a short time, unless the daemon is at work for it, or it takes piece
//! after piece of a long answer. So a peer that does nothing never holds anything for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What keeps one connection alive. Put into its request's extensions.
#[derive(Clone, Debug, Default)]
pub(super) struct Patience(Arc<Reasons>);

#[derive(Debug, Default)]
struct Reasons {
    at_work: AtomicUsize,
    has_moved: AtomicBool,
}

/// While it is there, the peer waits for us and not the other way round.
#[derive(Debug)]
pub(super) struct AtWork(Arc<Reasons>);

impl Patience {
    /// Work for this connection begins.
    pub(super) fn at_work(&self) -> AtWork {
        self.0.at_work.fetch_add(1, Ordering::Relaxed);
        AtWork(Arc::clone(&self.0))
    }

    /// The peer has taken something.
    pub(super) fn moved(&self) {
        self.0.has_moved.store(true, Ordering::Relaxed);
    }

    /// Whether there is a reason to wait on, or was one since the last time.
    pub(super) fn lasts(&self) -> bool {
        let has_moved = self.0.has_moved.swap(false, Ordering::Relaxed);
        has_moved || self.0.at_work.load(Ordering::Relaxed) > 0
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        // The answer has its own time to leave.
        self.0.has_moved.store(true, Ordering::Relaxed);
        self.0.at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_lasts_while_there_is_work_and_once_more() {
        let patience = Patience::default();
        assert!(!patience.lasts());
        let work = patience.at_work();
        assert!(patience.lasts() && patience.lasts());
        drop(work);
        assert!(patience.lasts(), "for the answer");
        assert!(!patience.lasts());
        patience.moved();
        assert!(patience.lasts() && !patience.lasts());
    }
}

//! When the sessions end that logged in with a token which expires. Nothing here knows what a token is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::id::SessionId;

/// Sessions that must end at a time: at most one entry for each session there is.
#[derive(Debug, Default)]
pub(super) struct Expiries {
    /// By the time, as uptime.
    queue: BTreeSet<(Duration, SessionId)>,
    times: BTreeMap<SessionId, Duration>,
}

impl Expiries {
    /// The session, which is not in here yet, ends at that uptime.
    pub(super) fn add(&mut self, session: SessionId, at: Duration) {
        self.queue.insert((at, session));
        self.times.insert(session, at);
    }

    /// The session has ended.
    pub(super) fn remove(&mut self, session: SessionId) {
        if let Some(at) = self.times.remove(&session) {
            self.queue.remove(&(at, session));
        }
    }

    /// When the next one ends, as uptime.
    pub(super) fn next(&self) -> Option<Duration> {
        self.queue.first().map(|&(at, _)| at)
    }

    /// A session whose time has come; it must be removed, or it is named for ever.
    pub(super) fn due(&self, now: Duration) -> Option<SessionId> {
        let &(at, session) = self.queue.first()?;
        (at <= now).then_some(session)
    }

    /// All of them, by session.
    pub(super) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.times.keys().copied()
    }
}

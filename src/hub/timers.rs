//! Who has been silent for how long: the login timeout, the server's pings, and the last word of
//! each session. Nothing here knows users, rooms or why a session ends.
//!
//! A session waits for at most one thing at a time, so it stands in at most one of three queues,
//! each ordered by when its sessions began to wait. The front of each queue is the next one due:
//! every step is O(1), deadlines are exact, and a changed setting takes effect at once.

use std::time::Duration;

use super::settings::Settings;

/// Liveness of all sessions, by slot.
#[derive(Debug, Default)]
pub(super) struct Timers {
    entries: Vec<Entry>,
    /// By `Queue`.
    queues: [Ends; 3],
}

/// What a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queue {
    /// For its login, since it connected.
    Login,
    /// To be heard, since it was last heard.
    Quiet,
    /// For an answer, since it was asked.
    Pinged,
}

/// What is to be done about a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    LoginTimeout,
    PingTimeout,
    /// The session counts as asked now.
    Ping,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Since when it has been in its queue.
    since_us: u64,
    /// In tenths of a second since the daemon's start, which last 13 years; only operators look at it.
    heard_ds: u32,
    before: u32,
    after: u32,
    queue: Option<Queue>,
    answers_ping: bool,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    front: u32,
    back: u32,
}

const NOBODY: u32 = u32::MAX;

impl Default for Ends {
    fn default() -> Self {
        Self {
            front: NOBODY,
            back: NOBODY,
        }
    }
}

impl Timers {
    /// A session has the slot from now on, and has to log in.
    pub(super) fn connected(&mut self, slot: u32, now_us: u64) {
        let fresh = Entry {
            since_us: now_us,
            heard_ds: tenths(now_us),
            before: NOBODY,
            after: NOBODY,
            queue: None,
            answers_ping: false,
        };
        let index = slot as usize;
        if self.entries.len() <= index {
            self.entries.resize(index + 1, fresh);
        }
        self.entries[index] = fresh;
        self.append(slot, Queue::Login, now_us);
    }

    /// The session said something, whatever it was.
    pub(super) fn heard(&mut self, slot: u32, now_us: u64) {
        let entry = &mut self.entries[slot as usize];
        entry.heard_ds = tenths(now_us);
        let is_user = entry.queue != Some(Queue::Login);
        if is_user && entry.answers_ping {
            self.unlink(slot);
            self.append(slot, Queue::Quiet, now_us);
        }
    }

    pub(super) fn logged_in(&mut self, slot: u32, now_us: u64) {
        self.unlink(slot);
        self.heard(slot, now_us);
    }

    /// Whether the session would answer a ping. Comes with word from it, so it counts as heard.
    pub(super) fn capable(&mut self, slot: u32, answers_ping: bool, now_us: u64) {
        let entry = &mut self.entries[slot as usize];
        entry.answers_ping = answers_ping;
        if !answers_ping && entry.queue != Some(Queue::Login) {
            self.unlink(slot);
        }
        self.heard(slot, now_us);
    }

    pub(super) fn ended(&mut self, slot: u32) {
        self.unlink(slot);
    }

    /// Rounded down to a tenth of a second.
    pub(super) fn last_heard(&self, slot: u32) -> Duration {
        Duration::from_millis(u64::from(self.entries[slot as usize].heard_ds) * 100)
    }

    /// When something is next due.
    pub(super) fn next_deadline(&self, settings: &Settings) -> Option<Duration> {
        let fronts = Queue::ALL.iter().filter_map(|&queue| {
            let (_, deadline_us) = self.front(queue, settings)?;
            Some(deadline_us)
        });
        fronts.min().map(Duration::from_micros)
    }

    /// One session about which something is due. The caller acts on it and asks again: who is
    /// too late must be `ended`, or they are named for ever.
    pub(super) fn due(&mut self, now_us: u64, settings: &Settings) -> Option<(u32, Due)> {
        for queue in Queue::ALL {
            let Some((slot, deadline_us)) = self.front(queue, settings) else {
                continue;
            };
            if deadline_us > now_us {
                continue;
            }
            let due = match queue {
                Queue::Login => Due::LoginTimeout,
                Queue::Pinged => Due::PingTimeout,
                Queue::Quiet => {
                    self.unlink(slot);
                    self.append(slot, Queue::Pinged, now_us);
                    Due::Ping
                }
            };
            return Some((slot, due));
        }
        None
    }

    /// What a session waits for.
    pub(super) fn queue_of(&self, slot: u32) -> Option<Queue> {
        self.entries.get(slot as usize)?.queue
    }

    pub(super) fn answers_ping(&self, slot: u32) -> bool {
        self.entries[slot as usize].answers_ping
    }

    /// A queue's slots, front to back, each with since when.
    pub(super) fn waiting(&self, queue: Queue) -> impl Iterator<Item = (u32, u64)> {
        let mut next = self.queues[queue as usize].front;
        std::iter::from_fn(move || {
            let entry = self.entries.get(next as usize)?;
            let slot = std::mem::replace(&mut next, entry.after);
            Some((slot, entry.since_us))
        })
    }

    fn front(&self, queue: Queue, settings: &Settings) -> Option<(u32, u64)> {
        let slot = self.queues[queue as usize].front;
        let entry = self.entries.get(slot as usize)?;
        let patience_us = match queue {
            Queue::Login => micros(settings.login_timeout),
            Queue::Quiet => micros(settings.ping_interval),
            Queue::Pinged => micros(settings.ping_timeout),
        };
        Some((slot, entry.since_us.saturating_add(patience_us)))
    }

    fn append(&mut self, slot: u32, queue: Queue, now_us: u64) {
        let ends = &mut self.queues[queue as usize];
        let before = std::mem::replace(&mut ends.back, slot);
        match self.entries.get_mut(before as usize) {
            Some(last) => last.after = slot,
            None => ends.front = slot,
        }
        let entry = &mut self.entries[slot as usize];
        entry.since_us = now_us;
        entry.before = before;
        entry.after = NOBODY;
        entry.queue = Some(queue);
    }

    fn unlink(&mut self, slot: u32) {
        let Entry { before, after, .. } = self.entries[slot as usize];
        let Some(queue) = self.entries[slot as usize].queue.take() else {
            return;
        };
        let ends = &mut self.queues[queue as usize];
        match self.entries.get_mut(before as usize) {
            Some(entry) => entry.after = after,
            None => ends.front = after,
        }
        match self.entries.get_mut(after as usize) {
            Some(entry) => entry.before = before,
            None => ends.back = before,
        }
    }
}

impl Queue {
    /// `Pinged` comes before `Quiet`, so that nobody is asked and given up in one tick.
    pub(super) const ALL: [Self; 3] = [Self::Login, Self::Pinged, Self::Quiet];
}

/// A duration in whole microseconds: 584,000 years fit.
pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn tenths(us: u64) -> u32 {
    u32::try_from(us / 100_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn all_due(timers: &mut Timers, now_s: u64) -> Vec<(u32, Due)> {
        let settings = Settings::default(); // login 30 s, ping after 120 s, gone 60 s later
        let mut dues = Vec::new();
        while let Some((slot, due)) = timers.due(now_s * SECOND, &settings) {
            if due != Due::Ping {
                timers.ended(slot);
            }
            dues.push((slot, due));
        }
        dues
    }

    #[test]
    fn queues_keep_their_order_while_their_middle_leaves() {
        let mut timers = Timers::default();
        for slot in 0..4 {
            timers.connected(slot, u64::from(slot) * SECOND);
        }
        timers.logged_in(1, 5 * SECOND);
        timers.ended(3);
        let waiting: Vec<_> = timers.waiting(Queue::Login).collect();
        assert_eq!(waiting, [(0, 0), (2, 2 * SECOND)]);
        assert_eq!(all_due(&mut timers, 29), []);
        assert_eq!(all_due(&mut timers, 30), [(0, Due::LoginTimeout)]);
        assert_eq!(all_due(&mut timers, 99), [(2, Due::LoginTimeout)]);
    }

    #[test]
    fn the_last_word_is_known_to_a_tenth_of_a_second() {
        let mut timers = Timers::default();
        timers.connected(0, SECOND);
        assert_eq!(timers.last_heard(0), Duration::from_secs(1));
        timers.heard(0, 12 * SECOND + 399_999);
        assert_eq!(timers.last_heard(0), Duration::from_millis(12_300));
        timers.heard(0, u64::MAX);
        assert!(timers.last_heard(0) > Duration::from_secs(13 * 365 * 86_400));
    }

    #[test]
    fn the_next_deadline_is_exact() {
        let settings = Settings::default();
        let mut timers = Timers::default();
        assert_eq!(timers.next_deadline(&settings), None);
        timers.connected(0, 0);
        timers.capable(0, true, 0);
        assert_eq!(
            timers.next_deadline(&settings),
            Some(Duration::from_secs(30))
        );
        timers.logged_in(0, 10 * SECOND);
        assert_eq!(
            timers.next_deadline(&settings),
            Some(Duration::from_secs(130))
        );
        timers.heard(0, 50 * SECOND);
        assert_eq!(
            timers.next_deadline(&settings),
            Some(Duration::from_secs(170))
        );
        assert_eq!(all_due(&mut timers, 170), [(0, Due::Ping)]);
        assert_eq!(
            timers.next_deadline(&settings),
            Some(Duration::from_secs(230))
        );
        timers.heard(0, 200 * SECOND);
        assert_eq!(
            timers.next_deadline(&settings),
            Some(Duration::from_secs(320))
        );
        timers.capable(0, false, 210 * SECOND);
        assert_eq!(timers.next_deadline(&settings), None);
    }
}

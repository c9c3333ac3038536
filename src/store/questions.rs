//! Questions that wait for a reader. Those about what was just said are held back until it is kept; each
//! is answered in time, if only by saying that it took too long.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::hub::history::{Answer, Question, Ticket, Trouble};
use crate::hub::id::MessageId;

use super::clock;
use super::error::Full;
use super::ids::Ids;
use super::news::{News, Newsbox, locked};

/// Most questions that wait, held back or not.
pub(super) const QUESTIONS_MAX: usize = 256;

/// What a reader has beyond a question's deadline to say by itself that it took too long.
const GRACE: Duration = Duration::from_millis(200);

/// The readers' letter box.
#[derive(Debug)]
pub(super) struct Questions {
    state: Mutex<State>,
    wake: Condvar,
    time_limit: Duration,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Asked>,
    held: Vec<Asked>,
    /// In a reader's hands, and until when: a disk that hangs holds the reader, not whoever asked.
    taken: Vec<(Ticket, Instant)>,
    is_closing: bool,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) ticket: Ticket,
    pub(super) question: Question,
    pub(super) deadline: Instant,
    /// Until when it waits for these records; then one whose answer is of use without them goes ahead.
    held_until: Instant,
    /// Records up to here must have been kept or lost before.
    after: MessageId,
}

impl Asked {
    fn is_search(&self) -> bool {
        matches!(self.question, Question::Search { .. })
    }
}

impl Questions {
    /// A letter box whose questions are answered within `time_limit`.
    pub(super) fn new(time_limit: Duration) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            time_limit,
        }
    }

    /// Takes a question; says up to which record it is held back, if it is.
    pub(super) fn ask(
        &self,
        ticket: Ticket,
        question: Question,
        ids: &Ids,
    ) -> Result<Option<MessageId>, Full> {
        let after = match &question {
            // Ids above the newest record's are of events that are never kept.
            Question::Missed { upto, .. } => (*upto).min(ids.pushed()),
            // Who enters a room must find in its history what was said just before, or never hears it.
            Question::Page { .. }
            | Question::Message { .. }
            | Question::Unread { .. }
            | Question::Conversations { .. }
            | Question::Mark { .. } => ids.pushed(),
            Question::Search { .. } => MessageId::default(),
        };
        let now = clock::now();
        let deadline = match &question {
            Question::Search { .. } => now + self.time_limit / 5,
            Question::Page { .. }
            | Question::Message { .. }
            | Question::Unread { .. }
            | Question::Conversations { .. }
            | Question::Mark { .. }
            | Question::Missed { .. } => now + self.time_limit,
        };
        let asked = Asked {
            held_until: match &question {
                Question::Missed { .. } => deadline,
                Question::Page { .. }
                | Question::Search { .. }
                | Question::Message { .. }
                | Question::Conversations { .. }
                | Question::Mark { .. }
                | Question::Unread { .. } => now + self.time_limit / 10,
            },
            ticket,
            question,
            deadline,
            after,
        };
        let mut state = locked(&self.state);
        if state.is_closing || state.ready.len() + state.held.len() >= QUESTIONS_MAX {
            return Err(Full);
        }
        // Looked at under the lock: the writer settles first and releases afterwards.
        if ids.settled() >= after {
            state.ready.push_back(asked);
            self.wake.notify_all(); // not every reader takes every question
            Ok(None)
        } else {
            state.held.push(asked);
            Ok(Some(after))
        }
    }

    /// Lets go of the questions that wait for records up to `settled`.
    pub(super) fn release(&self, settled: MessageId) {
        let mut state = locked(&self.state);
        if state.held.is_empty() {
            return;
        }
        let State { ready, held, .. } = &mut *state;
        ready.extend(held.extract_if(.., |asked| asked.after <= settled));
        self.wake.notify_all();
    }

    /// A reader has an answer. Whether it is still wanted: the one that took too long was answered already.
    pub(super) fn is_wanted(&self, ticket: Ticket) -> bool {
        let mut state = locked(&self.state);
        let at = state.taken.iter().position(|(taken, _)| *taken == ticket);
        at.map(|at| state.taken.swap_remove(at)).is_some()
    }

    /// Answers the questions that have waited for too long, wherever they are.
    pub(super) fn expire(&self, now: Instant, news: &Newsbox) {
        let expired: Vec<Ticket> = {
            let mut state = locked(&self.state);
            let State {
                ready, held, taken, ..
            } = &mut *state;
            let late = held.extract_if(.., |asked| asked.held_until <= now);
            let (waiting, going): (Vec<_>, Vec<_>) = late.partition(|asked| asked.deadline <= now);
            ready.extend(going);
            // Readers that hang at their disk take nothing any more.
            let (rest, mut expired): (VecDeque<_>, VecDeque<_>) =
                ready.drain(..).partition(|asked| asked.deadline > now);
            *ready = rest;
            expired.extend(waiting);
            self.wake.notify_all();
            let late = |(_, deadline): &mut (Ticket, Instant)| *deadline + GRACE <= now;
            let hanging = taken.extract_if(.., late).map(|(ticket, _)| ticket);
            expired
                .iter()
                .map(|asked| asked.ticket)
                .chain(hanging)
                .collect()
        };
        news.leave(expired.into_iter().map(|ticket| News::Answered {
            ticket,
            answer: Answer::Failed(Trouble::TimedOut),
        }));
    }

    /// When the next question that is held back expires.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let state = locked(&self.state);
        let held = state.held.iter().map(|asked| asked.held_until);
        let ready = state.ready.iter().map(|asked| asked.deadline);
        let taken = state.taken.iter().map(|(_, deadline)| *deadline + GRACE);
        held.chain(ready).chain(taken).min()
    }

    /// Waits for a question; `None` once there will be no more. Who does not search leaves searches to
    /// others, so that however many are asked, a page can still be read.
    pub(super) fn take(&self, searches: bool) -> Option<Asked> {
        let mut state = locked(&self.state);
        loop {
            let mut ready = state.ready.iter();
            let next = ready.position(|asked| searches || !asked.is_search());
            if let Some(asked) = next.and_then(|at| state.ready.remove(at)) {
                state.taken.push((asked.ticket, asked.deadline));
                return Some(asked);
            }
            if state.is_closing {
                return None;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No more are taken; those that wait are still answered.
    pub(super) fn close(&self) {
        let mut state = locked(&self.state);
        state.is_closing = true;
        let State { ready, held, .. } = &mut *state;
        ready.append(&mut held.drain(..).collect());
        self.wake.notify_all();
    }
}

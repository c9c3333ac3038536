//! Two clients in no room who send each other private messages at a fixed rate while the rooms are
//! under load: what a busy room costs everybody else. Latency counts from when a message was due.

use anyhow::Result;

use super::course::Course;
use crate::ctl::bench::latency::{Latency, Since, Summary};
use crate::ctl::bench::net::Net;
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::order::{Arrival, Order};
use crate::ctl::bench::payload::Stamp;
use crate::ctl::bench::protocol::{Frame, Place, To};
use crate::ctl::bench::report;
use crate::ctl::bench::run::Run;

/// Stamped in place of a publisher's number: the first of the two, and the other behind it. No
/// publisher's number is so high.
const FIRST: u16 = 0xFF00;

/// The two.
#[derive(Debug)]
pub struct Private {
    /// The number of the first client; the other follows.
    first: usize,
    rate: u32,
    /// What stands around a message's text, by who sends it.
    frames: [Frame; 2],
    sent: [u32; 2],
    /// What each has heard of the other.
    heard: [Order; 2],
    latency: Latency,
    counts: Counts,
}

/// What was counted in a stretch.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    messages: u64,
    heard: u64,
}

impl Private {
    /// Brings the two in.
    ///
    /// # Errors
    /// When they do not come in.
    pub fn set_up(run: &mut Run, rate: u32) -> Result<Self> {
        let first = run.net.opened();
        run.admit(2, |_| (Place::Nowhere, Reading::Always))?;
        let to = |client: usize| {
            let client = u32::try_from(client).unwrap_or(u32::MAX);
            run.net.speech.message(To::Client(client))
        };
        Ok(Self {
            first,
            rate,
            frames: [to(first + 1), to(first)],
            sent: [0; 2],
            heard: [Order::default(); 2],
            latency: Latency::default(),
            counts: Counts::default(),
        })
    }

    /// Another stretch begins.
    pub fn reset(&mut self) {
        self.latency.reset();
        self.counts = Counts::default();
    }

    /// Says everything that is due, as far as it can be written; returns when the next is, if that is
    /// known.
    pub fn speak(
        &mut self,
        net: &mut Net,
        course: &Course,
        now_ns: u64,
        origin_ns: u64,
    ) -> Option<u64> {
        let due = course.due(self.rate, now_ns);
        while self.counts.messages < due {
            let who = usize::from(self.counts.messages % 2 == 1);
            if net.is_full(self.first + who) {
                return None;
            }
            let due_ns = course.due_at(self.rate, self.counts.messages);
            let stamp = Stamp {
                publisher: FIRST + u16::from(who == 1),
                sequence: self.sent[who],
                time_ns: due_ns - origin_ns,
            };
            self.sent[who] += 1;
            self.counts.messages += 1;
            let size = net.speech.text_bytes;
            let out = net.out(self.first + who);
            out.extend_from_slice(&self.frames[who].before);
            stamp.write(size, out);
            out.extend_from_slice(&self.frames[who].behind);
            net.write(self.first + who);
        }
        course.wake_ns(self.rate, self.counts.messages, now_ns)
    }

    /// Messages that are due and not sent.
    #[must_use]
    pub fn owed(&self, course: &Course, now_ns: u64) -> u64 {
        let due = course.due(self.rate, now_ns);
        due.saturating_sub(self.counts.messages)
    }

    /// A client heard a text; `now_ns` is on the clock of the stamps.
    pub fn hear(&mut self, client: usize, text: &[u8], now_ns: u64) {
        let (Some(stamp), Some(who)) = (Stamp::read(text), client.checked_sub(self.first)) else {
            return;
        };
        // chat lets the sender hear it too; what counts is when the other does.
        let is_from_the_other = stamp.publisher == FIRST + u16::from(who == 0);
        if who > 1 || !is_from_the_other || stamp.sequence >= self.sent[1 - who] {
            return;
        }
        if self.heard[who].hear(stamp.sequence) != Arrival::Again {
            self.counts.heard += 1;
            self.latency.record(now_ns.saturating_sub(stamp.time_ns));
        }
    }

    /// Messages that have come, and those that have not (yet).
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let Counts { messages, heard } = self.counts;
        (heard, messages.saturating_sub(heard))
    }

    /// What is told at the end.
    #[must_use]
    pub fn report(&self) -> (report::Private, Option<Summary>) {
        let (_, lost) = self.progress();
        let counts = report::Private {
            messages: self.counts.messages,
            lost,
        };
        (counts, self.latency.summary(Since::Intended))
    }
}

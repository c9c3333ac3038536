//! The books of a durable run. Each writer has one message on its way, and its next one has the next
//! number only when the last was acknowledged: so what was promised to it is every number below a
//! count, and what the server turns out to have kept can be held against that, message by message.

use super::latency::Latency;
use super::order::{Arrival, Order};
use super::payload::Stamp;

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub acknowledged: u64,
    pub refused: u64,
    /// Of what was acknowledged, so much was found.
    pub stored: u64,
    /// Found a second time; or more than was ever sent, where only a count is told.
    pub duplicated: u64,
    /// Found behind a later one of the same writer.
    pub out_of_order: u64,
}

impl Totals {
    /// What was promised and is not there.
    #[must_use]
    pub fn lost(self) -> u64 {
        self.acknowledged.saturating_sub(self.stored)
    }
}

/// One writer's messages.
#[derive(Clone, Copy, Debug, Default)]
struct Writer {
    /// The number of the message that is on its way, or of the next one.
    acknowledged: u32,
    /// When the one on its way was sent; `None`: none is.
    sent_ns: Option<u64>,
    /// Whether one was sent that was neither acknowledged nor refused, or was refused: it may have been
    /// kept all the same.
    has_loose_end: bool,
    found: Order,
}

/// All writers.
#[derive(Debug)]
pub struct Promises {
    writers: Vec<Writer>,
    on_their_way: usize,
    totals: Totals,
    pub latency: Latency,
}

impl Promises {
    /// Empty books.
    #[must_use]
    pub fn new(writers: u32) -> Self {
        Self {
            writers: vec![Writer::default(); writers as usize],
            on_their_way: 0,
            totals: Totals::default(),
            latency: Latency::default(),
        }
    }

    /// What has been counted so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Messages that were sent and not answered.
    #[must_use]
    pub fn on_their_way(&self) -> usize {
        self.on_their_way
    }

    /// Notes a message and returns its number.
    pub fn send(&mut self, writer: usize, now_ns: u64) -> u32 {
        let writer = &mut self.writers[writer];
        self.on_their_way += usize::from(writer.sent_ns.is_none());
        writer.sent_ns = Some(now_ns);
        writer.acknowledged
    }

    /// The server promised that the message on its way is kept. An answer that nobody waits for is none.
    pub fn accepted(&mut self, writer: usize, now_ns: u64) {
        let writer = &mut self.writers[writer];
        if let Some(sent_ns) = writer.sent_ns.take() {
            self.on_their_way -= 1;
            writer.acknowledged += 1;
            self.totals.acknowledged += 1;
            self.latency.record(now_ns.saturating_sub(sent_ns));
        }
    }

    /// The server refused the message on its way.
    pub fn refused(&mut self, writer: usize) {
        let writer = &mut self.writers[writer];
        if writer.sent_ns.take().is_some() {
            self.on_their_way -= 1;
            writer.has_loose_end = true;
            self.totals.refused += 1;
        }
    }

    /// The server has this text.
    pub fn found(&mut self, text: &[u8]) {
        let Some(stamp) = Stamp::read(text) else {
            return;
        };
        let Some(writer) = self.writers.get_mut(usize::from(stamp.publisher)) else {
            return;
        };
        match writer.found.hear(stamp.sequence) {
            Arrival::InOrder => {}
            Arrival::Late => self.totals.out_of_order += 1,
            Arrival::Again => {
                self.totals.duplicated += 1;
                return;
            }
        }
        // One that nobody was told of may be there or not.
        self.totals.stored += u64::from(stamp.sequence < writer.acknowledged);
    }

    /// The server has so many in a place where these write.
    pub fn counted(&mut self, count: u64, writers: impl Iterator<Item = usize>) {
        let (mut promised, mut possible) = (0, 0);
        for writer in writers.map(|number| &self.writers[number]) {
            promised += u64::from(writer.acknowledged);
            let loose = writer.has_loose_end || writer.sent_ns.is_some();
            possible += u64::from(writer.acknowledged) + u64::from(loose);
        }
        self.totals.stored += count.min(promised);
        self.totals.duplicated += count.saturating_sub(possible);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(publisher: u16, sequence: u32) -> Vec<u8> {
        let mut text = Vec::new();
        let stamp = Stamp {
            publisher,
            sequence,
            time_ns: 10,
        };
        stamp.write(32, &mut text);
        text
    }

    /// Two writers; the first was acknowledged three messages, the second one.
    fn promises() -> Promises {
        let mut promises = Promises::new(2);
        for writer in [0, 1, 0, 0] {
            promises.send(writer, 1_000);
            promises.accepted(writer, 3_000);
        }
        promises
    }

    #[test]
    fn what_was_promised_and_is_there_is_no_fault() {
        let mut promises = promises();
        for (writer, sequence) in [(0, 0), (1, 0), (0, 1), (0, 2)] {
            promises.found(&text(writer, sequence));
        }
        let totals = promises.totals();
        assert_eq!((totals.acknowledged, totals.stored), (4, 4));
        assert_eq!((totals.lost(), totals.duplicated), (0, 0));
        assert_eq!(promises.on_their_way(), 0);
    }

    #[test]
    fn what_is_missing_doubled_or_misplaced_is_told_apart() {
        let mut promises = promises();
        for sequence in [1, 0, 1] {
            promises.found(&text(0, sequence));
        }
        let totals = promises.totals();
        assert_eq!(totals.lost(), 2, "the first's third and the second's");
        assert_eq!((totals.duplicated, totals.out_of_order), (1, 1));
    }

    #[test]
    fn what_was_refused_makes_up_for_nothing() {
        let mut promises = promises();
        assert_eq!(promises.send(1, 5), 1);
        promises.refused(1);
        assert_eq!(promises.send(1, 6), 1, "it has no number of its own");
        promises.found(&text(1, 1));
        assert_eq!(promises.totals().stored, 0);
        assert_eq!(promises.totals().refused, 1);
        assert_eq!(promises.on_their_way(), 1);
    }

    #[test]
    fn a_count_is_held_against_all_writers_of_the_place() {
        let mut short = promises();
        short.counted(3, 0..2);
        assert_eq!((short.totals().lost(), short.totals().duplicated), (1, 0));
        let mut long = promises();
        long.send(1, 5);
        long.counted(6, 0..2);
        assert_eq!((long.totals().lost(), long.totals().duplicated), (0, 1));
    }
}

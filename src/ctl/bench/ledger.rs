//! The books of a fan-out run: what each publisher has sent, and what each listener has heard of it.
//! For every pair of the two there is an [`Order`], never a list, so memory does not grow with the run.

use super::latency::Latency;
use super::layout::Layout;
use super::order::{Arrival, Order};
use super::payload::Stamp;

/// What has been counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages that were sent and not refused.
    pub messages: u64,
    /// Deliveries that those messages ask for.
    pub expected: u64,
    /// Deliveries that came, each counted once.
    pub deliveries: u64,
    /// Deliveries that nobody asked for: a second time, or to the wrong room.
    pub duplicated: u64,
    /// Deliveries that came after a later one of the same publisher, or before their message was
    /// sent: its number is one that nobody has used.
    pub out_of_order: u64,
    pub refused: u64,
}

impl Totals {
    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            messages: self.messages.saturating_sub(earlier.messages),
            expected: self.expected.saturating_sub(earlier.expected),
            deliveries: self.deliveries - earlier.deliveries,
            duplicated: self.duplicated - earlier.duplicated,
            out_of_order: self.out_of_order - earlier.out_of_order,
            refused: self.refused - earlier.refused,
        }
    }

    /// Deliveries that have not come (yet).
    #[must_use]
    pub fn missing(self) -> u64 {
        self.expected.saturating_sub(self.deliveries)
    }
}

/// One publisher's messages.
#[derive(Debug)]
struct Publisher {
    room: u32,
    /// Its place among the publishers of its room.
    seat: u32,
    /// Listeners that must hear each message.
    copies: u32,
    /// The number of the next message.
    next: u32,
    /// The number of the oldest message that some listener has not heard; with a window only.
    oldest: u32,
    /// The number of the next message that the server answers.
    answered: u32,
    /// For each message from `oldest` on, how many have not heard it; a ring, empty without a window.
    missing: Vec<u32>,
}

/// All publishers, all listeners, all pairs.
#[derive(Debug)]
pub struct Ledger {
    publishers: Vec<Publisher>,
    /// The room of each listener.
    rooms: Vec<u32>,
    /// Publishers in the fullest room: pairs stand in rows of so many, a row for each listener.
    seats: usize,
    pairs: Vec<Order>,
    /// Whether the server answers each message, in order.
    answers: bool,
    totals: Totals,
    pub latency: Latency,
}

impl Ledger {
    /// Empty books. With a window at most so many messages of each publisher are on their way.
    #[must_use]
    pub fn new(layout: &Layout, window: Option<u32>, answers: bool) -> Self {
        let ring = window.map_or(0, |window| window.next_power_of_two() as usize);
        let publisher = |number| {
            let room = number % layout.rooms;
            Publisher {
                room,
                seat: number / layout.rooms,
                copies: layout.copies(room),
                next: 0,
                oldest: 0,
                answered: 0,
                missing: vec![0; ring],
            }
        };
        let seats = layout.publishers.div_ceil(layout.rooms) as usize;
        let listeners = layout.listeners();
        Self {
            publishers: (0..layout.publishers).map(publisher).collect(),
            rooms: (0..listeners).map(|number| layout.room(number)).collect(),
            seats,
            pairs: vec![Order::default(); listeners as usize * seats],
            answers,
            totals: Totals::default(),
            latency: Latency::default(),
        }
    }

    /// What has been counted so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Messages of a publisher that are on their way; with a window only.
    #[must_use]
    pub fn on_their_way(&self, publisher: usize) -> u32 {
        let publisher = &self.publishers[publisher];
        publisher.next.wrapping_sub(publisher.oldest)
    }

    /// Notes a message and returns its number.
    pub fn send(&mut self, publisher: usize) -> u32 {
        let publisher = &mut self.publishers[publisher];
        let sequence = publisher.next;
        publisher.next = publisher.next.wrapping_add(1);
        self.totals.messages += 1;
        self.totals.expected += u64::from(publisher.copies);
        let copies = publisher.copies;
        if let Some(missing) = publisher.slot(sequence) {
            *missing = copies;
        }
        sequence
    }

    /// The server accepted a publisher's next message.
    pub fn accepted(&mut self, publisher: usize) {
        let publisher = &mut self.publishers[publisher];
        publisher.answered = publisher.answered.wrapping_add(1);
    }

    /// The server refused a message: nobody will hear it, and it is not lost.
    pub fn refused(&mut self, publisher: usize) {
        let publisher = &mut self.publishers[publisher];
        self.totals.refused += 1;
        self.totals.messages -= 1;
        self.totals.expected -= u64::from(publisher.copies);
        // Without answers in order nobody knows which it was: the window stays narrower by one.
        if self.answers {
            let sequence = publisher.answered;
            publisher.answered = publisher.answered.wrapping_add(1);
            if let Some(missing) = publisher.slot(sequence) {
                *missing = 0;
            }
            publisher.advance();
        }
    }

    /// A listener heard a text; `now_ns` is on the clock of the stamps.
    #[inline]
    pub fn hear(&mut self, listener: usize, text: &[u8], now_ns: u64) {
        let Some(stamp) = Stamp::read(text) else {
            return;
        };
        let Some(publisher) = self.publishers.get_mut(usize::from(stamp.publisher)) else {
            return;
        };
        if publisher.room != self.rooms[listener] {
            self.totals.duplicated += 1;
            return;
        }
        // Such a number must not reach the pair, which would take all that follow for late ones.
        if stamp.sequence >= publisher.next {
            self.totals.out_of_order += 1;
            return;
        }
        let pair = &mut self.pairs[listener * self.seats + publisher.seat as usize];
        match pair.hear(stamp.sequence) {
            Arrival::InOrder => {}
            Arrival::Late => self.totals.out_of_order += 1,
            Arrival::Again => {
                self.totals.duplicated += 1;
                return;
            }
        }
        self.totals.deliveries += 1;
        self.latency.record(now_ns.saturating_sub(stamp.time_ns));
        if let Some(missing) = publisher.slot(stamp.sequence) {
            *missing = missing.saturating_sub(1);
            if *missing == 0 {
                publisher.advance();
            }
        }
    }
}

impl Publisher {
    #[inline]
    fn slot(&mut self, sequence: u32) -> Option<&mut u32> {
        let mask = self.missing.len().wrapping_sub(1);
        self.missing.get_mut(sequence as usize & mask)
    }

    /// Passes over what everybody has heard.
    fn advance(&mut self) {
        while self.oldest != self.next
            && self.slot(self.oldest).is_some_and(|missing| *missing == 0)
        {
            self.oldest = self.oldest.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::bench::latency::Since;

    fn layout(publishers: u32, subscribers: u32, rooms: u32) -> Layout {
        Layout {
            publishers,
            subscribers,
            slow: 0,
            rooms,
            members: false,
            echoes: false,
        }
    }

    /// A ledger with one room, one publisher, two listeners and a window of two.
    fn ledger() -> Ledger {
        Ledger::new(&layout(1, 2, 1), Some(2), true)
    }

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

    fn hear(ledger: &mut Ledger, listener: usize, sequences: &[u32]) {
        for sequence in sequences {
            ledger.hear(listener, &text(0, *sequence), 1010);
        }
    }

    #[test]
    fn a_message_is_on_its_way_until_all_have_heard_it() {
        let mut ledger = ledger();
        assert_eq!((ledger.send(0), ledger.send(0)), (0, 1));
        hear(&mut ledger, 0, &[0, 1]);
        assert_eq!(ledger.on_their_way(0), 2);
        hear(&mut ledger, 1, &[0]);
        assert_eq!(ledger.on_their_way(0), 1);
        hear(&mut ledger, 1, &[1]);
        assert_eq!(ledger.on_their_way(0), 0);
        let totals = ledger.totals();
        assert_eq!(
            (totals.expected, totals.deliveries, totals.missing()),
            (4, 4, 0)
        );
        assert_eq!((totals.duplicated, totals.out_of_order), (0, 0));
        let latency = ledger.latency.summary(Since::Sent);
        assert!((latency.unwrap().p50 - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_is_lost_doubled_or_late_is_told_apart() {
        let mut ledger = ledger();
        for _ in 0..6 {
            ledger.send(0);
        }
        hear(&mut ledger, 0, &[0, 2, 1, 3, 3, 5]);
        let totals = ledger.totals();
        assert_eq!(totals.out_of_order, 1);
        assert_eq!(totals.duplicated, 1);
        assert_eq!(totals.deliveries, 5);
        assert_eq!(totals.missing(), 7);
        hear(&mut ledger, 0, &[1, 4, 0]);
        let totals = ledger.totals();
        assert_eq!((totals.duplicated, totals.out_of_order), (3, 2));
    }

    #[test]
    fn a_number_that_was_never_sent_is_out_of_place_and_hides_nothing() {
        let mut ledger = ledger();
        ledger.send(0);
        hear(&mut ledger, 0, &[1, u32::MAX, 0]);
        let totals = ledger.totals();
        assert_eq!((totals.out_of_order, totals.deliveries), (2, 1));
        assert_eq!(totals.missing(), 1);
    }

    #[test]
    fn a_refused_message_is_not_lost_and_frees_the_window() {
        let mut ledger = ledger();
        ledger.send(0);
        ledger.send(0);
        ledger.accepted(0);
        ledger.refused(0);
        hear(&mut ledger, 0, &[0]);
        hear(&mut ledger, 1, &[0]);
        assert_eq!(ledger.on_their_way(0), 0);
        let totals = ledger.totals();
        assert_eq!(
            (totals.messages, totals.refused, totals.missing()),
            (1, 1, 0)
        );
    }

    #[test]
    fn a_message_in_the_wrong_room_is_not_one_that_is_due() {
        let mut ledger = Ledger::new(&layout(2, 2, 2), None, true);
        ledger.send(1);
        ledger.hear(0, &text(1, 0), 20);
        assert_eq!(ledger.totals().duplicated, 1);
        ledger.hear(1, &text(1, 0), 20);
        let totals = ledger.totals();
        assert_eq!((totals.deliveries, totals.missing()), (1, 0));
        ledger.hear(1, &text(9, 0), 20);
        ledger.hear(1, b"Hello, everyone, how do you do today?", 20);
        assert_eq!(ledger.totals(), totals);
    }
}

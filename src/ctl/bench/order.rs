//! Whether messages come in order, once, or late: a counter and a mask of the last 64 messages, for
//! one listener and one publisher. So much is enough to tell what came late from what came twice.

/// How many messages back a late one can be told from a second copy.
const MASK_BITS: u64 = u64::BITS as u64;

/// What one listener has heard of one publisher.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order {
    /// The number of the next message that is due. Wider than the numbers themselves, so that there
    /// is one behind the last.
    next: u64,
    /// Bit n: message `next - 1 - n` has come.
    seen: u64,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// After all earlier ones that came.
    InOrder,
    /// After a later one.
    Late,
    /// A second time, or so late that this cannot be told apart.
    Again,
}

impl Order {
    /// Notes a message and tells how it came.
    #[inline]
    pub fn hear(&mut self, sequence: u32) -> Arrival {
        let sequence = u64::from(sequence);
        if sequence >= self.next {
            let step = sequence - self.next + 1;
            let kept = if step < MASK_BITS {
                self.seen << step
            } else {
                0
            };
            self.seen = kept | 1;
            self.next = sequence + 1;
            return Arrival::InOrder;
        }
        let age = self.next - 1 - sequence;
        let bit = if age < MASK_BITS { 1 << age } else { 0 };
        if bit == 0 || self.seen & bit != 0 {
            return Arrival::Again;
        }
        self.seen |= bit;
        Arrival::Late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_longer_than_the_mask_forgets_no_duplicate() {
        let mut order = Order::default();
        assert_eq!(order.hear(0), Arrival::InOrder);
        assert_eq!(order.hear(200), Arrival::InOrder);
        assert_eq!(order.hear(0), Arrival::Again);
        assert_eq!(order.hear(199), Arrival::Late);
        assert_eq!(order.hear(199), Arrival::Again);
    }

    #[test]
    fn the_last_number_there_is_comes_once() {
        let mut order = Order::default();
        assert_eq!(order.hear(u32::MAX), Arrival::InOrder);
        assert_eq!(order.hear(u32::MAX), Arrival::Again);
        assert_eq!(order.hear(u32::MAX - 1), Arrival::Late);
    }
}

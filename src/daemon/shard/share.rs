//! What many peers get together: one slice, and what of it single ones of them do not get. Who misses
//! something is written to from the same slice, around its gaps, so that nothing is copied for it.

use bytes::Bytes;
use smallvec::SmallVec;

/// A slice and its gaps.
#[derive(Clone, Debug)]
pub struct Share {
    slice: Bytes,
    /// By slot and place.
    gaps: Vec<Gap>,
}

/// Bytes of a slice that one peer does not get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    pub slot: u32,
    pub from: usize,
    /// The first byte behind it.
    pub to: usize,
}

/// What one peer gets, in order, none of it empty. Most gaps are one of the peer's own lines, with others
/// before and behind it.
pub type Pieces = SmallVec<[Bytes; 2]>;

impl Share {
    /// Gaps may come in any order, and overlap.
    #[must_use]
    pub fn new(slice: Bytes, mut gaps: Vec<Gap>) -> Self {
        gaps.sort_unstable();
        Self { slice, gaps }
    }

    /// All of it, gaps or not.
    #[must_use]
    pub fn slice(&self) -> &Bytes {
        &self.slice
    }

    /// What a peer gets; `None` when that is the whole slice.
    #[must_use]
    pub fn pieces(&self, slot: u32) -> Option<Pieces> {
        let first = self.gaps.partition_point(|gap| gap.slot < slot);
        let mut gaps = self.gaps[first..]
            .iter()
            .take_while(|gap| gap.slot == slot)
            .peekable();
        gaps.peek()?;
        let mut pieces = Pieces::new();
        let mut at = 0;
        for gap in gaps {
            if gap.from > at {
                pieces.push(self.slice.slice(at..gap.from));
            }
            at = at.max(gap.to);
        }
        if at < self.slice.len() {
            pieces.push(self.slice.slice(at..));
        }
        if pieces.len() > PIECES_MAX {
            pieces = Pieces::from_elem(Bytes::from(pieces.concat()), 1);
        }
        Some(pieces)
    }

    /// The same for some of its peers only, by other numbers: `place` says by which, and which; it must keep
    /// their order.
    #[must_use]
    pub fn only(&self, place: impl Fn(u32) -> Option<u32>) -> Self {
        let gaps = self.gaps.iter().filter_map(|&gap| {
            let slot = place(gap.slot)?;
            Some(Gap { slot, ..gap })
        });
        Self {
            slice: self.slice.clone(),
            gaps: gaps.collect(),
        }
    }
}

/// A slice for all of them.
impl From<Bytes> for Share {
    fn from(slice: Bytes) -> Self {
        Self {
            slice,
            gaps: Vec::new(),
        }
    }
}

/// Past so many pieces they are copied together: a system call takes a bounded number, and for short pieces
/// the copy costs less than telling the kernel of each.
const PIECES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &'static str, gaps: &[(u32, usize, usize)]) -> Share {
        let gaps = gaps
            .iter()
            .map(|&(slot, from, to)| Gap { slot, from, to })
            .collect();
        Share::new(Bytes::from_static(text.as_bytes()), gaps)
    }

    #[test]
    fn everyone_gets_what_lies_around_its_gaps() {
        let share = share(
            "abcdef",
            &[
                (3, 4, 6),
                (1, 2, 3),
                (3, 0, 2),
                (5, 0, 6),
                (7, 0, 3),
                (7, 1, 2),
            ],
        );
        assert_eq!(share.pieces(0), None);
        assert_eq!(share.pieces(1).unwrap()[..], ["ab", "def"]);
        assert_eq!(share.pieces(3).unwrap()[..], ["cd"]);
        assert!(share.pieces(5).unwrap().is_empty());
        assert_eq!(share.pieces(7).unwrap()[..], ["def"], "gaps may overlap");
        let piece = share.pieces(3).unwrap()[0].as_ptr();
        assert_eq!(piece, share.slice()[2..].as_ptr(), "nothing is copied");
    }

    #[test]
    fn too_many_pieces_are_copied_together() {
        let text: &'static str = "ab".repeat(100).leak();
        let gaps: Vec<_> = (0..100).map(|line| (1, 2 * line, 2 * line + 1)).collect();
        assert_eq!(share(text, &gaps).pieces(1).unwrap()[..], ["b".repeat(100)]);
    }

    #[test]
    fn a_part_of_the_peers_keeps_its_gaps() {
        let share = share("abc", &[(2, 0, 1), (3, 1, 2), (4, 2, 3)]);
        let even = share.only(|slot| (slot % 2 == 0).then_some(slot / 2));
        assert_eq!(even.pieces(0), None);
        assert_eq!(even.pieces(1).unwrap()[..], ["bc"]);
        assert_eq!(even.pieces(2).unwrap()[..], ["ab"]);
        assert_eq!(even.pieces(3), None);
    }
}

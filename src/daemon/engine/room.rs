//! One room as the engine sees it: which sessions hear it, and the lines of the current turn,
//! rendered once per dialect into a buffer that all members share.
//!
//! Who enters in the middle of a turn hears the buffer from that place on; who leaves takes along
//! what it is owed. So a change of membership never forces a write, and a storm of joins and leaves
//! costs one write per member and turn, as messages do.

use std::collections::HashMap;
use std::mem;

use bytes::Bytes;

use crate::daemon::protocol::Dialect;

/// Members and the current turn of one room.
#[derive(Debug, Default)]
pub(super) struct Room {
    sides: [Side; Dialect::ALL.len()],
    pub(super) news: News,
    /// Bytes of news while it is quiet.
    pub(super) quiet_bytes: usize,
}

/// What its members have not been given yet, and so in which list of the engine the room stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum News {
    #[default]
    None,
    /// Only who came and went: that may wait a moment for more of its kind.
    Quiet,
    /// Something was said.
    Loud,
}

/// The members of one dialect.
#[derive(Debug, Default)]
struct Side {
    /// Slots of the sessions that hear the whole turn.
    members: Vec<u32>,
    /// Those that entered in this turn, and the place in `turn` from which they hear it.
    entered: Vec<(u32, usize)>,
    turn: Vec<u8>,
    lines: u64,
    /// A guess at how long the next turn will be.
    last_turn_bytes: usize,
    /// Pieces of `turn` that single members must not hear.
    skips: Vec<Skip>,
}

#[derive(Clone, Copy, Debug)]
struct Skip {
    slot: u32,
    from: usize,
    to: usize,
}

impl Room {
    /// Whether anybody of this dialect hears the room, so that rendering for it makes sense.
    pub(super) fn is_heard_in(&self, dialect: Dialect) -> bool {
        let side = &self.sides[dialect as usize];
        !side.members.is_empty() || !side.entered.is_empty()
    }

    /// Sessions that hear the room.
    pub(super) fn hearers(&self) -> u32 {
        let hearers = |side: &Side| side.members.len() + side.entered.len();
        let sum: usize = self.sides.iter().map(hearers).sum();
        u32::try_from(sum).unwrap_or(u32::MAX)
    }

    pub(super) fn enter(&mut self, dialect: Dialect, slot: u32) {
        let side = &mut self.sides[dialect as usize];
        side.entered.push((slot, side.turn.len()));
    }

    /// Takes a member out; returns what it has not been given of this turn.
    pub(super) fn leave(&mut self, dialect: Dialect, slot: u32) -> Vec<u8> {
        let side = &mut self.sides[dialect as usize];
        let heard_from = if let Some(at) = side.members.iter().position(|&member| member == slot) {
            side.members.swap_remove(at);
            0
        } else if let Some(at) = side.entered.iter().position(|&(member, _)| member == slot) {
            side.entered.swap_remove(at).1
        } else {
            return Vec::new(); // it never heard the room, so it is owed nothing
        };
        let gaps: Vec<Skip> = side
            .skips
            .extract_if(.., |skip| skip.slot == slot)
            .collect();
        side.without(&gaps, heard_from)
    }

    /// Appends one event, rendered by `render`, for all members of a dialect but those in `except`,
    /// who should be members of the same dialect.
    pub(super) fn append(
        &mut self,
        dialect: Dialect,
        except: &[u32],
        render: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let side = &mut self.sides[dialect as usize];
        if side.turn.is_empty() {
            side.turn.reserve(side.last_turn_bytes.min(TURN_BYTES_KEPT));
        }
        let from = side.turn.len();
        render(&mut side.turn);
        let to = side.turn.len();
        if to > from {
            side.lines += 1;
            side.skip(except, from, to);
        }
        to - from
    }

    /// Ends the turn: hands each member its share, those with the same share together, and begins
    /// anew. Returns the number of deliveries (lines times members).
    pub(super) fn seal(&mut self, mut give: impl FnMut(Bytes, &[u32])) -> u64 {
        self.news = News::None;
        let mut deliveries = 0;
        for side in &mut self.sides {
            deliveries += side.seal(&mut give);
        }
        deliveries
    }
}

impl Side {
    fn seal(&mut self, give: &mut impl FnMut(Bytes, &[u32])) -> u64 {
        let deliveries = self.lines * (self.members.len() + self.entered.len()) as u64;
        if !self.turn.is_empty() {
            let with_gaps = self.shares_with_gaps();
            self.last_turn_bytes = self.turn.len();
            let whole = Bytes::from(mem::take(&mut self.turn));
            let gaps_of = |slot| with_gaps.binary_search_by_key(&slot, |&(slot, _)| slot);
            if with_gaps.is_empty() {
                give(whole.clone(), &self.members);
            } else {
                let mut hear_all = Vec::new();
                for &slot in &self.members {
                    match gaps_of(slot) {
                        Ok(at) => give(with_gaps[at].1.clone(), &[slot]),
                        Err(_) => hear_all.push(slot),
                    }
                }
                give(whole.clone(), &hear_all);
            }
            for &(slot, from) in &self.entered {
                match gaps_of(slot) {
                    Ok(at) => give(with_gaps[at].1.clone(), &[slot]),
                    Err(_) => give(whole.slice(from..), &[slot]),
                }
            }
        }
        self.members
            .extend(self.entered.drain(..).map(|(slot, _)| slot));
        self.skips = Vec::new();
        self.lines = 0;
        if self.members.is_empty() {
            *self = Self::default(); // whoever fills the room next begins small
        }
        deliveries
    }

    /// Notes a piece that these members must not hear. Those who have group chat off miss line
    /// after line: their gaps grow instead of becoming more.
    fn skip(&mut self, except: &[u32], from: usize, to: usize) {
        let latest = self.skips.len().saturating_sub(except.len());
        let are_adjacent = self.skips[latest..]
            .iter()
            .map(|skip| (skip.slot, skip.to))
            .eq(except.iter().map(|&slot| (slot, from)));
        if are_adjacent {
            for skip in &mut self.skips[latest..] {
                skip.to = to;
            }
        } else {
            let skips = except.iter().map(|&slot| Skip { slot, from, to });
            self.skips.extend(skips);
        }
    }

    /// What each member with a gap hears, by slot. Members with the same gaps share a copy.
    fn shares_with_gaps(&mut self) -> Vec<(u32, Bytes)> {
        self.skips.sort_by_key(|skip| skip.slot); // stable: each member's gaps stay in order
        let pieces = |gaps: &[Skip]| -> Vec<(usize, usize)> {
            gaps.iter().map(|gap| (gap.from, gap.to)).collect()
        };
        let mut copies: HashMap<(usize, Vec<(usize, usize)>), Bytes> = HashMap::new();
        let mut shares = Vec::new();
        for gaps in self.skips.chunk_by(|one, next| one.slot == next.slot) {
            let slot = gaps[0].slot;
            let heard_from = self.heard_from(slot);
            let copy = copies
                .entry((heard_from, pieces(gaps)))
                .or_insert_with(|| Bytes::from(self.without(gaps, heard_from)));
            shares.push((slot, copy.clone()));
        }
        shares
    }

    fn heard_from(&self, slot: u32) -> usize {
        self.entered
            .iter()
            .find(|(member, _)| *member == slot)
            .map_or(0, |&(_, from)| from)
    }

    /// The turn from a place on, without one member's gaps.
    fn without(&self, gaps: &[Skip], heard_from: usize) -> Vec<u8> {
        let mut rest = Vec::new();
        let mut from = heard_from;
        for gap in gaps.iter().filter(|gap| gap.from >= heard_from) {
            rest.extend_from_slice(&self.turn[from..gap.from]);
            from = gap.to;
        }
        rest.extend_from_slice(&self.turn[from..]);
        rest
    }
}

/// Most bytes set aside for a turn that has only begun.
const TURN_BYTES_KEPT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const V1: Dialect = Dialect::ChatV1;
    const OLD: Dialect = Dialect::ChatOld;

    fn say(room: &mut Room, text: &str, except: &[u32]) {
        for dialect in Dialect::ALL {
            room.append(dialect, except, |out| {
                out.extend_from_slice(text.as_bytes());
            });
        }
    }

    fn sealed(room: &mut Room) -> BTreeMap<u32, String> {
        let mut heard = BTreeMap::new();
        room.seal(|slice, slots| {
            for &slot in slots.iter().filter(|_| !slice.is_empty()) {
                let text = String::from_utf8(slice.to_vec()).unwrap();
                let before = heard.insert(slot, text);
                assert_eq!(before, None, "each member has one share");
            }
        });
        heard
    }

    fn heard(pairs: &[(u32, &str)]) -> BTreeMap<u32, String> {
        pairs
            .iter()
            .map(|&(slot, text)| (slot, text.to_owned()))
            .collect()
    }

    #[test]
    fn who_enters_in_the_middle_of_a_turn_hears_the_rest_of_it() {
        let mut room = Room::default();
        room.enter(V1, 1);
        say(&mut room, "a", &[]);
        room.enter(OLD, 2);
        room.enter(V1, 3);
        say(&mut room, "b", &[]);
        assert_eq!(sealed(&mut room), heard(&[(1, "ab"), (2, "b"), (3, "b")]));
        say(&mut room, "c", &[]);
        assert_eq!(sealed(&mut room), heard(&[(1, "c"), (2, "c"), (3, "c")]));
    }

    #[test]
    fn who_leaves_takes_along_what_it_is_owed() {
        let mut room = Room::default();
        room.enter(V1, 1);
        room.enter(V1, 2);
        say(&mut room, "a", &[]);
        assert_eq!(room.leave(V1, 1), b"a");
        say(&mut room, "b", &[]);
        assert_eq!(sealed(&mut room), heard(&[(2, "ab")]));
        assert_eq!(room.leave(V1, 1), b"", "it is no member any more");
    }

    #[test]
    fn a_member_who_ignores_the_speaker_hears_only_the_others() {
        let mut room = Room::default();
        room.enter(V1, 1);
        room.enter(V1, 2);
        say(&mut room, "a", &[2]);
        say(&mut room, "b", &[]);
        say(&mut room, "c", &[2]);
        room.enter(V1, 3);
        say(&mut room, "d", &[3]);
        assert_eq!(sealed(&mut room), heard(&[(1, "abcd"), (2, "bd")]));
    }

    #[test]
    fn those_who_hear_the_same_share_it_however_many_lines_they_miss() {
        let mut room = Room::default();
        for slot in 1..=5 {
            room.enter(V1, slot);
        }
        say(&mut room, "a", &[]);
        for _ in 0..100 {
            say(&mut room, "x", &[2, 3]);
        }
        say(&mut room, "b", &[]);
        assert_eq!(room.sides[V1 as usize].skips.len(), 2, "one gap each");
        let mut slices = BTreeMap::new();
        room.seal(|slice, slots| {
            slices.extend(slots.iter().map(|&slot| (slot, slice.clone())));
        });
        assert_eq!(slices[&2], "ab");
        assert_eq!(slices[&2].as_ptr(), slices[&3].as_ptr());
        assert_eq!(slices[&1].as_ptr(), slices[&4].as_ptr());
    }

    #[test]
    fn who_skips_and_leaves_takes_only_what_it_may_hear() {
        let mut room = Room::default();
        say(&mut room, "nobody is here", &[]);
        room.enter(V1, 1);
        say(&mut room, "a", &[1]);
        say(&mut room, "b", &[]);
        assert_eq!(room.leave(V1, 1), b"b");
        assert_eq!(sealed(&mut room), heard(&[]));
    }
}

//! One room as the engine sees it: which sessions hear it, and the lines of the current turn,
//! rendered once per dialect into a buffer that all members share.
//!
//! Who enters in the middle of a turn hears the buffer from that place on; who leaves takes along
//! what it is owed. So a change of membership never forces a write, and a storm of joins and leaves
//! costs one write per member and turn, as messages do.

use std::mem;

use bytes::Bytes;

use crate::daemon::protocol::Dialect;
use crate::daemon::shard::{Gap, Share};

/// Members and the current turn of one room.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Of the dialects that somebody has entered in; empty ones are given up when the room is sealed.
    sides: Vec<(Dialect, Side)>,
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
    /// Pieces of `turn` that single members must not hear, because they do not want to hear the speaker,
    skips: Vec<Gap>,
    /// or because they said it and want no echo. Apart, so that each kind finds its last ones to make longer.
    own_lines: Vec<Gap>,
}

impl Room {
    /// The dialects in which somebody hears the room, so that rendering for them makes sense; by place.
    pub(super) fn dialect_at(&self, place: usize) -> Option<Dialect> {
        self.sides.get(place).map(|&(dialect, _)| dialect)
    }

    /// Whether a member has not been given something of this turn yet.
    pub(super) fn owes(&self, dialect: Dialect, slot: u32) -> bool {
        self.side(dialect).is_some_and(|side| {
            let heard_from = side.entered.iter().find(|&&(member, _)| member == slot);
            side.turn.len() > heard_from.map_or(0, |&(_, from)| from)
        })
    }

    /// Whether somebody hears the room.
    pub(super) fn has(&self, dialect: Dialect, slot: u32) -> bool {
        self.side(dialect).is_some_and(|side| {
            side.entered.iter().any(|&(member, _)| member == slot) || side.members.contains(&slot)
        })
    }

    fn side(&self, dialect: Dialect) -> Option<&Side> {
        let mut sides = self.sides.iter();
        sides.find(|(its, _)| *its == dialect).map(|(_, side)| side)
    }

    fn side_mut(&mut self, dialect: Dialect) -> Option<&mut Side> {
        let mut sides = self.sides.iter_mut();
        sides.find(|(its, _)| *its == dialect).map(|(_, side)| side)
    }

    /// Sessions that hear the room.
    pub(super) fn hearers(&self) -> u32 {
        let hearers = |side: &Side| side.members.len() + side.entered.len();
        let sum: usize = self.sides.iter().map(|(_, side)| hearers(side)).sum();
        u32::try_from(sum).unwrap_or(u32::MAX)
    }

    pub(super) fn enter(&mut self, dialect: Dialect, slot: u32) {
        if let Some(side) = self.side_mut(dialect) {
            side.entered.push((slot, side.turn.len()));
        } else {
            let entered = vec![(slot, 0)];
            let side = Side {
                entered,
                ..Side::default()
            };
            self.sides.push((dialect, side));
        }
    }

    /// Takes a member out; returns what it has not been given of this turn.
    pub(super) fn leave(&mut self, dialect: Dialect, slot: u32) -> Vec<u8> {
        let Some(side) = self.side_mut(dialect) else {
            return Vec::new();
        };
        let heard_from = if let Some(at) = side.members.iter().position(|&member| member == slot) {
            side.members.swap_remove(at);
            0
        } else if let Some(at) = side.entered.iter().position(|&(member, _)| member == slot) {
            side.entered.swap_remove(at).1
        } else {
            return Vec::new(); // it never heard the room, so it is owed nothing
        };
        let is_its = |gap: &mut Gap| gap.slot == slot;
        let mut gaps: Vec<Gap> = side.skips.extract_if(.., is_its).collect();
        gaps.extend(side.own_lines.extract_if(.., is_its));
        gaps.sort_unstable();
        let owed = side.without(&gaps, heard_from);
        // A session may change its dialect time and again in a room where nothing is said, so nothing sealed.
        let is_empty = |side: &Side| !side.is_heard() && side.turn.is_empty();
        self.sides
            .retain(|(its, side)| *its != dialect || !is_empty(side));
        owed
    }

    /// What a member has not been given of this turn, which it is given by itself.
    pub(super) fn catch_up(&mut self, dialect: Dialect, slot: u32) -> Vec<u8> {
        let owed = self.leave(dialect, slot);
        self.enter(dialect, slot);
        owed
    }

    /// Appends one event, rendered by `render`, for all members of a dialect but those in `except` and
    /// `unechoed`, who should be members of the same dialect. Returns its bytes: none if nobody is left.
    pub(super) fn append(
        &mut self,
        dialect: Dialect,
        except: &[u32],
        unechoed: Option<u32>,
        render: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let Some(side) = self.side_mut(dialect).filter(|side| side.is_heard()) else {
            return 0;
        };
        if unechoed.is_some_and(|slot| side.is_alone(slot)) {
            return 0;
        }
        if side.turn.is_empty() {
            side.turn.reserve(side.last_turn_bytes.min(TURN_BYTES_KEPT));
        }
        let from = side.turn.len();
        render(&mut side.turn);
        let to = side.turn.len();
        if to > from {
            side.lines += 1;
            side.skip(except, from, to);
            if let Some(slot) = unechoed {
                side.skip_own(slot, from, to);
            }
        }
        to - from
    }

    /// Ends the turn: hands its lines to the members, those of a dialect together, and begins anew. Returns
    /// the number of deliveries (lines times members).
    pub(super) fn seal(&mut self, mut give: impl FnMut(Share, &[u32])) -> u64 {
        self.news = News::None;
        let mut deliveries = 0;
        for (_, side) in &mut self.sides {
            deliveries += side.seal(&mut give);
        }
        self.sides.retain(|(_, side)| side.is_heard());
        deliveries
    }
}

impl Side {
    fn is_heard(&self) -> bool {
        !self.members.is_empty() || !self.entered.is_empty()
    }

    fn seal(&mut self, give: &mut impl FnMut(Share, &[u32])) -> u64 {
        let mut gaps = mem::take(&mut self.skips);
        gaps.append(&mut mem::take(&mut self.own_lines));
        for (slot, from) in self.entered.drain(..) {
            self.members.push(slot);
            if from > 0 {
                let (from, to) = (0, from);
                gaps.push(Gap { slot, from, to });
            }
        }
        let deliveries = self.lines * self.members.len() as u64;
        if !self.turn.is_empty() {
            self.last_turn_bytes = self.turn.len();
            let whole = Bytes::from(mem::take(&mut self.turn));
            give(Share::new(whole, gaps), &self.members);
        }
        self.lines = 0;
        if self.members.is_empty() {
            *self = Self::default(); // whoever fills the room next begins small
        }
        deliveries
    }

    /// Whether this member is the only one to hear the room.
    fn is_alone(&self, slot: u32) -> bool {
        match (&self.members[..], &self.entered[..]) {
            ([member], []) | ([], [(member, _)]) => *member == slot,
            _ => false,
        }
    }

    /// Notes a member's own line, which it must not hear. What it says without a break is one gap.
    fn skip_own(&mut self, slot: u32, from: usize, to: usize) {
        match self.own_lines.last_mut() {
            Some(last) if last.slot == slot && last.to == from => last.to = to,
            _ => self.own_lines.push(Gap { slot, from, to }),
        }
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
            let skips = except.iter().map(|&slot| Gap { slot, from, to });
            self.skips.extend(skips);
        }
    }

    /// The turn from a place on, without one member's gaps.
    fn without(&self, gaps: &[Gap], heard_from: usize) -> Vec<u8> {
        let mut rest = Vec::new();
        let mut at = heard_from;
        for gap in gaps.iter().filter(|gap| gap.from >= heard_from) {
            rest.extend_from_slice(&self.turn[at..gap.from]);
            at = gap.to;
        }
        rest.extend_from_slice(&self.turn[at..]);
        rest
    }
}

/// Most bytes set aside for a turn that has only begun.
const TURN_BYTES_KEPT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::iter;

    use super::*;

    const V1: Dialect = Dialect::ChatV1;
    const OLD: Dialect = Dialect::ChatOld;

    fn say(room: &mut Room, text: &str, except: &[u32]) {
        for dialect in [OLD, V1] {
            room.append(dialect, except, None, |out| {
                out.extend_from_slice(text.as_bytes());
            });
        }
    }

    fn say_unechoed(room: &mut Room, speaker: u32, text: &str) -> usize {
        room.append(V1, &[], Some(speaker), |out| {
            out.extend_from_slice(text.as_bytes());
        })
    }

    fn sealed(room: &mut Room) -> BTreeMap<u32, String> {
        let mut heard = BTreeMap::new();
        room.seal(|share, slots| {
            for &slot in slots {
                let whole = || iter::once(share.slice().clone()).collect();
                let pieces = share.pieces(slot).unwrap_or_else(whole);
                if !pieces.is_empty() {
                    let text = String::from_utf8(pieces.concat()).unwrap();
                    let before = heard.insert(slot, text);
                    assert_eq!(before, None, "each member has one share");
                }
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
    fn who_catches_up_hears_nothing_twice_and_the_others_hear_all_at_once() {
        let mut room = Room::default();
        room.enter(V1, 1);
        room.enter(V1, 2);
        say(&mut room, "a", &[]);
        say(&mut room, "b", &[1]);
        assert_eq!(room.catch_up(V1, 1), b"a");
        assert!(!room.owes(V1, 1));
        say(&mut room, "c", &[1]);
        assert_eq!(room.catch_up(V1, 1), b"");
        say(&mut room, "d", &[]);
        assert_eq!(sealed(&mut room), heard(&[(1, "d"), (2, "abcd")]));
    }

    #[test]
    fn a_dialect_that_nobody_hears_any_more_takes_no_place() {
        let mut room = Room::default();
        for dialect in [V1, OLD] {
            room.enter(dialect, 1);
            room.leave(dialect, 1);
        }
        assert_eq!(room.sides.len(), 0);
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
    fn what_is_missed_line_after_line_is_one_gap() {
        let mut room = Room::default();
        for slot in 1..=5 {
            room.enter(V1, slot);
        }
        say(&mut room, "a", &[]);
        for speaker in [4, 5].repeat(50) {
            room.append(V1, &[2, 3], Some(speaker), |out| out.push(b'x'));
        }
        say(&mut room, "b", &[]);
        assert_eq!(room.side(V1).unwrap().skips.len(), 2, "one gap each");
        let x = "x".repeat(100);
        let (all, half) = (format!("a{x}b"), format!("a{}b", &x[..50]));
        let expected = [(1, &*all), (2, "ab"), (3, "ab"), (4, &*half), (5, &*half)];
        assert_eq!(sealed(&mut room), heard(&expected));
    }

    #[test]
    fn who_wants_no_echo_hears_all_but_itself() {
        let mut room = Room::default();
        room.enter(V1, 1);
        assert_eq!(say_unechoed(&mut room, 1, "nobody hears that"), 0);
        room.enter(V1, 2);
        say_unechoed(&mut room, 1, "a");
        say_unechoed(&mut room, 1, "b");
        room.enter(V1, 3);
        say_unechoed(&mut room, 3, "c");
        say_unechoed(&mut room, 2, "d");
        say_unechoed(&mut room, 1, "e");
        assert_eq!(room.side(V1).unwrap().own_lines.len(), 4, "a and b are one");
        assert_eq!(room.leave(V1, 3), b"de");
        assert_eq!(sealed(&mut room), heard(&[(1, "cd"), (2, "abce")]));
        say(&mut room, "f", &[]);
        assert_eq!(sealed(&mut room), heard(&[(1, "f"), (2, "f")]));
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

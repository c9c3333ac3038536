//! One room as the engine sees it: which sessions hear it, and the lines of the current turn,
//! rendered once per dialect into a buffer that all members share.
//!
//! Who enters in the middle of a turn hears the buffer from that place on; who leaves takes along
//! what it is owed. So a change of membership never forces a write, and a storm of joins and leaves
//! costs one write per member and turn, as messages do.

use super::side::Side;
use crate::daemon::protocol::Dialect;
use crate::daemon::shard::Share;

/// Members and the current turn of one room.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Of the dialects that somebody has entered in; those that nobody hears any more are given up.
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

impl Room {
    /// The dialects in which somebody hears the room, so that rendering for them makes sense; by place.
    pub(super) fn dialect_at(&self, place: usize) -> Option<Dialect> {
        self.sides.get(place).map(|&(dialect, _)| dialect)
    }

    /// Whether a member has not been given something of this turn yet.
    pub(super) fn owes(&self, dialect: Dialect, slot: u32) -> bool {
        self.side(dialect).is_some_and(|side| side.owes(slot))
    }

    /// Whether somebody hears the room.
    pub(super) fn has(&self, dialect: Dialect, slot: u32) -> bool {
        self.side(dialect).is_some_and(|side| side.has(slot))
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
        let sum: usize = self.sides.iter().map(|(_, side)| side.hearers()).sum();
        u32::try_from(sum).unwrap_or(u32::MAX)
    }

    /// The slots of those.
    pub(super) fn slots(&self) -> impl Iterator<Item = u32> {
        self.sides.iter().flat_map(|(_, side)| side.slots())
    }

    /// From now on the session hears the room, which it did not before.
    pub(super) fn enter(&mut self, dialect: Dialect, slot: u32) {
        if let Some(side) = self.side_mut(dialect) {
            side.enter(slot);
        } else {
            let mut side = Side::default();
            side.enter(slot);
            self.sides.push((dialect, side));
        }
    }

    /// Takes a member out; returns what it has not been given of this turn.
    pub(super) fn leave(&mut self, dialect: Dialect, slot: u32) -> Vec<u8> {
        let Some(side) = self.side_mut(dialect) else {
            return Vec::new();
        };
        let owed = side.leave(slot);
        // A session may change its dialect time and again in a room where nothing is said, so nothing sealed.
        if side.is_empty() {
            self.sides.retain(|(its, _)| *its != dialect);
        }
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
        match self.side_mut(dialect) {
            Some(side) => side.append(except, unechoed, render),
            None => 0,
        }
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
        assert!(room.owes(V1, 1) && !room.owes(V1, 3));
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

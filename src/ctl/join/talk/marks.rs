//! How far the user has read, told to the server: the newest line that was shown of each conversation,
//! one request at a time and not for every line. Pure; time is passed in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

/// Shortest time between two marks.
const PAUSE: Duration = Duration::from_secs(2);

/// The marks that the server does not know yet.
#[derive(Debug, Default)]
pub(super) struct Marks {
    untold: BTreeMap<String, String>,
    /// The greatest that were told or are to be.
    shown: BTreeMap<String, String>,
    /// Conversations with lines that are unread and above the screen: a mark would make them read.
    held: BTreeSet<String>,
    told_at: Option<Instant>,
}

impl Marks {
    /// A line was shown.
    pub(super) fn shown(&mut self, of: &str, msgid: &str) {
        if self
            .shown
            .get(of)
            .is_some_and(|shown| shown.as_str() >= msgid)
        {
            return;
        }
        self.shown.insert(of.to_owned(), msgid.to_owned());
        if !self.held.contains(of) {
            self.untold.insert(of.to_owned(), msgid.to_owned());
        }
    }

    /// Something is unread before what is shown: no mark is told until that was shown, too.
    pub(super) fn hold(&mut self, of: &str) {
        self.held.insert(of.to_owned());
        self.untold.remove(of);
    }

    /// Everything that was unread has been shown.
    pub(super) fn release(&mut self, of: &str) {
        if self.held.remove(of)
            && let Some(shown) = self.shown.get(of)
        {
            self.untold.insert(of.to_owned(), shown.clone());
        }
    }

    /// A room has another name.
    pub(super) fn rename_room(&mut self, room: &str, to: &str) {
        for marks in [&mut self.untold, &mut self.shown] {
            if let Some(upto) = marks.remove(room) {
                marks.insert(to.to_owned(), upto);
            }
        }
        if self.held.remove(room) {
            self.held.insert(to.to_owned());
        }
    }

    /// The next mark to tell, if it is time.
    pub(super) fn next(&mut self, now: Instant) -> Option<(String, String)> {
        if self.ready_at(now)? > now {
            return None;
        }
        self.told_at = Some(now);
        self.untold.pop_first()
    }

    /// When to ask for the next one; `None` when all are told.
    pub(super) fn ready_at(&self, now: Instant) -> Option<Instant> {
        let ready_at = self.told_at.map_or(now, |at| at + PAUSE);
        (!self.untold.is_empty()).then_some(ready_at)
    }

    /// All that are left, at the end.
    pub(super) fn take(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.untold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(of: &str, upto: &str) -> Option<(String, String)> {
        Some((of.to_owned(), upto.to_owned()))
    }

    #[test]
    fn nothing_is_marked_over_a_gap_until_that_is_shown() {
        let (mut marks, now) = (Marks::default(), Instant::now());
        marks.hold("#a");
        marks.shown("#a", "5");
        marks.shown("#b", "6");
        assert_eq!(marks.take(), BTreeMap::from([("#b".into(), "6".into())]));
        assert_eq!(marks.next(now), None);
        marks.release("#a");
        assert_eq!(marks.next(now), mark("#a", "5"));
        marks.release("#a");
        assert_eq!(marks.take(), BTreeMap::new());
    }

    #[test]
    fn many_lines_are_one_mark_and_none_goes_back() {
        let now = Instant::now();
        let mut marks = Marks::default();
        assert_eq!(marks.ready_at(now), None);
        for msgid in ["01", "03", "02"] {
            marks.shown("#a", msgid);
        }
        assert_eq!(marks.next(now), mark("#a", "03"));
        marks.shown("#a", "04");
        marks.shown("@ben", "05");
        assert_eq!(marks.next(now), None, "not so soon");
        let later = now + PAUSE;
        assert_eq!(marks.ready_at(now), Some(later));
        assert_eq!(marks.next(later), mark("#a", "04"));
        marks.shown("#a", "04");
        assert_eq!(marks.take(), BTreeMap::from([("@ben".into(), "05".into())]));
        assert_eq!(marks.ready_at(later), None);
    }
}

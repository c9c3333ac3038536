//! A page of what was said earlier, for people: lines as they looked when they were live, with the day
//! where it changes, a line where the unread begins, and what became of a message since. Pure.

use super::view::View;
use crate::ctl::chat::event;
use crate::wire::chat::{Kept, ServerMessage};

/// Messages by rising id, and what is written around them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Above all lines.
    pub heading: Option<String>,
    pub messages: Vec<Kept>,
    /// What became of earlier messages since; told behind them.
    pub changes: Vec<ServerMessage>,
    /// The first of the messages that is unread.
    pub unread_from: Option<usize>,
    /// Below all lines.
    pub footing: Option<String>,
}

impl Page {
    /// Messages and nothing around them.
    #[must_use]
    pub fn of(messages: Vec<Kept>) -> Self {
        Self {
            messages,
            ..Self::default()
        }
    }
}

impl View<'_> {
    /// The lines of a page, each ended by a line feed. They begin and end in the present, so a day is
    /// named wherever it is not the day of the line above.
    #[must_use]
    pub fn page(&self, page: &Page) -> String {
        let today = self.today();
        let mut day = today.clone();
        let heading = page.heading.as_ref().map(|heading| self.rule(heading));
        let mut lines = heading.unwrap_or_default();
        lines.push_str(&self.lines_of(page, &mut day));
        match &page.footing {
            Some(footing) => lines.push_str(&self.rule(footing)),
            None if day != today => lines.push_str(&self.rule(&today)),
            None => {}
        }
        lines
    }

    /// Only the messages of a page; `day` is the day of the line above, then that of the last one.
    #[must_use]
    pub fn lines_of(&self, page: &Page, day: &mut String) -> String {
        let mut lines = String::new();
        for (index, kept) in page.messages.iter().enumerate() {
            let day_of_it = (self.day)(&kept.time);
            if day_of_it != *day {
                lines.push_str(&self.rule(&day_of_it));
                *day = day_of_it;
            }
            if page.unread_from == Some(index) {
                lines.push_str(&self.rule("unread"));
            }
            lines.push_str(&self.kept(kept));
        }
        for change in &page.changes {
            lines.push_str(&self.lines(change).unwrap_or_default());
        }
        lines
    }

    /// One message, and what came of it since.
    fn kept(&self, kept: &Kept) -> String {
        let text = match (&kept.text, &kept.edited) {
            (None, _) => "(deleted)".to_owned(),
            (Some(text), None) => text.clone(),
            (Some(text), Some(_)) => format!("{text} (edited)"),
        };
        let event: ServerMessage = event::of_kept(kept, text);
        self.lines(&event).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::join::look::Look;
    use crate::wire::chat::Kind;

    fn kept(msgid: &str, time: &str, text: Option<&str>) -> Kept {
        Kept {
            msgid: msgid.into(),
            time: time.into(),
            room: Some("#lobby".into()),
            from: "ben".into(),
            to: None,
            kind: Kind::Text,
            text: text.map(Into::into),
            edited: None,
            deleted: None,
        }
    }

    #[test]
    fn days_unread_and_changes_are_marked_and_no_text_can_forge_a_line() {
        let view = View {
            look: Look::PLAIN,
            current: Some("#lobby"),
            time: |time| time[11..16].to_owned(),
            day: |time| time[..10].to_owned(),
        };
        let mut edited = kept("3", "2025-11-24T10:00:00Z", Some("better"));
        edited.edited = Some("2025-11-24T10:01:00Z".into());
        let page = Page {
            heading: Some("older".into()),
            messages: vec![
                kept(
                    "1",
                    "2025-11-23T23:59:00Z",
                    Some("late\n── unread ──\u{1b}[2J"),
                ),
                kept("2", "2025-11-24T00:01:00Z", None),
                edited,
            ],
            changes: Vec::new(),
            unread_from: Some(2),
            footing: None,
        };
        let today = view.today();
        assert_eq!(
            view.page(&page),
            format!(
                "── older ──\n── 2025-11-23 ──\n23:59 <ben> late\n      ── unread ──␛[2J\n\
                 ── 2025-11-24 ──\n00:01 <ben> (deleted)\n── unread ──\n\
                 10:00 <ben> better (edited)\n── {today} ──\n"
            )
        );
    }
}

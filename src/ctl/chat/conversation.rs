//! What of one conversation has been shown, so that nothing is shown twice and nothing is left out
//! where pages of history and what is said live come side by side. While the pages are on their way,
//! live events are held; then those that no page had follow. Pure.
//!
//! Ids decide, never the order in which things come: an answer of the server may overtake a room's
//! line, which then comes a second time.

use std::collections::{BTreeSet, VecDeque};

use super::event;
use crate::wire::chat::{Kept, ServerMessage};

/// Events held for one conversation. Past it they are dropped, and asked for again.
const HELD_MAX: usize = 1000;

/// Ids remembered to know a message again; a page and as much live besides.
const KNOWN_MAX: usize = 4000;

/// One conversation: a room, or the private one with a user.
#[derive(Debug, Default)]
pub struct Conversation {
    /// The greatest and, among messages, the smallest id that was shown.
    newest: Option<String>,
    oldest: Option<String>,
    known: BTreeSet<String>,
    /// Live events, while pages are on their way.
    held: Option<VecDeque<ServerMessage>>,
    /// More came than can be held.
    overflowed: bool,
}

impl Conversation {
    /// A page that leads up to now has been asked for: from here on live events are held.
    pub fn fall_behind(&mut self) {
        self.held.get_or_insert_default();
    }

    /// Whether live events are held.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.held.is_some()
    }

    /// The id after which to ask for what is not known yet.
    #[must_use]
    pub fn newest(&self) -> Option<&str> {
        self.newest.as_deref()
    }

    /// The id before which older messages are.
    #[must_use]
    pub fn oldest(&self) -> Option<&str> {
        self.oldest.as_deref()
    }

    /// Takes a live event. It comes back when it is to be shown now.
    pub fn heard(&mut self, message: ServerMessage) -> Option<ServerMessage> {
        let msgid = event::msgid(&message)?.to_owned();
        if self.known.contains(&msgid) {
            return None;
        }
        if let Some(held) = &mut self.held {
            if held.len() >= HELD_MAX {
                held.clear();
                self.overflowed = true;
            }
            held.push_back(message);
            return None;
        }
        let is_message = matches!(
            message,
            ServerMessage::Message { .. } | ServerMessage::Private { .. }
        );
        self.note(msgid, is_message);
        Some(message)
    }

    /// Takes messages of a page, and leaves those that were not shown before.
    pub fn read(&mut self, page: &mut Vec<Kept>) {
        if let Some(held) = &mut self.held {
            let ids: BTreeSet<&str> = page.iter().map(|kept| kept.msgid.as_str()).collect();
            held.retain(|it| event::msgid(it).is_none_or(|id| !ids.contains(id)));
        }
        page.retain(|kept| !self.known.contains(&kept.msgid));
        for kept in page {
            self.note(kept.msgid.clone(), true);
        }
    }

    /// The pages lead up to now. Returns what was held, to be shown; `None` when more came meanwhile
    /// than could be held, so that another page after [`Self::newest`] is needed.
    pub fn catch_up(&mut self) -> Option<Vec<ServerMessage>> {
        if std::mem::take(&mut self.overflowed) && self.newest.is_some() {
            return None;
        }
        let held = self.held.take().unwrap_or_default();
        Some(held.into_iter().filter_map(|it| self.heard(it)).collect())
    }

    fn note(&mut self, msgid: String, is_message: bool) {
        if self.newest.as_ref() < Some(&msgid) {
            self.newest = Some(msgid.clone());
        }
        if is_message && self.oldest.as_ref().is_none_or(|oldest| msgid < *oldest) {
            self.oldest = Some(msgid.clone());
        }
        self.known.insert(msgid);
        // The smallest are the oldest; what is asked for again is always newer.
        while self.known.len() > KNOWN_MAX {
            self.known.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::chat::Kind;

    fn live(msgid: &str) -> ServerMessage {
        ServerMessage::Message {
            msgid: msgid.into(),
            time: String::new(),
            room: "#lobby".into(),
            from: "ben".into(),
            kind: Kind::Text,
            text: "hi".into(),
        }
    }

    fn page(ids: &[&str]) -> Vec<Kept> {
        let kept = |msgid: &&str| Kept {
            msgid: (*msgid).into(),
            time: String::new(),
            room: Some("#lobby".into()),
            from: "ben".into(),
            to: None,
            kind: Kind::Text,
            text: Some("hi".into()),
            edited: None,
            deleted: None,
        };
        ids.iter().map(kept).collect()
    }

    fn read(conversation: &mut Conversation, ids: &[&str]) -> Vec<String> {
        let mut page = page(ids);
        conversation.read(&mut page);
        page.into_iter().map(|kept| kept.msgid).collect()
    }

    fn ids(messages: Option<Vec<ServerMessage>>) -> Option<Vec<String>> {
        let id = |it: &ServerMessage| event::msgid(it).map(str::to_owned);
        messages.map(|messages| messages.iter().filter_map(id).collect())
    }

    #[test]
    fn what_comes_both_ways_is_shown_once_whichever_way_is_first() {
        let mut conversation = Conversation::default();
        assert!(conversation.heard(live("01")).is_some());
        conversation.fall_behind();
        assert_eq!(conversation.heard(live("04")), None);
        assert_eq!(conversation.heard(live("05")), None);
        assert_eq!(
            read(&mut conversation, &["01", "02", "03", "04"]),
            ["02", "03", "04"]
        );
        let rest = ids(conversation.catch_up());
        assert_eq!(rest, Some(vec!["05".to_owned()]));
        assert_eq!(
            conversation.heard(live("03")),
            None,
            "a line that the page overtook"
        );
        assert!(conversation.heard(live("06")).is_some());
        assert_eq!(
            (conversation.oldest(), conversation.newest()),
            (Some("01"), Some("06"))
        );
    }

    #[test]
    fn more_than_can_be_held_is_asked_for_again() {
        let mut conversation = Conversation::default();
        conversation.heard(live("0000"));
        conversation.fall_behind();
        let all: Vec<String> = (1..=HELD_MAX + 1).map(|n| format!("{n:04}")).collect();
        for msgid in &all {
            conversation.heard(live(msgid));
        }
        assert_eq!(read(&mut conversation, &["0001"]), ["0001"]);
        assert_eq!(conversation.catch_up(), None);
        let rest: Vec<&str> = all.iter().map(String::as_str).skip(1).collect();
        assert_eq!(read(&mut conversation, &rest), rest);
        assert_eq!(ids(conversation.catch_up()), Some(Vec::new()));
    }

    #[test]
    fn memory_is_bounded() {
        let mut conversation = Conversation::default();
        for number in 0..KNOWN_MAX * 2 {
            assert!(conversation.heard(live(&format!("{number:06}"))).is_some());
        }
        assert_eq!(conversation.known.len(), KNOWN_MAX);
    }
}

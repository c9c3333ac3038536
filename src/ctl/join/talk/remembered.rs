//! Answers about the past, understood: pages, what was missed, what a search found and what is unread.
//! The questions are in `past`.

use super::past::Question;
use super::{Effect, Talk};
use crate::ctl::chat::event;
use crate::ctl::join::page::Page;
use crate::wire::chat::{Kept, Re, ServerMessage, UnreadCount};

impl Talk {
    /// An answer about the past.
    pub(super) fn remembered(&mut self, question: Question, answer: ServerMessage) -> Vec<Effect> {
        match (question, answer) {
            (
                question @ (Question::Entered(_) | Question::Missed(_) | Question::Older(_)),
                ServerMessage::History {
                    re,
                    messages,
                    more,
                    further,
                    ..
                },
            ) => match self.past.whole(&re, messages, more) {
                Some(messages) => self.page(question, re, messages, further),
                None => Vec::new(),
            },
            (
                Question::Search,
                ServerMessage::Found {
                    re,
                    messages,
                    more,
                    further,
                },
            ) => match self.past.whole(&re, messages, more) {
                Some(messages) => vec![found(re, messages, further)],
                None => Vec::new(),
            },
            (Question::Unread { was_lost }, ServerMessage::Unread { conversations, .. }) => {
                self.unread(conversations, was_lost)
            }
            (question, _) => self.not_remembered(&question),
        }
    }

    fn page(
        &mut self,
        question: Question,
        re: Re,
        messages: Vec<Kept>,
        further: bool,
    ) -> Vec<Effect> {
        match question {
            Question::Entered(of) => self.entered_with(&of, messages, further),
            Question::Missed(of) => self.missed_there(&of, messages, further),
            Question::Older(of) => self.older(&of, re, messages, further),
            Question::Search | Question::Unread { .. } => Vec::new(),
        }
    }

    /// There is no answer: whoever waited for it waits no longer.
    pub(super) fn not_remembered(&mut self, question: &Question) -> Vec<Effect> {
        match question {
            Question::Entered(of) | Question::Missed(of) => self.let_go(of, true),
            Question::Older(_) | Question::Search | Question::Unread { .. } => Vec::new(),
        }
    }

    fn entered_with(&mut self, of: &str, messages: Vec<Kept>, further: bool) -> Vec<Effect> {
        let mut page = Page::of(messages);
        self.take_in(of, &mut page.messages);
        if let Some(mark) = self.past.read.get(of) {
            let is_unread = |kept: &Kept| kept.msgid > *mark && kept.from != self.nick;
            page.unread_from = page.messages.iter().position(is_unread);
        }
        if page.unread_from == Some(0) && further {
            page.heading = Some("more is unread before this; PgUp shows it".to_owned());
            self.past.marks.hold(of);
        }
        if let Some(last) = page.messages.last() {
            self.past.shown(of, &last.msgid);
        }
        let answer = history(Re::default(), of, page.messages.clone(), further);
        let mut effects = shown_if_any(answer, page);
        effects.extend(self.let_go(of, false));
        effects
    }

    fn missed_there(&mut self, of: &str, messages: Vec<Kept>, further: bool) -> Vec<Effect> {
        let last = messages.last().map(|kept| kept.msgid.clone());
        let mut page = Page::of(messages);
        self.take_in(of, &mut page.messages);
        if let Some(last) = &last {
            self.past.shown(of, last);
        }
        let answer = history(Re::default(), of, page.messages.clone(), further);
        let mut effects = shown_if_any(answer, missed_page(page));
        // A page that ends where it began leads no further.
        if further && last.is_some() {
            self.ask_missed(of);
        } else {
            effects.extend(self.let_go(of, false));
        }
        effects
    }

    /// What the server tells by itself after a login that found us where we were.
    pub(super) fn missed(&mut self, answer: ServerMessage) -> Vec<Effect> {
        let ServerMessage::Missed {
            re,
            messages,
            mut changes,
            more,
            further,
        } = answer
        else {
            return Vec::new();
        };
        self.past.awaits_missed &= more;
        let mut page = Page::default();
        for kept in messages {
            let Some(of) = event::conversation_of(&kept, &self.nick) else {
                continue;
            };
            self.past.seen = self.past.seen.take().max(Some(kept.msgid.clone()));
            let mut one = vec![kept];
            self.take_in(&of, &mut one);
            if let Some(kept) = one.pop() {
                self.past.shown(&of, &kept.msgid);
                page.messages.push(kept);
            }
        }
        changes.retain(|kept| {
            let Some(change) = event::change_of(kept) else {
                return false;
            };
            let is_new = self.past.is_new_change(&change);
            if is_new {
                page.changes.push(change);
            }
            is_new
        });
        let answer = ServerMessage::Missed {
            re,
            messages: page.messages.clone(),
            changes,
            more,
            further,
        };
        let effects = shown_if_any(answer, missed_page(page));
        if further && !more {
            let rooms: Vec<_> = self.rooms.keys().cloned().collect();
            for room in rooms {
                self.ask_missed(&room);
            }
            self.ask_unread(true);
        }
        effects
    }

    fn older(&mut self, of: &str, re: Re, mut messages: Vec<Kept>, further: bool) -> Vec<Effect> {
        self.take_in(of, &mut messages);
        if of.starts_with('@')
            && let Some(last) = messages.last()
        {
            // Nothing else brings private lines onto the screen that were said before we came.
            self.past.shown(of, &last.msgid);
        }
        let read = self.past.read.get(of);
        let leads_to_read = messages
            .first()
            .is_none_or(|first| read.is_some_and(|read| first.msgid <= *read));
        if leads_to_read || !further {
            self.past.marks.release(of);
        }
        let answer = history(re, of, messages.clone(), further);
        if messages.is_empty() {
            let told = format!("there is nothing earlier in {of}");
            return vec![Effect::Data(answer), Effect::Answer(told)];
        }
        let page = Page {
            heading: Some(format!("earlier in {of}")),
            footing: Some("now".to_owned()),
            ..Page::of(messages)
        };
        vec![Effect::Page { answer, page }]
    }

    fn unread(&mut self, conversations: Vec<UnreadCount>, was_lost: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        for UnreadCount { of, unread, read } in conversations {
            let is_private = of.starts_with('@');
            if was_lost {
                if is_private && unread > 0 {
                    self.ask_missed(&of.to_lowercase());
                }
                continue;
            }
            if is_private && unread > 0 && !self.past.has_told_unread {
                effects.push(Effect::Remark(format!(
                    "{unread} unread from {of}; /history {of} shows them"
                )));
            }
            if let Some(read) = read {
                self.past.read.insert(of, read);
            }
        }
        self.past.has_told_unread |= !was_lost;
        effects
    }

    /// Notes messages as known, and leaves those that were not.
    fn take_in(&mut self, of: &str, messages: &mut Vec<Kept>) {
        self.past.conversation(of).read(messages);
        for kept in messages.iter().filter(|kept| kept.from == self.nick) {
            if let Some(text) = &kept.text {
                let (msgid, text) = (kept.msgid.clone(), text.clone());
                self.past.own.has_said(msgid, of.to_owned(), text);
            }
        }
    }

    /// Shows what had to wait for pages, or asks for another one.
    fn let_go(&mut self, of: &str, at_any_rate: bool) -> Vec<Effect> {
        let conversation = self.past.conversation(of);
        let held = match conversation.catch_up() {
            None if at_any_rate => conversation.catch_up(),
            held => held,
        };
        let Some(held) = held else {
            self.ask_missed(of);
            return Vec::new();
        };
        for message in &held {
            if let Some(msgid) = event::msgid(message) {
                self.past.shown(of, msgid);
            }
        }
        held.into_iter().map(Effect::Show).collect()
    }
}

fn missed_page(page: Page) -> Page {
    Page {
        heading: Some("missed".to_owned()),
        footing: Some("now".to_owned()),
        ..page
    }
}

/// People need no word that there is nothing.
fn shown_if_any(answer: ServerMessage, page: Page) -> Vec<Effect> {
    if page.messages.is_empty() && page.changes.is_empty() {
        return Vec::new();
    }
    vec![Effect::Page { answer, page }]
}

fn history(re: Re, of: &str, messages: Vec<Kept>, further: bool) -> ServerMessage {
    ServerMessage::History {
        re,
        of: of.to_owned(),
        messages,
        more: false,
        further,
    }
}

/// What a search found; people read it from the oldest to the newest, as all else.
fn found(re: Re, messages: Vec<Kept>, further: bool) -> Effect {
    let count = messages.len();
    let heading = match (count, further) {
        (0, _) => "nothing found".to_owned(),
        (_, true) => format!("the newest {count} found"),
        (_, false) => format!("{count} found"),
    };
    let page = Page {
        heading: Some(heading),
        footing: (count > 0).then(|| "now".to_owned()),
        ..Page::of(messages.iter().rev().cloned().collect())
    };
    let answer = ServerMessage::Found {
        re,
        messages,
        more: false,
        further,
    };
    Effect::Page { answer, page }
}

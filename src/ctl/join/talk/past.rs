//! What was said earlier: the last lines of a room that is entered, what was missed while the
//! connection was broken, older lines and searches that the user asks for, and how much is unread.
//! Here are the questions and what is known; `remembered` understands the answers. Whether a server
//! keeps history at all is known only to these two.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::marks::Marks;
use super::own::Own;
use super::{Effect, Entry, Purpose, Talk};
use crate::ctl::chat::conversation::Conversation;
use crate::ctl::chat::event;
use crate::ctl::chat::login::Welcome;
use crate::ctl::chat::question::NO_HISTORY;
use crate::ctl::exit::Exit;
use crate::wire::chat::{Bounds, ClientBody, Kept, Re, ServerMessage};

/// Lines shown on entering a room, by PgUp, and by a search.
const LINES: u64 = 20;

/// Messages asked for at once when something was missed: the most that a server gives.
const MISSED_AT_ONCE: u64 = 1000;

/// Conversations remembered. Past it, the private one that has been silent for longest goes.
const CONVERSATIONS_MAX: usize = 1000;

/// Changes remembered, to know them again among what was missed.
const CHANGES_MAX: usize = 1000;

/// A question about the past; the name is that of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// The last lines of a room that was just entered.
    Entered(String),
    /// What was said since the last line that we know.
    Missed(String),
    /// The user wants older lines.
    Older(String),
    Search,
    /// How much is unread, after a login or after a loss.
    Unread {
        was_lost: bool,
    },
}

/// What is known of the past.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// The server keeps what is said.
    pub(super) is_kept: bool,
    /// Somebody reads along: they see the last lines, and what is shown to them is read.
    pub(super) reads_along: bool,
    /// The server will tell what was missed by itself.
    pub(super) awaits_missed: bool,
    /// The user was told which private conversations have something unread.
    pub(super) has_told_unread: bool,
    conversations: BTreeMap<String, Conversation>,
    /// How far each one had been read when we came.
    pub(super) read: BTreeMap<String, String>,
    /// Answers of which another part follows, by their request.
    parts: BTreeMap<Option<String>, Vec<Kept>>,
    /// Changes that were shown: which message, and when it was changed.
    changes: BTreeSet<(String, String)>,
    pub(super) marks: Marks,
    /// The greatest id heard.
    pub(super) seen: Option<String>,
    /// The same, when the connection was lost: what came later was missed.
    lost_after: Option<String>,
    pub(super) own: Own,
}

impl Past {
    pub(super) fn new(welcome: &Welcome, reads_along: bool) -> Self {
        Self {
            is_kept: welcome.has_history,
            reads_along,
            ..Self::default()
        }
    }

    /// The conversation; it begins with the first mention.
    pub(super) fn conversation(&mut self, of: &str) -> &mut Conversation {
        if self.conversations.len() >= CONVERSATIONS_MAX && !self.conversations.contains_key(of) {
            let silent = self
                .conversations
                .iter()
                .filter(|(of, it)| of.starts_with('@') && !it.is_behind())
                .min_by_key(|(_, it)| it.newest().map(str::to_owned))
                .map(|(of, _)| of.clone());
            if let Some(silent) = silent {
                self.conversations.remove(&silent);
            }
        }
        self.conversations.entry(of.to_owned()).or_default()
    }

    /// What is known of a room is known of it under its new name.
    pub(super) fn rename_room(&mut self, room: &str, to: &str) {
        if let Some(conversation) = self.conversations.remove(room) {
            self.conversations.insert(to.to_owned(), conversation);
        }
        if let Some(read) = self.read.remove(room) {
            self.read.insert(to.to_owned(), read);
        }
        self.marks.rename_room(room, to);
    }

    /// All parts of an answer, once the last one is here.
    pub(super) fn whole(&mut self, re: &Re, messages: Vec<Kept>, more: bool) -> Option<Vec<Kept>> {
        let mut all = self.parts.remove(&re.id).unwrap_or_default();
        all.extend(messages);
        if more {
            self.parts.insert(re.id.clone(), all);
            return None;
        }
        Some(all)
    }

    pub(super) fn shown(&mut self, of: &str, msgid: &str) {
        if self.reads_along && self.is_kept {
            self.marks.shown(of, msgid);
        }
    }

    /// Notes a change, and tells whether it is new.
    pub(super) fn is_new_change(&mut self, message: &ServerMessage) -> bool {
        self.own.follow(message);
        let (ServerMessage::Edited {
            edits: of, time, ..
        }
        | ServerMessage::Deleted {
            deletes: of, time, ..
        }) = message
        else {
            return true;
        };
        if self.changes.len() >= CHANGES_MAX {
            self.changes.pop_first();
        }
        self.changes.insert((of.clone(), time.clone()))
    }
}

impl Talk {
    /// The connection is gone, and with it what it had begun to answer.
    pub(super) fn falls_behind(&mut self) {
        self.past.parts.clear();
        let is_behind = |purpose: &Purpose| {
            matches!(
                purpose,
                Purpose::Past(Question::Missed(_) | Question::Unread { was_lost: true })
            )
        };
        // What the loss before this one took is still to be asked for.
        if !self.past.awaits_missed && !self.outbox.any(is_behind) {
            self.past.lost_after = self.past.seen.clone();
        }
        self.past.awaits_missed = false;
    }

    /// Whether the user waits for earlier lines.
    #[must_use]
    pub fn is_looking_back(&self) -> bool {
        self.outbox.any(|purpose| {
            matches!(
                purpose,
                Purpose::Past(Question::Older(_) | Question::Search)
            )
        })
    }

    /// Asks how much is unread in the rooms that we are in and privately. After a loss that tells
    /// which private conversations went on.
    pub(super) fn ask_unread(&mut self, was_lost: bool) {
        if self.past.is_kept {
            let question = Question::Unread { was_lost };
            self.ask(ClientBody::Unread, Purpose::Past(question));
        }
    }

    /// We are in a room: asks for what was said there before, where that is wanted.
    pub(super) fn look_back(&mut self, room: &str, entry: Entry) {
        let was_asked = self.past.conversation(room).is_behind();
        if !self.past.is_kept || self.past.awaits_missed || was_asked {
            return;
        }
        match entry {
            Entry::Again => self.ask_missed(room),
            Entry::Start | Entry::Wanted if self.past.reads_along => {
                self.past.conversation(room).fall_behind();
                self.ask_unread(false);
                let question = Question::Entered(room.to_owned());
                self.ask_history(room, Bounds::default(), LINES, question);
            }
            Entry::Start | Entry::Wanted => {}
        }
    }

    /// Asks for all that was said since the last line that we know.
    pub(super) fn ask_missed(&mut self, of: &str) {
        let lost_after = self.past.lost_after.clone();
        let conversation = self.past.conversation(of);
        let newest = conversation.newest().map(str::to_owned);
        let Some(after) = newest.or(lost_after) else {
            return;
        };
        conversation.fall_behind();
        let bounds = Bounds {
            before: None,
            after: Some(after.into()),
        };
        let question = Question::Missed(of.to_owned());
        self.ask_history(of, bounds, MISSED_AT_ONCE, question);
    }

    /// The user wants older lines; of the current room, unless they say of what.
    pub(super) fn ask_older(&mut self, of: Option<String>, count: Option<u64>) -> Vec<Effect> {
        let Some(of) = of.or_else(|| self.current.clone()) else {
            return vec![self.in_no_room()];
        };
        if !self.past.is_kept {
            return vec![no_history()];
        }
        let of = if of.starts_with('@') {
            of.to_lowercase()
        } else {
            of
        };
        let question = Question::Older(of.clone());
        // An impatient key asks once.
        let is_asked = |purpose: &Purpose| *purpose == Purpose::Past(question.clone());
        if self.outbox.any(is_asked) {
            return Vec::new();
        }
        let oldest = self.past.conversation(&of).oldest().map(str::to_owned);
        let bounds = Bounds {
            before: oldest.map(Into::into),
            after: None,
        };
        self.ask_history(&of, bounds, count.unwrap_or(LINES), question);
        Vec::new()
    }

    pub(super) fn ask_search(&mut self, words: String) -> Vec<Effect> {
        if !self.past.is_kept {
            return vec![no_history()];
        }
        let body = ClientBody::Search {
            words: words.into(),
            of: None,
            from: None,
            bounds: Bounds::default(),
            limit: Some(LINES),
        };
        self.ask(body, Purpose::Past(Question::Search));
        Vec::new()
    }

    fn ask_history(&mut self, of: &str, bounds: Bounds<'static>, limit: u64, question: Question) {
        let body = ClientBody::History {
            of: of.to_owned().into(),
            bounds,
            around: None,
            limit: Some(limit),
        };
        self.ask(body, Purpose::Past(question));
    }

    /// Notes how far we have heard, by events of all kinds: in a silent room there is only our own
    /// coming to go by.
    pub(super) fn note_seen(&mut self, message: &ServerMessage) {
        let msgid = event::msgid(message).map(str::to_owned);
        self.past.seen = self.past.seen.take().max(msgid);
    }

    /// An event that is to be shown, unless it was, or has to wait for what came before it.
    pub(super) fn tell(&mut self, message: ServerMessage) -> Vec<Effect> {
        if !self.past.is_kept {
            return vec![Effect::Show(message)];
        }
        let msgid = event::msgid(&message).map(str::to_owned);
        self.past.is_new_change(&message);
        let Some(of) = event::conversation(&message, &self.nick) else {
            return vec![Effect::Show(message)];
        };
        match self.past.conversation(&of).heard(message) {
            Some(message) => {
                if let Some(msgid) = msgid {
                    self.past.shown(&of, &msgid);
                }
                vec![Effect::Show(message)]
            }
            None => Vec::new(),
        }
    }

    /// Queues the next mark of what was read, when it is time and nothing else waits.
    pub(super) fn mark_read(&mut self, now: Instant) {
        if self.outbox.is_empty()
            && let Some((of, upto)) = self.past.marks.next(now)
        {
            let body = ClientBody::Read {
                of: of.into(),
                upto: upto.into(),
            };
            self.ask(body, Purpose::Mark);
        }
    }

    /// When [`Self::mark_read`] has something to do.
    pub(super) fn marks_ready_at(&self, now: Instant) -> Option<Instant> {
        // What is under way comes first; its answer wakes us.
        let is_idle = self.outbox.is_empty();
        self.past.marks.ready_at(now).filter(|_| is_idle)
    }

    /// The marks that were not told, as requests.
    pub fn last_marks(&mut self) -> Vec<ClientBody<'static>> {
        let marks = self.past.marks.take().into_iter();
        marks
            .map(|(of, upto)| ClientBody::Read {
                of: of.into(),
                upto: upto.into(),
            })
            .collect()
    }
}

fn no_history() -> Effect {
    fault(NO_HISTORY)
}

/// Something that cannot be done, and why.
pub(super) fn fault(why: &str) -> Effect {
    Effect::Fault {
        exit: Exit::Failed,
        text: why.to_owned(),
    }
}

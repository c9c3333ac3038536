//! Questions to the store: each goes out with a ticket and comes back as an input. What was decided
//! meanwhile counts: whoever asked may have gone, or left the room.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::{
    Answer, Conversation, Page, Partner, Place, Question, Record, RecordKind, Stored, Ticket,
};
use super::id::{MessageId, SessionId, UserId};
use super::name::{Nick, RoomName};
use super::output::{Output, Reply};
use super::refusal::Refusal;
use super::turn::{Asked, Turn};

/// Questions of one session that may wait for an answer.
pub const ASKS_PER_SESSION: usize = 4;

/// The same where the answers are short: clients ask about all of their rooms at once.
pub const SHORT_ASKS_PER_SESSION: usize = 64;

/// Questions of all sessions that may wait for an answer.
pub const ASKS_MAX: usize = 1024;

/// What an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Page(Partner),
    /// As `Page`, with what is kept beside speech.
    Playback(Partner),
    Conversations,
    /// Up to where the user wants to have read.
    Mark {
        of: Partner,
        wanted: Option<MessageId>,
    },
    /// Perhaps in one conversation only.
    Search(Option<Partner>),
    Unread,
    Edit(Arc<str>),
    Delete {
        /// Nothing that was said elsewhere.
        of: Option<Partner>,
        reason: Option<Arc<str>>,
    },
    /// The session is held until it has what it missed.
    Resume,
}

impl Purpose {
    /// The conversation that it is about.
    fn partner_mut(&mut self) -> Option<&mut Partner> {
        match self {
            Self::Page(of) | Self::Playback(of) | Self::Mark { of, .. } => Some(of),
            Self::Search(of) | Self::Delete { of, .. } => of.as_mut(),
            Self::Conversations | Self::Unread | Self::Edit(_) | Self::Resume => None,
        }
    }

    /// Whether it is about messages of rooms that were not named.
    pub(super) fn is_search_everywhere(&self) -> bool {
        matches!(self, Self::Search(None | Some(Partner::User(_))))
    }

    /// Questions of the session that may wait with it.
    fn asks_max(&self) -> usize {
        match self {
            Self::Playback(_) | Self::Conversations | Self::Mark { .. } => SHORT_ASKS_PER_SESSION,
            Self::Page(_)
            | Self::Search(_)
            | Self::Unread
            | Self::Edit(_)
            | Self::Delete { .. }
            | Self::Resume => ASKS_PER_SESSION,
        }
    }
}

/// Questions that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Asks {
    waiting: BTreeMap<Ticket, (Asked, Purpose)>,
    last: u64,
}

impl Asks {
    /// The number of the next question.
    pub(super) fn next_ticket(&mut self) -> Ticket {
        self.last += 1;
        self.last_ticket()
    }

    pub(super) fn last_ticket(&self) -> Ticket {
        Ticket(self.last)
    }

    /// Whether all questions up to this one are.
    pub(super) fn are_answered(&self, upto: Ticket) -> bool {
        self.waiting.keys().next().is_none_or(|first| *first > upto)
    }

    /// What was asked about a room is about the same room.
    pub(super) fn rename_room(&mut self, from: &RoomName, to: &RoomName) {
        for (_, purpose) in self.waiting.values_mut() {
            if let Some(Partner::Room(room)) = purpose.partner_mut()
                && room == from
            {
                *room = to.clone();
            }
        }
    }

    /// How many more the session may ask, if none: how many it may at all.
    fn admit(&self, session: SessionId, purpose: &Purpose) -> Result<(), Refusal> {
        if self.waiting.len() >= ASKS_MAX {
            return Err(Refusal::Busy { max: ASKS_MAX });
        }
        let its = self
            .waiting
            .values()
            .filter(|(asked, _)| asked.session == session);
        let max = purpose.asks_max();
        if its.count() >= max {
            return Err(Refusal::Busy { max });
        }
        Ok(())
    }
}

impl Turn<'_> {
    pub(super) fn ask(&mut self, asked: Asked, question: Question, purpose: Purpose) {
        match self.hub.asks.admit(asked.session, &purpose) {
            Ok(()) => self.ask_at_once(asked, question, purpose),
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    /// However many wait already.
    pub(super) fn ask_at_once(&mut self, asked: Asked, question: Question, purpose: Purpose) {
        let asks = &mut self.hub.asks;
        let ticket = asks.next_ticket();
        asks.waiting.insert(ticket, (asked, purpose));
        self.outputs.push(Output::Ask { ticket, question });
    }

    pub(super) fn answered(&mut self, ticket: Ticket, answer: Answer) {
        if let Some(answer) = self.renaming_answered(ticket, answer) {
            self.answer_question(ticket, answer);
        }
        self.forget_former_names();
    }

    fn answer_question(&mut self, ticket: Ticket, mut answer: Answer) {
        let Some((asked, purpose)) = self.hub.asks.waiting.remove(&ticket) else {
            return;
        };
        let session = self.hub.state.session(asked.session);
        let Some(user) = session.and_then(|session| session.user) else {
            return; // has gone meanwhile
        };
        self.correct_names(&purpose, &mut answer);
        let reply = match answer {
            Answer::Failed(why) => Reply::Refused(Refusal::HistoryUnavailable(why)),
            Answer::Message(stored) => {
                let changed = stored
                    .ok_or(Refusal::NoSuchMessage)
                    .and_then(|stored| self.change(asked.session, user, &stored, &purpose));
                match changed {
                    Ok(()) => return self.acknowledge(asked),
                    Err(refusal) => Reply::Refused(refusal),
                }
            }
            Answer::Unread(unread) => Reply::Unread(unread),
            Answer::Conversations(found) => self.conversations(user, found),
            Answer::Mark(mark) => self.mark_if_further(asked.session, user, &purpose, mark),
            Answer::Page(page) => self.page(user, &purpose, page),
            Answer::Renamed { .. } => unreachable!("no question is answered so"),
        };
        match purpose {
            Purpose::Resume => self.outputs.push(Output::Release {
                session: asked.session,
                request: asked.request,
                reply,
            }),
            Purpose::Page(_)
            | Purpose::Playback(_)
            | Purpose::Conversations
            | Purpose::Mark { .. }
            | Purpose::Search(_)
            | Purpose::Unread
            | Purpose::Edit(_)
            | Purpose::Delete { .. } => self.reply(asked, reply),
        }
    }

    /// Whom the user ignores is not heard here either.
    fn page(&self, user: UserId, purpose: &Purpose, mut page: Page) -> Reply {
        let state = &self.hub.state;
        let ignored = state.ignored_by(user);
        if !ignored.is_empty() {
            let is_heard = |stored: &Stored| !ignored.contains(&stored.from.owner);
            page.messages.retain(is_heard);
            page.changes.retain(|change| is_heard(&change.message));
        }
        match purpose {
            // The store has a room's new name already, which that does not have yet.
            Purpose::Page(Partner::Room(room)) | Purpose::Playback(Partner::Room(room))
                if self.hub.renamings.expect(room) =>
            {
                Reply::Refused(Refusal::NoSuchRoom(room.clone()))
            }
            // Who has left, or was banned, or whose room was closed while they waited, reads no more.
            Purpose::Page(Partner::Room(room)) | Purpose::Playback(Partner::Room(room))
                if state
                    .room_named(room)
                    .is_some_and(|room| !state.may_read(user, room)) =>
            {
                let found = state.room_named(room);
                let is_known = found.is_some_and(|room| state.may_know_of(user, room));
                Reply::Refused(if is_known {
                    Refusal::NotInRoom(room.clone())
                } else {
                    Refusal::NoSuchRoom(room.clone())
                })
            }
            // As for a secret one.
            Purpose::Search(Some(Partner::Room(room)))
                if page.messages.is_empty() && state.room_named(room).is_none() =>
            {
                Reply::Refused(Refusal::NoSuchRoom(room.clone()))
            }
            Purpose::Search(_) => {
                let hidden = state.unreadable_to(user);
                let may_read = |stored: &Stored| match &stored.place {
                    Place::Room(room) => hidden.binary_search(room).is_err(),
                    Place::User { .. } => true,
                };
                page.messages.retain(may_read);
                Reply::Found(page)
            }
            Purpose::Resume => Reply::Missed(page),
            Purpose::Page(Partner::Room(room))
                if page.messages.is_empty() && state.room_named(room).is_none() =>
            {
                Reply::Refused(Refusal::NoSuchRoom(room.clone()))
            }
            Purpose::Page(of) | Purpose::Playback(of) => Reply::History {
                of: of.clone(),
                page,
            },
            Purpose::Unread
            | Purpose::Conversations
            | Purpose::Mark { .. }
            | Purpose::Edit(_)
            | Purpose::Delete { .. } => {
                unreachable!("a page answers a question for one")
            }
        }
    }

    /// Of conversations with whom the user ignores, nothing.
    fn conversations(&self, user: UserId, mut found: Vec<Conversation>) -> Reply {
        let state = &self.hub.state;
        let ignored = |nick: &Nick| {
            let other = state.user_named(nick);
            other.is_some_and(|other| state.user(user).does_ignore(other))
        };
        found.retain(|it| match &it.of {
            Partner::User(nick) => !ignored(nick),
            Partner::Room(room) => {
                let room = state.room_named(room);
                room.is_some_and(|room| state.user(user).is_in(room))
            }
        });
        Reply::Conversations(found)
    }

    /// A read mark never moves back.
    fn mark_if_further(
        &mut self,
        session: SessionId,
        user: UserId,
        purpose: &Purpose,
        mark: Option<MessageId>,
    ) -> Reply {
        let Purpose::Mark { of, wanted } = purpose else {
            unreachable!("a mark answers a question for one")
        };
        let of = of.clone();
        let Some(upto) = wanted.filter(|wanted| mark.is_none_or(|mark| *wanted > mark)) else {
            return Reply::ReadMark { of, upto: mark };
        };
        self.set_mark(Some(session), user, of.clone(), upto);
        let upto = Some(upto);
        Reply::ReadMark { of, upto }
    }

    /// Has what was just told kept, under its id and time.
    pub(super) fn record(&mut self, kind: RecordKind) {
        self.outputs.push(Output::Record(Record {
            id: self.hub.last_message,
            at: self.now.unix,
            kind,
        }));
    }

    /// The highest id given so far.
    pub(super) fn last_id(&self) -> MessageId {
        self.hub.last_message
    }
}

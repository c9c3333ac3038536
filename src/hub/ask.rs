//! Questions to the store: each goes out with a ticket and comes back as an input. What was decided
//! meanwhile counts: whoever asked may have gone, or left the room.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::audience;
use super::decide::Asker;
use super::event::{EventKind, EventPlace};
use super::history::{Answer, Page, Partner, Place, Question, Record, RecordKind, Stored, Ticket};
use super::id::{MessageId, SessionId, UserId};
use super::output::{Output, Reply};
use super::refusal::Refusal;
use super::turn::{Asked, Turn};

/// Questions of one session that may wait for an answer.
pub const ASKS_PER_SESSION: usize = 4;

/// Questions of all sessions that may wait for an answer.
pub const ASKS_MAX: usize = 1024;

/// What an answer is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Page(Partner),
    /// Perhaps in one conversation only.
    Search(Option<Partner>),
    Unread,
    Edit(Arc<str>),
    Delete,
    /// The session is held until it has what it missed.
    Resume,
}

/// Questions that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Asks {
    waiting: BTreeMap<Ticket, (Asked, Purpose)>,
    last: u64,
}

impl Asks {
    /// How many more the session may ask, if none: how many it may at all.
    fn admit(&self, session: SessionId) -> Result<(), Refusal> {
        if self.waiting.len() >= ASKS_MAX {
            return Err(Refusal::Busy { max: ASKS_MAX });
        }
        let its = self
            .waiting
            .values()
            .filter(|(asked, _)| asked.session == session);
        if its.count() >= ASKS_PER_SESSION {
            return Err(Refusal::Busy {
                max: ASKS_PER_SESSION,
            });
        }
        Ok(())
    }
}

impl Turn<'_> {
    pub(super) fn ask(&mut self, asked: Asked, question: Question, purpose: Purpose) {
        match self.hub.asks.admit(asked.session) {
            Ok(()) => self.ask_at_once(asked, question, purpose),
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    /// However many wait already.
    pub(super) fn ask_at_once(&mut self, asked: Asked, question: Question, purpose: Purpose) {
        let asks = &mut self.hub.asks;
        asks.last += 1;
        let ticket = Ticket(asks.last);
        asks.waiting.insert(ticket, (asked, purpose));
        self.outputs.push(Output::Ask { ticket, question });
    }

    pub(super) fn answered(&mut self, ticket: Ticket, answer: Answer) {
        let Some((asked, purpose)) = self.hub.asks.waiting.remove(&ticket) else {
            return;
        };
        let session = self.hub.state.session(asked.session);
        let Some(user) = session.and_then(|session| session.user) else {
            return; // has gone meanwhile
        };
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
            Answer::Page(page) => self.page(user, &purpose, page),
        };
        match purpose {
            Purpose::Resume => self.outputs.push(Output::Release {
                session: asked.session,
                request: asked.request,
                reply,
            }),
            Purpose::Page(_)
            | Purpose::Search(_)
            | Purpose::Unread
            | Purpose::Edit(_)
            | Purpose::Delete => self.reply(asked, reply),
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
            // Who has left, or was banned, or whose room was closed while they waited, reads no more.
            Purpose::Page(Partner::Room(room))
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
            Purpose::Page(of) => Reply::History {
                of: of.clone(),
                page,
            },
            Purpose::Unread | Purpose::Edit(_) | Purpose::Delete => {
                unreachable!("a page answers a question for one")
            }
        }
    }

    /// Changes a message, if it is the user's and they could say it there now.
    fn change(
        &mut self,
        session: SessionId,
        user: UserId,
        stored: &Stored,
        purpose: &Purpose,
    ) -> Result<(), Refusal> {
        let asker = Asker::find(self.facts(), session)?;
        let state = &self.hub.state;
        if stored.from.owner != state.owner_of(user) || stored.text.is_none() {
            return Err(Refusal::NoSuchMessage);
        }
        let (audience, place) = match &stored.place {
            Place::Room(name) => {
                let room = state.room_named(name);
                let room = room.filter(|&room| state.user(user).is_in(room));
                let room = room.ok_or_else(|| Refusal::NotInRoom(name.clone()))?;
                if let Purpose::Edit(text) = purpose {
                    asker.may_be_read_in(room, text)?;
                }
                (
                    audience::speech(state, user, room),
                    EventPlace::Room(name.clone()),
                )
            }
            Place::User { to, is_unheard } => {
                if let Purpose::Edit(text) = purpose {
                    asker.may_say(text)?;
                }
                let recipient = state.user_named(&to.nick);
                let recipient =
                    recipient.filter(|&it| state.owner_of(it) == to.owner && !is_unheard);
                let audience = audience::private(state, user, recipient.unwrap_or(user));
                (audience, EventPlace::User(to.nick.clone()))
            }
        };
        let from = state.user(user).nick.clone();
        let message = stored.id;
        let (event, record) = match purpose {
            Purpose::Edit(text) => (
                EventKind::Edited {
                    place,
                    from,
                    message,
                    text: Arc::clone(text),
                },
                RecordKind::Edited {
                    message,
                    text: Arc::clone(text),
                },
            ),
            Purpose::Delete => (
                EventKind::Deleted {
                    place,
                    from,
                    message,
                },
                RecordKind::Deleted { message },
            ),
            Purpose::Page(_) | Purpose::Search(_) | Purpose::Unread | Purpose::Resume => {
                unreachable!("a message answers a question for one")
            }
        };
        self.tell(audience, event);
        self.record(record);
        Ok(())
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

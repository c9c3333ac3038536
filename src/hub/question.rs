//! What the hub may ask of what is kept. Plain data, as all of [`history`](super::history).

use std::sync::Arc;

use super::history::{OwnerId, Partner};
use super::id::MessageId;
use super::name::{Nick, RoomName};

/// Which question an answer belongs to: the hub's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the hub may ask of what is kept. `limit` is a number of messages, from 1 to
/// [`PAGE_MAX`].
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// A page of one conversation.
    Page {
        asker: OwnerId,
        of: Partner,
        range: Range,
        limit: usize,
        /// Whether what is no speech is part of it: see [`Aside`](super::history::Aside).
        with_asides: bool,
    },
    /// The conversations of these rooms and of the asker with others whose newest message lies between two ids,
    /// those with the oldest first.
    Conversations {
        asker: OwnerId,
        rooms: Vec<RoomName>,
        after: MessageId,
        before: MessageId,
        limit: usize,
    },
    /// Up to where the asker has read one conversation.
    Mark { asker: OwnerId, of: Partner },
    /// Messages with certain words, newest first.
    Search {
        /// Private messages are found only where the asker is one of the two.
        asker: OwnerId,
        query: Query,
        /// Rooms of which nothing is to be found, by name.
        hidden: Vec<RoomName>,
        limit: usize,
    },
    /// One message, whoever said it.
    Message { id: MessageId },
    /// What was said and changed in these rooms, and privately to or by the asker, after `since` and up
    /// to `upto`. Answered only once everything up to `upto` has been kept.
    Missed {
        asker: OwnerId,
        rooms: Vec<RoomName>,
        since: MessageId,
        upto: MessageId,
        limit: usize,
    },
    /// How much others have said since the asker's read marks: in these rooms, and in private
    /// conversations that have anything unread. What `ignored` have said does not count.
    Unread {
        asker: OwnerId,
        ignored: Vec<OwnerId>,
        rooms: Vec<RoomName>,
    },
}

/// What the hub may ask to be changed in how rooms are called.
#[derive(Clone, Debug, PartialEq)]
pub enum Renaming {
    /// What is kept of a room is kept under its new name from now on, unless something is there. Until
    /// `Forget`, its former name means the same room, in records and questions that are on their way.
    Rename { from: RoomName, to: RoomName },
    /// A former name is nobody's any more. No record or question on its way may have it.
    Forget { name: RoomName },
}

/// Most messages of one answer.
pub const PAGE_MAX: usize = 1000;

/// Which part of a conversation; the bounds themselves are not part of it, but for `Around`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// The newest.
    Latest,
    /// Those before an id, and of them the newest.
    Before(MessageId),
    /// Those after an id, and of them the oldest.
    After(MessageId),
    /// Half before an id, the message itself if it is one, half after it.
    Around(MessageId),
    /// Those after the first id and before the second, and of them the oldest.
    Between(MessageId, MessageId),
    /// Those after the first id and before the second, and of them the newest.
    NewestBetween(MessageId, MessageId),
}

/// What to look for. All that is given must be true of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Words, all of which must occur, in any order; `"in quotes"` as one phrase; `wor*` as a beginning.
    /// What is not a letter or a digit parts words. Empty finds every message.
    pub words: Arc<str>,
    pub of: Option<Partner>,
    pub from: Option<Nick>,
    /// Only ids above it.
    pub after: Option<MessageId>,
    /// Only ids below it.
    pub before: Option<MessageId>,
}

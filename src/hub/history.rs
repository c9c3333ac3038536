//! What is kept of what was said, as the hub and the store speak of it: records that are to be kept,
//! questions about them, and the answers. Plain data: nothing here knows SQL, files or a protocol.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

pub use super::question::{PAGE_MAX, Query, Question, Range, Renaming, Ticket};

use super::command::{MessageKind, Tags};
use super::id::{MessageId, UserKey};
use super::name::{Nick, RoomName};
use super::time::UnixMillis;

/// A person across their sessions, nicks and the daemon's restarts: the first 64 bits of the SHA-256 of
/// their key. It proves nothing and may be stored; the key itself never is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerId(pub u64);

impl OwnerId {
    /// Whose key this is.
    #[must_use]
    pub fn of(key: UserKey) -> Self {
        let digest = Sha256::digest(key.0.to_be_bytes());
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        Self(u64::from_be_bytes(*first))
    }
}

/// Who said something: a person, and the nick that they had then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub owner: OwnerId,
    pub nick: Nick,
}

/// What a client calls its own message, so that sending it again after a reconnect is no second
/// message. The hub compares it and never looks inside; at most [`ClientMsgId::MAX_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientMsgId(Box<str>);

impl ClientMsgId {
    /// Longest accepted id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// `None` when `text` is empty or longer than [`Self::MAX_BYTES`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        fits.then(|| Self(text.into()))
    }

    /// The client's own spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Room(RoomName),
    User {
        to: Author,
        /// The recipient ignored the sender, so only the sender may ever find it.
        is_unheard: bool,
    },
}

/// One thing to be kept. Ids rise from record to record, also across restarts.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: MessageId,
    pub at: UnixMillis,
    pub kind: RecordKind,
}

impl Record {
    /// Whether it adds to a conversation, and does not only change something.
    #[must_use]
    pub fn is_message(&self) -> bool {
        match self.kind {
            RecordKind::Said { .. }
            | RecordKind::Tagged { .. }
            | RecordKind::TopicSet { by: Some(_), .. } => true,
            RecordKind::Edited { .. }
            | RecordKind::Deleted { .. }
            | RecordKind::TopicSet { by: None, .. }
            | RecordKind::MarkSet { .. } => false,
        }
    }

    /// How many of these add to a conversation.
    #[must_use]
    pub fn messages_in(records: &[Self]) -> u64 {
        records.iter().filter(|record| record.is_message()).count() as u64
    }
}

/// The kinds of things that are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordKind {
    /// Somebody spoke.
    Said {
        place: Place,
        from: Author,
        kind: MessageKind,
        text: Arc<str>,
        client_msgid: Option<ClientMsgId>,
        tags: Option<Tags>,
    },
    /// Somebody said something by tags alone, such as a reaction.
    Tagged {
        place: Place,
        from: Author,
        tags: Tags,
    },
    /// An earlier message has another text from now on.
    Edited { message: MessageId, text: Arc<str> },
    /// An earlier message has no text any more; that it was there stays known.
    Deleted { message: MessageId },
    /// A room's topic; `None` clears it. `by` is `None` for the admin socket.
    TopicSet {
        room: RoomName,
        topic: Option<Arc<str>>,
        by: Option<Author>,
    },
    /// A person has read a conversation as far as `upto`. Never moves back.
    MarkSet {
        owner: OwnerId,
        of: Partner,
        upto: MessageId,
    },
}

/// The other side of a conversation, as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Partner {
    Room(RoomName),
    User(Nick),
}

/// `#lobby` or `@ana`.
impl fmt::Display for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(room) => f.write_str(room.as_str()),
            Self::User(nick) => write!(f, "@{}", nick.as_str()),
        }
    }
}

/// What the store knew when it was opened, for [`Input::Restored`](super::input::Input::Restored).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// No id up to this one may be given again.
    pub last_id: MessageId,
    /// Rooms that were renamed, from and to, of which it is not known that all else that is kept of them was renamed
    /// too: until [`Renaming::Forget`] their former names mean them.
    pub renamed: Vec<(RoomName, RoomName)>,
    /// Rooms with a topic.
    pub topics: Vec<(RoomName, Arc<str>)>,
    /// Messages of the last [`RESENDS_KEPT_FOR_MS`] that have a client's own id, oldest first; at most
    /// [`RESENDS_MAX`].
    pub sent: Vec<Sent>,
}

/// A message under the id that its sender's client gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub owner: OwnerId,
    pub client_msgid: ClientMsgId,
    pub id: MessageId,
    pub at: UnixMillis,
}

/// How long a client's own id of a message is remembered.
pub const RESENDS_KEPT_FOR_MS: u64 = 10 * 60 * 1000;

/// How many of them are remembered at most; beyond that the oldest are forgotten.
pub const RESENDS_MAX: usize = 100_000;

/// One message as it was kept, or as it is after its author changed it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    pub id: MessageId,
    pub at: UnixMillis,
    pub place: Place,
    pub from: Author,
    pub kind: MessageKind,
    /// `None` once it was deleted.
    pub text: Option<Arc<str>>,
    /// When it was last edited, or deleted.
    pub changed_at: Option<UnixMillis>,
    pub tags: Option<Tags>,
    /// What it is where it is no speech; then `kind` says nothing.
    pub aside: Option<Aside>,
}

/// What is kept in a conversation beside what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Tags alone; the text is empty.
    Tagged,
    /// A topic was set, which the text is; empty where it was cleared.
    TopicSet,
}

/// A conversation and when something was last said in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub of: Partner,
    pub newest: MessageId,
    pub at: UnixMillis,
}

/// A change of a message that the asker has heard before.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredChange {
    /// The change's own id.
    pub id: MessageId,
    pub at: UnixMillis,
    /// The message as it is now.
    pub message: Stored,
}

/// Messages by rising id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    pub messages: Vec<Stored>,
    /// Only in the answer to [`Question::Missed`]; of messages before `since`.
    pub changes: Vec<StoredChange>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
}

/// How much of one conversation is unread.
#[derive(Clone, Debug, PartialEq)]
pub struct Unread {
    pub of: Partner,
    /// Up to where it was read; `None` without a mark.
    pub read: Option<MessageId>,
    /// Messages of others after it, counted up to [`UNREAD_MAX`]; without a mark, all of them.
    pub count: u32,
}

/// Where counting what is unread ends.
pub const UNREAD_MAX: u32 = 1000;

/// Most conversations in one answer to [`Question::Unread`].
pub const UNREAD_CONVERSATIONS_MAX: usize = 1000;

/// The store's answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To `Page`, `Missed` (by rising id) and `Search` (by falling id).
    Page(Page),
    /// To `Message`.
    Message(Option<Stored>),
    /// To `Unread`.
    Unread(Vec<Unread>),
    /// To `Conversations`.
    Conversations(Vec<Conversation>),
    /// To `Mark`.
    Mark(Option<MessageId>),
    /// To a [`Renaming`]. Of `is_done` not, something is kept under the new name, or it is a former name.
    Renamed { is_done: bool },
    /// It could not be read.
    Failed(Trouble),
}

/// Why something could not be kept or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No space is left, or a quota is used up.
    DiskFull,
    /// The file or its file system does not let itself be written to.
    ReadOnly,
    /// The file has gone, or another stands in its place.
    Gone,
    /// What the file holds contradicts itself.
    Damaged,
    /// The system refused in another way.
    Io,
    /// So much waits already that nothing more is taken.
    Behind,
    /// It took too long.
    TimedOut,
    /// There is no search index that can be used.
    Unindexed,
}

impl Trouble {
    /// What is wrong, as the end of a sentence: "… because the disk is full".
    #[must_use]
    pub fn because(self) -> &'static str {
        match self {
            Self::DiskFull => "the disk is full",
            Self::ReadOnly => "the disk cannot be written to",
            Self::Gone => "the history's file has gone",
            Self::Damaged => "the history's file is damaged",
            Self::Io => "the disk does not work",
            Self::Behind => "the disk is too slow",
            Self::TimedOut => "the disk took too long",
            Self::Unindexed => "the search index cannot be used",
        }
    }
}

/// What becomes of new messages, as the engine tells the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keeping {
    /// There is no history: nothing is kept, nothing can be asked.
    #[default]
    Off,
    /// They are kept.
    Works,
    /// They cannot be kept now; what was kept can be asked where the trouble allows.
    Fails(Trouble),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_the_hash_of_a_key_and_not_a_part_of_it() {
        // printf '%032x' 1 | xxd -r -p | sha256sum
        let one = OwnerId::of(UserKey(1));
        assert_eq!(one, OwnerId(0x7c3c_cd10_bb7e_c37b), "{:x}", one.0);
        assert_ne!(one, OwnerId::of(UserKey(2)));
    }
}

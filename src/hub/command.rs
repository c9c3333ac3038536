//! What a peer may ask of the hub, whatever protocol it speaks.

use std::sync::Arc;

use super::account::Claim;
use super::history::{ClientMsgId, Partner, Query, Range};
use super::id::{MessageId, UserKey};
use super::moderation::request::Moderation;
use super::name::{Nick, RoomName};
use super::people;
use super::permission::Status;
use super::persona::Introduction;
use super::secret::Secret;
pub use super::tags::Tags;
use super::time::UnixMillis;

/// One request of one session. Names are parsed already; texts are checked by the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Become a user. Before that, a session may only ping, pong and quit beside it.
    Login {
        /// The wanted nick.
        nick: Nick,
        /// With it, the session joins the user who holds `nick` instead of being refused; where nobody
        /// holds it, the new user is the person whose key this is.
        key: Option<UserKey>,
        /// Whether the session enters the default room at once.
        enter_default_room: bool,
        /// Whether the user keeps their place for a while when the connection breaks.
        does_resume: bool,
        /// What was said after this id is sent first, where the user is still here.
        since: Option<MessageId>,
        /// What the user says of themselves, where the protocol asks for it.
        introduction: Option<Introduction>,
    },
    /// Become the user of an account, who is here already where another session is logged in to it.
    LogInAs { claim: Claim, entry: Entry },
    /// The same by the certificate that the session's peer has shown, which is some account's; of no other than
    /// `name`, if there is one.
    LogInByCertificate { name: Option<Nick>, entry: Entry },
    /// Prove whose account it is. Of a session that has no user yet, a later `Login` makes the account's user,
    /// who need not be called as the account is; one who is here as a guest, or by another account, is the
    /// account's from then on. What was proved before counts no more.
    Authenticate { claim: Claim },
    /// The same by the certificate that the session's peer has shown, as `LogInByCertificate` has it.
    AuthenticateByCertificate { name: Option<Nick> },
    /// What an exchange of SCRAM for an account begins with; `Authenticate` ends it.
    BeginScram { name: Nick },
    /// Make an account: of the own nick where the session has a user, whose account it is from then on;
    /// else of this name, and log in to it, or where there is no `entry`, have proved that it is theirs.
    Register {
        name: Option<Nick>,
        password: Secret,
        invitation: Option<Secret>,
        entry: Option<Entry>,
    },
    /// Give the own account another password.
    ChangePassword { old: Secret, new: Secret },
    /// Take another nick.
    Nick(Nick),
    /// Enter a room, which opens when nobody is in it yet.
    Join {
        room: RoomName,
        /// Where the room has one.
        key: Option<Arc<str>>,
    },
    /// Leave a room, with a reason that the others see.
    Part {
        room: RoomName,
        reason: Option<Arc<str>>,
    },
    /// Say something to a room or to one user.
    Send {
        to: Target,
        kind: MessageKind,
        text: Arc<str>,
        /// Sent again under the same id, it is acknowledged again and said once.
        client_msgid: Option<ClientMsgId>,
        tags: Option<Tags>,
    },
    /// Say something by tags alone: that one is typing, or a reaction.
    Tag { to: Target, tags: Tags },
    /// Give an own message another text.
    Edit { message: MessageId, text: Arc<str> },
    /// Take an own message's text away, or in a room where the user keeps order anybody's. With `of`, only of a
    /// message that is there.
    Delete {
        message: MessageId,
        of: Option<Partner>,
        reason: Option<Arc<str>>,
    },
    /// A page of what was said in a room, or between this person and a user; at most `limit` messages.
    History {
        of: Partner,
        range: Range,
        limit: usize,
    },
    /// The same of a room only for those who are in it, at most [`PLAYBACK_MAX`]; where they are wanted, with what
    /// is kept beside speech (see [`Aside`](super::history::Aside)).
    Playback {
        of: Partner,
        range: Range,
        limit: usize,
        with_asides: bool,
    },
    /// In which of this user's rooms and private conversations something was last said between two ids; at most
    /// `limit`, those first that have waited longest.
    Conversations {
        after: MessageId,
        before: MessageId,
        limit: usize,
    },
    /// Up to where this user has read a conversation, once it is at least `upto`.
    ReadMark {
        of: Partner,
        upto: Option<UnixMillis>,
    },
    /// Find messages by words, among those that this person could have heard.
    Search { query: Query, limit: usize },
    /// This person has read a conversation as far as `upto`.
    MarkRead { of: Partner, upto: MessageId },
    /// How much is unread, and where.
    Unread,
    /// Set a room's topic, or clear it with an empty text.
    Topic { room: RoomName, text: Arc<str> },
    /// Let a user into a room once, and tell them so.
    Invite { room: RoomName, nick: Nick },
    /// Keep order.
    Moderate(Moderation),
    /// Keep the place of the user for a while when this session's connection breaks, or not.
    Persist(bool),
    /// Be away with a text, or back with `None`.
    Away(Option<Arc<str>>),
    /// Group chat off (`Some(true)`), on (`Some(false)`) or the other way round (`None`), for this session.
    /// While off, no room's messages reach the session and it may send none; private ones pass.
    Deaf(Option<bool>),
    /// Ignore one user (`on`) or hear them again: nothing they say reaches any session of this user.
    Ignore { nick: Nick, on: bool },
    /// Who this user ignores.
    Ignores,
    /// Which rooms there are.
    Rooms,
    /// Who is in a room, and its topic.
    Names(RoomName),
    /// Everyone who is logged in.
    Users,
    /// Where one user is: rooms, away text, since when.
    Whois(Nick),
    /// Look at users or rooms as this user may see them. Answered by
    /// [`Reply::Survey`](super::output::Reply::Survey).
    Survey(Survey),
    /// What people show of themselves and want to know of each other.
    People(people::Request),
    /// Is the server there? Answered by [`Reply::Pong`](super::output::Reply::Pong).
    Ping,
    /// Answer to [`Output::Ping`](super::output::Output::Ping).
    Pong,
    /// End this session, with a reason that the others see.
    Quit { reason: Option<Arc<str>> },
}

/// Most messages of one [`Command::Playback`].
pub const PLAYBACK_MAX: usize = 100;

/// How a session comes in by its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it enters the default room at once.
    pub enter_default_room: bool,
    /// Whether the user keeps their place for a while when the connection breaks.
    pub does_resume: bool,
    /// What was said after this id is sent first, where the user is still here.
    pub since: Option<MessageId>,
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everyone in a room; the sender must be in it, or the room open to messages from outside.
    Room(RoomName),
    /// Those in a room who have this status, or more; the sender must be in it.
    Status(RoomName, Status),
    /// One user, in all their sessions.
    User(Nick),
}

/// What a session wants to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Survey {
    /// One user.
    User(Nick),
    /// Those of these who are here.
    Some(Vec<Nick>),
    /// Who had this nick and has it no more, the last first; at most `most`.
    Gone { nick: Nick, most: usize },
    /// One room, and the names of who is in it where `members` is wanted.
    Room { room: RoomName, members: bool },
    /// All about each of those who are in a room.
    Members(RoomName),
    /// All rooms.
    Rooms,
    /// The rooms that this user is invited into.
    Invitations,
    /// Rules of a room: all for those who keep order there, for others those that are about them.
    Rules(RoomName),
    /// All users; those who are invisible only where the asker is near them, or a server operator.
    Users,
    /// How much there is.
    Counts,
}

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Plain speech.
    Text,
    /// `/me`: something that the sender does.
    Action,
    /// A bot's or script's line, to which no program may answer by itself.
    Notice,
}

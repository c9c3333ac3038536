//! What can happen to the chat state, as facts that were decided: the only things that change it.
//! People do not hear of all of them, and hear of more (speech, notices): that is
//! [`EventKind`](super::event::EventKind).

use std::sync::Arc;
use std::time::Duration;

use super::account::{Account, Token};
use super::address::Source;
use super::fingerprint::Fingerprint;
use super::history::OwnerId;
use super::id::{RoomId, SessionId, UserId, UserKey};
use super::moderation::room::{CharterRecord, RoomChange};
use super::moderation::rule::{Rule, RuleId};
use super::name::{Nick, RoomName};
use super::people::PeopleChange;
use super::permission::Standing;
use super::persona::Persona;
use super::time::{Now, UnixMillis};

/// One change. It is always possible: `decide` has seen to that.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Connected {
        session: SessionId,
        source: Source,
        key: UserKey,
        at: UnixMillis,
    },
    Certified {
        session: SessionId,
        certificate: Fingerprint,
    },
    Vouched {
        session: SessionId,
        user: Nick,
    },
    /// Whoever is behind a session comes from there. What was proved, was proved by somebody else.
    Introduced {
        session: SessionId,
        source: Source,
    },
    /// A session is about to log in by the certificate that its peer has shown.
    AdmittedByCertificate {
        session: SessionId,
    },
    EchoSet {
        session: SessionId,
        is_wanted: bool,
    },
    /// A session without a user has proved whose account it is.
    Authenticated {
        session: SessionId,
        account: Box<Account>,
    },
    /// The only session of a user has proved whose account it is, and the user is that person from now on.
    PersonChanged {
        session: SessionId,
        account: Box<Account>,
    },
    /// A session becomes a new user, with the session's key.
    LoggedIn {
        session: SessionId,
        nick: Nick,
        who: Who,
        does_resume: bool,
        at: UnixMillis,
    },
    /// A session becomes one more session of a user, or the first one again of one whose place was kept.
    Attached {
        session: SessionId,
        user: UserId,
        does_resume: bool,
        token: Option<Token>,
    },
    /// A user has an account of this name from now on.
    Registered {
        user: UserId,
        account: Nick,
    },
    /// Sessions that join this user need this key from now on.
    Rekeyed {
        user: UserId,
        key: UserKey,
    },
    /// Whoever is here by this account is a server operator, or is not.
    OperatorSet {
        owner: OwnerId,
        is_operator: bool,
    },
    /// The last session of a user that no token made ends, and they keep their place.
    Detached {
        session: SessionId,
        /// Both as uptime.
        last_heard: Duration,
        until: Duration,
    },
    /// A user who has sessions of tokens keeps no place any more.
    PlaceGivenUp {
        user: UserId,
    },
    /// A user whose place was kept is gone.
    Gone {
        user: UserId,
    },
    Renamed {
        user: UserId,
        nick: Nick,
    },
    /// Opens the room if need be.
    Entered {
        user: UserId,
        room: RoomName,
        now: Now,
    },
    /// Closes the room if nobody is left.
    Left {
        user: UserId,
        room: RoomId,
    },
    /// A room is there, though nobody is in it, because it has a topic.
    RoomKept {
        room: RoomName,
        topic: Arc<str>,
    },
    TopicSet {
        room: RoomId,
        topic: Option<Arc<str>>,
        /// `None` for an operator.
        by: Option<(Nick, UnixMillis)>,
    },
    PersonaSet {
        user: UserId,
        persona: Arc<Persona>,
    },
    People(PeopleChange),
    Charter(CharterChange),
    /// Closes a room that nobody is in and that nothing keeps open any more; else nothing happens.
    CloseIfIdle {
        room: RoomId,
    },
    AwaySet {
        user: UserId,
        away: Option<Arc<str>>,
    },
    /// Whether the user keeps their place for a while when the session's connection breaks.
    PersistSet {
        session: SessionId,
        on: bool,
    },
    DeafSet {
        session: SessionId,
        deaf: bool,
    },
    IgnoreSet {
        user: UserId,
        other: UserId,
        on: bool,
    },
    /// With its last session a user leaves all rooms and is gone.
    Ended {
        session: SessionId,
    },
}

/// Which person a new user is.
#[derive(Clone, Debug)]
pub(super) enum Who {
    /// Whose key this is; without it, the key is the session's own.
    Guest { key: Option<UserKey> },
    Account {
        owner: OwnerId,
        account: Nick,
        is_operator: bool,
        token: Option<Token>,
    },
}

/// One change of what is set about rooms, or of the rules.
#[derive(Clone, Debug)]
pub(super) enum CharterChange {
    /// A room is there, though nobody is in it, because something is set about it.
    Kept(CharterRecord),
    /// Whether the registry has what is set about a room.
    Written {
        room: RoomId,
        is_written: bool,
    },
    /// A room has another name, which is free or another spelling of the one that it had.
    Renamed {
        room: RoomId,
        name: RoomName,
    },
    /// Who is in it alone has opened it, and is its first owner.
    Opened {
        room: RoomId,
        by: UserId,
    },
    Set {
        room: RoomId,
        change: RoomChange,
    },
    RoleSet {
        room: RoomId,
        owner: OwnerId,
        nick: Nick,
        standing: Standing,
    },
    /// Somebody may come in once.
    Invited {
        room: RoomId,
        owner: OwnerId,
    },
    /// What a guest had in a room is from now on what another person has there, who keeps what they had if
    /// that is more.
    Inherited {
        room: RoomId,
        from: OwnerId,
        to: OwnerId,
    },
    /// A member spoke where there is slow mode.
    Spoke {
        room: RoomId,
        owner: OwnerId,
        /// As uptime.
        at: Duration,
    },
    RuleAdded {
        rule: Rule,
        /// As uptime.
        end: Option<Duration>,
    },
    RuleRemoved {
        rule: RuleId,
    },
}

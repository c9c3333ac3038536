//! Everything that the hub asks of the engine, as one closed enum, in the order in which it must happen.

use std::sync::Arc;
use std::time::Duration;

use super::account::{AccountQuestion, ScramChallenge, ScramSignature};
pub use super::deed::Deed;
use super::event::{Event, Membership};
use super::fingerprint::Fingerprint;
use super::history::{Conversation, Page, Partner, Question, Record, Renaming, Ticket, Unread};
use super::id::{MessageId, RequestId, RoomId, SessionId, SessionIds, UserKey};
use super::input::QuitReason;
use super::moderation::request::Moderated;
use super::moderation::room::RoomSettings;
use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::people;
use super::people::gone::GoneCard;
use super::people::metadata::MetadataKey;
use super::people::modes::UserModes;
use super::permission::Role;
use super::persona::Persona;
use super::refusal::Refusal;
pub use super::registry_record::RegistryRecord;
use super::time::UnixMillis;

/// One thing for the engine to do. Outputs are carried out strictly in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Everyone who is in the room *by the memberships output so far* hears the event, except the
    /// sessions in `except` (who ignore the speaker, have group chat off, or hear it otherwise) and the
    /// one that said it, if it wants no echo.
    Room {
        room: RoomId,
        event: Event,
        except: Vec<SessionId>,
        /// In the room, and not in `except`.
        unechoed: Option<SessionId>,
    },
    /// These sessions hear the event, each once. There may be none: a private message without an echo to
    /// somebody who ignores its sender.
    Sessions { sessions: SessionIds, event: Event },
    /// The answer to a session's request.
    Reply {
        session: SessionId,
        request: Option<RequestId>,
        reply: Reply,
    },
    /// To be kept. Comes behind the event that it is about and before its `Reply::Ack`, which must not
    /// leave before the record is kept.
    Record(Record),
    /// A question for the store; its answer comes back as `Input::Answered`.
    Ask { ticket: Ticket, question: Question },
    /// Another name for a room in the store; answered as a question is.
    AskRenaming { ticket: Ticket, renaming: Renaming },
    /// A question for the registry; its answer comes back as `Input::AccountAnswered`.
    AskAccount {
        ticket: Ticket,
        /// Who asks.
        session: SessionId,
        question: AccountQuestion,
    },
    /// For the registry to keep; counted by `Input::Registered` once it is.
    Register(RegistryRecord),
    /// What is for this session waits from here on, until its `Release`, which always comes unless the
    /// session ends. What was for it before still goes out.
    Hold { session: SessionId },
    /// The answer to what the session was held for, and behind it all that has waited.
    Release {
        session: SessionId,
        request: Option<RequestId>,
        reply: Reply,
    },
    /// From here on the session hears the room.
    Enter(Membership),
    /// From here on the session hears the room no more. What it was owed so far still goes out.
    Leave(Membership),
    /// Ask the session whether it lives.
    Ping { session: SessionId },
    /// Tell the session why, send what is queued, and close it. The hub has forgotten it already;
    /// no `Disconnected` is expected.
    Close {
        session: SessionId,
        reason: QuitReason,
    },
    /// How an [`Input::Admin`](super::input::Input::Admin) ended. Always exactly one for each.
    Administered(Result<Administered, Refusal>),
    /// How one ended that was answered by [`Administered::Later`], with the same ticket.
    AdministeredLater {
        ticket: Ticket,
        result: Result<Administered, Refusal>,
    },
    /// Something an operator should find in the log; never a text that a user wrote.
    Audit(Audit),
}

/// Answers to one session.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The login succeeded. A `Joined` follows for each room that the user is in.
    LoggedIn {
        nick: Nick,
        /// Lets another session join the user; not given to one that a token made.
        key: Option<UserKey>,
        /// Whether the user was here already.
        is_resumed: bool,
        account: Option<LoggedInto>,
        /// What IRC shows of the user, where that is known already.
        persona: Option<Arc<Persona>>,
    },
    /// The user has an account of this name from now on, or the session has proved that it is theirs.
    Registered { account: Nick },
    /// The claim is true: a `Login` of this session makes the account's user, or its user is the account's now.
    Authenticated {
        account: Nick,
        /// Where it was proved by SCRAM.
        signature: Option<ScramSignature>,
    },
    /// What an exchange of SCRAM begins with.
    ScramChallenge(ScramChallenge),
    /// A message, an edit or a deletion was accepted under this id and time. `is_kept` is false only
    /// where the store has failed and the config lets talk go on.
    Ack {
        id: MessageId,
        at: UnixMillis,
        is_kept: bool,
    },
    /// A page of one conversation.
    History { of: Partner, page: Page },
    /// What a search found.
    Found(Page),
    /// What a session missed before it resumed.
    Missed(Page),
    /// What is unread.
    Unread(Vec<Unread>),
    /// Where something was said.
    Conversations(Vec<Conversation>),
    /// Up to where a conversation was read; `None` without a mark.
    ReadMark {
        of: Partner,
        upto: Option<MessageId>,
    },
    /// A command without another answer was carried out.
    Done,
    /// The user is in the room now. `members` counts them in.
    Joined {
        room: RoomName,
        topic: Option<Arc<str>>,
        members: usize,
        /// Whether the user was there already, so that no [`EventKind::Joined`] follows.
        ///
        /// [`EventKind::Joined`]: super::event::EventKind::Joined
        was_there: bool,
    },
    /// Group chat is off (`deaf`) or on for this session.
    Deaf { deaf: bool },
    /// All rooms, by name.
    Rooms(Vec<RoomSummary>),
    /// One room and who is in it, by nick.
    Names {
        room: RoomName,
        topic: Option<Arc<str>>,
        members: Vec<Nick>,
    },
    /// Everyone who is logged in, by nick.
    Users(Vec<Nick>),
    /// Whom this user ignores, by nick.
    Ignores(Vec<Nick>),
    /// Where one user is.
    Whois(UserSummary),
    /// What there is to see.
    Survey(Surveyed),
    /// What people show of themselves and want to know of each other.
    People(people::Answer),
    /// A moderator's request was carried out.
    Moderated(Moderated),
    /// The server is there.
    Pong,
    /// No, and why.
    Refused(Refusal),
}

/// Users and rooms as one user may see them.
#[derive(Clone, Debug, PartialEq)]
pub enum Surveyed {
    User(Box<UserCard>),
    Room(Box<RoomCard>),
    /// Those in a room whom the asker may see, by nick.
    Members {
        room: RoomName,
        members: Vec<(UserCard, Role)>,
    },
    /// By name.
    Rooms(Vec<RoomCard>),
    /// Of a room, by effect and then as they were made.
    Rules {
        room: RoomName,
        rules: Vec<Rule>,
    },
    /// By nick.
    Users(Vec<UserCard>),
    /// The last first.
    Gone(Vec<GoneCard>),
    Crowd(Crowd),
}

/// How many are here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Crowd {
    /// The invisible among them.
    pub users: usize,
    pub invisible: usize,
    pub server_operators: usize,
    /// Connections that have not logged in.
    pub unknown: usize,
    /// Rooms that somebody is in.
    pub rooms: usize,
    /// The most users at one time since the start.
    pub most_users: usize,
}

/// One user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserCard {
    pub nick: Nick,
    pub persona: Arc<Persona>,
    pub away: Option<Arc<str>>,
    pub modes: UserModes,
    /// By key; empty where more than one user was asked for.
    pub metadata: Vec<(MetadataKey, Arc<str>)>,
    pub is_server_operator: bool,
    /// When their first session logged in.
    pub since: UnixMillis,
    /// How long ago they last sent something.
    pub idle: Duration,
    /// Where they are and the role that they have there; only those that the asker may know of, and none in the
    /// card of one among many.
    pub rooms: Vec<(RoomName, Role)>,
    /// Those of them where they are voiced beside being an operator or owner.
    pub voiced_in: Vec<RoomName>,
    /// Whether the asker is in a room with them.
    pub is_near: bool,
}

/// One room.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomCard {
    pub room: RoomName,
    pub topic: Option<Arc<str>>,
    /// By whom and when the topic was set; `None` where that was before the start.
    pub topic_by: Option<(Nick, UnixMillis)>,
    /// When it was opened; the start, where that was before.
    pub created_at: UnixMillis,
    /// Without the key, unless the asker may set it or is in the room.
    pub settings: RoomSettings,
    /// Users in it.
    pub size: usize,
    /// Those that the asker may see, by nick; empty where they were not asked for.
    pub members: Vec<Member>,
    /// Whether the asker is in it.
    pub is_member: bool,
    /// What the asker is there.
    pub role: Role,
}

/// Somebody in a room, as little as a list of names needs: everybody who enters is given one of all who are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub nick: Nick,
    pub persona: Arc<Persona>,
    /// What they were given there; that they keep order everywhere is shown elsewhere.
    pub role: Role,
    /// Whether they are voiced, also beside being an operator or owner.
    pub is_voiced: bool,
}

/// The account that a session has logged in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedInto {
    pub account: Nick,
    /// Logins with a wrong password since the last good one.
    pub failed_logins: u32,
}

/// A room as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomSummary {
    /// Its name as first written.
    pub room: RoomName,
    /// Users in it.
    pub members: usize,
    /// Its topic.
    pub topic: Option<Arc<str>>,
}

/// A user as others see them.
#[derive(Clone, Debug, PartialEq)]
pub struct UserSummary {
    /// Their nick as they write it.
    pub nick: Nick,
    /// The account that they are logged in to; `None` for a guest.
    pub account: Option<Nick>,
    /// Where they are, by name.
    pub rooms: Vec<RoomName>,
    /// Their away text when they are away.
    pub away: Option<Arc<str>>,
    /// Number of sessions.
    pub sessions: usize,
    /// When their first session logged in.
    pub since: UnixMillis,
}

/// What an admin command did.
#[derive(Clone, Debug, PartialEq)]
pub enum Administered {
    /// So many sessions were ended or told.
    Sessions(usize),
    /// The topic was set.
    TopicSet,
    /// A moderator's request was carried out.
    Moderated(Moderated),
    /// The store is asked first: [`Output::AdministeredLater`] follows.
    Later(Ticket),
}

/// What the log tells about a session's life, beside its connect and close lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audit {
    /// A session logged in as a user.
    LoggedIn {
        session: SessionId,
        nick: Nick,
        sessions: usize,
    },
    /// And that was by who its peer is on this machine, without a password.
    PeerTrusted { session: SessionId, account: Nick },
    /// A session is about to log in by the certificate that its peer has shown.
    CertificateAccepted {
        session: SessionId,
        account: Nick,
        certificate: Fingerprint,
    },
    /// A session has proved whose account it is, before it logs in or as the user that it has.
    Authenticated { session: SessionId, account: Nick },
    /// A login to an account failed.
    LoginFailed {
        session: SessionId,
        /// That was named; `None` for a token or a certificate.
        account: Option<Nick>,
        /// The refusal's.
        code: &'static str,
    },
    /// Logins were refused because too many failed before; output at most every few seconds.
    LoginsSlowed {
        /// The last of them.
        session: SessionId,
        /// That it named; `None` for a token or a certificate.
        account: Option<Nick>,
        /// How many since this was last output.
        count: u32,
    },
    /// An account was made, in the chat.
    Registered { session: SessionId, account: Nick },
    /// Somebody gave their account another password.
    PasswordChanged { session: SessionId, account: Nick },
    /// A user is a server operator now by this name of the config; with `None` they were wrong about one.
    Operator {
        session: SessionId,
        nick: Nick,
        name: Option<Arc<str>>,
    },
    /// A user is that no more, as they wished.
    Resigned { session: SessionId, nick: Nick },
    /// A user took another nick.
    NickChanged {
        /// That asked for it.
        session: SessionId,
        /// All sessions of the user.
        sessions: SessionIds,
        old: Nick,
        new: Nick,
    },
    /// A user's last connection broke; their place is kept for a while.
    Detached { session: SessionId, nick: Nick },
    /// And was given up, because they did not come back.
    Gone { nick: Nick },
    /// A room opened or closed.
    RoomOpened { room: RoomName },
    /// The last user left.
    RoomClosed { room: RoomName },
    /// Somebody keeps order, or a rule has ended by the clock.
    Moderated {
        /// `None` for the admin socket and for the clock.
        session: Option<SessionId>,
        deed: Deed,
    },
    /// A session is refused for going too fast; output once until it has recovered.
    Throttled { session: SessionId },
}

//! Everything that can happen to the hub, as one closed enum. Replay is a list of these.

use std::net::IpAddr;
use std::sync::Arc;

use super::account::{AccountAnswer, AccountChange};
use super::command::Command;
use super::fingerprint::Fingerprint;
use super::held::Held;
use super::history::{Answer, Keeping, Restored, Ticket};
use super::id::{MessageId, RequestId, SessionId, UserKey};
use super::moderation::request::Moderation;
use super::moderation::room::CharterRecord;
use super::moderation::rule::Rule;
use super::name::{Nick, RoomName};
use super::persona::CloakKey;
use super::settings::Settings;

/// One thing that happened. The hub runs each to completion before the next.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A connection was accepted. Answered by nothing, or by `Output::Close` when it is one too many.
    Connected {
        session: SessionId,
        origin: Origin,
        key: UserKey,
    },
    /// A session asks for something.
    Command {
        session: SessionId,
        request: Option<RequestId>,
        command: Command,
    },
    /// A session's protocol asks for something because of an answer, such as who is in a room that was just entered.
    /// No word of the peer: it costs nothing, and proves nothing.
    FollowUp {
        session: SessionId,
        request: RequestId,
        command: Command,
    },
    /// A session sent what its protocol could not understand, and was told so by its protocol.
    /// Counts for flood control and towards `Settings::max_faults`.
    Fault { session: SessionId },
    /// What the session can do became known: whether it answers pings (old chat clients do not).
    Capable {
        session: SessionId,
        answers_ping: bool,
    },
    /// Whether the session wants to hear its own messages, which it does until this says otherwise.
    Echo { session: SessionId, is_wanted: bool },
    /// The session's peer has shown a certificate at the beginning of TLS, and an authority that the
    /// operator trusts vouches for it. Comes at most once, ahead of every command.
    Certified {
        session: SessionId,
        certificate: Fingerprint,
    },
    /// The listener trusts its peers to be who the system says, and `user` is the name of the session's.
    /// Comes at most once, ahead of every command, and not beside `Certified`.
    Vouched { session: SessionId, user: Nick },
    /// A gateway that the operator trusts has opened the session's connection for somebody who comes from there.
    /// Comes at most once, ahead of every command. Answered by nothing, or by `Output::Close` when that is
    /// one too many from there.
    Introduced { session: SessionId, origin: Origin },
    /// The connection ended by itself, or the engine ended it.
    Disconnected {
        session: SessionId,
        reason: QuitReason,
    },
    /// An operator asks for something; answered by `Output::Administered`.
    Admin(AdminCommand),
    /// What was kept before this start; comes first, or not at all.
    Restored(Restored),
    /// From now on, what is said is kept, or is not, or there is no history.
    Keeping(Keeping),
    /// The store has answered an [`Output::Ask`](super::output::Output::Ask). Every one is answered once.
    Answered { ticket: Ticket, answer: Answer },
    /// The nicks and people that belong to accounts; comes first.
    Held(Held),
    /// What hosts are hidden by; comes first.
    CloakKey(CloakKey),
    /// What is set about rooms, and the rules, as the registry has kept them; comes first and ahead of
    /// `Restored`, or not at all.
    Chartered {
        charters: Vec<CharterRecord>,
        rules: Vec<Rule>,
    },
    /// So many of [`Output::Register`](super::output::Output::Register) are kept.
    Registered { records: usize },
    /// The registry has answered an [`Output::AskAccount`](super::output::Output::AskAccount). Every one is
    /// answered once.
    AccountAnswered {
        ticket: Ticket,
        answer: AccountAnswer,
    },
    /// An operator has changed an account.
    AccountChanged(AccountChange),
    /// Messages with these ids were said and could not be kept; their senders were told.
    Lost { from: MessageId, upto: MessageId },
    /// The config was read again. Sessions above a lowered limit stay; new ones are refused.
    Settings(Settings),
    /// The moment that `next_deadline()` named has come. Harmless at any other time.
    Tick,
}

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An IP peer, counted by `max_connections_per_ip`.
    Ip(IpAddr),
    /// A peer on a Unix socket; who it is on this machine, if the system says so.
    Local { uid: Option<u32> },
}

/// Why a session ended, as operators and the other users are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuitReason {
    /// The peer closed the connection without a word.
    Closed,
    /// The peer said good-bye, perhaps with a text.
    Quit(Option<Arc<str>>),
    /// Reading or writing failed; the text is the system's.
    Failed(Arc<str>),
    /// TLS could not be agreed on, or was broken off; the text says why.
    TlsFailed(Arc<str>),
    /// TLS was not agreed on within `tls.handshake_timeout`.
    HandshakeTimeout,
    /// More than `send_queue_bytes` were waiting for a peer that does not read.
    SendQueueExceeded { queued_bytes: usize },
    /// The stream could not be followed any more.
    Unreadable,
    /// Too many objects that could not be understood.
    TooManyFaults,
    /// No answer to a ping.
    PingTimeout,
    /// Not logged in within `login_timeout`.
    LoginTimeout,
    /// Commands went on far beyond the flood limit.
    Flooding,
    /// `max_connections` were reached when it connected.
    ServerFull,
    /// `max_connections_per_ip` were reached when it connected.
    TooManyFromAddress,
    /// `connects_per_minute` were reached when it connected.
    TooFastFromAddress,
    /// An operator ended it, perhaps with a reason.
    Kicked(Option<Arc<str>>),
    /// Somebody like its user, or its address, is banned from the server, perhaps with a reason.
    Banned(Option<Arc<str>>),
    /// An operator closed the account, changed its password, or took back the token; or that expired, or
    /// the guest's key became an account's.
    LoggedOut,
    /// The daemon stops.
    Shutdown,
}

impl QuitReason {
    /// Whether the session ended against its user's will, so that they may come back to their place.
    #[must_use]
    pub fn is_broken_connection(&self) -> bool {
        match self {
            Self::Closed
            | Self::Failed(_)
            | Self::TlsFailed(_)
            | Self::SendQueueExceeded { .. }
            | Self::PingTimeout => true,
            Self::Quit(_)
            | Self::HandshakeTimeout
            | Self::Unreadable
            | Self::TooManyFaults
            | Self::LoginTimeout
            | Self::Flooding
            | Self::ServerFull
            | Self::TooManyFromAddress
            | Self::TooFastFromAddress
            | Self::Kicked(_)
            | Self::Banned(_)
            | Self::LoggedOut
            | Self::Shutdown => false,
        }
    }

    /// The stable code, as the log, the counters and the protocols show it: lower case, words
    /// joined by `_`; never changes its meaning.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Quit(_) => "quit",
            Self::Failed(_) => "failed",
            Self::TlsFailed(_) => "tls_failed",
            Self::HandshakeTimeout => "handshake_timeout",
            Self::SendQueueExceeded { .. } => "send_queue_exceeded",
            Self::Unreadable => "unreadable",
            Self::TooManyFaults => "too_many_faults",
            Self::PingTimeout => "ping_timeout",
            Self::LoginTimeout => "login_timeout",
            Self::Flooding => "flooding",
            Self::ServerFull => "server_full",
            Self::TooManyFromAddress => "too_many_from_address",
            Self::TooFastFromAddress => "too_fast_from_address",
            Self::Kicked(_) => "kicked",
            Self::Banned(_) => "banned",
            Self::LoggedOut => "logged_out",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What an operator may ask of the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum AdminCommand {
    /// Keep order, as a server operator.
    Moderate(Moderation),
    /// Tell everyone who is logged in, or everyone in one room.
    Announce {
        room: Option<RoomName>,
        text: Arc<str>,
    },
    /// Set or clear (empty text) the topic of an existing room.
    Topic { room: RoomName, text: Arc<str> },
    /// Tell everyone that the daemon stops, and end every session with [`QuitReason::Shutdown`].
    Shutdown,
}

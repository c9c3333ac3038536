//! Accounts as the hub and the registry speak of them: what somebody claims, what the registry is
//! asked, and what it answers. Plain data: nothing here knows SQL, hashes or a protocol.

use std::sync::Arc;

use super::fingerprint::Fingerprint;
use super::history::OwnerId;
use super::id::UserKey;
use super::name::{Nick, RoomName};
use super::secret::Secret;
use super::time::UnixMillis;

/// Who somebody says that they are, and how they prove it.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The account of this name, by its password.
    Password { name: Nick, password: Secret },
    /// Whoever's token this is.
    Token(Secret),
    /// The account that has the name of the peer's system user, which the listener vouches for.
    Peer(Nick),
    /// The account of this name, by an exchange of SCRAM-SHA-256 (RFC 5802 and 7677) that began with
    /// [`AccountQuestion::BeginScram`].
    Scram {
        name: Nick,
        /// The three messages that it is about, with commas between them.
        auth_message: Arc<str>,
        /// The client's.
        proof: [u8; 32],
    },
    /// Whoever's certificate this is, which the session's peer has shown; and that of no other account than
    /// `name`, if there is one.
    Certificate {
        name: Option<Nick>,
        fingerprint: Fingerprint,
    },
}

/// Who may make an account without an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everybody.
    Open,
    /// Whoever has an invitation, which is good for one account.
    Invite,
    /// Nobody: only operators make accounts.
    Operator,
}

/// Who must have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// Nobody: a nick that nobody has registered is for whoever takes it.
    None,
    /// Everybody who is not on this machine, that is on loopback or a Unix socket.
    Remote,
    /// Everybody.
    All,
}

/// What the hub may ask of the registry. Every question brings the time along, because the registry
/// has no clock.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountQuestion {
    /// Whose is this?
    Authenticate { claim: Claim, at: UnixMillis },
    /// What does an exchange of SCRAM-SHA-256 for this account begin with?
    BeginScram { name: Nick },
    /// Make an account.
    Register(Newcomer),
    /// Give an account another password, if this is its own.
    ChangePassword(PasswordChange),
    /// Is this the password of an Argon2id hash, in PHC's form, that is no account's?
    Compare { password: Secret, hash: Arc<str> },
}

/// Another password for an account.
#[derive(Clone, Debug, PartialEq)]
pub struct PasswordChange {
    pub name: Nick,
    pub old: Secret,
    /// As [`Secret::as_new_password`] gave it.
    pub new: Secret,
}

/// An account that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Newcomer {
    pub name: Nick,
    /// Somebody else is called that now, so it is not made; but a bad invitation is told first, or strangers
    /// without one would learn who is here.
    pub is_in_use: bool,
    /// Whose history it goes on with; without it, it begins one.
    pub owner: Option<OwnerId>,
    /// As [`Secret::as_new_password`] gave it.
    pub password: Secret,
    /// Used up by it; `None` where none is needed.
    pub invitation: Option<Secret>,
    pub at: UnixMillis,
}

/// What the registry answers.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountAnswer {
    /// The claim is true, or the account was made.
    Account(Account),
    /// The claim is true, by an exchange of SCRAM.
    ScramProved {
        account: Account,
        signature: ScramSignature,
    },
    /// What the client's key is made with: but for the nonce, always the same for a name, whether or not there is
    /// such an account, or one with such keys.
    ScramChallenge(ScramChallenge),
    /// The account has another password.
    PasswordChanged {
        owner: OwnerId,
        /// Drawn for its user: the one that they have was given out for the old password.
        key: UserKey,
    },
    /// The password is that of the hash.
    Right,
    /// The claim is not true, or there is no such account: nobody is told which.
    Wrong,
    /// The claim is true, and an operator has closed the account.
    Disabled,
    /// Another account has the name, or somebody who is here.
    NameTaken,
    /// There is no such invitation, or it was used or has expired.
    BadInvitation,
    /// So many passwords wait to be checked that no more are taken.
    Busy,
    /// The registry cannot be read or written. Why is for operators.
    Failed(Arc<str>),
}

/// An account that somebody has proved to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose history, read marks and messages are this account's.
    pub owner: OwnerId,
    /// The nick that is held for it, as it was registered.
    pub name: Nick,
    /// Whether it keeps order everywhere.
    pub is_operator: bool,
    /// Logins with a wrong password since the last good one.
    pub failed_logins: u32,
    /// The token that proved it, if one did.
    pub token: Option<Token>,
    /// The certificate that proved it, if one did.
    pub certificate: Option<Fingerprint>,
}

/// With what a client makes its key of a password: RFC 5802.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScramChallenge {
    pub salt: [u8; 16],
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Drawn for this exchange.
    pub nonce: [u8; 16],
}

/// What tells a client that the server knows its account: RFC 5802.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScramSignature(pub [u8; 32]);

/// Which token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenId(pub i64);

/// What a session that logged in with a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    /// Only in these rooms, and to no user; `None` everywhere.
    pub rooms: Option<Arc<[RoomName]>>,
    /// It hears nothing and may ask for nothing.
    pub send_only: bool,
    /// Its sessions end then; `None` never.
    pub expires_at: Option<UnixMillis>,
}

impl Token {
    /// Whether there is anything that its account may do and it may not.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        self.rooms.is_some() || self.send_only
    }

    /// Whether it is good for a room.
    #[must_use]
    pub fn is_for(&self, room: &RoomName) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }
}

/// What operators have changed, as the hub must know it at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// There is an account of this name now; who uses the nick as a guest is told.
    Added { owner: OwnerId, name: Nick },
    /// The nick is free again, and whoever is logged in is ended.
    Removed { owner: OwnerId, name: Nick },
    /// Whoever is logged in is ended: the account was closed, or its password was changed.
    LoggedOut { owner: OwnerId },
    /// Whoever is logged in is a server operator from now on, or is not.
    OperatorSet { owner: OwnerId, is_operator: bool },
    /// Sessions that logged in with this token are ended.
    TokenRevoked { token: TokenId },
    /// Sessions that logged in by this certificate are ended.
    CertificateRemoved { fingerprint: Fingerprint },
}

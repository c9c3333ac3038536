//! What operators are told of accounts, invitations and tokens. No secret and no hash of one is here.

use crate::hub::account::TokenId;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    pub name: Nick,
    pub created_at: UnixMillis,
    pub last_login_at: Option<UnixMillis>,
    /// With a wrong password, since the last good one.
    pub failed_logins: u32,
    pub disabled_at: Option<UnixMillis>,
    pub has_password: bool,
    /// Whether it keeps order everywhere.
    pub is_operator: bool,
    pub tokens: u32,
    /// That log in to it, the oldest first.
    pub certificates: Vec<CertificateInfo>,
}

/// One certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateInfo {
    pub fingerprint: Fingerprint,
    pub added_at: UnixMillis,
}

/// One invitation that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationInfo {
    pub id: i64,
    pub note: Option<String>,
    pub created_at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    pub id: TokenId,
    pub account: Nick,
    pub note: Option<String>,
    /// `None`: everywhere.
    pub rooms: Option<Vec<RoomName>>,
    pub send_only: bool,
    pub created_at: UnixMillis,
    /// `None`: never.
    pub expires_at: Option<UnixMillis>,
    /// To within a second or so, unless the daemon crashed.
    pub last_used_at: Option<UnixMillis>,
}

//! What travels between chatctl and the admin API about accounts, invitations and tokens. Passwords go in
//! only; tokens and invitations come out once, when they are made.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A text that proves who somebody is; never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(hidden)")
    }
}

/// Whether what is set about rooms and the rules are written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegistrySummary {
    pub state: RegistryState,
    /// Why it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Changes that hold and are not written down yet.
    pub unwritten: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistryState {
    #[default]
    Works,
    /// What is changed holds, and would be lost at a crash.
    Fails,
}

/// Which page of the accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountsQuery {
    /// Those behind this name.
    pub after: Option<String>,
}

/// A page of accounts, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Accounts {
    pub accounts: Vec<Account>,
    /// There are more: ask again after the last one.
    pub more: bool,
}

/// Which account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountName {
    pub name: String,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Account {
    /// As it was registered.
    pub name: String,
    pub created_at: String,
    pub last_login_at: Option<String>,
    /// With a wrong password, since the last good login.
    pub failed_logins: u32,
    /// When an operator closed it; `null` for one that is open.
    pub disabled_at: Option<String>,
    /// Whether anybody can log in to it with a password.
    pub has_password: bool,
    pub tokens: u32,
    /// That log in to it, the oldest first.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// What it may do beside what everybody may.
    #[serde(default)]
    pub role: AccountRole,
}

/// What an account may do everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountRole {
    /// Keep order in every room and on the whole server.
    Operator,
    /// Nothing else.
    #[default]
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewAccount {
    pub name: String,
    /// Without one, only tokens and certificates log in to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretText>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetPassword {
    pub name: String,
    #[schema(value_type = String)]
    pub password: SecretText,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetDisabled {
    pub name: String,
    pub disabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetRole {
    pub name: String,
    pub role: AccountRole,
}

/// A certificate that logs in to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    /// Its SHA-256 fingerprint.
    pub sha256: String,
    /// When it was given to the account.
    pub added_at: String,
}

/// Which certificate of which account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountCertificate {
    pub name: String,
    /// Its SHA-256 fingerprint: 64 hexadecimal digits, with or without colons.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitations {
    pub invitations: Vec<Invitation>,
}

/// One invitation that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    pub id: i64,
    pub note: Option<String>,
    pub created_at: String,
    pub expires_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewInvitation {
    /// For operators; at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// 1 s to 10 years.
    pub expires_in_s: u64,
}

/// An invitation or a token that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    pub id: i64,
    /// Shown this once.
    #[schema(value_type = String)]
    pub secret: SecretText,
    pub expires_at: Option<String>,
}

/// Which invitation or token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Revoke {
    pub id: i64,
}

/// Whose tokens, and which page of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokensQuery {
    /// Those of this account only.
    pub account: Option<String>,
    /// Those behind this id.
    pub after: i64,
}

/// A page of tokens, by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    pub tokens: Vec<Token>,
    /// There are more: ask again after the last one.
    pub more: bool,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    pub id: i64,
    pub account: String,
    pub note: Option<String>,
    /// Where it is good; `null` everywhere.
    pub rooms: Option<Vec<String>>,
    pub send_only: bool,
    pub created_at: String,
    /// `null`: never.
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    pub account: String,
    /// For operators; at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it is good; without it everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Vec<String>>,
    #[serde(default)]
    pub send_only: bool,
    /// 1 s to 10 years; without it for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<u64>,
}

//! What proves that an account is ours, for every login of one chatctl: asked for once.

use anyhow::Result;

use crate::ctl::args::Login;
use crate::ctl::password;
use crate::wire::admin::accounts::SecretText;
use crate::wire::chat::Credentials;
use crate::wire::hidden::Hidden;

/// An account's password, or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    Password {
        account: String,
        password: SecretText,
    },
    Token(SecretText),
}

impl Proof {
    /// Gets it from where the command line says; `None` for a guest.
    ///
    /// # Errors
    /// Those of [`password`].
    pub fn of(login: &Login) -> Result<Option<Self>> {
        if let Some(account) = &login.account {
            return Ok(Some(Self::Password {
                account: account.clone(),
                password: password::existing(account, login.password_stdin)?,
            }));
        }
        let token = login.token_file.as_deref().map(password::in_file);
        Ok(token.transpose()?.map(Self::Token))
    }

    /// As a `hello` says it.
    #[must_use]
    pub fn credentials(&self) -> Credentials<'_> {
        match self {
            Self::Password { account, password } => Credentials {
                account: Some(account.into()),
                password: Some(Hidden(password.0.as_str().into())),
                token: None,
            },
            Self::Token(token) => Credentials {
                token: Some(Hidden(token.0.as_str().into())),
                ..Credentials::default()
            },
        }
    }
}

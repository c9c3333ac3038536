//! What proves that an account is ours, for every login of one chatctl: asked for once.

use anyhow::Result;

use super::login::LoginError;
use crate::ctl::args::Login;
use crate::ctl::locate::Server;
use crate::ctl::password;
use crate::ctl::remark::remark;
use crate::wire::admin::accounts::SecretText;
use crate::wire::chat::Credentials;
use crate::wire::hidden::Hidden;

/// An account's password, a token, or the certificate that is shown at the beginning of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    Password {
        account: String,
        password: SecretText,
    },
    Token(SecretText),
    Certificate {
        account: String,
    },
}

impl Proof {
    /// Gets it from where the command line says; `None` for a guest. Nobody is asked for a password while a
    /// certificate may do.
    ///
    /// # Errors
    /// Those of [`password`].
    pub fn of(login: &Login, server: &Server) -> Result<Option<Self>> {
        if let Some(account) = &login.account {
            if server.is_shown_certificate() && !login.password_stdin {
                return Ok(Some(Self::Certificate {
                    account: account.clone(),
                }));
            }
            return Ok(Some(Self::Password {
                account: account.clone(),
                password: password::existing(account, login.password_stdin)?,
            }));
        }
        let token = login.token_file.as_deref().map(password::in_file);
        Ok(token.transpose()?.map(Self::Token))
    }

    /// The password, where it was the certificate that did not do and somebody can be asked; else `None`.
    ///
    /// # Errors
    /// Those of [`password`].
    pub fn instead(&self, error: &LoginError) -> Result<Option<Self>> {
        let Self::Certificate { account } = self else {
            return Ok(None);
        };
        let LoginError::Refused { code, .. } = error else {
            return Ok(None);
        };
        let is_about_it = matches!(code.as_str(), "login_failed" | "no_certificate");
        if !is_about_it || !password::can_ask() {
            return Ok(None);
        }
        remark(&format!(
            "the server does not let the certificate in as {account}"
        ));
        Ok(Some(Self::Password {
            account: account.clone(),
            password: password::existing(account, false)?,
        }))
    }

    /// As a `hello` says it.
    #[must_use]
    pub fn credentials(&self) -> Credentials<'_> {
        match self {
            Self::Password { account, password } => Credentials {
                account: Some(account.into()),
                password: Some(Hidden(password.0.as_str().into())),
                ..Credentials::default()
            },
            Self::Certificate { account } => Credentials {
                account: Some(account.into()),
                certificate: true,
                ..Credentials::default()
            },
            Self::Token(token) => Credentials {
                token: Some(Hidden(token.0.as_str().into())),
                ..Credentials::default()
            },
        }
    }
}

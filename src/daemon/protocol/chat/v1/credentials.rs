//! What proves whose account it is, as requests bring it along: a password, a token, or word that the certificate
//! counts which was shown at the beginning of TLS.

use super::request::{nick, wrong};
use crate::daemon::protocol::chat::complaint::Complaint;
use crate::hub::account::Claim;
use crate::hub::command::{Command, Entry};
use crate::hub::secret::Secret;
use crate::wire::chat::Credentials;
use crate::wire::fields::{Field, RequestError};
use crate::wire::hidden::Hidden;

/// The login that they stand for.
pub(super) fn command(credentials: Credentials<'_>, entry: Entry) -> Result<Command, Complaint> {
    let claim = match credentials {
        Credentials {
            account,
            password: None,
            token: None,
            certificate: true,
        } => {
            let name = account.map(|name| nick(&name)).transpose()?;
            return Ok(Command::LogInByCertificate { name, entry });
        }
        Credentials {
            certificate: true, ..
        } => {
            return Err(wrong(Field::Certificate, "without `password` and `token`"));
        }
        Credentials {
            account: None,
            password: None,
            token: Some(token),
            ..
        } => Claim::Token(secret(Field::Token, &token)?),
        Credentials { token: Some(_), .. } => {
            return Err(wrong(
                Field::Token,
                "alone, without `account` and `password`",
            ));
        }
        Credentials {
            account: Some(account),
            password: Some(password),
            ..
        } => Claim::Password {
            name: nick(&account)?,
            password: secret(Field::Password, &password)?,
        },
        Credentials { account: None, .. } => {
            return Err(RequestError::Missing(Field::Account).into());
        }
        Credentials { password: None, .. } => {
            return Err(RequestError::Missing(Field::Password).into());
        }
    };
    Ok(Command::LogInAs { claim, entry })
}

pub(super) fn secret(field: Field, text: &Hidden<'_>) -> Result<Secret, Complaint> {
    Secret::new(&text.0).ok_or_else(|| wrong(field, "a string of 1 to 1024 bytes"))
}

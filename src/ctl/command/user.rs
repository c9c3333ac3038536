//! `chatctl user`: accounts, as operators look after them.

use std::path::Path;

use anyhow::Result;

use super::operate::confirm;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::password;
use crate::ctl::render::{self, Output, Table};
use crate::tls::{self, Fingerprint};
use crate::wire::admin::Done;
use crate::wire::admin::accounts::{
    Account, AccountCertificate, AccountName, AccountRole, Accounts, NewAccount, SetDisabled,
    SetPassword, SetRole,
};

/// Looks after accounts.
///
/// # Errors
/// As [`Admin::get`]; exit 4 when there is no such account.
pub async fn run(admin: &Admin, output: Output, user: &args::User) -> Result<()> {
    let done: Done = match user {
        args::User::List => return list(admin, output).await,
        args::User::Show { name } => return show(admin, output, name).await,
        args::User::Add {
            name,
            password_stdin,
            no_password,
        } => {
            let password = (!no_password).then(|| password::new(name, *password_stdin));
            let request = NewAccount {
                name: name.clone(),
                password: password.transpose()?,
            };
            admin.post("/v1/accounts", &request).await?
        }
        args::User::Del { name, yes } => {
            if !yes {
                confirm(&format!("Remove the account {name} and its tokens?"))?;
            }
            let request = AccountName { name: name.clone() };
            admin.post("/v1/accounts/remove", &request).await?
        }
        args::User::Passwd {
            name,
            password_stdin,
        } => {
            let request = SetPassword {
                name: name.clone(),
                password: password::new(name, *password_stdin)?,
            };
            admin.put("/v1/accounts/password", &request).await?
        }
        args::User::Disable { name } => set_disabled(admin, name, true).await?,
        args::User::Enable { name } => set_disabled(admin, name, false).await?,
        args::User::Role { name, role } => {
            let request = SetRole {
                name: name.clone(),
                role: match role {
                    args::Role::Operator => AccountRole::Operator,
                    args::Role::None => AccountRole::None,
                },
            };
            admin.put("/v1/accounts/role", &request).await?
        }
        args::User::Cert(args::UserCert::Add { name, certificate }) => {
            let request = account_certificate(name, certificate)?;
            admin.post("/v1/accounts/certificates", &request).await?
        }
        args::User::Cert(args::UserCert::Del { name, certificate }) => {
            let request = account_certificate(name, certificate)?;
            let path = "/v1/accounts/certificates/remove";
            admin.post(path, &request).await?
        }
    };
    render::sentence(output, &done, &done.done)
}

/// A certificate that is named by its fingerprint, or by a file that it is in.
fn account_certificate(name: &str, certificate: &str) -> Result<AccountCertificate> {
    let fingerprint = match certificate.parse::<Fingerprint>() {
        Ok(fingerprint) => fingerprint,
        Err(_) if !Path::new(certificate).exists() => {
            let text = format!(
                "{certificate} is no file, and no SHA-256 fingerprint of 64 hexadecimal digits"
            );
            return Err(Failure::new(Exit::Usage, text).into());
        }
        Err(_) => {
            let all = tls::read_certificates(Path::new(certificate))
                .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
            Fingerprint::of(all.first().expect("a file without any is an error"))
        }
    };
    Ok(AccountCertificate {
        name: name.to_owned(),
        sha256: fingerprint.to_string(),
    })
}

async fn set_disabled(admin: &Admin, name: &str, disabled: bool) -> Result<Done> {
    let name = name.to_owned();
    let request = SetDisabled { name, disabled };
    admin.put("/v1/accounts/disabled", &request).await
}

async fn list(admin: &Admin, output: Output) -> Result<()> {
    let mut accounts: Vec<Account> = Vec::new();
    loop {
        let after = accounts.last().map_or(String::new(), |last| {
            format!("?after={}", escaped(&last.name))
        });
        let page: Accounts = admin.get(&format!("/v1/accounts{after}")).await?;
        accounts.extend(page.accounts);
        if !page.more {
            break;
        }
    }
    render::list(output, &accounts, &accounts, &table(&accounts))
}

async fn show(admin: &Admin, output: Output, name: &str) -> Result<()> {
    let path = format!("/v1/account?name={}", escaped(name));
    let account: Account = admin.get(&path).await?;
    let accounts = [account];
    render::list(output, &accounts[0], &accounts, &table(&accounts))?;
    let certificates = &accounts[0].certificates;
    if output == Output::Table && !certificates.is_empty() {
        let mut table = Table::new(&["CERTIFICATE", "ADDED"]);
        for it in certificates {
            table.row(vec![it.sha256.clone(), it.added_at.clone()]);
        }
        render::list(output, certificates, certificates, &table)?;
    }
    Ok(())
}

fn table(accounts: &[Account]) -> Table {
    let mut table = Table::new(&[
        "NAME",
        "STATE",
        "ROLE",
        "LAST LOGIN",
        "FAILED",
        "TOKENS",
        "CREATED",
    ]);
    for account in accounts {
        let state = match (&account.disabled_at, account.has_password) {
            (Some(_), _) => "closed",
            (None, true) => "open",
            (None, false) => "no password",
        };
        table.row(vec![
            account.name.clone(),
            state.to_owned(),
            match account.role {
                AccountRole::Operator => "operator",
                AccountRole::None => "-",
            }
            .to_owned(),
            account
                .last_login_at
                .clone()
                .unwrap_or_else(|| "-".to_owned()),
            account.failed_logins.to_string(),
            account.tokens.to_string(),
            account.created_at.clone(),
        ]);
    }
    table
}

/// A value of a query, by RFC 3986.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_query_is_one_value() {
        assert_eq!(escaped("ana-1"), "ana-1");
        assert_eq!(escaped("a&b=é"), "a%26b%3D%C3%A9");
    }
}

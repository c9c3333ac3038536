//! Certificates that log in to accounts, by their fingerprints: which is whose, and what they answer to who has
//! shown one. That a peer has its key, and that an authority vouches for it, was settled by TLS.

use rusqlite::{OptionalExtension, Row, params};

use crate::hub::account::AccountAnswer;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::name::Nick;
use crate::hub::time::UnixMillis;

use super::book::{AccountRow, Book, account_row, millis, nick, time};
use super::clerk::{Clerk, failed};
use super::error::RegistryError;
use super::report::CertificateInfo;

/// Certificates that one account may have.
const CERTIFICATES_PER_ACCOUNT: usize = 16;

impl Book {
    /// Writes down that a certificate is an account's.
    pub(super) fn add_certificate(
        &mut self,
        account: i64,
        fingerprint: &Fingerprint,
        at: UnixMillis,
    ) -> Result<(), RegistryError> {
        let transaction = self.connection.transaction()?;
        let holder: Option<Nick> = transaction
            .query_row(
                "SELECT name FROM certificate JOIN account ON account.id = account
                 WHERE fingerprint = ?1",
                [fingerprint.0],
                |row| nick(row, 0),
            )
            .optional()?;
        if let Some(holder) = holder {
            return Err(RegistryError::CertificateTaken(holder.to_string()));
        }
        let count: usize = transaction.query_row(
            "SELECT count(*) FROM certificate WHERE account = ?1",
            [account],
            |row| row.get(0),
        )?;
        if count >= CERTIFICATES_PER_ACCOUNT {
            return Err(RegistryError::TooMany(CERTIFICATES_PER_ACCOUNT));
        }
        transaction.execute(
            "INSERT INTO certificate (fingerprint, account, added_at) VALUES (?1, ?2, ?3)",
            params![fingerprint.0, account, millis(at)],
        )?;
        Ok(transaction.commit()?)
    }

    /// Forgets that a certificate is this account's.
    pub(super) fn remove_certificate(
        &mut self,
        account: i64,
        fingerprint: &Fingerprint,
    ) -> Result<(), RegistryError> {
        let removed = self.connection.execute(
            "DELETE FROM certificate WHERE fingerprint = ?1 AND account = ?2",
            params![fingerprint.0, account],
        )?;
        if removed == 0 {
            return Err(RegistryError::NoSuchCertificate(fingerprint.to_string()));
        }
        Ok(())
    }

    /// An account's, the oldest first.
    pub(super) fn certificates(&self, account: i64) -> rusqlite::Result<Vec<CertificateInfo>> {
        let mut all = self.connection.prepare_cached(
            "SELECT fingerprint, added_at FROM certificate WHERE account = ?1
             ORDER BY added_at, fingerprint",
        )?;
        let rows = all.query_map([account], |row| {
            Ok(CertificateInfo {
                fingerprint: fingerprint(row, 0)?,
                added_at: time(row, 1)?,
            })
        })?;
        rows.collect()
    }

    /// Whose certificate it is.
    fn certified(&self, fingerprint: &Fingerprint) -> rusqlite::Result<Option<AccountRow>> {
        let mut found = self.connection.prepare_cached(
            "SELECT id, owner, name, password, created_at, last_login_at, failed_logins,
             disabled_at, password_serial, operator
             FROM certificate JOIN account ON account.id = account WHERE fingerprint = ?1",
        )?;
        found.query_row([fingerprint.0], account_row).optional()
    }
}

impl Clerk {
    /// With a name, it must be that account's.
    pub(super) fn find_certified(
        &mut self,
        name: Option<&Nick>,
        fingerprint: Fingerprint,
        at: UnixMillis,
    ) -> AccountAnswer {
        let row = match self.book.certified(&fingerprint) {
            Ok(row) => row,
            Err(error) => return failed(&error),
        };
        let Some(row) = row.filter(|row| name.is_none_or(|name| row.name == *name)) else {
            return AccountAnswer::Wrong;
        };
        let mut answer = self.let_in(row, at);
        if let AccountAnswer::Account(account) = &mut answer {
            account.certificate = Some(fingerprint);
        }
        answer
    }
}

fn fingerprint(row: &Row<'_>, column: usize) -> rusqlite::Result<Fingerprint> {
    row.get(column).map(Fingerprint)
}

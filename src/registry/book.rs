//! What is in `registry.db`, as rows: here accounts, in `grants.rs` invitations and tokens, in
//! `certificates.rs` certificates, in
//! `charters.rs` rooms and rules. One method per
//! thing that is done, each in one transaction. Nothing here hashes a password or knows who waits for an
//! answer.

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use crate::hub::account::{Account, TokenId};
use crate::hub::held::Held;
use crate::hub::history::OwnerId;
use crate::hub::name::Nick;
use crate::hub::time::UnixMillis;

use super::costs::Costs;
use super::passwords::Prepared;
use super::report::AccountInfo;
use super::scram::add_scram_keys;

/// The open database.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) connection: Connection,
    pub(super) costs: Costs,
}

/// One account's row.
#[derive(Clone, Debug)]
pub(super) struct AccountRow {
    pub(super) id: i64,
    pub(super) owner: OwnerId,
    pub(super) name: Nick,
    /// An Argon2 hash; `None` for an account that only tokens or the system vouch for.
    pub(super) password: Option<String>,
    pub(super) created_at: UnixMillis,
    pub(super) last_login_at: Option<UnixMillis>,
    pub(super) failed_logins: u32,
    pub(super) disabled_at: Option<UnixMillis>,
    /// Rises with every new password.
    pub(super) password_serial: i64,
    /// Whether it keeps order everywhere.
    pub(super) is_operator: bool,
}

/// An account to be written down.
#[derive(Debug)]
pub(super) struct NewAccount<'a> {
    pub(super) name: &'a Nick,
    pub(super) owner: Option<OwnerId>,
    pub(super) password: Option<&'a Prepared>,
    /// The hash of an invitation that it uses up.
    pub(super) invitation: Option<&'a [u8; 32]>,
    pub(super) at: UnixMillis,
}

/// Why an account was not written down.
#[derive(Debug)]
pub(super) enum NotMade {
    NameTaken,
    BadInvitation,
    Failed(rusqlite::Error),
}

/// What happened to one account since it was last written down.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touch {
    /// The last good login; before it nothing counts.
    pub(super) login_at: Option<UnixMillis>,
    /// Failed ones since then.
    pub(super) failed: u32,
}

const ACCOUNT: &str = "SELECT id, owner, name, password, created_at, last_login_at, failed_logins, \
    disabled_at, password_serial, operator FROM account";

impl Book {
    /// Takes one pass over all accounts.
    pub(super) fn new(connection: Connection) -> rusqlite::Result<Self> {
        connection.set_prepared_statement_cache_capacity(32);
        let key = connection.query_row("SELECT key FROM decoy", [], |row| row.get(0))?;
        let mut costs = Costs::new(key);
        connection
            .prepare("SELECT password FROM account WHERE password IS NOT NULL")?
            .query_map([], |row| row.get::<_, String>(0))?
            .try_for_each(|hash| hash.map(|hash| costs.add(&hash)))?;
        Ok(Self { connection, costs })
    }

    /// One of those that were drawn when the registry was made.
    pub(super) fn secret<const BYTES: usize>(&self, name: &str) -> rusqlite::Result<[u8; BYTES]> {
        let found = "SELECT key FROM secret WHERE name = ?1";
        self.connection.query_row(found, [name], |row| row.get(0))
    }

    /// Every account's nick and person and whose accounts were removed, and how many accounts there are. Takes one pass over all of them.
    pub(super) fn held(&self) -> rusqlite::Result<(Held, usize)> {
        let mut all = self
            .connection
            .prepare("SELECT name_key, owner, name FROM account")?;
        let rows = all.query_map([], |row| {
            nick(row, 2)?; // one that is none is found at the start, and not at somebody's login
            Ok((row.get::<_, String>(0)?, owner(row, 1)?))
        })?;
        let rows: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
        let count = rows.len();
        let mut removed = self.connection.prepare("SELECT owner FROM removed")?;
        let removed = removed.query_map([], |row| owner(row, 0))?;
        let removed: Vec<_> = removed.collect::<rusqlite::Result<_>>()?;
        let held: Held = rows.into_iter().collect();
        Ok((held.with_removed(removed), count))
    }

    pub(super) fn account(&self, name: &Nick) -> rusqlite::Result<Option<AccountRow>> {
        let sql = format!("{ACCOUNT} WHERE name_key = ?1");
        let mut found = self.connection.prepare_cached(&sql)?;
        found.query_row([name.key()], account_row).optional()
    }

    /// The accounts behind a name, by name.
    pub(super) fn accounts(
        &self,
        after: Option<&Nick>,
        limit: usize,
    ) -> rusqlite::Result<Vec<AccountInfo>> {
        let sql = format!("{ACCOUNT} WHERE name_key > ?1 ORDER BY name_key LIMIT ?2");
        let mut page = self.connection.prepare_cached(&sql)?;
        let after = after.map_or("", Nick::key);
        let rows = page.query_map(params![after, limit], account_row)?;
        let rows: Vec<AccountRow> = rows.collect::<rusqlite::Result<_>>()?;
        rows.into_iter().map(|row| self.info(row)).collect()
    }

    pub(super) fn info(&self, row: AccountRow) -> rusqlite::Result<AccountInfo> {
        let mut count = self
            .connection
            .prepare_cached("SELECT count(*) FROM token WHERE account = ?1")?;
        Ok(AccountInfo {
            tokens: count.query_row([row.id], |row| row.get(0))?,
            certificates: self.certificates(row.id)?,
            name: row.name,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
            failed_logins: row.failed_logins,
            disabled_at: row.disabled_at,
            has_password: row.password.is_some(),
            is_operator: row.is_operator,
        })
    }

    /// Writes an account down and uses its invitation up, both or neither.
    pub(super) fn add(&mut self, new: &NewAccount<'_>) -> Result<Account, NotMade> {
        let transaction = self.connection.transaction().map_err(NotMade::Failed)?;
        if let Some(hash) = new.invitation {
            let used = transaction
                .execute(
                    "DELETE FROM invitation WHERE hash = ?1 AND expires_at > ?2",
                    params![hash, millis(new.at)],
                )
                .map_err(NotMade::Failed)?;
            if used == 0 {
                return Err(NotMade::BadInvitation);
            }
        }
        let owner = new.owner.unwrap_or_else(draw_owner);
        let added = transaction.execute(
            "INSERT INTO account (owner, name, name_key, password, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                owner.0.cast_signed(),
                new.name.as_str(),
                new.name.key(),
                new.password.map(|it| &it.hash),
                millis(new.at)
            ],
        );
        match added {
            Ok(_) => {}
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(NotMade::NameTaken);
            }
            Err(error) => return Err(NotMade::Failed(error)),
        }
        if let Some(password) = new.password {
            let account = transaction.last_insert_rowid();
            add_scram_keys(&transaction, account, password).map_err(NotMade::Failed)?;
        }
        transaction.commit().map_err(NotMade::Failed)?;
        if let Some(password) = new.password {
            self.costs.add(&password.hash);
        }
        Ok(Account {
            owner,
            name: new.name.clone(),
            is_operator: false,
            failed_logins: 0,
            token: None,
            certificate: None,
        })
    }

    /// Removes an account; whose it was is remembered.
    pub(super) fn remove(&mut self, account: i64) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let hash = password(&transaction, account)?;
        transaction.execute(
            "INSERT OR IGNORE INTO removed (owner) SELECT owner FROM account WHERE id = ?1",
            [account],
        )?;
        transaction.execute("DELETE FROM account WHERE id = ?1", [account])?;
        transaction.commit()?;
        if let Some(hash) = hash {
            self.costs.remove(&hash);
        }
        Ok(())
    }

    pub(super) fn set_password(&mut self, account: i64, new: &Prepared) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let old = password(&transaction, account)?;
        let set = transaction.execute(
            "UPDATE account SET password = ?2, password_serial = password_serial + 1
             WHERE id = ?1",
            params![account, new.hash],
        )?;
        add_scram_keys(&transaction, account, new)?;
        transaction.commit()?;
        if set > 0 {
            self.costs.add(&new.hash);
        }
        if let Some(old) = old {
            self.costs.remove(&old);
        }
        Ok(())
    }

    /// The same password under another hash and with its keys, unless it has changed meanwhile. The hash may
    /// be the one that it has.
    pub(super) fn rehash(
        &mut self,
        account: i64,
        old: &str,
        new: &Prepared,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let set = transaction.execute(
            "UPDATE account SET password = ?3 WHERE id = ?1 AND password = ?2",
            params![account, old, new.hash],
        )?;
        if set > 0 {
            add_scram_keys(&transaction, account, new)?;
        }
        transaction.commit()?;
        if set > 0 {
            self.costs.add(&new.hash);
            self.costs.remove(old);
        }
        Ok(())
    }

    pub(super) fn set_disabled(
        &mut self,
        account: i64,
        at: Option<UnixMillis>,
    ) -> rusqlite::Result<()> {
        let set = self.connection.execute(
            "UPDATE account SET disabled_at = ?2 WHERE id = ?1",
            params![account, at.map(millis)],
        );
        set.map(|_| ())
    }

    pub(super) fn set_operator(&mut self, account: i64, is_operator: bool) -> rusqlite::Result<()> {
        let set = self.connection.execute(
            "UPDATE account SET operator = ?2 WHERE id = ?1",
            params![account, is_operator],
        );
        set.map(|_| ())
    }

    /// Writes down what happened at logins, all or nothing.
    pub(super) fn touch(
        &mut self,
        accounts: impl Iterator<Item = (i64, Touch)>,
        tokens: impl Iterator<Item = (TokenId, UnixMillis)>,
    ) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (id, touch) in accounts {
            transaction
                .prepare_cached(
                    "UPDATE account SET
                     failed_logins = CASE WHEN ?2 IS NULL THEN failed_logins ELSE 0 END + ?3,
                     last_login_at = coalesce(?2, last_login_at) WHERE id = ?1",
                )?
                .execute(params![id, touch.login_at.map(millis), touch.failed])?;
        }
        for (id, at) in tokens {
            transaction
                .prepare_cached("UPDATE token SET last_used_at = ?2 WHERE id = ?1")?
                .execute(params![id.0, millis(at)])?;
        }
        transaction.commit()
    }
}

/// `None` also where there is no such account.
fn password(connection: &Connection, account: i64) -> rusqlite::Result<Option<String>> {
    let mut found = connection.prepare_cached("SELECT password FROM account WHERE id = ?1")?;
    let found = found.query_row([account], |row| row.get(0)).optional();
    found.map(Option::flatten)
}

pub(super) fn account_row(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        id: row.get(0)?,
        owner: owner(row, 1)?,
        name: nick(row, 2)?,
        password: row.get(3)?,
        created_at: time(row, 4)?,
        last_login_at: time_if_any(row, 5)?,
        failed_logins: row.get(6)?,
        disabled_at: time_if_any(row, 7)?,
        password_serial: row.get(8)?,
        is_operator: row.get(9)?,
    })
}

pub(super) fn owner(row: &Row<'_>, column: usize) -> rusqlite::Result<OwnerId> {
    Ok(OwnerId(row.get::<_, i64>(column)?.cast_unsigned()))
}

pub(super) fn nick(row: &Row<'_>, column: usize) -> rusqlite::Result<Nick> {
    let text: String = row.get(column)?;
    Nick::parse(&text).map_err(|_| not_a_name(column))
}

pub(super) fn not_a_name(column: usize) -> rusqlite::Error {
    let why = "a name that is none";
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<UnixMillis> {
    Ok(UnixMillis(row.get::<_, i64>(column)?.cast_unsigned()))
}

pub(super) fn time_if_any(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<UnixMillis>> {
    let at: Option<i64> = row.get(column)?;
    Ok(at.map(|at| UnixMillis(at.cast_unsigned())))
}

/// Until the end of time, whatever an operator asks for.
pub(super) fn millis(at: UnixMillis) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

fn draw_owner() -> OwnerId {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("a running Linux always gives random bytes");
    OwnerId(u64::from_ne_bytes(bytes))
}

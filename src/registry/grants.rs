//! What operators give out: invitations, each good for one account, and tokens, each good for logging in to
//! one. Of both only a hash is kept.

use rusqlite::{OptionalExtension, Row, params};

use crate::hub::account::{Token, TokenId};
use crate::hub::name::{Nick, RoomName};
use crate::hub::time::UnixMillis;

use super::book::{AccountRow, Book, account_row, millis, nick, not_a_name, time, time_if_any};
use super::error::RegistryError;
use super::report::{InvitationInfo, TokenInfo};

/// Invitations that may be open at a time.
const INVITATIONS_MAX: usize = 10_000;
/// Tokens that one account may have.
const TOKENS_PER_ACCOUNT: usize = 100;

impl Book {
    /// Whether an invitation would be taken.
    pub(super) fn is_invited(&self, hash: &[u8; 32], at: UnixMillis) -> rusqlite::Result<bool> {
        let mut found = self
            .connection
            .prepare_cached("SELECT 1 FROM invitation WHERE hash = ?1 AND expires_at > ?2")?;
        found.exists(params![hash, millis(at)])
    }

    /// Writes an invitation down; those that have expired give way.
    pub(super) fn invite(
        &mut self,
        hash: &[u8; 32],
        note: Option<&str>,
        at: UnixMillis,
        expires_at: UnixMillis,
    ) -> Result<i64, RegistryError> {
        let transaction = self.connection.transaction()?;
        transaction.execute(
            "DELETE FROM invitation WHERE expires_at <= ?1",
            [millis(at)],
        )?;
        let open: usize =
            transaction.query_row("SELECT count(*) FROM invitation", [], |row| row.get(0))?;
        if open >= INVITATIONS_MAX {
            return Err(RegistryError::TooMany(INVITATIONS_MAX));
        }
        transaction.execute(
            "INSERT INTO invitation (hash, note, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
            params![hash, note, millis(at), millis(expires_at)],
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(id)
    }

    /// Those that would be taken, by id.
    pub(super) fn invitations(&self, at: UnixMillis) -> rusqlite::Result<Vec<InvitationInfo>> {
        let mut open = self.connection.prepare_cached(
            "SELECT id, note, created_at, expires_at FROM invitation WHERE expires_at > ?1
             ORDER BY id",
        )?;
        let rows = open.query_map([millis(at)], |row| {
            Ok(InvitationInfo {
                id: row.get(0)?,
                note: row.get(1)?,
                created_at: time(row, 2)?,
                expires_at: time(row, 3)?,
            })
        })?;
        rows.collect()
    }

    pub(super) fn revoke_invitation(&mut self, id: i64) -> Result<(), RegistryError> {
        let removed = self
            .connection
            .execute("DELETE FROM invitation WHERE id = ?1", [id])?;
        if removed == 0 {
            return Err(RegistryError::NoSuchInvitation(id));
        }
        Ok(())
    }

    /// Writes a token down; its id, when it was made and when it was used are not looked at.
    pub(super) fn add_token(
        &mut self,
        account: i64,
        hash: &[u8; 32],
        token: &TokenInfo,
    ) -> Result<i64, RegistryError> {
        let transaction = self.connection.transaction()?;
        let count: usize = transaction.query_row(
            "SELECT count(*) FROM token WHERE account = ?1",
            [account],
            |row| row.get(0),
        )?;
        if count >= TOKENS_PER_ACCOUNT {
            return Err(RegistryError::TooMany(TOKENS_PER_ACCOUNT));
        }
        let rooms = token.rooms.as_ref().map(|rooms| {
            let names: Vec<&str> = rooms.iter().map(RoomName::as_str).collect();
            names.join(" ")
        });
        transaction.execute(
            "INSERT INTO token (account, hash, note, rooms, send_only, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                account,
                hash,
                token.note,
                rooms,
                token.send_only,
                millis(token.created_at),
                token.expires_at.map(millis)
            ],
        )?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        Ok(id)
    }

    /// Tokens, by id; those of one account, or all, behind an id.
    pub(super) fn tokens(
        &self,
        of: Option<&Nick>,
        after: i64,
        limit: usize,
    ) -> rusqlite::Result<Vec<TokenInfo>> {
        let mut all = self.connection.prepare_cached(
            "SELECT token.id, name, note, rooms, send_only, token.created_at, expires_at, last_used_at
             FROM token JOIN account ON account.id = account
             WHERE token.id > ?1 AND (?2 IS NULL OR name_key = ?2) ORDER BY token.id LIMIT ?3",
        )?;
        let rows = all.query_map(params![after, of.map(Nick::key), limit], |row| {
            Ok(TokenInfo {
                id: TokenId(row.get(0)?),
                account: nick(row, 1)?,
                note: row.get(2)?,
                rooms: rooms(row, 3)?,
                send_only: row.get(4)?,
                created_at: time(row, 5)?,
                expires_at: time_if_any(row, 6)?,
                last_used_at: time_if_any(row, 7)?,
            })
        })?;
        rows.collect()
    }

    /// Whose token it is, and what it is good for, unless it has expired.
    pub(super) fn token(
        &self,
        hash: &[u8; 32],
        at: UnixMillis,
    ) -> rusqlite::Result<Option<(AccountRow, Token)>> {
        let mut found = self.connection.prepare_cached(
            "SELECT account.id, owner, name, password, account.created_at, last_login_at,
             failed_logins, disabled_at, password_serial, operator, token.id, rooms, send_only,
             expires_at
             FROM token JOIN account ON account.id = account
             WHERE hash = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        )?;
        let found = found.query_row(params![hash, millis(at)], |row| {
            let token = Token {
                id: TokenId(row.get(10)?),
                rooms: rooms(row, 11)?.map(Into::into),
                send_only: row.get(12)?,
                expires_at: time_if_any(row, 13)?,
            };
            Ok((account_row(row)?, token))
        });
        found.optional()
    }

    pub(super) fn revoke_token(&mut self, id: TokenId) -> Result<(), RegistryError> {
        let removed = self
            .connection
            .execute("DELETE FROM token WHERE id = ?1", [id.0])?;
        if removed == 0 {
            return Err(RegistryError::NoSuchToken(id.0));
        }
        Ok(())
    }
}

fn rooms(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Vec<RoomName>>> {
    let text: Option<String> = row.get(column)?;
    let Some(text) = text else {
        return Ok(None);
    };
    let parse = |name| RoomName::parse(name).map_err(|_| not_a_name(column));
    text.split(' ')
        .map(parse)
        .collect::<Result<_, _>>()
        .map(Some)
}

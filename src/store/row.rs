//! A message as the database gives it back.

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::{FromSqlError, Type};

use crate::hub::command::{MessageKind, Tags};
use crate::hub::history::{Aside, Author, OwnerId, Place, Stored, StoredChange};
use crate::hub::id::MessageId;
use crate::hub::name::{NameError, Nick, RoomName};
use crate::hub::time::UnixMillis;

use super::clock::ID_BITS_BELOW_MS;
use super::ids::from_sql;
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// Everything of messages `m`, for [`stored`]; conditions on `m`, `a` and `c` may follow. CROSS JOIN keeps
/// SQLite from beginning with another table.
pub(super) const SELECT: &str = "
    SELECT m.id, m.at, m.flags, m.text, m.changed_at, m.change_id,
        a.owner, a.nick, c.name, b.owner, b.nick, m.tags
    FROM message m
    CROSS JOIN author a ON a.id = m.author
    CROSS JOIN conversation c ON c.id = m.conversation
    LEFT JOIN author b ON b.id = m.addressee";

/// Reads a row of [`SELECT`].
///
/// # Errors
/// The row is not what a store writes.
pub(super) fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let id = from_sql(row.get(0)?);
    let at: Option<i64> = row.get(1)?;
    let flags: i64 = row.get(2)?;
    let place = match row.get_ref(8)?.as_str_or_null() {
        Ok(Some(room)) => Place::Room(RoomName::parse(room).map_err(|why| no_name(8, why))?),
        Ok(None) => Place::User {
            to: author(row, 9)?,
            is_unheard: flags & FLAG_UNHEARD != 0,
        },
        Err(why) => return Err(conversion(8, why)),
    };
    let changed_at: Option<i64> = row.get(4)?;
    Ok(Stored {
        id,
        at: UnixMillis(at.map_or(id.0 >> ID_BITS_BELOW_MS, i64::cast_unsigned)),
        place,
        from: author(row, 6)?,
        kind: match flags & !FLAG_UNHEARD {
            1 => MessageKind::Action,
            2 => MessageKind::Notice,
            _ => MessageKind::Text,
        },
        tags: row
            .get::<_, Option<String>>(11)?
            .as_deref()
            .and_then(Tags::new),
        aside: (flags & FLAG_ASIDE != 0).then_some(match flags & 3 {
            0 => Aside::Tagged,
            _ => Aside::TopicSet,
        }),
        text: row.get::<_, Option<Arc<str>>>(3)?,
        changed_at: changed_at.map(|at| UnixMillis(at.cast_unsigned())),
    })
}

/// Reads a row of [`SELECT`] as a change.
///
/// # Errors
/// The row is not what a store writes.
pub(super) fn change(row: &Row<'_>) -> rusqlite::Result<StoredChange> {
    let message = stored(row)?;
    Ok(StoredChange {
        id: from_sql(row.get(5)?),
        at: message.changed_at.unwrap_or(message.at),
        message,
    })
}

/// The id of a row whose first column it is.
pub(super) fn id(row: &Row<'_>) -> rusqlite::Result<MessageId> {
    row.get(0).map(from_sql)
}

/// The owner and the nick from two columns.
fn author(row: &Row<'_>, column: usize) -> rusqlite::Result<Author> {
    let owner: i64 = row.get(column)?;
    let nick = row.get_ref(column + 1)?.as_str();
    let nick = nick.map_err(|why| conversion(column + 1, why))?;
    Ok(Author {
        owner: OwnerId(owner.cast_unsigned()),
        nick: Nick::parse(nick).map_err(|why| no_name(column + 1, why))?,
    })
}

pub(super) fn no_name(column: usize, why: NameError) -> rusqlite::Error {
    conversion(column, FromSqlError::Other(format!("{why:?}").into()))
}

fn conversion(column: usize, why: FromSqlError) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(why))
}

//! Whose conversations are meant: a nick, as one person sees it or as an operator does.

use rusqlite::{Connection, params};

use crate::hub::history::{OwnerId, Partner};
use crate::hub::name::Nick;

use super::names::{find_pair, find_room};

/// Most people that one nick may lead to; those beyond are not found under it.
const OWNERS_MAX: usize = 1_000;

/// Most private conversations of one person that are looked through for one question.
const CONVERSATIONS_MAX: usize = 100_000;

/// The conversations that `asker` means by `of`: a room's, or all with people who have written or been
/// written to under that nick.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn conversations_of(
    db: &Connection,
    asker: OwnerId,
    of: &Partner,
) -> rusqlite::Result<Vec<i64>> {
    match of {
        Partner::Room(room) => Ok(find_room(db, room)?.into_iter().collect()),
        Partner::User(nick) => {
            let mut found = Vec::new();
            for other in owners_of(db, nick)? {
                found.extend(find_pair(db, asker, other)?);
            }
            Ok(found)
        }
    }
}

/// The conversations that an operator means by `of`: a room's, or everybody's with that nick.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn conversations_of_anybody(
    db: &Connection,
    of: &Partner,
) -> rusqlite::Result<Vec<i64>> {
    match of {
        Partner::Room(room) => Ok(find_room(db, room)?.into_iter().collect()),
        Partner::User(nick) => {
            let mut found = Vec::new();
            for owner in owners_of(db, nick)? {
                let private = private_conversations(db, owner)?;
                found.extend(private.iter().map(|conversation| conversation.id));
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        }
    }
}

/// The people who have ever written or been written to under a nick.
fn owners_of(db: &Connection, nick: &Nick) -> rusqlite::Result<Vec<OwnerId>> {
    db.prepare_cached("SELECT DISTINCT owner FROM author WHERE nick_key = ?1 LIMIT ?2")?
        .query_map(params![nick.key(), OWNERS_MAX], |row| {
            Ok(OwnerId(row.get::<_, i64>(0)?.cast_unsigned()))
        })?
        .collect()
}

/// The rows of `author` under a nick, whoever they are.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn authors_called(db: &Connection, nick: &Nick) -> rusqlite::Result<Vec<i64>> {
    db.prepare_cached("SELECT id FROM author WHERE nick_key = ?1 LIMIT ?2")?
        .query_map(params![nick.key(), OWNERS_MAX], |row| row.get(0))?
        .collect()
}

/// A conversation of two, as one of them sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Private {
    pub(super) id: i64,
    pub(super) other: OwnerId,
}

/// A person's private conversations, in no order.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn private_conversations(
    db: &Connection,
    owner: OwnerId,
) -> rusqlite::Result<Vec<Private>> {
    let mut found = Vec::new();
    for sql in [
        "SELECT id, high FROM conversation WHERE low = ?1 LIMIT ?2",
        // One with oneself has both.
        "SELECT id, low FROM conversation WHERE high = ?1 AND low <> high LIMIT ?2",
    ] {
        let mut conversations = db.prepare_cached(sql)?;
        let rows =
            conversations.query_map(params![owner.0.cast_signed(), CONVERSATIONS_MAX], |row| {
                Ok(Private {
                    id: row.get(0)?,
                    other: OwnerId(row.get::<_, i64>(1)?.cast_unsigned()),
                })
            })?;
        for private in rows {
            found.push(private?);
        }
    }
    Ok(found)
}

//! Rows that go: a message with all that refers to it, and then whoever and whatever nothing refers to any
//! more. What goes is noted for the search index.

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::id::MessageId;

use super::batch::Tally;
use super::ids::to_sql;
use super::names::Names;

/// Most messages that are removed in one transaction at somebody's wish; records wait for no longer than
/// that.
pub(super) const REMOVED_AT_ONCE: usize = 500;

/// Removes these messages; says how many there were.
///
/// # Errors
/// Whatever SQLite says; then the transaction must be undone.
pub(super) fn remove(
    db: &Connection,
    names: &mut Names,
    messages: &[MessageId],
) -> rusqlite::Result<u64> {
    let mut tally = Tally::default();
    let mut find =
        db.prepare_cached("SELECT conversation, author, addressee FROM message WHERE id = ?1")?;
    let mut delete = db.prepare_cached("DELETE FROM message WHERE id = ?1")?;
    let mut forget = db.prepare_cached("DELETE FROM resend WHERE id = ?1")?;
    let mut touch = db.prepare_cached("INSERT INTO touched (id) VALUES (?1)")?;
    for message in messages {
        let id = to_sql(*message);
        let found = find
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((conversation, author, addressee)) = found else {
            continue;
        };
        tally.add(conversation, author, addressee, -1);
        delete.execute([id])?;
        forget.execute([id])?;
        touch.execute([id])?;
    }
    let removed = tally.write(db)?;
    if remove_unused(db, &tally)? > 0 {
        names.forget();
    }
    Ok(removed)
}

/// Removes the authors and conversations of `tally` that nothing refers to. A room with a topic or a
/// retention of its own stays, and one that has just been renamed.
fn remove_unused(db: &Connection, tally: &Tally) -> rusqlite::Result<usize> {
    let mut removed = 0;
    let mut delete = db.prepare_cached("DELETE FROM author WHERE id = ?1 AND messages <= 0")?;
    for author in tally.authors() {
        removed += delete.execute([author])?;
    }
    let mut delete = db.prepare_cached(
        "DELETE FROM conversation
         WHERE id = ?1 AND messages <= 0 AND topic IS NULL AND NOT has_retention
         AND NOT EXISTS (SELECT 1 FROM former_name WHERE conversation = ?1)",
    )?;
    for conversation in tally.conversations() {
        removed += delete.execute([conversation])?;
    }
    Ok(removed)
}

/// Looks at up to `limit` read marks behind `cursor`, and removes those of conversations in which nothing
/// is left. The next cursor, or `None` at the end.
///
/// # Errors
/// Whatever SQLite says; then the transaction must be undone.
pub(super) fn remove_marks(
    db: &Connection,
    (owner, partner): (i64, String),
    limit: usize,
) -> rusqlite::Result<Option<(i64, String)>> {
    let marks: Vec<(i64, String)> = db
        .prepare_cached(
            "SELECT owner, partner FROM mark WHERE (owner, partner) > (?1, ?2)
             ORDER BY owner, partner LIMIT ?3",
        )?
        .query_map(params![owner, partner, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut used = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM conversation WHERE room_key = ?1)
            OR EXISTS (SELECT 1 FROM author WHERE nick_key = substr(?1, 2) AND ?1 LIKE '@%')",
    )?;
    let mut delete = db.prepare_cached("DELETE FROM mark WHERE owner = ?1 AND partner = ?2")?;
    for (owner, partner) in &marks {
        if !used.query_row([partner], |row| row.get(0))? {
            delete.execute(params![owner, partner])?;
        }
    }
    let is_last = marks.len() < limit;
    Ok(marks.into_iter().next_back().filter(|_| !is_last))
}

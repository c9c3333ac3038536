//! What somebody missed while away: what was said in their rooms and to them, and what became of messages
//! that they had heard.

use rusqlite::{Connection, params};

use crate::hub::history::{OwnerId, PAGE_MAX, Page, StoredChange};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;

use super::ids::to_sql;
use super::names::find_room;
use super::page::message;
use super::people::private_conversations;
use super::row::{self, SELECT};
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// What happened after `since` and up to `upto`, the oldest first: at most `limit` messages and changes
/// together. Whoever gets less than all asks again from the last id of these.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn missed(
    db: &Connection,
    asker: OwnerId,
    rooms: &[RoomName],
    (since, upto): (MessageId, MessageId),
    limit: usize,
) -> rusqlite::Result<Page> {
    let limit = limit.clamp(1, PAGE_MAX);
    let mut conversations = Vec::with_capacity(rooms.len());
    for room in rooms {
        conversations.extend(find_room(db, room)?);
    }
    let said_in_rooms = format!(
        "SELECT id FROM message WHERE conversation = ?1 AND id > ?2 AND id <= ?3
         AND NOT flags & {FLAG_ASIDE} ORDER BY id LIMIT ?4"
    );
    let mut ids = Vec::new();
    for conversation in &conversations {
        let range = params![conversation, to_sql(since), to_sql(upto), limit + 1];
        read_ids(db, &said_in_rooms, range, &mut ids)?;
    }
    let said_privately = format!(
        "SELECT m.id FROM message m CROSS JOIN author a ON a.id = m.author
         WHERE m.conversation = ?1 AND m.id > ?2 AND m.id <= ?3
         AND (NOT m.flags & {FLAG_UNHEARD} OR a.owner = ?5) AND NOT m.flags & {FLAG_ASIDE}
         ORDER BY m.id LIMIT ?4"
    );
    let owner = asker.0.cast_signed();
    for private in private_conversations(db, asker)? {
        conversations.push(private.id);
        let range = params![private.id, to_sql(since), to_sql(upto), limit + 1, owner];
        read_ids(db, &said_privately, range, &mut ids)?;
    }
    ids.sort_unstable();
    let mut changes = changes(db, owner, &mut conversations, (since, upto), limit + 1)?;
    let has_more = cut(&mut ids, &mut changes, limit);
    let mut messages = Vec::with_capacity(ids.len());
    for id in ids {
        // One that was removed since then is no longer missed.
        messages.extend(message(db, id)?);
    }
    Ok(Page {
        messages,
        changes,
        has_more,
    })
}

fn read_ids(
    db: &Connection,
    sql: &str,
    range: impl rusqlite::Params,
    ids: &mut Vec<MessageId>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    for id in statement.query_map(range, row::id)? {
        ids.push(id?);
    }
    Ok(())
}

/// Changes of messages up to `since` in these conversations.
fn changes(
    db: &Connection,
    owner: i64,
    conversations: &mut [i64],
    (since, upto): (MessageId, MessageId),
    limit: usize,
) -> rusqlite::Result<Vec<StoredChange>> {
    conversations.sort_unstable();
    let mut statement = db.prepare_cached(&format!(
        "{SELECT} WHERE m.change_id > ?1 AND m.change_id <= ?2 AND m.id <= ?1
         AND (NOT m.flags & {FLAG_UNHEARD} OR a.owner = ?3) AND NOT m.flags & {FLAG_ASIDE}
         ORDER BY m.change_id"
    ))?;
    let mut place = db.prepare_cached("SELECT conversation FROM message WHERE id = ?1")?;
    let mut rows = statement.query(params![to_sql(since), to_sql(upto), owner])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()?
        && found.len() < limit
    {
        let conversation = place.query_row([row.get::<_, i64>(0)?], |row| row.get(0))?;
        if conversations.binary_search(&conversation).is_ok() {
            found.push(row::change(row)?);
        }
    }
    Ok(found)
}

/// Leaves the first `limit` of both lists together; whether there were more.
fn cut(ids: &mut Vec<MessageId>, changes: &mut Vec<StoredChange>, limit: usize) -> bool {
    let mut all: Vec<MessageId> = ids.clone();
    all.extend(changes.iter().map(|change| change.id));
    all.sort_unstable();
    let Some(&first_left_out) = all.get(limit) else {
        return false;
    };
    ids.retain(|id| *id < first_left_out);
    changes.retain(|change| change.id < first_left_out);
    true
}

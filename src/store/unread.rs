//! How much somebody has not read yet: messages of others behind their read marks, in their rooms and in
//! private.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::history::{OwnerId, Partner, UNREAD_CONVERSATIONS_MAX, UNREAD_MAX, Unread};
use crate::hub::id::MessageId;
use crate::hub::name::{Nick, RoomName};

use super::ids::{from_sql, to_sql};
use super::names::{find_room, mark_key};
use super::people::{Private, private_conversations};
use super::row::no_name;
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// Who asks, and for whose messages they do not care.
pub(super) struct Asker {
    owner: OwnerId,
    /// A JSON array, which SQLite takes as one parameter whatever its length.
    ignored: String,
}

impl Asker {
    pub(super) fn new(owner: OwnerId, ignored: &[OwnerId]) -> Self {
        let ignored: Vec<_> = ignored
            .iter()
            .map(|it| it.0.cast_signed().to_string())
            .collect();
        Self {
            owner,
            ignored: format!("[{}]", ignored.join(",")),
        }
    }
}

/// The rooms as they were asked for, then the private conversations in which something is unread, by nick.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn unread(
    db: &Connection,
    asker: &Asker,
    rooms: &[RoomName],
) -> rusqlite::Result<Vec<Unread>> {
    let mut found = Vec::new();
    for room in rooms.iter().take(UNREAD_CONVERSATIONS_MAX) {
        let of = Partner::Room(room.clone());
        let read = mark(db, asker.owner, &of)?;
        let count = match find_room(db, room)? {
            Some(conversation) => count(db, asker, conversation, read)?,
            None => 0,
        };
        found.push(Unread { of, read, count });
    }
    // By nick: several people may have had one, and whoever asks sees one conversation.
    let mut private: BTreeMap<Nick, Unread> = BTreeMap::new();
    for conversation in private_conversations(db, asker.owner)? {
        if found.len() + private.len() >= UNREAD_CONVERSATIONS_MAX {
            break;
        }
        let Some((nick, unread)) = unread_privately(db, asker, conversation)? else {
            continue;
        };
        match private.get_mut(&nick) {
            Some(known) => {
                known.count = (known.count + unread.count).min(UNREAD_MAX);
                known.read = known.read.max(unread.read);
            }
            None => {
                private.insert(nick, unread);
            }
        }
    }
    found.extend(private.into_values());
    Ok(found)
}

fn unread_privately(
    db: &Connection,
    asker: &Asker,
    conversation: Private,
) -> rusqlite::Result<Option<(Nick, Unread)>> {
    let read = mark_of_person(db, asker.owner, conversation.other)?;
    let newest = newest_in(db, conversation.id)?;
    if newest <= read {
        return Ok(None);
    }
    let count = count(db, asker, conversation.id, read)?;
    if count == 0 {
        return Ok(None);
    }
    let nick = latest_nick(db, conversation)?;
    Ok(nick.map(|nick| {
        let of = Partner::User(nick.clone());
        (nick, Unread { of, read, count })
    }))
}

/// What others said behind `read`, and the asker could and would hear.
fn count(
    db: &Connection,
    asker: &Asker,
    conversation: i64,
    read: Option<MessageId>,
) -> rusqlite::Result<u32> {
    db.prepare_cached(&format!(
        "SELECT count(*) FROM (SELECT 1 FROM message m CROSS JOIN author a ON a.id = m.author
         WHERE m.conversation = ?1 AND m.id > ?2 AND m.text IS NOT NULL
         AND NOT m.flags & ({FLAG_UNHEARD} | {FLAG_ASIDE}) AND a.owner <> ?3
         AND a.owner NOT IN (SELECT value FROM json_each(?4)) LIMIT {UNREAD_MAX})"
    ))?
    .query_row(
        params![
            conversation,
            read.map_or(-1, to_sql),
            asker.owner.0.cast_signed(),
            asker.ignored
        ],
        |row| row.get(0),
    )
}

/// Up to where a conversation was read.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn mark(
    db: &Connection,
    asker: OwnerId,
    of: &Partner,
) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached("SELECT upto FROM mark WHERE owner = ?1 AND partner = ?2")?
        .query_row(params![asker.0.cast_signed(), mark_key(db, of)?], |row| {
            row.get(0).map(from_sql)
        })
        .optional()
}

/// The mark under any nick that the other has had.
fn mark_of_person(
    db: &Connection,
    asker: OwnerId,
    other: OwnerId,
) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached(
        "SELECT max(upto) FROM mark WHERE owner = ?1 AND partner IN
         (SELECT '@' || nick_key FROM author WHERE owner = ?2)",
    )?
    .query_row([asker.0.cast_signed(), other.0.cast_signed()], |row| {
        Ok(row.get::<_, Option<i64>>(0)?.map(from_sql))
    })
}

fn newest_in(db: &Connection, conversation: i64) -> rusqlite::Result<Option<MessageId>> {
    db.prepare_cached("SELECT id FROM message WHERE conversation = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([conversation], |row| row.get(0).map(from_sql))
        .optional()
}

/// What the other was called in the newest message.
fn latest_nick(db: &Connection, conversation: Private) -> rusqlite::Result<Option<Nick>> {
    db.prepare_cached(
        "SELECT a.nick FROM message m
         CROSS JOIN author a ON a.id IN (m.author, m.addressee) AND a.owner = ?2
         WHERE m.conversation = ?1 ORDER BY m.id DESC LIMIT 1",
    )?
    .query_row(
        params![conversation.id, conversation.other.0.cast_signed()],
        |row| {
            let nick: String = row.get(0)?;
            Nick::parse(&nick).map_err(|why| no_name(0, why))
        },
    )
    .optional()
}

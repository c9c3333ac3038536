//! Which conversations somebody has, by when something was last said in them.

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::history::{Conversation, OwnerId, PAGE_MAX, Partner, Place, Stored};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;

use super::names::find_room;
use super::people::private_conversations;
use super::row::{SELECT, stored};
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// Those of these rooms, and of the asker with others, whose newest message lies between two ids, both excluded;
/// those with the oldest first, at most `limit`. Of a person's conversations under one nick the newest counts.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn conversations(
    db: &Connection,
    asker: OwnerId,
    rooms: &[RoomName],
    (after, before): (MessageId, MessageId),
    limit: usize,
) -> rusqlite::Result<Vec<Conversation>> {
    let mut ids = Vec::with_capacity(rooms.len());
    for room in rooms {
        ids.extend(find_room(db, room)?);
    }
    let private = private_conversations(db, asker)?;
    ids.extend(private.iter().map(|private| private.id));
    let mut found: Vec<Conversation> = Vec::new();
    for id in ids {
        if let Some(newest) = newest(db, asker, id)? {
            found.push(of(asker, newest));
        }
    }
    found.sort_unstable_by(|one, other| {
        let by_partner = one.of.cmp(&other.of);
        by_partner.then(other.newest.cmp(&one.newest))
    });
    found.dedup_by(|one, other| one.of == other.of);
    found.retain(|it| it.newest > after && it.newest < before);
    found.sort_unstable_by_key(|it| it.newest);
    found.truncate(limit.clamp(1, PAGE_MAX));
    Ok(found)
}

/// The newest message of a conversation that the asker could hear.
fn newest(db: &Connection, asker: OwnerId, id: i64) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(&format!(
        "{SELECT} WHERE m.conversation = ?1 AND NOT m.flags & {FLAG_ASIDE}
         AND (NOT m.flags & {FLAG_UNHEARD} OR a.owner = ?2) ORDER BY m.id DESC LIMIT 1"
    ))?
    .query_row(params![id, asker.0.cast_signed()], stored)
    .optional()
}

fn of(asker: OwnerId, newest: Stored) -> Conversation {
    let of = match newest.place {
        Place::Room(room) => Partner::Room(room),
        Place::User { to, .. } if newest.from.owner == asker => Partner::User(to.nick),
        Place::User { .. } => Partner::User(newest.from.nick),
    };
    Conversation {
        of,
        newest: newest.id,
        at: newest.at,
    }
}

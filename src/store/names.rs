//! Which row of `conversation` and of `author` a message belongs to, remembered in memory so that most
//! messages ask the database nothing. A row that is missing is made.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::history::{Author, OwnerId, Partner, Place};
use crate::hub::name::{Nick, RoomName};

/// Entries of each kind that are remembered; past it, all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 20_000;

/// The memory. It must be [forgotten](Self::forget) when a transaction in which it was used was undone.
#[derive(Debug, Default)]
pub(super) struct Names {
    rooms: HashMap<RoomName, i64>,
    pairs: HashMap<(i64, i64), i64>,
    authors: HashMap<OwnerId, Vec<(Nick, i64)>>,
    authors_count: usize,
}

impl Names {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The conversation that a message of `from` belongs to.
    pub(super) fn conversation(
        &mut self,
        db: &Connection,
        place: &Place,
        from: OwnerId,
    ) -> rusqlite::Result<i64> {
        match place {
            Place::Room(room) => self.room(db, room),
            Place::User { to, .. } => self.pair(db, from, to.owner),
        }
    }

    pub(super) fn room(&mut self, db: &Connection, room: &RoomName) -> rusqlite::Result<i64> {
        if let Some(id) = self.rooms.get(room) {
            return Ok(*id);
        }
        let known = find_room(db, room)?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO conversation (room_key, name) VALUES (?1, ?2)")?
                .insert(params![room.key(), room.as_str()])?,
        };
        if self.rooms.len() >= REMEMBERED_MAX {
            self.rooms.clear();
        }
        self.rooms.insert(room.clone(), id);
        Ok(id)
    }

    fn pair(&mut self, db: &Connection, one: OwnerId, other: OwnerId) -> rusqlite::Result<i64> {
        let (low, high) = pair_of(one, other);
        if let Some(id) = self.pairs.get(&(low, high)) {
            return Ok(*id);
        }
        let id = match find_pair(db, one, other)? {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO conversation (low, high) VALUES (?1, ?2)")?
                .insert(params![low, high])?,
        };
        if self.pairs.len() >= REMEMBERED_MAX {
            self.pairs.clear();
        }
        self.pairs.insert((low, high), id);
        Ok(id)
    }

    /// The row of a person under a nick, in that very spelling.
    pub(super) fn author(&mut self, db: &Connection, who: &Author) -> rusqlite::Result<i64> {
        let nick = who.nick.as_str();
        if let Some(nicks) = self.authors.get(&who.owner)
            && let Some((_, id)) = nicks.iter().find(|(known, _)| known.as_str() == nick)
        {
            return Ok(*id);
        }
        let owner = who.owner.0.cast_signed();
        let known = db
            .prepare_cached("SELECT id FROM author WHERE owner = ?1 AND nick = ?2")?
            .query_row(params![owner, nick], |row| row.get(0))
            .optional()?;
        let id = match known {
            Some(id) => id,
            None => db
                .prepare_cached("INSERT INTO author (owner, nick, nick_key) VALUES (?1, ?2, ?3)")?
                .insert(params![owner, nick, who.nick.key()])?,
        };
        if self.authors_count >= REMEMBERED_MAX {
            self.authors.clear();
            self.authors_count = 0;
        }
        let nicks = self.authors.entry(who.owner).or_default();
        nicks.push((who.nick.clone(), id));
        self.authors_count += 1;
        Ok(id)
    }
}

/// A room's conversation, if anything was ever kept of it; also under the name that it had until a moment ago.
pub(super) fn find_room(db: &Connection, room: &RoomName) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached(
        "SELECT id FROM conversation WHERE room_key = ?1
         UNION ALL SELECT conversation FROM former_name WHERE room_key = ?1 LIMIT 1",
    )?
    .query_row([room.key()], |row| row.get(0))
    .optional()
}

/// The conversation of two people, if they have one.
pub(super) fn find_pair(
    db: &Connection,
    one: OwnerId,
    other: OwnerId,
) -> rusqlite::Result<Option<i64>> {
    let (low, high) = pair_of(one, other);
    db.prepare_cached("SELECT id FROM conversation WHERE low = ?1 AND high = ?2")?
        .query_row([low, high], |row| row.get(0))
        .optional()
}

fn pair_of(one: OwnerId, other: OwnerId) -> (i64, i64) {
    let (one, other) = (one.0.cast_signed(), other.0.cast_signed());
    (one.min(other), one.max(other))
}

/// Under what a read mark of a conversation is kept: a nick cannot begin with `#`. A room's former name means the
/// one that it has now.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn mark_key(db: &Connection, of: &Partner) -> rusqlite::Result<String> {
    let room = match of {
        Partner::Room(room) => room,
        Partner::User(nick) => return Ok(format!("@{}", nick.key())),
    };
    let now = db
        .prepare_cached(
            "SELECT c.room_key FROM former_name f CROSS JOIN conversation c ON c.id = f.conversation
             WHERE f.room_key = ?1",
        )?
        .query_row([room.key()], |row| row.get(0))
        .optional()?;
    Ok(now.unwrap_or_else(|| room.key().to_owned()))
}

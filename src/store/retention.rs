//! What is too old, or too much, is removed: a walk over all conversations in steps so small that a message
//! hardly waits for one. Then come read marks that lead nowhere, the notes that the search index has
//! read, and the space that all of them took.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::hub::id::MessageId;
use crate::hub::name::RoomName;

use super::clock;
use super::ids::{from_sql, to_sql};
use super::ledger::{Ledger, Undone};
use super::names::Names;
use super::options::Retention;
use super::removal::{remove, remove_marks};
use super::row::no_name;

/// Most messages that one step removes.
const REMOVED_PER_STEP: usize = 200;
/// Conversations and marks that one step looks at.
const LOOKED_AT_PER_STEP: usize = 64;
/// Notes for the search index that one step removes.
const NOTES_PER_STEP: usize = 500;
/// Pages that one step gives back to the file system, and free pages that stay for what comes next.
const PAGES_PER_STEP: u32 = 64;
const PAGES_KEPT: u32 = 64;

/// A walk, and whether another one makes sense.
#[derive(Debug)]
pub(super) struct Sweep {
    common: Retention,
    phase: Phase,
    is_wanted: bool,
    /// Messages were removed, so that marks may lead nowhere.
    has_removed: bool,
    /// Notes up to here have been read by the search index for good.
    read_by_index: i64,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            common: Retention::FOR_EVER,
            phase: Phase::START,
            is_wanted: true,
            has_removed: false,
            read_by_index: 0,
        }
    }
}

/// Where the walk is.
#[derive(Clone, Debug)]
enum Phase {
    /// Behind this conversation.
    Conversations(i64),
    /// Behind this mark.
    Marks(i64, String),
    Notes,
    Space,
}

impl Phase {
    const START: Self = Self::Conversations(0);
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    /// Messages.
    pub(super) removed: u64,
    /// The walk is at its end.
    pub(super) is_last: bool,
}

impl Sweep {
    pub(super) fn set_common(&mut self, retention: Retention) {
        if self.common != retention {
            self.common = retention;
            self.is_wanted = true;
        }
    }

    /// The search index has read the notes up to `seq`.
    pub(super) fn heed_index(&mut self, seq: i64) {
        if self.read_by_index != seq {
            self.read_by_index = seq;
            self.is_wanted = true;
        }
    }

    /// An operator has changed something.
    pub(super) fn look_again(&mut self) {
        self.is_wanted = true;
        self.has_removed = true;
    }

    pub(super) fn is_needed(&self) -> bool {
        self.is_wanted
    }

    /// Goes one step.
    ///
    /// # Errors
    /// [`Undone`]; the next step tries the same again.
    pub(super) fn step(&mut self, ledger: &mut Ledger) -> Result<Step, Undone> {
        let (next, removed) = match self.phase.clone() {
            Phase::Conversations(cursor) => {
                let common = self.common;
                let walked = walk(ledger.reading(), common, cursor)?;
                let removed = if walked.doomed.is_empty() {
                    0
                } else {
                    ledger.change(|db, names| remove(db, names, &walked.doomed))?
                };
                self.has_removed |= removed > 0;
                let next = walked.next.map(Phase::Conversations);
                let after = if self.has_removed {
                    Phase::Marks(i64::MIN, String::new())
                } else {
                    Phase::Notes
                };
                (next.unwrap_or(after), removed)
            }
            Phase::Marks(owner, partner) => {
                let next = ledger
                    .change(|db, _| remove_marks(db, (owner, partner), LOOKED_AT_PER_STEP))?;
                let next = next.map(|(owner, partner)| Phase::Marks(owner, partner));
                (next.unwrap_or(Phase::Notes), 0)
            }
            Phase::Notes => {
                let seq = self.read_by_index;
                let trimmed = ledger.change(|db, _| trim_notes(db, seq))?;
                let is_last = trimmed < NOTES_PER_STEP;
                (if is_last { Phase::Space } else { Phase::Notes }, 0)
            }
            Phase::Space => {
                if give_back(ledger)? {
                    (Phase::Space, 0)
                } else {
                    return self.end(ledger.reading());
                }
            }
        };
        self.phase = next;
        Ok(Step {
            removed,
            is_last: false,
        })
    }

    fn end(&mut self, db: &Connection) -> Result<Step, Undone> {
        let own = "SELECT 1 FROM conversation WHERE has_retention LIMIT 1";
        let has_own = db.prepare_cached(own)?.exists([])?;
        self.is_wanted = has_own || self.common != Retention::FOR_EVER;
        self.has_removed = false;
        self.phase = Phase::START;
        Ok(Step {
            removed: 0,
            is_last: true,
        })
    }
}

/// What a walk over some conversations found.
struct Walked {
    /// Messages to be removed, at most [`REMOVED_PER_STEP`].
    doomed: Vec<MessageId>,
    /// Where to go on; `None` at the end.
    next: Option<i64>,
}

fn walk(db: &Connection, common: Retention, cursor: i64) -> rusqlite::Result<Walked> {
    let mut doomed = Vec::new();
    let mut next = cursor;
    let mut looked_at = 0;
    let mut conversations = db.prepare_cached(
        "SELECT id, messages, has_retention, retention_age_s, retention_messages
         FROM conversation WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = conversations.query(params![cursor, LOOKED_AT_PER_STEP])?;
    while let Some(row) = rows.next()? {
        looked_at += 1;
        let id = row.get(0)?;
        let own: bool = row.get(2)?;
        let retention = if own {
            retention_of(row.get(3)?, row.get(4)?)
        } else {
            common
        };
        let left = REMOVED_PER_STEP - doomed.len();
        doomed.extend(doomed_in(db, id, row.get(1)?, retention, left)?);
        if doomed.len() >= REMOVED_PER_STEP {
            // There may be more of them: the next step begins with this one again.
            return Ok(Walked {
                doomed,
                next: Some(next),
            });
        }
        next = id;
    }
    let is_last = looked_at < LOOKED_AT_PER_STEP;
    Ok(Walked {
        doomed,
        next: (!is_last).then_some(next),
    })
}

/// The oldest messages of a conversation, as far as they may not stay.
fn doomed_in(
    db: &Connection,
    conversation: i64,
    messages: i64,
    retention: Retention,
    limit: usize,
) -> rusqlite::Result<Vec<MessageId>> {
    let excess = retention
        .messages
        .map_or(0, |most| messages.cast_unsigned().saturating_sub(most));
    let too_old = retention.age.map_or(MessageId(0), clock::id_of);
    if excess == 0 && retention.age.is_none() {
        return Ok(Vec::new());
    }
    let mut oldest = db.prepare_cached(
        "SELECT id FROM message WHERE conversation = ?1
         AND id < ?2 ORDER BY id LIMIT ?3",
    )?;
    // With too many of them the oldest go, however young they are.
    let below = if excess > 0 {
        i64::MAX
    } else {
        to_sql(too_old)
    };
    let ids = oldest.query_map(params![conversation, below, limit], |row| {
        row.get(0).map(from_sql)
    })?;
    let mut doomed = Vec::new();
    for id in ids {
        let id = id?;
        if (doomed.len() as u64) < excess || id < too_old {
            doomed.push(id);
        } else {
            break;
        }
    }
    Ok(doomed)
}

fn trim_notes(db: &Connection, seq: i64) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "DELETE FROM touched WHERE seq IN
         (SELECT seq FROM touched WHERE seq <= ?1 ORDER BY seq LIMIT ?2)",
    )?
    .execute(params![seq, NOTES_PER_STEP])
}

/// Gives some free pages back; whether there may be more.
fn give_back(ledger: &mut Ledger) -> Result<bool, Undone> {
    let free: u32 = ledger
        .reading()
        .query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    if free <= PAGES_KEPT {
        return Ok(false);
    }
    ledger.change(|db, _| {
        // Every step of the statement frees one page.
        let mut vacuum = db.prepare(&format!("PRAGMA incremental_vacuum({PAGES_PER_STEP})"))?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    })?;
    Ok(true)
}

fn retention_of(age_s: Option<u64>, messages: Option<u64>) -> Retention {
    Retention {
        age: age_s.map(Duration::from_secs),
        messages,
    }
}

/// Gives a room a retention of its own, or the common one.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn set_own(
    db: &Connection,
    names: &mut Names,
    room: &RoomName,
    retention: Option<Retention>,
) -> rusqlite::Result<()> {
    let conversation = names.room(db, room)?;
    // Bounds beyond SQLite's numbers are as good as none.
    let bound = |value: u64| i64::try_from(value).ok();
    let age = retention.and_then(|it| it.age).map(|age| age.as_secs());
    let messages = retention.and_then(|it| it.messages);
    db.execute(
        "UPDATE conversation SET has_retention = ?2, retention_age_s = ?3,
            retention_messages = ?4 WHERE id = ?1",
        params![
            conversation,
            retention.is_some(),
            age.and_then(bound),
            messages.and_then(bound)
        ],
    )?;
    Ok(())
}

/// The rooms with a retention of their own, by name.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn own(db: &Connection) -> rusqlite::Result<Vec<(RoomName, Retention)>> {
    db.prepare_cached(
        "SELECT name, retention_age_s, retention_messages FROM conversation
         WHERE has_retention AND name IS NOT NULL ORDER BY room_key",
    )?
    .query_map([], |row| {
        let name: String = row.get(0)?;
        let room = RoomName::parse(&name).map_err(|why| no_name(0, why))?;
        Ok((room, retention_of(row.get(1)?, row.get(2)?)))
    })?
    .collect()
}

//! Renaming a room's conversation. Messages name its row, so that is one row and the read marks. What is on its way
//! under the former name, in the commit log or as a question, means the room too, since the hub goes on to call it
//! so until it knows that the disk has the new name: hence `former_name`, which maps one to the row until the hub
//! says that nothing is on its way any more.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::history::{Answer, Renaming, Ticket, Trouble};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;

use super::backlog::Job;
use super::clock;
use super::connection;
use super::error::{Full, trouble};
use super::ledger::{Ledger, Undone};
use super::names::{Names, find_room};
use super::news::{News, Newsbox, locked};
use super::row::no_name;
use super::shared::Shared;

/// Renamings most of which the hub could have under way.
const HELD_MAX: usize = 128;

/// Those that wait until the database has, or has lost, what was pushed before them.
#[derive(Default)]
pub(super) struct Held(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: Vec<HeldJob>,
    is_closed: bool,
}

struct HeldJob {
    ticket: Ticket,
    /// Records up to here must have been kept or lost before.
    after: MessageId,
    /// Until when it waits.
    deadline: Instant,
    job: Job,
}

impl Held {
    /// Hands the writer those that need not wait any more.
    pub(super) fn release(&self, shared: &Shared, settled: MessageId) {
        let mut held = locked(&self.0);
        for it in held.jobs.extract_if(.., |it| it.after <= settled) {
            shared.backlog.push_held_job(it.job);
        }
    }

    /// Gives up those that have waited for too long: nothing has changed.
    pub(super) fn expire(&self, now: Instant, news: &Newsbox) {
        let mut held = locked(&self.0);
        let late = held.jobs.extract_if(.., |it| it.deadline <= now);
        let late = late.collect();
        drop(held);
        give_up(late, Trouble::TimedOut, news);
    }

    /// When the next is given up.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let held = locked(&self.0);
        held.jobs.iter().map(|it| it.deadline).min()
    }

    /// Gives up those that wait; no more are taken.
    pub(super) fn close(&self, news: &Newsbox) {
        let mut held = locked(&self.0);
        held.is_closed = true;
        let left = std::mem::take(&mut held.jobs);
        drop(held);
        give_up(left, Trouble::Behind, news);
    }
}

fn give_up(jobs: Vec<HeldJob>, why: Trouble, news: &Newsbox) {
    news.leave(jobs.into_iter().map(|it| News::Answered {
        ticket: it.ticket,
        answer: Answer::Failed(why),
    }));
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = locked(&self.0).jobs.len();
        f.debug_tuple("Held").field(&waiting).finish()
    }
}

/// Takes one.
///
/// # Errors
/// [`Full`]: too many wait.
pub(super) fn ask(shared: &Arc<Shared>, ticket: Ticket, renaming: Renaming) -> Result<(), Full> {
    let deadline = clock::now() + shared.pace.question_limit;
    let job = job(shared, ticket, renaming, deadline);
    let after = shared.ids.pushed();
    let mut held = locked(&shared.renamings.0);
    // Looked at under the lock: the writer settles first and releases afterwards.
    if shared.ids.settled() >= after {
        return shared.backlog.push_job(job);
    }
    if held.is_closed || held.jobs.len() >= HELD_MAX {
        return Err(Full);
    }
    held.jobs.push(HeldJob {
        ticket,
        after,
        deadline,
        job,
    });
    drop(held);
    shared.backlog.hurry(after);
    Ok(())
}

/// What the writer has to do for it. One that has waited for too long is given up: then nothing has changed.
fn job(shared: &Arc<Shared>, ticket: Ticket, renaming: Renaming, deadline: Instant) -> Job {
    let shared = Arc::clone(shared);
    Box::new(move |ledger| {
        let answer = if clock::now() > deadline {
            Answer::Failed(Trouble::TimedOut)
        } else {
            carry_out(ledger, &renaming, &shared.files.database)
        };
        shared.news.leave([News::Answered { ticket, answer }]);
    })
}

fn carry_out(ledger: Result<&mut Ledger, Trouble>, renaming: &Renaming, path: &Path) -> Answer {
    let changed = ledger.and_then(|ledger| {
        let changed = ledger.change(|db, names| match renaming {
            Renaming::Rename { from, to } => rename(db, names, from, to),
            Renaming::Forget { name } => forget(db, names, name).map(|()| true),
        });
        changed.map_err(|Undone(error)| trouble(&error))
    });
    match changed {
        Ok(is_done) => Answer::Renamed { is_done },
        // A failed commit may have taken place all the same. A new connection sees that, but not what only a start would
        // find in the write-ahead log, as it shares the index of that with the ledger.
        Err(_) if is_so(path, renaming).unwrap_or(false) => Answer::Renamed { is_done: true },
        Err(why) => Answer::Failed(why),
    }
}

/// Whether it was done; not so where something else is kept under the new name.
fn rename(
    db: &Connection,
    names: &mut Names,
    from: &RoomName,
    to: &RoomName,
) -> rusqlite::Result<bool> {
    let is_other = from.key() != to.key();
    if is_other && !make_room(db, to)? {
        return Ok(false);
    }
    let conversation = names.room(db, from)?;
    names.forget();
    db.execute(
        "UPDATE conversation SET room_key = ?2, name = ?3 WHERE id = ?1",
        params![conversation, to.key(), to.as_str()],
    )?;
    if is_other {
        db.execute(
            "UPDATE mark SET partner = ?2 WHERE partner = ?1",
            [from.key(), to.key()],
        )?;
        db.execute(
            "INSERT INTO former_name VALUES (?1, ?2, ?3)",
            params![from.key(), from.as_str(), conversation],
        )?;
    }
    Ok(true)
}

/// Takes away what is left under a name where nothing is kept any more; `false` where something is.
fn make_room(db: &Connection, name: &RoomName) -> rusqlite::Result<bool> {
    let Some(conversation) = find_room(db, name)? else {
        return forget_marks(db, name);
    };
    if !remove_unused(db, conversation)? {
        return Ok(false);
    }
    forget_marks(db, name)
}

/// Whether nothing was kept of it; then it is gone.
fn remove_unused(db: &Connection, conversation: i64) -> rusqlite::Result<bool> {
    let removed = db.execute(
        "DELETE FROM conversation
         WHERE id = ?1 AND messages <= 0 AND topic IS NULL AND NOT has_retention
         AND NOT EXISTS (SELECT 1 FROM former_name WHERE conversation = ?1)",
        [conversation],
    )?;
    Ok(removed > 0)
}

/// Read marks of nothing would be of the room that is called so next.
fn forget_marks(db: &Connection, name: &RoomName) -> rusqlite::Result<bool> {
    db.execute("DELETE FROM mark WHERE partner = ?1", [name.key()])?;
    Ok(true)
}

fn forget(db: &Connection, names: &mut Names, name: &RoomName) -> rusqlite::Result<()> {
    names.forget();
    let sql = "DELETE FROM former_name WHERE room_key = ?1 RETURNING conversation";
    let conversation = db.query_row(sql, [name.key()], |row| row.get(0));
    if let Some(conversation) = conversation.optional()? {
        // It was made for the name, and retention looks only at those that had messages.
        remove_unused(db, conversation)?;
    }
    Ok(())
}

fn is_so(path: &Path, renaming: &Renaming) -> rusqlite::Result<bool> {
    let db = connection::reader(path)?;
    match renaming {
        Renaming::Rename { from, to } if from.key() == to.key() => {
            let name: Option<String> = db
                .query_row(
                    "SELECT name FROM conversation WHERE room_key = ?1",
                    [to.key()],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(name.is_some_and(|name| name == to.as_str()))
        }
        Renaming::Rename { from, to } => Ok(unsettled(&db)?.contains(&(from.clone(), to.clone()))),
        Renaming::Forget { name } => {
            let sql = "SELECT 1 FROM former_name WHERE room_key = ?1";
            Ok(!db.prepare(sql)?.exists([name.key()])?)
        }
    }
}

/// Rooms with a former name: that, and what they are called now.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn unsettled(db: &Connection) -> rusqlite::Result<Vec<(RoomName, RoomName)>> {
    let mut names = db.prepare(
        "SELECT f.name, c.name FROM former_name f CROSS JOIN conversation c ON c.id = f.conversation
         ORDER BY f.room_key",
    )?;
    let rows = names.query_map([], |row| {
        let name = |column| {
            let name: String = row.get(column)?;
            RoomName::parse(&name).map_err(|why| no_name(column, why))
        };
        Ok((name(0)?, name(1)?))
    })?;
    rows.collect()
}

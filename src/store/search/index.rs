//! The thread that keeps the index: it follows the history by a watermark of ids, and by the notes of what
//! was changed or removed behind it. Its transactions are short, its thread is a nice one, and what it
//! cannot use it throws away and builds anew.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::complaint;
use super::file::{self, IndexError, Unusable};
use super::segment::tokens;
use crate::hub::history::Trouble;
use crate::store::clock;
use crate::store::connection;
use crate::store::error::trouble;
use crate::store::schema::{FLAG_ASIDE, FLAG_UNHEARD};
use crate::store::shared::Shared;

/// Messages, and notes, of one transaction.
const MESSAGES_PER_STEP: usize = 4000;

/// How long what comes in gathers before it is indexed: far below what anybody notices, far above what a
/// commit costs.
const GATHER: Duration = Duration::from_millis(20);

/// And while there is always more: a transaction for every few messages costs more than these.
const BUSY_GATHER: Duration = Duration::from_millis(200);

/// How long nothing is tried after it failed, and after which what is indexed is moved into the file.
const REST: Duration = Duration::from_secs(1);

/// Where counting what is to be indexed ends.
const BEHIND_MAX: u64 = 1_000_000;

/// Steps after which the index's own log is moved.
const STEPS_PER_CHECKPOINT: u32 = 20;

/// Notes that may wait for an index that cannot be used. Past it they go, and the index is built anew from
/// the messages: that costs less than so many single changes.
const NOTES_MAX: i64 = 100_000;

/// Runs until the bell is closed.
pub(in crate::store) fn run(shared: &Arc<Shared>) {
    let progress = &shared.progress;
    let mut is_outrun = false;
    loop {
        let followed = Index::open(shared, &mut is_outrun).and_then(|mut index| index.follow());
        match followed {
            Ok(Ended::Closed) => return,
            Ok(Ended::Damaged) => continue,
            Err(error) => {
                if let IndexError::Sqlite(error) = &error
                    && trouble(error) == Trouble::Damaged
                {
                    progress.report_damage(progress.generation());
                }
                let complaint = complaint(&shared.files.search, &error);
                progress.set_fault(Some(complaint), &shared.news);
            }
        }
        is_outrun |= forget_notes(shared).unwrap_or(false); // then the next round asks again
        if !shared.index.pause(REST) {
            return;
        }
    }
}

/// Lets the notes go when there are too many of them; whether it did.
fn forget_notes(shared: &Shared) -> rusqlite::Result<bool> {
    let history = connection::reader(&shared.files.database)?;
    let (first, last) = history.query_row("SELECT min(seq), max(seq) FROM touched", [], |row| {
        Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(false);
    };
    if last - first < NOTES_MAX {
        return Ok(false);
    }
    shared.progress.durable_seq.store(last, Ordering::Release);
    shared.backlog.poke();
    Ok(true)
}

/// Why following the history came to an end.
enum Ended {
    Closed,
    Damaged,
}

struct Index<'a> {
    shared: &'a Shared,
    history: Connection,
    words: Connection,
    /// The newest message that is indexed, and the last note that was read.
    upto: i64,
    seq: i64,
}

impl<'a> Index<'a> {
    /// Opens the index, or begins another one; one that `is_outrun` is of no use.
    fn open(shared: &'a Shared, is_outrun: &mut bool) -> Result<Self, IndexError> {
        let path = &shared.files.search;
        let history = connection::reader(&shared.files.database)?;
        let opened = if shared.progress.is_damaged() && shared.progress.generation() > 0 {
            Err(Unusable::Damaged)
        } else if *is_outrun {
            Err(Unusable::Outrun)
        } else {
            file::open(path)
        };
        let opened = match opened {
            Ok(words) if misses_notes(&words, &history)? => Err(Unusable::Outrun),
            opened => opened,
        };
        let (words, note) = match opened {
            Ok(words) => (words, None),
            Err(why) => {
                let words = file::begin(path, last_note(&history)?)?;
                *is_outrun = false;
                (words, why.note())
            }
        };
        let mut index = Self {
            shared,
            history,
            words,
            upto: 0,
            seq: 0,
        };
        index.find_place()?;
        shared.progress.begin_generation(note);
        Ok(index)
    }

    /// Where to go on. A history that lost its last second to a power failure, or was restored, may be behind
    /// its index: what is beyond it is forgotten.
    fn find_place(&mut self) -> rusqlite::Result<()> {
        (self.upto, self.seq) = self
            .words
            .query_row("SELECT upto, seq FROM state", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let newest: Option<i64> =
            self.history
                .query_row("SELECT max(id) FROM message", [], |row| row.get(0))?;
        let newest = newest.unwrap_or(0);
        if self.upto > newest {
            let transaction = self.words.transaction()?;
            transaction.execute("DELETE FROM words WHERE rowid > ?1", [newest])?;
            transaction.execute("UPDATE state SET upto = ?1", [newest])?;
            transaction.commit()?;
            self.upto = newest;
        }
        let count = format!(
            "SELECT count(*) FROM (SELECT 1 FROM message WHERE id > ?1 LIMIT {BEHIND_MAX})"
        );
        let behind: i64 = self
            .history
            .query_row(&count, [self.upto], |row| row.get(0))?;
        let progress = &self.shared.progress;
        progress.behind.store(behind, Ordering::Relaxed);
        Ok(())
    }

    fn follow(&mut self) -> Result<Ended, IndexError> {
        let bell = &self.shared.index;
        let mut unmoved = 0;
        loop {
            let mut steps = 0;
            while self.step()? {
                steps += 1;
                if (unmoved + steps) % STEPS_PER_CHECKPOINT == 0 {
                    self.checkpoint()?;
                }
                if bell.is_closed() {
                    return Ok(Ended::Closed);
                }
            }
            unmoved += steps;
            if steps == 0 && (unmoved > 0 || self.seq > self.shared.progress.durable_seq()) {
                self.checkpoint()?;
                unmoved = 0;
            }
            self.shared.progress.set_fault(None, &self.shared.news);
            let idle_since = clock::now();
            if !bell.wait((unmoved > 0).then_some(idle_since + REST)) {
                return Ok(Ended::Closed);
            }
            let is_busy = clock::now().saturating_duration_since(idle_since) < BUSY_GATHER;
            if !bell.pause(if is_busy { BUSY_GATHER } else { GATHER }) {
                return Ok(Ended::Closed);
            }
            if self.shared.progress.is_damaged() {
                return Ok(Ended::Damaged);
            }
        }
    }

    /// Indexes some messages and reads some notes; whether there was anything.
    fn step(&mut self) -> rusqlite::Result<bool> {
        let new = read_new(&self.history, self.upto)?;
        let notes = read_notes(&self.history, self.seq)?;
        if new.is_empty() && notes.is_empty() {
            self.shared.progress.behind.store(0, Ordering::Relaxed);
            return Ok(false);
        }
        let transaction = self.words.transaction()?;
        let upto = new.last().map_or(self.upto, |document| document.id);
        let seq = notes.last().map_or(self.seq, |(seq, _)| *seq);
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO words (rowid, text, tags) VALUES (?1, ?2, ?3)")?;
            let mut delete = transaction.prepare_cached("DELETE FROM words WHERE rowid = ?1")?;
            for document in &new {
                document.insert(&mut insert)?;
            }
            // What is beyond the watermark will be read as it is then.
            for (_, id) in notes.iter().filter(|(_, id)| *id <= upto) {
                delete.execute([id])?;
                if let Some(document) = read_one(&self.history, *id)? {
                    document.insert(&mut insert)?;
                }
            }
            transaction
                .prepare_cached("UPDATE state SET upto = ?1, seq = ?2")?
                .execute([upto, seq])?;
        }
        transaction.commit()?;
        (self.upto, self.seq) = (upto, seq);
        let indexed = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let progress = &self.shared.progress;
        progress.behind.fetch_sub(indexed, Ordering::Relaxed);
        Ok(true)
    }

    /// Moves the index's log into its file. Only then will no loss of power undo what was read of the notes,
    /// and only then may the notes go.
    fn checkpoint(&mut self) -> rusqlite::Result<()> {
        let (log, moved) = self
            .words
            .wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE)?;
        let progress = &self.shared.progress;
        if log == moved && self.seq > progress.durable_seq() {
            progress.durable_seq.store(self.seq, Ordering::Release);
            self.shared.backlog.poke();
        }
        Ok(())
    }
}

/// A message as it is indexed; without words when it has no text any more, or is no speech.
struct Document {
    id: i64,
    words: Option<String>,
    tags: String,
}

impl Document {
    fn insert(&self, insert: &mut rusqlite::Statement<'_>) -> rusqlite::Result<()> {
        if let Some(words) = &self.words {
            insert.execute(params![self.id, words, self.tags])?;
        }
        Ok(())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let is_speech = row.get::<_, i64>(4)? & FLAG_ASIDE == 0;
        let text = row.get_ref(1)?.as_str_or_null()?.filter(|_| is_speech);
        Ok(Self {
            id: row.get(0)?,
            words: text.map(segmented),
            tags: tags(row)?,
        })
    }
}

fn segmented(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    tokens(text, |token| {
        words.push_str(token);
        words.push(' ');
    });
    words
}

/// Where a message is, who said it and who may see it, so that looking for words looks nowhere else.
fn tags(row: &Row<'_>) -> rusqlite::Result<String> {
    let (conversation, author): (i64, i64) = (row.get(2)?, row.get(3)?);
    let mut tags = format!("c{conversation} a{author} ");
    let (low, high): (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
    let (Some(low), Some(high)) = (low, high) else {
        tags.push('r');
        return Ok(tags);
    };
    let (flags, owner): (i64, i64) = (row.get(4)?, row.get(7)?);
    for who in [low, high] {
        if who == owner || flags & FLAG_UNHEARD == 0 {
            let _ = write!(tags, "{} ", owner_tag(who)); // a String takes everything
        }
    }
    Ok(tags)
}

/// The tag of what a person said or was told privately.
pub(super) fn owner_tag(owner: i64) -> String {
    format!("o{owner:016x}")
}

const SELECT: &str = "
    SELECT m.id, m.text, m.conversation, m.author, m.flags, c.low, c.high, a.owner
    FROM message m
    CROSS JOIN conversation c ON c.id = m.conversation
    CROSS JOIN author a ON a.id = m.author";

fn read_new(history: &Connection, upto: i64) -> rusqlite::Result<Vec<Document>> {
    history
        .prepare_cached(&format!(
            "{SELECT} WHERE m.id > ?1 ORDER BY m.id LIMIT {MESSAGES_PER_STEP}"
        ))?
        .query_map([upto], Document::read)?
        .collect()
}

fn read_one(history: &Connection, id: i64) -> rusqlite::Result<Option<Document>> {
    history
        .prepare_cached(&format!("{SELECT} WHERE m.id = ?1"))?
        .query_row([id], Document::read)
        .optional()
}

/// Notes behind `seq`: their number, and the message.
fn read_notes(history: &Connection, seq: i64) -> rusqlite::Result<Vec<(i64, i64)>> {
    history
        .prepare_cached("SELECT seq, id FROM touched WHERE seq > ?1 ORDER BY seq LIMIT ?2")?
        .query_map(params![seq, MESSAGES_PER_STEP], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect()
}

/// Whether notes that the index has not read are gone, or it has read some that never came to be.
fn misses_notes(words: &Connection, history: &Connection) -> rusqlite::Result<bool> {
    let read: i64 = words.query_row("SELECT seq FROM state", [], |row| row.get(0))?;
    let first: Option<i64> =
        history.query_row("SELECT min(seq) FROM touched", [], |row| row.get(0))?;
    let last = last_note(history)?;
    Ok(read > last || (read < last && first.is_none_or(|first| first > read + 1)))
}

/// The last note that there is or was.
fn last_note(history: &Connection) -> rusqlite::Result<i64> {
    let last = history
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'touched'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(last.unwrap_or(0))
}

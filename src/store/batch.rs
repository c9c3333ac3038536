//! Records into rows, many in one transaction. This is the path whose cost every message pays, so
//! statements are looked up once per batch and counts are added up before they are written.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, params};

use crate::hub::command::{MessageKind, Tags};
use crate::hub::history::{
    Author, OwnerId, Partner, Place, RESENDS_KEPT_FOR_MS, RESENDS_MAX, Record, RecordKind,
};
use crate::hub::id::MessageId;

use super::clock::{ID_BITS_BELOW_MS, ids_of};
use super::ids::to_sql;
use super::names::{Names, mark_key};
use super::people::conversations_of;
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// Writes all of `records` and notes how far that is; says how many messages were added.
///
/// # Errors
/// Whatever SQLite says; then the transaction must be undone.
pub(super) fn write(
    db: &Connection,
    names: &mut Names,
    resends: &mut Resends,
    records: &[Record],
) -> rusqlite::Result<u64> {
    let mut speech = Speech {
        db,
        insert: db.prepare_cached(INSERT_MESSAGE)?,
        remember: db.prepare_cached("INSERT INTO resend VALUES (?1, ?2)")?,
        tally: Tally::default(),
    };
    for record in records {
        match &record.kind {
            RecordKind::Said {
                place,
                from,
                kind,
                text,
                client_msgid,
                tags,
            } => {
                let flags = flags_of(*kind, place);
                let is_new =
                    speech.write(names, record, (place, from), flags, (text, tags.as_ref()))?;
                if let Some(own) = client_msgid
                    && is_new
                {
                    let id = to_sql(record.id);
                    speech.remember.execute(params![id, own.as_str()])?;
                    resends.remembered(record.id);
                }
            }
            RecordKind::Edited { message, text } => change(db, record, *message, Some(text))?,
            RecordKind::Deleted { message } => change(db, record, *message, None)?,
            RecordKind::Tagged { place, from, tags } => {
                let flags = flags_of(MessageKind::Text, place) | FLAG_ASIDE;
                speech.write(names, record, (place, from), flags, ("", Some(tags)))?;
            }
            RecordKind::TopicSet { room, topic, by } => {
                let conversation = names.room(db, room)?;
                db.prepare_cached("UPDATE conversation SET topic = ?2 WHERE id = ?1")?
                    .execute(params![conversation, topic.as_deref()])?;
                if let Some(by) = by {
                    let place = Place::Room(room.clone());
                    let text = topic.as_deref().unwrap_or_default();
                    let flags = FLAG_ASIDE | 1;
                    speech.write(names, record, (&place, by), flags, (text, None))?;
                }
            }
            RecordKind::MarkSet { owner, of, upto } => set_mark(db, *owner, of, *upto)?,
        }
    }
    let added = speech.tally.write(db)?;
    if let Some(newest) = records.last() {
        resends.trim(db, newest.id)?;
        db.prepare_cached("UPDATE state SET applied = ?1, ceiling = max(ceiling, ?1)")?
            .execute([to_sql(newest.id)])?;
    }
    Ok(added)
}

/// What is needed for each message, looked up once for all of them.
struct Speech<'a> {
    db: &'a Connection,
    insert: CachedStatement<'a>,
    remember: CachedStatement<'a>,
    tally: Tally,
}

impl Speech<'_> {
    /// Whether it is new: not so where an import from a clock that runs ahead has taken its id.
    fn write(
        &mut self,
        names: &mut Names,
        record: &Record,
        (place, from): (&Place, &Author),
        flags: i64,
        (text, tags): (&str, Option<&Tags>),
    ) -> rusqlite::Result<bool> {
        let conversation = names.conversation(self.db, place, from.owner)?;
        let author = names.author(self.db, from)?;
        let addressee = match place {
            Place::Room(_) => None,
            Place::User { to, .. } => Some(names.author(self.db, to)?),
        };
        let is_new = 0 < self.insert.execute(params![
            to_sql(record.id),
            conversation,
            author,
            addressee,
            flags,
            stored_time(record.id, record.at.0),
            text,
            None::<i64>,
            tags.map(Tags::as_str)
        ])?;
        if is_new {
            self.tally.add(conversation, author, addressee, 1);
        }
        Ok(is_new)
    }
}

/// A message gets another text, or none; one that has none any more keeps none, and no tags. The search index has to
/// look at it again.
fn change(
    db: &Connection,
    record: &Record,
    message: MessageId,
    text: Option<&Arc<str>>,
) -> rusqlite::Result<()> {
    let changed = db
        .prepare_cached(
            "UPDATE message SET text = ?2, changed_at = ?3, change_id = ?4,
                tags = CASE WHEN ?2 IS NULL THEN NULL ELSE tags END
             WHERE id = ?1 AND text IS NOT NULL",
        )?
        .execute(params![
            to_sql(message),
            text.map(|text| &**text),
            record.at.0.cast_signed(),
            to_sql(record.id)
        ])?;
    if changed > 0 {
        db.prepare_cached("INSERT INTO touched (id) VALUES (?1)")?
            .execute([to_sql(message)])?;
    }
    Ok(())
}

/// What is there under the same id stays.
pub(super) const INSERT_MESSAGE: &str = "
    INSERT OR IGNORE INTO message (id, conversation, author, addressee, flags, at, text, changed_at, tags)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// `message.at`: nothing when the id says it already.
pub(super) fn stored_time(id: MessageId, at_ms: u64) -> Option<i64> {
    (id.0 >> ID_BITS_BELOW_MS != at_ms).then(|| at_ms.cast_signed())
}

/// `message.flags`.
pub(super) fn flags_of(kind: MessageKind, place: &Place) -> i64 {
    let kind = match kind {
        MessageKind::Text => 0,
        MessageKind::Action => 1,
        MessageKind::Notice => 2,
    };
    match place {
        Place::User {
            is_unheard: true, ..
        } => kind | FLAG_UNHEARD,
        Place::User { .. } | Place::Room(_) => kind,
    }
}

/// Whatever a client names that nothing was said in would be a row that nothing ever needs: there are few of them.
fn set_mark(
    db: &Connection,
    owner: OwnerId,
    of: &Partner,
    upto: MessageId,
) -> rusqlite::Result<()> {
    if conversations_of(db, owner, of)?.is_empty() && marks_of(db, owner)? >= EMPTY_MARKS_MAX {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO mark VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET upto = max(upto, excluded.upto)",
    )?
    .execute(params![
        owner.0.cast_signed(),
        mark_key(db, of)?,
        to_sql(upto)
    ])?;
    Ok(())
}

fn marks_of(db: &Connection, owner: OwnerId) -> rusqlite::Result<usize> {
    db.prepare_cached("SELECT count(*) FROM mark WHERE owner = ?1")?
        .query_row([owner.0.cast_signed()], |row| row.get(0))
}

/// Read marks that somebody may have before one more is only for a conversation in which something was said.
const EMPTY_MARKS_MAX: usize = 100;

/// How many messages more, or fewer, refer to which rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    conversations: HashMap<i64, i64>,
    authors: HashMap<i64, i64>,
    messages: i64,
}

impl Tally {
    pub(super) fn add(
        &mut self,
        conversation: i64,
        author: i64,
        addressee: Option<i64>,
        messages: i64,
    ) {
        *self.conversations.entry(conversation).or_default() += messages;
        *self.authors.entry(author).or_default() += messages;
        if let Some(addressee) = addressee {
            *self.authors.entry(addressee).or_default() += messages;
        }
        self.messages += messages;
    }

    /// Writes the counts down; says how many messages there are more, or fewer.
    pub(super) fn write(&self, db: &Connection) -> rusqlite::Result<u64> {
        let mut count =
            db.prepare_cached("UPDATE conversation SET messages = messages + ?2 WHERE id = ?1")?;
        for (id, messages) in &self.conversations {
            count.execute([id, messages])?;
        }
        let mut count =
            db.prepare_cached("UPDATE author SET messages = messages + ?2 WHERE id = ?1")?;
        for (id, messages) in &self.authors {
            count.execute([id, messages])?;
        }
        if self.messages != 0 {
            db.prepare_cached("UPDATE state SET messages = messages + ?1")?
                .execute([self.messages])?;
        }
        Ok(self.messages.unsigned_abs())
    }

    pub(super) fn conversations(&self) -> impl Iterator<Item = i64> {
        self.conversations.keys().copied()
    }

    pub(super) fn authors(&self) -> impl Iterator<Item = i64> {
        self.authors.keys().copied()
    }
}

/// Where in the ids the remembered clients' own ids stand, so that the table of them stays short: as many
/// as the hub takes at a start, and as old.
#[derive(Debug, Default)]
pub(super) struct Resends {
    /// The id of every [`STRIDE`]th that was remembered since the start.
    milestones: VecDeque<MessageId>,
    since_last: usize,
}

const STRIDE: usize = 1_000;

impl Resends {
    fn remembered(&mut self, id: MessageId) {
        self.since_last += 1;
        if self.since_last >= STRIDE {
            self.since_last = 0;
            self.milestones.push_back(id);
        }
    }

    /// Forgets those that are too old, or too many.
    fn trim(&mut self, db: &Connection, newest: MessageId) -> rusqlite::Result<()> {
        let mut before = newest.0.saturating_sub(ids_of(RESENDS_KEPT_FOR_MS));
        while self.milestones.len() > RESENDS_MAX / STRIDE + 1
            && let Some(milestone) = self.milestones.pop_front()
        {
            before = before.max(milestone.0);
        }
        db.prepare_cached("DELETE FROM resend WHERE id < ?1")?
            .execute([to_sql(MessageId(before))])?;
        Ok(())
    }
}

//! Messages on their way out of a history and into one, by the thousand: each page is a question of its
//! own, so that no export, however slow its reader, keeps the log from beginning anew.

use std::ops::ControlFlow;

use rusqlite::{Connection, params, params_from_iter};

use crate::hub::command::Tags;
use crate::hub::history::{Partner, Place, Stored};
use crate::hub::id::MessageId;
use crate::hub::name::Nick;

use super::batch::{INSERT_MESSAGE, Tally, flags_of, stored_time};
use super::ids::to_sql;
use super::names::Names;
use super::people::{authors_called, conversations_of_anybody};
use super::report::{ExportFilter, ImportReport, Imported, Selection};
use super::row::{self, SELECT, stored};
use super::schema::FLAG_ASIDE;

/// Messages that are read at once.
const PAGE: usize = 1_000;

/// Gives every message that `filter` lets pass to `each`, by rising id.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn export(
    db: &Connection,
    filter: &ExportFilter,
    each: &mut dyn FnMut(&Stored) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    let conversations = match &filter.of {
        None => None,
        Some(of) => Some(conversations_of_anybody(db, of)?),
    };
    let mut after = filter.since.map_or(-1, to_sql);
    let upto = filter.until.map_or(i64::MAX, to_sql);
    let mut query = db.prepare(&format!(
        "{SELECT} WHERE m.id > ?1 AND m.id <= ?2 AND (?3 OR m.addressee IS NULL)
         AND NOT m.flags & {FLAG_ASIDE} {}
         ORDER BY m.id LIMIT {PAGE}",
        in_any("m.conversation", conversations.as_deref())
    ))?;
    loop {
        let page: Vec<Stored> = query
            .query_map(params![after, upto, filter.everything], stored)?
            .collect::<rusqlite::Result<_>>()?;
        for message in &page {
            if each(message).is_break() {
                return Ok(());
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = to_sql(last.id),
            Some(_) | None => return Ok(()),
        }
    }
}

/// Adds messages in the writer's transaction; those whose id is there stay as they are.
///
/// # Errors
/// Whatever SQLite says; then the transaction must be undone.
pub(super) fn import(
    db: &Connection,
    names: &mut Names,
    messages: &[Imported],
) -> rusqlite::Result<ImportReport> {
    let mut report = ImportReport::default();
    let mut tally = Tally::default();
    let mut find = db.prepare_cached("SELECT 1 FROM message WHERE id = ?1")?;
    let mut insert = db.prepare_cached(INSERT_MESSAGE)?;
    // The search index may be past this id already.
    let mut touch = db.prepare_cached("INSERT INTO touched (id) VALUES (?1)")?;
    for message in messages {
        let id = to_sql(message.id);
        if find.exists([id])? {
            report.known += 1;
            continue;
        }
        let conversation = names.conversation(db, &message.place, message.from.owner)?;
        let author = names.author(db, &message.from)?;
        let addressee = match &message.place {
            Place::Room(_) => None,
            Place::User { to, .. } => Some(names.author(db, to)?),
        };
        insert.execute(params![
            id,
            conversation,
            author,
            addressee,
            flags_of(message.kind, &message.place),
            stored_time(message.id, message.at.0),
            message.text.as_deref(),
            message.changed_at.map(|at| at.0.cast_signed()),
            message.tags.as_ref().map(Tags::as_str),
        ])?;
        touch.execute([id])?;
        tally.add(conversation, author, addressee, 1);
        report.added += 1;
    }
    if let Some(newest) = messages.iter().map(|message| message.id).max() {
        db.prepare_cached("UPDATE state SET ceiling = max(ceiling, ?1)")?
            .execute([to_sql(newest)])?;
    }
    tally.write(db)?;
    Ok(report)
}

/// The ids of a selection, some at a time, by rising id.
#[derive(Debug)]
pub(super) struct Selected<'a> {
    selection: &'a Selection,
    /// Ids up to here, or so many of the list, are done.
    after: i64,
    given: usize,
}

impl<'a> Selected<'a> {
    pub(super) fn new(selection: &'a Selection) -> Self {
        Self {
            selection,
            after: -1,
            given: 0,
        }
    }

    /// The next of them, at most `limit`; none at the end.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub(super) fn next(
        &mut self,
        db: &Connection,
        limit: usize,
    ) -> rusqlite::Result<Vec<MessageId>> {
        match self.selection {
            Selection::Ids(ids) => {
                let next: Vec<_> = ids.iter().skip(self.given).take(limit).copied().collect();
                self.given += next.len();
                Ok(next)
            }
            Selection::Range {
                of,
                from,
                after,
                before,
            } => {
                let after = after.map_or(-1, to_sql).max(self.after);
                let before = before.map_or(i64::MAX, to_sql);
                let next = in_range(db, (of.as_ref(), from.as_ref()), (after, before), limit)?;
                if let Some(last) = next.last() {
                    self.after = to_sql(*last);
                }
                Ok(next)
            }
        }
    }
}

fn in_range(
    db: &Connection,
    (of, from): (Option<&Partner>, Option<&Nick>),
    (after, before): (i64, i64),
    limit: usize,
) -> rusqlite::Result<Vec<MessageId>> {
    let conversations = match of {
        None => None,
        Some(of) => Some(conversations_of_anybody(db, of)?),
    };
    let authors = match from {
        None => None,
        Some(nick) => Some(authors_called(db, nick)?),
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    db.prepare(&format!(
        "SELECT m.id FROM message m WHERE m.id > ?1 AND m.id < ?2 {} {} ORDER BY m.id LIMIT ?3",
        in_any("m.conversation", conversations.as_deref()),
        in_any("m.author", authors.as_deref())
    ))?
    .query_map(params_from_iter([after, before, limit]), row::id)?
    .collect()
}

/// A condition that a column is one of these rows' numbers; none if there is no such wish.
fn in_any(column: &str, rows: Option<&[i64]>) -> String {
    rows.map_or_else(String::new, |rows| {
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        format!("AND {column} IN ({})", rows.join(", "))
    })
}

//! Looking words up: which messages match, newest first, and only those that the asker may see.

use std::path::Path;

use rusqlite::{Connection, params};

use super::index::owner_tag;
use super::query::{Words, words};
use super::{Progress, file};
use crate::hub::history::{OwnerId, PAGE_MAX, Page, Partner, Query, Trouble};
use crate::store::deadline::Deadline;
use crate::store::error::trouble;
use crate::store::ids::{from_sql, to_sql};
use crate::store::page::message;
use crate::store::people::{authors_called, conversations_of};

/// One reader's view of the index, opened when it is first needed and again when it was replaced.
#[derive(Debug, Default)]
pub(in crate::store) struct Finder {
    open: Option<(u64, Connection)>,
}

impl Finder {
    /// The newest messages that match `query`, by falling id. Until there is an index, nothing matches.
    ///
    /// # Errors
    /// Whatever SQLite says. A damaged index is reported, and will be another one soon.
    pub(in crate::store) fn find(
        &mut self,
        (path, progress): (&Path, &Progress),
        limit_in_time: &Deadline,
        history: &Connection,
        (asker, query): (OwnerId, &Query),
        limit: usize,
    ) -> rusqlite::Result<Page> {
        let Some(expression) = expression(history, asker, query)? else {
            return Ok(Page::default());
        };
        let generation = progress.generation();
        if generation == 0 {
            return Ok(Page::default());
        }
        let is_current = |open: &(u64, Connection)| open.0 == generation;
        if !self.open.as_ref().is_some_and(is_current) {
            let mut index = file::reader(path)?;
            limit_in_time.bind(&mut index)?;
            self.open = Some((generation, index));
        }
        let (_, index) = self.open.as_ref().expect("it was just opened");
        let limit = limit.clamp(1, PAGE_MAX);
        let found = look_up(index, history, &expression, query, limit);
        if let Err(error) = &found
            && trouble(error) == Trouble::Damaged
        {
            progress.report_damage(generation);
            self.open = None;
        }
        found
    }
}

fn look_up(
    index: &Connection,
    history: &Connection,
    expression: &str,
    query: &Query,
    limit: usize,
) -> rusqlite::Result<Page> {
    let mut matching = index.prepare_cached(
        "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 AND rowid > ?3
         ORDER BY rowid DESC",
    )?;
    let mut rows = matching.query(params![
        expression,
        query.before.map_or(i64::MAX, to_sql),
        query.after.map_or(-1, to_sql)
    ])?;
    let mut page = Page::default();
    while let Some(row) = rows.next()? {
        // The index may lag: one that was removed or deleted since then is not found.
        let Some(found) = message(history, from_sql(row.get(0)?))? else {
            continue;
        };
        if found.text.is_none() {
            continue;
        }
        if page.messages.len() == limit {
            page.has_more = true;
            break;
        }
        page.messages.push(found);
    }
    Ok(page)
}

/// The whole query as an expression of FTS5; `None` when nothing can match.
fn expression(
    history: &Connection,
    asker: OwnerId,
    query: &Query,
) -> rusqlite::Result<Option<String>> {
    let own = owner_tag(asker.0.cast_signed());
    let mut tags = match &query.of {
        None => format!("(r OR {own})"),
        Some(of) => {
            let conversations = conversations_of(history, asker, of)?;
            let Some(any) = any_of('c', &conversations) else {
                return Ok(None);
            };
            match of {
                Partner::Room(_) => any,
                Partner::User(_) => format!("{any} AND {own}"),
            }
        }
    };
    if let Some(nick) = &query.from {
        let Some(any) = any_of('a', &authors_called(history, nick)?) else {
            return Ok(None);
        };
        tags = format!("{any} AND {tags}");
    }
    Ok(match words(&query.words) {
        Words::Any => Some(format!("{{tags}} : ({tags})")),
        Words::Nothing => None,
        Words::All(words) => Some(format!("{{text}} : ({words}) AND {{tags}} : ({tags})")),
    })
}

/// `(c1 OR c2)`; `None` of nothing.
fn any_of(kind: char, rows: &[i64]) -> Option<String> {
    let tags: Vec<String> = rows.iter().map(|row| format!("{kind}{row}")).collect();
    (!tags.is_empty()).then(|| format!("({})", tags.join(" OR ")))
}

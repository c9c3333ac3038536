//! Looking words up: which messages match, newest first, and only those that the asker may see.

use std::path::Path;

use rusqlite::{Connection, params};

use super::index::owner_tag;
use super::query::{Words, words};
use super::{Progress, file};
use crate::hub::history::{OwnerId, PAGE_MAX, Page, Partner, Place, Query, Stored, Trouble};
use crate::hub::name::RoomName;
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
        (asker, query, hidden): (OwnerId, &Query, &[RoomName]),
        limit: usize,
    ) -> rusqlite::Result<Page> {
        let Some(expressions) = expressions(history, asker, query)? else {
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
        let search = Search {
            index,
            history,
            query,
            asker,
            hidden,
            limit: limit.clamp(1, PAGE_MAX),
        };
        let found = search.run(&expressions);
        if let Err(error) = &found
            && trouble(error) == Trouble::Damaged
        {
            progress.report_damage(generation);
            self.open = None;
        }
        found
    }
}

/// One question of one asker.
struct Search<'a> {
    index: &'a Connection,
    history: &'a Connection,
    query: &'a Query,
    asker: OwnerId,
    /// By name.
    hidden: &'a [RoomName],
    limit: usize,
}

impl Search<'_> {
    fn run(&self, expressions: &Expressions) -> rusqlite::Result<Page> {
        let mut page = Page::default();
        let mut before = self.query.before.map_or(i64::MAX, to_sql);
        if let Some(all) = &expressions.whoever_asks {
            match self.look_up(all, before, LOOKED_AT, &mut page)? {
                Some(last) => before = last,
                None => return Ok(page),
            }
        }
        self.look_up(&expressions.visible, before, usize::MAX, &mut page)?;
        Ok(page)
    }

    /// Adds what matches and may be seen to the page, until it is full; where it stopped when it had looked
    /// at so many before that.
    fn look_up(
        &self,
        expression: &str,
        before: i64,
        looked_at: usize,
        page: &mut Page,
    ) -> rusqlite::Result<Option<i64>> {
        let mut matching = self.index.prepare_cached(
            "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid < ?2 AND rowid > ?3
             ORDER BY rowid DESC",
        )?;
        let after = self.query.after.map_or(-1, to_sql);
        let mut rows = matching.query(params![expression, before, after])?;
        let mut looked = 0;
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            looked += 1;
            // The index may lag: one that was removed or deleted since then is not found.
            let found = message(self.history, from_sql(id))?
                .filter(|found| found.text.is_some() && self.may_see(found));
            if let Some(found) = found {
                if page.messages.len() == self.limit {
                    page.has_more = true;
                    return Ok(None);
                }
                page.messages.push(found);
            }
            if looked == looked_at {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Everybody sees what is said in rooms that are not hidden from them; privately, only the two do, and the
    /// one who was not heard.
    fn may_see(&self, message: &Stored) -> bool {
        match &message.place {
            Place::Room(room) => self.hidden.binary_search(room).is_err(),
            Place::User { to, is_unheard } => {
                message.from.owner == self.asker || (to.owner == self.asker && !is_unheard)
            }
        }
    }
}

/// The query for FTS5.
struct Expressions {
    /// What matches and may be seen.
    visible: String,
    /// What matches, where only looking at each tells whether it may be seen. FTS5 joins a rare word to the
    /// tag of nearly all messages by walking the index of that tag's list backwards, which took 23 ms of 10
    /// million messages; looking at the few messages takes next to nothing.
    whoever_asks: Option<String>,
}

/// Matches that are looked at one by one: enough for any page of a word that is not mostly whispered.
const LOOKED_AT: usize = 2 * PAGE_MAX;

/// The whole query; `None` when nothing can match.
fn expressions(
    history: &Connection,
    asker: OwnerId,
    query: &Query,
) -> rusqlite::Result<Option<Expressions>> {
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
    let mut authors = None;
    if let Some(nick) = &query.from {
        let Some(any) = any_of('a', &authors_called(history, nick)?) else {
            return Ok(None);
        };
        tags = format!("{any} AND {tags}");
        authors = Some(any);
    }
    Ok(match words(&query.words) {
        Words::Any => Some(Expressions {
            visible: format!("{{tags}} : ({tags})"),
            whoever_asks: None,
        }),
        Words::Nothing => None,
        Words::All(words) => {
            let words = format!("{{text}} : ({words})");
            let whoever_asks = match (&query.of, authors) {
                (Some(_), _) => None,
                (None, None) => Some(words.clone()),
                (None, Some(authors)) => Some(format!("{words} AND {{tags}} : {authors}")),
            };
            Some(Expressions {
                visible: format!("{words} AND {{tags}} : ({tags})"),
                whoever_asks,
            })
        }
    })
}

/// `(c1 OR c2)`; `None` of nothing.
fn any_of(kind: char, rows: &[i64]) -> Option<String> {
    let tags: Vec<String> = rows.iter().map(|row| format!("{kind}{row}")).collect();
    (!tags.is_empty()).then(|| format!("({})", tags.join(" OR ")))
}

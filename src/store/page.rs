//! Pages of conversations. A private one is what its two people see of it: a message that its recipient
//! ignored is only there for its sender.

use rusqlite::{Connection, OptionalExtension, params};

use crate::hub::history::{OwnerId, PAGE_MAX, Page, Partner, Range, Stored};
use crate::hub::id::MessageId;

use super::ids::to_sql;
use super::people::conversations_of;
use super::row::{SELECT, stored};
use super::schema::{FLAG_ASIDE, FLAG_UNHEARD};

/// One page of what `asker` means by `of`.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn page(
    db: &Connection,
    asker: OwnerId,
    of: &Partner,
    range: Range,
    limit: usize,
    with_asides: bool,
) -> rusqlite::Result<Page> {
    let limit = limit.clamp(1, PAGE_MAX);
    let reader = Conversations {
        db,
        asker,
        ids: conversations_of(db, asker, of)?,
        unwanted: if with_asides { 0 } else { FLAG_ASIDE },
    };
    let from = |id: MessageId| to_sql(id).saturating_sub(1);
    match range {
        Range::Latest => reader.newest(-1, i64::MAX, limit),
        Range::Before(id) => reader.newest(-1, to_sql(id), limit),
        Range::NewestBetween(after, before) => reader.newest(to_sql(after), to_sql(before), limit),
        Range::After(id) => reader.between(to_sql(id), i64::MAX, limit),
        Range::Between(after, before) => reader.between(to_sql(after), to_sql(before), limit),
        Range::Around(id) => {
            let half = limit / 2;
            let mut page = match half {
                0 => Page::default(),
                half => reader.newest(-1, to_sql(id), half)?,
            };
            let after = reader.between(from(id), i64::MAX, limit - half)?;
            page.messages.extend(after.messages);
            page.has_more |= after.has_more;
            Ok(page)
        }
    }
}

/// One message, whoever said it.
///
/// # Errors
/// Whatever SQLite says.
pub(super) fn message(db: &Connection, id: MessageId) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(&format!("{SELECT} WHERE m.id = ?1"))?
        .query_row([to_sql(id)], stored)
        .optional()
}

/// Several conversations read as one: a nick may have belonged to several people.
struct Conversations<'a> {
    db: &'a Connection,
    asker: OwnerId,
    ids: Vec<i64>,
    /// Nothing with one of these flags.
    unwanted: i64,
}

impl Conversations<'_> {
    /// The newest between two ids, both excluded.
    fn newest(&self, after: i64, before: i64, limit: usize) -> rusqlite::Result<Page> {
        let mut messages = self.read("DESC", (before, after), limit)?;
        messages.sort_unstable_by_key(|message| std::cmp::Reverse(message.id));
        let has_more = messages.len() > limit;
        messages.truncate(limit);
        messages.reverse();
        Ok(page_of(messages, has_more))
    }

    /// The oldest between two ids, both excluded.
    fn between(&self, after: i64, before: i64, limit: usize) -> rusqlite::Result<Page> {
        let mut messages = self.read("ASC", (before, after), limit)?;
        messages.sort_unstable_by_key(|message| message.id);
        let has_more = messages.len() > limit;
        messages.truncate(limit);
        Ok(page_of(messages, has_more))
    }

    /// Up to one more than `limit` of each conversation.
    fn read(
        &self,
        direction: &str,
        (before, after): (i64, i64),
        limit: usize,
    ) -> rusqlite::Result<Vec<Stored>> {
        let mut statement = self.db.prepare_cached(&format!(
            "{SELECT} WHERE m.conversation = ?1 AND m.id < ?2 AND m.id > ?3
             AND (NOT m.flags & {FLAG_UNHEARD} OR a.owner = ?4) AND NOT m.flags & ?6
             ORDER BY m.id {direction} LIMIT ?5"
        ))?;
        let asker = self.asker.0.cast_signed();
        let mut messages = Vec::new();
        for conversation in &self.ids {
            let rows = statement.query_map(
                params![conversation, before, after, asker, limit + 1, self.unwanted],
                stored,
            )?;
            for message in rows {
                messages.push(message?);
            }
        }
        Ok(messages)
    }
}

fn page_of(messages: Vec<Stored>, has_more: bool) -> Page {
    Page {
        messages,
        changes: Vec::new(),
        has_more,
    }
}

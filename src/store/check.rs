//! Looking for damage and contradictions, on a database that somebody has open or on one that nobody has.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::commit_log;
use super::error::OpenError;
use super::ledger::progress;
use super::open::{open_as_found, sort_out, version_of, without_links};
use super::report::CheckReport;
use super::schema::FIRST_WITH_LOG;

/// Checks a history that no daemon has open, or a backup. What it holds stays as it is.
///
/// # Errors
/// [`OpenError`] when it is no history that this chatd can read; damage further inside is in the report.
pub fn check_file(path: &Path) -> Result<CheckReport, OpenError> {
    let path = &without_links(path)?;
    if let Err(source) = std::fs::metadata(path) {
        return Err(OpenError::File {
            path: path.clone(),
            source,
        });
    }
    // A log beside it is part of it, and reading that needs its index of shared memory, which is made.
    let connection = open_as_found(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .or_else(|_| open_as_found(path, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    let failed = |source| sort_out(path, source);
    let version = version_of(&connection, path)?;
    if version == 0 {
        return Err(OpenError::Foreign { path: path.clone() });
    }
    let mut report = check(&connection).map_err(failed)?;
    if version >= FIRST_WITH_LOG {
        let (applied, tag) = progress(&connection).map_err(failed)?;
        match commit_log::inspect(path, applied, tag) {
            Ok(records) => report.in_log = records as u64,
            Err(error) => report.complaints.push(error.to_string()),
        }
    }
    Ok(report)
}

/// Checks what a connection sees.
///
/// # Errors
/// What keeps SQLite from looking at all.
pub(super) fn check(db: &Connection) -> rusqlite::Result<CheckReport> {
    let mut report = CheckReport {
        schema: db.pragma_query_value(None, "user_version", |row| row.get(0))?,
        ..CheckReport::default()
    };
    let most = CheckReport::COMPLAINTS_MAX;
    let mut integrity = db.prepare(&format!("PRAGMA integrity_check({most})"))?;
    let lines = integrity.query_map([], |row| row.get::<_, String>(0))?;
    for line in lines {
        match line {
            Ok(line) if line == "ok" => {}
            Ok(line) => report.complaints.push(line),
            Err(error) => report.complaints.push(error.to_string()),
        }
    }
    if !report.is_sound() {
        // Counting over broken trees would only say the same again.
        report.complaints.truncate(most);
        return Ok(report);
    }
    let count = |sql: &str| -> rusqlite::Result<u64> { db.query_row(sql, [], |row| row.get(0)) };
    report.messages = count("SELECT count(*) FROM message")?;
    report.conversations = count("SELECT count(*) FROM conversation")?;
    report.authors = count("SELECT count(*) FROM author")?;
    for (what, sql) in INVARIANTS {
        let found = count(sql)?;
        if found > 0 {
            report.complaints.push(format!("{found} {what}"));
        }
    }
    Ok(report)
}

/// What must be found nowhere.
const INVARIANTS: &[(&str, &str)] = &[
    (
        "messages are of no conversation",
        "SELECT count(*) FROM message WHERE conversation NOT IN (SELECT id FROM conversation)",
    ),
    (
        "messages are of no author",
        "SELECT count(*) FROM message WHERE author NOT IN (SELECT id FROM author)
         OR addressee NOT IN (SELECT id FROM author)",
    ),
    (
        "private messages are to nobody, or messages in rooms to somebody",
        "SELECT count(*) FROM message m JOIN conversation c ON c.id = m.conversation
         WHERE (m.addressee IS NULL) <> (c.low IS NULL)",
    ),
    (
        "conversations count their messages wrongly",
        "SELECT count(*) FROM conversation c WHERE messages <>
         (SELECT count(*) FROM message WHERE conversation = c.id)",
    ),
    (
        "counts of all messages are wrong",
        "SELECT count(*) FROM state WHERE messages <> (SELECT count(*) FROM message)",
    ),
    (
        "ids are above the ceiling",
        "SELECT count(*) FROM message WHERE id > (SELECT ceiling FROM state)",
    ),
];

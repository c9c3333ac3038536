//! Opening a history: the lock, the file, what it says it is, what it was when it was left. Nothing here
//! looks at messages one by one, so that a start takes no longer with ten million of them.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use crate::hub::history::{
    ClientMsgId, OwnerId, RESENDS_KEPT_FOR_MS, RESENDS_MAX, Record, RecordKind, Restored, Sent,
};
use crate::hub::name::RoomName;
use crate::hub::time::UnixMillis;

use super::clock::{ID_BITS_BELOW_MS, ids_of};
use super::commit_log;
use super::error::OpenError;
use super::ids::from_sql;
use super::lock::beside;
use super::renaming;
use super::row::no_name;
use super::schema::{self, APPLICATION_ID, VERSION};

/// Makes the file if there is none, and brings it to today's version. Hold the lock while calling.
///
/// # Errors
/// [`OpenError`]: it is no history, a newer one, or a damaged one; then it is as it was.
pub(super) fn prepare(path: &Path) -> Result<Connection, OpenError> {
    must_be_whole(path)?;
    make_file(path)?;
    let mut connection = open_as_found(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let version = version_of(&connection, path)?;
    let failed = |source| sort_out(path, source);
    if version == 0 {
        // Before the first table, or it has no effect.
        connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(failed)?;
    }
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(failed)?;
    schema::migrate(&mut connection, version).map_err(failed)?;
    Ok(connection)
}

/// Opens a database with nothing but what is needed to look at it.
///
/// # Errors
/// [`OpenError`].
pub(super) fn open_as_found(path: &Path, access: OpenFlags) -> Result<Connection, OpenError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let failed = |source| sort_out(path, source);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .map_err(failed)?;
    connection
        .pragma_update(None, "trusted_schema", false)
        .map_err(failed)?;
    Ok(connection)
}

/// The version of a history; 0 of an empty database.
///
/// # Errors
/// [`OpenError`]: it is no history that this chatd knows.
pub(super) fn version_of(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let failed = |source| sort_out(path, source);
    let pragma = |name: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, name, |row| row.get(0))
    };
    let id = pragma("application_id").map_err(failed)?;
    let version = pragma("user_version").map_err(failed)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let is_empty = id == 0 && version == 0 && tables == 0;
    if !is_empty && id != i64::from(APPLICATION_ID) {
        return Err(OpenError::Foreign {
            path: path.to_owned(),
        });
    }
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    if version > VERSION {
        return Err(OpenError::Newer {
            path: path.to_owned(),
            found: version,
            known: VERSION,
        });
    }
    if !is_empty && (version == 0 || tables == 0) {
        return Err(OpenError::Damaged {
            path: path.to_owned(),
            what: "its tables are missing".to_owned(),
        });
    }
    if !is_empty {
        is_whole(connection).map_err(|what| OpenError::Damaged {
            path: path.to_owned(),
            what,
        })?;
    }
    Ok(version)
}

/// Looks for the damage that costs nothing to find: a file that is shorter than it says, and trees whose
/// first and last leaves cannot be read.
fn is_whole(connection: &Connection) -> Result<(), String> {
    for table in [
        "state",
        "conversation",
        "author",
        "message",
        "mark",
        "touched",
    ] {
        for order in ["ASC", "DESC"] {
            let key = if table == "mark" { "owner" } else { "rowid" };
            let sql = format!("SELECT * FROM {table} ORDER BY {key} {order} LIMIT 1");
            let looked = connection.prepare(&sql).and_then(|mut first| {
                let mut rows = first.query([])?;
                rows.next().map(|_| ())
            });
            looked.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// What the hub must know of the past.
///
/// # Errors
/// [`OpenError`].
pub(super) fn restored(connection: &Connection, path: &Path) -> Result<(Restored, u64), OpenError> {
    read_restored(connection).map_err(|source| sort_out(path, source))
}

fn read_restored(connection: &Connection) -> rusqlite::Result<(Restored, u64)> {
    let (last_id, messages) =
        connection.query_row("SELECT ceiling, messages FROM state", [], |row| {
            Ok((row.get(0).map(from_sql)?, row.get(1)?))
        })?;
    let topics = connection
        .prepare(
            "SELECT name, topic FROM conversation WHERE topic IS NOT NULL AND name IS NOT NULL",
        )?
        .query_map([], |row| {
            let name: String = row.get(0)?;
            let room = RoomName::parse(&name).map_err(|why| no_name(0, why))?;
            Ok((room, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let newest: Option<i64> =
        connection.query_row("SELECT max(id) FROM message", [], |row| row.get(0))?;
    let window = ids_of(RESENDS_KEPT_FOR_MS).cast_signed();
    let mut sent: Vec<Sent> = Vec::new();
    let mut resends = connection.prepare(
        "SELECT a.owner, r.client_msgid, r.id, m.at FROM resend r
         CROSS JOIN message m ON m.id = r.id CROSS JOIN author a ON a.id = m.author
         WHERE r.id >= ?1 ORDER BY r.id DESC LIMIT ?2",
    )?;
    let mut rows = resends.query(params![newest.unwrap_or(0) - window, RESENDS_MAX])?;
    while let Some(row) = rows.next()? {
        let id = row.get(2).map(from_sql)?;
        let at: Option<i64> = row.get(3)?;
        let own: String = row.get(1)?;
        let owner = OwnerId(row.get::<_, i64>(0)?.cast_unsigned());
        // A client's id that is none any more is of no use, and of no harm.
        sent.extend(ClientMsgId::new(&own).map(|client_msgid| Sent {
            owner,
            client_msgid,
            id,
            at: UnixMillis(at.map_or(id.0 >> ID_BITS_BELOW_MS, i64::cast_unsigned)),
        }));
    }
    sent.reverse();
    let restored = Restored {
        last_id,
        renamed: renaming::unsettled(connection)?,
        topics,
        sent,
    };
    Ok((restored, messages))
}

/// Adds what only the commit log has.
pub(super) fn add_backlog(restored: &mut Restored, backlog: &[Record]) {
    for record in backlog {
        restored.last_id = restored.last_id.max(record.id);
        match &record.kind {
            RecordKind::Said {
                from,
                client_msgid: Some(client_msgid),
                ..
            } => restored.sent.push(Sent {
                owner: from.owner,
                client_msgid: client_msgid.clone(),
                id: record.id,
                at: record.at,
            }),
            RecordKind::TopicSet { room, topic, .. } => {
                restored.topics.retain(|(known, _)| known != room);
                let topic = topic.clone().map(|topic| (room.clone(), topic));
                restored.topics.extend(topic);
            }
            RecordKind::Said { .. }
            | RecordKind::Tagged { .. }
            | RecordKind::Edited { .. }
            | RecordKind::Deleted { .. }
            | RecordKind::MarkSet { .. } => {}
        }
    }
    let beyond = restored.sent.len().saturating_sub(RESENDS_MAX);
    restored.sent.drain(..beyond);
}

/// Which refusal an error of SQLite is.
pub(super) fn sort_out(path: &Path, source: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Damaged {
            path,
            what: source.to_string(),
        },
        // What a table holds is not what we write.
        None => OpenError::Damaged {
            path,
            what: source.to_string(),
        },
        Some(_) => OpenError::Sqlite { path, source },
    }
}

/// A log without the file that it belongs to: SQLite would throw its own away as a stranger's.
pub(super) fn must_be_whole(path: &Path) -> Result<(), OpenError> {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    if bytes(path) > 0 {
        return Ok(());
    }
    let rest = [
        (beside(path, "-wal"), 0),
        (commit_log::path_of(path), commit_log::HEADER_BYTES),
    ];
    for (rest, bytes_of_nothing) in rest {
        if bytes(&rest) > bytes_of_nothing {
            let path = path.to_owned();
            return Err(OpenError::Missing { path, rest });
        }
    }
    Ok(())
}

/// Copies that a daemon was sending when it was killed: whole histories that nobody asks for any more.
/// Hold the lock while calling.
pub(super) fn remove_leftovers(path: &Path) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return;
    };
    let beginning = format!("{name}.sending.unfinished-");
    let directory = path.parent().unwrap_or(Path::new("."));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&beginning) {
            let _ = fs::remove_file(entry.path()); // then the next start does
        }
    }
}

/// An empty file for its owner only: SQLite would make it readable by everybody. It is opened and closed
/// before SQLite has it, and never afterwards.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Where the search index of a history is: `history.db` has `history-search.db`.
pub(super) fn search_path(database: &Path) -> PathBuf {
    let mut name = database.file_stem().unwrap_or_default().to_owned();
    name.push("-search");
    let mut path = database.with_file_name(name);
    if let Some(extension) = database.extension() {
        path.as_mut_os_string().push(".");
        path.as_mut_os_string().push(extension);
    }
    path
}

/// The path without links, as SQLite is told not to follow any: that of the directory, not of the file.
///
/// # Errors
/// [`OpenError::Directory`].
pub(super) fn without_links(path: &Path) -> Result<PathBuf, OpenError> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        Some(_) | None => Path::new("."),
    };
    let real = fs::canonicalize(directory).map_err(|source| OpenError::Directory {
        path: directory.to_owned(),
        source,
    })?;
    Ok(real.join(path.file_name().unwrap_or_default()))
}

//! What a start finds in the commit log: records that the database does not have yet, because the daemon
//! was killed or the power failed before it was written.

use std::path::Path;

use crate::hub::history::{Record, Trouble};
use crate::hub::id::MessageId;
use crate::store::error::{OpenError, trouble, trouble_of};
use crate::store::ledger::{Ledger, Undone};
use crate::store::open::sort_out;

use super::file::{CommitLog, Found};
use super::path_of;

/// Records that one transaction takes over.
const TAKEN_AT_ONCE: usize = 4096;

/// What a start found.
#[derive(Debug)]
pub(in crate::store) struct Recovered {
    /// A log that was begun anew; nothing while the disk does not let it.
    pub(in crate::store) log: Result<CommitLog, Trouble>,
    /// What the database could not take over yet. The old log still has it.
    pub(in crate::store) backlog: Vec<Record>,
    /// It took over something.
    pub(in crate::store) has_taken: bool,
}

/// Gives the database what only the log has, and begins the log anew. A disk that cannot be written to
/// now is no reason not to start.
///
/// # Errors
/// [`OpenError`]: the log cannot be read; then it is as it was.
pub(in crate::store) fn recover(
    ledger: &mut Ledger,
    database: &Path,
) -> Result<Recovered, OpenError> {
    let (applied, tag) = ledger
        .progress()
        .map_err(|source| sort_out(database, source))?;
    let mut backlog = missing(database, applied, tag)?;
    let mut has_taken = false;
    while !backlog.is_empty() {
        let some = backlog.len().min(TAKEN_AT_ONCE);
        if let Err(Undone(error)) = ledger.keep(&backlog[..some]) {
            let why = trouble(&error);
            if why == Trouble::Damaged {
                return Err(sort_out(database, error));
            }
            let log = Err(why);
            return Ok(Recovered {
                log,
                backlog,
                has_taken,
            });
        }
        backlog.drain(..some);
        has_taken = true;
    }
    let log = begin(ledger, database);
    Ok(Recovered {
        log,
        backlog,
        has_taken,
    })
}

/// Begins the log anew, once the database has all of it.
///
/// # Errors
/// What the disk says.
pub(in crate::store) fn begin(ledger: &mut Ledger, database: &Path) -> Result<CommitLog, Trouble> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).expect("a running Linux always gives random bytes");
    let tag = u64::from_le_bytes(random);
    let applied = ledger
        .begin_log(tag)
        .map_err(|Undone(error)| trouble(&error))?;
    CommitLog::begin(&path_of(database), tag, applied).map_err(|error| trouble_of(&error))
}

/// How many records the log of a history has that its database lacks: one that is `applied` up to there
/// and names `tag` as its log's.
///
/// # Errors
/// [`OpenError`]: the log cannot be read.
pub(in crate::store) fn inspect(
    database: &Path,
    applied: MessageId,
    tag: u64,
) -> Result<usize, OpenError> {
    Ok(missing(database, applied, tag)?.len())
}

fn missing(database: &Path, applied: MessageId, tag: u64) -> Result<Vec<Record>, OpenError> {
    let path = path_of(database);
    let bad = |what: String| OpenError::Log {
        path: path.clone(),
        what,
    };
    let Some(found) = Found::read(&path).map_err(|error| bad(error.to_string()))? else {
        return Ok(Vec::new());
    };
    let mut missing: Vec<Record> = Vec::new();
    let mut last = applied;
    for frame in &found.frames {
        for (number, record) in frame.records().enumerate() {
            let record = record.map_err(|why| bad(why.to_string()))?;
            if record.id <= last {
                continue;
            }
            if number == 0 && frame.after > last {
                return Err(bad("a part in its middle is damaged".to_owned()));
            }
            last = record.id;
            missing.push(record);
        }
    }
    if found.tag != tag && !missing.is_empty() {
        return Err(bad("it belongs to another history".to_owned()));
    }
    Ok(missing)
}

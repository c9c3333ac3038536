//! Whole copies of a history: made while it is in use, and brought back while it is not.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::check::check_file;
use super::commit_log;
use super::connection;
use super::disk;
use super::error::StoreError;
use super::lock::{Lock, beside};
use super::open::{search_path, without_links};
use super::report::{BackupReport, CheckReport, RestoreReport};
use super::search::remove_files;

/// Copies the history at `database`, which may be in use, to `to`. The copy appears under its name only
/// when it is whole and on the disk.
///
/// # Errors
/// [`StoreError`]; then there is nothing at `to` that was not there before.
pub(super) fn backup(database: &Path, to: &Path) -> Result<BackupReport, StoreError> {
    let to = &without_links(to)?;
    refuse_existing(to)?;
    let unfinished = beside(to, &format!(".unfinished-{}", std::process::id()));
    let copied = copy_to(database, &unfinished).and_then(|report| {
        rename_to_new(&unfinished, to).map_err(at(to))?;
        synchronise_directory(to)?;
        Ok(BackupReport {
            path: to.clone(),
            bytes: disk::bytes(to),
            messages: report.messages,
        })
    });
    if copied.is_err() {
        let _ = fs::remove_file(&unfinished); // the error says what matters
    }
    copied
}

/// Not over a file that has come meanwhile, where the file system can tell.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

fn copy_to(database: &Path, unfinished: &Path) -> Result<CheckReport, StoreError> {
    // VACUUM INTO takes an empty file, and so the copy is its owner's only.
    let mut new = OpenOptions::new();
    new.write(true).create_new(true).mode(0o600);
    drop(new.open(unfinished).map_err(at(unfinished))?);
    let name = unfinished
        .to_str()
        .ok_or_else(|| at(unfinished)(io::ErrorKind::InvalidFilename.into()))?;
    let connection = connection::reader(database)?;
    connection.execute("VACUUM INTO ?1", [name])?;
    drop(connection);
    let report = sound(unfinished)?;
    File::open(unfinished)
        .and_then(|file| file.sync_all())
        .map_err(at(unfinished))?;
    Ok(report)
}

/// Puts a backup in the place of the history at `to`, which is kept aside. The search index is removed; the
/// next start builds it anew.
///
/// # Errors
/// [`StoreError`]: a daemon runs on it, or the backup is not sound. Then nothing has changed.
pub fn restore(backup: &Path, to: &Path) -> Result<RestoreReport, StoreError> {
    let _lock = Lock::take(to)?;
    let to = &without_links(to)?;
    let report = sound(backup)?;
    let unfinished = beside(to, ".restoring");
    remove_files(&unfinished).map_err(at(&unfinished))?;
    let copied = copy_to(backup, &unfinished);
    if let Err(error) = copied {
        let _ = fs::remove_file(&unfinished); // the error says what matters
        return Err(error);
    }
    let kept_aside = set_aside(to)?;
    // One that was set aside itself may have its last records there.
    let log = commit_log::path_of(backup);
    if report.in_log > 0 {
        fs::copy(&log, commit_log::path_of(to)).map_err(at(&log))?;
    }
    fs::rename(&unfinished, to).map_err(at(to))?;
    let search = search_path(to);
    remove_files(&search).map_err(at(&search))?;
    synchronise_directory(to)?;
    Ok(RestoreReport {
        messages: report.messages,
        kept_aside,
    })
}

/// Moves a database out of the way, together with its logs, which are part of it.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, StoreError> {
    let aside = (1..)
        .map(|number: u32| beside(database, &format!(".before-restore-{number}")))
        .find(|path| !is_there(path))
        .expect("not every number is taken");
    let was_there = is_there(database);
    // The logs first: a database without its log is an older one, a log without its database is nothing.
    for path_of in [wal_of, commit_log::path_of, Path::to_owned] {
        let file = path_of(database);
        if is_there(&file) {
            fs::rename(&file, path_of(&aside)).map_err(at(&file))?;
        }
    }
    remove_files(database).map_err(at(database))?; // its index of shared memory
    Ok(was_there.then_some(aside))
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn wal_of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// The report of a database, if there is nothing to complain of.
fn sound(path: &Path) -> Result<CheckReport, StoreError> {
    let report = check_file(path)?;
    if report.is_sound() {
        return Ok(report);
    }
    Err(StoreError::Unsound {
        path: path.to_owned(),
        complaints: report.complaints,
    })
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    if is_there(path) {
        return Err(StoreError::Exists {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Makes a new name last.
fn synchronise_directory(path: &Path) -> Result<(), StoreError> {
    let directory = path.parent().unwrap_or(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(at(directory))
}

fn at(path: &Path) -> impl Fn(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            return StoreError::Exists { path: path.clone() };
        }
        StoreError::File {
            path: path.clone(),
            source,
        }
    }
}

//! The rotating log files: `chatd.2026-11-23.log` (or `chatd.log` without rotation), and
//! `current.log`, which always leads to the one being written. One that has grown too long before
//! its time is set aside as `chatd.2026-11-23-0001.log`. Lives on the writer thread, must never fail
//! for good: a full disk costs lines, which are counted, and nothing else.

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::mem;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::geteuid;
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};

use super::LogError;
use crate::config;

const PREFIX: &str = "chatd";
const SUFFIX: &str = "log";
/// The link to the file that is being written.
const CURRENT: &str = "current.log";
/// Lines that are written together, in bytes, but for the last one.
pub(super) const PENDING_BYTES_MAX: usize = 64 * 1024;
/// The log may name peers' addresses: its owner and group read it.
const DIRECTORY_MODE: u32 = 0o750;

/// What the writer thread and the rest of the daemon tell each other.
#[derive(Debug, Default)]
pub(super) struct Health {
    reopen: AtomicBool,
    lines_failed: AtomicU64,
    failure: Mutex<Option<String>>,
}

impl Health {
    pub(super) fn ask_reopen(&self) {
        self.reopen.store(true, Ordering::Relaxed);
    }

    pub(super) fn lines_failed(&self) -> u64 {
        self.lines_failed.load(Ordering::Relaxed)
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns what was there before.
    fn set_failure(&self, failure: Option<String>) -> Option<String> {
        let mut held = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        mem::replace(&mut held, failure)
    }
}

/// The files of one directory.
pub(super) struct LogFiles {
    directory: PathBuf,
    rotation: config::Rotation,
    keep: usize,
    file_bytes: u64,
    /// Bytes written since the file's length was last looked at.
    unchecked_bytes: u64,
    appender: RollingFileAppender,
    /// Where [`CURRENT`] led when old files were last removed.
    pruned_for: Option<PathBuf>,
    /// Lines that are written together, as soon as no more come at once.
    pending: Vec<u8>,
    pending_lines: u64,
    /// Lines were written in part only: the next one begins on a line of its own.
    torn: bool,
    health: Arc<Health>,
}

impl LogFiles {
    /// Opens the file to be written, and makes the directory when it is missing.
    pub(super) fn open(
        directory: &Path,
        config: &config::Log,
        health: Arc<Health>,
    ) -> Result<Self, LogError> {
        let uid = geteuid().as_raw();
        let no_directory = |source| LogError::Directory {
            path: directory.to_owned(),
            uid,
            source,
        };
        // Absolute, because `current.log` holds the path as it is given.
        let directory = std::path::absolute(directory).map_err(no_directory)?;
        DirBuilder::new()
            .recursive(true)
            .mode(DIRECTORY_MODE)
            .create(&directory)
            .map_err(no_directory)?;
        let appender = appender(&directory, config.rotation).map_err(|error| LogError::File {
            path: directory.clone(),
            uid,
            reason: error.to_string(),
        })?;
        let mut files = Self {
            directory,
            rotation: config.rotation,
            keep: config.keep,
            file_bytes: config.file_bytes as u64,
            unchecked_bytes: 0,
            appender,
            pruned_for: None,
            pending: Vec::new(),
            pending_lines: 0,
            torn: false,
            health,
        };
        files.settle();
        Ok(files)
    }

    /// The link to the file that is being written.
    pub(super) fn current(&self) -> PathBuf {
        self.directory.join(CURRENT)
    }

    /// Takes a line. It is in the file after the next [`Self::settle`], which comes when no other
    /// line is waiting: a storm of connections costs a system call per batch, not per line.
    pub(super) fn write_line(&mut self, line: &[u8]) {
        self.pending.extend_from_slice(line);
        self.pending_lines += 1;
        if self.pending.len() >= PENDING_BYTES_MAX {
            self.write_pending();
        }
    }

    /// Appends what is pending; lines that cannot be written are counted.
    fn write_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        if self.health.reopen.swap(false, Ordering::Relaxed) {
            self.reopen();
        }
        let separator: &[u8] = if self.torn { b"\n" } else { b"" };
        let written = self
            .appender
            .write_all(separator)
            .and_then(|()| self.appender.write_all(&self.pending));
        self.torn = written.is_err();
        let lines = mem::take(&mut self.pending_lines);
        let bytes = self.pending.len() as u64;
        self.pending.clear();
        match written {
            Ok(()) => {
                self.health.set_failure(None);
                self.set_aside_when_long(bytes);
            }
            Err(error) => {
                self.health.lines_failed.fetch_add(lines, Ordering::Relaxed);
                self.tell_failure(&format!(
                    "cannot write to {}: {error}",
                    self.current().display()
                ));
            }
        }
    }

    /// Writes what is pending. When another file has begun, removes those that are one too many.
    ///
    /// Not left to the appender's own `max_log_files`: that removes one too many at each restart
    /// (with `keep = 1` the file in use), and any file that merely begins and ends as ours do.
    pub(super) fn settle(&mut self) {
        self.write_pending();
        if self.appender.flush().is_err() || self.rotation == config::Rotation::Never {
            return;
        }
        let current = fs::read_link(self.current()).ok();
        if current == self.pruned_for {
            return;
        }
        self.pruned_for = current;
        let mut ours = log_files(&self.directory);
        ours.sort_unstable(); // their names hold the date, so that this is by age
        let too_many = ours.len().saturating_sub(self.keep.max(1));
        for old in ours.drain(..too_many) {
            // One that cannot be removed now is tried again with the next file.
            let _ = fs::remove_file(self.directory.join(old));
        }
    }

    /// Looks at the file's length, but not at each line: it may be up to a quarter too long.
    fn set_aside_when_long(&mut self, written: u64) {
        self.unchecked_bytes += written;
        if self.unchecked_bytes < self.file_bytes / 4 || self.rotation == config::Rotation::Never {
            return;
        }
        self.unchecked_bytes = 0;
        let Ok(file) = fs::read_link(self.current()) else {
            return;
        };
        if fs::metadata(&file).is_ok_and(|found| found.len() >= self.file_bytes) {
            match set_aside(&file) {
                Ok(()) => self.reopen(),
                Err(error) => self.tell_failure(&format!("cannot set the log file aside: {error}")),
            }
            self.pruned_for = None; // one more file is there, though this one's name is the same
        }
    }

    /// The old file stays in use when no new one can be opened.
    fn reopen(&mut self) {
        match appender(&self.directory, self.rotation) {
            Ok(appender) => self.appender = appender,
            Err(error) => self.tell_failure(&format!("cannot open the log file anew: {error}")),
        }
    }

    /// Once per failure, on stderr, as the log itself cannot say it.
    fn tell_failure(&self, failure: &str) {
        if self.health.set_failure(Some(failure.to_owned())).is_none() {
            // Nobody is left to be told when stderr is gone.
            let _ = writeln!(std::io::stderr(), "chatd: {failure}");
        }
    }
}

fn appender(
    directory: &Path,
    rotation: config::Rotation,
) -> Result<RollingFileAppender, InitError> {
    RollingFileAppender::builder()
        .rotation(match rotation {
            config::Rotation::Hourly => Rotation::HOURLY,
            config::Rotation::Daily => Rotation::DAILY,
            config::Rotation::Never => Rotation::NEVER,
        })
        .filename_prefix(PREFIX)
        .filename_suffix(SUFFIX)
        .latest_symlink(CURRENT)
        .build(directory)
}

/// Gives a file the next number behind its date: by name it stands before the file that begins now.
fn set_aside(file: &Path) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let number_of = |name: &String| -> Option<u32> {
        let number = name.strip_prefix(&*stem)?.strip_prefix('-')?;
        number.strip_suffix(SUFFIX)?.strip_suffix('.')?.parse().ok()
    };
    // Not the first number that is free: those below have been pruned, and were older.
    let last = log_files(directory).iter().filter_map(number_of).max();
    let next = last.unwrap_or(0) + 1;
    fs::rename(
        file,
        file.with_file_name(format!("{stem}-{next:04}.{SUFFIX}")),
    )
}

/// The names of the files that rotation made, `chatd.DATE.log`.
fn log_files(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_log_file(name))
        .collect()
}

fn is_log_file(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .and_then(|rest| rest.strip_prefix('.')?.strip_suffix('.'))
        .is_some_and(|date| {
            date.starts_with("20") && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(directory: &Path, rotation: config::Rotation, keep: usize) -> config::Log {
        config::Log {
            directory: Some(directory.to_owned()),
            rotation,
            keep,
            file_bytes: 1000,
            level: "info".to_owned(),
            format: config::LogFormat::Text,
        }
    }

    fn open(directory: &Path, rotation: config::Rotation, keep: usize) -> LogFiles {
        let config = log(directory, rotation, keep);
        LogFiles::open(directory, &config, Arc::default()).unwrap()
    }

    fn write(files: &mut LogFiles, line: &str) {
        files.write_line(line.as_bytes());
        files.settle();
    }

    #[test]
    fn the_newest_files_are_kept_and_strangers_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            "chatd.2001-01-01.log",
            "chatd.2001-01-02.log",
            "chatd.2001-01-03.log",
            "chatd.notes.log",
            "chatd.log",
        ] {
            fs::write(directory.path().join(name), "old\n").unwrap();
        }
        let files = open(directory.path(), config::Rotation::Daily, 2);
        let current = fs::read_link(files.current()).unwrap();
        let current = current.file_name().unwrap().to_str().unwrap();
        let mut left = log_files(directory.path());
        left.sort();
        assert_eq!(left, ["chatd.2001-01-03.log", current]);
        assert!(directory.path().join("chatd.notes.log").exists());
        assert!(directory.path().join("chatd.log").exists());
    }

    #[test]
    fn a_flood_of_lines_is_kept_within_its_bounds() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = open(directory.path(), config::Rotation::Daily, 3);
        let line = format!("{}\n", "x".repeat(99));
        for number in 0..1000 {
            files.write_line(format!("{number:04} {line}").as_bytes());
            files.settle();
        }
        let mut names = log_files(directory.path());
        names.sort();
        assert_eq!(names.len(), 3, "{names:?}");
        let read = |name: &String| fs::read_to_string(directory.path().join(name)).unwrap();
        let texts: String = names.iter().map(read).collect();
        assert!(
            names.iter().all(|name| read(name).len() <= 1300),
            "{names:?}"
        );
        let numbers: Vec<u32> = texts
            .lines()
            .map(|line| line[..4].parse().unwrap())
            .collect();
        assert_eq!(numbers.last(), Some(&999));
        assert!(
            numbers.is_sorted_by(|one, next| one + 1 == *next),
            "{numbers:?}"
        );
        assert!(files.current().exists());
    }

    #[test]
    fn a_restart_does_not_remove_the_only_file() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = open(directory.path(), config::Rotation::Daily, 1);
        write(&mut files, "before\n");
        let mut files = open(directory.path(), config::Rotation::Daily, 1);
        write(&mut files, "after\n");
        assert_eq!(
            fs::read_to_string(files.current()).unwrap(),
            "before\nafter\n"
        );
    }

    #[test]
    fn after_a_move_lines_go_to_a_new_file_once_it_is_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = open(directory.path(), config::Rotation::Never, 1);
        write(&mut files, "one\n");
        let moved = directory.path().join("chatd.log.1");
        fs::rename(directory.path().join("chatd.log"), &moved).unwrap();
        write(&mut files, "two\n");
        files.health.ask_reopen();
        write(&mut files, "three\n");
        assert_eq!(fs::read_to_string(moved).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(files.current()).unwrap(), "three\n");
    }

    #[test]
    fn a_full_disk_is_counted_told_and_survived() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = open(directory.path(), config::Rotation::Never, 1);
        let file = directory.path().join("chatd.log");
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/full", &file).unwrap();
        files.health.ask_reopen();
        files.write_line(b"lost\n");
        write(&mut files, "lost too\n");
        assert_eq!(files.health.lines_failed(), 2);
        assert!(files.health.failure().unwrap().contains("No space left"));
        fs::remove_file(&file).unwrap();
        files.health.ask_reopen();
        write(&mut files, "kept\n");
        assert_eq!(files.health.failure(), None);
        assert_eq!(fs::read_to_string(&file).unwrap(), "\nkept\n");
    }

    #[test]
    fn a_place_that_cannot_be_used_is_an_error_that_says_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let below = file.join("log");
        let config = log(&below, config::Rotation::Never, 1);
        let Err(error) = LogFiles::open(&below, &config, Arc::default()) else {
            panic!("a file is no directory");
        };
        let error = error.to_string();
        assert!(error.contains("cannot create the log directory"), "{error}");
        assert!(error.contains("[log] directory"), "{error}");
    }
}

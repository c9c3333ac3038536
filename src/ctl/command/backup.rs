//! `chatctl backup` and `restore`. A backup is sent by the daemon and written here, with the rights of who
//! asks. Verifying and restoring work on files, without a daemon, by the store's own code: nobody else
//! may judge what a sound history is.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::config::load_local;
use super::db::{checked_file, must_be_sound};
use super::operate::confirm;
use crate::config::paths::Environment;
use crate::ctl::admin_client::Admin;
use crate::ctl::args;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::new_file::{NewFile, unusable};
use crate::ctl::render::{self, Output};
use crate::store::{self, OpenError, RestoreReport, StoreError};
use crate::wire::admin::Done;
use crate::wire::admin::history::BackupDone;

/// Writes a backup, or checks the one that is there.
///
/// # Errors
/// As [`Admin::get`]; when the file is there already; for `--verify`, exit 1 when it is not sound.
pub async fn run(admin: &Admin, output: Output, backup: &args::Backup) -> Result<()> {
    if backup.verify {
        return verify(output, &backup.file);
    }
    let mut new = NewFile::create(&backup.file)?;
    let mut bytes = 0;
    let take = |piece: &[u8]| {
        bytes += piece.len() as u64;
        new.write_all(piece)
            .with_context(|| backup.file.display().to_string())
    };
    admin.download("/v1/history/backup", take).await?;
    new.finish()?;
    // What the disk has is what counts, not what was sent.
    let checked = checked_file(&backup.file)?;
    must_be_sound(&checked, &backup.file)?;
    let done = BackupDone {
        path: backup.file.display().to_string(),
        bytes,
        messages: checked.messages,
    };
    let text = format!(
        "{} messages are in {}, {}",
        done.messages,
        done.path,
        render::bytes(bytes)
    );
    render::sentence(output, &done, &text)
}

fn verify(output: Output, file: &Path) -> Result<()> {
    let checked = checked_file(file)?;
    must_be_sound(&checked, file)?;
    let text = format!("{} is sound, {} messages", file.display(), checked.messages);
    render::sentence(output, &checked, &text)
}

/// Puts a backup in the place of the history.
///
/// # Errors
/// When a daemon runs on it, the backup is not sound, or nobody can be asked.
pub fn restore(output: Output, restore: &args::Restore, environment: &Environment) -> Result<()> {
    if let Err(error) = fs::metadata(&restore.file) {
        return Err(unusable(&restore.file, &error).into());
    }
    let to = match &restore.to {
        Some(to) => std::path::absolute(to)?,
        None => history_path(environment)?,
    };
    if !restore.yes {
        confirm(&format!(
            "Put {} in the place of the history {}?",
            restore.file.display(),
            to.display()
        ))?;
    }
    let report = store::restore(&restore.file, &to).map_err(|error| refusal(&error))?;
    give_to_owner(&to).with_context(|| {
        format!(
            "the history is in place, but its owner could not be set; do it with chown, or chatd cannot open {}",
            to.display()
        )
    })?;
    let done = sentence(&report, &restore.file, &to);
    let answer = Done {
        done: done.clone(),
        sessions: None,
    };
    render::sentence(output, &answer, &done)
}

/// Where the configuration puts the history.
///
/// # Errors
/// The mistakes of the configuration.
pub fn history_path(environment: &Environment) -> Result<PathBuf> {
    let loaded = load_local(None, environment)
        .map_err(|problems| Failure::new(Exit::Failed, problems.to_string()))?;
    Ok(loaded.config.history.path)
}

fn refusal(error: &StoreError) -> Failure {
    match error {
        StoreError::Open(OpenError::InUse { path, .. }) => Failure::new(
            Exit::Failed,
            format!(
                "a chatd runs on {}: stop it first, with `systemctl stop chatd` or `chatctl shutdown`",
                path.display()
            ),
        ),
        StoreError::Open(OpenError::Lock { path, source }) => unusable(path, source),
        StoreError::File { path, source } => unusable(path, source),
        _ => Failure::new(Exit::Failed, error.to_string()),
    }
}

fn sentence(report: &RestoreReport, backup: &Path, to: &Path) -> String {
    let aside = match &report.kept_aside {
        Some(aside) => format!("what was there is now {}", aside.display()),
        None => "nothing was there".to_owned(),
    };
    format!(
        "{} with {} messages is now {}; {aside}",
        backup.display(),
        report.messages,
        to.display()
    )
}

/// What root has made must belong to whom the directory belongs to, or the daemon cannot open it.
fn give_to_owner(history: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (Some(directory), Some(name)) = (history.parent(), history.file_name()) else {
        return Ok(());
    };
    let owner = fs::metadata(directory)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_of_it = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(name.as_encoded_bytes());
        let found = entry.metadata()?;
        if is_of_it && found.is_file() && found.uid() == 0 {
            chown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

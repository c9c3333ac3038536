//! A result that becomes a file. It appears under its name only when it is whole and on the disk, readable
//! by its owner only unless it says otherwise, and in the place of something else only where that was asked for.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::exit::{Exit, Failure};

/// A file on its way. What is not [finished](Self::finish) leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    unfinished: PathBuf,
    writer: BufWriter<File>,
    replaces: bool,
}

impl NewFile {
    /// Begins a file that is to be at `path`.
    ///
    /// # Errors
    /// When something is there already, or nothing may be written there.
    pub fn create(path: &Path) -> Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(exists(path).into());
        }
        Self::begin(path, false)
    }

    /// Begins a file that is to be at `path`, whatever is there; until it is finished that stays.
    ///
    /// # Errors
    /// When nothing may be written there.
    pub fn replace(path: &Path) -> Result<Self> {
        Self::begin(path, true)
    }

    fn begin(path: &Path, replaces: bool) -> Result<Self> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(format!(".unfinished-{}", std::process::id()));
        let unfinished = PathBuf::from(unfinished);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&unfinished)
            .map_err(|error| unusable(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            unfinished,
            writer: BufWriter::new(file),
            replaces,
        })
    }

    /// Lets everybody read it, whatever the umask.
    ///
    /// # Errors
    /// The system's.
    pub fn let_everybody_read(&self) -> Result<()> {
        let mode = Permissions::from_mode(0o644);
        let changed = self.writer.get_ref().set_permissions(mode);
        changed.map_err(|error| unusable(&self.path, &error).into())
    }

    /// Puts the file on the disk and gives it its name.
    ///
    /// # Errors
    /// When that cannot be done; then it leaves nothing.
    pub fn finish(mut self) -> Result<()> {
        self.settle()
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => exists(&self.path),
                _ => unusable(&self.path, &error),
            })
            .map_err(Into::into)
    }

    fn settle(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()?;
        if self.replaces {
            return fs::rename(&self.unfinished, &self.path);
        }
        match renameat_with(
            CWD,
            &self.unfinished,
            CWD,
            &self.path,
            RenameFlags::NOREPLACE,
        ) {
            // Some file systems cannot tell.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                fs::rename(&self.unfinished, &self.path)
            }
            renamed => Ok(renamed?),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Gone already when it was finished.
        let _ = fs::remove_file(&self.unfinished);
    }
}

fn exists(path: &Path) -> Failure {
    let text = format!(
        "{} exists already: nothing is written over it",
        path.display()
    );
    Failure::new(Exit::Failed, text)
}

/// The failure for a file that cannot be read or written.
#[must_use]
pub fn unusable(path: &Path, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        io::ErrorKind::PermissionDenied => Exit::NotPermitted,
        _ => Exit::Failed,
    };
    Failure::new(exit, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all_and_over_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        let names = || fs::read_dir(directory.path()).unwrap().count();
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(names(), 0, "nothing is left");
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!((fs::read(&path).unwrap(), names()), (b"whole".to_vec(), 1));
        assert!(NewFile::create(&path).is_err());
        let mut file = NewFile::replace(&path).unwrap();
        file.write_all(b"another").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        file.finish().unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names()),
            (b"another".to_vec(), 1)
        );
        assert!(NewFile::create(&directory.path().join("no/out")).is_err());
    }
}

//! One daemon per place: a lock that a second start meets, Unix sockets bound without stepping on
//! a living one, and who holds what is taken. Every message names the holder where the system
//! lets us see it.

mod holder;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use socket2::{Domain, SockAddr, Socket, Type};

pub use holder::{Holder, who_holds};

/// The lock file beside the admin socket, for [`Lock::acquire`].
#[must_use]
pub fn lock_path(admin_socket: &Path) -> PathBuf {
    let mut path = admin_socket.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Why a place cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    #[error("chatd is already running{} (lock {path}): ask it with `chatctl status`, end it with `chatctl shutdown`, or give this one another `[admin] socket`", as_pid(*pid))]
    Running { pid: Option<u32>, path: PathBuf },
    #[error("the lock {path} cannot be taken: {source}")]
    Lock { path: PathBuf, source: io::Error },
    #[error("the directory {path} cannot be used: {reason}")]
    Directory { path: PathBuf, reason: String },
    #[error("the socket {path} is in use{}", by_holder(holder.as_ref()))]
    InUse {
        path: PathBuf,
        holder: Option<Holder>,
    },
    #[error(
        "{path} exists and is {what}: chatd does not remove it; move it away or choose another path"
    )]
    NotOurs { path: PathBuf, what: String },
    #[error("the socket {path} cannot be made: {source}")]
    Bind { path: PathBuf, source: io::Error },
}

fn as_pid(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" as pid {pid}"))
}

fn by_holder(holder: Option<&Holder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" by {holder}"))
}

/// Held as long as the daemon runs; the system takes it back when the process ends, however it
/// ends. The file stays: removing it would let two daemons lock two files of one name.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock and writes our pid into it. Makes the directory when it is missing.
    ///
    /// # Errors
    /// [`InstanceError::Running`] names the daemon that holds it.
    pub fn acquire(path: &Path) -> Result<Self, InstanceError> {
        // Whoever runs there is the better answer than whose the directory is.
        prepare_directory(path).map_err(|error| held_already(path).unwrap_or(error))?;
        let cannot = |source| InstanceError::Lock {
            path: path.to_owned(),
            source,
        };
        // For its owner only: whoever may read a file may lock it, and hold us up for ever.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(nix::libc::O_NOFOLLOW)
            .open(path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(running(&mut file, path)),
            Err(TryLockError::Error(source)) => return Err(cannot(source)),
        }
        file.set_len(0).map_err(cannot)?;
        writeln!(file, "{}", std::process::id()).map_err(cannot)?;
        Ok(Self { _file: file })
    }
}

/// The refusal, where the lock's file can be opened and somebody holds it.
fn held_already(path: &Path) -> Option<InstanceError> {
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
        .ok()?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Some(running(&mut file, path)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn running(held: &mut File, path: &Path) -> InstanceError {
    let mut pid = String::new();
    let _ = held.read_to_string(&mut pid); // the message goes without it
    InstanceError::Running {
        pid: pid.trim().parse().ok(),
        path: path.to_owned(),
    }
}

/// Removes the socket's file when the listener is done with, if it is still ours.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    device_and_inode: Option<(u64, u64)>,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.device_and_inode.is_some() && identity(&self.path) == self.device_and_inode {
            let _ = fs::remove_file(&self.path); // what stays is stale, and the next start's to remove
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Listens on a Unix socket with these permissions; a stale one in its place is removed. Hold the
/// [`Lock`] while calling. Makes the directory when it is missing.
///
/// # Errors
/// [`InstanceError`]: someone answers there, or what is there is no stale socket of ours.
pub fn bind_unix(
    path: &Path,
    mode: u32,
    backlog: u32,
) -> Result<(UnixListener, SocketFile), InstanceError> {
    prepare_directory(path)?;
    remove_stale(path)?;
    let cannot = |source| InstanceError::Bind {
        path: path.to_owned(),
        source,
    };
    let listen = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        socket.bind(&SockAddr::unix(path)?)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        // Only now: nobody connects before the permissions are right.
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok(UnixListener::from(std::os::fd::OwnedFd::from(socket)))
    };
    let listener = listen().map_err(cannot)?;
    let file = SocketFile {
        path: path.to_owned(),
        device_and_inode: identity(path),
    };
    Ok((listener, file))
}

fn remove_stale(path: &Path) -> Result<(), InstanceError> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(()); // nothing there, or `bind` says what is wrong
    };
    let not_ours = |what: String| InstanceError::NotOurs {
        path: path.to_owned(),
        what,
    };
    if !found.file_type().is_socket() {
        return Err(not_ours("no socket".to_owned()));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(not_ours(format!("a socket of uid {}", found.uid())));
    }
    match answers(path) {
        Answer::Nobody => fs::remove_file(path).map_err(|source| InstanceError::Bind {
            path: path.to_owned(),
            source,
        }),
        Answer::Somebody(holder) => Err(InstanceError::InUse {
            path: path.to_owned(),
            holder,
        }),
    }
}

enum Answer {
    Nobody,
    Somebody(Option<Holder>),
}

/// Whether someone listens. Whatever is not a clear no counts as yes: a full backlog, for one.
fn answers(path: &Path) -> Answer {
    let connect = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM.nonblocking(), None)?;
        socket.connect(&SockAddr::unix(path)?)?;
        rustix::net::sockopt::socket_peercred(&socket).map_err(io::Error::from)
    };
    match connect() {
        Ok(peer) => {
            let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).ok();
            Answer::Somebody(Some(Holder::new(pid, Some(peer.uid.as_raw()))))
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Answer::Nobody,
        Err(_) => Answer::Somebody(None),
    }
}

/// The directory of a socket or lock: others may look into it, so that those who may read the
/// admin socket reach it, but nobody else may write there and put a trap in its place.
fn prepare_directory(of: &Path) -> Result<(), InstanceError> {
    let Some(directory) = of.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
        return Ok(());
    };
    let cannot = |reason: String| InstanceError::Directory {
        path: directory.to_owned(),
        reason,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(|error| cannot(error.to_string()))?;
    let found = fs::symlink_metadata(directory).map_err(|error| cannot(error.to_string()))?;
    let sticky = found.mode() & 0o1000 != 0;
    if ![0, geteuid().as_raw()].contains(&found.uid()) {
        return Err(cannot(format!("it belongs to uid {}", found.uid())));
    }
    if found.mode() & 0o022 != 0 && !sticky && !found.file_type().is_symlink() {
        return Err(cannot("others may write to it; `chmod go-w` it".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn who_runs_is_told_before_whose_the_directory_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = lock_path(&directory.path().join("admin.sock"));
        let held = Lock::acquire(&path).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = Lock::acquire(&path).unwrap_err();
        assert!(matches!(error, InstanceError::Running { .. }), "{error}");
        drop(held);
        let error = Lock::acquire(&path).unwrap_err();
        assert!(matches!(error, InstanceError::Directory { .. }), "{error}");
    }

    #[test]
    fn a_second_daemon_is_told_who_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = lock_path(&directory.path().join("run/admin.sock"));
        let held = Lock::acquire(&path).unwrap();
        let error = Lock::acquire(&path).unwrap_err().to_string();
        let expected = format!("chatd is already running as pid {}", std::process::id());
        assert!(error.starts_with(&expected), "{error}");
        drop(held);
        Lock::acquire(&path).unwrap();
    }

    #[test]
    fn a_stale_socket_makes_room_and_a_living_one_does_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chat.sock");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());

        let (_listener, file) = bind_unix(&path, 0o660, 16).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
        UnixStream::connect(&path).unwrap();
        let error = bind_unix(&path, 0o660, 16).unwrap_err().to_string();
        let expected = format!("is in use by pid {}", std::process::id());
        assert!(error.contains(&expected), "{error}");

        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_of_someone_else_is_never_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("precious");
        fs::write(&path, "letters").unwrap();
        let error = bind_unix(&path, 0o660, 16).unwrap_err().to_string();
        assert!(error.contains("is no socket"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "letters");
    }

    #[test]
    fn a_socket_that_another_daemon_made_meanwhile_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chat.sock");
        let (_first, file) = bind_unix(&path, 0o660, 16).unwrap();
        fs::remove_file(&path).unwrap();
        let _second = UnixListener::bind(&path).unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let open = directory.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        let error = bind_unix(&open.join("s"), 0o660, 16)
            .unwrap_err()
            .to_string();
        assert!(error.contains("others may write to it"), "{error}");
    }
}

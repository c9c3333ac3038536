//! Which directories and files chatd uses, by one rule for daemon and command line: what systemd
//! says, else the system's directories for root, else the user's own (XDG Base Directory
//! Specification 0.8). Everything is computed from an [`Environment`], so a test can be anyone.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The config file of a system-wide installation.
pub const SYSTEM_CONFIG_FILE: &str = "/etc/chatd/chat.toml";
/// The admin socket of a system-wide installation.
pub const SYSTEM_ADMIN_SOCKET: &str = "/run/chatd/admin.sock";

/// The variables that are read; no other has any influence on where chatd looks.
const VARIABLES: [&str; 10] = [
    "CHATD_ADMIN_SOCKET",
    "CHATD_CONFIG",
    "HOME",
    "LOGS_DIRECTORY",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];

/// Who runs, and the environment variables that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    uid: u32,
    variables: BTreeMap<&'static str, OsString>,
}

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// What must survive a restart.
    pub state: PathBuf,
    /// Log files.
    pub log: PathBuf,
    /// Sockets.
    pub runtime: PathBuf,
}

impl Environment {
    /// This process's environment and effective user.
    #[must_use]
    pub fn from_process() -> Self {
        Self::new(rustix::process::geteuid().as_raw(), |name| {
            env::var_os(name)
        })
    }

    /// An environment made up by the caller: `variable` answers what a variable holds.
    #[must_use]
    pub fn new(uid: u32, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variables = VARIABLES
            .into_iter()
            .filter_map(|name| Some((name, variable(name)?)))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        Self { uid, variables }
    }

    /// The effective user's id.
    #[must_use]
    pub fn uid(&self) -> u32 {
        self.uid
    }

    fn is_root(&self) -> bool {
        self.uid == 0
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.variables.get(name).map(PathBuf::from)
    }

    /// XDG says that a relative path is invalid and to be ignored.
    fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.path(name).filter(|path| path.is_absolute())
    }

    /// systemd separates several directories by colons; ours is the first.
    fn first(&self, name: &str) -> Option<PathBuf> {
        let value = self.variables.get(name)?;
        let first = value.as_bytes().split(|byte| *byte == b':').next()?;
        Some(PathBuf::from(OsStr::from_bytes(first))).filter(|path| path.is_absolute())
    }

    /// An XDG directory, or its place under the home directory, or a private one without a home.
    fn xdg(&self, name: &str, under_home: &str) -> PathBuf {
        self.absolute(name)
            .or_else(|| Some(self.absolute("HOME")?.join(under_home)))
            .unwrap_or_else(|| self.private_temp().join(under_home))
    }

    /// A directory of one's own in the shared temporary one; see [`create_private`].
    fn private_temp(&self) -> PathBuf {
        self.absolute("TMPDIR")
            .unwrap_or_else(|| PathBuf::from("/tmp"))
            .join(format!("chatd-{}", self.uid))
    }
}

/// The directories by rule. They need not exist.
#[must_use]
pub fn directories(environment: &Environment) -> Directories {
    let by_rule = if environment.is_root() {
        Directories {
            state: PathBuf::from("/var/lib/chatd"),
            log: PathBuf::from("/var/log/chatd"),
            runtime: PathBuf::from("/run/chatd"),
        }
    } else {
        let state = environment
            .xdg("XDG_STATE_HOME", ".local/state")
            .join("chatd");
        Directories {
            log: state.join("log"),
            state,
            runtime: environment
                .absolute("XDG_RUNTIME_DIR")
                .map_or_else(|| environment.private_temp(), |path| path.join("chatd")),
        }
    };
    Directories {
        state: environment
            .first("STATE_DIRECTORY")
            .unwrap_or(by_rule.state),
        log: environment.first("LOGS_DIRECTORY").unwrap_or(by_rule.log),
        runtime: environment
            .first("RUNTIME_DIRECTORY")
            .unwrap_or(by_rule.runtime),
    }
}

/// The config file to read. `explicit` (`--config`) and `$CHATD_CONFIG` are returned whether they
/// exist or not, because someone named them; the others only when `exists` says so. `None` means
/// that chatd runs on its defaults.
#[must_use]
pub fn config_file(
    explicit: Option<&Path>,
    environment: &Environment,
    exists: impl Fn(&Path) -> bool,
) -> Option<PathBuf> {
    if let Some(named) = explicit
        .map(Path::to_path_buf)
        .or_else(|| environment.path("CHATD_CONFIG"))
    {
        return Some(named);
    }
    let user = environment
        .xdg("XDG_CONFIG_HOME", ".config")
        .join("chatd/chat.toml");
    let system = environment
        .is_root()
        .then(|| PathBuf::from(SYSTEM_CONFIG_FILE));
    system
        .into_iter()
        .chain([user])
        .find(|candidate| exists(candidate))
}

/// Where a client looks for the daemon's admin socket, best first. `explicit` (a command line
/// option) or `$CHATD_ADMIN_SOCKET` stands alone; else one's own daemon comes before the system's.
#[must_use]
pub fn admin_socket_candidates(explicit: Option<&Path>, environment: &Environment) -> Vec<PathBuf> {
    if let Some(named) = explicit
        .map(Path::to_path_buf)
        .or_else(|| environment.path("CHATD_ADMIN_SOCKET"))
    {
        return vec![named];
    }
    let mut candidates = vec![directories(environment).runtime];
    // A daemon that was started without $XDG_RUNTIME_DIR (cron, su) is there. Anyone can make a
    // directory of that name first, so it is believed only when it is ours.
    if !environment.is_root() {
        candidates.push(environment.private_temp());
    }
    candidates.retain(|directory| {
        *directory != environment.private_temp() || is_ours(directory, environment)
    });
    let mut sockets: Vec<PathBuf> = candidates
        .into_iter()
        .map(|directory| directory.join("admin.sock"))
        .chain([PathBuf::from(SYSTEM_ADMIN_SOCKET)])
        .collect();
    sockets.dedup();
    sockets
}

/// Makes a directory that only its owner may enter, with its parents, or accepts one that is.
/// For the runtime directory, whose last resort lies in a directory that all users share.
///
/// # Errors
/// What the system says; or `PermissionDenied` when something else is there, or it belongs to
/// another user.
pub fn create_private(directory: &Path, environment: &Environment) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    // symlink_metadata: a link that someone else put there must not pass for the directory.
    let found = fs::symlink_metadata(directory)?;
    if let Some(reason) = not_ours(&found, environment) {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} {reason}", directory.display()),
        ));
    }
    Ok(())
}

/// Whether only we, or root, could have put there what lies in the directory.
#[must_use]
pub fn is_ours(directory: &Path, environment: &Environment) -> bool {
    fs::symlink_metadata(directory).is_ok_and(|found| not_ours(&found, environment).is_none())
}

fn not_ours(found: &Metadata, environment: &Environment) -> Option<String> {
    if !found.is_dir() {
        return Some("is not a directory".to_owned());
    }
    if found.uid() != environment.uid && found.uid() != 0 {
        return Some(format!("belongs to uid {}, not to us", found.uid()));
    }
    if found.mode() & 0o022 != 0 {
        return Some("may be written by other users".to_owned());
    }
    None
}

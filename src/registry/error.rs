//! Why the registry cannot be opened, or does not do what was asked, in words that say what to do.

use std::io;
use std::path::PathBuf;

/// So much waits already that nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("so much waits already that nothing more is taken")]
pub struct Full;

/// Why a registry cannot be opened. It is never begun anew over what is there.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the registry {path} is in use by another chatd: end that one, or give this one another `[accounts] path`"
    )]
    InUse { path: PathBuf },
    #[error(
        "the registry {path} is of version {found}, this chatd knows up to {known}: start the newer chatd again, or bring back a copy from before"
    )]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error(
        "{path} is a database, but no registry of chatd: give `[accounts] path` another name, or move the file away"
    )]
    Foreign { path: PathBuf },
    #[error(
        "the registry {path} is damaged ({what}): bring back a copy of it; to begin anew, without any account or rule, move it away"
    )]
    Damaged { path: PathBuf, what: String },
    #[error(
        "the registry {path} is gone, and with it every account and rule: bring back a copy of it; to begin anew, without any account or rule, remove {lock}"
    )]
    Lost { path: PathBuf, lock: PathBuf },
    #[error("the registry {path} cannot be opened: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("the registry {path} cannot be opened: {source}")]
    Sqlite {
        path: PathBuf,
        source: rusqlite::Error,
    },
    #[error("a thread of the registry cannot be started: {0}")]
    Thread(io::Error),
}

/// Why something that an operator asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("there is no account {0}")]
    NoSuchAccount(String),
    #[error("there is an account {0} already")]
    NameTaken(String),
    #[error("there is no invitation {0}")]
    NoSuchInvitation(i64),
    #[error("there is no token {0}")]
    NoSuchToken(i64),
    #[error("this certificate is the account {0}'s already")]
    CertificateTaken(String),
    #[error("the account has no certificate {0}")]
    NoSuchCertificate(String),
    #[error("there are {0} of them already, the most that are kept")]
    TooMany(usize),
    #[error(transparent)]
    Busy(#[from] Full),
    #[error("the registry did not answer in time")]
    TimedOut,
    #[error("the registry cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

//! What chatd would find on this machine if this user started it now.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use rustix::fs::{Access, access};
use rustix::process::{Resource, getgroups, getrlimit};

use super::Finding;
use crate::config::paths::Environment;
use crate::config::{Config, Endpoint, Loaded};
use crate::ctl::clock;
use crate::tls::{Acceptor, TlsError};

/// Files that chatd needs besides its connections.
const FILES_BESIDES: u64 = 32;

/// A clock before this year has not been set.
const FIRST_YEAR: i32 = 2026;

pub(super) fn config(loaded: &Loaded) -> Finding {
    match &loaded.file {
        Some(file) => Finding::ok("config", format!("{} is correct", file.display())),
        None => Finding::ok("config", "no file, so chatd runs on its defaults"),
    }
}

/// The directories that the config names.
pub(super) fn directories(config: &Config) -> Vec<Finding> {
    let log = config
        .log
        .directory
        .as_ref()
        .map(|path| ("log", path.clone()));
    let runtime = config
        .admin
        .socket
        .parent()
        .map(|path| ("socket", path.to_owned()));
    log.into_iter()
        .chain(runtime)
        .map(|(name, path)| directory(name, &path))
        .collect()
}

pub(super) fn directory(name: &str, path: &Path) -> Finding {
    let existing = nearest_existing(path);
    let writable = access(&existing, Access::WRITE_OK | Access::EXEC_OK);
    match writable {
        Ok(()) if existing == path => Finding::ok(
            "directory",
            format!("{name}: {} may be written", path.display()),
        ),
        Ok(()) => Finding::ok(
            "directory",
            format!("{name}: {} can be made", path.display()),
        ),
        Err(error) => Finding::fail(
            "directory",
            format!(
                "{name}: {} cannot be written in {}: {error}; start chatd as another user, or change the config",
                path.display(),
                existing.display()
            ),
        ),
    }
}

pub(super) fn nearest_existing(path: &Path) -> PathBuf {
    let found = path.ancestors().find(|ancestor| ancestor.exists());
    found.unwrap_or(Path::new("/")).to_owned()
}

/// Whether the addresses are free. Listening is the only way to know, and is over at once.
pub(super) fn ports(config: &Config) -> Vec<Finding> {
    config
        .listen
        .iter()
        .map(|listen| match &listen.at {
            Endpoint::Tcp { address, port } => {
                let at = format!("{address} port {port}");
                match TcpListener::bind((*address, *port)) {
                    Ok(_) => Finding::ok("port", format!("{at} is free")),
                    Err(error) => Finding::fail("port", format!("{at}: {}", advice(&error))),
                }
            }
            Endpoint::Unix { path } => directory("listen", path.parent().unwrap_or(path)),
        })
        .collect()
}

fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "in use by another program; `ss -ltnp` names it".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "not allowed; ports below 1024 need the systemd unit or another port".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "no such address on this machine; `ip address` lists them".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The files of `[tls]`, where a listener needs them. Whether chatd's own user may read them is only
/// known to a daemon that runs, or to that user.
pub(super) fn certificate(config: &Config) -> Vec<Finding> {
    if !config.listen.iter().any(|listen| listen.tls) {
        return Vec::new();
    }
    let now_s = clock::now().timestamp();
    match Acceptor::load(&config.tls, now_s, None) {
        Ok(acceptor) => {
            let certificate = acceptor.certificate();
            vec![match certificate.expiry_warning(now_s) {
                Some(warning) => Finding::warn("certificate", warning),
                None => Finding::ok(
                    "certificate",
                    format!(
                        "{} is good for {} days",
                        certificate.subject,
                        certificate.days_left(now_s)
                    ),
                ),
            }]
        }
        Err(errors) => {
            let tell = |error: &TlsError| match error {
                TlsError::Unreadable { kind, .. } if *kind == io::ErrorKind::PermissionDenied => {
                    Finding::warn("certificate", error.to_string())
                }
                error => Finding::fail("certificate", error.to_string()),
            };
            errors.iter().map(tell).collect()
        }
    }
}

/// chatd raises its own limit as far as it may, so the hard limit counts.
pub(super) fn open_files(config: &Config) -> Finding {
    let wanted = config.limits.hub.max_connections as u64 + FILES_BESIDES;
    match getrlimit(Resource::Nofile).maximum {
        Some(allowed) if allowed < wanted => Finding::warn(
            "open files",
            format!(
                "{allowed} allowed, {} connections want {wanted}; raise LimitNOFILE= or ulimit -Hn",
                config.limits.hub.max_connections
            ),
        ),
        Some(allowed) => Finding::ok("open files", format!("{allowed} allowed, {wanted} wanted")),
        None => Finding::ok("open files", "no limit"),
    }
}

/// Whether this user may change things: root, and members of the admin group. The daemon's own
/// user may too, which only the daemon can tell.
pub(super) fn rights(config: &Config, environment: &Environment) -> Finding {
    let group = &config.admin.group;
    if environment.uid() == 0 {
        return Finding::ok("rights", "root may change everything");
    }
    let member = nix::unistd::Group::from_name(group)
        .ok()
        .flatten()
        .is_some_and(|found| {
            let groups = getgroups().unwrap_or_default();
            groups.iter().any(|gid| gid.as_raw() == found.gid.as_raw())
        });
    if member {
        return Finding::ok(
            "rights",
            format!("a member of {group} may change everything"),
        );
    }
    Finding::ok(
        "rights",
        format!(
            "may change a chatd of your own; for another user's: sudo usermod -aG {group} $USER"
        ),
    )
}

pub(super) fn clock() -> Finding {
    let now = clock::now();
    if now.year() < FIRST_YEAR {
        let text = format!("says {now}, before chatd was written; set it (timedatectl)");
        return Finding::fail("clock", text);
    }
    Finding::ok("clock", now.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

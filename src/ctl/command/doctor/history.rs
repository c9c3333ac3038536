//! What can be seen of the history: through a daemon that runs, and from the file and its directory. The
//! store itself looks at the file, as it would open it, but without changing anything.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{statfs, statvfs};

use super::Finding;
use crate::config::{self, Durability};
use crate::ctl::admin_client::Admin;
use crate::ctl::render;
use crate::store::{OpenError, look, look_at_search};
use crate::wire::admin::history::HistoryStatus;

/// What a history on a network file system has under it, by statfs(2): SQLite's log needs shared memory and
/// locks that these do not give between machines.
const NETWORK_FILE_SYSTEMS: [(u32, &str); 6] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x00c3_6400, "Ceph"),
    (0x0102_1997, "9P"),
];

/// Free space below which it is time to do something.
const FREE_BYTES_MIN: u64 = 200 << 20;

/// The daemon's own word.
pub(super) async fn of_daemon(admin: &Admin) -> Vec<Finding> {
    let Ok(status) = admin.get::<HistoryStatus>("/v1/history/status").await else {
        return Vec::new();
    };
    let Some(path) = &status.path else {
        return vec![off()];
    };
    let mut findings = Vec::new();
    // That it fails is among the daemon's warnings, with the reason and what to do.
    if status.why.is_none() {
        let text = format!(
            "{} messages in {}, kept as {:?}",
            status.messages,
            render::bytes(status.database_bytes + status.log_bytes + status.search_bytes),
            status.durability
        );
        findings.push(Finding::ok("history", text));
    }
    findings.push(match &status.last_check {
        Some(check) if check.is_sound => {
            Finding::ok("history check", format!("sound at {}", check.at))
        }
        Some(check) => Finding::fail(
            "history check",
            format!("damaged, found at {}; chatctl db check says how", check.at),
        ),
        None => Finding::ok(
            "history check",
            "none since chatd started; chatctl db check makes one",
        ),
    });
    findings.push(match &status.last_backup_at {
        Some(at) => Finding::ok("history backup", format!("the last one at {at}")),
        None => Finding::ok(
            "history backup",
            "none since chatd started; chatctl backup FILE",
        ),
    });
    findings.extend(disk(Path::new(path)));
    findings
}

/// What a daemon that starts now would find.
pub(super) fn of_file(config: &config::History) -> Vec<Finding> {
    if config.durability == Durability::Off {
        return vec![off()];
    }
    let path = &config.path;
    let mut findings = vec![super::machine::directory(
        "history",
        path.parent().unwrap_or(path),
    )];
    findings.push(opening(path));
    if let Err(why) = look_at_search(path) {
        findings.push(Finding::warn("history search", why));
    }
    findings.extend(owners(path));
    findings.extend(disk(path));
    findings
}

fn off() -> Finding {
    let text = "off ([history] durability): nothing that is said is kept";
    Finding::ok("history", text)
}

/// What opening it would come to; whoever refuses says what to do.
fn opening(path: &Path) -> Finding {
    let shown = path.display();
    match look(path) {
        Ok(None) => Finding::ok(
            "history",
            format!("{shown} is not there yet; chatd makes it"),
        ),
        Ok(Some(0)) => Finding::ok(
            "history",
            format!("{shown} is empty; chatd begins a history in it"),
        ),
        Ok(Some(version)) => Finding::ok("history", format!("{shown} is of version {version}")),
        Err(OpenError::InUse { pid, .. }) => {
            let who = pid.map_or_else(|| "a chatd".to_owned(), |pid| format!("pid {pid}"));
            let text = format!(
                "{who} has {shown} open, but its admin socket does not answer here; see --socket"
            );
            Finding::warn("history lock", text)
        }
        Err(refused) => Finding::fail("history", refused.to_string()),
    }
}

/// The daemon runs as the owner of the directory, by our unit and by common sense, and root may open what
/// the daemon may not.
fn owners(path: &Path) -> Vec<Finding> {
    let Some(directory) = path.parent().and_then(|it| fs::metadata(it).ok()) else {
        return Vec::new();
    };
    let files = ["", "-wal", "-log", ".lock"].map(|suffix| {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        PathBuf::from(file)
    });
    let there = files
        .iter()
        .filter_map(|file| Some((file, fs::symlink_metadata(file).ok()?)));
    there
        .filter_map(|(file, found)| owner(file, &found, directory.uid()))
        .collect()
}

fn owner(path: &Path, found: &fs::Metadata, wanted: u32) -> Option<Finding> {
    if !found.is_file() {
        return None; // it was complained of already
    }
    let uid = found.uid();
    if uid != wanted {
        let text = format!(
            "{} belongs to uid {uid}, its directory to uid {wanted}: chown it, or chatd cannot open it",
            path.display()
        );
        return Some(Finding::fail("history owner", text));
    }
    let mode = found.permissions().mode() & 0o777;
    let shown = path.display();
    if mode & 0o600 != 0o600 {
        let text = format!("{shown} has mode {mode:o}: chmod 600, or chatd cannot use it");
        return Some(Finding::fail("history owner", text));
    }
    if mode & 0o007 != 0 {
        let text = format!(
            "{shown} has mode {mode:o}: others on this machine may read everything; chmod 600"
        );
        return Some(Finding::warn("history owner", text));
    }
    let text = format!("{shown}: uid {uid}, mode {mode:o}");
    Some(Finding::ok("history owner", text))
}

/// Space, and whether the disk is one that a database can be on.
fn disk(path: &Path) -> Vec<Finding> {
    let directory = super::machine::nearest_existing(path.parent().unwrap_or(path));
    let mut findings = Vec::new();
    if let Ok(disk) = statvfs(&directory) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let text = format!("{} free in {}", render::bytes(free), directory.display());
        findings.push(if free < FREE_BYTES_MIN {
            Finding::warn(
                "history space",
                format!("{text}; make room, or soon nothing can be kept"),
            )
        } else {
            Finding::ok("history space", text)
        });
    }
    if let Ok(system) = statfs(&directory) {
        // Its width and sign differ by machine; the numbers have 32 bits.
        let kind = system.f_type as u32;
        let network = NETWORK_FILE_SYSTEMS
            .iter()
            .find(|(magic, _)| *magic == kind);
        findings.extend(network.map(|(_, name)| {
            let text = format!(
                "{} is on {name}: a history must be on a local disk, or it will be damaged",
                directory.display()
            );
            Finding::fail("history disk", text)
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn files_that_chatd_cannot_use_are_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.db");
        fs::write(&path, "").unwrap();
        let lock = directory.path().join("history.db.lock");
        fs::write(&lock, "").unwrap();
        let found = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            owners(&path)
        };
        for (mode, verdict, word) in [
            (0o600, Verdict::Ok, "mode 600"),
            (0o644, Verdict::Warn, "others"),
            (0o400, Verdict::Fail, "chmod 600"),
        ] {
            let findings = found(mode);
            assert_eq!(findings[0].verdict, verdict, "{findings:?}");
            assert!(findings[0].text.contains(word), "{findings:?}");
            assert!(findings[1].text.contains(".lock"), "{findings:?}");
        }
        let metadata = fs::metadata(&lock).unwrap();
        let foreign = owner(&lock, &metadata, metadata.uid() + 1).unwrap();
        assert_eq!(foreign.verdict, Verdict::Fail);
        assert!(foreign.text.contains("history.db.lock belongs to"));
    }
}

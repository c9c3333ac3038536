//! What can be seen of the history: through a daemon that runs, and from the file and its directory. The
//! file is only looked at, never opened as a database, so that looking changes nothing.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{statfs, statvfs};

use super::Finding;
use crate::config::{self, Durability};
use crate::ctl::admin_client::Admin;
use crate::ctl::render;
use crate::store::SCHEMA_VERSION;
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
    match fs::metadata(path) {
        Err(_) => findings.push(Finding::ok(
            "history",
            format!("{} is not there yet; chatd makes it", path.display()),
        )),
        Ok(found) => {
            findings.push(header(path));
            findings.extend(owner(path, &found));
        }
    }
    findings.extend(holder(path));
    findings.extend(disk(path));
    findings
}

fn off() -> Finding {
    let text = "off ([history] durability): nothing that is said is kept";
    Finding::ok("history", text)
}

/// The first bytes of a SQLite database (sqlite.org/fileformat.html): its magic, at 18 the journal mode, at
/// 60 the version that is ours.
fn header(path: &Path) -> Finding {
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    if let Err(error) = read {
        let text = format!("{} cannot be read: {error}", path.display());
        return Finding::fail("history", text);
    }
    let version = u32::from_be_bytes([header[60], header[61], header[62], header[63]]);
    if &header[..16] != b"SQLite format 3\0" {
        let text = format!(
            "{} is no database; move it away, or bring back a backup with chatctl restore",
            path.display()
        );
        return Finding::fail("history", text);
    }
    if version > SCHEMA_VERSION {
        let text = format!(
            "{} is of version {version}, written by a newer chatd; this one knows {SCHEMA_VERSION}",
            path.display()
        );
        return Finding::fail("history", text);
    }
    let journal = match header[18] {
        2 => "with a write-ahead log",
        _ => "without a write-ahead log yet, as a backup; chatd changes that",
    };
    let text = format!("{} is of version {version}, {journal}", path.display());
    Finding::ok("history", text)
}

/// The daemon runs as the owner of the directory, by our unit and by common sense.
fn owner(path: &Path, found: &fs::Metadata) -> Option<Finding> {
    let directory = fs::metadata(path.parent()?).ok()?;
    if directory.uid() != found.uid() {
        let text = format!(
            "{} belongs to uid {}, its directory to uid {}: chown it, or chatd cannot open it",
            path.display(),
            found.uid(),
            directory.uid()
        );
        return Some(Finding::fail("history owner", text));
    }
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o007 != 0 {
        let text = format!(
            "{} has mode {mode:o}: others on this machine may read everything; chmod 600",
            path.display()
        );
        return Some(Finding::warn("history owner", text));
    }
    Some(Finding::ok(
        "history owner",
        format!("uid {}, mode {mode:o}", found.uid()),
    ))
}

/// Who holds the lock. Taking it, even for a moment, could make a chatd fail that starts just then, so
/// the kernel's list is read.
fn holder(path: &Path) -> Option<Finding> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let lock = Path::new(&lock);
    let inode = format!(":{} ", fs::metadata(lock).ok()?.ino());
    let pid = fs::read_to_string(lock).ok()?.trim().to_owned();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let is_held = locks
        .lines()
        .any(|line| line.contains("FLOCK") && line.contains(&inode) && !line.contains("->"));
    is_held.then(|| {
        let text = format!(
            "pid {pid} has {} open, but its admin socket does not answer here; see --socket",
            path.display()
        );
        Finding::warn("history lock", text)
    })
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

    fn with_version(version: u32, journal: u8) -> Vec<u8> {
        let mut header = vec![0; 100];
        header[..16].copy_from_slice(b"SQLite format 3\0");
        header[18] = journal;
        header[60..64].copy_from_slice(&version.to_be_bytes());
        header
    }

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("history.db");
        for (bytes, verdict, word) in [
            (with_version(SCHEMA_VERSION, 2), Verdict::Ok, "write-ahead"),
            (with_version(SCHEMA_VERSION, 1), Verdict::Ok, "as a backup"),
            (with_version(SCHEMA_VERSION + 1, 2), Verdict::Fail, "newer"),
            (vec![b'x'; 100], Verdict::Fail, "no database"),
            (vec![b'x'; 10], Verdict::Fail, "cannot be read"),
        ] {
            fs::write(&path, bytes).unwrap();
            let finding = header(&path);
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.text.contains(word), "{finding:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let finding = owner(&path, &fs::metadata(&path).unwrap()).unwrap();
        assert!(finding.text.contains("others"), "{finding:?}");
    }
}

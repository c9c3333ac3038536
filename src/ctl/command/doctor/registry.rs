//! What can be seen of the accounts, rooms and rules without opening their database: whether it is there, and for
//! whom. Whether a running chatd can write to it is among its warnings.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Finding;

/// What the group and the others may do with a file.
const OTHERS: u32 = 0o077;

/// What a daemon that starts now would find.
pub(super) fn of_file(path: &Path) -> Finding {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if found.len() == 0 => Finding::fail(
            "accounts",
            format!("{shown} is empty: bring back a copy of it"),
        ),
        Ok(found) if found.mode() & OTHERS != 0 => Finding::warn(
            "accounts",
            format!("others may read or write {shown}: chmod 600"),
        ),
        Ok(_) => Finding::ok("accounts", format!("in {shown}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing(path),
        Err(error) => Finding::warn("accounts", format!("{shown} cannot be looked at: {error}")),
    }
}

/// The lock file beside it is written to once there is a registry.
fn missing(path: &Path) -> Finding {
    let shown = path.display();
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    match fs::metadata(lock) {
        Ok(lock) if lock.len() > 0 => Finding::fail(
            "accounts",
            format!("{shown} is gone, but there was one: bring back a copy of it"),
        ),
        Ok(_) | Err(_) => Finding::ok(
            "accounts",
            format!("{shown} is not there yet; chatd makes it"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::ctl::command::doctor::Verdict;

    #[test]
    fn a_registry_that_is_lost_empty_or_open_to_others_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("registry.db");
        let verdict = || of_file(&path).verdict;
        assert_eq!(verdict(), Verdict::Ok);
        fs::write(directory.path().join("registry.db.lock"), "one").unwrap();
        assert_eq!(verdict(), Verdict::Fail);
        fs::write(&path, "").unwrap();
        assert_eq!(verdict(), Verdict::Fail);
        fs::write(&path, "a registry").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert_eq!(verdict(), Verdict::Warn);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(verdict(), Verdict::Ok);
    }
}

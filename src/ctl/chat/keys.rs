//! The session key of a running `chatctl join`, kept where only its user can read it, so that
//! `chatctl send --as ana` on the same machine speaks as the same user. A key opens nothing but a
//! session that is open already, and is worthless once that has ended; so every failure here only
//! means that there is no key.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::config::paths::{Environment, create_private, directories};
use crate::ctl::locate::Server;

/// A key file that goes away with its session.
#[derive(Debug)]
pub struct KeptKey {
    path: PathBuf,
    key: String,
}

impl KeptKey {
    /// Keeps a session's key for as long as the value lives. `None` where it cannot be kept.
    #[must_use]
    pub fn keep(server: &Server, nick: &str, key: &str) -> Option<Self> {
        let environment = Environment::from_process();
        let directory = directory(&environment);
        create_private(&directory, &environment).ok()?;
        let path = directory.join(file_name(server, nick));
        write(&path, key).ok()?;
        Some(Self {
            path,
            key: key.to_owned(),
        })
    }
}

impl Drop for KeptKey {
    fn drop(&mut self) {
        // Another session of the same user may have put its own key there since.
        if read(&self.path).as_deref() == Some(self.key.as_str()) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The key of a session of this user that runs on this machine, if there is one.
#[must_use]
pub fn find(server: &Server, nick: &str) -> Option<String> {
    let environment = Environment::from_process();
    read(&directory(&environment).join(file_name(server, nick)))
}

/// In the user's own runtime directory. Without one, beside the sockets of an own daemon; but root
/// must not write where the user `chatd` may.
fn directory(environment: &Environment) -> PathBuf {
    let own = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    match own.filter(|path| path.is_absolute()) {
        Some(own) => own.join("chatctl"),
        None if environment.uid() == 0 => PathBuf::from("/run/chatctl"),
        None => directories(environment).runtime.join("chatctl"),
    }
}

/// One file for each server and nick, whatever characters they have.
fn file_name(server: &Server, nick: &str) -> String {
    let mut name = String::from("key-");
    for byte in format!("{server} {}", nick.to_lowercase()).bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    // File systems allow 255 bytes; a longer name has no key rather than another's.
    name
}

fn write(path: &Path, key: &str) -> std::io::Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(key.as_bytes())?;
    fs::rename(&new, path)
}

fn read(path: &Path) -> Option<String> {
    let key = fs::read_to_string(path).ok()?;
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn a_key_file_is_private_and_goes_with_its_session() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let kept = KeptKey {
            path: path.clone(),
            key: "secret".into(),
        };
        assert_eq!(read(&path).as_deref(), Some("secret"));
        drop(kept);
        assert_eq!(read(&path), None);
    }

    #[test]
    fn another_sessions_key_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        write(&path, "old").unwrap();
        let kept = KeptKey {
            path: path.clone(),
            key: "old".into(),
        };
        write(&path, "new").unwrap();
        drop(kept);
        assert_eq!(read(&path).as_deref(), Some("new"));
    }

    #[test]
    fn file_names_are_plain_and_differ() {
        let server = Server::Tcp("127.0.0.1:12231".into());
        let name = file_name(&server, "../../x");
        assert!(!name.contains('/'));
        assert_eq!(file_name(&server, "Ana"), file_name(&server, "ana"));
        assert_ne!(file_name(&server, "ana"), file_name(&server, "한"));
    }
}

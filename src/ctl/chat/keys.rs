//! Keys, kept where only their user can read them. A key says who somebody is: whoever says it at a
//! login speaks as the user that has it, or becomes that person again where the nick is free. So one
//! file for each server and nick outlives chatctl (the *identity*: the same private history and read
//! marks tomorrow), and one lives as long as a running `chatctl join` (the *session*, whose nick may
//! have changed), so that `chatctl send --as ana` beside it speaks as the same user. Every failure
//! here only means that there is no key.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::login::Welcome;
use crate::config::paths::{Environment, create_private, directories, is_ours};
use crate::ctl::locate::Server;

/// A session's key file, which goes away with it.
#[derive(Debug)]
pub struct KeptKey {
    path: PathBuf,
    key: String,
}

impl KeptKey {
    /// Keeps a session's key for as long as the value lives. `None` where it cannot be kept.
    #[must_use]
    pub fn keep(server: &Server, nick: &str, key: &str) -> Option<Self> {
        if key.is_empty() {
            return None; // a restricted token has none
        }
        let environment = Environment::from_process();
        let path = keep(
            &sessions(&environment),
            &file_name("key", server, nick),
            key,
            &environment,
        )?;
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

/// Keeps who this login is, for all later ones under its nick. A kept key is replaced only where the
/// server took it and gave another one; one that does not fit for the moment, because somebody else has
/// the nick, fits again when they have gone.
pub fn keep_identity(server: &Server, welcome: &Welcome) {
    // Who has an account is known by that, and its key is no good without it.
    if welcome.proof.is_some() {
        return;
    }
    let environment = Environment::from_process();
    let directory = identities(&environment);
    let name = file_name("identity", server, &welcome.nick);
    let kept = is_ours(&directory, &environment)
        .then(|| read(&directory.join(&name)))
        .flatten();
    let is_worthless = welcome.presented == kept && kept.as_ref() != Some(&welcome.key);
    if kept.is_none() || is_worthless {
        // Without it the next login is somebody new, as without chatctl.
        let _ = keep(&directory, &name, &welcome.key, &environment);
    }
}

/// The key for a nick: that of a session which runs on this machine, else the kept identity.
#[must_use]
pub fn find(server: &Server, nick: &str) -> Option<String> {
    let environment = Environment::from_process();
    let of_session = sessions(&environment).join(file_name("key", server, nick));
    let of_identity = identities(&environment).join(file_name("identity", server, nick));
    [of_session, of_identity].iter().find_map(|path| {
        // Another's key would make us speak as a user of theirs.
        let is_private = path.parent().is_some_and(|it| is_ours(it, &environment));
        is_private.then(|| read(path)).flatten()
    })
}

/// In the user's own runtime directory. Without one, beside the sockets of an own daemon; but root
/// must not write where the user `chatd` may.
fn sessions(environment: &Environment) -> PathBuf {
    match own_directory("XDG_RUNTIME_DIR") {
        Some(own) => own.join("chatctl"),
        None if environment.uid() == 0 => PathBuf::from("/run/chatctl"),
        None => directories(environment).runtime.join("chatctl"),
    }
}

/// In the user's own state directory, with the same caution.
fn identities(environment: &Environment) -> PathBuf {
    let of_home = || Some(own_directory("HOME")?.join(".local/state"));
    match own_directory("XDG_STATE_HOME").or_else(of_home) {
        Some(own) => own.join("chatctl"),
        None if environment.uid() == 0 => PathBuf::from("/var/lib/chatctl"),
        None => directories(environment).state.join("chatctl"),
    }
}

fn own_directory(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

/// One file for each server and nick, whatever characters they have.
fn file_name(kind: &str, server: &Server, nick: &str) -> String {
    let mut name = format!("{kind}-");
    for byte in format!("{server} {}", nick.to_lowercase()).bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    // File systems allow 255 bytes; a longer name has no key rather than another's.
    name
}

fn keep(directory: &Path, name: &str, key: &str, environment: &Environment) -> Option<PathBuf> {
    create_private(directory, environment).ok()?;
    let path = directory.join(name);
    write(&path, key).ok()?;
    Some(path)
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
        let name = file_name("key", &server, "../../x");
        assert!(!name.contains('/'));
        let of = |nick| file_name("key", &server, nick);
        assert_eq!(of("Ana"), of("ana"));
        assert_ne!(of("ana"), of("한"));
    }
}

//! A Unix listener that trusts its peers to be who the system says, with the real system and chatctl.

use std::path::{Path, PathBuf};
use std::process::Output;

use nix::unistd::{User, geteuid};
use tempfile::TempDir;

use crate::support::Daemon;

/// Whose tests these are: nobody else's process can be started here.
fn own_name() -> String {
    let user = User::from_uid(geteuid()).expect("a user database");
    user.expect("a name for who runs the tests").name
}

struct Stage {
    daemon: Daemon,
    socket: PathBuf,
    _directory: TempDir,
}

impl Stage {
    fn with(trust: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("chat.sock");
        let config = format!(
            "[[listen]]\nport = 0\n[[listen]]\nunix = {:?}\n{trust}\n[accounts]\nhash_memory = \"7MiB\"\n\
             hash_passes = 1\n{more}",
            socket.display().to_string()
        );
        Self {
            daemon: Daemon::start(&config),
            socket,
            _directory: directory,
        }
    }

    fn operate(&self, args: &[&str]) {
        let done = self.daemon.chatctl().args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
    }

    /// Without a choice of nick, as somebody whose name the environment has.
    fn send(&self, socket: &Path, user: &str) -> Output {
        let mut chatctl = self.daemon.chatctl();
        chatctl
            .env("CHATD_SERVER", format!("unix:{}", socket.display()))
            .env_remove("CHATD_NICK")
            .env("USER", user);
        chatctl.args(["send", "#lobby", "hello"]).output().unwrap()
    }
}

#[test]
fn a_system_user_needs_no_password_for_the_account_of_that_name() {
    let stage = Stage::with("trust = \"peer\"", "require = \"all\"\n");
    let name = own_name();
    let refused = stage.send(&stage.socket, &name);
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "no account is made: {stderr}");
    assert!(stderr.contains("account"), "{stderr}");
    stage.operate(&["user", "add", &name, "--no-password"]);
    let sent = stage.send(&stage.socket, &name);
    assert!(sent.status.success(), "{sent:?}");
    stage
        .daemon
        .wait_for_log(&["logged in by peer credentials", &format!("account={name}")]);
    stage.operate(&["user", "add", "somebody-else", "--no-password"]);
    let refused = stage.send(&stage.socket, "somebody-else");
    assert!(!refused.status.success(), "{refused:?}");
    stage.operate(&["user", "disable", &name]);
    let refused = stage.send(&stage.socket, &name);
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success(), "{stderr}");
    assert!(stderr.contains("closed"), "{stderr}");
}

#[test]
fn without_trust_a_name_proves_nothing() {
    let stage = Stage::with("", "require = \"all\"\n");
    let name = own_name();
    stage.operate(&["user", "add", &name, "--no-password"]);
    let refused = stage.send(&stage.socket, &name);
    assert!(!refused.status.success(), "{refused:?}");
}

#[test]
fn who_has_no_account_is_a_guest_there() {
    let stage = Stage::with("trust = \"peer\"", "");
    let name = own_name();
    let sent = stage.send(&stage.socket, &name);
    assert!(sent.status.success(), "{sent:?}");
    assert!(!stage.daemon.log().contains("peer credentials"));
}

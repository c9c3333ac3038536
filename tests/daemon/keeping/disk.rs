//! A small disk of one's own: a file system in memory, mounted where nobody else sees it. The mount belongs
//! to a process that holds it and is gone with it, so nothing is left on the machine. Root may mount as it
//! is; anybody else becomes root of a user namespace first. No other way is as true: a limit on the size of
//! files is told by another error than a full disk's, and a loop device needs root.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::{Daemon, daemon_command};

pub(super) struct SmallDisk {
    holder: Child,
    mounted_at: TempDir,
}

impl SmallDisk {
    pub(super) fn new(mib: usize) -> Self {
        let mounted_at = tempfile::tempdir().expect("a temporary directory");
        let mut unshare = Command::new("unshare");
        if !is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        let mut holder = unshare
            .args(["--mount", "--propagation", "private", "--", "sh", "-c"])
            .arg("mount -t tmpfs -o size=\"$1\"m tmpfs \"$0\" && echo mounted && exec cat")
            .arg(mounted_at.path())
            .arg(mib.to_string())
            .stdin(Stdio::piped()) // its end is the holder's end
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare, of util-linux");
        let mut said = String::new();
        let out = holder.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut said).expect("a pipe");
        assert_eq!(
            said, "mounted\n",
            "no disk can be mounted: run this as root, or let users have namespaces of their own"
        );
        Self { holder, mounted_at }
    }

    /// Starts a daemon whose history is on this disk; all else is where it always is.
    pub(super) fn start(&self, config: &str) -> Daemon {
        let history = self.path("history.db");
        let config = format!("{config}\n[history]\npath = {history:?}\n");
        Self::start_as(self, &config)
    }

    /// As [`Self::start`], where the config says more of the history than its path.
    pub(super) fn start_as(&self, config: &str) -> Daemon {
        let enter = self.entrance();
        let home = tempfile::tempdir().expect("a temporary directory");
        Daemon::start_in(home, config, move |directory| {
            enter_with(&enter, &daemon_command(directory), directory)
        })
    }

    /// Where a file of this disk is, for those who have entered.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.mounted_at.path().join(name)
    }

    /// Where it is for everybody else.
    pub(super) fn seen_from_outside(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        let path = self.path(name);
        root.join(path.strip_prefix("/").expect("an absolute path"))
    }

    /// Leaves not a byte.
    pub(super) fn fill(&self) {
        let mut filler = fs::File::create(self.seen_from_outside("filler")).expect("a file");
        for size in [65536, 4096, 1] {
            loop {
                match filler.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    pub(super) fn make_room(&self) {
        fs::remove_file(self.seen_from_outside("filler")).expect("a file");
    }

    /// Runs a shell's command in there.
    pub(super) fn run(&self, script: &str) {
        let enter = self.entrance();
        let (program, arguments) = enter.split_first().expect("a command");
        let status = Command::new(program)
            .args(arguments)
            .args(["sh", "-ec", script])
            .arg(self.mounted_at.path())
            .status()
            .expect("nsenter, of util-linux");
        assert!(status.success(), "{script}");
    }

    /// The command that enters, to be followed by another.
    fn entrance(&self) -> Vec<String> {
        let target = self.holder.id().to_string();
        let mut enter = vec!["nsenter", "--target", &target, "--mount"];
        if !is_root() {
            enter.extend(["--user", "--preserve-credentials"]);
        }
        enter.push("--");
        enter.into_iter().map(str::to_owned).collect()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.holder.kill().ok();
        self.holder.wait().ok();
    }
}

/// The same command behind an entrance: it becomes the daemon, so its pid is the daemon's.
fn enter_with(enter: &[String], command: &Command, directory: &Path) -> Command {
    let (program, arguments) = enter.split_first().expect("a command");
    let mut entering = Command::new(program);
    entering
        .args(arguments)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => entering.env(name, value),
            None => entering.env_remove(name),
        };
    }
    let stderr = fs::File::create(directory.join("stderr")).expect("a file for stderr");
    entering
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    entering
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

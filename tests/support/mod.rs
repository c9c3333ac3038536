//! A real daemon in a directory of its own, on ports that the system chose, and peers to talk to it.
//! Everything waits for facts, with one generous bound; nothing sleeps a fixed time.

pub(crate) mod peers;
pub(crate) mod registrar;
pub(crate) mod shelf;
pub(crate) mod tls;

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for something that must happen: far more than it takes on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running chatd. Killed when dropped, if it has not ended by itself.
pub(crate) struct Daemon {
    directory: TempDir,
    launch: Launch,
    child: Child,
    chat: SocketAddr,
}

/// Makes the command that starts a daemon with its files below a directory.
type Launch = Box<dyn Fn(&Path) -> Command + Send + Sync>;

impl Daemon {
    /// Starts chatd with this config, ready to serve. Where the config names no listener, it listens
    /// for chat on a free port of 127.0.0.1.
    pub(crate) fn start(config: &str) -> Self {
        Self::start_with(config, |_| {})
    }

    /// As [`Self::start`], with a say in the command.
    pub(crate) fn start_with(
        config: &str,
        adjust: impl Fn(&mut Command) + Send + Sync + 'static,
    ) -> Self {
        let launch = move |directory: &Path| {
            let mut command = daemon_command(directory);
            adjust(&mut command);
            command
        };
        Self::start_in(
            tempfile::tempdir().expect("a temporary directory"),
            config,
            launch,
        )
    }

    /// As [`Self::start`], in a directory that may have files already, by a command of one's own.
    pub(crate) fn start_in(
        directory: TempDir,
        config: &str,
        launch: impl Fn(&Path) -> Command + Send + Sync + 'static,
    ) -> Self {
        fs::write(directory.path().join("chat.toml"), with_listener(config)).expect("a config");
        let child = launch(directory.path()).spawn().expect("chatd starts");
        let mut daemon = Self {
            directory,
            launch: Box::new(launch),
            child,
            chat: UNKNOWN,
        };
        daemon.wait_until_ready();
        daemon
    }

    fn wait_until_ready(&mut self) {
        let status = wait_for("the daemon to be ready", || self.poll_ready());
        self.listens_where(&status);
    }

    fn listens_where(&mut self, status: &Value) {
        let address = status["listeners"][0]["address"].as_str();
        self.chat = address
            .and_then(|address| address.parse().ok())
            .unwrap_or(UNKNOWN);
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a child to kill");
        self.child.wait().expect("a child to ask");
        let said = self.stderr();
        assert!(!said.contains("panicked"), "{said}");
    }

    /// Starts it once more with the same files, after it has ended. Its port is another.
    pub(crate) fn start_again(&mut self) {
        let ended = self.child.try_wait().expect("a child to ask");
        assert!(ended.is_some(), "it runs");
        self.child = (self.launch)(self.directory.path())
            .spawn()
            .expect("chatd starts");
        self.wait_until_ready();
    }

    /// As [`Self::start_again`], where it may refuse to: whether it serves.
    pub(crate) fn try_start_again(&mut self) -> bool {
        self.child = (self.launch)(self.directory.path())
            .spawn()
            .expect("chatd starts");
        let ended = wait_for("the daemon to be ready or to refuse", || {
            if let Some(status) = self.child.try_wait().expect("a child to ask") {
                return Some(Err(status));
            }
            let (_, status) = self.try_admin("GET", "/v1/status", "").ok()?;
            (status["state"] == "ready").then_some(Ok(status))
        });
        match ended {
            Ok(status) => {
                self.listens_where(&status);
                true
            }
            Err(status) => {
                assert_eq!(status.code(), Some(1), "{}", self.stderr());
                false
            }
        }
    }

    /// Runs it once more to its end, which must come at once: its exit code, and what it said.
    pub(crate) fn fails_to_start_again(&mut self) -> (Option<i32>, String) {
        let mut again = (self.launch)(self.directory.path())
            .spawn()
            .expect("chatd starts");
        let status = wait_for("the daemon to refuse", || {
            again.try_wait().expect("a child")
        });
        (status.code(), self.stderr())
    }

    fn poll_ready(&mut self) -> Option<Value> {
        if let Some(status) = self.child.try_wait().expect("a child to ask") {
            panic!(
                "chatd ended with {status} before it was ready:\n{}",
                self.stderr()
            );
        }
        let status = self.try_admin("GET", "/v1/status", "").ok()?.1;
        (status["state"] == "ready").then_some(status)
    }

    /// Where it listens for chat.
    pub(crate) fn chat_addr(&self) -> SocketAddr {
        self.chat
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.directory.path().join("chat.toml")
    }

    pub(crate) fn admin_socket(&self) -> PathBuf {
        self.directory.path().join("run/admin.sock")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `chatctl`, told where this daemon is.
    pub(crate) fn chatctl(&self) -> assert_cmd::Command {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_chatctl"));
        command
            .env("CHATD_ADMIN_SOCKET", self.admin_socket())
            .env("CHATD_SERVER", self.chat.to_string())
            .env("XDG_RUNTIME_DIR", self.directory.path())
            .env("XDG_STATE_HOME", self.directory.path())
            .timeout(PATIENCE);
        command
    }

    /// Replaces the config file (a listener is added as at the start).
    pub(crate) fn rewrite_config(&self, config: &str) {
        fs::write(self.config_file(), with_listener(config)).expect("a config");
    }

    /// One request to the admin API: the HTTP status and the JSON answer.
    pub(crate) fn admin(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        self.try_admin(method, path, body)
            .expect("an answer on the admin socket")
    }

    fn try_admin(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, Value)> {
        let mut stream = UnixStream::connect(self.admin_socket())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .ok_or(std::io::ErrorKind::InvalidData)?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok((
            status.unwrap_or(0),
            serde_json::from_str(body).unwrap_or(Value::Null),
        ))
    }

    /// The counters.
    pub(crate) fn stats(&self) -> Value {
        self.admin("GET", "/v1/stats", "").1
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a pid"));
        kill(pid, signal).expect("a living daemon");
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for("the daemon to end", || {
            self.child.try_wait().expect("a child to ask")
        })
    }

    /// Everything in its log files so far.
    pub(crate) fn log(&self) -> String {
        let Ok(files) = fs::read_dir(self.directory.path().join("log")) else {
            return String::new();
        };
        let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
        paths.sort();
        paths
            .iter()
            .map(|path| fs::read_to_string(path).unwrap_or_default())
            .collect()
    }

    /// Waits until the log has a line with all of these words; returns it.
    pub(crate) fn wait_for_log(&self, words: &[&str]) -> String {
        wait_for(&format!("a log line with {words:?}"), || {
            let log = self.log();
            let found = log
                .lines()
                .find(|line| words.iter().all(|word| line.contains(word)));
            found.map(str::to_owned)
        })
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.directory.path().join("stderr")).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The address of a daemon that listens on no socket of the network.
const UNKNOWN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// `chatd` with all its directories below `directory`, its config `chat.toml` there, and its
/// standard error in the file `stderr` there.
pub(crate) fn daemon_command(directory: &Path) -> Command {
    let stderr = fs::File::create(directory.join("stderr")).expect("a file for stderr");
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatd"));
    command
        .arg("--config")
        .arg(directory.join("chat.toml"))
        .env("RUNTIME_DIRECTORY", directory.join("run"))
        .env("STATE_DIRECTORY", directory.join("state"))
        .env("LOGS_DIRECTORY", directory.join("log"))
        .env_remove("NOTIFY_SOCKET")
        .env_remove("LISTEN_FDS")
        .env_remove("JOURNAL_STREAM")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    if let Ok(threads) = std::env::var(IO_THREADS) {
        command.args(["--set", &format!("server.io_threads={threads}")]);
    }
    command
}

/// Runs every daemon with so many threads for its sockets: `scripts/test` does, a second time.
const IO_THREADS: &str = "CHATD_TEST_IO_THREADS";

fn with_listener(config: &str) -> String {
    if config.contains("[[listen]]") {
        return config.to_owned();
    }
    format!("{config}\n[[listen]]\nprotocol = \"chat\"\naddress = \"127.0.0.1\"\nport = 0\n")
}

/// Asks until there is an answer; panics, saying what it waited for, after [`PATIENCE`].
#[expect(clippy::disallowed_methods, reason = "a test's patience is real time")]
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "waited {PATIENCE:?} in vain for {what}"
        );
        sleep(Duration::from_millis(5));
    }
}

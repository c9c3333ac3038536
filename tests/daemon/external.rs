//! A program or a service that knows passwords, with the real daemon: what it says counts, and whatever
//! else it does keeps nobody waiting and leaves nothing behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::peers::Wire;
use crate::support::{Daemon, PATIENCE, wait_for};

const PASSWORD: &str = "correct horse battery";

/// Right for `ana` and the password, and only then.
const HONEST: &str = "read -r question\ncase \"$question\" in\n  *'\"account\":\"ana\"'*'\"correct horse battery\"'*) echo '{\"ok\":true}';;\n  *) echo '{\"ok\":false}';;\nesac\n";

struct Stage {
    daemon: Daemon,
    directory: TempDir,
}

impl Stage {
    /// With a shell script that may name its own directory as `$here`.
    fn with_script(script: &str, more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().display().to_string();
        let script = format!("#!/bin/sh\nhere='{here}'\necho run >> \"$here/runs\"\n{script}");
        let program = write_program(directory.path(), &script);
        Self::with(
            directory,
            &format!("command = [{:?}]\n{more}", path(&program)),
        )
    }

    fn with(directory: TempDir, external: &str) -> Self {
        let config = format!(
            "[accounts]\nhash_memory = \"7MiB\"\nhash_passes = 1\n[accounts.external]\n{external}"
        );
        Self {
            daemon: Daemon::start(&config),
            directory,
        }
    }

    fn runs(&self) -> usize {
        let runs = fs::read_to_string(self.directory.path().join("runs")).unwrap_or_default();
        runs.lines().count()
    }

    fn operate(&self, args: &[&str], stdin: &str) -> Output {
        let mut chatctl = self.daemon.chatctl();
        let done = chatctl.args(args).write_stdin(stdin).output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
        done
    }

    /// What a login is answered with.
    fn log_in(&self, account: &str, password: &str) -> Value {
        log_in(self.daemon.chat_addr(), account, password)
    }

    /// That nobody is let in, in time, whatever the script does, and that nothing of it is left.
    fn refuses_all(self, why: &str) {
        // More than would be free if they were taken for wrong passwords.
        for _ in 0..7 {
            let answer = self.log_in("ana", PASSWORD);
            assert_eq!(answer["code"], "accounts_unavailable", "{why}: {answer}");
        }
        let log = self.daemon.wait_for_log(&["accounts cannot be", why]);
        assert_eq!(log.matches("accounts cannot be").count(), 1, "{log}");
        assert!(!log.contains("horse"), "{log}");
        self.leaves_nothing();
    }

    fn leaves_nothing(&self) {
        let here = path(self.directory.path());
        let daemon = self.daemon.pid();
        wait_for("every process of the check to be gone", || {
            let left =
                processes().any(|process| process.mentions(&here) || process.is_child_of(daemon));
            (!left).then_some(())
        });
    }
}

fn log_in(address: SocketAddr, account: &str, password: &str) -> Value {
    let (mut wire, _) = Wire::connect(address);
    let hello = json!({"type": "hello", "v": 1, "account": account, "password": password});
    wire.send(format!("{hello}\n").as_bytes());
    let answers = std::iter::from_fn(|| wire.line());
    let mut answers = answers.map(|line| serde_json::from_str::<Value>(&line).unwrap());
    let found = answers.find(|it| it["type"] == "login" || it["type"] == "error");
    found.unwrap_or_else(|| json!({"code": "connection over"}))
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn write_program(directory: &Path, text: &str) -> PathBuf {
    let program = directory.join("check");
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    program
}

/// A process as /proc shows it.
struct Process(PathBuf);

impl Process {
    fn mentions(&self, text: &str) -> bool {
        let line = fs::read(self.0.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(text)
    }

    fn is_child_of(&self, parent: u32) -> bool {
        let stat = fs::read_to_string(self.0.join("stat")).unwrap_or_default();
        let behind_name = stat.rsplit(')').next().unwrap_or_default();
        behind_name.split_whitespace().nth(1) == Some(&parent.to_string())
    }
}

fn processes() -> impl Iterator<Item = Process> {
    let all = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap());
    let numbered = all.filter(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().bytes().all(|it| it.is_ascii_digit())
    });
    numbered.map(|entry| Process(entry.path()))
}

#[test]
fn a_program_that_says_yes_makes_an_account_once() {
    let stage = Stage::with_script(HONEST, "");
    assert_eq!(stage.log_in("ana", "wrong horse")["code"], "login_failed");
    assert_eq!(stage.log_in("ben", PASSWORD)["code"], "login_failed");
    let list = stage.operate(&["user", "list"], "").stdout;
    assert!(
        !String::from_utf8_lossy(&list).contains("ana"),
        "no guess makes an account"
    );
    let first = stage.log_in("Ana", PASSWORD);
    assert_eq!(first["account"], "Ana", "{first}");
    assert_eq!(stage.runs(), 3);
    let again = stage.log_in("ANA", PASSWORD);
    assert_eq!(again["account"], "Ana", "{again}");
    assert_eq!(stage.runs(), 3, "what was right a moment ago is known");
    assert_eq!(stage.log_in("ana", "wrong horse")["code"], "login_failed");
    assert_eq!(stage.runs(), 4);
    assert_eq!(stage.log_in("ana", PASSWORD)["failed_logins"], 1);
    let guest = stage
        .daemon
        .chatctl()
        .args(["send", "--as", "ana", "#lobby", "it is me"])
        .output();
    assert!(
        !guest.unwrap().status.success(),
        "the nick is the account's"
    );
    stage.operate(&["token", "create", "--user", "ana"], "");
    stage.operate(&["user", "disable", "ana"], "");
    assert_eq!(stage.log_in("ana", PASSWORD)["code"], "account_disabled");
    stage.leaves_nothing();
}

#[test]
fn a_password_in_the_registry_is_asked_of_nobody_else() {
    let stage = Stage::with_script("echo '{\"ok\":true}'\n", "cache = \"0s\"\n");
    let own = "another horse battery";
    let line = format!("{own}\n");
    stage.operate(&["user", "add", "ana", "--password-stdin"], &line);
    assert_eq!(stage.log_in("ana", PASSWORD)["code"], "login_failed");
    assert_eq!(stage.log_in("ana", own)["account"], "ana");
    assert_eq!(stage.runs(), 0);
    stage.operate(&["user", "add", "ben", "--no-password"], "");
    let answer = stage.log_in("ben", PASSWORD);
    assert_eq!(answer["account"], "ben", "{answer}");
    let answer = stage.log_in("ben", PASSWORD);
    assert_eq!(answer["account"], "ben", "{answer}");
    assert_eq!(stage.runs(), 2, "nothing is remembered");
    stage.operate(&["user", "passwd", "ben", "--password-stdin"], &line);
    assert_eq!(stage.log_in("ben", PASSWORD)["code"], "login_failed");
    assert_eq!(stage.runs(), 2);
}

#[test]
fn the_program_sees_the_question_and_nothing_of_chatd() {
    let stage = Stage::with_script(
        "cat > \"$here/question\"\nenv > \"$here/environment\"\npwd > \"$here/place\"\n\
         tr '\\0' ' ' < /proc/$$/cmdline > \"$here/line\"\nls -l /proc/$$/fd > \"$here/open\"\necho '{\"ok\":false}'\n",
        "",
    );
    assert_eq!(stage.log_in("ana", PASSWORD)["code"], "login_failed");
    let read = |name: &str| fs::read_to_string(stage.directory.path().join(name)).unwrap();
    let question: Value = serde_json::from_str(&read("question")).unwrap();
    let expected = json!({"account": "ana", "password": PASSWORD, "address": "127.0.0.1"});
    assert_eq!(question, expected);
    assert!(!read("environment").contains("horse") && !read("environment").contains("CHATD"));
    assert!(!read("line").contains("horse"));
    assert_eq!(read("place"), "/\n");
    assert!(!read("open").contains("registry"), "{}", read("open"));
}

#[test]
fn a_program_that_hangs_is_killed_with_all_that_it_started() {
    let hangs = "sleep 1000 &\nsleep 1000\n";
    Stage::with_script(hangs, "timeout = \"300ms\"\n").refuses_all("did not answer in time");
}

#[test]
fn a_program_that_leaves_others_behind_is_not_waited_for() {
    let stage = Stage::with_script(
        "sleep 1000 &\necho '{\"ok\":true}'\n",
        "timeout = \"20s\"\n",
    );
    assert_eq!(stage.log_in("ana", PASSWORD)["account"], "ana");
    stage.leaves_nothing();
}

#[test]
fn what_is_no_clear_answer_is_none() {
    let limit = "timeout = \"10s\"\n";
    let unclear = "answered with something else";
    Stage::with_script("echo yes\n", limit).refuses_all(unclear);
    Stage::with_script("", limit).refuses_all(unclear);
    Stage::with_script("echo '{\"ok\":true,\"ok\":false}'\n", limit).refuses_all(unclear);
    Stage::with_script("yes '{\"ok\":true}'\n", limit).refuses_all("more than 4096 bytes");
}

#[test]
fn a_program_that_dies_is_no_answer_whatever_it_said() {
    let limit = "timeout = \"10s\"\n";
    Stage::with_script("echo '{\"ok\":true}'\nexit 3\n", limit).refuses_all("exit code 3");
    Stage::with_script("echo '{\"ok\":true}'\nkill -9 $$\n", limit).refuses_all("signal 9");
}

#[test]
fn a_program_that_is_missing_or_may_not_run_is_no_answer() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("check");
    let external = format!("command = [{:?}]\n", path(&missing));
    Stage::with(directory, &external).refuses_all("cannot be started");
    let directory = tempfile::tempdir().unwrap();
    let program = write_program(directory.path(), "#!/bin/sh\necho '{\"ok\":true}'\n");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o644)).unwrap();
    let external = format!("command = [{:?}]\n", path(&program));
    Stage::with(directory, &external).refuses_all("cannot be started");
}

#[test]
fn no_more_wait_than_may_and_the_end_of_the_daemon_ends_the_checks() {
    let more = "timeout = \"25s\"\nconcurrency = 1\nqueue = 1\n";
    let mut stage = Stage::with_script("sleep 1000\n", more);
    let address = stage.daemon.chat_addr();
    let ask = |account: &'static str| thread::spawn(move || log_in(address, account, PASSWORD));
    let under_way = ask("ana");
    wait_for("a check to be under way", || {
        (stage.runs() == 1).then_some(())
    });
    // Of two more one finds the place taken, whichever is first.
    let others = [ask("ben"), ask("cho")];
    let is_told = |it: &thread::JoinHandle<Value>| it.is_finished();
    wait_for("one too many", || others.iter().any(is_told).then_some(()));
    stage.daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(stage.daemon.wait().success());
    let here = path(stage.directory.path());
    wait_for("the check to be gone", || {
        (!processes().any(|process| process.mentions(&here))).then_some(())
    });
    let mut codes: Vec<Value> = others.map(|it| it.join().unwrap()["code"].clone()).into();
    codes.push(under_way.join().unwrap()["code"].clone());
    let busy = codes.iter().filter(|code| **code == "logins_busy").count();
    assert_eq!(busy, 1, "{codes:?}");
}

/// Answers each request with this, and hands the bodies on.
fn service(answer: String) -> (SocketAddr, std::sync::mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (bodies, heard) = std::sync::mpsc::sync_channel(16);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                let field = line.to_lowercase();
                if let Some(value) = field.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            bodies.send(serde_json::from_slice(&body).unwrap()).unwrap();
            // Whoever asked may have gone: it has heard enough.
            let _ = reader.get_mut().write_all(answer.as_bytes());
        }
    });
    (address, heard)
}

fn http(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn stage_with_service(answer: String) -> (Stage, std::sync::mpsc::Receiver<Value>) {
    let (address, heard) = service(answer);
    let external = format!("url = \"http://{address}/check\"\ntimeout = \"10s\"\n");
    (Stage::with(tempfile::tempdir().unwrap(), &external), heard)
}

#[test]
fn a_service_is_asked_over_http() {
    let (stage, heard) = stage_with_service(http("200 OK", "{\"ok\":true}"));
    assert_eq!(stage.log_in("ana", PASSWORD)["account"], "ana");
    let expected = json!({"account": "ana", "password": PASSWORD, "address": "127.0.0.1"});
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), expected);
    let (stage, _heard) = stage_with_service(http("200 OK", "{\"ok\":false}"));
    assert_eq!(stage.log_in("ana", PASSWORD)["code"], "login_failed");
}

#[test]
fn a_service_that_misbehaves_is_no_answer() {
    let yes = "{\"ok\":true}";
    let cases = [
        (http("500 Internal Server Error", yes), "HTTP status 500"),
        (http("302 Found", yes), "HTTP status 302"),
        (http("200 OK", "welcome"), "something else"),
        (http("200 OK", &" ".repeat(5000)), "more than 4096 bytes"),
        ("SSH-2.0-OpenSSH\r\n".to_owned(), "broke off"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{".to_owned(),
            "broke off",
        ),
    ];
    for (answer, why) in cases {
        let (stage, _heard) = stage_with_service(answer);
        stage.refuses_all(why);
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let external = format!("url = \"http://{address}\"\ntimeout = \"200ms\"\n");
    Stage::with(tempfile::tempdir().unwrap(), &external).refuses_all("did not answer in time");
    drop(silent);
    Stage::with(tempfile::tempdir().unwrap(), &external).refuses_all("cannot be reached");
}

#[test]
fn the_example_checks_passwords_in_a_file() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples/check-password");
    let mut make = Command::new(&example)
        .args(["--make", "ana"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let line = format!("{PASSWORD}\n");
    make.stdin
        .take()
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    let made = make.wait_with_output().unwrap();
    assert!(made.status.success());
    let directory = tempfile::tempdir().unwrap();
    let passwords = directory.path().join("passwords");
    fs::write(&passwords, made.stdout).unwrap();
    let external = format!("command = [{:?}, {:?}]\n", path(&example), path(&passwords));
    let stage = Stage::with(directory, &external);
    assert_eq!(stage.log_in("ana", "wrong horse")["code"], "login_failed");
    assert_eq!(stage.log_in("ben", PASSWORD)["code"], "login_failed");
    assert_eq!(stage.log_in("ana", PASSWORD)["account"], "ana");
}

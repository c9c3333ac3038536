//! `chatctl join` as a user sees it: in a real pseudo-terminal, its screen kept by a small emulator
//! of the few sequences that a line editor uses.

#![expect(clippy::disallowed_methods, reason = "a test's patience is real time")]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::json;

use super::fake::{FakeServer, Peer};

const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal with chatctl in it.
pub(crate) struct Terminal {
    master: Box<dyn MasterPty>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    raw: Vec<u8>,
}

impl Terminal {
    pub(crate) fn join(home: &Path, server: &str, env: &[(&str, &str)]) -> Self {
        Self::run(home, &["join", "ana", "--server", server], env)
    }

    pub(crate) fn run(home: &Path, args: &[&str], env: &[(&str, &str)]) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 60,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_chatctl"));
        command.env_clear();
        command.env("HOME", home);
        command.env("XDG_RUNTIME_DIR", home);
        command.env("TERM", "xterm");
        command.env("TZ", "UTC");
        for (name, value) in env {
            command.env(name, value);
        }
        command.args(args);
        let child = pty.slave.spawn_command(command).unwrap();
        let keys = pty.master.take_writer().unwrap();
        let mut output = pty.master.try_clone_reader().unwrap();
        let (sender, bytes) = sync_channel(1000);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            master: pty.master,
            keys,
            child,
            bytes,
            raw: Vec::new(),
        }
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the screen is as wanted, and returns it.
    pub(crate) fn wait(&mut self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = emulate(&String::from_utf8_lossy(&self.raw));
            if is_wanted(&screen) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            match self.bytes.recv_timeout(left) {
                Ok(bytes) => self.raw.extend(bytes),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!(
                        "no {what} on the screen:\n{screen}\nraw: {:?}",
                        String::from_utf8_lossy(&self.raw)
                    )
                }
            }
        }
    }

    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    pub(crate) fn wait_for_prompt(&mut self, prompt: &str) -> String {
        self.wait(prompt, |screen| {
            screen.lines().last() == Some(prompt.trim_end())
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// All that it has put on the screen so far, as bytes.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    pub(crate) fn exit_code(mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                drop(self.master);
                return status.exit_code();
            }
            // Waits for output or a moment, whichever comes first: the child must not block on us.
            if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(10)) {
                self.raw.extend(bytes);
            }
            if Instant::now() > until {
                let _ = self.child.kill();
                panic!(
                    "chatctl goes on; raw: {:?}",
                    String::from_utf8_lossy(&self.raw)
                );
            }
        }
    }
}

/// What a terminal of 60 columns shows after these bytes, without empty lines at the end.
fn emulate(raw: &str) -> String {
    let mut rows: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => row += 1,
            '\r' => column = 0,
            '\x08' => column = column.saturating_sub(1),
            '\x07' => {}
            '\x1b' if chars.peek() == Some(&'[') => {
                chars.next();
                let mut parameters = String::new();
                let last = loop {
                    match chars.next() {
                        Some(c @ '@'..='~') => break c,
                        Some(c) => parameters.push(c),
                        None => return shown(&rows),
                    }
                };
                let count = parameters.parse().unwrap_or(1);
                match last {
                    'A' => row = row.saturating_sub(count),
                    'B' => row += count,
                    'C' => column += count,
                    'D' => column = column.saturating_sub(count),
                    'K' => rows[row].truncate(column),
                    'J' => {
                        rows.truncate(row + 1);
                        rows[row].truncate(column);
                    }
                    'm' | 'h' | 'l' => {}
                    other => panic!("an editor should not send CSI {parameters}{other}"),
                }
            }
            c if c.is_control() => panic!("raw {c:?} reached the terminal"),
            c => {
                if column == 60 {
                    (row, column) = (row + 1, 0);
                }
                while rows.len() <= row {
                    rows.push(Vec::new());
                }
                while rows[row].len() <= column {
                    rows[row].push(' ');
                }
                rows[row][column] = c;
                column += 1;
            }
        }
        while rows.len() <= row {
            rows.push(Vec::new());
        }
    }
    shown(&rows)
}

fn shown(rows: &[Vec<char>]) -> String {
    let lines: Vec<String> = rows
        .iter()
        .map(|row| row.iter().collect::<String>().trim_end().to_owned())
        .collect();
    lines.join("\n").trim_end().to_owned()
}

#[test]
fn lines_appear_above_the_prompt_without_tearing_what_is_typed() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        // The user has begun to type when this is asked.
        peer.tell_rooms();
        for number in 0..20 {
            peer.message("ben", &format!("line {number}"));
        }
        let said = peer.expect_send();
        assert_eq!(said["text"], "half a sentence, finished");
        peer.message("ana", "half a sentence, finished");
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("/rooms\r");
    terminal.keys("half a sent");
    let screen = terminal.wait("twenty lines and the typed text", |screen| {
        screen.contains("line 19") && screen.ends_with("#lobby> half a sent")
    });
    let lines: Vec<_> = screen
        .lines()
        .filter(|line| line.contains("line "))
        .collect();
    let wanted: Vec<_> = (0..20).map(|n| format!("09:05 <ben> line {n}")).collect();
    assert_eq!(lines, wanted);
    terminal.keys("ence, finished\r");
    let screen = terminal.wait_for("09:05 <ana> half a sentence, finished");
    assert!(
        !screen.contains("> half a sentence, finished\n#lobby>\n"),
        "{screen}"
    );
    assert_eq!(
        screen.matches("half a sentence").count(),
        1,
        "said once, shown once:\n{screen}"
    );
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn tab_completes_and_the_prompt_follows_the_room() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.tell_names();
        peer.message("nina", "hello?");
        let said = peer.expect_send();
        assert_eq!(said["text"], "nina: hello");
        peer.message("ana", "nina: hello");
        let join = peer.expect("join");
        peer.joined(&join);
        peer.tell_names();
        peer.message("ben", "elsewhere");
        let private = peer.expect_send();
        assert_eq!(
            (&private["to"], &private["text"]),
            (&json!("@nina"), &json!("psst"))
        );
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.wait_for("<nina> hello?");
    terminal.keys("ni\t");
    terminal.wait_for_prompt("#lobby> nina:");
    terminal.keys("hello\r");
    terminal.wait_for("<ana> nina: hello");
    terminal.keys("/jo\tdev\r");
    terminal.wait_for_prompt("#dev>");
    terminal.wait_for("09:05 #lobby <ben> elsewhere");
    terminal.keys("@ni\tpsst\r");
    terminal.keys("/quit\r");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn a_refused_private_message_is_back_in_the_prompt_with_its_address() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        let private = peer.expect("send");
        assert_eq!(private["to"], "@nobody");
        peer.refuse(&private, "no_such_user", "nobody is called nobody");
        let action = peer.expect("send");
        assert_eq!(action["kind"], "action");
        peer.refuse(&action, "text_control", "no");
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("@nobody a secret\r");
    terminal.wait_for("not sent to @nobody: nobody is called nobody");
    terminal.wait_for_prompt("#lobby> @nobody a secret");
    // What comes back is never said to the room by one more Enter.
    terminal.keys("\x15/me waves\r");
    terminal.wait_for_prompt("#lobby> /me waves");
    terminal.keys("\x04\x15\x04");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn a_lost_server_is_told_and_what_is_typed_meanwhile_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let (lost, wait_lost) = sync_channel::<()>(0);
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("rooms");
        drop(peer);
        // Not accepted before the test has typed: connecting succeeds, the greeting does not come.
        wait_lost.recv().unwrap();
        let mut peer = Peer::logged_in(listener);
        let join = peer.expect("join");
        peer.joined(&join);
        assert_eq!(peer.expect_send()["text"], "still there?");
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("/rooms\r");
    terminal.wait_for("trying again in");
    terminal.keys("still there?\r");
    terminal.wait_for("not connected: this was not sent");
    terminal.wait_for_prompt("#lobby (offline)> still there?");
    lost.send(()).unwrap();
    terminal.wait_for("connected again to fake");
    terminal.keys("\r");
    terminal.wait_for_prompt("#lobby>");
    // Unlike Ctrl-C, Ctrl-D leaves only when all is acknowledged.
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn a_taken_nick_is_asked_for_anew() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::accept(listener);
        peer.expect("hello");
        peer.say_welcome();
        peer.refuse(&json!({}), "nick_in_use", "ana is taken");
        peer.expect_end();
        let mut peer = Peer::accept(listener);
        let hello = peer.expect("hello");
        assert_eq!(hello["nick"], "eva");
        peer.welcome(&hello);
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[]);
    terminal.wait_for("ana is taken");
    terminal.wait_for("another nick:");
    terminal.keys("eva\r");
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn escape_sequences_from_others_are_shown_and_never_obeyed() {
    let home = tempfile::tempdir().unwrap();
    let evil = "x\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}y\rz";
    let server = FakeServer::start(move |listener| {
        let mut peer = Peer::logged_in(listener);
        peer.message(evil, evil);
        // Long enough to reach the edge of the screen, where a forged line would begin.
        peer.message("eve", &format!("{}09:05 <ben> I quit", " ".repeat(48)));
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[]);
    // The emulator fails the test by itself when anything raw comes through.
    let screen = terminal.wait_for("I quit");
    assert!(
        screen.contains("x␛]0;owned␇␛[2J\u{fffd}31m\u{fffd}y␍z"),
        "{screen}"
    );
    assert!(
        !screen.lines().any(|line| line.starts_with("09:05 <ben>")),
        "{screen}"
    );
    terminal.keys("\x04");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

#[test]
fn colours_are_used_unless_no_color_says_otherwise() {
    let home = tempfile::tempdir().unwrap();
    for (no_color, wanted) in [("", true), ("1", false)] {
        let server = FakeServer::start(|listener| {
            let mut peer = Peer::logged_in(listener);
            peer.message("ben", "hello");
            peer.expect_quit();
        });
        let mut terminal =
            Terminal::join(home.path(), &server.address(), &[("NO_COLOR", no_color)]);
        terminal.wait_for("<ben> hello");
        let coloured = String::from_utf8_lossy(&terminal.raw).contains("mben\u{1b}[0m");
        assert_eq!(coloured, wanted);
        terminal.keys("\x04");
        assert_eq!(terminal.exit_code(), 0);
        server.finish();
    }
}

#[test]
fn a_kick_ends_it_with_the_reason_and_a_usable_terminal() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("rooms");
        peer.bye("kicked", "kicked: enough");
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("/rooms\r");
    terminal.wait_for("kicked: enough");
    assert_eq!(terminal.exit_code(), 1);
    server.finish();
}

#[test]
fn ctrl_c_leaves_at_once_and_says_what_was_not_acknowledged() {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        let mut peer = Peer::logged_in(listener);
        peer.expect("send");
        peer.message("ben", "heard, not acknowledged");
        peer.expect_quit();
    });
    let mut terminal = Terminal::join(home.path(), &server.address(), &[("NO_COLOR", "1")]);
    terminal.wait_for_prompt("#lobby>");
    terminal.keys("never answered\r");
    terminal.wait_for("<ben> heard");
    terminal.keys("half a line\x03");
    terminal.wait_for("not delivered for sure, to #lobby: never");
    assert_eq!(terminal.exit_code(), 0);
    server.finish();
}

//! What needs no daemon: usage, help, completions, manual, checking a config, and being told how to
//! start a daemon that is not there.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, starts_with};

use super::chatctl;

#[test]
fn wrong_usage_exits_2_and_says_so_on_stderr() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["frobnicate"][..],
        &["kick"],
        &["status", "--output", "xml"],
        &["status", "--timeout", "soon"],
        &["join", "ana", "--server", "::1"],
        &["log", "level", "--for", "10m"],
        &["room", "topic", "#a", "text", "--clear"],
        &["wait"],
        &["completion", "powershell"],
        &["send", "ben", "hello"],
    ] {
        chatctl(home.path())
            .args(args)
            .assert()
            .code(2)
            .stdout("")
            .stderr(starts_with("chatctl: "));
    }
    chatctl(home.path())
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("Usage: chatctl"));
}

#[test]
fn a_daemon_that_is_not_there_exits_3_and_says_how_to_start_it() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["status"][..],
        &["who", "--output", "json"],
        &["rooms"],
        &["stats"],
        &["kick", "ana"],
        &["announce", "hi"],
        &["room", "topic", "#a"],
        &["reload"],
        &["shutdown", "--yes"],
        &["log", "level"],
        &["export"],
        &["backup", "never-made.db"],
        &["history-delete", "--from", "ana"],
        &["room", "retention"],
        &["tail", "--server", "127.0.0.1:1"],
        &["send", "#lobby", "hi", "--server", "127.0.0.1:1"],
        &["join", "ana", "--server", "127.0.0.1:1"],
        &["join", "ana", "--server", "unix:/nowhere/chat.sock"],
    ] {
        chatctl(home.path())
            .args(args)
            .assert()
            .code(3)
            .stdout("")
            .stderr(contains("systemctl start chatd").and(contains("cargo run --release")));
    }
}

#[test]
fn waiting_for_a_daemon_ends_with_6() {
    let home = tempfile::tempdir().unwrap();
    chatctl(home.path())
        .args(["wait", "--ready", "--timeout", "200ms"])
        .assert()
        .code(6)
        .stderr(contains("not ready within 0.2 s"));
}

#[test]
fn help_and_version_go_to_stdout() {
    let home = tempfile::tempdir().unwrap();
    chatctl(home.path())
        .arg("--help")
        .assert()
        .code(0)
        .stdout(contains("Exit codes").and(contains("join")))
        .stderr("");
    chatctl(home.path())
        .arg("--version")
        .assert()
        .code(0)
        .stdout(format!("chatctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_are_written_for_three_shells() {
    let home = tempfile::tempdir().unwrap();
    for (shell, mark) in [
        ("bash", "complete -F _chatctl"),
        ("zsh", "#compdef chatctl"),
        ("fish", "complete -c chatctl"),
    ] {
        chatctl(home.path())
            .args(["completion", shell])
            .assert()
            .code(0)
            .stdout(contains(mark).and(contains("announce")));
    }
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let home = tempfile::tempdir().unwrap();
    chatctl(home.path())
        .arg("man")
        .assert()
        .code(0)
        .stdout(contains(".TH chatctl 1"));
    let pages = home.path().join("man/man1");
    chatctl(home.path())
        .args(["man", "--dir"])
        .arg(&pages)
        .assert()
        .code(0)
        .stdout("");
    for page in ["chatctl.1", "chatctl-join.1", "chatctl-room-topic.1"] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
}

#[test]
fn a_config_is_checked_without_a_daemon() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("chat.toml");
    fs::write(&file, "[limits]\nrate = 5\n").unwrap();
    chatctl(home.path())
        .args(["config", "check"])
        .arg(&file)
        .assert()
        .code(0)
        .stdout(contains("is correct"));
    fs::write(&file, "[limits]\nraet = 5\nburst = \"many\"\n").unwrap();
    chatctl(home.path())
        .args(["config", "check"])
        .arg(&file)
        .assert()
        .code(1)
        .stdout("")
        .stderr(
            contains("chat.toml:2")
                .and(contains("chat.toml:3"))
                .and(contains("rate")),
        );
    chatctl(home.path())
        .args(["config", "check", "/nowhere/chat.toml"])
        .assert()
        .code(4);
}

#[test]
fn the_local_config_is_shown_with_a_note_when_no_daemon_runs() {
    let home = tempfile::tempdir().unwrap();
    chatctl(home.path())
        .args(["config", "show", "--output", "tsv"])
        .assert()
        .code(0)
        .stdout(contains("limits.rate\t10").and(contains("\tdefault\t")))
        .stderr(contains("chatd is not running"));
}

#[test]
fn the_doctor_warns_of_a_missing_daemon_and_fails_on_a_broken_config() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("chat.toml");
    // A port of the system's choice: whether the default one is free is not ours to say.
    fs::write(
        &file,
        "[[listen]]\nprotocol = \"chat\"\naddress = \"127.0.0.1\"\nport = 0\n",
    )
    .unwrap();
    chatctl(home.path())
        .env("CHATD_CONFIG", &file)
        .args(["doctor", "--output", "tsv"])
        .assert()
        .stdout(contains("daemon\twarn\tchatd is not running").and(contains("config\tok\t")));
    fs::write(&file, "nonsense = 1\n").unwrap();
    chatctl(home.path())
        .env("CHATD_CONFIG", &file)
        .args(["doctor", "--output", "json"])
        .assert()
        .code(1)
        .stdout(contains("\"verdict\": \"fail\"").and(contains("nonsense")));
}

#[test]
fn a_pipe_closed_early_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_chatctl");
    // `head` would race; a reader that is gone before we write does not.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(binary)
        .args(["completion", "bash"])
        .env("HOME", home.path())
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

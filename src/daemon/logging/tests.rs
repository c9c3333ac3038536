//! The log as a whole: from a `tracing` line to a file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{CWD, FileType};

use super::*;
use crate::config::{Log, Rotation};

fn config(directory: &Path, format: LogFormat) -> Log {
    Log {
        directory: Some(directory.to_owned()),
        rotation: Rotation::Never,
        keep: 3,
        file_bytes: 1 << 20,
        level: "info".to_owned(),
        format,
    }
}

fn read(directory: &Path) -> String {
    fs::read_to_string(directory.join("current.log")).unwrap()
}

#[test]
fn the_level_changes_while_the_daemon_runs() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), LogFormat::Text);
    let (logging, guard, dispatch) = build(&config, Stderr::Journal).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        for round in 0..2 {
            tracing::debug!(round, "quiet?");
            logging.set_level("warn,chatd=debug").unwrap();
        }
    });
    assert_eq!(logging.level().level, "warn,chatd=debug");
    assert_eq!(logging.level().back_to.as_deref(), Some("info"));
    assert!(logging.set_level("inof").is_err());
    assert_eq!(logging.level().level, "warn,chatd=debug");
    drop(guard);
    let text = read(directory.path());
    assert!(
        !text.contains("round=0") && text.contains("round=1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_temporary_level_goes_back_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), LogFormat::Text);
    let (logging, _guard, _dispatch) = build(&config, Stderr::Journal).unwrap();
    let tended = tokio::spawn(logging.clone().tend());
    logging
        .set_level_for("debug", Duration::from_millis(30), UnixMillis(42))
        .unwrap();
    let shown = logging.level();
    assert_eq!(shown.level, "debug");
    assert_eq!(shown.back_to.as_deref(), Some("info"));
    assert_eq!(shown.back_at, Some(UnixMillis(42)));
    while logging.level().back_to.is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(logging.level().level, "info");
    assert_eq!(logging.level().back_at, None);
    tended.abort();
}

#[tokio::test]
async fn a_new_level_cancels_a_temporary_one() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), LogFormat::Text);
    let (logging, _guard, _dispatch) = build(&config, Stderr::Journal).unwrap();
    let hour = Duration::from_secs(3600);
    logging.set_level_for("debug", hour, UnixMillis(1)).unwrap();
    logging.set_level("trace").unwrap();
    assert_eq!(logging.level().back_at, None);
    logging.set_level_for("debug", hour, UnixMillis(1)).unwrap();
    logging.set_configured_level("warn").unwrap();
    assert_eq!(
        logging.level(),
        LevelInForce {
            level: "warn".to_owned(),
            back_to: None,
            back_at: None
        }
    );
}

#[test]
fn json_lines_are_objects_with_an_rfc_3339_time() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), LogFormat::Json);
    let (_logging, guard, dispatch) = build(&config, Stderr::Journal).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info!(nick = "a\nb\u{1b}[0m", count = 3, "hello");
    });
    drop(guard);
    let text = read(directory.path());
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["nick"], "a\nb\u{1b}[0m");
    assert_eq!(line["count"], 3);
    assert_eq!(line["message"], "hello");
    let time = line["timestamp"].as_str().unwrap();
    assert!(time.ends_with('Z'), "{time}");
    chrono::DateTime::parse_from_rfc3339(time).unwrap();
}

#[test]
fn a_value_does_not_forge_a_text_line() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path(), LogFormat::Text);
    let (_logging, guard, dispatch) = build(&config, Stderr::Journal).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        let nick = "ana\n2026-11-23 ERROR forged";
        tracing::info!(%nick, "logged in");
    });
    drop(guard);
    assert_eq!(read(directory.path()).lines().count(), 1);
}

#[test]
fn a_stuck_disk_costs_lines_which_are_counted_and_told() {
    let directory = tempfile::tempdir().unwrap();
    // A pipe that nobody reads stands for the disk: the writer thread gets stuck in it.
    let pipe = directory.path().join("chatd.log");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, mode, 0).unwrap();
    let both_ends = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&pipe)
        .unwrap();
    let config = config(directory.path(), LogFormat::Text);
    let (logging, guard, dispatch) = build(&config, Stderr::Journal).unwrap();

    tracing::dispatcher::with_default(&dispatch, || {
        while logging.dropped_lines() < 10 {
            tracing::info!("one of many");
        }
        let mut lines = BufReader::new(both_ends).lines().map(Result::unwrap);
        for _ in 0..QUEUE_LINES {
            lines.next();
        }
        let mut told = 0;
        logging.tell_losses(&mut told);
        assert!(told >= 10);
        assert!(
            lines.any(|line| line.contains("log lines were lost") && line.contains("lines=10"))
        );
    });
    drop(guard);
}

#[test]
fn a_daemon_without_files_logs_to_stderr_alone() {
    let mut config = config(Path::new("/nowhere"), LogFormat::Text);
    config.directory = None;
    let (logging, _guard, _dispatch) = build(&config, Stderr::Other).unwrap();
    assert_eq!(logging.file(), None);
}

/// Runs itself once more as the process that panics.
#[test]
fn a_panic_in_any_task_is_logged_and_ends_the_process() {
    const DIRECTORY: &str = "CHATD_TEST_PANICS_WITH_LOG_IN";
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let config = config(Path::new(&directory), LogFormat::Text);
        let (_logging, _guard) = start(&config, Stderr::Other).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let task = tokio::spawn(async { panic!("on purpose") });
            task.await.unwrap_err(); // where tokio would go on
        });
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = std::thread::current().name().unwrap().to_owned();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap()
        .status;
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&status),
        Some(signal_hook::consts::SIGABRT),
        "{status}"
    );
    assert!(read(directory.path()).contains("the daemon panicked"));
}

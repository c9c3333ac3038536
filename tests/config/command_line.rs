//! `chatd --check-config` and `--print-config` as a shell sees them: what is on which stream, and
//! with which exit code.

use std::process::{Command, Stdio};

use assert_cmd::cargo::CommandCargoExt;

use super::{load, of_project, written};

/// chatd on the shipped file, unless the arguments name another: it must not find a file of the
/// machine that the tests run on.
fn chatd(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("chatd").unwrap();
    command
        .env_clear()
        .env("CHATD_CONFIG", of_project("config/chat.toml"))
        .args(arguments);
    command
}

/// Exit code, standard output, standard error.
fn answer(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_good_file_is_ok() {
    let file = of_project("config/chat.toml");
    let file = file.to_str().unwrap();
    assert_eq!(
        answer(&mut chatd(&["--check-config", "--config", file])),
        (Some(0), format!("{file}: ok\n"), String::new())
    );
}

#[test]
fn a_file_may_be_named_by_a_variable_and_the_option_wins() {
    let shipped = of_project("config/chat.toml");
    let (code, stdout, _) = answer(&mut chatd(&["--check-config"]));
    assert_eq!(
        (code, stdout),
        (Some(0), format!("{}: ok\n", shipped.display()))
    );
    let (code, _, stderr) = answer(&mut chatd(&["--check-config", "--config", "/nonexistent"]));
    assert_eq!(code, Some(2));
    assert!(
        stderr.starts_with("/nonexistent: there is no such file\n"),
        "{stderr}"
    );
}

#[test]
fn a_bad_file_is_told_on_standard_error_with_exit_code_2() {
    let (_directory, file) = written("[limits]\nrate = -1\nbursts = 5\n");
    let file = file.to_str().unwrap();
    let told = format!(
        "{file}:2:8: limits.rate: must be a number from 0 to 1000000, not -1\n\
         {file}:3:1: limits.bursts: unknown key; did you mean \"burst\"?\n\
         chatd: 2 mistakes in the configuration\n"
    );
    // Checked, printed or run: the answer is the same, and nothing is started.
    for arguments in [
        vec!["--config", file, "--check-config"],
        vec!["--config", file, "--print-config"],
        vec!["--config", file],
    ] {
        let told = (Some(2), String::new(), told.clone());
        assert_eq!(answer(&mut chatd(&arguments)), told, "{arguments:?}");
    }
}

#[test]
fn a_bad_command_line_has_exit_code_2_too() {
    assert_eq!(answer(&mut chatd(&["--confg", "x"])).0, Some(2));
    let (code, _, stderr) = answer(&mut chatd(&["--set", "limits.rate=x", "--check-config"]));
    assert_eq!(code, Some(2));
    assert!(
        stderr.starts_with("--set limits.rate: must be a number"),
        "{stderr}"
    );
}

#[test]
fn a_warning_is_told_and_is_no_mistake() {
    let open = ["--check-config", "--set", "listen[0].address=0.0.0.0"];
    let (code, stdout, stderr) = answer(&mut chatd(&open));
    assert_eq!(code, Some(0));
    assert!(stdout.ends_with(": ok\n"), "{stdout}");
    assert!(
        stderr.starts_with("warning: --set listen[0].address: 0.0.0.0:12231"),
        "{stderr}"
    );
}

#[test]
fn the_printed_config_can_be_fed_back_and_names_its_sources() {
    let (_directory, file) = written("[server]\nname = \"den\"\n");
    let (code, printed, _) = answer(&mut chatd(&[
        "--print-config",
        "--config",
        file.to_str().unwrap(),
        "--set",
        "limits.rate=5",
    ]));
    assert_eq!(code, Some(0));
    let line = |key: &str| {
        let found = printed.lines().find(|line| line.starts_with(key)).unwrap();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        line("name"),
        format!("name = \"den\" # {}:2", file.display())
    );
    assert_eq!(line("rate"), "rate = 5.0 # --set");
    assert_eq!(line("burst"), "burst = 40.0 # default");

    let again = load(&printed).config;
    assert_eq!(again.server.name, "den");
    assert_eq!(again.limits.hub.rate, 5.0);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = chatd(&["--print-config"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn help_names_the_exit_codes_and_the_files() {
    let (code, help, _) = answer(&mut chatd(&["--help"]));
    assert_eq!(code, Some(0));
    for part in [
        "--check-config",
        "--set",
        "Exit codes:",
        "/etc/chatd/chat.toml",
        "SIGHUP",
    ] {
        assert!(help.contains(part), "{part} is missing:\n{help}");
    }
}

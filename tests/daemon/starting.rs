//! Starting: what it says, what it refuses, what it leaves alone.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use crate::support::{Daemon, daemon_command};

/// Runs chatd to its end with this config; its exit code and what it said.
fn fails_to_start(directory: &std::path::Path, config: &str) -> (Option<i32>, String) {
    fs::write(directory.join("chat.toml"), config).unwrap();
    let status = daemon_command(directory).status().unwrap();
    (
        status.code(),
        fs::read_to_string(directory.join("stderr")).unwrap(),
    )
}

fn chat_on(port: u16) -> String {
    format!("[[listen]]\nprotocol = \"chat\"\naddress = \"127.0.0.1\"\nport = {port}\n")
}

#[test]
fn it_says_at_the_start_how_many_connections_it_can_hold() {
    let daemon = Daemon::start("");
    daemon.wait_for_log(&["connections", "open files"]);
}

#[test]
fn a_second_daemon_on_the_same_socket_is_told_who_holds_it() {
    let daemon = Daemon::start("");
    let (code, said) = fails_to_start_beside(&daemon);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("pid {}", daemon.pid())), "{said}");
    daemon.admin("GET", "/v1/status", "");
}

fn fails_to_start_beside(daemon: &Daemon) -> (Option<i32>, String) {
    let status = daemon_command(daemon.directory()).status().unwrap();
    (status.code(), daemon.stderr())
}

#[test]
fn a_port_in_use_is_told_with_who_holds_it() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = holder.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    let (code, said) = fails_to_start(directory.path(), &chat_on(port));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(
        said.contains(&format!("pid {}", std::process::id())),
        "{said}"
    );
}

#[test]
fn a_stale_socket_is_replaced_and_anything_else_in_its_place_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("chat.sock");
    let config = format!("[[listen]]\nprotocol = \"chat\"\nunix = {socket:?}\n");
    drop(UnixListener::bind(&socket).unwrap()); // nobody answers there any more
    let daemon = Daemon::start(&config);
    std::os::unix::net::UnixStream::connect(&socket).expect("the stale one was replaced");
    drop(daemon);
    fs::remove_file(&socket).ok();
    fs::write(&socket, "a file of somebody's").unwrap();
    let (code, said) = fails_to_start(directory.path(), &config);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("chat.sock"), "{said}");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "a file of somebody's");
}

#[test]
fn all_mistakes_of_a_config_are_reported_at_once_with_exit_code_2() {
    let directory = tempfile::tempdir().unwrap();
    let config = "[limits]\nmax_conections = 5\nrate = \"fast\"\n[serve]\nname = \"x\"\n";
    let (code, said) = fails_to_start(directory.path(), config);
    assert_eq!(code, Some(2), "{said}");
    for expected in [
        "chat.toml:2:",
        "max_connections",
        "chat.toml:3:",
        "rate",
        "chat.toml:4:",
        "server",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
}

#[test]
fn a_log_directory_that_cannot_be_written_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("log"), "not a directory").unwrap();
    let (code, said) = fails_to_start(directory.path(), &chat_on(0));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("log"), "{said}");
}

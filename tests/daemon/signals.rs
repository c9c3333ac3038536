//! What signals do: a clean end, an end at once, a reload, new log files.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::peers::{OldPeer, Peer};
use crate::support::{Daemon, wait_for};

#[test]
fn a_stop_tells_everyone_flushes_what_is_queued_and_exits_0() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut daemon = Daemon::start("");
        let mut ana = Peer::join(&daemon, "ana");
        let mut old = OldPeer::join(&daemon, "old");
        for number in 0..10 {
            ana.say(json!({"type": "send", "to": "#lobby", "text": format!("last {number}"), "id": "x"}));
        }
        for _ in 0..10 {
            ana.expect("ack");
        }
        daemon.signal(signal);
        let rest = ana.rest();
        assert_eq!(rest.last().unwrap()["type"], "bye");
        assert_eq!(rest.last().unwrap()["code"], "shutdown");
        let mut last = String::new();
        while let Some(object) = old.receive() {
            last.push_str(object["msg"].as_str().unwrap());
        }
        assert!(
            last.contains("last 9"),
            "what was queued for a paced client still came: {last}"
        );
        assert_eq!(daemon.wait().code(), Some(0));
        assert!(!daemon.admin_socket().exists(), "it takes its socket away");
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut daemon =
        Daemon::start("[server]\nshutdown_grace = \"5m\"\n[limits]\nold_client_pace = \"10s\"");
    let mut old = OldPeer::join(&daemon, "old");
    for _ in 0..20 {
        old.say(json!({"type": "ls", "msg": null}));
    }
    wait_for("bytes to be queued", || {
        (daemon.stats()["queued_bytes"].as_u64() > Some(100)).then_some(())
    });
    daemon.signal(Signal::SIGTERM);
    daemon.wait_for_log(&["stopping"]);
    daemon.signal(Signal::SIGTERM);
    let status = daemon.wait();
    assert!(
        !status.success(),
        "what was queued is lost, and the exit code says so: {status}"
    );
}

#[test]
fn a_reload_takes_a_good_file_and_refuses_a_bad_one_whole() {
    let daemon = Daemon::start("[limits]\nmessage_bytes = 1000");
    let mut ana = Peer::join(&daemon, "ana");
    let mut code_for = |bytes: usize| {
        ana.say(json!({"type": "send", "to": "#lobby", "text": "x".repeat(bytes), "id": "m"}));
        let answer = ana.hear(|it| it["id"] == "m");
        answer["code"].as_str().unwrap_or("ack").to_owned()
    };
    assert_eq!(code_for(1500), "text_too_long");
    daemon.rewrite_config("[limits]\nmessage_bytes = 2000");
    daemon.signal(Signal::SIGHUP);
    wait_for("the new limit", || (code_for(1500) == "ack").then_some(()));
    daemon.rewrite_config("[limits]\nmessage_bytes = 3000\nrat = 5");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_for_log(&["chat.toml:3", "rat", "did you mean"]);
    assert_eq!(
        code_for(2500),
        "text_too_long",
        "a bad file changes nothing"
    );
}

#[test]
fn sigusr1_opens_new_log_files() {
    let daemon = Daemon::start("[log]\nrotation = \"never\"");
    daemon.wait_for_log(&["ready"]);
    let log = daemon.directory().join("log");
    let mut files = std::fs::read_dir(&log).unwrap();
    let file = files
        .find_map(|file| Some(file.unwrap().path()).filter(|path| !path.is_symlink()))
        .unwrap();
    let moved = log.join("moved");
    std::fs::rename(&file, &moved).unwrap();
    daemon.signal(Signal::SIGUSR1);
    // Not before the signal has come: who joins earlier stands in the old file.
    let has_line = |words: &str| {
        let text = std::fs::read_to_string(&file).ok()?;
        text.contains(words).then_some(())
    };
    wait_for("a new file", || has_line("anew"));
    let _ana = Peer::join(&daemon, "ana");
    wait_for("ana in the new file", || has_line("nick=ana"));
    assert!(
        !std::fs::read_to_string(&moved)
            .unwrap()
            .contains("nick=ana")
    );
}

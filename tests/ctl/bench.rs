//! `chatctl bench` against a real daemon, in a small form of each scenario, and against a scripted
//! server that loses, doubles and swaps what it should deliver: a check that cannot fail proves
//! nothing.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::{Value, json};

use super::fake::{FakeServer, Peer};
use super::{chatctl, chatctl_to};
use crate::support::{Daemon, wait_for};

/// No limit stands in the way of a load.
const UNLIMITED: &str = "[limits]\nrate = 0\nmax_connections_per_ip = 0";

/// Runs a bench that must go well and say nothing but its result.
fn bench(daemon: &Daemon, args: &[&str]) -> Value {
    let mut command = daemon.chatctl();
    command.arg("bench").args(args).args(["--output", "json"]);
    let output = command.assert().code(0).stderr("").get_output().clone();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assert_has_numbers(result: &Value, pointers: &[&str]) {
    for pointer in pointers {
        let value = result.pointer(pointer);
        assert!(value.is_some_and(Value::is_number), "{pointer}: {result:#}");
    }
}

#[test]
fn a_fan_out_loses_nothing_and_tells_what_it_cost() {
    let daemon = Daemon::start(UNLIMITED);
    let args = "--publishers 3 --subscribers 6 --rooms 2 --window 8 --messages 300 --warmup 50ms";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    // Three subscribers in each room; two publishers in the one, one in the other, 100 messages each.
    let deliveries = 200 * (3 + 2) + 100 * (3 + 1);
    for (key, value) in [
        ("scenario", json!("fanout")),
        ("protocol", json!("chat")),
        ("publishers", json!(3)),
        ("subscribers", json!(6)),
        ("rooms", json!(2)),
        ("size_bytes", json!(64)),
        ("window", json!(8)),
        ("rate_per_s", Value::Null),
        ("lost", json!(0)),
        ("duplicated", json!(0)),
        ("out_of_order", json!(0)),
        ("refused", json!(0)),
        ("cut_off", json!(0)),
    ] {
        assert_eq!(result[key], value, "{key}: {result:#}");
    }
    assert_eq!(result["deliveries"], result["expected"], "{result:#}");
    assert_eq!(result["messages"], 300, "{result:#}");
    // Windows fill as they empty, so the three need not have said the same number of messages.
    assert!(
        result["deliveries"].as_u64() > Some(deliveries / 2),
        "{result:#}"
    );
    assert_eq!(result["latency_us"]["from"], "sent");
    assert_eq!(result["latency_us"]["count"], result["deliveries"]);
    assert_eq!(result["server_cpu"]["pid"], daemon.pid());
    assert_has_numbers(
        &result,
        &[
            "/seconds",
            "/messages_per_s",
            "/deliveries_per_s",
            "/bytes_per_delivery",
            "/latency_us/p50",
            "/latency_us/p90",
            "/latency_us/p99",
            "/latency_us/p999",
            "/latency_us/max",
            "/server_cpu/seconds",
            "/server_cpu/ns_per_delivery",
            "/server_cpu/us_per_message",
            "/server_cpu/busy",
            "/server_memory/rss_kib_before",
            "/server_memory/rss_kib_after",
            "/client_busy",
        ],
    );
    wait_for("everyone to be gone", || {
        (daemon.stats()["connections_open"] == 0).then_some(())
    });
}

#[test]
fn an_open_loop_keeps_its_rate_and_times_private_messages_apart() {
    let daemon = Daemon::start(UNLIMITED);
    let args =
        "--rate 200 --publishers 2 --subscribers 3 --duration 500ms --private-rate 100 --warmup 0s";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    assert_eq!(result["rate_per_s"], 200);
    assert_eq!(result["window"], Value::Null);
    // All that was due in the half second, however late it was said.
    assert_eq!(result["messages"], 100, "{result:#}");
    assert_eq!(result["deliveries"], 100 * 5);
    assert_eq!(result["private"]["messages"], 50);
    assert_eq!(result["latency_us"]["from"], "intended");
    assert_eq!(result["private_latency_us"]["from"], "intended");
    assert_eq!(
        result["private_latency_us"]["count"],
        result["private"]["messages"]
    );
    assert_eq!(result["private"]["lost"], 0);
}

#[test]
fn connecting_and_waiting_are_measured_for_each_connection() {
    let daemon = Daemon::start(UNLIMITED);
    let args = "connect --connections 30 --concurrency 7 --room-size 0";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    assert_eq!(
        (&result["scenario"], &result["connections"]),
        (&json!("connect"), &json!(30))
    );
    assert_has_numbers(
        &result,
        &[
            "/connections_per_s",
            "/seconds",
            "/server_cpu/us_per_connection",
            "/server_memory/kib_per_connection",
        ],
    );
    assert_eq!(result.get("messages"), None, "{result:#}");
    let args = "idle --connections 20 --room-size 5 --duration 100ms";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    for (key, value) in [
        ("scenario", json!("idle")),
        ("connections", json!(20)),
        ("cut_off", json!(0)),
    ] {
        assert_eq!(result[key], value, "{key}: {result:#}");
    }
    assert_has_numbers(
        &result,
        &["/server_cpu/ms_per_s", "/server_memory/kib_per_connection"],
    );
    assert!(result["seconds"].as_f64() >= Some(0.1), "{result:#}");
}

#[test]
fn churn_counts_every_notice_to_every_member() {
    let daemon = Daemon::start(UNLIMITED);
    let args = "churn --members 7 --churners 3 --messages 60 --warmup 50ms";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    assert_eq!(result["cycles"], 60);
    assert_eq!(result["expected"], 60 * 2 * 7);
    for fault in ["lost", "duplicated", "out_of_order", "refused", "cut_off"] {
        assert_eq!(result[fault], 0, "{result:#}");
    }
    assert_has_numbers(&result, &["/cycles_per_s", "/server_cpu/us_per_cycle"]);
}

#[test]
fn what_was_acknowledged_is_found_again() {
    let daemon = Daemon::start(UNLIMITED);
    let args = "durable --writers 4 --places 3 --messages 900 --warmup 50ms";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    for (key, value) in [
        ("scenario", json!("durable")),
        ("writers", json!(4)),
        ("places", json!(3)),
        ("messages", json!(900)),
    ] {
        assert_eq!(result[key], value, "{key}: {result:#}");
    }
    assert_eq!(result["stored"], result["acknowledged"], "{result:#}");
    assert!(result["stored"].as_u64() >= Some(900), "{result:#}");
    for fault in ["lost", "duplicated", "out_of_order", "refused", "cut_off"] {
        assert_eq!(result[fault], 0, "{result:#}");
    }
    assert_eq!(result["latency_us"]["count"], 900, "{result:#}");
    assert_has_numbers(&result, &["/acks_per_s", "/server_cpu/us_per_message"]);
}

#[test]
fn a_server_that_keeps_nothing_is_caught() {
    let daemon = Daemon::start(&format!("{UNLIMITED}\n[history]\ndurability = \"off\""));
    let mut command = daemon.chatctl();
    command.args(["bench", "durable", "--writers", "2", "--messages", "20"]);
    command
        .assert()
        .code(1)
        .stderr(contains("20 lost").or(contains("refused messages")));
}

#[test]
fn who_does_not_read_is_cut_off_told_why_and_reported_apart() {
    // They read again at the end of the run; what they are told must wait for them until then.
    let config =
        format!("{UNLIMITED}\nsend_queue_bytes = \"64KiB\"\n[server]\nshutdown_grace = \"60s\"");
    let daemon = Daemon::start(&config);
    let args = "--subscribers 5 --slow 2 --size 2048 --messages 8000 --duration 20s --warmup 0s";
    let result = bench(&daemon, &args.split(' ').collect::<Vec<_>>());
    assert_eq!(result["slow"], json!({"asked": 2, "cut_off": 2, "told": 2}));
    assert_eq!(result["expected"], 8000 * (3 + 1));
    assert_eq!(
        (&result["lost"], &result["cut_off"]),
        (&json!(0), &json!(0))
    );
}

#[test]
fn people_read_the_throughput_first() {
    let daemon = Daemon::start(UNLIMITED);
    let mut command = daemon.chatctl();
    command.args([
        "bench",
        "--messages",
        "10",
        "--subscribers",
        "2",
        "--warmup",
        "0s",
    ]);
    let output = command.assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    let names: Vec<&str> = text
        .lines()
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    let order = [
        "deliveries",
        "messages",
        "faults",
        "latency",
        "server CPU",
        "server memory",
        "this tool",
    ];
    assert_eq!(names, order, "{text}");
}

#[test]
fn a_load_on_others_needs_a_yes() {
    let home = tempfile::tempdir().unwrap();
    // TEST-NET-1 of RFC 5737: nobody is there, and nothing is sent.
    let mut command = chatctl(home.path());
    command.args(["bench", "--server", "192.0.2.1:12231"]);
    let said = "192.0.2.1:12231 is not a loopback address";
    command
        .assert()
        .code(2)
        .stderr(contains(said))
        .stderr(contains("--yes"));
}

#[test]
fn a_load_that_the_flood_control_would_refuse_does_not_begin() {
    let daemon = Daemon::start("");
    let refused = |args: &[&str]| {
        let mut command = daemon.chatctl();
        command.arg("bench").args(args).assert().code(1).stdout("")
    };
    refused(&[]).stderr(contains("chatd --set limits.rate=0"));
    refused(&["churn"]).stderr(contains("limits.rate"));
    refused(&["--rate", "11"]).stderr(contains("limits.rate"));
    refused(&["--size", "5000"]).stderr(contains("limits.message_bytes"));
    assert_eq!(daemon.stats()["messages"], 0);
    // 9 a second are allowed, so this begins.
    let args = "--rate 9 --messages 2 --subscribers 2 --warmup 0s";
    assert_eq!(
        bench(&daemon, &args.split(' ').collect::<Vec<_>>())["messages"],
        2
    );
}

#[test]
fn what_cannot_be_asked_for_is_wrong_usage() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        "--publishers 0",
        "--publishers 1001",
        "--subscribers 100001",
        "--size 31",
        "--window 0",
        "--window 8 --rate 8",
        "--rate 0",
        "--sources 201",
        "--duration 2h",
        "--rooms 2",
        "--slow 100",
        "--publishers 1000 --subscribers 100000",
        "--publishers 1000 --window 65536",
        "churn --members 100000 --churners 1000",
        "--protocol irc",
        "--protocol redis --private-rate 5 --server 127.0.0.1:1",
        "--protocol irc --size 351 --server 127.0.0.1:1",
        "churn --protocol nats --server 127.0.0.1:1",
        "durable --writers 0",
        "durable --writers 2 --places 3",
        "durable --protocol irc --server 127.0.0.1:1",
        "swim",
    ] {
        let mut command = chatctl(home.path());
        command.arg("bench").args(args.split(' '));
        let output = command.assert().code(2).get_output().clone();
        assert!(output.stderr.starts_with(b"chatctl: "), "{args}");
    }
}

#[test]
fn more_connections_than_open_files_do_not_begin() {
    let daemon = Daemon::start(UNLIMITED);
    // Below the hard limit the tool would help itself; a shell can lower that too.
    let mut command = assert_cmd::Command::new("sh");
    command
        .args([
            "-c",
            r#"ulimit -n 64 && exec "$0" bench connect --connections 33"#,
        ])
        .arg(env!("CARGO_BIN_EXE_chatctl"))
        .env("CHATD_ADMIN_SOCKET", daemon.admin_socket())
        .env("CHATD_SERVER", daemon.chat_addr().to_string());
    let said = "33 connections do not fit: the limit on open files allows 32";
    command.assert().code(1).stderr(contains(said));
}

#[test]
fn what_a_server_says_that_turns_clients_away_is_told() {
    let daemon = Daemon::start("[limits]\nmax_connections_per_ip = 3");
    let mut command = daemon.chatctl();
    command.args(["bench", "connect", "--connections", "10"]);
    command
        .assert()
        .code(1)
        .stderr(contains("of 10 clients are in"))
        .stderr(contains("too many connections from your address"));
    let home = tempfile::tempdir().unwrap();
    let mut command = chatctl(home.path());
    command.args(["bench", "--server", "127.0.0.1:1"]);
    command.assert().code(3);
}

#[test]
fn a_run_that_is_interrupted_tells_what_it_has_and_leaves_nobody_behind() {
    let daemon = Daemon::start(UNLIMITED);
    let child = Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .args([
            "bench",
            "--subscribers",
            "4",
            "--duration",
            "60s",
            "--output",
            "json",
        ])
        .env("CHATD_ADMIN_SOCKET", daemon.admin_socket())
        .env("CHATD_SERVER", daemon.chat_addr().to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for("messages", || {
        (daemon.stats()["messages"].as_u64() > Some(100)).then_some(())
    });
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("cut short: interrupted"), "{stderr}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["cut_short"], "interrupted");
    assert!(result["deliveries"].as_u64() > Some(0), "{result:#}");
    // The daemon may read the end of the last one a moment later.
    wait_for("everybody has gone", || {
        (daemon.stats()["connections_open"] == 0).then_some(())
    });
}

/// A scripted server's side of a run with one subscriber and one publisher.
struct Room {
    subscriber: Peer,
    publisher: Peer,
}

impl Room {
    /// Lets chatctl look for the server and ask for its limits, and then both clients in.
    fn open(listener: &TcpListener) -> Self {
        drop(listener.accept().unwrap());
        let mut asked = Peer::accept(listener).with_rate(0.0);
        asked.expect("hello");
        asked.say_welcome();
        let enter = || {
            let mut peer = Peer::logged_in(listener);
            let join = peer.expect("join");
            peer.joined(&join);
            peer
        };
        Self {
            subscriber: enter(),
            publisher: enter(),
        }
    }

    /// Hears a message and answers nothing yet.
    fn hear(&mut self) -> Value {
        self.publisher.expect("send")
    }

    /// The publisher hears its own message and the acknowledgement.
    fn accept(&mut self, message: &Value) {
        let text = message["text"].as_str().unwrap();
        self.publisher.message("publisher", text);
        self.publisher.ack(message);
    }

    fn deliver(&mut self, message: &Value) {
        let text = message["text"].as_str().unwrap();
        self.subscriber.message("publisher", text);
    }

    /// Until both have said good-bye.
    fn close(mut self) {
        self.subscriber.expect("quit");
        self.publisher.expect("quit");
    }
}

/// A run of two clients against a scripted server, which does not go well; what it reports.
fn bench_of_two(args: &str, script: impl FnOnce(Room) + Send + 'static) -> (Value, String) {
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| script(Room::open(listener)));
    let args: Vec<&str> = args.split(' ').collect();
    let output = chatctl_to(&server, home.path(), &args)
        .assert()
        .code(1)
        .get_output()
        .clone();
    server.finish();
    let result = serde_json::from_slice(&output.stdout).unwrap();
    (result, String::from_utf8(output.stderr).unwrap())
}

/// A run of four messages.
fn bench_of_four(script: impl FnOnce(Room, &[Value]) + Send + 'static) -> (Value, String) {
    let args = "bench --subscribers 1 --window 4 --messages 4 --warmup 0s --size 48 --output json";
    bench_of_two(args, |mut room| {
        let messages: Vec<Value> = (0..4).map(|_| room.hear()).collect();
        script(room, &messages);
    })
}

#[test]
fn a_server_that_loses_doubles_and_swaps_is_caught() {
    let (result, stderr) = bench_of_four(|mut room, messages| {
        for message in messages {
            room.accept(message);
        }
        for place in [0, 0, 2, 1] {
            room.deliver(&messages[place]);
        }
        room.close();
    });
    assert_eq!(
        (&result["expected"], &result["deliveries"]),
        (&json!(8), &json!(7))
    );
    for fault in ["lost", "duplicated", "out_of_order"] {
        assert_eq!(result[fault], 1, "{fault}: {result:#}");
    }
    assert_eq!(result["refused"], 0);
    assert!(stderr.contains("nothing came for 3 s"), "{stderr}");
    assert!(
        stderr.contains("1 lost, 1 duplicated, 1 out of order"),
        "{stderr}"
    );
}

#[test]
fn a_message_that_the_server_refuses_is_not_lost() {
    let (result, stderr) = bench_of_four(|mut room, messages| {
        let (refused, others) = messages.split_last().unwrap();
        for message in others {
            room.accept(message);
            room.deliver(message);
        }
        room.publisher.refuse(refused, "too_fast", "Too fast.");
        room.close();
    });
    for (key, value) in [
        ("messages", 3),
        ("refused", 1),
        ("lost", 0),
        ("deliveries", 6),
    ] {
        assert_eq!(result[key], value, "{key}: {result:#}");
    }
    assert_eq!(result["first_refusal"], "Too fast. (too_fast)");
    assert!(
        stderr.contains("refused messages: Too fast. (too_fast)"),
        "{stderr}"
    );
}

/// A run of one writer with three messages, all of which are acknowledged; what the server then says it
/// has are those at these places.
fn durable_where_these_are_kept(places: &'static [usize]) -> (Value, String) {
    let args = "bench durable --writers 1 --messages 3 --warmup 0s --size 48 --output json";
    let home = tempfile::tempdir().unwrap();
    let server = FakeServer::start(|listener| {
        drop(listener.accept().unwrap());
        let mut asked = Peer::accept(listener).with_rate(0.0);
        asked.expect("hello");
        asked.say_welcome();
        let mut writer = Peer::logged_in(listener);
        let join = writer.expect("join");
        writer.joined(&join);
        let mut kept = Vec::new();
        for _ in 0..3 {
            let message = writer.expect("send");
            writer.ack(&message);
            kept.push(json!({
                "msgid": "m", "time": "t", "room": "#r", "from": "n", "text": message["text"],
            }));
        }
        let asked = writer.expect("history");
        assert_eq!(asked["after"], "0000000000000");
        let kept: Vec<&Value> = places.iter().map(|&place| &kept[place]).collect();
        writer.say(&json!({"type": "history", "of": "#r", "messages": kept}));
        writer.expect("quit");
    });
    let args: Vec<&str> = args.split(' ').collect();
    let output = chatctl_to(&server, home.path(), &args)
        .assert()
        .code(1)
        .get_output()
        .clone();
    server.finish();
    let result = serde_json::from_slice(&output.stdout).unwrap();
    (result, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_server_that_acknowledges_what_it_does_not_keep_is_caught() {
    let (result, stderr) = durable_where_these_are_kept(&[0, 2]);
    assert_eq!((&result["lost"], &result["stored"]), (&json!(1), &json!(2)));
    assert!(stderr.contains("1 lost"), "{stderr}");
    let (result, stderr) = durable_where_these_are_kept(&[1, 0, 2, 2]);
    assert_eq!((&result["lost"], &result["stored"]), (&json!(0), &json!(3)));
    assert!(stderr.contains("1 duplicated, 1 out of order"), "{stderr}");
}

#[test]
fn a_server_that_closes_in_the_middle_ends_the_run() {
    let (result, stderr) = bench_of_four(|mut room, messages| {
        for message in messages {
            room.accept(message);
        }
        room.subscriber.bye("kicked", "An operator removed you.");
        drop(room.subscriber);
        room.publisher.expect("quit");
    });
    assert_eq!(
        (&result["lost"], &result["cut_off"]),
        (&json!(4), &json!(1))
    );
    assert!(
        stderr.contains("An operator removed you. (kicked)"),
        "{stderr}"
    );
}

#[test]
fn who_is_cut_off_while_waiting_is_not_counted_as_connected() {
    let args = "bench idle --connections 2 --concurrency 1 --duration 60s --output json";
    let (result, stderr) = bench_of_two(args, |mut room| {
        // The answer shows that both are in.
        room.publisher.say(&json!({"type": "ping"}));
        room.publisher.expect("pong");
        room.subscriber.bye("kicked", "An operator removed you.");
        drop(room.subscriber);
        room.publisher.expect("quit");
    });
    assert_eq!(
        (&result["connections"], &result["cut_off"]),
        (&json!(1), &json!(1))
    );
    assert!(
        stderr.contains("An operator removed you. (kicked)"),
        "{stderr}"
    );
}

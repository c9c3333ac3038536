//! Order that is kept: what was answered is on the disk, and holds after whatever end of the daemon.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use chatd::config::paths::Environment;
use chatd::config::{self, Sources};
use chatd::daemon::clock::Clock;
use chatd::daemon::engine::handle::EngineHandle;
use chatd::daemon::engine::{Engine, open_registry};
use chatd::hub::input::AdminCommand;
use chatd::hub::moderation::request::Moderation;
use chatd::hub::moderation::rule::Effect;
use chatd::hub::moderation::subject::Subject;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::{LocalSet, spawn_local};

use crate::support::peers::Peer;
use crate::support::{Daemon, wait_for};

const PASSWORD: &str = "correct horse battery";
/// The cheapest hashes that the config allows.
const CONFIG: &str =
    "[accounts]\nhash_memory = \"7MiB\"\nhash_passes = 1\n[history]\ndurability = \"off\"\n";

/// A daemon that has these accounts.
fn start(accounts: &[&str]) -> Daemon {
    let daemon = Daemon::start(CONFIG);
    for name in accounts {
        let body = json!({"name": name, "password": PASSWORD}).to_string();
        let (status, made) = daemon.admin("POST", "/v1/accounts", &body);
        assert_eq!(status, 200, "{made}");
    }
    daemon
}

fn log_in(daemon: &Daemon, account: &str) -> Peer {
    let hello = json!({"type": "hello", "v": 1, "account": account, "password": PASSWORD});
    let mut peer = Peer::hello(daemon.chat_addr(), hello);
    peer.expect("login");
    peer
}

fn set_role(daemon: &Daemon, account: &str, role: &str) {
    let mut chatctl = daemon.chatctl();
    chatctl
        .args(["user", "role", account, role])
        .assert()
        .success();
}

/// Asks for what must be done.
fn order(peer: &mut Peer, request: Value) {
    let answer = peer.ask(request);
    assert_eq!(answer["type"], "moderated", "{answer}");
}

fn code(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

/// Ana opens `#den`, and sets what can be set about it.
fn keep_order(ana: &mut Peer) {
    let joined = ana.ask(json!({"type": "join", "room": "#Den"}));
    assert_eq!(joined["type"], "joined", "{joined}");
    for (setting, value) in [
        ("slow-mode", "30"),
        ("topic-locked", "on"),
        ("words", "drat"),
    ] {
        order(
            ana,
            json!({"type": "set_room", "room": "#den", "setting": setting, "value": value}),
        );
    }
    order(
        ana,
        json!({"type": "grant", "room": "#den", "nick": "ben", "role": "operator"}),
    );
    let ban = json!({"type": "add_rule", "room": "#den", "effect": "ban", "subject": "eve*", "reason": "noise"});
    order(ana, ban);
    let mute = json!({"type": "add_rule", "room": "#den", "effect": "mute", "subject": "kim", "lasts_s": 3600});
    order(ana, mute);
}

fn assert_order(daemon: &Daemon) {
    let mut ana = log_in(daemon, "ana");
    let shown = ana.ask(json!({"type": "show_room", "room": "#den"}));
    assert_eq!(shown["room"], "#Den", "{shown}");
    let settings = json!([
        {"setting": "slow-mode", "value": "30"},
        {"setting": "topic-locked", "value": "on"},
        {"setting": "words", "value": "drat"},
    ]);
    assert_eq!(shown["settings"], settings, "{shown}");
    let roles = json!([{"nick": "ana", "role": "owner"}, {"nick": "ben", "role": "operator"}]);
    assert_eq!(shown["roles"], roles, "{shown}");
    let rules = ana.ask(json!({"type": "rules", "room": "#den"}));
    let subjects: Vec<&Value> = rules["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .map(|it| &it["subject"])
        .collect();
    assert_eq!(subjects, ["eve*", "kim"], "{rules}");
    let mut eve = Peer::join(daemon, "eve-2");
    let refused = eve.ask(json!({"type": "join", "room": "#den"}));
    assert_eq!(code(&refused), "banned_from_room", "{refused}");
    let mut kim = Peer::join(daemon, "kim");
    kim.ask(json!({"type": "join", "room": "#den"}));
    let refused = kim.ask(json!({"type": "send", "to": "#den", "text": "me too"}));
    assert_eq!(code(&refused), "muted", "{refused}");
}

#[test]
fn order_that_was_answered_outlives_kill_9() {
    let mut daemon = start(&["ana", "ben"]);
    let mut ana = log_in(&daemon, "ana");
    let _ben = log_in(&daemon, "ben");
    keep_order(&mut ana);
    daemon.kill();
    daemon.start_again();
    daemon.wait_for_log(&["registry opened", "rooms=1", "rules=2"]);
    assert_order(&daemon);
}

#[test]
fn who_goes_at_once_is_still_answered_and_what_they_did_is_kept() {
    let mut daemon = start(&["ana"]);
    let mut ana = log_in(&daemon, "ana");
    ana.ask(json!({"type": "join", "room": "#den"}));
    let ban = json!({"type": "add_rule", "id": "last", "room": "#den", "effect": "ban", "subject": "eve"});
    let quit = json!({"type": "quit"});
    ana.wire.send(format!("{ban}\n{quit}\n").as_bytes());
    let rest = ana.rest();
    let answer = rest.iter().find(|it| it["id"] == "last");
    assert_eq!(answer.expect("an answer")["type"], "moderated", "{rest:?}");
    daemon.kill();
    daemon.start_again();
    daemon.wait_for_log(&["registry opened", "rooms=1", "rules=1"]);
}

#[test]
fn order_outlives_a_restart_and_can_be_undone() {
    let mut daemon = start(&["ana", "ben"]);
    let mut ana = log_in(&daemon, "ana");
    let _ben = log_in(&daemon, "ben");
    keep_order(&mut ana);
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait().success());
    daemon.start_again();
    assert_order(&daemon);
    let mut ana = log_in(&daemon, "ana");
    for (effect, subject) in [("ban", "eve*"), ("mute", "kim")] {
        order(
            &mut ana,
            json!({"type": "end_rule", "room": "#den", "effect": effect, "subject": subject}),
        );
    }
    for setting in ["slow-mode", "topic-locked", "words"] {
        order(
            &mut ana,
            json!({"type": "set_room", "room": "#den", "setting": setting, "value": "off"}),
        );
    }
    daemon.kill();
    daemon.start_again();
    daemon.wait_for_log(&["registry opened", "rooms=1", "rules=0"]);
    let mut eve = Peer::join(&daemon, "eve-2");
    let joined = eve.ask(json!({"type": "join", "room": "#den"}));
    assert_eq!(joined["type"], "joined", "{joined}");
}

#[test]
fn a_rule_whose_time_is_over_at_the_start_ends_there() {
    let mut daemon = start(&["ana"]);
    set_role(&daemon, "ana", "operator");
    let mut ana = log_in(&daemon, "ana");
    let ban = json!({"type": "add_rule", "effect": "ban", "subject": "eve", "lasts_s": 3600});
    order(&mut ana, ban);
    daemon.kill();
    // An hour passes.
    meddle(&daemon, "UPDATE rule SET ends_at = made_at");
    daemon.start_again();
    daemon.wait_for_log(&["rule ended", "has_expired=true"]);
    Peer::join(&daemon, "eve");
    wait_for("the rule to be gone from the disk", || {
        let database = daemon.directory().join("state/registry.db");
        let file = rusqlite::Connection::open(database).unwrap();
        let rules: i64 = file
            .query_row("SELECT count(*) FROM rule", [], |row| row.get(0))
            .ok()?;
        (rules == 0).then_some(())
    });
}

/// What another program does to the registry.
fn meddle(daemon: &Daemon, sql: &str) {
    let database = daemon.directory().join("state/registry.db");
    let file = rusqlite::Connection::open(database).unwrap();
    file.execute_batch(sql).unwrap();
}

const BREAK: &str = "CREATE TRIGGER broken BEFORE INSERT ON rule
    BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END";

#[test]
fn order_is_kept_on_a_disk_that_fails_and_written_once_it_works() {
    let mut daemon = start(&["ana"]);
    set_role(&daemon, "ana", "operator");
    let mut ana = log_in(&daemon, "ana");
    meddle(&daemon, BREAK);
    let ban = |subject: &str| json!({"type": "add_rule", "effect": "ban", "subject": subject});
    order(&mut ana, ban("eve"));
    order(&mut ana, ban("mallory"));
    daemon.wait_for_log(&["ERROR", "cannot be written down", "the disk is broken"]);
    let (_, status) = daemon.admin("GET", "/v1/status", "");
    let registry = &status["registry"];
    assert_eq!(
        (&registry["state"], &registry["unwritten"]),
        (&json!("fails"), &json!(2))
    );
    let shown = daemon.chatctl().arg("status").output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("FAILS, because"), "{shown}");
    assert!(
        shown.contains("2 changes of rooms and rules hold"),
        "{shown}"
    );
    meddle(&daemon, "DROP TRIGGER broken");
    daemon.wait_for_log(&["written down again"]);
    let (_, status) = daemon.admin("GET", "/v1/status", "");
    assert_eq!(
        status["registry"],
        json!({"state": "works", "unwritten": 0})
    );
    let log = daemon.log();
    let told = log
        .lines()
        .filter(|line| line.contains("cannot be written down"));
    // The newest file is there by two names.
    assert_eq!(told.collect::<BTreeSet<_>>().len(), 1, "it is told once");
    daemon.kill();
    daemon.start_again();
    daemon.wait_for_log(&["registry opened", "rules=2"]);
}

#[test]
fn an_end_with_a_disk_that_fails_says_what_is_lost() {
    let mut daemon = start(&["ana"]);
    set_role(&daemon, "ana", "operator");
    let mut ana = log_in(&daemon, "ana");
    meddle(&daemon, BREAK);
    order(
        &mut ana,
        json!({"type": "add_rule", "effect": "ban", "subject": "eve"}),
    );
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait().success());
    daemon.wait_for_log(&["could not be written down", "lost=1", "the disk is broken"]);
}

#[test]
fn an_operator_is_one_at_once_and_at_the_next_login() {
    let daemon = start(&["ana"]);
    let mut ana = log_in(&daemon, "ana");
    let rules = json!({"type": "rules"});
    let refused = ana.ask(rules.clone());
    assert_eq!(refused["type"], "error", "{refused}");
    set_role(&daemon, "ana", "operator");
    assert_eq!(ana.ask(rules.clone())["type"], "rules");
    daemon.wait_for_log(&["account role operator", "about=\"ana\"", "outcome=\"done\""]);
    let mut again = log_in(&daemon, "ana");
    assert_eq!(again.ask(rules.clone())["type"], "rules");
    for command in ["list", "show"] {
        let mut chatctl = daemon.chatctl();
        chatctl.args(["user", command]);
        if command == "show" {
            chatctl.arg("ana");
        }
        let shown = String::from_utf8(chatctl.output().unwrap().stdout).unwrap();
        assert!(shown.contains("operator"), "{shown}");
    }
    set_role(&daemon, "ana", "none");
    let refused = ana.ask(rules);
    assert_eq!(refused["type"], "error", "{refused}");
    let mut chatctl = daemon.chatctl();
    chatctl
        .args(["user", "role", "nobody", "operator"])
        .assert()
        .code(4);
    let mut chatctl = daemon.chatctl();
    chatctl
        .args(["user", "role", "ana", "king"])
        .assert()
        .code(2);
}

/// A running engine with a registry in that directory.
fn start_engine(directory: &Path) -> EngineHandle {
    let registry = directory.join("registry.db");
    let sources = Sources {
        file: None,
        sets: vec![format!("accounts.path={}", registry.display())],
        environment: Environment::new(4242, |_| None),
    };
    let config = config::load(&sources).unwrap().config;
    let work = Arc::new(Notify::new());
    let registry = open_registry(&config.accounts, &work).unwrap();
    let engine = Engine::new(Clock::start(), Arc::new(config), work, None, registry).unwrap();
    let (handle, questions) = EngineHandle::new();
    spawn_local(async move { engine.run(questions).await });
    handle
}

/// Whether it is not done yet, having been asked.
async fn is_pending<F: Future>(mut asked: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn an_operator_is_answered_once_what_they_changed_is_on_the_disk() {
    let test = async {
        let directory = tempfile::tempdir().unwrap();
        let handle = start_engine(directory.path());
        let file = directory.path().join("registry.db");
        let file = rusqlite::Connection::open(file).unwrap();
        file.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let ban = AdminCommand::Moderate(Moderation::AddRule {
            room: None,
            effect: Effect::Ban,
            subject: Subject::parse("eve").unwrap(),
            reason: None,
            lasts: None,
            evicts: true,
        });
        let mut asked = Box::pin(handle.admin(ban));
        assert!(is_pending(asked.as_mut()).await);
        // It is answered after the engine has carried out the other.
        handle.heartbeat().await.unwrap();
        assert!(is_pending(asked.as_mut()).await, "it is not written yet");
        // What changes nothing does not wait for what others have changed.
        let look = AdminCommand::Moderate(Moderation::Rules { room: None });
        handle.admin(look).await.unwrap().unwrap();
        file.execute_batch("ROLLBACK").unwrap();
        asked.await.unwrap().unwrap();
        let count = "SELECT count(*) FROM rule";
        let rules: i64 = file.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(rules, 1);
    };
    LocalSet::new().run_until(test).await;
}

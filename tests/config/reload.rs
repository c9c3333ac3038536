//! What a reload changes and what waits for a restart.

use chatd::config::{Loaded, after_reload, changes};

use super::load;

#[test]
fn a_reload_tells_what_is_in_force_and_what_waits() {
    let running = load("[limits]\nrate = 5\n");
    let edited = load(
        "[server]\nmotd = \"Hi\"\nbacklog = 20\n[limits]\nrate = 6\n[[listen]]\nport = 1\n\
         [[listen]]\nport = 2\n[log]\nlevel = \"debug\"\nkeep = 3\n",
    );
    let found = changes(&running, &edited);
    assert_eq!(found.applied, ["server.motd", "limits.rate", "log.level"]);
    assert_eq!(
        found.needs_restart,
        [
            "server.backlog",
            "listen[0].port",
            "listen[1].protocol",
            "listen[1].address",
            "listen[1].port",
            "listen[1].tls",
            "listen[1].trust",
            "listen[1].proxies",
            "log.keep",
        ]
    );
}

#[test]
fn a_listener_that_is_gone_waits_for_a_restart_too() {
    let two = load("[[listen]]\nport = 1\n[[listen]]\nunix = \"/run/chat.sock\"\n");
    let one = load("[[listen]]\nport = 1\n");
    let found = changes(&two, &one);
    assert!(found.applied.is_empty());
    assert_eq!(
        found.needs_restart,
        [
            "listen[1].protocol",
            "listen[1].unix",
            "listen[1].tls",
            "listen[1].trust",
            "listen[1].proxies"
        ]
    );
}

#[test]
fn a_file_that_says_the_same_in_other_words_changes_nothing() {
    let found = changes(
        &load("[limits]\nping_interval = \"2m\"\n"),
        &load("# later\n[limits]\nping_interval = \"120s\"\nmessage_bytes = 4096\n"),
    );
    assert_eq!(found, changes(&load(""), &load("")));
    assert!(found.applied.is_empty() && found.needs_restart.is_empty());
}

#[test]
fn after_a_reload_what_needs_a_restart_is_still_as_it_was() {
    let running = load("").config;
    let edited = load(
        "[server]\nname = \"den\"\ndefault_room = \"#hall\"\n[[listen]]\nport = 1\n\
         [limits]\nrate = 6\nold_client_pace = \"20ms\"\n",
    )
    .config;
    let in_force = after_reload(&running, &edited);
    assert_eq!(in_force.server.name, "den");
    assert_eq!(in_force.limits.hub.rate, 6.0);
    assert_eq!(in_force.limits.old_client_pace.as_millis(), 20);
    assert_eq!(
        in_force.limits.hub.default_room,
        running.limits.hub.default_room
    );
    assert_eq!(in_force.listen, running.listen);
}

#[test]
fn operators_and_the_password_of_irc_come_and_go_by_a_reload_and_are_not_shown() {
    let password = "correct horse";
    let running = load(&format!(
        "[irc]\npassword = \"{password}\"\n[[oper]]\nname = \"ana\"\npassword = \"{password}\"\n"
    ));
    let edited = load("[[oper]]\nname = \"ben\"\npassword = \"battery staple\"\n");
    let found = changes(&running, &edited);
    assert_eq!(
        found.applied,
        ["irc.password", "oper[0].name", "oper[0].password"]
    );
    assert!(found.needs_restart.is_empty());
    let in_force = after_reload(&running.config, &edited.config);
    assert_eq!(in_force.irc.password, None);
    assert_eq!(in_force.limits.hub.opers, edited.config.limits.hub.opers);
    assert_eq!(changes(&edited, &load("")).applied.len(), 2);

    let keys = running.effective.iter();
    let shown: Vec<&str> = keys
        .filter(|it| it.key.ends_with(".password"))
        .map(|it| it.shown())
        .collect();
    assert_eq!(shown, ["(hidden)", "(hidden)"]);
    let printed = running.to_toml();
    assert!(
        !printed.contains(password) && printed.contains("[[oper]]\n"),
        "{printed}"
    );
    assert_eq!(load(&printed).config, running.config);
}

#[test]
fn the_hash_of_the_gateways_password_is_hidden_as_the_others_are() {
    let digits = "4c1029697ee358715d3a14a2add817c4b01651440de808371f78165ac90dc581";
    let loaded = load(&format!("[irc]\ngateway_password_sha256 = \"{digits}\"\n"));
    let shown = |loaded: &Loaded| {
        let mut keys = loaded.effective.iter();
        let key = keys.find(|it| it.key == "irc.gateway_password_sha256");
        key.unwrap().shown().to_owned()
    };
    assert_eq!(shown(&loaded), "(hidden)");
    assert_eq!(shown(&load("")), "\"\"");
    assert!(loaded.to_toml().contains(digits));
}

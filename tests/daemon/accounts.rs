//! Accounts over real sockets, with a real registry and the real chatctl: what an operator makes, somebody
//! logs in to, and no secret is found anywhere afterwards.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::support::Daemon;
use crate::support::peers::{OldPeer, Peer, Wire};

const PASSWORD: &str = "correct horse battery";
/// The cheapest that the config allows.
const CHEAP: &str = "[accounts]\nhash_memory = \"7MiB\"\nhash_passes = 1\n";

fn chatctl(daemon: &Daemon, args: &[&str], stdin: &str) -> Output {
    let mut command = daemon.chatctl();
    command.env_remove("CHATCTL_TOKEN_FILE");
    command.args(args).write_stdin(stdin).output().unwrap()
}

fn succeeds(daemon: &Daemon, args: &[&str], stdin: &str) -> String {
    let output = chatctl(daemon, args, stdin);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(daemon: &Daemon, args: &[&str], stdin: &str, code: i32) -> String {
    let output = chatctl(daemon, args, stdin);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    stderr
}

fn add(daemon: &Daemon, name: &str) {
    let line = format!("{PASSWORD}\n");
    succeeds(daemon, &["user", "add", name, "--password-stdin"], &line);
}

/// Every file below a directory that has the text in it.
fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            if bytes.windows(text.len()).any(|it| it == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn an_account_is_made_used_and_closed() {
    let daemon = Daemon::start(CHEAP);
    add(&daemon, "ana");
    let again = ["user", "add", "ANA", "--password-stdin"];
    let refused = fails(&daemon, &again, &format!("{PASSWORD}\n"), 1);
    assert!(refused.contains("there is an account"), "{refused}");
    let send = [
        "send",
        "--account",
        "ana",
        "--password-stdin",
        "#lobby",
        "-",
    ];
    fails(&daemon, &send, "wrong horse\nhello\n", 5);
    let with_text = format!("{PASSWORD}\nhello\n");
    let output = chatctl(&daemon, &send, &with_text);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("a wrong password was given"), "{stderr}");
    let history = succeeds(&daemon, &["history", "#lobby", "--as", "reader"], "");
    assert!(
        history.contains("ana") && history.contains("hello"),
        "{history}"
    );
    let taken = ["send", "--as", "ana", "#lobby", "it is me"];
    let refused = fails(&daemon, &taken, "", 1);
    assert!(refused.contains("is registered"), "{refused}");
    succeeds(&daemon, &["user", "disable", "ana"], "");
    let refused = fails(&daemon, &send, &with_text, 5);
    assert!(refused.contains("closed"), "{refused}");
    let list = succeeds(&daemon, &["user", "list"], "");
    assert!(list.contains("ana") && list.contains("closed"), "{list}");
    succeeds(&daemon, &["user", "del", "ana", "--yes"], "");
    fails(&daemon, &["user", "show", "ana"], "", 4);
}

#[test]
fn accounts_outlive_the_daemon_and_need_no_history() {
    let config = format!("[history]\ndurability = \"off\"\n{CHEAP}");
    let mut daemon = Daemon::start(&config);
    add(&daemon, "ana");
    daemon.kill();
    daemon.start_again();
    daemon.wait_for_log(&["registry opened", "accounts=1"]);
    let send = [
        "send",
        "--account",
        "ana",
        "--password-stdin",
        "#lobby",
        "hi",
    ];
    succeeds(&daemon, &send, &format!("{PASSWORD}\n"));
    let database = daemon.directory().join("state/registry.db");
    let mode = fs::metadata(database).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn who_registers_in_the_chat_with_an_invitation_keeps_what_they_said() {
    let config = format!("{CHEAP}registration = \"invite\"\n");
    let daemon = Daemon::start(&config);
    succeeds(
        &daemon,
        &["send", "--as", "ana", "#lobby", "as a guest"],
        "",
    );
    let invitation = succeeds(&daemon, &["invite", "create", "--note", "ana"], "");
    let file = daemon.directory().join("invitation");
    fs::write(&file, &invitation).unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    let register = [
        "register",
        "ana",
        "--password-stdin",
        "--invitation-file",
        file,
    ];
    succeeds(&daemon, &register, &format!("{PASSWORD}\n"));
    let again = [
        "register",
        "ben",
        "--password-stdin",
        "--invitation-file",
        file,
    ];
    fails(&daemon, &again, &format!("{PASSWORD}\n"), 1);
    let open = succeeds(&daemon, &["invite", "list", "-o", "json"], "");
    assert!(!open.contains("ana"), "{open}");
}

#[test]
fn where_guests_are_not_let_in_an_account_can_be_made_all_the_same() {
    let daemon = Daemon::start(&format!(
        "{CHEAP}registration = \"invite\"\nrequire = \"all\"\n"
    ));
    let invitation = succeeds(&daemon, &["invite", "create"], "");
    let file = daemon.directory().join("invitation");
    fs::write(&file, &invitation).unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let file = file.to_str().unwrap();
    let password = format!("{PASSWORD}\n");
    let register = |name| {
        let options = ["--password-stdin", "--invitation-file", file];
        [&["register", name], &options[..]].concat()
    };
    let told = succeeds(&daemon, &register("ana"), &password);
    assert!(told.contains("ana"), "{told}");
    fails(&daemon, &register("ben"), &password, 1);
    let send = ["send", "--account", "ana", "--password-stdin"];
    let send = [&send[..], &["#lobby", "hi"]].concat();
    succeeds(&daemon, &send, &password);
}

#[test]
fn a_token_sends_where_it_may_until_it_is_revoked() {
    let daemon = Daemon::start(CHEAP);
    succeeds(&daemon, &["user", "add", "ci", "--no-password"], "");
    let create = [
        "token",
        "create",
        "--user",
        "ci",
        "--room",
        "#builds",
        "--send-only",
        "--expires",
        "90d",
    ];
    let token = succeeds(&daemon, &create, "");
    let file = daemon.directory().join("token");
    fs::write(&file, &token).unwrap();
    let path = file.to_str().unwrap();
    let send = ["send", "--token-file", path, "#builds", "green"];
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let refused = fails(&daemon, &send, "", 5);
    assert!(refused.contains("chmod 600"), "{refused}");
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    succeeds(&daemon, &send, "");
    fails(
        &daemon,
        &["send", "--token-file", path, "#lobby", "red"],
        "",
        5,
    );
    let list = succeeds(&daemon, &["token", "list", "-o", "json"], "");
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert!(list[0]["last_used_at"].is_string(), "{list}");
    assert_eq!(list[0]["rooms"][0], "#builds");
    succeeds(&daemon, &["token", "revoke", "1"], "");
    fails(&daemon, &send, "", 5);
    let secret = token.trim();
    let own = [path.to_owned()];
    assert_eq!(files_with(daemon.directory(), secret), own, "nowhere else");
}

#[test]
fn no_password_is_found_in_any_file_or_answer() {
    let config = format!("{CHEAP}registration = \"open\"\n[log]\nlevel = \"trace\"\n");
    let daemon = Daemon::start(&config);
    add(&daemon, "ana");
    let send = [
        "send",
        "--account",
        "ana",
        "--password-stdin",
        "#lobby",
        "hi",
    ];
    succeeds(&daemon, &send, &format!("{PASSWORD}\n"));
    fails(&daemon, &send, &format!("{PASSWORD}, but wrong\n"), 5);
    let short = ["user", "passwd", "ana", "--password-stdin"];
    let refused = fails(&daemon, &short, "s3cr3t!\n", 1);
    assert!(!refused.contains("s3cr3t!"), "{refused}");
    for secret in [PASSWORD, "s3cr3t!"] {
        assert_eq!(files_with(daemon.directory(), secret), Vec::<String>::new());
    }
}

#[test]
fn how_short_a_password_may_be_is_for_new_ones_alone() {
    let short = format!("{CHEAP}password_length = 4\n");
    let daemon = Daemon::start(&short);
    let add = |name| ["user", "add", name, "--password-stdin"];
    succeeds(&daemon, &add("ana"), "pink\n");
    let refused = fails(&daemon, &add("ben"), "red\n", 1);
    assert!(refused.contains("at least 4 characters"), "{refused}");

    daemon.rewrite_config(CHEAP);
    succeeds(&daemon, &["reload"], "");
    let refused = fails(&daemon, &add("ben"), "pink\n", 1);
    assert!(refused.contains("at least 8 characters"), "{refused}");
    let send = [
        "send",
        "--account",
        "ana",
        "--password-stdin",
        "#lobby",
        "hi",
    ];
    succeeds(&daemon, &send, "pink\n");
    fails(&daemon, &send, "blue\n", 5);
}

#[test]
fn where_all_need_an_account_guests_and_old_clients_are_told() {
    let daemon = Daemon::start(&format!("{CHEAP}require = \"all\"\n"));
    let refused = fails(&daemon, &["send", "--as", "ana", "#lobby", "hi"], "", 5);
    assert!(refused.contains("You need an account"), "{refused}");
    let (mut old, _) = OldPeer::connect(&daemon);
    let answer = old.login("kim");
    assert_eq!(answer["success"], false, "{answer}");
    assert!(
        answer["msg"]
            .as_str()
            .unwrap()
            .contains("This program cannot"),
        "{answer}"
    );
}

#[test]
fn who_has_an_account_changes_its_password_and_nobody_else_stays_logged_in() {
    let daemon = Daemon::start(CHEAP);
    add(&daemon, "ana");
    let hello = json!({"type": "hello", "v": 1, "account": "ana", "password": PASSWORD});
    let mut other = Peer::hello(daemon.chat_addr(), hello);
    other.hear(|it| it["type"] == "login");
    let passwd = ["passwd", "ana", "--password-stdin"];
    fails(&daemon, &passwd, "wrong horse\nnew horse battery\n", 5);
    let refused = fails(&daemon, &passwd, &format!("{PASSWORD}\nshort\n"), 1);
    assert!(refused.contains("at least"), "{refused}");
    let both = format!("{PASSWORD}\nnew horse battery\n");
    let done = succeeds(&daemon, &passwd, &both);
    assert!(done.contains("another password"), "{done}");
    other.hear(|it| it["type"] == "bye" && it["code"] == "logged_out");
    daemon.wait_for_log(&["password changed", "ana"]);
    assert!(!daemon.log().contains("horse"), "no password is logged");
    fails(&daemon, &passwd, &both, 5);
    let send = [
        "send",
        "--account",
        "ana",
        "--password-stdin",
        "#lobby",
        "-",
    ];
    succeeds(&daemon, &send, "new horse battery\nhello\n");
}

#[test]
fn a_second_irc_connection_is_told_where_it_is() {
    let config = "[[listen]]\nprotocol = \"irc\"\nport = 0\n";
    let daemon = Daemon::start(&format!("{config}{CHEAP}"));
    add(&daemon, "ana");
    let log_in = |realname: &str| {
        let mut wire = Wire::connect_silently(daemon.chat_addr());
        let hello = format!(
            "CAP REQ extended-join\r\nPASS :ana:{PASSWORD}\r\nNICK ana\r\nUSER u 0 * :{realname}\r\nCAP END\r\n"
        );
        wire.send(hello.as_bytes());
        wire
    };
    let hear = |wire: &mut Wire, part: &str| loop {
        let line = wire.line().expect("a line");
        if line.contains(part) {
            return line;
        }
    };
    let mut first = log_in("Ana A");
    hear(&mut first, " 001 ");
    first.send(b"JOIN #tea\r\n");
    let joined = hear(&mut first, " JOIN ");
    assert!(joined.ends_with(" JOIN #tea ana :Ana A"), "{joined}");
    // The room has news for the others that wait to go out.
    let mut ben = Wire::connect_silently(daemon.chat_addr());
    ben.send(b"NICK ben\r\nUSER u 0 * :Ben\r\nJOIN #tea\r\n");
    let mut second = log_in("Ana A");
    assert_eq!(hear(&mut second, " JOIN #tea"), joined);
    let names = hear(&mut second, " 353 ");
    assert!(names.contains(" 353 ana = #tea :@ana"), "{names}");
    hear(&mut ben, " 366 ");
    ben.send(b"PRIVMSG #tea :once\r\n");
    hear(&mut second, " PRIVMSG ");
    ben.send(b"PRIVMSG #tea :and again\r\n");
    let again = hear(&mut second, " PRIVMSG ");
    assert!(again.ends_with(" PRIVMSG #tea :and again"), "{again}");
}

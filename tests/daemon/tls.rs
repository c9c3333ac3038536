//! TLS as clients and operators meet it: real handshakes by rustls and by openssl, certificates that
//! are good and that are not, and peers that never get so far.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use nix::sys::signal::Signal;
use rustls::ClientConfig;
use serde_json::json;

use crate::support::tls::{Authority, TlsPeer};
use crate::support::{Daemon, PATIENCE, daemon_command, wait_for};

/// A daemon with TLS, its authority and a client that trusts it.
struct Scene {
    daemon: Daemon,
    authority: Authority,
    client: Arc<ClientConfig>,
    files: tempfile::TempDir,
}

impl Scene {
    fn new(more: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let authority = Authority::new(files.path(), "ca");
        authority.issue("server", 90);
        let more = more.replace("CA", files.path().join("ca.pem").to_str().unwrap());
        Self {
            daemon: Daemon::start(&authority.config("server", &more)),
            client: authority.client("ca", None),
            authority,
            files,
        }
    }

    fn address(&self) -> SocketAddr {
        self.daemon.chat_addr()
    }

    fn join(&self, nick: &str) -> TlsPeer {
        TlsPeer::join(self.address(), &self.client, nick)
    }

    fn ended(&self, reason: &str) -> u64 {
        let stats = self.daemon.stats();
        stats["connections_ended"][reason].as_u64().unwrap_or(0)
    }
}

/// Says one line by `openssl s_client` and leaves when the server closes.
fn openssl(scene: &Scene, arguments: &[&str], line: &str) -> Output {
    let mut child = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-connect"])
        .arg(scene.address().to_string())
        .arg("-CAfile")
        .arg(scene.authority.file("ca", "pem"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line.as_bytes()).ok(); // it may have been turned away already
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output
}

#[test]
fn openssl_chats_by_tls_1_2_and_1_3() {
    let scene = Scene::new("");
    for version in ["-tls1_2", "-tls1_3"] {
        let said = openssl(
            &scene,
            &[version, "-verify_ip", "127.0.0.1"],
            "{\"type\":\"hello\",\"v\":1,\"nick\":\"ossl\"}\n{\"type\":\"send\",\"to\":\"#lobby\",\"text\":\"by TLS\"}\n{\"type\":\"quit\"}\n",
        );
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            text.contains("welcome") && text.contains("by TLS"),
            "{version}: {said:?}"
        );
        assert!(text.contains("bye"), "{version}: {said:?}");
        assert!(said.status.success(), "the end was said: {said:?}");
    }
    let old = openssl(&scene, &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "");
    assert!(!old.status.success(), "TLS 1.1 is refused: {old:?}");
}

#[test]
fn the_old_protocol_works_over_tls_and_is_paced() {
    let scene = Scene::new("");
    let mut old = TlsPeer::connect(scene.address(), &scene.client).unwrap();
    old.say(&json!({"type": "login", "msg": "old"}));
    assert_eq!(old.hear(|it| it["type"] == "login")["success"], true);
    let mut ana = scene.join("ana");
    ana.say(&json!({"type": "send", "to": "#lobby", "text": "hello"}));
    let heard = old.hear(|it| it["type"] == "broadcast");
    assert!(heard["msg"].as_str().unwrap().contains("hello"));
}

#[test]
fn an_orderly_end_is_said_by_tls_too() {
    let mut scene = Scene::new("");
    let ana = scene.join("ana");
    scene.daemon.signal(Signal::SIGTERM);
    assert!(ana.until_the_end().contains("shutdown"));
    assert_eq!(scene.daemon.wait().code(), Some(0));
}

#[test]
fn a_new_certificate_comes_with_a_reload_and_disconnects_nobody() {
    let scene = Scene::new("");
    let mut ana = scene.join("ana");
    let before = scene.daemon.admin("GET", "/v1/status", "").1["tls"]["sha256"].clone();

    // A bad one changes nothing, and is told.
    fs::write(scene.authority.file("server", "pem"), "nothing").unwrap();
    scene.daemon.signal(Signal::SIGHUP);
    scene.daemon.wait_for_log(&["holds no certificate"]);
    scene
        .daemon
        .wait_for_log(&["not reloaded", "stays in force"]);
    let (code, problem) = scene.daemon.admin("POST", "/v1/reload", "");
    assert_eq!(code, 422, "{problem}");
    assert!(
        problem.to_string().contains("holds no certificate"),
        "{problem}"
    );
    let _ben = scene.join("ben");

    let renewed = scene.authority.issue("server", 10);
    scene.daemon.signal(Signal::SIGHUP);
    wait_for("the new certificate", || {
        let status = scene.daemon.admin("GET", "/v1/status", "").1;
        (status["tls"]["sha256"] == renewed.as_str()).then_some(())
    });
    assert_ne!(before, renewed.as_str());
    let status = scene.daemon.admin("GET", "/v1/status", "").1;
    let warnings = status["warnings"].to_string();
    assert!(warnings.contains("expires in"), "{warnings}");
    ana.say(&json!({"type": "send", "to": "#lobby", "text": "still here", "id": "s"}));
    ana.hear(|it| it["type"] == "ack" && it["id"] == "s");
    let _cy = scene.join("cy");
}

#[test]
fn files_that_are_no_good_are_told_at_the_start_and_by_check_config() {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new(files.path(), "ca");
    authority.issue("server", 90);
    authority.issue("other", 90);
    authority.issue("old", -1);
    let key = authority.file("server", "key");
    let run = |name: &str| {
        fs::write(files.path().join("chat.toml"), authority.config(name, "")).unwrap();
        let refused = daemon_command(files.path()).status().unwrap();
        assert_eq!(refused.code(), Some(1), "{name}");
        let started = fs::read_to_string(files.path().join("stderr")).unwrap();
        let checked = daemon_command(files.path())
            .arg("--check-config")
            .status()
            .unwrap();
        assert_eq!(checked.code(), Some(2), "{name}");
        let checked = fs::read_to_string(files.path().join("stderr")).unwrap();
        assert!(!started.contains("PRIVATE KEY-----\n"), "{started}");
        started + &checked
    };
    let twice = |said: &str, words: &str| {
        assert_eq!(said.matches(words).count(), 2, "{words}: {said}");
    };
    twice(&run("missing"), "missing.pem: there is no such file");
    twice(&run("old"), "has expired on");
    fs::copy(authority.file("other", "key"), &key).unwrap();
    twice(&run("server"), "is not the key of the certificate");
    fs::write(&key, "nothing").unwrap();
    twice(&run("server"), "holds no private key");
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    twice(&run("server"), "everyone on this machine may read this key");
}

#[test]
fn whoever_does_not_speak_tls_is_let_go_counted_and_fills_no_log() {
    let scene = Scene::new("");
    let mut ana = scene.join("ana");
    for _ in 0..50 {
        let mut plain = TcpStream::connect(scene.address()).unwrap();
        plain.set_read_timeout(Some(PATIENCE)).unwrap();
        plain
            .write_all(b"{\"type\":\"login\",\"msg\":\"old\"}")
            .unwrap();
        let mut heard = Vec::new();
        plain.read_to_end(&mut heard).expect("an orderly end");
        assert!(!String::from_utf8_lossy(&heard).contains('{'), "{heard:?}");
    }
    wait_for("all to be counted", || {
        (scene.ended("tls_failed") == 50).then_some(())
    });
    // The file is there under two names.
    let log = scene.daemon.log();
    let lines: BTreeSet<&str> = log.lines().collect();
    let told = lines
        .iter()
        .filter(|line| line.contains("no TLS agreed on"));
    assert_eq!(told.count(), 1, "{log}");
    assert!(lines.len() < 30, "{log}");
    ana.say(&json!({"type": "send", "to": "#lobby", "text": "unharmed", "id": "u"}));
    ana.hear(|it| it["type"] == "ack" && it["id"] == "u");
}

#[test]
fn a_handshake_that_stands_still_is_ended_and_there_are_only_so_many() {
    let scene = Scene::new("handshake_timeout = \"300ms\"\nmax_handshakes = 2");
    let stalled: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = TcpStream::connect(scene.address()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            // The beginning of a record that never comes whole.
            stream.write_all(&[22, 3, 1, 1, 0, 1]).unwrap();
            stream
        })
        .collect();
    for mut stream in stalled {
        assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
    }
    wait_for("both to be counted", || {
        (scene.ended("handshake_timeout") == 2).then_some(())
    });
    let _ana = scene.join("ana");

    let mut scene = Scene::new("handshake_timeout = \"5m\"\nmax_handshakes = 2");
    let mut waiting: Vec<TcpStream> = (0..3)
        .map(|_| TcpStream::connect(scene.address()).unwrap())
        .collect();
    scene
        .daemon
        .wait_for_log(&["too many TLS handshakes", "tls.max_handshakes"]);
    assert_eq!(scene.daemon.stats()["connections_refused"], 1);
    waiting.clear();
    wait_for("the places to be free", || {
        (scene.daemon.stats()["connections_open"] == 0).then_some(())
    });
    let _ana = scene.join("ana");
    let _stalled = TcpStream::connect(scene.address()).unwrap();
    wait_for("the handshake to begin", || {
        (scene.daemon.stats()["connections_open"] == 2).then_some(())
    });
    scene.daemon.signal(Signal::SIGTERM);
    assert_eq!(scene.daemon.wait().code(), Some(0), "nobody is waited for");
}

#[test]
fn a_handshake_in_tiny_records_is_ended_before_it_takes_much() {
    let scene = Scene::new("");
    // A ClientHello of 65,535 bytes, each in a record of its own.
    let mut hello = vec![1, 0, 0xff, 0xff];
    hello.resize(65_539, b'A');
    let records: Vec<u8> = hello
        .iter()
        .flat_map(|&byte| [22, 3, 1, 0, 1, byte])
        .collect();
    let floods: Vec<_> = (0..8)
        .map(|_| {
            let (address, records) = (scene.address(), records.clone());
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.write_all(&records).ok(); // it may have been ended already
                let ended = stream.read(&mut [0; 16]);
                let kind = ended.as_ref().map_err(std::io::Error::kind);
                assert!(
                    matches!(kind, Ok(0) | Err(std::io::ErrorKind::ConnectionReset)),
                    "{ended:?}"
                );
            })
        })
        .collect();
    for flood in floods {
        flood.join().unwrap();
    }
    wait_for("all to be counted", || {
        (scene.ended("tls_failed") == 8).then_some(())
    });
    scene.daemon.wait_for_log(&["too many pieces"]);
    let _ana = scene.join("ana");
}

#[test]
fn clients_are_let_in_by_their_certificate() {
    let scene = Scene::new("client_ca = \"CA\"\nclient_certificates = \"required\"");
    let print = scene.authority.issue("ana", 30);
    let stranger = tempfile::tempdir().unwrap();
    let other = Authority::new(stranger.path(), "ca");
    other.issue("eve", 30);
    fs::copy(other.file("eve", "pem"), scene.authority.file("eve", "pem")).unwrap();
    fs::copy(other.file("eve", "key"), scene.authority.file("eve", "key")).unwrap();

    let good = scene.authority.client("ca", Some("ana"));
    let _ana = TlsPeer::join(scene.address(), &good, "ana");
    let who = scene.daemon.admin("GET", "/v1/who", "").1;
    assert_eq!(who["sessions"][0]["certificate"], print.as_str(), "{who}");
    let file = |name: &str, ending| scene.authority.file(name, ending).display().to_string();
    let (ca, cert, key) = (file("ca", "pem"), file("ana", "pem"), file("ana", "key"));
    let shown = sends(
        &scene,
        &["--ca", &ca, "--tls-cert", &cert, "--tls-key", &key],
    );
    assert_eq!(shown, (Some(0), String::new()));
    let (code, said) = sends(&scene, &["--ca", &ca]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("show yours with --tls-cert"), "{said}");
    for shows in [None, Some("eve")] {
        let bad = scene.authority.client("ca", shows);
        assert!(
            TlsPeer::connect(scene.address(), &bad).is_err(),
            "{shows:?}"
        );
    }
    wait_for("both to be counted", || {
        (scene.ended("tls_failed") == 3).then_some(())
    });

    let scene = Scene::new("client_ca = \"CA\"\nclient_certificates = \"optional\"");
    let _ben = scene.join("ben");
    let who = scene.daemon.admin("GET", "/v1/who", "").1;
    assert!(who["sessions"][0]["certificate"].is_null(), "{who}");
}

#[test]
fn a_certificate_is_shown_at_every_connection_and_not_remembered() {
    let resumes = |scene: &Scene, client: &Arc<ClientConfig>| {
        let _first = TlsPeer::connect(scene.address(), client).unwrap();
        let again = TlsPeer::connect(scene.address(), client).unwrap();
        again.has_resumed()
    };
    let scene = Scene::new("");
    assert!(resumes(&scene, &scene.client), "without certificates");
    for policy in ["required", "optional"] {
        let scene = Scene::new(&format!(
            "client_ca = \"CA\"\nclient_certificates = \"{policy}\""
        ));
        scene.authority.issue("ana", 30);
        let ana = scene.authority.client("ca", Some("ana"));
        assert!(!resumes(&scene, &ana), "{policy}");
    }
}

#[test]
fn many_lines_reach_everyone_whole_while_one_does_not_read() {
    let scene = Scene::new("[limits]\nsend_queue_bytes = \"256KiB\"\nrate = 0");
    let mut ana = scene.join("ana");
    let mut others: Vec<TlsPeer> = (0..8).map(|n| scene.join(&format!("n{n}"))).collect();
    let deaf = scene.join("deaf");
    nix_small_buffer(deaf.socket());
    let text = "x".repeat(3000);
    for number in 0..4000 {
        ana.say(
            &json!({"type": "send", "to": "#lobby", "text": format!("{number} {text}"), "id": "m"}),
        );
        ana.hear(|it| it["type"] == "ack");
        for other in &mut others {
            let heard = other.hear(|it| it["type"] == "message");
            let heard = heard["text"].as_str().unwrap();
            assert!(heard.starts_with(&format!("{number} ")) && heard.len() > 3000);
        }
        if scene.ended("send_queue_exceeded") == 1 {
            scene
                .daemon
                .wait_for_log(&["nick=deaf", "send_queue_exceeded"]);
            return;
        }
    }
    panic!("the slow reader was never cut");
}

fn nix_small_buffer(socket: &TcpStream) {
    rustix::net::sockopt::set_socket_recv_buffer_size(socket, 4096).unwrap();
}

/// `chatctl send` with these options: its exit code and what it said on stderr.
fn sends(scene: &Scene, options: &[&str]) -> (Option<i32>, String) {
    let mut command = scene.daemon.chatctl();
    // The roots of the machine that runs this test are nobody's business.
    command.env("SSL_CERT_FILE", scene.authority.file("other", "pem"));
    command.env_remove("SSL_CERT_DIR");
    command.args(["send", "#lobby", "by chatctl", "--as", "ctl"]);
    let output = command.args(options).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

/// Where nobody could be asked for a password, whatever terminal this test runs in.
fn sends_as(scene: &Scene, options: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("setsid")
        .args(["--wait", env!("CARGO_BIN_EXE_chatctl")])
        .args(["--server", &scene.address().to_string()])
        .env("XDG_STATE_HOME", scene.files.path())
        .args(["send", "#lobby", "by chatctl"])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .expect("util-linux is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[test]
fn chatctl_makes_sure_whom_it_talks_to_and_says_what_to_do() {
    let scene = Scene::new("");
    Authority::new(scene.files.path(), "other");
    let ca = scene.authority.file("ca", "pem");
    let ca = ca.to_str().unwrap();
    let other = scene.authority.file("other", "pem");
    let print = scene.daemon.admin("GET", "/v1/status", "").1["tls"]["sha256"].clone();
    let print = print.as_str().unwrap();

    for good in [
        &["--ca", ca][..],
        &["--tls-pin", print],
        &["--ca", ca, "--tls-pin", print],
    ] {
        assert_eq!(sends(&scene, good), (Some(0), String::new()), "{good:?}");
    }
    for (bad, words) in [
        (
            &["--tls"][..],
            "with --ca, or its fingerprint with --tls-pin",
        ),
        (
            &["--ca", other.to_str().unwrap()],
            "nobody whom you trust vouches",
        ),
        (
            &["--tls-pin", &"ab".repeat(32)],
            "another than --tls-pin says",
        ),
        (&["--ca", "/nowhere.pem"], "there is no such file"),
        (&["--tls-cert", ca, "--ca", ca], "needs --tls-key"),
    ] {
        let (code, said) = sends(&scene, bad);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words), "{bad:?}: {said}");
    }
    let mut command = scene.daemon.chatctl();
    command.args(["send", "#lobby", "plain", "--as", "ctl", "--timeout", "1s"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("if it wants TLS, say --tls"), "{said}");
    // Without a server's name it asks the daemon, and trusts what it tells by its admin socket.
    let mut command = scene.daemon.chatctl();
    command.env_remove("CHATD_SERVER");
    command
        .args(["send", "#lobby", "found", "--as", "ctl"])
        .assert()
        .success();
}

#[test]
fn chatctl_comes_back_to_a_server_on_another_port_with_a_renewed_certificate() {
    let mut scene = Scene::new("");
    let tail = Command::new(env!("CARGO_BIN_EXE_chatctl"))
        .env("CHATD_ADMIN_SOCKET", scene.daemon.admin_socket())
        .env_remove("CHATD_SERVER")
        .env("XDG_RUNTIME_DIR", scene.daemon.directory())
        .env("XDG_STATE_HOME", scene.daemon.directory())
        .args(["tail", "#lobby", "--count", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let is_there = |scene: &Scene| {
        wait_for("tail to be there", || {
            let who = scene.daemon.admin("GET", "/v1/who", "").1;
            let room = &who["sessions"][0]["rooms"][0];
            room.is_string().then_some(())
        });
    };
    is_there(&scene);
    scene.daemon.kill();
    scene.authority.issue("server", 10);
    scene.daemon.start_again();
    is_there(&scene);
    scene
        .join("ana")
        .say(&json!({"type": "send", "to": "#lobby", "text": "renewed"}));
    let heard = tail.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&heard.stdout).contains("renewed"));
}

#[test]
fn chatctl_names_an_expired_certificate_and_a_wrong_name() {
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new(files.path(), "ca");
    let run = |address: &str, name: &str| {
        let mut openssl = Command::new("openssl")
            .args(["s_server", "-quiet", "-4", "-accept", "0", "-cert"])
            .arg(authority.file(name, "pem"))
            .arg("-key")
            .arg(authority.file(name, "key"))
            .args(["-naccept", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = wait_for("openssl to listen", || listening_port(openssl.id()));
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_chatctl"))
            .args(["--server", &format!("tls:{address}:{port}"), "--ca"])
            .arg(authority.file("ca", "pem"))
            .args(["send", "#lobby", "x", "--as", "ana"])
            .timeout(PATIENCE)
            .output()
            .unwrap();
        openssl.kill().ok();
        openssl.wait().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    authority.issue_itself("root");
    let said = run("127.0.0.1", "root");
    assert!(said.contains("an authority's own"), "{said}");
    authority.issue("old", -1);
    let said = run("127.0.0.1", "old");
    assert!(said.contains("has expired"), "{said}");
    authority.issue("server", 9);
    let said = run("127.0.0.2", "server");
    assert!(said.contains("not for 127.0.0.2"), "{said}");
}

/// The TCP port that a process listens on, once it does.
fn listening_port(pid: u32) -> Option<u16> {
    let inodes: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.replace(']', "")))
        .collect();
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_listening = fields[3] == "0A" && inodes.iter().any(|inode| inode == fields[9]);
        let port = fields[1].rsplit_once(':')?.1;
        is_listening
            .then(|| u16::from_str_radix(port, 16).ok())
            .flatten()
    })
}

#[test]
fn a_self_signed_certificate_goes_all_the_way() {
    let files = tempfile::tempdir().unwrap();
    let directory = files.path().to_str().unwrap();
    let chatctl = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_chatctl"));
        command.args(arguments).timeout(PATIENCE).output().unwrap()
    };
    let make = [
        "cert",
        "self-signed",
        "localhost",
        "127.0.0.1",
        "--dir",
        directory,
    ];
    let made = chatctl(&make);
    assert!(made.status.success(), "{made:?}");
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(
        told.contains("[tls]") && told.contains("chatd.key"),
        "{told}"
    );
    assert!(!chatctl(&make).status.success(), "nothing is written over");
    assert!(
        chatctl(&[&make[..], &["--force"]].concat())
            .status
            .success()
    );
    let (key, pem) = (
        files.path().join("chatd.key"),
        files.path().join("chatd.pem"),
    );
    for (path, mode) in [(&key, 0o600), (&pem, 0o644)] {
        let metadata = fs::metadata(path).unwrap();
        assert_eq!(
            std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777,
            mode
        );
    }

    let daemon = Daemon::start(&format!(
        "[[listen]]\nport = 0\ntls = true\n[tls]\ncertificate = {pem:?}\nkey = {key:?}\n"
    ));
    let sent = daemon
        .chatctl()
        .args(["send", "#lobby", "x", "--as", "ana", "--ca"])
        .arg(&pem)
        .output()
        .unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let server = daemon.chat_addr().to_string();
    for of in [pem.to_str().unwrap(), &server] {
        let shown = chatctl(&["cert", "show", of, "--output", "json"]);
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        let status = daemon.admin("GET", "/v1/status", "").1;
        assert_eq!(shown["sha256"], status["tls"]["sha256"], "{of}");
        assert_eq!(shown["names"], json!(["localhost", "127.0.0.1"]));
    }
    let doctor = daemon.chatctl().arg("doctor").output().unwrap();
    let text = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(text.contains(&format!("tls:{server} greets")), "{text}");
}

#[test]
fn an_account_is_logged_in_to_by_the_certificate_that_an_operator_gave_it() {
    let mut scene = Scene::new("client_ca = \"CA\"\nclient_certificates = \"optional\"");
    let print = scene.authority.issue("laptop", 30);
    scene.authority.issue("other", 30);
    let file = |name: &str, ending| scene.authority.file(name, ending).display().to_string();
    let operate = |args: &[&str], stdin: &str| {
        let output = scene
            .daemon
            .chatctl()
            .args(args)
            .write_stdin(stdin)
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    operate(
        &["user", "add", "ana", "--password-stdin"],
        "correct horse\n",
    );
    operate(&["user", "cert", "add", "ana", &file("laptop", "pem")], "");
    let shown = operate(&["user", "show", "ana"], "");
    assert!(shown.contains(&print), "{shown}");
    let (code, taken) = scene.daemon.admin(
        "POST",
        "/v1/accounts/certificates",
        &json!({"name": "ana", "sha256": print}).to_string(),
    );
    assert_eq!((code, &taken["code"]), (409, &json!("certificate_taken")));

    let by_it = scene.authority.client("ca", Some("laptop"));
    let mut ana = TlsPeer::connect(scene.address(), &by_it).unwrap();
    ana.say(&json!({"type": "hello", "v": 1, "certificate": true}));
    let login = ana.hear(|it| it["type"] == "login" || it["type"] == "error");
    assert_eq!(login["account"], "ana", "{login}");
    assert_eq!(
        login["key"],
        json!(null),
        "it would outlast the certificate"
    );
    scene
        .daemon
        .wait_for_log(&["logs in by certificate", "ana", &print]);

    // chatctl needs no password then, and is told when it is the wrong certificate, or none is asked for.
    let ca = file("ca", "pem");
    let by = |name: &str| {
        let (cert, key) = (file(name, "pem"), file(name, "key"));
        let tls = ["--ca", &ca, "--tls-cert", &cert, "--tls-key", &key];
        sends_as(&scene, &[&tls[..], &["--account", "ana"]].concat())
    };
    assert_eq!(by("laptop"), (Some(0), String::new()));
    ana.hear(|it| it["type"] == "message" && it["from"] == "ana" && it["text"] == "by chatctl");
    let (code, said) = by("other");
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("or the certificate is wrong"), "{said}");

    operate(&["user", "cert", "del", "ana", &print], "");
    assert!(ana.until_the_end().contains("logged_out"));
    assert_eq!(by("laptop").0, Some(5));
    scene.daemon.signal(Signal::SIGTERM);
    assert_eq!(scene.daemon.wait().code(), Some(0));
}

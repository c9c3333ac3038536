//! Who may do what, and what no web page may.

use std::os::unix::process::CommandExt;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::fake::{Fake, on_one_thread};

/// Debian's `nobody`.
const NOBODY: u32 = 65534;

#[test]
fn web_pages_are_refused() {
    on_one_thread(async {
        let fake = Fake::start("");
        for headers in [
            [("origin", "http://evil.example")],
            [("origin", "null")],
            [("host", "evil.example")],
            [("host", "127.0.0.1")],
        ] {
            let (status, answer) = fake.ask("POST", "/v1/shutdown", "", &headers).await;
            assert_eq!(
                (status, answer["code"].as_str()),
                (403, Some("foreign_origin")),
                "{headers:?}"
            );
            let (status, _) = fake.ask("GET", "/v1/status", "", &headers).await;
            assert_eq!(status, 403, "{headers:?}");
        }
        for host in ["localhost", "chatd", "", "localhost:80"] {
            let (status, _) = fake.ask("GET", "/v1/status", "", &[("host", host)]).await;
            assert_eq!(status, 200, "{host}");
        }
        fake.stop().await;
    });
}

/// Needs root to become someone else, and curl to speak for them. What the rule says for any uid
/// is tested without either beside the rule itself.
#[test]
fn nobody_may_look_but_not_change_anything() {
    let is_root = nix::unistd::geteuid().is_root();
    let has_curl = Command::new("curl").arg("--version").output().is_ok();
    if !(is_root && has_curl) {
        eprintln!("not shown over a socket: needs root and curl");
        return;
    }
    on_one_thread(async {
        let fake = Fake::start("");
        let (status, answer) = curl_as_nobody(&fake, "GET", "/v1/status").await;
        assert_eq!(status, "200", "{answer}");
        let changes = [
            ("POST", "/v1/kick"),
            ("POST", "/v1/announce"),
            ("PUT", "/v1/topic"),
            ("POST", "/v1/reload"),
            ("POST", "/v1/shutdown"),
            ("GET", "/v1/rules"),
            ("POST", "/v1/rules"),
            ("POST", "/v1/rules/end"),
            ("GET", "/v1/room?room=%23lobby"),
            ("PUT", "/v1/room"),
            ("PUT", "/v1/room/name"),
            ("PUT", "/v1/room/role"),
            ("GET", "/v1/trace?nick=ana"),
            ("GET", "/v1/accounts"),
            ("GET", "/v1/account?name=ana"),
            ("POST", "/v1/accounts"),
            ("PUT", "/v1/accounts/password"),
            ("POST", "/v1/accounts/certificates"),
            ("POST", "/v1/accounts/certificates/remove"),
            ("GET", "/v1/invitations"),
            ("POST", "/v1/tokens"),
            ("PUT", "/v1/log/level"),
            ("GET", "/v1/history/export"),
            ("POST", "/v1/history/import"),
            ("GET", "/v1/history/backup"),
            ("POST", "/v1/history/backup"),
            ("POST", "/v1/history/check"),
            ("POST", "/v1/history/delete"),
            ("GET", "/v1/rooms/retention"),
            ("PUT", "/v1/rooms/retention"),
        ];
        for (method, path) in changes {
            let (status, answer) = curl_as_nobody(&fake, method, path).await;
            assert_eq!(status, "403", "{method} {path}: {answer}");
            assert!(
                answer.contains("not_permitted") && answer.contains("usermod -aG"),
                "{answer}"
            );
        }
        let log = fake.stop().await;
        let refused = log
            .lines()
            .filter(|l| l.contains("uid=65534") && l.contains("not_permitted"));
        assert_eq!(refused.count(), changes.len(), "{log}");
    });
}

#[test]
fn a_crowd_of_idle_connections_is_bounded_and_the_next_is_told() {
    on_one_thread(async {
        let fake = Fake::start("");
        let mut idle = Vec::new();
        for _ in 0..16 {
            idle.push(UnixStream::connect(&fake.socket).await.unwrap());
        }
        let mut next = UnixStream::connect(&fake.socket).await.unwrap();
        let mut answer = String::new();
        next.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{answer}"
        );
        assert!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"] == "busy");

        // One that was idle until now is still served.
        let mut waiting = idle.pop().unwrap();
        waiting
            .write_all(b"GET /v1/rooms HTTP/1.1\r\nhost: chatd\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        waiting.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        drop(idle);
        fake.stop().await;
    });
}

/// Status and body.
async fn curl_as_nobody(fake: &Fake, method: &str, path: &str) -> (String, String) {
    let mut curl = Command::new("curl");
    curl.uid(NOBODY).gid(NOBODY);
    curl.args(["-s", "-X", method, "-w", "\n%{http_code}", "--unix-socket"]);
    curl.arg(&fake.socket)
        .arg(format!("http://localhost{path}"));
    let output = tokio::task::spawn_blocking(move || curl.output().unwrap());
    let output = String::from_utf8(output.await.unwrap().stdout).unwrap();
    let (body, status) = output.rsplit_once('\n').unwrap();
    (status.to_owned(), body.to_owned())
}

//! From a request to what becomes of its connection: a WebSocket (RFC 6455, section 4.2; IRCv3's subprotocols),
//! or an answer and the end.

use tungstenite::handshake::derive_accept_key;

use super::answer::Answer;
use super::head::Head;
use super::origin;
use crate::daemon::protocol::websocket::Kind;

/// How a connection goes on as a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    /// The proof that the key was read.
    accept: String,
    /// `None` where the client wanted none, or one that is not known here, which it can then say itself.
    subprotocol: Option<&'static str>,
    /// What the server's messages consist of.
    pub(super) kind: Kind,
}

/// Judges a request.
///
/// # Errors
/// The answer, where the connection does not become a WebSocket.
pub(super) fn judge(
    head: &Head,
    origins: &[String],
    server_name: &str,
) -> Result<Agreement, Answer> {
    if !matches!(&*head.method, "GET" | "HEAD") {
        return Err(Answer::wrong_method());
    }
    if !head.has("upgrade", "websocket") {
        let path = head.target.split('?').next().unwrap_or_default();
        return Err(match path {
            "/" => Answer::ok(format!(
                "This is {server_name}, a chat server. IRC over WebSocket is spoken here, for programs \
                 and web pages that know it."
            )),
            _ => Answer::not_found(),
        });
    }
    if head.method != "GET" || !head.is_current {
        return Err(Answer::upgrade_required(("Upgrade", "websocket")));
    }
    if !head.has("connection", "upgrade") {
        return Err(Answer::bad("Upgrade needs Connection: Upgrade"));
    }
    if head.only("sec-websocket-version") != Some(VERSION) {
        return Err(Answer::upgrade_required(("Sec-WebSocket-Version", VERSION)));
    }
    let key = head.only("sec-websocket-key").filter(|key| is_key(key));
    let Some(key) = key else {
        let text = "WebSocket needs one Sec-WebSocket-Key, of 16 bytes in Base64";
        return Err(Answer::bad(text));
    };
    let mut from = head.values("origin");
    if !from.all(|it| origin::is_allowed(origins, it)) {
        return Err(Answer::foreign());
    }
    let known = |wanted: &str| {
        let mut known = SUBPROTOCOLS.into_iter();
        known.find(|(name, _)| *name == wanted)
    };
    let subprotocol = head.elements("sec-websocket-protocol").find_map(known);
    Ok(Agreement {
        accept: derive_accept_key(key.as_bytes()),
        subprotocol: subprotocol.map(|(name, _)| name),
        kind: subprotocol.map_or(Kind::Text, |(_, kind)| kind),
    })
}

impl Agreement {
    /// Appends the answer, behind which there are frames.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let mut text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept
        );
        if let Some(name) = self.subprotocol {
            text.push_str(&format!("Sec-WebSocket-Protocol: {name}\r\n"));
        }
        text.push_str("\r\n");
        out.extend_from_slice(text.as_bytes());
    }
}

/// 16 bytes in Base64: 22 digits and two signs for the bits that are missing.
fn is_key(key: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = key.strip_suffix("==").unwrap_or_default();
    digits.len() == 22 && digits.bytes().all(is_digit)
}

const VERSION: &str = "13";
const SUBPROTOCOLS: [(&str, Kind); 2] = [
    ("text.ircv3.net", Kind::Text),
    ("binary.ircv3.net", Kind::Binary),
];

#[cfg(test)]
mod tests {
    use super::super::head::Collector;
    use super::*;

    fn head(first_line: &str, headers: &[&str]) -> Head {
        let mut text = format!("{first_line}\r\nHost: chat.example\r\n");
        for header in headers {
            text.push_str(&format!("{header}\r\n"));
        }
        text.push_str("\r\n");
        let head = Collector::default().take(&mut text.as_bytes());
        head.expect("whole").expect("a request")
    }

    /// Of RFC 6455.
    const ASKS: [&str; 4] = [
        "Upgrade: WebSocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];

    fn judged(first_line: &str, headers: &[&str]) -> Result<Agreement, u16> {
        let head = head(first_line, headers);
        let judged = judge(&head, &[], "chatd");
        judged.map_err(|answer| answer.status())
    }

    fn agreed(more: &[&str]) -> Agreement {
        judged("GET /any/path HTTP/1.1", &[&ASKS[..], more].concat()).expect("a WebSocket")
    }

    #[test]
    fn a_connection_becomes_a_websocket() {
        let mut out = Vec::new();
        agreed(&["Sec-WebSocket-Protocol: text.ircv3.net"]).write(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n"
        );
    }

    #[test]
    fn the_first_subprotocol_that_is_known_is_taken() {
        let chosen = |names: &str| {
            let agreement = agreed(&[&format!("Sec-WebSocket-Protocol: {names}")]);
            (agreement.subprotocol, agreement.kind)
        };
        let text = (Some("text.ircv3.net"), Kind::Text);
        let binary = (Some("binary.ircv3.net"), Kind::Binary);
        assert_eq!(chosen("text.ircv3.net, binary.ircv3.net"), text);
        assert_eq!(chosen("binary.ircv3.net,text.ircv3.net"), binary);
        assert_eq!(chosen("mqtt, binary.ircv3.net"), binary);
        assert_eq!(chosen("mqtt"), (None, Kind::Text));
        let none = agreed(&[]);
        assert_eq!((none.subprotocol, none.kind), (None, Kind::Text));
        let lines = ["mqtt", "binary.ircv3.net"].map(|it| format!("Sec-WebSocket-Protocol: {it}"));
        assert_eq!(agreed(&[&lines[0], &lines[1]]).kind, Kind::Binary);
    }

    #[test]
    fn what_is_no_websocket_has_an_answer() {
        let cases = [
            ("GET / HTTP/1.1", &[][..], 200),
            ("HEAD /?a HTTP/1.1", &[], 200),
            ("GET / HTTP/1.0", &[], 200),
            ("GET /robots.txt HTTP/1.1", &[], 404),
            ("POST / HTTP/1.1", &[], 405),
            ("GET / HTTP/1.1", &["Upgrade: h2c"], 200),
            ("GET / HTTP/1.0", &ASKS, 426),
            ("HEAD / HTTP/1.1", &ASKS, 426),
            ("GET / HTTP/1.1", &["Upgrade: websocket"], 400),
            ("GET / HTTP/1.1", &ASKS[..2], 426),
            ("GET / HTTP/1.1", &ASKS[..3], 400),
        ];
        for (first_line, headers, status) in cases {
            let answer = judged(first_line, headers);
            assert_eq!(answer, Err(status), "{first_line} {headers:?}");
        }
        for wrong in [
            "dGhlIHNhbXBsZSBub25jZQ",
            "c2hvcnQ=",
            "dGhlIHNhbXBsZS!ub25jZQ==",
        ] {
            let key = format!("Sec-WebSocket-Key: {wrong}");
            let headers = [ASKS[0], ASKS[1], ASKS[2], &key];
            assert_eq!(judged("GET / HTTP/1.1", &headers), Err(400), "{wrong}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_kept_out_where_some_are_listed() {
        let origins = ["https://chat.example".to_owned()];
        let judged = |more: &[&str]| {
            let head = head("GET / HTTP/1.1", &[&ASKS[..], more].concat());
            judge(&head, &origins, "chatd").map_err(|answer| answer.status())
        };
        assert!(judged(&["Origin: https://chat.example"]).is_ok());
        assert_eq!(judged(&["Origin: https://evil.example"]), Err(403));
        assert_eq!(judged(&["Origin: null"]), Err(403));
        assert!(judged(&[]).is_ok(), "no web page");
        assert!(agreed(&["Origin: https://evil.example"]).kind == Kind::Text);
    }
}

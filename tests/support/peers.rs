//! Peers of the chat protocol: one that speaks the v1 dialect, and one that behaves as the first
//! chat room's client does, down to its weakness: what one `recv(1024)` brings must be one object.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::{Daemon, PATIENCE};

/// A raw connection that reads lines.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Connects and takes the greeting.
    pub(crate) fn connect(address: SocketAddr) -> (Self, String) {
        let mut wire = Self::connect_silently(address);
        let greeting = wire.line().expect("a greeting");
        (wire, greeting)
    }

    pub(crate) fn connect_silently(address: SocketAddr) -> Self {
        Self::try_connect(address).expect("a server that accepts")
    }

    /// As [`Self::connect_silently`], for a server that may have gone.
    pub(crate) fn try_connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        let received = Vec::new();
        Ok(Self { stream, received })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("a server that reads");
    }

    /// As [`Self::send`], for a server that may have closed.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next line; `None` at the end of the stream.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Some(
                    String::from_utf8(line)
                        .expect("UTF-8")
                        .trim_end()
                        .to_owned(),
                );
            }
            let mut buffer = [0; 65536];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                // A read with a time limit is, when the process is stopped and goes on: signal(7).
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("no line within {PATIENCE:?}: {error}"),
            }
        }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

/// A peer of the v1 dialect.
pub(crate) struct Peer {
    pub(crate) wire: Wire,
}

impl Peer {
    /// Connects, says hello as `nick`, enters the default room, and has heard itself do so.
    pub(crate) fn join(daemon: &Daemon, nick: &str) -> Self {
        let mut peer = Self::hello(
            daemon.chat_addr(),
            json!({"type": "hello", "v": 1, "nick": nick}),
        );
        peer.expect("login");
        peer.hear(|object| object["type"] == "join" && object["nick"] == nick);
        peer
    }

    /// Connects and says this hello; the welcome has come.
    pub(crate) fn hello(address: SocketAddr, hello: Value) -> Self {
        let (wire, _) = Wire::connect(address);
        let mut peer = Self { wire };
        peer.say(hello);
        peer.expect("welcome");
        peer
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads best with json!()")]
    pub(crate) fn say(&mut self, object: Value) {
        self.wire.send(format!("{object}\n").as_bytes());
    }

    /// The next object, pings answered on the way; `None` at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<Value> {
        loop {
            let line = self.wire.line()?;
            let object: Value = serde_json::from_str(&line).expect("an object per line");
            if object["type"] != "ping" {
                return Some(object);
            }
            self.say(json!({"type": "pong"}));
        }
    }

    /// Skips to the next object of this type.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        self.hear(|object| object["type"] == kind)
    }

    /// Skips to the next object that is meant.
    pub(crate) fn hear(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        let mut passed = Vec::new();
        loop {
            let object = self
                .next()
                .unwrap_or_else(|| panic!("the stream ended after {passed:?}"));
            if is_meant(&object) {
                return object;
            }
            passed.push(object);
        }
    }

    /// Asks, and skips to the answer.
    pub(crate) fn ask(&mut self, mut request: Value) -> Value {
        // Another each time: some requests have two answers, and the second is for nobody.
        static ASKED: AtomicU64 = AtomicU64::new(0);
        let id = format!("asked {}", ASKED.fetch_add(1, Ordering::Relaxed));
        request["id"] = json!(id);
        self.say(request);
        self.hear(|object| object["id"] == id)
    }

    /// One page of a conversation, whatever number of objects it comes in: the messages, and whether
    /// there is more to ask for.
    pub(crate) fn page(&mut self, of: &str, mut request: Value) -> (Vec<Value>, bool) {
        request["type"] = json!("history");
        request["of"] = json!(of);
        let mut answer = self.ask(request);
        let mut messages = Vec::new();
        loop {
            assert_eq!(answer["type"], "history", "{answer}");
            assert_eq!(answer["of"], of, "{answer}");
            messages.extend(answer["messages"].as_array().expect("a list").clone());
            if answer["more"] != true {
                return (messages, answer["further"] == true);
            }
            answer = self.hear(|object| object["id"] == answer["id"]);
        }
    }

    /// All that was said in a conversation after `after`, oldest first, in pages of so many.
    pub(crate) fn all_after(&mut self, of: &str, after: &str, limit: usize) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let after = all
                .last()
                .map_or(after, |it| it["msgid"].as_str().expect("an id"));
            let request = json!({"after": after, "limit": limit});
            let (messages, is_further) = self.page(of, request);
            all.extend(messages);
            if !is_further {
                return all;
            }
        }
    }

    /// Everything up to and without the answer to a ping sent now: nothing else is on its way.
    pub(crate) fn heard_so_far(&mut self) -> Vec<Value> {
        self.say(json!({"type": "ping", "id": "so far"}));
        let mut heard = Vec::new();
        loop {
            let object = self.next().expect("an open stream");
            if object["type"] == "pong" {
                return heard;
            }
            heard.push(object);
        }
    }

    /// Reads to the end of the stream.
    pub(crate) fn rest(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.next()).collect()
    }
}

/// Below every message's id.
pub(crate) const NO_ID: &str = "0000000000000";

/// A client of the first chat room, but for one thing: a test that is busy elsewhere finds several
/// objects in one read, as no pause is long enough for a test that does not look. So it takes them
/// apart, except where [`OldPeer::receive_alone`] is asked for.
pub(crate) struct OldPeer {
    stream: TcpStream,
    received: Vec<u8>,
}

impl OldPeer {
    /// Connects and waits for the greeting, as it did, before anything is sent.
    pub(crate) fn connect(daemon: &Daemon) -> (Self, String) {
        let stream = TcpStream::connect(daemon.chat_addr()).expect("a server that accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let received = Vec::new();
        let mut peer = Self { stream, received };
        let greeting = peer.receive_bytes().expect("a greeting");
        (peer, String::from_utf8(greeting).expect("UTF-8"))
    }

    /// Connects and logs in, and has seen its own arrival told.
    pub(crate) fn join(daemon: &Daemon, nick: &str) -> Self {
        let (mut peer, _) = Self::connect(daemon);
        let answer = peer.login(nick);
        assert_eq!(answer["success"], true, "{answer}");
        assert!(peer.hear("system_msg").contains(nick));
        peer
    }

    pub(crate) fn login(&mut self, nick: &str) -> Value {
        self.say(json!({"type": "login", "msg": nick}));
        self.receive().expect("an answer to the login")
    }

    /// Sends a bare object, with nothing after it.
    #[expect(clippy::needless_pass_by_value, reason = "reads best with json!()")]
    pub(crate) fn say(&mut self, object: Value) {
        self.stream
            .write_all(object.to_string().as_bytes())
            .expect("a server that reads");
    }

    /// The next object, which fits into one `recv(1024)`; `None` at the end of the stream.
    pub(crate) fn receive(&mut self) -> Option<Value> {
        let end = loop {
            match self.received.iter().position(|&byte| byte == b'\n') {
                Some(end) => break end,
                None => {
                    let more = self.receive_bytes()?;
                    self.received.extend(more);
                }
            }
        };
        assert!(end < 1024, "an object of {end} bytes");
        let object: Vec<u8> = self.received.drain(..=end).collect();
        Some(serde_json::from_slice(&object).expect("an object per line"))
    }

    /// One `recv(1024)`, which must be one whole object: the old client took it for that.
    pub(crate) fn receive_alone(&mut self) -> Value {
        assert!(self.received.is_empty(), "something came before");
        let bytes = self.receive_bytes().expect("an open stream");
        let object = serde_json::from_slice(&bytes);
        object.unwrap_or_else(|error| {
            let bytes = String::from_utf8_lossy(&bytes);
            panic!("{error}: an old client dies of {bytes:?}")
        })
    }

    /// Skips to the next object of this type; returns its text.
    pub(crate) fn hear(&mut self, kind: &str) -> String {
        loop {
            let object = self.receive().expect("an open stream");
            if object["type"] == kind {
                return object["msg"].as_str().expect("a text").to_owned();
            }
        }
    }

    fn receive_bytes(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => return Some(buffer[..count].to_vec()),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("nothing within {PATIENCE:?}: {error}"),
            }
        }
    }
}

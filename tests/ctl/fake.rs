//! A server that does what a test tells it, in the chat protocol's own dialect. A script runs in a
//! thread; a failed expectation in it fails the test when it calls `finish`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

/// No expectation waits longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct FakeServer {
    address: SocketAddr,
    script: JoinHandle<()>,
}

impl FakeServer {
    /// Listens on a free port and runs the script.
    pub(crate) fn start(script: impl FnOnce(&TcpListener) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            script: thread::spawn(move || script(&listener)),
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits for the script to end and passes its failure on.
    pub(crate) fn finish(self) {
        if let Err(panic) = self.script.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// A message of `#lobby` as pages have it.
pub(crate) fn kept(msgid: &str, from: &str, text: &str) -> Value {
    json!({
        "msgid": msgid, "time": "2026-11-23T09:05:00.000Z", "room": "#lobby", "from": from,
        "text": text
    })
}

/// One client, seen from the server.
pub(crate) struct Peer {
    reader: BufReader<TcpStream>,
    rate: f64,
    ping_interval_s: u64,
    features: &'static [&'static str],
    /// Whether the next login finds its user still there.
    resumed: bool,
}

impl Peer {
    /// Accepts the next client and greets it.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut peer = Self {
            reader: BufReader::new(stream),
            rate: 1000.0,
            ping_interval_s: 120,
            features: &[],
            resumed: false,
        };
        peer.raw("Welcome to fake. /help lists the commands.\n");
        peer
    }

    /// Accepts and logs in whoever comes, and puts them into `#lobby` when they want.
    pub(crate) fn logged_in(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener);
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        peer
    }

    /// The rate that the next welcome tells; 0 is none.
    pub(crate) fn with_rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// The server keeps what is said.
    pub(crate) fn with_history(mut self) -> Self {
        self.features = &["history", "resume"];
        self
    }

    /// The server has kept the user's place.
    pub(crate) fn with_place(mut self) -> Self {
        self.resumed = true;
        self
    }

    /// Logs in whoever comes to a server that keeps what is said.
    pub(crate) fn logged_in_with_history(listener: &TcpListener) -> Self {
        let mut peer = Self::accept(listener).with_history();
        let hello = peer.expect("hello");
        peer.welcome(&hello);
        peer
    }

    /// The interval that the next welcome tells.
    pub(crate) fn with_ping_interval_s(mut self, ping_interval_s: u64) -> Self {
        self.ping_interval_s = ping_interval_s;
        self
    }

    /// Answers a hello as chatd does.
    pub(crate) fn welcome(&mut self, hello: &Value) {
        assert_eq!(hello["v"], 1, "{hello}");
        self.say_welcome();
        let nick = hello["nick"].clone();
        let key = hello.get("key").cloned().unwrap_or(json!("k1"));
        let mut login = json!({"type": "login", "nick": nick, "key": key});
        if self.resumed {
            login["resumed"] = json!(true);
        }
        self.say(&login);
        if self.resumed || hello.get("enter") != Some(&json!(false)) {
            self.say(&json!({"type": "joined", "room": "#lobby", "topic": null, "members": 1}));
        }
    }

    pub(crate) fn say_welcome(&mut self) {
        self.say(&json!({
            "type": "welcome", "v": 1, "server": "fake", "software": "fake 1", "motd": "hi",
            "default_room": "#lobby", "features": self.features,
            "limits": {
                "frame_bytes": 25600, "message_bytes": 64, "topic_bytes": 400, "nick_chars": 32,
                "room_chars": 64, "rooms_per_user": 50, "rate": self.rate, "burst": 40.0,
                "ping_interval_s": self.ping_interval_s
            }
        }));
    }

    pub(crate) fn say(&mut self, object: &Value) {
        self.raw(&format!("{object}\n"));
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.reader.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Somebody says something in `#lobby`.
    pub(crate) fn message(&mut self, from: &str, text: &str) {
        self.say(&json!({
            "type": "message", "msgid": "m9", "time": "2026-11-23T09:05:00.000Z",
            "room": "#lobby", "from": from, "text": text
        }));
    }

    /// Somebody says something in `#lobby`, under this id.
    pub(crate) fn said(&mut self, msgid: &str, from: &str, text: &str) {
        let mut said = kept(msgid, from, text);
        said["type"] = json!("message");
        self.say(&said);
    }

    /// Answers a question about the past.
    pub(crate) fn page(&mut self, asked: &Value, messages: &[Value], further: bool) {
        let kind = asked["type"].as_str().expect("a type");
        let kind = if kind == "search" { "found" } else { kind };
        self.say(&json!({
            "type": kind, "id": asked["id"], "of": asked["of"], "messages": messages,
            "further": further
        }));
    }

    /// Answers how much is unread: what is read of `#lobby`.
    pub(crate) fn tell_unread(&mut self, unread: u32, read: &str) {
        let asked = self.expect("unread");
        let lobby = json!({"of": "#lobby", "unread": unread, "read": read});
        self.say(&json!({"type": "unread", "id": asked["id"], "conversations": [lobby]}));
    }

    /// The next object of this type. Questions for names, which clients ask for completion, are
    /// answered on the way.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        loop {
            let object = self
                .next()
                .unwrap_or_else(|| panic!("closed before {kind}"));
            if object["type"] == kind {
                return object;
            }
            assert_eq!(object["type"], "names", "instead of {kind}: {object}");
            self.answer_names(&object);
        }
    }

    /// Answers the question for names that follows entering a room.
    pub(crate) fn tell_names(&mut self) {
        let asked = self.next().expect("a question for names");
        assert_eq!(asked["type"], "names", "{asked}");
        self.answer_names(&asked);
    }

    /// Waits for `/rooms` and answers it.
    pub(crate) fn tell_rooms(&mut self) {
        let asked = self.expect("rooms");
        let room = json!({"room": "#lobby", "members": 2, "topic": null});
        self.say(&json!({"type": "rooms", "id": asked["id"], "rooms": [room]}));
    }

    fn answer_names(&mut self, asked: &Value) {
        self.say(&json!({
            "type": "names", "id": asked["id"], "room": asked["room"], "topic": null,
            "nicks": ["ana", "nina"]
        }));
    }

    /// The type of the next object that is no question for names; a message is acknowledged.
    pub(crate) fn next_kind(&mut self) -> String {
        loop {
            let object = self.next().expect("an object");
            match object["type"].as_str().expect("a type") {
                "names" => self.answer_names(&object),
                "send" => {
                    self.ack(&object);
                    return "send".into();
                }
                other => return other.to_owned(),
            }
        }
    }

    /// The next message, acknowledged and echoed as chatd does.
    pub(crate) fn expect_send(&mut self) -> Value {
        let message = self.expect("send");
        self.ack(&message);
        message
    }

    pub(crate) fn ack(&mut self, message: &Value) {
        self.say(&json!({
            "type": "ack", "id": message["id"], "msgid": "m1", "time": "2026-11-23T09:05:00.000Z"
        }));
    }

    pub(crate) fn joined(&mut self, asked: &Value) {
        self.say(&json!({
            "type": "joined", "id": asked["id"], "room": asked["room"], "topic": null, "members": 1
        }));
    }

    pub(crate) fn refuse(&mut self, asked: &Value, code: &str, text: &str) {
        self.say(&json!({"type": "error", "id": asked["id"], "code": code, "text": text}));
    }

    pub(crate) fn bye(&mut self, code: &str, text: &str) {
        self.say(&json!({"type": "bye", "code": code, "text": text}));
    }

    /// Waits for the client to say good-bye and closes.
    pub(crate) fn expect_quit(mut self) -> Value {
        let quit = self.expect("quit");
        self.bye("quit", "good-bye");
        quit
    }

    /// Waits until the client has closed.
    pub(crate) fn expect_end(mut self) {
        let mut rest = Vec::new();
        self.reader.read_to_end(&mut rest).unwrap();
    }

    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}")))
    }
}

//! Each protocol, heard by one client: what a server sends, cut anywhere, is understood the same.

use super::*;
use crate::ctl::bench::args::Protocol;
use crate::ctl::bench::payload::Stamp;

const SIZE: usize = 32;

fn speech(protocol: Protocol) -> Speech {
    Speech::new(protocol, Names::new(protocol, [1, 2, 3, 4]), SIZE)
}

/// The text of a message, as this tool writes it.
fn payload(sequence: u32) -> String {
    let mut text = Vec::new();
    let stamp = Stamp {
        publisher: 0,
        sequence,
        time_ns: 7,
    };
    stamp.write(SIZE, &mut text);
    String::from_utf8(text).unwrap()
}

/// A client and everything that it has heard and said, in words.
pub(super) struct Listener {
    speech: Speech,
    pub(super) client: Client,
    pub(super) heard: Vec<String>,
    carry: Vec<u8>,
}

impl Listener {
    pub(super) fn connected(protocol: Protocol, place: Place) -> Self {
        let speech = speech(protocol);
        let mut client = Client::new(5, place);
        speech.connected(&mut client);
        Self {
            speech,
            client,
            heard: Vec::new(),
            carry: Vec::new(),
        }
    }

    /// One that is in room 0 already.
    fn ready(protocol: Protocol) -> Self {
        let mut listener = Self::connected(protocol, Place::Room(0));
        listener.client.stage = Stage::Ready;
        listener.client.out.clear();
        listener
    }

    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.carry.extend_from_slice(bytes);
        let heard = &mut self.heard;
        let used = self.speech.read(&mut self.client, &self.carry, &mut |it| {
            heard.push(match it {
                Heard::Text(text) => Stamp::read(text).map_or_else(
                    || "another's".to_owned(),
                    |stamp| format!("message {}", stamp.sequence),
                ),
                Heard::Refused(words) => format!("refused: {words}"),
                Heard::Moved { nick, entered } => {
                    format!("{} {entered}", String::from_utf8_lossy(nick))
                }
                Heard::Accepted | Heard::Entered | Heard::Left | Heard::Stored(_) => {
                    format!("{it:?}")
                }
            });
        });
        self.carry.drain(..used);
    }

    /// What the client has said since the last question.
    fn said(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.client.out)).into_owned()
    }
}

/// Cuts the bytes in two everywhere; whatever the cut, the same is heard and said.
fn hears(protocol: Protocol, bytes: &[u8], heard: &[&str], said: &str) {
    for cut in 0..=bytes.len() {
        let mut listener = Listener::ready(protocol);
        listener.hear(&bytes[..cut]);
        listener.hear(&bytes[cut..]);
        assert_eq!(listener.heard, heard, "cut at {cut}");
        assert_eq!(listener.said(), said, "cut at {cut}");
        assert!(listener.carry.is_empty(), "cut at {cut}");
    }
}

/// `>` is what the client says, `<` what the server says to it.
pub(super) fn comes_in(protocol: Protocol, place: Place, script: &[&str]) {
    let mut listener = Listener::connected(protocol, place);
    for line in script {
        assert_ne!(listener.client.stage, Stage::Ready, "before {line}");
        match line.split_at(1) {
            (">", said) => assert_eq!(listener.said(), said),
            (_, heard) => listener.hear(heard.as_bytes()),
        }
    }
    assert_eq!(listener.client.stage, Stage::Ready);
    assert_eq!(listener.heard, Vec::<String>::new());
}

#[test]
fn chat_comes_in() {
    let script = [
        ">",
        "<Welcome to chatd.\n",
        ">{\"type\":\"hello\",\"v\":1,\"nick\":\"bench-1234-5\",\"client\":\"chatctl bench\",\"enter\":false}\n",
        "<{\"type\":\"login\",\"nick\":\"bench-1234-5\",\"key\":\"k\"}\n",
        ">{\"type\":\"join\",\"room\":\"#bench-1234-0\"}\n",
        "<{\"type\":\"joined\",\"room\":\"#bench-1234-0\",\"topic\":null,\"members\":1}\n",
    ];
    comes_in(Protocol::Chat, Place::Room(0), &script);
}

#[test]
fn chat_is_understood() {
    let stream = format!(
        "{{\"type\":\"message\",\"msgid\":\"m\",\"time\":\"t\",\"room\":\"#r\",\"from\":\"n\",\"text\":\"{}\"}}\n\
         {{\"type\":\"private\",\"msgid\":\"m\",\"time\":\"t\",\"from\":\"n\",\"to\":\"o\",\"text\":\"{}\"}}\n\
         {{\"type\":\"message\",\"room\":\"#r\",\"from\":\"n\",\"text\":\"Hello\"}}\n\
         {{\"type\":\"ack\",\"msgid\":\"m\",\"time\":\"t\"}}\n\
         {{\"type\":\"error\",\"code\":\"too_fast\",\"text\":\"Too fast.\",\"retry_after_ms\":500}}\n\
         {{\"type\":\"join\",\"msgid\":\"m\",\"time\":\"t\",\"room\":\"#r\",\"nick\":\"ana\"}}\n\
         {{\"type\":\"part\",\"msgid\":\"m\",\"time\":\"t\",\"room\":\"#r\",\"nick\":\"ben\"}}\n\
         {{\"type\":\"joined\",\"room\":\"#r\",\"topic\":null,\"members\":1}}\n\
         {{\"type\":\"ok\"}}\n{{\"type\":\"ping\"}}\n",
        payload(0),
        payload(1)
    );
    let heard = [
        "message 0",
        "message 1",
        "Accepted",
        "refused: Too fast. (too_fast)",
        "ana true",
        "ben false",
        "Entered",
        "Left",
    ];
    hears(
        Protocol::Chat,
        stream.as_bytes(),
        &heard,
        "{\"type\":\"pong\"}\n",
    );
}

#[test]
fn chat_is_understood_in_any_order_of_fields() {
    let stream = format!(
        "{{\"text\":\"{}\",\"type\":\"message\",\"msgid\":\"m\",\"time\":\"t\",\"room\":\"#r\",\"from\":\"n\"}}\n\
         {{\"msgid\":\"m\",\"time\":\"t\",\"type\":\"ack\"}}\n\
         {{\"msgid\":\"m\",\"time\":\"t\",\"room\":\"#r\",\"nick\":\"ana\",\"type\":\"part\"}}\n",
        payload(0)
    );
    hears(
        Protocol::Chat,
        stream.as_bytes(),
        &["message 0", "Accepted", "ana false"],
        "",
    );
}

#[test]
fn chat_says_why_it_ends() {
    let mut listener = Listener::ready(Protocol::Chat);
    listener.hear(b"{\"type\":\"bye\",\"code\":\"send_queue_exceeded\",\"text\":\"Too slow.\"}\n");
    let words = listener.client.last_words.unwrap();
    assert_eq!(words.to_string(), "Too slow. (send_queue_exceeded)");
    let mut listener = Listener::connected(Protocol::Chat, Place::Default);
    listener.hear(
        b"The server is full.\n{\"type\":\"error\",\"code\":\"nick_in_use\",\"text\":\"No.\"}\n",
    );
    assert_eq!(listener.client.stage, Stage::TurnedAway);
    assert_eq!(
        listener.client.last_words.unwrap().to_string(),
        "No. (nick_in_use)"
    );
}

#[test]
fn irc_comes_in() {
    let script = [
        ">NICK b12345\r\nUSER b12345 0 * :chatctl bench\r\n",
        "<:irc.test NOTICE * :*** Looking up your host\r\nPING :77\r\n",
        ">PONG :77\r\n",
        "<:irc.test 001 b12345 :Welcome\r\n:irc.test 422 b12345 :No MOTD\r\n",
        ">JOIN #bench-1234-0\r\n",
        "<:irc.test 353 b12345 = #bench-1234-0 :b12345\r\n:irc.test 366 b12345 #bench-1234-0 :End\r\n",
    ];
    comes_in(Protocol::Irc, Place::Room(0), &script);
}

#[test]
fn irc_is_understood() {
    let stream = format!(
        ":n!u@h PRIVMSG #r :{}\r\n:n!u@h PRIVMSG #r :hi\r\n:ana!u@h JOIN :#r\r\n:b12345!u@h PART #r\r\n\
         :irc.test 404 b12345 #r :Cannot send to channel\r\nPING x\r\n:irc.test 366 b12345 #r :End\r\n",
        payload(3)
    );
    let heard = [
        "message 3",
        "ana true",
        "b12345 false",
        "Left",
        "refused: Cannot send to channel (404)",
        "Entered",
    ];
    hears(Protocol::Irc, stream.as_bytes(), &heard, "PONG x\r\n");
}

#[test]
fn irc_is_turned_away() {
    let mut listener = Listener::connected(Protocol::Irc, Place::Room(0));
    listener.hear(b"ERROR :Closing Link: Too many connections\r\n");
    let words = listener.client.last_words.unwrap();
    assert_eq!(words.to_string(), "Closing Link: Too many connections");
}

#[test]
fn redis_comes_in() {
    let subscriber = [
        ">*1\r\n$4\r\nPING\r\n",
        "<+PONG\r\n",
        ">*2\r\n$9\r\nSUBSCRIBE\r\n$12\r\nbench-1234-0\r\n",
        "<*3\r\n$9\r\nsubscribe\r\n$12\r\nbench-1234-0\r\n:1\r\n",
    ];
    comes_in(Protocol::Redis, Place::Room(0), &subscriber);
    comes_in(Protocol::Redis, Place::Nowhere, &subscriber[..2]);
}

#[test]
fn redis_is_understood() {
    let stream = format!(
        "*3\r\n$7\r\nmessage\r\n$1\r\nr\r\n$32\r\n{}\r\n:100\r\n-ERR no\r\n\
         *3\r\n$7\r\nmessage\r\n$1\r\nr\r\n$2\r\nhi\r\n*3\r\n$7\r\nmessage\r\n$1\r\nr\r\n$32\r\n{}\r\n",
        payload(0),
        payload(1)
    );
    let heard = ["message 0", "Accepted", "refused: ERR no", "message 1"];
    hears(Protocol::Redis, stream.as_bytes(), &heard, "");
}

#[test]
fn nats_comes_in() {
    let subscriber = [
        ">",
        "<INFO {\"server_id\":\"x\"} \r\n",
        ">CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"chatctl\",\"version\":\"1\",\"name\":\"chatctl bench\",\"protocol\":1}\r\nPING\r\n",
        "<PONG\r\n",
        ">SUB bench-1234-0 1\r\nPING\r\n",
        "<PONG\r\n",
    ];
    comes_in(Protocol::Nats, Place::Room(0), &subscriber);
    comes_in(Protocol::Nats, Place::Nowhere, &subscriber[..4]);
}

#[test]
fn nats_is_understood() {
    let stream = format!(
        "MSG r 1 32\r\n{}\r\nMSG r 1 2\r\nhi\r\nPING\r\n-ERR 'Slow Consumer'\r\nMSG r 1 reply 32\r\n{}\r\n",
        payload(0),
        payload(1)
    );
    let heard = ["message 0", "refused: Slow Consumer", "message 1"];
    hears(Protocol::Nats, stream.as_bytes(), &heard, "PONG\r\n");
}

#[test]
fn mqtt_comes_in() {
    let mut listener = Listener::connected(Protocol::Mqtt, Place::Room(0));
    let connect = b"\x10\x18\x00\x04MQTT\x04\x02\x00\x00\x00\x0cbench-1234-5";
    assert_eq!(listener.client.out, connect);
    listener.said();
    listener.hear(&[0x20, 2, 0, 0]);
    assert_eq!(
        listener.client.out,
        b"\x82\x11\x00\x01\x00\x0cbench-1234-0\x00"
    );
    listener.hear(&[0x90, 3, 0, 1, 0]);
    assert_eq!(listener.client.stage, Stage::Ready);
    let mut listener = Listener::connected(Protocol::Mqtt, Place::Nowhere);
    listener.hear(&[0x20, 2, 0, 5]);
    assert_eq!(listener.client.stage, Stage::TurnedAway);
    assert_eq!(
        listener.client.last_words.unwrap().to_string(),
        "return code 5"
    );
}

#[test]
fn mqtt_is_understood() {
    let mut stream = Vec::new();
    for sequence in 0..2 {
        let frame = speech(Protocol::Mqtt).message(To::Room(0));
        stream.extend(frame.before);
        stream.extend(payload(sequence).into_bytes());
    }
    stream.extend(b"\x30\x04\x00\x01rx");
    hears(Protocol::Mqtt, &stream, &["message 0", "message 1"], "");
}

#[test]
fn what_is_no_protocol_ends_the_connection() {
    let nonsense: [(Protocol, &[u8]); 3] = [
        (Protocol::Redis, b"hello\r\n"),
        (Protocol::Nats, b"MSG r 1 many\r\n"),
        (Protocol::Mqtt, b"\x30\xff\xff\xff\xff\x01"),
    ];
    for (protocol, bytes) in nonsense {
        let mut listener = Listener::ready(protocol);
        listener.hear(bytes);
        assert_eq!(listener.client.stage, Stage::TurnedAway, "{protocol:?}");
        let words = listener.client.last_words.unwrap().to_string();
        assert_eq!(words, format!("what it sends is not {}", protocol.name()));
    }
}

#[test]
fn messages_are_framed_as_the_protocol_has_it() {
    let framed = |protocol, to| {
        let frame = speech(protocol).message(to);
        String::from_utf8([frame.before, b"TEXT".to_vec(), frame.behind].concat()).unwrap()
    };
    assert_eq!(
        framed(Protocol::Chat, To::Room(2)),
        "{\"type\":\"send\",\"to\":\"#bench-1234-2\",\"text\":\"TEXT\"}\n"
    );
    assert_eq!(
        framed(Protocol::Chat, To::Client(10)),
        "{\"type\":\"send\",\"to\":\"@bench-1234-a\",\"text\":\"TEXT\"}\n"
    );
    assert_eq!(
        framed(Protocol::Irc, To::Client(10)),
        "PRIVMSG b1234a :TEXT\r\n"
    );
    assert_eq!(
        framed(Protocol::Redis, To::Room(0)),
        "*3\r\n$7\r\nPUBLISH\r\n$12\r\nbench-1234-0\r\n$32\r\nTEXT\r\n"
    );
    assert_eq!(
        framed(Protocol::Nats, To::Room(0)),
        "PUB bench-1234-0 32\r\nTEXT\r\n"
    );
    assert_eq!(
        framed(Protocol::Mqtt, To::Room(0)),
        "\x30\x2e\x00\x0cbench-1234-0TEXT"
    );
}

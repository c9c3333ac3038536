//! What was acknowledged is kept, whatever happens: processes that are killed, disks that are full,
//! stand still or rot, connections that are cut, people who mean harm.

mod dice;
mod disk;
mod files;
mod floods;

mod full;
mod ledger;
mod order;
mod resuming;

mod stalled;

use serde_json::{Value, json};

use crate::support::peers::{NO_ID, Peer};
use crate::support::{Daemon, wait_for};

/// Someone who says things in the lobby, one after another, and remembers how each was answered.
struct Speaker {
    peer: Peer,
    said: usize,
    /// Texts that were acknowledged as kept.
    kept: Vec<String>,
    /// Texts that were refused, or acknowledged as not kept.
    unkept: Vec<String>,
}

impl Speaker {
    fn join(daemon: &Daemon, nick: &str) -> Self {
        Self {
            peer: Peer::join(daemon, nick),
            said: 0,
            kept: Vec::new(),
            unkept: Vec::new(),
        }
    }

    /// Says something of so many bytes; the answer.
    fn say(&mut self, bytes: usize) -> Value {
        self.said += 1;
        let text = format!("number {} {}", self.said, "x".repeat(bytes));
        let own = format!("own {}", self.said);
        let answer = self.peer.ask(json!({
            "type": "send", "to": "#lobby", "text": text, "client_msgid": own,
        }));
        let is_kept = answer["type"] == "ack" && answer["kept"] != false;
        if is_kept {
            self.kept.push(text);
        } else {
            self.unkept.push(text);
        }
        answer
    }

    /// Says things until one is not kept; the answer.
    fn say_until_not_kept(&mut self, bytes: usize) -> Value {
        wait_for("something that is not kept", || {
            let answer = self.say(bytes);
            (answer["type"] != "ack" || answer["kept"] == false).then_some(answer)
        })
    }

    /// Says things until one is kept.
    fn say_until_kept(&mut self) {
        wait_for("something that is kept", || {
            let answer = self.say(10);
            (answer["type"] == "ack" && answer["kept"] != false).then_some(())
        });
    }

    /// What is there is what was acknowledged, in that order, and nothing that was not.
    fn assert_kept(&self, texts: &[String]) {
        assert_eq!(texts, self.kept, "what is there is what was acknowledged");
        assert!(!self.unkept.iter().any(|text| texts.contains(text)));
    }

    /// While the database fails, the last of what was acknowledged is in the commit log only.
    fn assert_kept_or_waiting(&self, texts: &[String]) {
        assert!(self.kept.starts_with(texts), "{texts:?}");
    }
}

/// The texts of the lobby, read from its beginning.
fn lobby(peer: &mut Peer) -> Vec<String> {
    texts(&peer.all_after("#lobby", NO_ID, 1000))
}

fn texts(messages: &[Value]) -> Vec<String> {
    let text = |it: &Value| it["text"].as_str().expect("a text").to_owned();
    messages.iter().map(text).collect()
}

/// What `chatctl status` says.
fn status(daemon: &Daemon) -> String {
    let output = daemon.chatctl().arg("status").output().expect("chatctl");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Asks for all that need not be kept, and is answered.
fn assert_served(peer: &mut Peer) {
    for (request, answer) in [
        (json!({"type": "ping"}), "pong"),
        (json!({"type": "names", "room": "#lobby"}), "names"),
        (json!({"type": "whois", "nick": "ana"}), "whois"),
        (json!({"type": "away", "text": "reading"}), "ok"),
    ] {
        assert_eq!(peer.ask(request)["type"], answer);
    }
}

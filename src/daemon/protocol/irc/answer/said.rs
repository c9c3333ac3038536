//! What a client has said, as it comes back to it.

use super::Answering;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::Said;
use crate::daemon::protocol::irc::speech::Speech;
use crate::daemon::protocol::irc::write::{Head, Source, push_params};
use crate::daemon::protocol::stamp::Stamp;
use crate::hub::tags::Tags;

impl Answering<'_> {
    /// What the client said comes back to it, once it is kept; what it says to itself as anybody's would, too.
    pub(super) fn said(&mut self, said: &Said, stamp: &Stamp) {
        if self.session.is_called(&said.target) {
            let mut lines = Vec::new();
            self.say_back(said, stamp, &mut lines);
            self.unlabelled = lines;
        }
        if self.session.caps.has(Cap::EchoMessage) {
            let mut lines = Vec::new();
            self.say_back(said, stamp, &mut lines);
            self.lines.append(&mut lines);
        }
    }

    fn say_back(&self, said: &Said, stamp: &Stamp, out: &mut Vec<u8>) {
        let Some(echo) = &said.echo else {
            return;
        };
        let from = Source {
            nick: &self.session.nick,
            persona: self.session.persona.as_deref(),
        };
        let target = &*said.target;
        if said.verb == "TAGMSG" {
            let head = Head {
                caps: self.session.caps,
                stamp,
                has_msgid: true,
                source: from,
                is_server: false,
                client_tags: echo.tags.as_ref().map(Tags::as_str),
                batch: None,
                verb: said.verb,
            };
            head.write(self.facts, out);
            push_params(&[target], out);
            out.extend_from_slice(b"\r\n");
            return;
        }
        let speech = Speech {
            caps: self.session.caps.look().caps,
            stamp,
            from: &from,
            verb: said.verb,
            target,
            around: ("", ""),
            text: &echo.text,
            tags: echo.tags.as_ref(),
            batch: None,
        };
        speech.write(self.facts, out);
    }
}

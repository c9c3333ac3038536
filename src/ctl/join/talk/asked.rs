//! What the user wants, turned into requests of the protocol. The answers are understood in `heard`.

use super::past::fault;
use super::{Effect, Entry, Purpose, Talk, names};
use crate::ctl::chat::text;
use crate::ctl::join::input::{HELP, Input, Topic, line_again};
use crate::ctl::join::order::Order;
use crate::wire::chat::{ClientBody, Kind};

impl Talk {
    /// The user typed something. Leaving is not ours to do.
    pub fn typed(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Nothing | Input::Quit(_) => Vec::new(),
            Input::Help => vec![Effect::Answer(HELP.to_owned())],
            Input::Nick(nick) if self.needs_nick => {
                self.needs_nick = false;
                vec![Effect::RetryAs(nick)]
            }
            Input::Say(text) => self.say_here(&text, Kind::Text),
            Input::Act(text) => self.say_here(&text, Kind::Action),
            Input::Private { nick, text } => {
                self.say(&format!("@{nick}"), &text, Kind::Text);
                Vec::new()
            }
            Input::Join { room, .. } if self.rooms.contains_key(&room) => {
                self.current = Some(room);
                Vec::new()
            }
            Input::Order(order) => self.in_current(|talk, room| talk.order(room, order)),
            Input::Names(None) => {
                self.in_current(|talk, room| talk.ask(names(room), Purpose::List))
            }
            Input::Part(None) => self.in_current(Self::leave),
            Input::Topic(topic) => self.in_current(|talk, room| talk.topic(room, topic)),
            Input::Names(Some(room)) => self.asked(names(room), Purpose::List),
            Input::Join { room, key } => {
                if let Some(key) = key {
                    self.room_keys.insert(room.to_lowercase(), key);
                }
                self.enter(&room, Entry::Wanted);
                Vec::new()
            }
            Input::Part(Some(room)) => {
                self.leave(room);
                Vec::new()
            }
            Input::Users => self.asked(ClientBody::Users, Purpose::List),
            Input::Rooms => self.asked(ClientBody::Rooms, Purpose::List),
            Input::Ignores => self.asked(ClientBody::Ignores, Purpose::List),
            Input::RoomChat => self.asked(ClientBody::RoomChat { on: None }, Purpose::List),
            Input::Whois(nick) => {
                self.asked(ClientBody::Whois { nick: nick.into() }, Purpose::List)
            }
            Input::Nick(nick) => {
                let body = ClientBody::Nick {
                    nick: nick.clone().into(),
                };
                self.asked(body, Purpose::Rename(nick))
            }
            Input::Away(text) => self.away(text),
            Input::Ignore { nick, on } => self.ignore(nick, on),
            Input::History { of, count } => self.ask_older(of, count),
            Input::Search(words) => self.ask_search(words),
            Input::Edit { msgid, text } => self.edit(msgid, text),
            Input::Delete { msgid } => self.delete(msgid),
            Input::Mine => self.mine(),
        }
    }

    fn say_here(&mut self, text: &str, kind: Kind) -> Vec<Effect> {
        match self.current.clone() {
            Some(room) => {
                self.say(&room, text, kind);
                Vec::new()
            }
            None => vec![
                self.in_no_room(),
                Effect::Unsent(line_again("", text, kind)),
            ],
        }
    }

    /// A text that is too long for one message goes as several.
    fn say(&mut self, to: &str, text: &str, kind: Kind) {
        for piece in text::split(text, self.message_bytes) {
            let body = ClientBody::Send {
                to: to.to_owned().into(),
                text: piece.clone().into(),
                kind,
                client_msgid: Some(self.ids.next_id().into()),
            };
            let to = to.to_owned();
            let text = piece;
            self.ask(body, Purpose::Say { to, text, kind });
        }
    }

    fn away(&mut self, text: Option<String>) -> Vec<Effect> {
        let done = if text.is_some() {
            "you are away"
        } else {
            "you are back"
        };
        let body = ClientBody::Away {
            text: text.map(Into::into),
        };
        self.asked(body, Purpose::Change(done.to_owned()))
    }

    fn ignore(&mut self, nick: String, on: bool) -> Vec<Effect> {
        let done = if on {
            format!("you hear nothing from {nick} any more; /unignore {nick} changes that")
        } else {
            format!("you hear {nick} again")
        };
        let body = ClientBody::Ignore {
            nick: nick.into(),
            on,
        };
        self.asked(body, Purpose::Change(done))
    }

    fn edit(&mut self, msgid: Option<String>, text: String) -> Vec<Effect> {
        let line = match &msgid {
            Some(msgid) => format!("/edit {msgid} {text}"),
            None => format!("/edit {text}"),
        };
        self.amend(msgid, line, |msgid| ClientBody::Edit {
            msgid: msgid.into(),
            text: text.into(),
        })
    }

    fn delete(&mut self, msgid: Option<String>) -> Vec<Effect> {
        let line = match &msgid {
            Some(msgid) => format!("/delete {msgid}"),
            None => "/delete".to_owned(),
        };
        self.amend(msgid, line, |msgid| ClientBody::Delete {
            msgid: msgid.into(),
        })
    }

    /// Changes an own message; `line` is what the user typed.
    fn amend(
        &mut self,
        msgid: Option<String>,
        line: String,
        change: impl FnOnce(String) -> ClientBody<'static>,
    ) -> Vec<Effect> {
        match self.own_message(msgid) {
            Ok(msgid) => self.asked(change(msgid), Purpose::Amend(line)),
            Err(why) => vec![fault(why)],
        }
    }

    pub(super) fn enter(&mut self, room: &str, entry: Entry) {
        self.ask(self.join(room), Purpose::Enter(entry));
    }

    fn leave(&mut self, room: String) {
        let body = ClientBody::Part {
            room: room.clone().into(),
            reason: None,
        };
        self.ask(body, Purpose::Leave(room));
    }

    fn topic(&mut self, room: String, topic: Topic) {
        let (text, done) = match topic {
            Topic::Show => return self.ask(names(room), Purpose::ShowTopic),
            Topic::Set(text) => (text, "the topic is set"),
            Topic::Clear => (String::new(), "the topic is gone"),
        };
        let body = ClientBody::Topic {
            room: room.into(),
            text: text.into(),
        };
        self.ask(body, Purpose::Change(done.to_owned()));
    }

    fn in_current(&mut self, act: impl FnOnce(&mut Self, String)) -> Vec<Effect> {
        match self.current.clone() {
            Some(room) => {
                act(self, room);
                Vec::new()
            }
            None => vec![self.in_no_room()],
        }
    }

    fn order(&mut self, room: String, order: Order) {
        let purpose = order.done(&room).map_or(Purpose::List, Purpose::Change);
        self.ask(order.body(room), purpose);
    }

    /// What plain text is answered with where it would go nowhere.
    pub(super) fn in_no_room(&self) -> Effect {
        if self.rooms.is_empty() {
            fault("you are in no room; /join #room enters one")
        } else {
            fault("you speak to no room now; /join #room says to which one")
        }
    }

    pub(super) fn ask(&mut self, body: ClientBody<'static>, purpose: Purpose) {
        self.outbox.push(body, purpose);
    }

    fn asked(&mut self, body: ClientBody<'static>, purpose: Purpose) -> Vec<Effect> {
        self.ask(body, purpose);
        Vec::new()
    }
}

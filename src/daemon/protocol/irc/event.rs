//! What has happened, as lines for everybody with the same [`Look`].

use smol_str::{SmolStr, format_smolstr};

use super::caps::Cap;
use super::mark::{mark_line, partner_name};
use super::modes;
use super::news;
use super::sentence;
use super::speech::{HEAD_BYTES, Speech, bounded};
use super::write::{Head, Source, pieces, push_fitting_text, push_joined, push_params, push_text};
use super::{Look, one_line};
use crate::daemon::protocol::Facts;
use crate::daemon::protocol::stamp::{Rfc3339, Stamp};
use crate::hub::command::{MessageKind, Tags};
use crate::hub::event::{Event, EventKind, EventPlace};
use crate::hub::name::{Nick, RoomName};
use crate::hub::permission::Status;
use crate::hub::time::UnixMillis;

/// One event while it is being written.
pub(super) struct Telling<'a> {
    pub(super) look: Look,
    pub(super) facts: &'a Facts,
    pub(super) event: &'a Event,
    pub(super) stamp: Stamp,
    /// The batch that it is part of.
    pub(super) batch: Option<&'a str>,
    pub(super) out: &'a mut Vec<u8>,
}

/// An event as all with this look see it; nothing where they have no form for it.
pub fn render_event(look: Look, facts: &Facts, event: &Event, out: &mut Vec<u8>) {
    render_in_batch(look, facts, event, None, out);
}

/// The same as part of a batch.
pub(super) fn render_in_batch(
    look: Look,
    facts: &Facts,
    event: &Event,
    batch: Option<&str>,
    out: &mut Vec<u8>,
) {
    let stamp = Stamp::of(event);
    let mut telling = Telling {
        look,
        facts,
        event,
        stamp,
        batch,
        out,
    };
    telling.tell();
}

/// The question whether the client lives.
pub fn render_ping(_look: Look, facts: &Facts, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("PING :{}\r\n", facts.server_name).as_bytes());
}

impl Telling<'_> {
    fn tell(&mut self) {
        let caps = self.look.caps;
        let has = |cap| caps.has(cap);
        match &self.event.kind {
            EventKind::Message {
                room,
                from,
                kind,
                text,
                tags,
            } => {
                self.speech(from, room.as_str(), *kind, text, tags.as_ref());
            }
            EventKind::Private {
                from,
                to,
                kind,
                text,
                tags,
            } => {
                self.speech(from, to.as_str(), *kind, text, tags.as_ref());
            }
            EventKind::Tagged { place, from, tags } if has(Cap::MessageTags) => {
                self.head(from, "TAGMSG", Some(tags));
                push_params(&[&place_name(place)], self.out);
                self.end();
            }
            EventKind::Joined { room, nick, away } => {
                self.head(nick, "JOIN", None);
                let persona = self.event.actor.as_deref();
                push_joined(room.as_str(), persona, self.look.caps, self.out);
                if let Some(text) = away.as_deref().filter(|_| has(Cap::AwayNotify)) {
                    self.head(nick, "AWAY", None);
                    push_text(text, self.out);
                }
            }
            EventKind::Parted { room, nick, reason } => {
                self.head(nick, "PART", None);
                push_params(&[room.as_str()], self.out);
                self.end_with(reason.as_deref());
            }
            EventKind::Quit { nick, reason } => {
                self.head(nick, "QUIT", None);
                push_text(&one_line(&sentence::quit(reason)), self.out);
            }
            EventKind::NickChanged { old, new } => {
                self.head(old, "NICK", None);
                push_params(&[new.as_str()], self.out);
                self.end();
            }
            EventKind::TopicChanged { room, by, text } => {
                self.head_by(by.as_ref(), "TOPIC");
                push_params(&[room.as_str()], self.out);
                push_text(text, self.out);
            }
            EventKind::Kicked {
                room,
                nick,
                by,
                reason,
            } => {
                self.head_by(by.as_ref(), "KICK");
                push_params(&[room.as_str(), nick.as_str()], self.out);
                let by = by.as_ref().map_or("chatd", Nick::as_str);
                push_text(reason.as_deref().unwrap_or(by), self.out);
            }
            EventKind::RoomRenamed {
                room,
                to,
                by,
                reason,
            } if has(Cap::ChannelRename) => {
                let begin = self.out.len();
                self.head_by(by.as_ref(), "RENAME");
                push_params(&[room.as_str(), to.as_str()], self.out);
                push_fitting_text(reason.as_deref().unwrap_or_default(), begin, self.out);
            }
            EventKind::RoleChanged { .. }
            | EventKind::RoomChanged { .. }
            | EventKind::RuleAdded { .. }
            | EventKind::RuleEnded { .. } => {
                let changes = modes::changes(&self.event.kind);
                self.modes(&changes);
            }
            EventKind::AwayChanged { nick, text } if has(Cap::AwayNotify) => {
                self.head(nick, "AWAY", None);
                match text {
                    Some(text) => push_text(text, self.out),
                    None => self.end(),
                }
            }
            EventKind::AccountChanged { nick, account } if has(Cap::AccountNotify) => {
                self.head(nick, "ACCOUNT", None);
                push_params(&[account.as_ref().map_or("*", Nick::as_str)], self.out);
                self.end();
            }
            EventKind::Invited { room, nick, by } => self.invite(by, nick, room),
            EventKind::InviteNoticed { room, nick, by } if has(Cap::InviteNotify) => {
                self.invite(by, nick, room);
            }
            EventKind::ToStatus {
                room,
                status,
                from,
                kind,
                text,
                tags,
            } => {
                let target = status_target(room, *status);
                self.speech(from, &target, *kind, text, tags.as_ref());
            }
            EventKind::People(news) => {
                news::render(self.look, self.facts, self.event, news, self.out);
            }
            EventKind::Notice { room, text } => {
                let target = room.as_ref().map_or("*", |room| room.as_str());
                self.head_by(None, "NOTICE");
                push_params(&[target], self.out);
                push_text(&one_line(text), self.out);
            }
            EventKind::NickRegistered { nick, new } => {
                let text = sentence::nick_registered(nick, new.as_ref());
                self.head_by(None, "NOTICE");
                push_params(&[nick.as_str()], self.out);
                push_text(&one_line(&text), self.out);
            }
            EventKind::Edited {
                place, from, text, ..
            } => {
                self.edited(place, from, text);
            }
            EventKind::Deleted {
                place,
                from,
                message,
                reason,
            } if has(Cap::MessageRedaction) => {
                let begin = self.out.len();
                self.head(from, "REDACT", None);
                push_params(&[&place_name(place), &message.to_string()], self.out);
                match reason {
                    Some(reason) => push_fitting_text(reason, begin, self.out),
                    None => self.end(),
                }
            }
            EventKind::Deleted {
                place,
                from,
                reason,
                ..
            } => {
                let mut text = format!("{from} has deleted a message");
                if let Some(reason) = reason {
                    text = format!("{text}: {reason}");
                }
                self.told_in(place, &text);
            }
            EventKind::MarkedRead { of, upto } if has(Cap::ReadMarker) => {
                let at = Rfc3339::new(UnixMillis(upto.unix_ms()));
                let line = mark_line(self.facts, partner_name(of), Some(&at));
                self.out.extend_from_slice(line.as_bytes());
            }
            EventKind::Tagged { .. }
            | EventKind::RoomRenamed { .. }
            | EventKind::InviteNoticed { .. }
            | EventKind::AwayChanged { .. }
            | EventKind::AccountChanged { .. }
            | EventKind::MarkedRead { .. } => {}
        }
    }

    fn speech(
        &mut self,
        from: &Nick,
        target: &str,
        kind: MessageKind,
        text: &str,
        tags: Option<&Tags>,
    ) {
        let (verb, before, behind) = match kind {
            MessageKind::Text => ("PRIVMSG", "", ""),
            MessageKind::Action => ("PRIVMSG", "\u{1}ACTION ", "\u{1}"),
            MessageKind::Notice => ("NOTICE", "", ""),
        };
        let from = Source {
            nick: from.as_str(),
            persona: self.event.actor.as_deref(),
        };
        let speech = Speech {
            caps: self.look.caps,
            stamp: &self.stamp,
            from: &from,
            verb,
            target,
            around: (before, behind),
            text,
            tags,
            batch: self.batch,
        };
        speech.write(self.facts, self.out);
    }

    /// As many lines of the server as the new text has, within the same bound as those of a message.
    fn edited(&mut self, place: &EventPlace, from: &Nick, text: &str) {
        let text = text.trim_start_matches('\n');
        let text = format!("{from} has edited a message: {text}");
        let target = place_name(place);
        let server = &self.facts.server_name;
        let head_bytes = server.len() + "NOTICE".len() + target.len() + HEAD_BYTES;
        let mut left_off = String::new();
        let pieces = bounded(pieces(&text, &[], head_bytes), &mut left_off);
        let lines = pieces.iter().filter(|piece| !piece.text.is_empty());
        for (index, piece) in lines.enumerate() {
            self.server_head("NOTICE", index == 0);
            push_params(&[&target], self.out);
            push_text(&one_line(piece.text), self.out);
        }
    }

    pub(super) fn head(&mut self, nick: &Nick, verb: &str, tags: Option<&Tags>) {
        let head = Head {
            caps: self.look.caps,
            stamp: &self.stamp,
            has_msgid: true,
            source: Source {
                nick: nick.as_str(),
                persona: self.event.actor.as_deref(),
            },
            is_server: false,
            client_tags: tags.map(Tags::as_str),
            batch: self.batch,
            verb,
        };
        head.write(self.facts, self.out);
    }

    /// Of somebody, or of the server.
    pub(super) fn head_by(&mut self, by: Option<&Nick>, verb: &str) {
        match by {
            Some(nick) => self.head(nick, verb, None),
            None => self.server_head(verb, true),
        }
    }

    /// Of several lines about one event only the first bears its id.
    fn server_head(&mut self, verb: &str, has_msgid: bool) {
        let head = Head {
            caps: self.look.caps,
            stamp: &self.stamp,
            has_msgid,
            source: Source {
                nick: "",
                persona: None,
            },
            is_server: true,
            client_tags: None,
            batch: self.batch,
            verb,
        };
        head.write(self.facts, self.out);
    }

    /// A line of the server about something that there is no line for; cut to fit.
    fn told_in(&mut self, place: &EventPlace, text: &str) {
        let begin = self.out.len();
        self.head_by(None, "NOTICE");
        push_params(&[&place_name(place)], self.out);
        push_fitting_text(&one_line(text), begin, self.out);
    }

    pub(super) fn end(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }

    fn end_with(&mut self, text: Option<&str>) {
        match text {
            Some(text) => push_text(text, self.out),
            None => self.end(),
        }
    }
}

fn place_name(place: &EventPlace) -> SmolStr {
    match place {
        EventPlace::Room(room) => room.as_str().into(),
        EventPlace::User(nick) => nick.as_str().into(),
        EventPlace::Status(room, status) => status_target(room, *status),
    }
}

/// `@#room` or `+#room`.
fn status_target(room: &RoomName, status: Status) -> SmolStr {
    let sign = match status {
        Status::Voiced => '+',
        Status::Operator => '@',
    };
    format_smolstr!("{sign}{room}")
}

//! What was said before, as lines: pages of it, where something was said, up to where it was read.

use super::Answering;
use crate::daemon::protocol::irc::caps::Cap;
use crate::daemon::protocol::irc::context::{Context, Past};
use crate::daemon::protocol::irc::event::render_in_batch;
use crate::daemon::protocol::irc::mark::{mark_line, partner_name};
use crate::daemon::protocol::irc::one_line;
use crate::daemon::protocol::irc::refusal;
use crate::daemon::protocol::irc::verbs::shown;
use crate::daemon::protocol::sentence;
use crate::daemon::protocol::stamp::Rfc3339;
use crate::hub::command::Command;
use crate::hub::event::{Event, EventKind, EventPlace};
use crate::hub::history::{Aside, Conversation, Partner, Place, Range, Stored};
use crate::hub::id::MessageId;
use crate::hub::name::RoomName;
use crate::hub::output::{Reply, RoomCard};
use crate::hub::refusal::Refusal;
use crate::hub::time::UnixMillis;

impl Answering<'_> {
    /// Writes the answer to a question about what was said before.
    pub(super) fn past(&mut self, past: Past, reply: &Reply) {
        match (past, reply) {
            (Past::Entered { room }, Reply::ReadMark { upto, .. }) => {
                self.joined_read(&room, *upto);
            }
            (Past::Entered { room }, _) => self.joined_read(&room, None),
            (Past::Replay, Reply::History { page, .. }) => self.replay(&page.messages),
            (Past::Replay, _) => {}
            (past, Reply::Refused(refusal)) => self.past_refused(past, refusal),
            (
                Past::Page {
                    target, is_newest, ..
                },
                Reply::History { page, .. },
            ) => {
                self.page("chathistory", &[&target], &page.messages, is_newest);
            }
            (Past::Search, Reply::Found(page)) => {
                let mut found = page.messages.clone();
                found.reverse();
                self.page("soju.im/search", &[], &found, true);
            }
            (Past::Targets, Reply::Conversations(found)) => self.targets(found),
            (Past::Mark { target }, Reply::ReadMark { upto, .. }) => self.mark(&target, *upto),
            // The event tells it.
            (_, _) => {}
        }
    }

    fn past_refused(&mut self, past: Past, refusal: &Refusal) {
        let text = one_line(&sentence::refusal(refusal));
        let target = shown(past.target());
        let is_nowhere = matches!(refusal, Refusal::NotInRoom(_) | Refusal::NoSuchRoom(_));
        // Only then the client has done nothing for it.
        let is_internal = matches!(
            refusal,
            Refusal::HistoryUnavailable(_) | Refusal::NotKept(_)
        );
        let mut lines = self.lines();
        match &past {
            Past::Page { subcommand, .. } => {
                let code = if is_nowhere {
                    "INVALID_TARGET"
                } else {
                    "MESSAGE_ERROR"
                };
                lines.fail("CHATHISTORY", code, &[subcommand, &target], &text);
            }
            Past::Targets => lines.fail("CHATHISTORY", "MESSAGE_ERROR", &["TARGETS"], &text),
            Past::Mark { .. } if is_nowhere => {
                lines.fail("MARKREAD", "INVALID_PARAMS", &[&target], &text);
            }
            Past::Mark { .. } if is_internal => {
                lines.fail("MARKREAD", "INTERNAL_ERROR", &[&target], &text);
            }
            Past::Redact { message, .. } => {
                let both = [&*target, message];
                if is_nowhere {
                    lines.fail("REDACT", "INVALID_TARGET", &[&target], &text);
                } else if *refusal == Refusal::NoSuchMessage {
                    lines.fail("REDACT", "UNKNOWN_MSGID", &both, &text);
                } else {
                    lines.fail("REDACT", "REDACT_FORBIDDEN", &both, &text);
                }
            }
            Past::Search if is_nowhere => {
                lines.fail("SEARCH", "INVALID_PARAMS", &["in"], &text);
            }
            Past::Search if is_internal => lines.fail("SEARCH", "INTERNAL_ERROR", &[], &text),
            Past::Mark { .. } | Past::Search => {
                refusal::write(&mut lines, &Context::Past(Box::new(past)), refusal);
            }
            Past::Entered { .. } | Past::Replay => {}
        }
    }

    /// Messages as a batch of this kind. Those that would be too much for what may wait for the client are left out:
    /// the oldest, or the newest where those were not asked for.
    fn page(&mut self, kind: &str, params: &[&str], messages: &[Stored], is_newest: bool) {
        let has_batches = self.session.caps.has(Cap::Batch);
        let batch = self.session.pending.next_batch();
        let server = self.facts.server_name.clone();
        if has_batches {
            let params = params.iter().map(|param| format!(" {param}"));
            let params: String = params.collect();
            let open = format!(":{server} BATCH +{batch} {kind}{params}\r\n");
            self.lines.extend_from_slice(open.as_bytes());
        }
        let batch_tag = has_batches.then_some(&*batch);
        let lines = self.rendered(messages, batch_tag, is_newest);
        self.lines.extend_from_slice(&lines);
        if has_batches {
            let close = format!(":{server} BATCH -{batch}\r\n");
            self.lines.extend_from_slice(close.as_bytes());
        }
    }

    fn rendered(&self, messages: &[Stored], batch: Option<&str>, is_newest: bool) -> Vec<u8> {
        let bytes_max = self.facts.list_bytes / PAGES_AT_ONCE;
        let look = self.session.caps.look();
        let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(messages.len());
        let mut bytes = 0;
        let mut add = |stored: &Stored| {
            let mut piece = Vec::new();
            if let Some(event) = event_of(stored) {
                render_in_batch(look, self.facts, &event, batch, &mut piece);
            }
            bytes += piece.len();
            let fits = bytes <= bytes_max || pieces.is_empty();
            if fits {
                pieces.push(piece);
            }
            fits
        };
        if is_newest {
            let _ = messages.iter().rev().all(&mut add);
            pieces.reverse();
        } else {
            let _ = messages.iter().all(&mut add);
        }
        pieces.concat()
    }

    fn targets(&mut self, found: &[Conversation]) {
        let batch = self.session.pending.next_batch();
        let server = self.facts.server_name.clone();
        let has_batches = self.session.caps.has(Cap::Batch);
        let mut text = String::new();
        let tag = if has_batches {
            text += &format!(":{server} BATCH +{batch} draft/chathistory-targets\r\n");
            format!("@batch={batch} ")
        } else {
            String::new()
        };
        for it in found {
            let (target, at) = (partner_name(&it.of), Rfc3339::new(it.at));
            let at = at.as_str();
            text += &format!("{tag}:{server} CHATHISTORY TARGETS {target} {at}\r\n");
        }
        if has_batches {
            text += &format!(":{server} BATCH -{batch}\r\n");
        }
        self.lines.extend_from_slice(text.as_bytes());
    }

    fn mark(&mut self, target: &str, upto: Option<MessageId>) {
        let at = upto.map(|upto| Rfc3339::new(UnixMillis(upto.unix_ms())));
        let line = mark_line(self.facts, target, at.as_ref());
        self.lines.extend_from_slice(line.as_bytes());
    }

    /// The session is in a room from now on: asks up to where it was read, then who is there. That may take the store
    /// a while, and a list of who is there may be long.
    pub(super) fn joined(&mut self, room: &RoomName) {
        if !self.reads_marks() {
            return self.joined_read(room, None);
        }
        let of = Partner::Room(room.clone());
        let room = room.clone();
        let command = Command::ReadMark { of, upto: None };
        self.ask_command(command, Context::Past(Box::new(Past::Entered { room })));
    }

    fn joined_read(&mut self, room: &RoomName, mark: Option<MessageId>) {
        let members = self.wants_names();
        self.look_around(room, members, Context::Joined { mark });
    }

    fn reads_marks(&self) -> bool {
        self.session.caps.has(Cap::ReadMarker) && self.facts.has_history
    }

    pub(in crate::daemon::protocol::irc) fn wants_names(&self) -> bool {
        let caps = self.session.caps;
        !caps.has(Cap::NoImplicitNames) && !caps.has(Cap::OldNoImplicitNames)
    }

    /// What a room is about that the session has entered, up to where it was read, who is there, and for clients that
    /// cannot ask for it themselves the last that was said.
    pub(super) fn entered(&mut self, card: &RoomCard, mark: Option<MessageId>) {
        if !card.is_member {
            return; // left again while the store was asked
        }
        self.topic(card);
        if self.reads_marks() {
            self.mark(card.room.as_str(), mark);
        }
        let caps = self.session.caps;
        if self.wants_names() {
            self.names(card);
            self.end_names(Some(card.room.as_str()));
        }
        self.sync_room(&card.room);
        let limit = self.facts.irc_autoreplay;
        if limit == 0 || !self.facts.has_history || caps.has(Cap::ChatHistory) {
            return;
        }
        let command = Command::Playback {
            of: Partner::Room(card.room.clone()),
            range: Range::Latest,
            limit,
            with_asides: false,
        };
        self.ask_command(command, Context::Past(Box::new(Past::Replay)));
    }

    fn replay(&mut self, messages: &[Stored]) {
        let lines = self.rendered(messages, None, true);
        self.lines.extend_from_slice(&lines);
    }
}

/// The event by which a message was heard, as it is now; `None` for one that was deleted.
fn event_of(stored: &Stored) -> Option<Event> {
    let text = stored.text.clone()?;
    let (from, tags) = (stored.from.nick.clone(), stored.tags.clone());
    let kind = match (&stored.place, stored.aside) {
        (Place::Room(room), Some(Aside::TopicSet)) => EventKind::TopicChanged {
            room: room.clone(),
            by: Some(from),
            text,
        },
        (Place::Room(room), Some(Aside::Tagged)) => EventKind::Tagged {
            place: EventPlace::Room(room.clone()),
            from,
            tags: tags?,
        },
        (Place::User { to, .. }, Some(_)) => EventKind::Tagged {
            place: EventPlace::User(to.nick.clone()),
            from,
            tags: tags?,
        },
        (Place::Room(room), None) => EventKind::Message {
            room: room.clone(),
            from,
            kind: stored.kind,
            text,
            tags,
        },
        (Place::User { to, .. }, None) => EventKind::Private {
            from,
            to: to.nick.clone(),
            kind: stored.kind,
            text,
            tags,
        },
    };
    Some(Event {
        at: stored.at,
        id: stored.id,
        kind,
        actor: None,
    })
}

/// Pages that may wait for a client together.
const PAGES_AT_ONCE: usize = 8;

//! Carries out what the hub puts out, in order: renders events once per dialect, keeps the rooms'
//! tables of who hears them, closes sessions, tells the log.

use std::mem;

use bytes::Bytes;
use tracing::field::display;
use tracing::{info, warn};

use super::connection::{Connection, Queued};
use super::core::Core;
use super::room::Room;
use crate::daemon::protocol::{self, Dialect};
use crate::hub::event::{Event, EventKind, Membership};
use crate::hub::id::{RequestId, RoomId, SessionId};
use crate::hub::input::{Input, QuitReason};
use crate::hub::output::{Audit, Output, Reply};
use crate::hub::time::Now;

impl Core {
    /// Gives the hub one input and carries out all that comes of it.
    pub(super) fn input(&mut self, now: Now, input: Input) {
        self.feed(now, input);
        self.cut_slow_readers();
    }

    /// Ends one session without looking after whom that made overflow.
    pub(super) fn end_one(&mut self, session: SessionId, reason: &QuitReason) {
        let now = self.now();
        self.feed(
            now,
            Input::Disconnected {
                session,
                reason: reason.clone(),
            },
        );
        self.close(session, reason);
    }

    /// Peers who do not read what they are sent keep nobody waiting and no memory. Slow is only
    /// who does not take it now: a burst within one turn says nothing about its hearers.
    pub(super) fn cut_slow_readers(&mut self) {
        while let Some(slot) = self.overflowed.pop() {
            self.flush(slot);
            let limit = self.config.limits.send_queue_bytes;
            let Some(connection) = self.connections.get_mut(slot as usize) else {
                continue;
            };
            let queued_bytes = connection.outbox.bytes();
            if connection.is_closing || queued_bytes <= limit {
                continue;
            }
            let session = connection.session;
            connection.outbox.forget_unbegun();
            self.end_one(session, &QuitReason::SendQueueExceeded { queued_bytes });
        }
    }

    fn feed(&mut self, now: Now, input: Input) {
        let mut outputs = Vec::new();
        self.hub.handle(now, input, &mut outputs);
        for output in outputs {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Room {
                room,
                event,
                except,
            } => self.tell_room(room, &event, &except),
            Output::Sessions { sessions, event } => self.tell_sessions(&sessions, &event),
            Output::Reply {
                session,
                request,
                reply,
            } => {
                self.reply(session, request.as_ref(), &reply);
            }
            Output::Enter(membership) => self.enter(membership),
            Output::Leave(membership) => self.leave(membership),
            Output::Ping { session } => self.ping(session),
            Output::Close { session, reason } => self.close(session, &reason),
            Output::Administered(result) => self.administered = Some(result),
            Output::Audit(audit) => self.audit(audit),
        }
    }

    fn tell_room(&mut self, room_id: RoomId, event: &Event, except: &[SessionId]) {
        self.count(event);
        if is_of_all_rooms(&event.kind) && self.dirty_rooms.iter().any(|&other| other != room_id) {
            self.seal_rooms();
        }
        let Some(room) = self.rooms.get_mut(room_id.0 as usize) else {
            return;
        };
        for dialect in Dialect::ALL {
            if room.is_heard_in(dialect) {
                let speaks_it = |session: &&SessionId| {
                    let connection = self.connections.get(session.slot as usize);
                    connection.is_some_and(|it| it.protocol.dialect() == Some(dialect))
                };
                let except = except.iter().filter(speaks_it).map(|session| session.slot);
                let except: Vec<u32> = except.collect();
                self.turn_bytes += room.append(dialect, &except, |out| {
                    protocol::render_event(dialect, &self.facts, event, out);
                });
            }
        }
        if !mem::replace(&mut room.is_dirty, true) {
            self.dirty_rooms.push(room_id);
        }
        self.announce_work();
    }

    fn tell_sessions(&mut self, sessions: &[SessionId], event: &Event) {
        self.count(event);
        let is_private = matches!(event.kind, EventKind::Private { .. });
        if is_of_all_rooms(&event.kind) {
            self.seal_rooms();
        }
        let mut rendered: [Option<Bytes>; Dialect::ALL.len()] =
            [const { None }; Dialect::ALL.len()];
        for &session in sessions {
            let Some(connection) = self.open(session) else {
                continue;
            };
            let Some(dialect) = connection.protocol.dialect() else {
                continue;
            };
            let slice = rendered[dialect as usize].get_or_insert_with(|| {
                let mut out = Vec::new();
                protocol::render_event(dialect, &self.facts, event, &mut out);
                Bytes::from(out)
            });
            let slice = slice.clone();
            self.counters.deliveries += 1;
            self.push_shared(
                session.slot,
                slice,
                if is_private {
                    Queued::Urgent
                } else {
                    Queued::Bulk
                },
            );
        }
        self.turn_bytes += rendered.iter().flatten().map(Bytes::len).sum::<usize>();
    }

    fn reply(&mut self, session: SessionId, request: Option<&RequestId>, reply: &Reply) {
        match reply {
            Reply::Refused(refusal) => {
                *self.counters.refusals.entry(refusal.code()).or_default() += 1;
            }
            Reply::LoggedIn { nick, .. } => {
                self.counters.logins += 1;
                if let Some(connection) = self.open(session) {
                    connection.nick = Some(nick.clone());
                }
            }
            Reply::Ack { .. }
            | Reply::Done
            | Reply::Joined { .. }
            | Reply::Deaf { .. }
            | Reply::Rooms(_)
            | Reply::Names { .. }
            | Reply::Users(_)
            | Reply::Ignores(_)
            | Reply::Whois(_)
            | Reply::Pong => {}
        }
        let Some(connection) = self.open(session) else {
            return;
        };
        connection.protocol.on_reply(reply);
        let Some(dialect) = connection.protocol.dialect() else {
            return;
        };
        let mut out = Vec::new();
        protocol::render_reply(dialect, &self.facts, request, reply, &mut out);
        self.push_own(session, &out);
    }

    fn enter(&mut self, membership: Membership) {
        let Some(dialect) = self.dialect(membership.session) else {
            return;
        };
        let at = membership.room.0 as usize;
        if at >= self.rooms.len() {
            self.rooms.resize_with(at + 1, Room::default);
        }
        self.rooms[at].enter(dialect, membership.session.slot);
    }

    fn leave(&mut self, membership: Membership) {
        let Some(dialect) = self.dialect(membership.session) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(membership.room.0 as usize) else {
            return;
        };
        let owed = room.leave(dialect, membership.session.slot);
        self.push_own(membership.session, &owed);
    }

    fn ping(&mut self, session: SessionId) {
        let Some(dialect) = self.dialect(session) else {
            return;
        };
        let mut out = Vec::new();
        protocol::render_ping(dialect, &mut out);
        self.push_own(session, &out);
    }

    /// Tells the peer why, and lets its task close the connection once that has left.
    pub(super) fn close(&mut self, session: SessionId, reason: &QuitReason) {
        let now = self.now();
        let mut last_words = Vec::new();
        let Some(connection) = self
            .connections
            .get_mut(session.slot as usize)
            .filter(|connection| connection.session == session && !connection.is_closing)
        else {
            return;
        };
        match reason {
            // The one has gone, the other has been told by its protocol.
            QuitReason::Closed | QuitReason::Unreadable => {}
            QuitReason::Failed(_) => connection.write = None,
            QuitReason::SendQueueExceeded { .. }
            | QuitReason::Quit(_)
            | QuitReason::TooManyFaults
            | QuitReason::PingTimeout
            | QuitReason::LoginTimeout
            | QuitReason::Flooding
            | QuitReason::ServerFull
            | QuitReason::TooManyFromAddress
            | QuitReason::Kicked(_)
            | QuitReason::Shutdown => {
                connection
                    .protocol
                    .render_close(&self.facts, reason, &mut last_words);
            }
        }
        connection.outbox.push_own(&last_words);
        connection.is_closing = true;
        connection.wake();
        *self.counters.ended.entry(reason.code()).or_default() += 1;
        log_end(
            connection,
            reason,
            (now.uptime.saturating_sub(connection.connected_at)).as_secs(),
        );
        self.mark(session.slot, Queued::Urgent);
    }

    /// Queues bytes for one session, ahead of what is for whole rooms.
    pub(super) fn push_own(&mut self, session: SessionId, bytes: &[u8]) {
        let limit = self.config.limits.send_queue_bytes;
        let Some(connection) = self.open(session).filter(|_| !bytes.is_empty()) else {
            return;
        };
        connection.outbox.push_own(bytes);
        if connection.outbox.bytes() > limit {
            self.overflowed.push(session.slot);
        }
        self.mark(session.slot, Queued::Urgent);
    }

    /// Queues a slice that others share.
    pub(super) fn push_shared(&mut self, slot: u32, slice: Bytes, how: Queued) {
        let limit = self.config.limits.send_queue_bytes;
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        if connection.is_closing {
            return;
        }
        connection.outbox.push_shared(slice);
        if connection.outbox.bytes() > limit {
            self.overflowed.push(slot);
        }
        self.mark(slot, how);
    }

    /// The session's connection, unless it is closing: then nothing more is for it.
    fn open(&mut self, session: SessionId) -> Option<&mut Connection> {
        self.connection(session)
            .filter(|connection| !connection.is_closing)
    }

    fn dialect(&mut self, session: SessionId) -> Option<Dialect> {
        self.connection(session)?.protocol.dialect()
    }

    fn count(&mut self, event: &Event) {
        match event.kind {
            EventKind::Message { .. } | EventKind::Private { .. } => self.counters.messages += 1,
            EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::Quit { .. }
            | EventKind::NickChanged { .. }
            | EventKind::TopicChanged { .. }
            | EventKind::AwayChanged { .. }
            | EventKind::Notice { .. } => {}
        }
    }

    fn audit(&mut self, audit: Audit) {
        match audit {
            Audit::LoggedIn {
                session,
                nick,
                sessions,
            } => {
                info!(target: "chatd::connection", %session, %nick, sessions, "logged in");
            }
            Audit::NickChanged {
                session,
                sessions,
                old,
                new,
            } => {
                info!(target: "chatd::connection", %session, %old, %new, "nick changed");
                for session in sessions {
                    if let Some(connection) = self.open(session) {
                        connection.nick = Some(new.clone());
                    }
                }
            }
            Audit::RoomOpened { room } => info!(target: "chatd::room", %room, "opened"),
            Audit::RoomClosed { room } => info!(target: "chatd::room", %room, "closed"),
            Audit::Throttled { session } => {
                let nick = self
                    .open(session)
                    .map_or("-", |connection| connection.nick())
                    .to_owned();
                warn!(target: "chatd::connection", %session, %nick, "throttled: commands come faster than allowed");
            }
        }
    }
}

/// Whether an event tells the members of several rooms something, by way of whichever room most of
/// them share: it must not overtake what was said in the others.
fn is_of_all_rooms(kind: &EventKind) -> bool {
    match kind {
        EventKind::Quit { .. } | EventKind::NickChanged { .. } | EventKind::AwayChanged { .. } => {
            true
        }
        EventKind::Notice { room, .. } => room.is_none(),
        EventKind::Message { .. }
        | EventKind::Private { .. }
        | EventKind::Joined { .. }
        | EventKind::Parted { .. }
        | EventKind::TopicChanged { .. } => false,
    }
}

/// The line an operator looks for: who, from where, for how long, and why it ended.
fn log_end(connection: &Connection, reason: &QuitReason, seconds: u64) {
    let (detail, queued_bytes) = match reason {
        QuitReason::Failed(text) => (Some(display(text)), None),
        QuitReason::SendQueueExceeded { queued_bytes } => (None, Some(*queued_bytes)),
        QuitReason::Closed
        | QuitReason::Quit(_)
        | QuitReason::Unreadable
        | QuitReason::TooManyFaults
        | QuitReason::PingTimeout
        | QuitReason::LoginTimeout
        | QuitReason::Flooding
        | QuitReason::ServerFull
        | QuitReason::TooManyFromAddress
        | QuitReason::Kicked(_)
        | QuitReason::Shutdown => (None, None),
    };
    info!(
        target: "chatd::connection",
        session = %connection.session,
        nick = %connection.nick(),
        peer = %connection.peer,
        reason = %reason.code(),
        detail,
        queued_bytes,
        seconds,
        bytes_read = connection.bytes_read,
        bytes_written = connection.bytes_written,
        "ended",
    );
}

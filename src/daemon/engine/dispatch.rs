//! Carries out what the hub puts out, in order: renders events once per dialect, keeps the rooms'
//! tables of who hears them, closes sessions, tells the log.

use std::mem;

use bytes::Bytes;
use tracing::{field, info, warn};

use super::connection::Connection;
use super::core::Core;
use super::room::Room;
use crate::daemon::protocol::{self, Dialect};
use crate::hub::event::{Event, EventKind, Membership};
use crate::hub::fingerprint::Fingerprint;
use crate::hub::id::{RequestId, RoomId, SessionId};
use crate::hub::input::Input;
use crate::hub::name::Nick;
use crate::hub::output::{Audit, Output, Reply};
use crate::hub::time::Now;

impl Core {
    /// Gives the hub one input and carries out all that comes of it.
    pub(super) fn input(&mut self, now: Now, input: Input) {
        self.left_rooms.clear();
        self.accounts.begin_input();
        let mut outputs = mem::take(&mut self.outputs);
        self.hub.handle(now, input, &mut outputs);
        for output in outputs.drain(..) {
            self.carry_out(output);
        }
        self.outputs = outputs;
        self.history.reserve(self.hub.last_id());
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Room {
                room,
                event,
                except,
                unechoed,
            } => self.tell_room(room, &event, &except, unechoed),
            Output::Sessions { sessions, event } => self.tell_sessions(&sessions, &event),
            Output::Reply {
                session,
                request,
                reply,
            } => {
                let reply = self.after_keeping(session, request.as_ref(), reply);
                let after = |reply| self.after_registering(session, request.as_ref(), reply);
                if let Some(reply) = reply.and_then(after) {
                    self.reply(session, request.as_ref(), &reply);
                }
            }
            Output::Record(record) => self.keep(record),
            Output::Ask { ticket, question } => self.ask(ticket, question),
            Output::AskAccount {
                ticket,
                session,
                question,
            } => self.ask_account(ticket, session, question),
            Output::Register(record) => self.register(record),
            Output::Hold { session } => self.shards.hold(session.slot),
            Output::Release {
                session,
                request,
                reply,
            } => self.release(session, request.as_ref(), &reply),
            Output::Enter(membership) => self.enter(membership),
            Output::Leave(membership) => self.leave(membership),
            Output::Ping { session } => self.ping(session),
            Output::Close { session, reason } => self.close(session, &reason),
            Output::Administered(result) => self.administered = Some(result),
            Output::Audit(audit) => self.audit(audit),
        }
    }

    fn tell_room(
        &mut self,
        room_id: RoomId,
        event: &Event,
        except: &[SessionId],
        unechoed: Option<SessionId>,
    ) {
        self.count(event);
        if matches!(event.kind, EventKind::Message { .. }) {
            self.note_speech(room_id);
        }
        self.seal_before(&event.kind, Some(room_id));
        let Some(room) = self.rooms.get_mut(room_id.0 as usize) else {
            return;
        };
        let mut bytes = 0;
        for dialect in Dialect::ALL {
            if room.is_heard_in(dialect) {
                let speaks_it = |session: &&SessionId| {
                    let connection = self.connections.get(session.slot as usize);
                    connection.is_some_and(|it| it.protocol.dialect() == Some(dialect))
                };
                let except = except.iter().filter(speaks_it).map(|session| session.slot);
                let except: Vec<u32> = except.collect();
                let unechoed = unechoed.filter(|it| speaks_it(&it)).map(|it| it.slot);
                bytes += room.append(dialect, &except, unechoed, |out| {
                    protocol::render_event(dialect, &self.facts, event, out);
                });
            }
        }
        if bytes > 0 {
            self.note_news(room_id, &event.kind, bytes);
        }
    }

    fn tell_sessions(&mut self, sessions: &[SessionId], event: &Event) {
        self.count(event);
        let is_private = matches!(event.kind, EventKind::Private { .. });
        let is_behind = is_private && self.has_spoken();
        self.seal_before(&event.kind, None);
        if is_behind {
            self.seal_loud_rooms();
        }
        let mut hearers: [Vec<u32>; Dialect::ALL.len()] = Default::default();
        for &session in sessions {
            if let Some(dialect) = self.open(session).and_then(|it| it.protocol.dialect()) {
                hearers[dialect as usize].push(session.slot);
            }
        }
        for (dialect, slots) in Dialect::ALL.into_iter().zip(hearers) {
            if slots.is_empty() {
                continue;
            }
            let mut out = Vec::new();
            protocol::render_event(dialect, &self.facts, event, &mut out);
            self.turn_bytes += out.len();
            self.counters.deliveries += slots.len() as u64;
            match (is_private, is_behind) {
                (true, true) => slots.iter().for_each(|&it| self.shards.send_last(it, &out)),
                (true, false) => slots.iter().for_each(|&it| self.shards.send(it, &out)),
                (false, _) => self.shards.share(Bytes::from(out).into(), &slots),
            }
        }
    }

    /// Notes that the session that is being heard speaks in a room. What it has said in another one
    /// goes out first.
    fn note_speech(&mut self, room_id: RoomId) {
        let turn = self.turn;
        let Some(speaker) = self.connection(self.backlog.session) else {
            return;
        };
        let before = (speaker.spoke_in == turn).then_some(speaker.spoke_to);
        speaker.spoke_in = turn;
        speaker.spoke_to = room_id;
        if let Some(other) = before.filter(|&other| other != room_id) {
            self.seal_room(other);
        }
    }

    /// Whether what the session that is being heard said in a room may not have left yet: what it
    /// says to one user must not overtake that.
    fn has_spoken(&mut self) -> bool {
        let turn = self.turn;
        let speaker = self.backlog.session;
        let spoke_in = self.connection(speaker).map_or(0, |it| it.spoke_in);
        spoke_in == turn || (spoke_in + 1 == turn && self.shards.is_flushing())
    }

    pub(super) fn reply(&mut self, session: SessionId, request: Option<&RequestId>, reply: &Reply) {
        let mut out = mem::take(&mut self.scratch);
        if self.render_reply(session, request, reply, &mut out) {
            self.push_own(session, &out);
        }
        out.clear();
        out.shrink_to(SCRATCH_BYTES_KEPT);
        self.scratch = out;
    }

    /// The answer that a session was held for, and behind it what has waited.
    fn release(&mut self, session: SessionId, request: Option<&RequestId>, reply: &Reply) {
        let mut out = Vec::new();
        self.render_reply(session, request, reply, &mut out);
        if self.open(session).is_some() {
            self.turn_bytes += out.len();
            self.shards.release(session.slot, &out);
        }
    }

    /// Takes note of an answer and renders it; says whether there is anybody to send it to.
    fn render_reply(
        &mut self,
        session: SessionId,
        request: Option<&RequestId>,
        reply: &Reply,
        out: &mut Vec<u8>,
    ) -> bool {
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
            Reply::Registered { .. }
            | Reply::Ack { .. }
            | Reply::History { .. }
            | Reply::Found(_)
            | Reply::Missed(_)
            | Reply::Unread(_)
            | Reply::Done
            | Reply::Joined { .. }
            | Reply::Deaf { .. }
            | Reply::Rooms(_)
            | Reply::Names { .. }
            | Reply::Users(_)
            | Reply::Ignores(_)
            | Reply::Whois(_)
            | Reply::Moderated(_)
            | Reply::Pong => {}
        }
        let Some(connection) = self.open(session) else {
            return false;
        };
        connection.protocol.on_reply(reply);
        let Some(dialect) = connection.protocol.dialect() else {
            return false;
        };
        protocol::render_reply(dialect, &self.facts, request, reply, out);
        true
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
        self.turn_bytes += owed.len();
        self.left_rooms.push(membership.room);
        // Also when it is owed nothing of this turn: something of the last may be on its way.
        self.shards.send_last(membership.session.slot, &owed);
    }

    fn ping(&mut self, session: SessionId) {
        let Some(dialect) = self.dialect(session) else {
            return;
        };
        let mut out = Vec::new();
        protocol::render_ping(dialect, &mut out);
        self.push_own(session, &out);
    }

    /// Queues bytes for one session, ahead of what is for whole rooms.
    pub(super) fn push_own(&mut self, session: SessionId, bytes: &[u8]) {
        if self.open(session).is_some() && !bytes.is_empty() {
            self.turn_bytes += bytes.len();
            self.shards.send(session.slot, bytes);
        }
    }

    /// The session's connection, unless it is closing: then nothing more is for it.
    pub(super) fn open(&mut self, session: SessionId) -> Option<&mut Connection> {
        self.connection(session)
            .filter(|connection| !connection.is_closing)
    }

    fn dialect(&mut self, session: SessionId) -> Option<Dialect> {
        self.connection(session)?.protocol.dialect()
    }

    fn count(&mut self, event: &Event) {
        match event.kind {
            EventKind::Message { .. } | EventKind::Private { .. } => self.counters.messages += 1,
            EventKind::Edited { .. }
            | EventKind::Deleted { .. }
            | EventKind::MarkedRead { .. }
            | EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::Quit { .. }
            | EventKind::NickChanged { .. }
            | EventKind::TopicChanged { .. }
            | EventKind::AwayChanged { .. }
            | EventKind::NickRegistered { .. }
            | EventKind::Kicked { .. }
            | EventKind::RoleChanged { .. }
            | EventKind::RoomChanged { .. }
            | EventKind::RuleAdded { .. }
            | EventKind::RuleEnded { .. }
            | EventKind::Invited { .. }
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
            Audit::PeerTrusted { session, account } => {
                info!(target: "chatd::connection", %session, %account, "logged in by peer credentials");
            }
            Audit::CertificateAccepted {
                session,
                account,
                certificate,
            } => log_certificate(session, &account, certificate),
            Audit::LoginFailed {
                session,
                account,
                code,
            } => {
                let peer = self.open(session).map(|connection| connection.peer);
                let (peer, account) = (peer.map(field::display), account.map(field::display));
                info!(target: "chatd::connection", %session, peer, account, code, "login refused");
            }
            Audit::LoginsSlowed {
                session,
                account,
                count,
            } => {
                let peer = self.open(session).map(|connection| connection.peer);
                let (peer, account) = (peer.map(field::display), account.map(field::display));
                info!(target: "chatd::connection", %session, peer, account, count, "logins slowed down");
            }
            Audit::Registered { session, account } => {
                info!(target: "chatd::connection", %session, %account, "registered");
            }
            Audit::PasswordChanged { session, account } => {
                info!(target: "chatd::connection", %session, %account, "password changed");
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
            Audit::Detached { session, nick } => {
                info!(target: "chatd::connection", %session, %nick, "keeps its place");
            }
            Audit::Gone { nick } => info!(target: "chatd::connection", %nick, "has not come back"),
            Audit::RoomOpened { room } => info!(target: "chatd::room", %room, "opened"),
            Audit::RoomClosed { room } => info!(target: "chatd::room", %room, "closed"),
            Audit::Moderated { session, deed } => self.log_deed(session, &deed),
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

fn log_certificate(session: SessionId, account: &Nick, certificate: Fingerprint) {
    info!(target: "chatd::connection", %session, %account, %certificate, "logs in by certificate");
}

/// Memory kept for rendering answers: enough for all but lists.
const SCRATCH_BYTES_KEPT: usize = 4096;

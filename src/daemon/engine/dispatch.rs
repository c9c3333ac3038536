//! Carries out what the hub puts out, in order: renders events once per dialect, keeps the rooms'
//! tables of who hears them, closes sessions, tells the log.

use std::mem;

use super::connection::Connection;
use super::core::Core;
use super::room::Room;
use crate::daemon::protocol::{self, Dialect};
use crate::hub::event::Membership;
use crate::hub::id::{RequestId, RoomId, SessionId};
use crate::hub::input::Input;
use crate::hub::output::{Output, Reply};
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
            Output::AskRenaming { ticket, renaming } => self.ask_renaming(ticket, renaming),
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
            Output::AdministeredLater { ticket, result } => {
                if let Some(answer) = self.administered_later.remove(&ticket) {
                    self.answer_operator(result, answer);
                }
            }
            Output::Audit(audit) => self.audit(audit),
        }
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
            | Reply::Authenticated { .. }
            | Reply::ScramChallenge(_)
            | Reply::Ack { .. }
            | Reply::History { .. }
            | Reply::Found(_)
            | Reply::Missed(_)
            | Reply::Unread(_)
            | Reply::Conversations(_)
            | Reply::ReadMark { .. }
            | Reply::Done
            | Reply::Joined { .. }
            | Reply::Deaf { .. }
            | Reply::Rooms(_)
            | Reply::Names { .. }
            | Reply::Users(_)
            | Reply::Ignores(_)
            | Reply::Whois(_)
            | Reply::Survey(_)
            | Reply::People(_)
            | Reply::Moderated(_)
            | Reply::Pong => {}
        }
        let Some(connection) = self
            .connections
            .get_mut(session.slot as usize)
            .filter(|it| it.session == session && !it.is_closing)
        else {
            return false;
        };
        let Some(dialect) = connection.dialect else {
            return false;
        };
        let mut asked = Vec::new();
        connection
            .protocol
            .answer(dialect, &self.facts, request, reply, out, &mut asked);
        let asked = asked.into_iter().map(|item| (session, item));
        self.asked_in_turn.extend(asked);
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
        protocol::render_ping(dialect, &self.facts, &mut out);
        self.push_own(session, &out);
    }

    /// Queues bytes for one session, ahead of what is for whole rooms; or behind that, where its dialect wants
    /// everything in the order in which it came about.
    pub(super) fn push_own(&mut self, session: SessionId, bytes: &[u8]) {
        let Some(connection) = self.open(session).filter(|_| !bytes.is_empty()) else {
            return;
        };
        let is_told_apart = connection.dialect.is_some_and(Dialect::is_told_apart);
        self.turn_bytes += bytes.len();
        if !is_told_apart {
            return self.shards.send(session.slot, bytes);
        }
        if !self.loud_rooms.is_empty() || !self.quiet_rooms.is_empty() {
            for room_id in self.hub.rooms_heard_by(session) {
                self.catch_up_in(room_id, session);
            }
        }
        self.shards.send_last(session.slot, bytes);
    }

    /// Gives one session what it has not been given of a room yet. The others go on waiting: if all were given their
    /// share, everybody's own answer would cost a write for each member of the room.
    pub(super) fn catch_up_in(&mut self, room_id: RoomId, session: SessionId) {
        let Some(dialect) = self.dialect(session) else {
            return;
        };
        let Some(room) = self.rooms.get_mut(room_id.0 as usize) else {
            return;
        };
        if room.owes(dialect, session.slot) {
            let owed = room.catch_up(dialect, session.slot);
            self.turn_bytes += owed.len();
            self.shards.send_last(session.slot, &owed);
        }
    }

    /// The session hears all in this dialect from now on.
    pub(super) fn set_dialect(&mut self, session: SessionId, dialect: Dialect) {
        let Some(connection) = self.connection(session) else {
            return;
        };
        let before = connection.dialect.replace(dialect);
        let Some(before) = before.filter(|before| *before != dialect) else {
            return;
        };
        for room_id in self.hub.rooms_heard_by(session) {
            let room = self.rooms.get_mut(room_id.0 as usize);
            if let Some(room) = room.filter(|room| room.has(before, session.slot)) {
                let owed = room.leave(before, session.slot);
                self.turn_bytes += owed.len();
                self.shards.send_last(session.slot, &owed);
                self.rooms[room_id.0 as usize].enter(dialect, session.slot);
            }
        }
    }

    /// The session's connection, unless it is closing: then nothing more is for it.
    pub(super) fn open(&mut self, session: SessionId) -> Option<&mut Connection> {
        self.connection(session)
            .filter(|connection| !connection.is_closing)
    }

    fn dialect(&mut self, session: SessionId) -> Option<Dialect> {
        self.connection(session)?.dialect
    }
}

/// Memory kept for rendering answers: enough for all but lists.
const SCRATCH_BYTES_KEPT: usize = 4096;

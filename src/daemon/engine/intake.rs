//! What comes in: the shards' reports become inputs of the hub. It stops when the turn is long
//! enough, and goes on where it stopped once that has been flushed, so that neither a burst nor one
//! peer's long list of requests can outgrow a queue.

use std::net::{IpAddr, SocketAddr};

use super::core::{Core, Own};
use crate::daemon::protocol::{Dialect, Incoming};
use crate::daemon::shard::Report;
use crate::daemon::transport::Peer;
use crate::hub::id::{RequestId, SessionId};
use crate::hub::input::{Input, Origin, QuitReason};
use crate::hub::time::Now;

/// What is left of one read.
#[derive(Debug)]
pub(super) struct Backlog {
    pub(super) session: SessionId,
    /// When the bytes came: what had to wait since, because the turn was full, bears this time.
    at: Now,
    /// The last one comes first.
    reversed: Vec<Incoming>,
}

/// How much of what has come was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Nothing,
    All,
    /// There may be more; the turn has no room for it.
    UntilFull,
}

impl Backlog {
    /// Nothing, from nobody.
    pub(super) fn new() -> Self {
        Self {
            session: SessionId { slot: 0, serial: 0 },
            at: Now::default(),
            reversed: Vec::new(),
        }
    }
}

impl Core {
    /// Takes in what has come, once from each shard, as far as the turn has room.
    pub(super) fn take_in(&mut self) -> Taken {
        let mut shards_left = self.shards.count();
        let mut taken = Taken::Nothing;
        while !self.is_turn_full() {
            if let Some(item) = self.backlog.reversed.pop() {
                self.take_item(item);
            } else if let Some(report) = self.reports.next_report() {
                taken = Taken::All;
                self.take_report(report);
            } else if shards_left > 0 {
                shards_left -= 1;
                let now = self.now();
                self.reports_of = self.shards.collect(now.uptime, &mut self.reports);
            } else {
                return taken;
            }
        }
        Taken::UntilFull
    }

    /// Whether so much has been rendered that it had better be flushed first: a quarter of what may
    /// wait for a peer, so that no single turn fills an empty outbox.
    pub(super) fn is_turn_full(&self) -> bool {
        self.turn_bytes >= self.config.limits.send_queue_bytes / 4
    }

    fn take_report(&mut self, report: Report) {
        match report {
            Report::Received { slot, bytes } => {
                self.backlog.at = self.now();
                let slot = self.reports_of.outer(slot);
                let Some(connection) = self.connections.get_mut(slot as usize) else {
                    return;
                };
                connection.bytes_read += bytes.len() as u64;
                self.counters.bytes_read += bytes.len() as u64;
                self.backlog.session = connection.session;
                connection.protocol.receive(
                    self.reports.bytes(bytes),
                    &self.facts,
                    &mut self.backlog.reversed,
                );
                self.backlog.reversed.reverse();
            }
            Report::Secured { slot, certificate } => {
                self.secured(self.reports_of.outer(slot), certificate.as_deref());
            }
            Report::TlsFailed { slot, why } => {
                let slot = self.reports_of.outer(slot);
                if let Some(connection) = self.connections.get(slot as usize) {
                    self.tls_failed(connection.session, why);
                }
            }
            Report::Closed { slot } => self.ended(slot, &QuitReason::Closed),
            Report::Failed { slot, error } => {
                self.ended(slot, &QuitReason::Failed(error.to_string().into()));
            }
            Report::Overflowed { slot, queued_bytes } => {
                self.ended(slot, &QuitReason::SendQueueExceeded { queued_bytes });
            }
            Report::Gone {
                slot,
                bytes_written,
            } => self.gone(self.reports_of.outer(slot), bytes_written),
        }
    }

    /// A connection is over: the hub forgets the session, the others are told, and so is the peer
    /// where it can still hear.
    fn ended(&mut self, slot: u32, reason: &QuitReason) {
        let slot = self.reports_of.outer(slot);
        if let Some(connection) = self.connections.get(slot as usize) {
            self.end(connection.session, reason);
        }
    }

    fn gone(&mut self, slot: u32, bytes_written: u64) {
        if let Some(connection) = self.connections.try_remove(slot as usize) {
            let session = connection.session;
            tracing::debug!(target: "chatd::connection", %session, bytes_written, "closed");
        }
    }

    /// Takes one thing that a session's bytes said, and what the session asks because of the answer.
    fn take_item(&mut self, item: Incoming) {
        let Backlog { session, at, .. } = self.backlog;
        self.take(session, at, item);
        self.take_asked();
    }

    /// What sessions ask because of what they were told, and because of the answers to that, as far as the turn has
    /// room: a client may have said a long list of requests ahead of the answer to its login. The rest comes first
    /// in the next turn, ahead of all that has come since.
    pub(super) fn take_asked(&mut self) {
        while !self.is_turn_full()
            && let Some((session, item)) = self.asked_in_turn.pop_front()
        {
            let now = self.now();
            self.take(session, now, item);
        }
    }

    fn take(&mut self, session: SessionId, now: Now, item: Incoming) {
        let connection = self.connection(session);
        if connection.is_none_or(|connection| connection.is_over()) {
            return; // what came after a quit, or after one fault too many
        }
        self.speaker = session;
        match item {
            Incoming::Dialect(dialect) => self.take_dialect(session, now, dialect),
            Incoming::Echo { is_wanted } => {
                self.input(now, Input::Echo { session, is_wanted });
            }
            Incoming::Command { request, command } => {
                let input = Input::Command {
                    session,
                    request: request.clone(),
                    command,
                };
                self.carry_out_for(session, now, request, input);
            }
            Incoming::FollowUp { request, command } => {
                let input = Input::FollowUp {
                    session,
                    request: request.clone(),
                    command,
                };
                self.carry_out_for(session, now, Some(request), input);
            }
            Incoming::Gateway {
                password,
                address,
                refusal,
            } => self.take_gateway(session, now, &password, address, &refusal),
            Incoming::Answer(bytes) => self.push_own(session, &bytes),
            Incoming::Fault(bytes) => {
                self.counters.faults += 1;
                self.push_own(session, &bytes);
                self.input(now, Input::Fault { session });
            }
            Incoming::Closed(bytes) => {
                self.push_own(session, &bytes);
                self.end(session, &QuitReason::Closed);
            }
            Incoming::Unreadable(bytes) => {
                self.counters.faults += 1;
                self.push_own(session, &bytes);
                self.end(session, &QuitReason::Unreadable);
            }
        }
    }

    fn carry_out_for(
        &mut self,
        session: SessionId,
        now: Now,
        request: Option<RequestId>,
        input: Input,
    ) {
        let dialect = self.connection(session).and_then(|it| it.dialect);
        let is_told_apart = dialect.is_some_and(Dialect::is_told_apart);
        self.own = is_told_apart.then_some(Own { session, request });
        self.input(now, input);
        self.own = None;
    }

    /// A connection may turn out to be a gateway's for somebody else, whose it is from then on.
    fn take_gateway(
        &mut self,
        session: SessionId,
        now: Now,
        password: &str,
        address: IpAddr,
        refusal: &[u8],
    ) {
        let certificate = self.hub.certificate(session);
        let Some(connection) = self.connection(session) else {
            return;
        };
        let gateway = connection.peer;
        let is_gateway = gateway
            .ip()
            .is_some_and(|from| self.config.irc.is_gateway(from, password, certificate));
        if !is_gateway {
            tracing::warn!(target: "chatd::connection", %session, peer = %gateway, "is no gateway by its address, or by its password or certificate, and is closed; see [irc] gateways");
            self.counters.faults += 1;
            self.push_own(session, refusal);
            return self.end(session, &QuitReason::Unreadable);
        }
        let peer = Peer::Tcp(SocketAddr::new(address, 0));
        if let Some(connection) = self.connection(session) {
            connection.peer = peer;
        }
        tracing::info!(target: "chatd::connection", %session, %gateway, %peer, "introduced by a gateway");
        let origin = Origin::Ip(address);
        self.input(now, Input::Introduced { session, origin });
    }

    fn take_dialect(&mut self, session: SessionId, now: Now, dialect: Dialect) {
        let is_first = self
            .connection(session)
            .is_some_and(|it| it.dialect.is_none());
        self.set_dialect(session, dialect);
        if !is_first {
            return;
        }
        if dialect.is_paced() {
            let pause = self.config.limits.old_client_pace;
            self.shards.pace(session.slot, pause);
        }
        let answers_ping = dialect.answers_ping();
        self.input(
            now,
            Input::Capable {
                session,
                answers_ping,
            },
        );
    }
}

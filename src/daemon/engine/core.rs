//! The engine's state, and its doors: for listeners (`admit`), for connections' tasks (`receive`,
//! `end`, `remove`), for the loop (`tick`). What the hub puts out is carried out in `dispatch.rs`,
//! what waits in outboxes is written in `flush.rs`, and questions are answered in `answer.rs`.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::connection::{Connection, Queued};
use super::handle::Counters;
use super::room::Room;
use crate::config::{Config, Protocol};
use crate::daemon::clock::{self, Clock};
use crate::daemon::protocol::{self, Facts, Incoming};
use crate::daemon::transport::{ReadHalf, Socket};
use crate::hub::Hub;
use crate::hub::id::{RoomId, SessionId, UserKey};
use crate::hub::input::{Input, Origin, QuitReason};
use crate::hub::output::{Administered, Output};
use crate::hub::refusal::Refusal;
use crate::hub::time::{Now, UnixMillis};

/// Everything that the engine owns.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) clock: Clock,
    pub(super) config: Arc<Config>,
    pub(super) facts: Facts,
    pub(super) hub: Hub,
    pub(super) connections: Slab<Connection>,
    pub(super) rooms: Vec<Room>,
    /// Rooms with lines that nobody has been given yet.
    pub(super) dirty_rooms: Vec<RoomId>,
    /// Bytes of the events rendered in this turn.
    pub(super) turn_bytes: usize,
    /// Tasks that wait with reading until the turn is flushed, because it is long enough.
    pub(super) held_back: Vec<Waker>,
    /// Slots whose outboxes are to be written, those of `urgent` first.
    pub(super) urgent: VecDeque<u32>,
    pub(super) bulk: VecDeque<u32>,
    /// Slots with more bytes waiting than allowed.
    pub(super) overflowed: Vec<u32>,
    pub(super) work: Rc<Notify>,
    pub(super) work_is_known: bool,
    pub(super) counters: Counters,
    /// How the last admin command ended.
    pub(super) administered: Option<Result<Administered, Refusal>>,
    serial: u32,
    read_buffer: Vec<u8>,
    pub(super) utc_offset_minute: u64,
    pub(super) is_stopping: bool,
}

impl Core {
    pub(super) fn new(clock: Clock, config: Arc<Config>, work: Rc<Notify>) -> Self {
        Self {
            clock,
            facts: facts_of(&config),
            hub: Hub::new(config.limits.hub.clone()),
            connections: Slab::new(),
            rooms: Vec::new(),
            dirty_rooms: Vec::new(),
            turn_bytes: 0,
            held_back: Vec::new(),
            urgent: VecDeque::new(),
            bulk: VecDeque::new(),
            overflowed: Vec::new(),
            work,
            work_is_known: false,
            counters: Counters::default(),
            administered: None,
            serial: 0,
            read_buffer: vec![0; config.server.buffer_size],
            utc_offset_minute: 0,
            is_stopping: false,
            config,
        }
    }

    /// Takes in a connection that a listener accepted, or sends it away with a line that says why.
    pub(super) fn admit(
        &mut self,
        socket: Socket,
        speaks: Protocol,
    ) -> Option<(SessionId, ReadHalf)> {
        let now = self.now();
        let peer = socket.peer();
        let protocol = match speaks {
            Protocol::Chat => protocol::Session::chat(),
        };
        let session = self.next_session();
        let origin = peer.ip().map_or(Origin::Local, Origin::Ip);
        let mut outputs = Vec::new();
        self.hub.handle(
            now,
            Input::Connected {
                session,
                origin,
                key: draw_key(),
            },
            &mut outputs,
        );
        if let Some(reason) = refused(&outputs) {
            self.counters.refused += 1;
            tracing::info!(target: "chatd::connection", %peer, reason = %reason.code(), "refused");
            let mut last_words = Vec::new();
            protocol.render_close(&self.facts, reason, &mut last_words);
            socket.dismiss(&last_words);
            return None;
        }
        if let Err(error) = socket.prepare() {
            tracing::debug!(target: "chatd::connection", %peer, %error, "gone before it was served");
            let reason = QuitReason::Failed(error.to_string().into());
            self.hub
                .handle(now, Input::Disconnected { session, reason }, &mut outputs);
            return None;
        }
        self.counters.accepted += 1;
        tracing::info!(target: "chatd::connection", %session, %peer, "connected");
        let (read, write) = socket.split();
        let mut connection = Connection::new(session, peer, protocol, write, now.uptime);
        let mut greeting = Vec::new();
        connection.protocol.greet(&self.facts, &mut greeting);
        connection.outbox.push_own(&greeting);
        let slot = self.connections.insert(connection);
        debug_assert_eq!(slot, session.slot as usize, "the slot was foretold");
        self.mark(session.slot, Queued::Urgent);
        Some((session, read))
    }

    /// The connection of a task, until it has been taken away.
    pub(super) fn connection(&mut self, session: SessionId) -> Option<&mut Connection> {
        self.connections
            .get_mut(session.slot as usize)
            .filter(|connection| connection.session == session)
    }

    /// The buffer that all connections read into, one after the other; to be given back.
    pub(super) fn take_read_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.read_buffer)
    }

    pub(super) fn give_back_read_buffer(&mut self, buffer: Vec<u8>) {
        self.read_buffer = buffer;
    }

    /// Takes the bytes of one read.
    pub(super) fn receive(&mut self, session: SessionId, bytes: &[u8]) {
        let now = self.now();
        let Some(connection) = self.connections.get_mut(session.slot as usize) else {
            return;
        };
        connection.bytes_read += bytes.len() as u64;
        self.counters.bytes_read += bytes.len() as u64;
        let mut incoming = Vec::new();
        connection
            .protocol
            .receive(bytes, &self.facts, &mut incoming);
        for item in incoming {
            if self
                .connection(session)
                .is_none_or(|connection| connection.is_closing)
            {
                break; // what came after a quit, or after one fault too many
            }
            self.take_in(now, session, item);
        }
    }

    /// Takes one thing that a session's bytes said.
    fn take_in(&mut self, now: Now, session: SessionId, item: Incoming) {
        match item {
            Incoming::Dialect(dialect) => {
                let answers_ping = dialect.answers_ping();
                self.input(
                    now,
                    Input::Capable {
                        session,
                        answers_ping,
                    },
                );
            }
            Incoming::Command { request, command } => {
                self.input(
                    now,
                    Input::Command {
                        session,
                        request,
                        command,
                    },
                );
            }
            Incoming::Answer(bytes) => self.push_own(session, &bytes),
            Incoming::Fault(bytes) => {
                self.counters.faults += 1;
                self.push_own(session, &bytes);
                self.input(now, Input::Fault { session });
            }
            Incoming::Unreadable(bytes) => {
                self.counters.faults += 1;
                self.push_own(session, &bytes);
                self.end(session, &QuitReason::Unreadable);
            }
        }
    }

    /// Ends a session whose connection is over or must be: the hub forgets it, the others are told,
    /// and so is the peer where it can still hear.
    pub(super) fn end(&mut self, session: SessionId, reason: &QuitReason) {
        self.end_one(session, reason);
        self.cut_slow_readers();
    }

    /// Whether more sockets are open than there may be sessions, because so many are closing.
    pub(super) fn is_crowded(&self) -> bool {
        self.connections.len() > self.config.limits.hub.max_connections
    }

    /// Forgets a connection whose task has finished with it.
    pub(super) fn remove(&mut self, session: SessionId) {
        if self.connection(session).is_some() {
            self.connections.remove(session.slot as usize);
            self.work.notify_one(); // the loop may be waiting for the last one
        }
    }

    /// Whether so much waits for the next flush that readers had better wait for it too; the task
    /// is woken after it.
    pub(super) fn hold_back(&mut self, waker: &Waker) -> bool {
        // A quarter of what may wait for a peer, so that no single turn fills an empty outbox.
        let is_full = self.turn_bytes >= self.config.limits.send_queue_bytes / 4;
        if is_full {
            self.held_back.push(waker.clone());
        }
        is_full
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the hub was shut down and the last connection has gone.
    pub(super) fn is_drained(&self) -> bool {
        self.is_stopping && self.connections.is_empty()
    }

    /// When the hub wants its next tick; far off when it wants none.
    pub(super) fn next_deadline(&self) -> Instant {
        self.clock
            .instant_of(self.hub.next_deadline().unwrap_or(FAR_OFF))
    }

    pub(super) fn tick(&mut self) {
        let now = self.now();
        self.input(now, Input::Tick);
    }

    /// The moment, and with it the time zone's offset, which old clients are shown.
    pub(super) fn now(&mut self) -> Now {
        let now = self.clock.now();
        self.facts.now = now.unix;
        let minute = now.unix.0 / 60_000;
        if minute != self.utc_offset_minute {
            self.utc_offset_minute = minute;
            self.facts.utc_offset_seconds = clock::utc_offset_seconds(now.unix);
        }
        now
    }

    fn next_session(&mut self) -> SessionId {
        self.serial = self.serial.wrapping_add(1);
        let slot = u32::try_from(self.connections.vacant_key());
        SessionId {
            slot: slot.expect("far fewer connections than 2^32"),
            serial: self.serial,
        }
    }
}

pub(super) fn facts_of(config: &Config) -> Facts {
    Facts {
        server_name: config.server.name.clone(),
        software: concat!("chatd ", env!("CARGO_PKG_VERSION")).to_owned(),
        motd: config.server.motd.clone(),
        settings: config.limits.hub.clone(),
        // The other half is for what else is on its way to whoever asked.
        list_bytes: config.limits.send_queue_bytes / 2,
        now: UnixMillis::default(),
        utc_offset_seconds: 0,
    }
}

fn refused(outputs: &[Output]) -> Option<&QuitReason> {
    outputs.iter().find_map(|output| match output {
        Output::Close { reason, .. } => Some(reason),
        Output::Room { .. }
        | Output::Sessions { .. }
        | Output::Reply { .. }
        | Output::Enter(_)
        | Output::Leave(_)
        | Output::Ping { .. }
        | Output::Administered(_)
        | Output::Audit(_) => None,
    })
}

fn draw_key() -> UserKey {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("a running Linux always gives random bytes");
    UserKey(u128::from_ne_bytes(bytes))
}

/// A deadline for a hub that has none: tokio's timers reach about two years.
const FAR_OFF: Duration = Duration::from_secs(400 * 24 * 3600);

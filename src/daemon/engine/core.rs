//! The engine's state, and its doors: for listeners (`admit`) and for the loop (`turn`, `tick`). What comes in is taken in
//! in `intake.rs`, what the hub puts out is carried out in `dispatch.rs`, and questions are answered in `answer.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use slab::Slab;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::accounts::{Accounts, AdminResult};
use super::connection::Connection;
use super::handle::Counters;
use super::handshakes::Handshakes;
use super::history::History;
use super::intake::{Backlog, Taken};
use super::log_pace::LogPaces;
use super::room::Room;
use super::shards::{Place, Shards};
use crate::config::{Config, Durability, Endpoint, Protocol};
use crate::daemon::clock::{self, Clock};
use crate::daemon::protocol::{self, Facts, Incoming, Sts};
use crate::daemon::shard::{Bounds, Finish, Reports};
use crate::daemon::transport::{Peer, Socket, Tls};
use crate::hub::Hub;
use crate::hub::history::Ticket;
use crate::hub::id::{RequestId, RoomId, SessionId, UserKey};
use crate::hub::input::{Input, Origin, QuitReason};
use crate::hub::name::Nick;
use crate::hub::output::{Administered, Output};
use crate::hub::refusal::Refusal;
use crate::hub::time::{Now, UnixMillis};
use crate::tls::Acceptor;

/// One request of one session.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) session: SessionId,
    pub(super) request: Option<RequestId>,
}

/// Everything that the engine owns.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) clock: Clock,
    pub(super) config: Arc<Config>,
    pub(super) facts: Facts,
    pub(super) hub: Hub,
    pub(super) connections: Slab<Connection>,
    pub(super) rooms: Vec<Room>,
    /// Rooms in which something was said that nobody has been given yet.
    pub(super) loud_rooms: Vec<RoomId>,
    /// Until when (uptime) news of who came and went waits in which rooms, some of which may have
    /// become loud since; and how many bytes these are.
    pub(super) quiet_rooms: BTreeSet<(Duration, RoomId)>,
    pub(super) quiet_bytes: usize,
    /// Rooms that somebody has left by the input that is being carried out.
    pub(super) left_rooms: Vec<RoomId>,
    /// Whose request is being carried out, where its dialect is told of its own deeds apart.
    pub(super) own: Option<Own>,
    /// What sessions ask because of an answer that they were given.
    pub(super) asked_in_turn: VecDeque<(SessionId, Incoming)>,
    /// Number of this turn, from 1.
    pub(super) turn: u64,
    /// Bytes of the events rendered in this turn.
    pub(super) turn_bytes: usize,
    pub(super) shards: Shards,
    pub(super) handshakes: Handshakes,
    /// What is kept, and who waits to be told that it is.
    pub(super) history: History,
    pub(super) accounts: Accounts,
    /// What has happened on the sockets and was not taken in yet, and whose slots it names.
    pub(super) reports: Reports,
    pub(super) reports_of: Place,
    pub(super) backlog: Backlog,
    /// The session whose bytes, or what it asks because of an answer, are being taken in or were last.
    pub(super) speaker: SessionId,
    /// Notified when there may be something to do.
    pub(super) work: Arc<Notify>,
    pub(super) counters: Counters,
    pub(super) log_paces: LogPaces,
    /// How the last admin command ended; and who waits for how one ends, by the ticket that the store has for it.
    pub(super) administered: Option<Result<Administered, Refusal>>,
    pub(super) administered_later: BTreeMap<Ticket, oneshot::Sender<AdminResult>>,
    /// For what the hub puts out and for what is rendered for one peer: kept for their memory only.
    pub(super) outputs: Vec<Output>,
    pub(super) scratch: Vec<u8>,
    serial: u32,
    pub(super) utc_offset_minute: u64,
    pub(super) is_stopping: bool,
}

impl Core {
    pub(super) fn new(
        clock: Clock,
        config: Arc<Config>,
        work: Arc<Notify>,
        history: History,
        accounts: Accounts,
    ) -> io::Result<Self> {
        let shards = Shards::start(config.server.io_threads, bounds_of(&config), clock, &work)?;
        Ok(Self {
            clock,
            facts: facts_of(&config, clock.now().unix),
            hub: Hub::new(config.limits.hub.clone()),
            connections: Slab::new(),
            rooms: Vec::new(),
            loud_rooms: Vec::new(),
            quiet_rooms: BTreeSet::new(),
            quiet_bytes: 0,
            left_rooms: Vec::new(),
            own: None,
            asked_in_turn: VecDeque::new(),
            turn: 1,
            turn_bytes: 0,
            shards,
            handshakes: Handshakes::default(),
            history,
            accounts,
            reports: Reports::new(config.server.buffer_size),
            reports_of: Place::default(),
            backlog: Backlog::new(),
            speaker: SessionId { slot: 0, serial: 0 },
            work,
            counters: Counters::default(),
            log_paces: LogPaces::default(),
            administered: None,
            administered_later: BTreeMap::new(),
            outputs: Vec::new(),
            scratch: Vec::new(),
            serial: 0,
            utc_offset_minute: 0,
            is_stopping: false,
            config,
        })
    }

    /// Takes in a connection that a listener accepted, or sends it away with a line that says why; where
    /// TLS is spoken without a word, because none could be understood yet.
    pub(super) fn admit(
        &mut self,
        socket: Socket,
        peer: Peer,
        speaks: Protocol,
        tls: Option<&Acceptor>,
        user: Option<Nick>,
    ) {
        if tls.is_some() && !self.may_handshake(peer) {
            return;
        }
        let now = self.now();
        let protocol = new_session(speaks, tls.is_some());
        let session = self.next_session();
        let origin = match peer {
            Peer::Tcp(address) => Origin::Ip(address.ip()),
            Peer::Unix { uid } => Origin::Local { uid },
        };
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
            if let Some(others) = self.log_paces.refused.admit(now.uptime) {
                let (reason, others) = (reason.code(), others.field());
                tracing::info!(target: "chatd::connection", %peer, reason, others, "refused");
            }
            if tls.is_none() {
                let mut last_words = Vec::new();
                protocol.render_close(&self.facts, reason, &mut last_words);
                socket.dismiss(&last_words);
            }
            return;
        }
        self.counters.accepted += 1;
        if let Some(user) = user {
            self.tell_hub(Input::Vouched { session, user });
        }
        let mut greeting = Vec::new();
        protocol.greet(&self.facts, &mut greeting);
        let tls = tls.map(|acceptor| {
            let until = now.uptime + self.config.tls.handshake_timeout;
            Box::new(Tls::new(acceptor.accept(), until))
        });
        let mut connection = Connection::new(session, peer, protocol, now.uptime);
        connection.is_handshaking = tls.is_some();
        if tls.is_some() {
            self.handshake_begins(peer); // it is logged once it can speak
        } else if let Some(others) = self.log_paces.connected.admit(now.uptime) {
            let others = others.field();
            tracing::info!(target: "chatd::connection", %session, %peer, others, "connected");
        }
        let slot = self.connections.insert(connection);
        debug_assert_eq!(slot, session.slot as usize, "the slot was foretold");
        self.shards.serve(session.slot, socket, tls);
        self.shards.send(session.slot, &greeting);
        self.work.notify_one();
    }

    /// One turn: takes in what has come, gives rooms their new lines, and writes a slice of what is
    /// queued. Says whether there may be more to be done at once.
    pub(super) fn turn(&mut self) -> bool {
        self.take_history_news();
        self.take_account_news();
        self.take_asked();
        let taken = self.take_in();
        let now = self.now();
        if taken == Taken::UntilFull {
            self.make_all_loud();
        } else {
            self.make_due_loud(now.uptime);
        }
        if !self.shards.is_flushing() {
            self.seal_loud_rooms();
            self.turn += 1;
            self.turn_bytes = self.quiet_bytes;
            self.counters.turns += 1;
        }
        let has_more = self.shards.flush(now.uptime);
        match taken {
            Taken::All => return true,
            Taken::UntilFull if !self.is_turn_full() => return true, // there is room again
            Taken::UntilFull | Taken::Nothing => {}
        }
        // What came while something was being flushed waits for that, wherever it is done.
        let has_waiting = taken == Taken::UntilFull || !self.loud_rooms.is_empty();
        has_more || (has_waiting && !self.shards.await_flush())
    }

    /// The connection of a session, until its socket is closed.
    pub(super) fn connection(&mut self, session: SessionId) -> Option<&mut Connection> {
        self.connections
            .get_mut(session.slot as usize)
            .filter(|connection| connection.session == session)
    }

    /// Ends a session whose connection is over or must be: the hub forgets it, the others are told,
    /// and so is the peer where it can still hear.
    pub(super) fn end(&mut self, session: SessionId, reason: &QuitReason) {
        let connection = self.connection(session);
        if connection.is_none_or(|connection| connection.is_over()) {
            return;
        }
        let now = self.now();
        self.input(
            now,
            Input::Disconnected {
                session,
                reason: reason.clone(),
            },
        );
        self.close(session, reason);
    }

    /// How a connection is to end now. While more sockets are open than there may be sessions,
    /// because so many are closing, nobody waits for those who go.
    pub(super) fn how_to_finish(&self, now: Now) -> Finish {
        let mut grace = self.config.server.shutdown_grace;
        if !self.is_stopping {
            grace = grace.max(GRACE_MIN);
        }
        Finish {
            until: now.uptime + grace,
            is_patient: self.connections.len() <= self.config.limits.hub.max_connections,
        }
    }

    /// Whether the hub was shut down and the last connection has gone.
    pub(super) fn is_drained(&self) -> bool {
        self.is_stopping && self.connections.is_empty()
    }

    /// When there is next something to do by the clock.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.hub.next_deadline(),
            self.shards.next_deadline(),
            self.quiet_rooms.first().map(|&(until, _)| until),
        ];
        let next = deadlines.into_iter().flatten().min();
        next.map(|uptime| self.clock.instant_of(uptime))
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

pub(super) fn new_session(speaks: Protocol, is_secure: bool) -> protocol::Session {
    let mut session = match speaks {
        Protocol::Chat => protocol::Session::chat(),
        Protocol::Irc => protocol::Session::irc(),
        Protocol::Http => protocol::Session::http(),
    };
    if is_secure {
        session.secured();
    }
    session
}

pub(super) fn facts_of(config: &Config, started_at: UnixMillis) -> Facts {
    Facts {
        server_name: config.server.name.clone(),
        software: concat!("chatd ", env!("CARGO_PKG_VERSION")).to_owned(),
        motd: config.server.motd.clone(),
        settings: config.limits.hub.clone(),
        origins: config.http.origins.clone(),
        has_history: config.history.durability != Durability::Off,
        irc_autoreplay: config.irc.autoreplay,
        irc_sts: sts_of(config),
        irc_password: config.irc.password,
        irc_admin: config.irc.admin.clone(),
        // The other half is for what else is on its way to whoever asked.
        list_bytes: config.limits.send_queue_bytes / 2,
        started_at,
        now: UnixMillis::default(),
        utc_offset_seconds: 0,
    }
}

/// Clients are told of it only where there is a listener that they can go to.
fn sts_of(config: &Config) -> Option<Sts> {
    let mut listeners = config.listen.iter();
    let port = listeners.find_map(|listen| match (listen.protocol, &listen.at) {
        (Protocol::Irc, Endpoint::Tcp { port, .. }) if listen.tls => Some(*port),
        (Protocol::Chat | Protocol::Irc | Protocol::Http, _) => None,
    })?;
    let seconds = config.irc.sts.as_secs();
    (seconds > 0).then_some(Sts { port, seconds })
}

pub(super) fn bounds_of(config: &Config) -> Bounds {
    Bounds {
        read_bytes: config.server.buffer_size,
        reads_per_turn: config.limits.reads_per_turn,
        flush_slice: config.limits.flush_slice,
        send_queue_bytes: config.limits.send_queue_bytes,
    }
}

fn refused(outputs: &[Output]) -> Option<&QuitReason> {
    outputs.iter().find_map(|output| match output {
        Output::Close { reason, .. } => Some(reason),
        Output::Room { .. }
        | Output::Sessions { .. }
        | Output::Reply { .. }
        | Output::Record(_)
        | Output::Ask { .. }
        | Output::AskRenaming { .. }
        | Output::AskAccount { .. }
        | Output::Register(_)
        | Output::Hold { .. }
        | Output::Release { .. }
        | Output::Enter(_)
        | Output::Leave(_)
        | Output::Ping { .. }
        | Output::Administered(_)
        | Output::AdministeredLater { .. }
        | Output::Audit(_) => None,
    })
}

fn draw_key() -> UserKey {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("a running Linux always gives random bytes");
    UserKey(u128::from_ne_bytes(bytes))
}

/// What a connection that is ended alone has at least: a shutdown may be in more of a hurry.
const GRACE_MIN: Duration = Duration::from_secs(1);

//! A small engine for tests: real hub, real protocol sessions, named clients instead of sockets, and
//! a clock that moves only when told. It does what the daemon's engine does, without batches,
//! queues and limits of its own, and remembers in order who heard which line.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chatd::daemon::protocol::{self, Dialect, Facts, Incoming, Session};
use chatd::hub::Hub;
use chatd::hub::account::{AccountChange, AccountQuestion};
use chatd::hub::event::Event;
use chatd::hub::history::{Keeping, Question, Renaming, Restored, Ticket};
use chatd::hub::id::{RequestId, RoomId, SessionId, UserKey};
use chatd::hub::input::{AdminCommand, Input, Origin, QuitReason};
use chatd::hub::oper::PasswordHash;
use chatd::hub::output::{Audit, Output};
use chatd::hub::settings::Settings;
use chatd::hub::time::{Now, UnixMillis};

use crate::support::registrar::Registrar;
use crate::support::shelf::Shelf;

/// Hub, clients and clock.
#[derive(Debug)]
pub(crate) struct Stage {
    hub: Hub,
    facts: Facts,
    uptime: Duration,
    clients: Vec<Client>,
    rooms: HashMap<RoomId, Vec<SessionId>>,
    heard: Vec<Heard>,
    /// Whose request is being carried out, where its dialect is told of its own deeds apart.
    own: Option<(SessionId, Option<RequestId>)>,
    asked_in_turn: VecDeque<(SessionId, Incoming)>,
    shelf: Shelf,
    asked: Vec<(Ticket, Question)>,
    renamings: Vec<(Ticket, Renaming)>,
    unregistered: usize,
    registrar: Registrar,
    accounts_asked: Vec<(Ticket, AccountQuestion)>,
}

/// Something that reached a client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Line { client: String, line: String },
    Closed { client: String },
}

#[derive(Debug)]
struct Client {
    name: String,
    session: SessionId,
    protocol: Session,
    dialect: Option<Dialect>,
    is_open: bool,
}

/// What a login may be followed by before it is answered, and the longest line of IRC.
const HELD_BYTES_MAX: usize = 64 * 1024 + 4096 + 512;

/// 2026-11-23 09:00:00 UTC, when all tests begin.
const BEGIN_MS: u64 = 1_795_424_400_000;

impl Stage {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            hub: Hub::new(settings.clone()),
            facts: Facts {
                server_name: "chatd".into(),
                software: "chatd 0.1.0".into(),
                motd: "Welcome. /help lists the commands.".into(),
                settings,
                origins: Vec::new(),
                has_history: false,
                irc_autoreplay: 20,
                irc_sts: None,
                irc_password: None,
                irc_admin: String::new(),
                list_bytes: 512 * 1024,
                utc_offset_seconds: 0,
                started_at: UnixMillis(BEGIN_MS),
                now: UnixMillis(BEGIN_MS),
            },
            uptime: Duration::ZERO,
            clients: Vec::new(),
            rooms: HashMap::new(),
            heard: Vec::new(),
            own: None,
            asked_in_turn: VecDeque::new(),
            shelf: Shelf::default(),
            asked: Vec::new(),
            renamings: Vec::new(),
            unregistered: 0,
            registrar: Registrar::default(),
            accounts_asked: Vec::new(),
        }
    }

    /// From here on everything is kept.
    pub(crate) fn keep(&mut self) {
        self.facts.has_history = true;
        self.input(Input::Restored(Restored::default()));
    }

    /// Whoever speaks IRC must say this to come in.
    pub(crate) fn want_password(&mut self, password: &str) {
        self.facts.irc_password = Some(PasswordHash::of(password));
    }

    /// Whom `ADMIN` names.
    pub(crate) fn name_admin(&mut self, admin: &str) {
        self.facts.irc_admin = admin.to_owned();
    }

    /// An operator changes an account.
    pub(crate) fn change_account(&mut self, change: impl FnOnce(&mut Registrar) -> AccountChange) {
        let change = change(&mut self.registrar);
        self.input(Input::AccountChanged(change));
    }

    pub(crate) fn registrar(&mut self) -> &mut Registrar {
        &mut self.registrar
    }

    pub(crate) fn keeping(&mut self, keeping: Keeping) {
        self.input(Input::Keeping(keeping));
    }

    /// What has been heard since the last call.
    pub(crate) fn take_heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }

    pub(crate) fn is_connected(&self, name: &str) -> bool {
        self.clients
            .iter()
            .any(|client| client.is_open && client.name == name)
    }

    pub(crate) fn connect(&mut self, name: &str) {
        self.connect_to(name, Session::chat());
    }

    /// A client whose first bytes are IRC.
    pub(crate) fn connect_irc(&mut self, name: &str) {
        self.connect_to(name, Session::irc());
    }

    fn connect_to(&mut self, name: &str, protocol: Session) {
        let serial = u32::try_from(self.clients.len() + 1).unwrap();
        let session = SessionId {
            slot: serial - 1,
            serial,
        };
        self.clients.push(Client {
            name: name.to_owned(),
            session,
            protocol,
            dialect: None,
            is_open: true,
        });
        self.input(Input::Connected {
            session,
            origin: Origin::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            key: UserKey(0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0 + u128::from(serial)),
        });
        if self.client(session).is_open {
            let mut greeting = Vec::new();
            self.client(session)
                .protocol
                .greet(&self.facts, &mut greeting);
            self.deliver(session, &greeting);
        }
    }

    /// One read of the server: these bytes and no more.
    pub(crate) fn receive(&mut self, name: &str, bytes: &[u8]) {
        let session = self.session_named(name);
        let index = session.slot as usize;
        let mut incoming = Vec::new();
        let protocol = &mut self.clients[index].protocol;
        protocol.receive(bytes, &self.facts, &mut incoming);
        for incoming in incoming {
            if self.client(session).is_open {
                self.take_in(session, incoming);
            }
        }
    }

    pub(crate) fn disconnect(&mut self, name: &str) {
        let session = self.session_named(name);
        self.clients[session.slot as usize].is_open = false;
        self.input(Input::Disconnected {
            session,
            reason: QuitReason::Closed,
        });
    }

    pub(crate) fn admin(&mut self, command: AdminCommand) {
        self.input(Input::Admin(command));
    }

    /// Time passes, and the hub is woken whenever it wanted to be.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.uptime + time;
        while let Some(deadline) = self.hub.next_deadline().filter(|at| *at <= end) {
            self.set_uptime(deadline.max(self.uptime));
            self.input(Input::Tick);
        }
        self.set_uptime(end);
    }

    /// Holds the hub to its invariants, and each session to what it may hold of what it was sent.
    pub(crate) fn check(&self) {
        self.hub.check();
        for client in &self.clients {
            let held = client.protocol.held_bytes();
            assert!(held <= HELD_BYTES_MAX, "{} holds {held} bytes", client.name);
        }
    }

    fn take_in(&mut self, session: SessionId, incoming: Incoming) {
        match incoming {
            Incoming::Dialect(dialect) => {
                self.clients[session.slot as usize].dialect = Some(dialect);
                self.input(Input::Capable {
                    session,
                    answers_ping: dialect.answers_ping(),
                });
            }
            Incoming::Echo { is_wanted } => self.input(Input::Echo { session, is_wanted }),
            Incoming::Command { request, command } => {
                let input = Input::Command {
                    session,
                    request: request.clone(),
                    command,
                };
                self.carry_out_for(session, request, input);
            }
            Incoming::FollowUp { request, command } => {
                let input = Input::FollowUp {
                    session,
                    request: request.clone(),
                    command,
                };
                self.carry_out_for(session, Some(request), input);
            }
            Incoming::Answer(bytes) => self.deliver(session, &bytes),
            Incoming::Fault(bytes) => {
                self.deliver(session, &bytes);
                self.input(Input::Fault { session });
            }
            Incoming::Gateway { refusal, .. } => {
                self.deliver(session, &refusal);
                self.close(session);
                self.input(Input::Disconnected {
                    session,
                    reason: QuitReason::Unreadable,
                });
            }
            Incoming::Closed(bytes) => {
                self.deliver(session, &bytes);
                self.close(session);
                self.input(Input::Disconnected {
                    session,
                    reason: QuitReason::Closed,
                });
            }
            Incoming::Unreadable(bytes) => {
                self.deliver(session, &bytes);
                self.close(session);
                self.input(Input::Disconnected {
                    session,
                    reason: QuitReason::Unreadable,
                });
            }
        }
    }

    fn carry_out_for(&mut self, session: SessionId, request: Option<RequestId>, input: Input) {
        let dialect = self.client(session).dialect;
        let is_told_apart = dialect.is_some_and(Dialect::is_told_apart);
        self.own = is_told_apart.then_some((session, request));
        self.input(input);
        self.own = None;
        while let Some((session, asked)) = self.asked_in_turn.pop_front() {
            self.take_in(session, asked);
        }
    }

    fn input(&mut self, input: Input) {
        let now = Now {
            uptime: self.uptime,
            unix: self.facts.now,
        };
        let mut outputs = Vec::new();
        self.hub.handle(now, input, &mut outputs);
        for output in outputs {
            self.carry_out(output);
        }
        if self.unregistered > 0 {
            let records = std::mem::take(&mut self.unregistered);
            self.input(Input::Registered { records });
        }
        if let Some((ticket, renaming)) = self.renamings.pop() {
            let answer = self.shelf.rename(&renaming);
            self.input(Input::Answered { ticket, answer });
        }
        if let Some((ticket, question)) = self.asked.pop() {
            let answer = self.shelf.answer(&question);
            self.input(Input::Answered { ticket, answer });
        }
        if let Some((ticket, question)) = self.accounts_asked.pop() {
            let answer = self.registrar.answer(&question);
            self.input(Input::AccountAnswered { ticket, answer });
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Room {
                room,
                event,
                except,
                unechoed,
            } => {
                let members = self.rooms.get(&room).cloned().unwrap_or_default();
                let is_told = |it: &SessionId| !except.contains(it) && unechoed != Some(*it);
                let audience = members.into_iter().filter(is_told);
                self.tell(audience.collect(), &event);
            }
            Output::Sessions { sessions, event } => self.tell(sessions.to_vec(), &event),
            Output::Reply {
                session,
                request,
                reply,
            }
            | Output::Release {
                session,
                request,
                reply,
            } => {
                let client = &mut self.clients[session.slot as usize];
                let dialect = client.dialect.expect("who asks has a dialect");
                let (mut bytes, mut asked) = (Vec::new(), Vec::new());
                client.protocol.answer(
                    dialect,
                    &self.facts,
                    request.as_ref(),
                    &reply,
                    &mut bytes,
                    &mut asked,
                );
                let asked = asked.into_iter().map(|it| (session, it));
                self.asked_in_turn.extend(asked);
                self.deliver(session, &bytes);
            }
            Output::Record(record) => self.shelf.keep(&record),
            Output::Ask { ticket, question } => self.asked.push((ticket, question)),
            Output::AskRenaming { ticket, renaming } => self.renamings.push((ticket, renaming)),
            Output::AskAccount {
                ticket, question, ..
            } => {
                self.accounts_asked.push((ticket, question));
            }
            Output::Register(record) => {
                self.registrar.write(record);
                self.unregistered += 1;
            }
            // Nothing happens before the release: the shelf answers at once.
            Output::Hold { .. } => {}
            Output::Enter(membership) => {
                let members = self.rooms.entry(membership.room).or_default();
                members.push(membership.session);
            }
            Output::Leave(membership) => {
                let members = self.rooms.entry(membership.room).or_default();
                members.retain(|member| *member != membership.session);
            }
            Output::Ping { session } => {
                let dialect = self.client(session).dialect;
                let dialect = dialect.expect("who is pinged has a dialect");
                let mut bytes = Vec::new();
                protocol::render_ping(dialect, &self.facts, &mut bytes);
                self.deliver(session, &bytes);
            }
            Output::Close { session, reason } => {
                let mut bytes = Vec::new();
                let protocol = &self.client(session).protocol;
                protocol.render_close(&self.facts, &reason, &mut bytes);
                self.deliver(session, &bytes);
                self.close(session);
            }
            Output::Administered(result) | Output::AdministeredLater { result, .. } => {
                result.expect("a test's operator asks for what is possible");
            }
            Output::Audit(Audit::NickChanged { sessions, new, .. }) => {
                for session in sessions {
                    let client = &mut self.clients[session.slot as usize];
                    client.protocol.renamed(&new);
                }
            }
            Output::Audit(_) => {}
        }
    }

    fn tell(&mut self, sessions: Vec<SessionId>, event: &Event) {
        let hearers = u32::try_from(sessions.len()).expect("a few");
        for session in sessions {
            let dialect = self.client(session).dialect;
            let dialect = dialect.expect("who hears events has a dialect");
            let mut bytes = Vec::new();
            let mut asked = Vec::new();
            match self.own.clone().filter(|(own, _)| *own == session) {
                Some((_, request)) => {
                    let client = &mut self.clients[session.slot as usize];
                    let (facts, request) = (&self.facts, request.as_ref());
                    client.protocol.tell_own(facts, request, event, &mut bytes);
                }
                None => protocol::render_event(dialect, &self.facts, event, &mut bytes),
            }
            let protocol = &mut self.clients[session.slot as usize].protocol;
            protocol.room_renamed(&self.facts, event, hearers, &mut bytes, &mut asked);
            let asked = asked.into_iter().map(|it| (session, it));
            self.asked_in_turn.extend(asked);
            self.deliver(session, &bytes);
        }
    }

    fn deliver(&mut self, session: SessionId, bytes: &[u8]) {
        let text = str::from_utf8(bytes).expect("the server speaks UTF-8");
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "whole lines: {text:?}"
        );
        let client = self.client(session).name.clone();
        self.heard
            .extend(text.split_terminator('\n').map(|line| Heard::Line {
                client: client.clone(),
                line: line.to_owned(),
            }));
    }

    fn close(&mut self, session: SessionId) {
        let client = &mut self.clients[session.slot as usize];
        client.is_open = false;
        let client = client.name.clone();
        self.heard.push(Heard::Closed { client });
    }

    fn client(&self, session: SessionId) -> &Client {
        &self.clients[session.slot as usize]
    }

    fn session_named(&self, name: &str) -> SessionId {
        let mut newest_first = self.clients.iter().rev();
        let found = newest_first.find(|client| client.name == name);
        found
            .unwrap_or_else(|| panic!("{name} has not connected"))
            .session
    }

    fn set_uptime(&mut self, uptime: Duration) {
        self.uptime = uptime;
        let ms = u64::try_from(uptime.as_millis()).unwrap();
        self.facts.now = UnixMillis(BEGIN_MS + ms);
    }
}

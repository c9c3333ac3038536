//! What the real engine does with the hub's outputs, on a virtual clock and without sockets: it
//! keeps the room tables and works out who hears what. It refuses outputs that make no sense.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chatd::hub::Hub;
use chatd::hub::account::{AccountChange, AccountQuestion};
use chatd::hub::event::{Event, EventKind, Membership};
use chatd::hub::history::{Question, Renaming, Restored, Ticket};
use chatd::hub::id::{MessageId, RequestId, RoomId, SessionId, UserKey};
use chatd::hub::input::{Input, Origin, QuitReason};
use chatd::hub::output::{Administered, Audit, Output, Reply};
use chatd::hub::refusal::Refusal;
use chatd::hub::settings::Settings;
use chatd::hub::time::{Now, UnixMillis};

use crate::support::registrar::Registrar;
use crate::support::shelf::Shelf;

/// One thing that someone outside the hub notices.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// All who hear it, each once.
    Heard(Vec<SessionId>, Event),
    Replied(SessionId, Option<RequestId>, Reply),
    Pinged(SessionId),
    Closed(SessionId, QuitReason),
    Administered(Result<Administered, Refusal>),
    Logged(Audit),
}

/// The hub in its surroundings.
pub(super) struct Engine {
    pub(super) hub: Hub,
    pub(super) now: Now,
    /// Connections by slot.
    connections: Vec<Option<u32>>,
    serial: u32,
    rooms: BTreeMap<RoomId, Vec<SessionId>>,
    last: MessageId,
    heard_last: BTreeSet<SessionId>,
    /// `None` where there is no history.
    pub(super) shelf: Option<Shelf>,
    /// What the store was asked and has not answered.
    asked: Vec<(Ticket, Question)>,
    renamings: Vec<(Ticket, Renaming)>,
    pub(super) registrar: Registrar,
    /// What the registry was asked and has not answered.
    accounts_asked: Vec<(Ticket, AccountQuestion)>,
    held: BTreeSet<SessionId>,
    pub(super) unregistered: usize,
    /// The registry keeps nothing of rooms and rules.
    pub(super) is_registry_stuck: bool,
    /// Store and registry answer at once, else when they are told to.
    pub(super) is_prompt: bool,
    /// All that the hub was told since its start, and what it made of it, where that is to be replayed.
    pub(super) tape: Option<Vec<(Now, Input, Vec<Output>)>>,
}

impl Engine {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            hub: Hub::new(settings),
            now: Now {
                uptime: Duration::ZERO,
                unix: UnixMillis(1_800_000_000_000),
            },
            connections: Vec::new(),
            serial: 0,
            rooms: BTreeMap::new(),
            last: MessageId::default(),
            heard_last: BTreeSet::new(),
            shelf: None,
            asked: Vec::new(),
            renamings: Vec::new(),
            registrar: Registrar::default(),
            accounts_asked: Vec::new(),
            held: BTreeSet::new(),
            unregistered: 0,
            is_registry_stuck: false,
            is_prompt: true,
            tape: None,
        }
    }

    /// Another hub makes the same of what this one was told.
    pub(super) fn replay(&self) {
        let mut hub = Hub::new(self.hub.settings().clone());
        for (now, input, outputs) in self.tape.iter().flatten() {
            let mut again = Vec::new();
            hub.handle(*now, input.clone(), &mut again);
            assert_eq!(again, *outputs, "{input:?}");
        }
    }

    /// From here on everything is kept, as after a start with an empty history.
    pub(super) fn keep(&mut self) {
        self.shelf = Some(Shelf::default());
        let seen = self.handle(Input::Restored(Restored::default()));
        assert!(seen.is_empty());
    }

    /// The daemon stops and another starts; whoever was connected is not.
    pub(super) fn start_anew(&mut self) -> Vec<Seen> {
        let settings = self.hub.settings().clone();
        self.hub = Hub::new(settings);
        self.tape = self.tape.is_some().then(Vec::new);
        self.connections.fill(None);
        self.rooms.clear();
        self.held.clear();
        self.asked.clear();
        self.renamings.clear();
        self.now.uptime = Duration::ZERO;
        let (charters, rules) = self.registrar.chartered();
        let mut seen = self.handle(Input::Held(self.registrar.held()));
        seen.extend(self.handle(Input::Chartered { charters, rules }));
        if let Some(shelf) = &self.shelf {
            let restored = shelf.restored(self.last);
            seen.extend(self.handle(Input::Restored(restored)));
        }
        seen
    }

    /// An operator changes an account.
    pub(super) fn change_account(
        &mut self,
        change: impl FnOnce(&mut Registrar) -> AccountChange,
    ) -> Vec<Seen> {
        let change = change(&mut self.registrar);
        self.handle(Input::AccountChanged(change))
    }

    /// The registry answers what it was asked.
    pub(super) fn answer_accounts(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !self.accounts_asked.is_empty() {
            let (ticket, question) = self.accounts_asked.remove(0);
            let answer = self.registrar.answer(&question);
            seen.extend(self.handle(Input::AccountAnswered { ticket, answer }));
        }
        seen
    }

    /// The store answers what it was asked.
    pub(super) fn answer(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !self.asked.is_empty() {
            let (ticket, question) = self.asked.remove(0);
            let shelf = self
                .shelf
                .as_ref()
                .expect("nobody asks where nothing is kept");
            let answer = shelf.answer(&question);
            seen.extend(self.handle(Input::Answered { ticket, answer }));
        }
        seen
    }

    /// The store changes the names that it was asked to change.
    pub(super) fn rename(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        while !self.renamings.is_empty() {
            for answered in self.rename_unheard() {
                seen.extend(self.handle(answered));
            }
        }
        seen
    }

    /// The same, but that the hub has not heard of it yet.
    pub(super) fn rename_unheard(&mut self) -> Vec<Input> {
        let shelf = self.shelf.as_mut().expect("only where something is kept");
        let renamings = std::mem::take(&mut self.renamings).into_iter();
        let answered = renamings.map(|(ticket, renaming)| {
            let answer = shelf.rename(&renaming);
            Input::Answered { ticket, answer }
        });
        answered.collect()
    }

    /// A connection in the lowest free slot; its key is made from its serial.
    pub(super) fn connect(&mut self, origin: Origin) -> (SessionId, Vec<Seen>) {
        let free = self.connections.iter().position(Option::is_none);
        let slot = free.unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        });
        self.serial += 1;
        self.connections[slot] = Some(self.serial);
        let session = SessionId {
            slot: u32::try_from(slot).unwrap(),
            serial: self.serial,
        };
        let key = key_of(session);
        let seen = self.handle(Input::Connected {
            session,
            origin,
            key,
        });
        (session, seen)
    }

    pub(super) fn is_open(&self, session: SessionId) -> bool {
        self.connections.get(session.slot as usize) == Some(&Some(session.serial))
    }

    /// Hands the hub one input; the hub must be sound afterwards.
    pub(super) fn handle(&mut self, input: Input) -> Vec<Seen> {
        if let Input::Disconnected { session, .. } = input
            && self.is_open(session)
        {
            self.connections[session.slot as usize] = None;
        }
        let mut outputs = Vec::new();
        let played = self.tape.is_some().then(|| input.clone());
        self.hub.handle(self.now, input, &mut outputs);
        self.hub.check();
        if let (Some(tape), Some(played)) = (&mut self.tape, played) {
            tape.push((self.now, played, outputs.clone()));
        }
        let mut seen = Vec::new();
        for output in outputs {
            self.carry_out(output, &mut seen);
        }
        if self.unregistered > 0 && !self.is_registry_stuck {
            let records = std::mem::take(&mut self.unregistered);
            seen.extend(self.handle(Input::Registered { records }));
        }
        if self.is_prompt && !self.renamings.is_empty() {
            seen.extend(self.rename());
        }
        if self.is_prompt && !self.asked.is_empty() {
            seen.extend(self.answer());
        }
        if self.is_prompt && !self.accounts_asked.is_empty() {
            seen.extend(self.answer_accounts());
        }
        seen
    }

    /// Lets time pass, with a tick at each moment that the hub asked for.
    pub(super) fn pass(&mut self, time: Duration) -> Vec<Seen> {
        let target = self.now.uptime + time;
        let mut seen = Vec::new();
        while let Some(deadline) = self.hub.next_deadline().filter(|&it| it <= target) {
            self.advance_to(deadline.max(self.now.uptime));
            let noticed = self.handle(Input::Tick);
            assert!(!noticed.is_empty(), "a tick at its deadline does something");
            seen.extend(noticed);
        }
        self.advance_to(target);
        let idle = self.handle(Input::Tick);
        assert!(idle.is_empty(), "a tick before its deadline does nothing");
        seen
    }

    fn advance_to(&mut self, uptime: Duration) {
        let passed = uptime - self.now.uptime;
        self.now.uptime = uptime;
        self.now.unix.0 += u64::try_from(passed.as_millis()).unwrap();
    }

    fn carry_out(&mut self, output: Output, seen: &mut Vec<Seen>) {
        match output {
            Output::Room {
                room,
                event,
                except,
                unechoed,
            } => {
                let members = self.rooms.get(&room).cloned().unwrap_or_default();
                for session in &except {
                    assert!(members.contains(session), "{session} is no exception");
                    let times = except.iter().filter(|&it| it == session).count();
                    assert_eq!(times, 1, "{session} is excepted more than once");
                }
                if let Some(session) = &unechoed {
                    assert!(members.contains(session), "{session} would not hear itself");
                    assert!(!except.contains(session), "{session} is left out twice");
                }
                let is_told = |it: &SessionId| !except.contains(it) && unechoed != Some(*it);
                self.hear(members.into_iter().filter(is_told).collect(), event, seen);
            }
            Output::Sessions { sessions, event } => {
                let is_private = matches!(event.kind, EventKind::Private { .. });
                let is_for_somebody = !sessions.is_empty() || is_private;
                assert!(is_for_somebody, "an event for nobody: {event:?}");
                self.hear(sessions.to_vec(), event, seen);
            }
            Output::Reply {
                session,
                request,
                reply,
            } => {
                self.assert_open(session);
                seen.push(Seen::Replied(session, request, reply));
            }
            Output::Record(record) => {
                let shelf = self.shelf.as_mut().expect("only where something is kept");
                shelf.keep(&record);
            }
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
            Output::Hold { session } => {
                self.assert_open(session);
                assert!(self.held.insert(session), "{session} is held twice");
            }
            Output::Release {
                session,
                request,
                reply,
            } => {
                self.assert_open(session);
                assert!(self.held.remove(&session), "{session} is not held");
                seen.push(Seen::Replied(session, request, reply));
            }
            Output::Enter(Membership { room, session, .. }) => {
                self.assert_open(session);
                let members = self.rooms.entry(room).or_default();
                assert!(!members.contains(&session), "{session} enters twice");
                members.push(session);
            }
            Output::Leave(Membership { room, session, .. }) => {
                let members = self.rooms.entry(room).or_default();
                let index = members.iter().position(|&it| it == session);
                members.remove(index.expect("who leaves was there"));
            }
            Output::Ping { session } => {
                self.assert_open(session);
                seen.push(Seen::Pinged(session));
            }
            Output::Close { session, reason } => {
                self.assert_open(session);
                let is_somewhere = self.rooms.values().any(|it| it.contains(&session));
                assert!(!is_somewhere, "{session} is closed and still in a room");
                self.connections[session.slot as usize] = None;
                seen.push(Seen::Closed(session, reason));
            }
            Output::Administered(Ok(Administered::Later(_))) => {}
            Output::Administered(result) | Output::AdministeredLater { result, .. } => {
                seen.push(Seen::Administered(result));
            }
            Output::Audit(audit) => seen.push(Seen::Logged(audit)),
        }
    }

    /// The same event may come in two parts; nobody may be in both.
    fn hear(&mut self, hearers: Vec<SessionId>, event: Event, seen: &mut Vec<Seen>) {
        assert!(event.id >= self.last, "message ids rise");
        if event.id > self.last {
            self.heard_last.clear();
        }
        self.last = event.id;
        for &session in &hearers {
            self.assert_open(session);
            let is_first = self.heard_last.insert(session);
            assert!(is_first, "{session} hears {event:?} twice");
        }
        if let Some(Seen::Heard(others, before)) = seen.last_mut()
            && before.id == event.id
        {
            assert_eq!(*before, event, "one id, one event");
            others.extend(hearers);
            return;
        }
        if !hearers.is_empty() {
            seen.push(Seen::Heard(hearers, event));
        }
    }

    fn assert_open(&self, session: SessionId) {
        assert!(self.is_open(session), "{session} has gone");
    }
}

/// The key that a session's user gets.
pub(super) fn key_of(session: SessionId) -> UserKey {
    UserKey(u128::from(session.serial) << 64 | 0xc0ffee)
}

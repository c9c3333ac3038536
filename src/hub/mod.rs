//! The hub: sessions, users and rooms as a pure state machine. It does no I/O, reads no clock,
//! draws no random number, logs nothing and serialises nothing, so that a test, a fuzzer or a
//! replay runs it as the daemon does.
//!
//! One input goes one way: liveness and flood control (`turn`), may it happen (`decide`), who hears
//! it (`audience`), the change (`apply`), the outputs (`carry_out`, `operate`). What only the store
//! knows is asked with a ticket (`ask`), as is who somebody is (`authenticate`), and the answer is an
//! input like all else. A new command is a
//! variant of [`Command`], one function in `decide/` and one in `carry_out`; the
//! compiler names the rest.

pub mod account;
pub mod address;
mod admit;
mod amend;
mod apply;
mod apply_account;
mod apply_charter;
mod arrival;
pub mod ask;
mod attempts;
mod audience;
mod authenticate;
mod beside;
mod carry_out;
mod certified;
mod change;
mod charter;
mod check;
pub mod command;
mod decide;
mod deed;
mod directory;
mod displace;
mod ending;
pub mod event;
mod expiry;
pub mod fingerprint;
pub mod flood;
mod gate;
pub mod glob;
pub mod held;
pub mod history;
pub mod id;
pub mod input;
pub mod limits;
mod moderate;
pub mod moderation;
pub mod name;
pub mod oper;
mod operate;
pub mod output;
mod pace;
mod password;
pub mod people;
pub mod permission;
pub mod persona;
mod places;
mod proved;
pub mod question;
pub mod refusal;
mod register;
mod registry_record;
mod renaming;
mod renamings;
mod resend;
pub mod reserved;
mod resume;
mod revoke;
mod room;
pub mod secret;
mod session;
pub mod settings;
mod state;
mod survey;
mod table;
pub mod tags;
mod tell;
pub mod time;
mod timers;
mod to_status;
mod turn;
mod user;
mod usual;
pub mod view;
mod vouched;

use std::collections::BTreeSet;
use std::time::Duration;

use smallvec::SmallVec;

use address::{Network, Networks};
use ask::Asks;
use attempts::Attempts;
use authenticate::Authentications;
use command::Command;
use expiry::Expiries;
use fingerprint::Fingerprint;
use flood::Gauge;
use held::Held;
use history::Keeping;
use id::{MessageId, RoomId, SessionId, UserId};
use input::Input;
use limits::Lately;
use moderation::room::CharterRecord;
use name::Nick;
use output::{Output, RoomSummary};
use pace::Pace;
use people::gone::Gone;
use renamings::Renamings;
use resend::Resends;
use settings::Settings;
use state::State;
use time::{Now, UnixMillis};
use timers::Timers;
use turn::{Asked, Turn};
use view::{Counts, SessionView, UserView};

/// The whole hub: the chat state, which only `apply` changes, and what is kept beside it about
/// each connection's liveness and speed.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    state: State,
    timers: Timers,
    /// By slot; stale where no session is.
    gauges: Vec<Gauge>,
    /// The id of the last event.
    last_message: MessageId,
    keeping: Keeping,
    asks: Asks,
    renamings: Renamings,
    /// Who wants to enter a room of a former name, which is free in a moment, and until when (uptime) they wait.
    waiting_to_enter: Vec<(Duration, Asked, Command)>,
    held: Held,
    authentications: Authentications,
    attempts: Attempts,
    resends: Resends,
    /// Sessions of tokens that expire.
    expiries: Expiries,
    /// Users whose own sessions have all broken, and until when (uptime) their place is kept.
    kept_places: BTreeSet<(Duration, UserId)>,
    kept_networks: Networks,
    pace: Pace<Network>,
    lately: Lately,
    /// Records for the registry that it has not written yet.
    unregistered: usize,
    /// Owners of rooms that are there if they have a topic, which [`Input::Restored`] tells.
    topic_owners: Vec<CharterRecord>,
    /// Whether anybody has come who said who they are, so that others are to be shown as they are.
    shows_personas: bool,
    /// When the first input came.
    started_at: Option<UnixMillis>,
    /// Who was here, where personas are shown.
    gone: Gone,
    /// The most users at one time.
    most_users: usize,
    stopping: bool,
}

impl Hub {
    /// An empty hub with the default room.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            state: State::new(settings.default_room.clone()),
            settings,
            timers: Timers::default(),
            gauges: Vec::new(),
            last_message: MessageId::default(),
            keeping: Keeping::default(),
            asks: Asks::default(),
            renamings: Renamings::default(),
            waiting_to_enter: Vec::new(),
            held: Held::default(),
            authentications: Authentications::default(),
            attempts: Attempts::default(),
            resends: Resends::default(),
            expiries: Expiries::default(),
            kept_places: BTreeSet::new(),
            kept_networks: Networks::default(),
            pace: Pace::default(),
            lately: Lately::default(),
            unregistered: 0,
            topic_owners: Vec::new(),
            shows_personas: false,
            started_at: None,
            gone: Gone::default(),
            most_users: 0,
            stopping: false,
        }
    }

    /// What a decision goes by.
    fn facts(&self, now: Now) -> decide::Facts<'_> {
        decide::Facts {
            now,
            state: &self.state,
            settings: &self.settings,
            held: &self.held,
            renamings: &self.renamings,
            keeping: self.keeping,
            last_id: self.last_message,
        }
    }

    /// Takes one input to its end; what is to be done is appended to `outputs`. Inputs for
    /// sessions that have ended are ignored: the engine may have sent them in good faith.
    pub fn handle(&mut self, now: Now, input: Input, outputs: &mut Vec<Output>) {
        self.started_at.get_or_insert(now.unix);
        let mut turn = Turn {
            hub: self,
            now,
            outputs,
        };
        turn.run(input);
    }

    /// When the hub next wants an [`Input::Tick`], as uptime. Changes with every input.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        let kept_until = self.kept_places.first().map(|&(until, _)| until);
        let timers = self.timers.next_deadline(&self.settings);
        let expiry = self.expiries.next();
        let rules = self.state.rules.next_end();
        let retry = self.renamings.next_retry();
        let waited = self.waiting_to_enter.iter().map(|&(until, ..)| until).min();
        let others = kept_until
            .into_iter()
            .chain(expiry)
            .chain(rules)
            .chain(retry)
            .chain(waited);
        timers.into_iter().chain(others).min()
    }

    /// The highest id given to an event so far; every later one is above it.
    #[must_use]
    pub fn last_id(&self) -> MessageId {
        self.last_message
    }

    /// The bounds in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How much there is.
    #[must_use]
    pub fn counts(&self) -> Counts {
        view::counts(&self.state)
    }

    /// All connections, by serial.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        view::sessions(&self.state, &self.timers)
    }

    /// The rooms that a session hears; none for one that has ended or has not logged in.
    #[must_use]
    pub fn rooms_heard_by(&self, session: SessionId) -> SmallVec<[RoomId; 2]> {
        let state = &self.state;
        let user = state.session(session).and_then(|session| session.user);
        let places = user.into_iter().flat_map(|user| &state.user(user).places);
        let heard = places.filter(|place| state.does_hear(session, place.room));
        heard.map(|place| place.room).collect()
    }

    /// The certificate that a session's peer has shown.
    #[must_use]
    pub fn certificate(&self, session: SessionId) -> Option<Fingerprint> {
        self.state.session(session)?.certificate()
    }

    /// All rooms, by name.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        view::rooms(&self.state, |_| true)
    }

    /// One user, with all that operators may know of them; `None` where nobody has the nick.
    #[must_use]
    pub fn trace(&self, nick: &Nick) -> Option<UserView> {
        view::trace(&self.state, nick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use id::UserKey;
    use input::Origin;

    /// 10,000 idle sessions are to cost 1 KiB each in the whole daemon; this is the hub's share.
    #[test]
    fn an_idle_user_with_one_session_is_small() {
        let session = size_of::<Option<session::Session>>();
        let beside = size_of::<timers::Entry>() + size_of::<Gauge>();
        let user = size_of::<Option<user::User>>();
        let listed = size_of::<UserId>() + 2 * size_of::<u32>(); // as member and, at worst, by nick
        let sum = session + beside + user + listed;
        assert!(sum <= 216, "{session} + {beside} + {user} + {listed}");
    }

    /// Hence the rows are all that there is; `name.rs` tests the same of nicks.
    #[test]
    fn an_idle_user_has_nothing_on_the_heap() {
        let mut hub = Hub::new(Settings::default());
        let now = Now {
            uptime: Duration::ZERO,
            unix: UnixMillis(0),
        };
        let session = SessionId { slot: 0, serial: 1 };
        let connected = Input::Connected {
            session,
            origin: Origin::Local { uid: Some(1000) },
            key: UserKey(1),
        };
        hub.handle(now, connected, &mut Vec::new());
        let login = Input::Command {
            session,
            request: None,
            command: Command::Login {
                nick: Nick::parse("ana").unwrap(),
                key: None,
                enter_default_room: true,
                does_resume: false,
                since: None,
                introduction: None,
            },
        };
        hub.handle(now, login, &mut Vec::new());
        let (_, user) = hub.state.users.iter().next().unwrap();
        assert_eq!((user.sessions.len(), user.places.len()), (1, 1));
        assert!(!user.sessions.spilled() && !user.places.spilled());
        assert!(user.extra.is_none());
    }
}

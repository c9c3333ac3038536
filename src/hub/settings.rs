//! Every bound that the hub enforces, in one struct. The config fills it; its defaults are the
//! documented ones, and `config/chat.toml` says what each one costs.

use std::sync::Arc;
use std::time::Duration;

use super::account::{Registration, Require};
use super::name::{Nick, RoomName};
use super::oper::Oper;

/// All limits and names that the hub goes by. Replaced whole by [`Input::Settings`].
///
/// [`Input::Settings`]: super::input::Input::Settings
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The room that old clients are in and that nobody needs to name. It never closes.
    pub default_room: RoomName,
    /// The server's name, where it could be a nick: nobody is called as it is.
    pub server_nick: Option<Nick>,
    /// Connections at one time, all listeners together, logged in or not.
    pub max_connections: usize,
    /// Connections at one time from one IPv4 address or one IPv6 /64. 0 means no limit.
    /// Peers on a Unix socket are not counted.
    pub max_connections_per_ip: usize,
    /// Connections per minute from one IPv4 address or one IPv6 /64, as many of them at once after a pause. 0
    /// means no limit. Peers on this machine are not counted.
    pub connects_per_minute: u32,
    /// Logins per minute, of everybody together, as many of them at once after a pause. 0 means no limit, as
    /// for the next four, which are lifted with flood control, by `rate`.
    pub logins_per_minute: u32,
    /// Rooms that one person may join or try to join per minute.
    pub joins_per_minute: u32,
    /// Nicks that one person may take per minute.
    pub nick_changes_per_minute: u32,
    /// Bytes of text that one person may say per minute.
    pub text_per_minute: usize,
    /// Private messages and invitations per minute that one person may send to users with whom they share no room.
    pub strangers_per_minute: u32,
    /// Longest text of one message, in bytes of UTF-8.
    pub message_bytes: usize,
    /// Longest topic and away text, in bytes of UTF-8.
    pub topic_bytes: usize,
    /// Rooms that one user may be in at a time.
    pub rooms_per_user: usize,
    /// Rooms at one time, the default room included.
    pub max_rooms: usize,
    /// Users that one user may ignore.
    pub ignores_per_user: usize,
    /// How long a user's place is kept when their last connection breaks. Zero keeps none.
    pub resume_window: Duration,
    /// Who may make an account without an operator.
    pub registration: Registration,
    /// Whether an IRC client may make an account before it is let in.
    pub register_before_login: bool,
    /// Who must have an account.
    pub require_account: Require,
    /// Fewest characters of a new password.
    pub password_length: usize,
    /// Who may become a server operator by a password; at most [`OPERS_MAX`](super::oper::OPERS_MAX), each of another
    /// name.
    pub opers: Vec<Oper>,
    /// Words that may not be said anywhere, as [`words::parse`] gives them.
    ///
    /// [`words::parse`]: super::moderation::words::parse
    pub blocked_words: Vec<Arc<str>>,
    /// What becomes of speech while nothing can be kept.
    pub on_failure: OnFailure,
    /// How long a connection may take to log in.
    pub login_timeout: Duration,
    /// A session that can answer is asked whether it lives after being silent this long.
    pub ping_interval: Duration,
    /// And is dropped when it has not answered this long after.
    pub ping_timeout: Duration,
    /// Flood control, per session: tokens that come back per second. 0 lifts flood control.
    pub rate: f64,
    /// Flood control, per session: most tokens held. A command costs one unless `flood.rs` says more.
    pub burst: f64,
    /// Objects that could not be understood, less those that could, per session, before it is closed.
    pub max_faults: u32,
}

/// What becomes of speech while the store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It is refused, so that everything that anybody has heard is kept.
    Refuse,
    /// It is said, and will be missing.
    Continue,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            default_room: RoomName::lobby(),
            server_nick: None,
            max_connections: 10_000,
            max_connections_per_ip: 100,
            connects_per_minute: 300,
            logins_per_minute: 0,
            joins_per_minute: 120,
            nick_changes_per_minute: 20,
            text_per_minute: 512 * 1024,
            strangers_per_minute: 30,
            message_bytes: 4096,
            topic_bytes: 400,
            rooms_per_user: 50,
            max_rooms: 10_000,
            ignores_per_user: 100,
            resume_window: Duration::from_secs(120),
            registration: Registration::Operator,
            register_before_login: false,
            require_account: Require::None,
            password_length: 8,
            opers: Vec::new(),
            blocked_words: Vec::new(),
            on_failure: OnFailure::Refuse,
            login_timeout: Duration::from_secs(30),
            ping_interval: Duration::from_secs(120),
            ping_timeout: Duration::from_secs(60),
            rate: 10.0,
            burst: 40.0,
            max_faults: 20,
        }
    }
}

//! The admin API's requests and answers: JSON over HTTP on a Unix socket. Times are RFC 3339, UTC.
//!
//! | method and path | request | answer | who may |
//! |---|---|---|---|
//! | `GET /v1/status` | – | [`Status`] | anyone on this machine |
//! | `GET /v1/who` | – | [`Who`] | anyone |
//! | `GET /v1/rooms` | – | [`Rooms`] | anyone |
//! | `GET /v1/stats` | – | [`Stats`] | anyone |
//! | `GET /v1/config` | – | [`EffectiveConfig`] | anyone (secrets are not shown) |
//! | `GET /v1/log/level` | – | [`LogLevel`] | anyone |
//! | `GET /v1/openapi.json` | – | the description of all this | anyone |
//! | `POST /v1/announce` | [`Announce`] | [`Done`] | operators |
//! | `PUT /v1/topic` | [`Topic`] | [`Done`] | operators |
//! | `POST /v1/reload` | – | [`Reloaded`] | operators |
//! | `POST /v1/shutdown` | – | [`Done`] | operators |
//! | `PUT /v1/log/level` | [`SetLogLevel`] | [`LogLevel`] | operators |
//!
//! What concerns accounts is in [`accounts`], the history in [`history`], and keeping order in [`moderation`].

pub mod accounts;
pub mod history;
pub mod moderation;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::accounts::RegistrySummary;
use self::history::HistorySummary;

/// The daemon at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// `[server] name`.
    pub server: String,
    /// chatd's version.
    pub version: String,
    pub pid: u32,
    /// `starting`, `ready` or `stopping`.
    pub state: State,
    pub started_at: String,
    pub uptime_s: u64,
    pub users: usize,
    pub rooms: usize,
    pub connections: usize,
    /// Most connections that the limits and the open-files limit allow together.
    pub max_connections: usize,
    pub listeners: Vec<Listener>,
    /// `null` where no listener has TLS.
    #[serde(default)]
    pub tls: Option<TlsStatus>,
    /// The file that was read, if any.
    pub config_file: Option<String>,
    pub log_file: Option<String>,
    /// Log lines that were dropped because the disk was too slow or full.
    pub log_lines_dropped: u64,
    pub history: HistorySummary,
    #[serde(default)]
    pub registry: RegistrySummary,
    /// What an operator should know and do, in sentences; empty when all is well.
    pub warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Starting,
    Ready,
    Stopping,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Listener {
    /// `chat`.
    pub protocol: String,
    /// `127.0.0.1:12231` or a path.
    pub address: String,
    /// Whether clients must speak TLS.
    #[serde(default)]
    pub tls: bool,
}

/// The certificate that the listeners with TLS show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TlsStatus {
    /// `CN=chat.example`.
    pub subject: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    pub expires_at: String,
    /// Whole days until then; below 0 once it has expired.
    pub days_left: i64,
    /// Its SHA-256 in hexadecimal digits, as `chatctl --tls-pin` takes it.
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Who {
    pub sessions: Vec<Session>,
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// As the log names it, `c17`.
    pub session: String,
    /// `null` until it has logged in.
    pub nick: Option<String>,
    /// The account that its user is logged in to; `null` for a guest.
    #[serde(default)]
    pub account: Option<String>,
    /// `127.0.0.1:4242`, or `unix:uid=1000`.
    pub address: String,
    /// `old`, `v1`, or `null` until it is known.
    pub dialect: Option<String>,
    pub rooms: Vec<String>,
    pub away: Option<String>,
    /// Whether it has group chat off.
    pub group_chat_off: bool,
    pub connected_at: String,
    /// Since it last sent something.
    pub idle_s: u64,
    /// Bytes that wait because the peer does not read.
    pub queued_bytes: usize,
    /// The SHA-256 of the certificate that the peer has shown, in hexadecimal digits.
    #[serde(default)]
    pub certificate: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rooms {
    pub rooms: Vec<Room>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    pub room: String,
    pub members: usize,
    pub topic: Option<String>,
}

/// Counters since the start. A program polls them and takes differences.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    pub uptime_s: u64,
    pub connections_accepted: u64,
    pub connections_refused: u64,
    pub connections_open: u64,
    /// By reason: `quit`, `closed`, `ping_timeout`, `send_queue_exceeded` …
    pub connections_ended: std::collections::BTreeMap<String, u64>,
    pub logins: u64,
    /// Messages accepted, to rooms and to users.
    pub messages: u64,
    /// Lines queued for peers: one message to a room of N counts N.
    pub deliveries: u64,
    pub bytes_read: u64,
    pub bytes_written: u64,
    pub writes: u64,
    /// Writes that the kernel took only in part or not at all.
    pub writes_short: u64,
    pub turns: u64,
    /// Bytes waiting for all peers now.
    pub queued_bytes: u64,
    /// Commands refused, by code.
    pub refusals: std::collections::BTreeMap<String, u64>,
    pub faults: u64,
    /// Times that accept found no file descriptor left.
    pub accepts_starved: u64,
    pub history: HistoryCounters,
    pub log_lines_dropped: u64,
    pub rss_bytes: u64,
    pub open_files: u64,
    pub open_files_max: u64,
}

/// What the history has done since the start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryCounters {
    /// Messages and changes that were kept, and those that could not be.
    pub kept: u64,
    pub lost: u64,
    /// Transactions that were put on the disk.
    pub commits: u64,
    /// How many records shared a commit on average.
    pub mean_batch: f64,
    pub largest_batch: u64,
    /// How long the last commit took, and the longest.
    pub last_commit_us: u64,
    pub longest_commit_us: u64,
    /// Pages, searches and other questions that were put to it.
    pub questions: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveConfig {
    pub keys: Vec<ConfigKey>,
}

/// One effective value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigKey {
    /// `limits.rate`, `listen[0].port`.
    pub key: String,
    /// In TOML's notation.
    pub value: String,
    /// `default`, `file:LINE` of the config file, or `--set`.
    pub source: String,
    /// Whether a change needs a restart; the others take effect on reload.
    pub needs_restart: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Announce {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Topic {
    pub room: String,
    /// Empty clears.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetLogLevel {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,chatd::daemon::engine=debug`.
    pub level: String,
    /// Go back to the configured level after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_s: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLevel {
    pub level: String,
    /// The configured level, when another is in force, and when it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_at: Option<String>,
}

/// A change was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// A sentence.
    pub done: String,
    /// Sessions that it concerned, where that has a meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reloaded {
    /// Keys whose new value is in force.
    pub applied: Vec<String>,
    /// Keys whose new value waits for a restart.
    pub needs_restart: Vec<String>,
}

/// Every refusal and failure, with an HTTP status of 4xx or 5xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable: `not_permitted`, `no_such_user`, `no_such_room`, `bad_request`, `bad_config`,
    /// `foreign_origin`, `shutting_down` …; `docs/admin.md` lists them all.
    pub code: String,
    /// A sentence that says what to do.
    pub text: String,
}

//! The configuration: one TOML file, read into a raw form that keeps every place (`file.rs`), judged
//! by one table of keys ([`keys`]), and checked into [`Config`], in which every value is possible.
//! Every mistake is told, not the first. It knows the hub's settings and nothing of the daemon.

mod address_block;
pub mod args;
mod changes;
mod check;
mod external;
mod field;
mod file;
mod gateways;
pub mod keys;
mod kind;
mod listen;
mod listeners;
mod load;
mod notes;
mod opers;
pub mod paths;
mod print;
mod problem;
mod set;
mod text;
pub mod units;

pub use address_block::AddressBlock;
pub use changes::{Changes, after_reload, changes};
pub use external::{CheckUrl, External};
pub use load::{EffectiveKey, Loaded, Source, Sources, load};
pub use problem::Problems;
pub use text::check_log_level;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::hub::fingerprint::Fingerprint;
use crate::hub::name::Nick;
use crate::hub::oper::PasswordHash;
use crate::hub::settings::Settings;
use paths::Directories;

/// `[server] name`, by default.
const SERVER_NAME: &str = "chatd";

/// The whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub server: Server,
    /// At least one.
    pub listen: Vec<Listen>,
    pub tls: Tls,
    pub http: Http,
    pub irc: Irc,
    pub limits: Limits,
    pub history: History,
    pub accounts: Accounts,
    pub log: Log,
    pub admin: Admin,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Shown in greetings; one word, at most 64 bytes. Default `chatd`.
    pub name: String,
    /// One line for people, at most 400 bytes; may be empty. Default "Welcome. /help lists the commands."
    pub motd: String,
    /// Threads that own sockets, 1 to 64. With 1, the thread that orders messages does it too. Default 1.
    pub io_threads: usize,
    /// Most bytes of one read, 512 to 1 MiB. Default 16384.
    pub buffer_size: usize,
    /// Listen backlog, 1 to 65535. Default 1024.
    pub backlog: u32,
    /// How long a shutdown waits for queued bytes. Default 5 s, at most 5 min.
    pub shutdown_grace: Duration,
}

/// One `[[listen]]`
#[derive(Clone, Debug, PartialEq)]
pub struct Listen {
    pub protocol: Protocol,
    pub at: Endpoint,
    /// Whether TLS comes first. Default no.
    pub tls: bool,
    /// Default `None`.
    pub trust: Trust,
    /// Whose connections begin with a PROXY header; at most 64, none on a Unix socket. Default none.
    pub proxies: Vec<AddressBlock>,
}

/// `[tls]`
#[derive(Clone, Debug, PartialEq)]
pub struct Tls {
    /// The chain in PEM form, the server's own certificate first. Needed where a listener has TLS.
    pub certificate: Option<PathBuf>,
    /// Its private key in PEM form. Needed with it.
    pub key: Option<PathBuf>,
    /// Who may vouch for clients. Needed unless `client_certificates` is `None`.
    pub client_ca: Option<PathBuf>,
    /// Default `None`.
    pub client_certificates: ClientCertificates,
    /// How long a connection may take to agree on TLS, 100 ms to 5 min. Default 10 s.
    pub handshake_timeout: Duration,
    /// Connections on which TLS is being agreed on at one time. Default 256.
    pub max_handshakes: usize,
}

/// `[http]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Http {
    /// Whose web pages may connect, such as `https://chat.example`, or `https://*.example.org` for all hosts
    /// below; at most 64. Default none, which is everyone's.
    pub origins: Vec<String>,
}

/// `[irc]`: the listeners with protocol "irc", and those of "http".
#[derive(Clone, Debug, PartialEq)]
pub struct Irc {
    /// Who may open connections for others and say so by WEBIRC; at most 64. Default nobody.
    pub gateways: Vec<AddressBlock>,
    /// The SHA-256 of the password by which they prove it.
    pub gateway_password_sha256: Option<Fingerprint>,
    /// Or by one of these certificates, at most 64.
    pub gateway_certificates: Vec<Fingerprint>,
    /// What a client must know to come in. Default none.
    pub password: Option<PasswordHash>,
    /// Who runs the server: one line of at most 400 bytes. Default nobody says.
    pub admin: String,
    /// Messages that a client is shown when it enters a room. Default 20.
    pub autoreplay: usize,
    /// How long clients are to use TLS only. Default zero, which tells them nothing.
    pub sts: Duration,
}

impl Default for Irc {
    fn default() -> Self {
        Self {
            gateways: Vec::new(),
            gateway_password_sha256: None,
            gateway_certificates: Vec::new(),
            password: None,
            admin: String::new(),
            autoreplay: 20,
            sts: Duration::ZERO,
        }
    }
}

/// Whether clients are asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not.
    None,
    /// They may show one, which must be good then.
    Optional,
    /// They must.
    Required,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The JSON protocol, both dialects.
    Chat,
    /// IRC.
    Irc,
    /// HTTP, for IRC by WebSocket.
    Http,
}

/// What proves to a listener who a peer is, beside what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing.
    None,
    /// The system, which knows whose process is at the other end of a Unix socket.
    Peer,
}

/// Where a listener listens. Port 0 lets the system choose (tests do).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Tcp { address: IpAddr, port: u16 },
    Unix { path: PathBuf },
}

/// `[limits]`
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Those that the hub enforces (the default room is `[server] default_room`, the operators are the `[[oper]]`).
    pub hub: Settings,
    /// Most bytes that wait for one peer. Default 1 MiB, at least 64 KiB.
    pub send_queue_bytes: usize,
    /// Pause between two objects to an old client. Default 10 ms.
    pub old_client_pace: Duration,
    /// Most reads of one connection in one turn. Default 16.
    pub reads_per_turn: usize,
    /// Peers written to before the loop looks at new input. Default 128.
    pub flush_slice: usize,
}

/// `[history]` (what happens on failure is `limits.hub.on_failure`)
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The database. Default `history.db` in the state directory.
    pub path: PathBuf,
    /// Default `Commit`.
    pub durability: Durability,
    /// How long messages are kept; zero is for ever. Default zero.
    pub retention: Duration,
    /// How many messages of each conversation are kept; 0 is all. Default 0.
    pub retention_messages: usize,
    /// Most bytes of messages that wait for the disk, 64 KiB to 1 GiB. Default 16 MiB.
    pub queue_bytes: usize,
}

/// What a sender's acknowledgement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The message is on the disk and survives a power failure.
    Commit,
    /// It will be within a second.
    Relaxed,
    /// There is no history.
    Off,
}

/// `[accounts]` (who may and who must have one is `limits.hub.registration` and `require_account`)
#[derive(Clone, Debug, PartialEq)]
pub struct Accounts {
    /// The database. Default `registry.db` in the state directory.
    pub path: PathBuf,
    /// Bytes of memory for one hash, 7 MiB to 1 GiB. Default 19 MiB, which with two passes is what OWASP
    /// asks for.
    pub hash_memory: usize,
    /// Default 2.
    pub hash_passes: u32,
    /// Default 2.
    pub hash_threads: usize,
    /// Default 64.
    pub hash_queue: usize,
    pub external: External,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// `None` writes no files (`directory = ""`).
    pub directory: Option<PathBuf>,
    pub rotation: Rotation,
    /// Files kept. Default 14.
    pub keep: usize,
    /// Length at which another file begins before its time, 64 KiB to 1 GiB. Default 64 MiB.
    pub file_bytes: usize,
    /// `tracing` directives. Default `info`.
    pub level: String,
    pub format: LogFormat,
}

/// When a new log file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    Hourly,
    Daily,
    Never,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// `[admin]`
#[derive(Clone, Debug, PartialEq)]
pub struct Admin {
    /// Default `admin.sock` in the runtime directory.
    pub socket: PathBuf,
    /// Members of this group may change things, beside root and the daemon's own user. Default `chatd`;
    /// a group that does not exist is a warning only.
    pub group: String,
}

impl Config {
    /// What chatd runs by when nobody says otherwise.
    #[must_use]
    pub fn defaults(directories: &Directories) -> Self {
        Self {
            server: Server {
                name: SERVER_NAME.to_owned(),
                motd: "Welcome. /help lists the commands.".to_owned(),
                io_threads: 1,
                buffer_size: 16 << 10,
                backlog: 1024,
                shutdown_grace: Duration::from_secs(5),
            },
            listen: listen::default_listeners(),
            tls: Tls {
                certificate: None,
                key: None,
                client_ca: None,
                client_certificates: ClientCertificates::None,
                handshake_timeout: Duration::from_secs(10),
                max_handshakes: 256,
            },
            http: Http::default(),
            irc: Irc::default(),
            limits: Limits {
                hub: Settings {
                    server_nick: Nick::parse(SERVER_NAME).ok(),
                    ..Settings::default()
                },
                send_queue_bytes: 1 << 20,
                old_client_pace: Duration::from_millis(10),
                reads_per_turn: 16,
                flush_slice: 128,
            },
            history: History {
                path: directories.state.join("history.db"),
                durability: Durability::Commit,
                retention: Duration::ZERO,
                retention_messages: 0,
                queue_bytes: 16 << 20,
            },
            accounts: Accounts {
                path: directories.state.join("registry.db"),
                hash_memory: 19 << 20,
                hash_passes: 2,
                hash_threads: 2,
                hash_queue: 64,
                external: External::default(),
            },
            log: Log {
                directory: Some(directories.log.clone()),
                rotation: Rotation::Daily,
                keep: 14,
                file_bytes: 64 * 1024 * 1024,
                level: "info".to_owned(),
                format: LogFormat::Text,
            },
            admin: Admin {
                socket: directories.runtime.join("admin.sock"),
                group: "chatd".to_owned(),
            },
        }
    }
}

/// `127.0.0.1:12231`, `[::1]:12231`, or the path of a Unix socket.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { address, port } => SocketAddr::new(*address, *port).fmt(f),
            Self::Unix { path } => path.display().fmt(f),
        }
    }
}

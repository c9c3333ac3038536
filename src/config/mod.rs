//! The checked configuration: what the daemon runs by. Every value here is possible and in range.

pub mod paths;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::hub::settings::Settings;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub server: Server,
    /// At least one.
    pub listen: Vec<Listen>,
    pub limits: Limits,
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
    /// Read buffer in bytes, 512 to 1 MiB; one per daemon, not per connection. Default 16384.
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
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The JSON protocol, both dialects.
    Chat,
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
    /// Those that the hub enforces (the default room is `[server] default_room`).
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

/// `[log]`
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// `None` writes no files (`directory = ""`).
    pub directory: Option<PathBuf>,
    pub rotation: Rotation,
    /// Files kept. Default 14.
    pub keep: usize,
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

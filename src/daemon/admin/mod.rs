//! The admin API: HTTP with JSON over a Unix socket, for `chatctl` and for `curl --unix-socket`.
//! `wire/admin.rs` holds what travels, `docs/admin.md` describes it for its users. This folder
//! turns requests into questions to the engine and the log; it decides nothing about chat.

mod accounts;
mod change;
mod failure;
mod guard;
mod history;
mod moderation;
mod observe;
mod openapi;
mod patience;
mod pieces;
mod rights;
mod serve;

use std::sync::Arc;

use super::engine::handle::EngineHandle;
use super::logging::Logging;
use super::reload::Reloader;
use super::state::DaemonState;

pub use accounts::Accounts;
pub use history::History;
pub use serve::serve;

/// Permissions of the socket's file. Everyone may connect and read; who may change what is decided
/// per request, by who the peer is.
pub const SOCKET_MODE: u32 = 0o666;

/// What the handlers work with.
#[derive(Clone, Debug)]
pub struct AdminState {
    pub engine: EngineHandle,
    pub logging: Logging,
    pub reloader: Arc<Reloader>,
    pub daemon: Arc<DaemonState>,
    pub history: Arc<History>,
    pub accounts: Arc<Accounts>,
}

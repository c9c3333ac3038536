//! Opening the listeners of the config, and accepting connections. The loop waits for the kernel
//! only, never for anything that a peer controls, and lives through having no file descriptor left.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::door::{Door, Terms};
use super::engine::Engine;
use super::instance::{self, Holder, InstanceError, SocketFile};
use super::systemd::{Activation, Inherited, InheritedSocket};
use super::transport::Listener;
use crate::config::{AddressBlock, Config, Endpoint, Listen, Protocol, Trust};
use crate::wire::admin;

/// Why a listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    #[error("cannot listen on {address}: {source}{}", held_by(holder.as_ref(), source))]
    Tcp {
        address: SocketAddr,
        source: io::Error,
        holder: Option<Holder>,
    },
    #[error(transparent)]
    Unix(#[from] InstanceError),
    #[error("cannot take over a listening socket: {0}")]
    TakeOver(#[from] io::Error),
}

/// A listener that is open and not served yet.
#[derive(Debug)]
pub(super) struct Open {
    pub listener: Listener,
    pub speaks: Protocol,
    /// Whether TLS comes first.
    pub tls: bool,
    pub trust: Trust,
    pub proxies: Vec<AddressBlock>,
    /// For `chatctl status`.
    pub described: admin::Listener,
    /// `None` where the socket's file is not ours to remove.
    pub socket_file: Option<SocketFile>,
}

/// Opens every listener of the config, taking over what the service manager has opened for us.
///
/// # Errors
/// [`ListenError`] for the first that cannot be had; the others are closed again.
pub(super) fn open_all(
    config: &Config,
    mut activation: Activation,
) -> Result<Vec<Open>, ListenError> {
    let mut open = Vec::new();
    for listen in &config.listen {
        open.push(match activation.claim(&listen.at) {
            Some(inherited) => take_over(inherited, listen.protocol, Some(listen))?,
            None => bind(config, listen)?,
        });
    }
    for inherited in activation.claim_named(protocol_name(Protocol::Chat)) {
        open.push(take_over(inherited, Protocol::Chat, None)?);
    }
    for leftover in activation.leftovers() {
        warn!("systemd handed over {leftover}, which the config does not name: it is closed");
    }
    Ok(open)
}

/// Without a `[[listen]]` for it, nothing else than its protocol is known.
fn take_over(
    inherited: Inherited,
    speaks: Protocol,
    listen: Option<&Listen>,
) -> Result<Open, ListenError> {
    let tls = listen.is_some_and(|listen| listen.tls);
    let described = describe(speaks, tls, inherited.address());
    let listener = match inherited.socket {
        InheritedSocket::Tcp(listener, _) => Listener::from_std_tcp(listener)?,
        InheritedSocket::Unix(listener, path) => Listener::from_std_unix(listener, path)?,
    };
    Ok(Open {
        listener,
        speaks,
        tls,
        trust: listen.map_or(Trust::None, |listen| listen.trust),
        proxies: listen.map_or_else(Vec::new, |listen| listen.proxies.clone()),
        described,
        socket_file: None,
    })
}

fn bind(config: &Config, listen: &Listen) -> Result<Open, ListenError> {
    let backlog = config.server.backlog;
    let (speaks, tls) = (listen.protocol, listen.tls);
    let (listener, socket_file) = match &listen.at {
        Endpoint::Tcp { address, port } => {
            let address = SocketAddr::new(*address, *port);
            let bound = Listener::bind_tcp(address, backlog);
            let listener = bound.map_err(|source| ListenError::Tcp {
                address,
                holder: instance::who_holds(address),
                source,
            })?;
            (listener, None)
        }
        Endpoint::Unix { path } => {
            let (listener, file) = instance::bind_unix(path, CHAT_SOCKET_MODE, backlog)?;
            (Listener::from_std_unix(listener, path.clone())?, Some(file))
        }
    };
    let described = describe(speaks, tls, listener.to_string());
    Ok(Open {
        listener,
        speaks,
        tls,
        trust: listen.trust,
        proxies: listen.proxies.clone(),
        described,
        socket_file,
    })
}

fn describe(speaks: Protocol, tls: bool, address: String) -> admin::Listener {
    admin::Listener {
        protocol: protocol_name(speaks).to_owned(),
        tls,
        address,
    }
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Chat => "chat",
        Protocol::Irc => "irc",
        Protocol::Http => "http",
    }
}

fn held_by(holder: Option<&Holder>, error: &io::Error) -> String {
    match (holder, error.kind()) {
        (Some(holder), _) => format!("; it is held by {holder}"),
        (None, io::ErrorKind::AddrInUse) => {
            "; who holds it can be seen by root only: `ss -ltnp`".to_owned()
        }
        (None, io::ErrorKind::AddrNotAvailable) => {
            "; this machine has no such address: `ip address` lists those that it has".to_owned()
        }
        (None, io::ErrorKind::PermissionDenied) => {
            "; ports below 1024 need root or CAP_NET_BIND_SERVICE".to_owned()
        }
        (None, _) => String::new(),
    }
}

/// Accepts until the task is aborted.
pub(super) async fn accept(engine: Rc<Engine>, listener: Listener, terms: Terms) {
    // Where TLS comes first, no word would be understood.
    let plain = terms.tls.is_none().then_some(terms.speaks);
    let mut door = Door::new(Rc::clone(&engine), terms);
    let mut reserve = Reserve::new();
    let mut accepted = 0_u32;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                door.let_in(socket, peer);
                accepted = accepted.wrapping_add(1);
                if accepted.is_multiple_of(ACCEPTS_PER_TURN) {
                    yield_now().await; // those who are in have their turn, too
                }
            }
            Err(error) if is_starved(&error) => {
                engine.note_starved();
                let words = plain.map(|speaks| engine.words_when_full(speaks));
                let words = words.unwrap_or_default();
                reserve.turn_one_away(&listener, &error, &words).await;
            }
            // The peer had gone before it was accepted, as accept(2) reports in many ways. The pause
            // is for an error that would come again at once, for ever.
            Err(error) => {
                debug!(%listener, %error, "accept failed");
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    sleep(RETRY_AFTER).await;
                }
            }
        }
    }
}

/// One file descriptor kept back, so that a connection can still be taken and turned away when all
/// others are in use. Left in the backlog, it would wait without a word, and wake us for ever.
struct Reserve {
    kept: Option<File>,
    told_at: Option<Instant>,
}

impl Reserve {
    fn new() -> Self {
        Self {
            kept: open_reserve(),
            told_at: None,
        }
    }

    async fn turn_one_away(&mut self, listener: &Listener, error: &io::Error, words: &[u8]) {
        if self
            .told_at
            .is_none_or(|at| at.elapsed() > TELL_AGAIN_AFTER)
        {
            warn!(%listener, %error, "no file descriptor left: turning connections away; raise LimitNOFILE or lower limits.max_connections");
            self.told_at = Some(Instant::now());
        }
        self.kept = None;
        let taken = tokio::time::timeout(RETRY_AFTER, listener.accept()).await;
        if let Ok(Ok((socket, _))) = taken {
            socket.dismiss(words);
        }
        self.kept = open_reserve();
        if self.kept.is_none() {
            sleep(RETRY_AFTER).await;
        }
    }
}

fn open_reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_starved(error: &io::Error) -> bool {
    let starved = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error
        .raw_os_error()
        .is_some_and(|code| starved.iter().any(|errno| errno.raw_os_error() == code))
}

/// Connections taken at a time: about a millisecond's worth.
const ACCEPTS_PER_TURN: u32 = 32;
/// Everyone on this machine may chat, as by TCP on 127.0.0.1.
const CHAT_SOCKET_MODE: u32 = 0o666;
/// How long to wait when not even the reserve could be had, or accepting fails for an unknown reason.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// The log is told again after this long.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);

//! Opening the listeners of the config, and accepting connections. The loop waits for the kernel
//! only, never for anything that a peer controls, and lives through having no file descriptor left.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::certificates::Certificates;
use super::engine::Engine;
use super::instance::{self, Holder, InstanceError, SocketFile};
use super::system_users::SystemUsers;
use super::systemd::{Activation, Inherited, InheritedSocket};
use super::transport::{Listener, Peer, Socket};
use crate::config::{Config, Endpoint, Listen, Protocol, Trust};
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
            Some(inherited) => take_over(inherited, listen.protocol, listen.tls, listen.trust)?,
            None => bind(config, listen)?,
        });
    }
    for inherited in activation.claim_named(protocol_name(Protocol::Chat)) {
        open.push(take_over(inherited, Protocol::Chat, false, Trust::None)?);
    }
    for leftover in activation.leftovers() {
        warn!("systemd handed over {leftover}, which the config does not name: it is closed");
    }
    Ok(open)
}

fn take_over(
    inherited: Inherited,
    speaks: Protocol,
    tls: bool,
    trust: Trust,
) -> Result<Open, ListenError> {
    let described = describe(speaks, tls, inherited.address());
    let listener = match inherited.socket {
        InheritedSocket::Tcp(listener, _) => Listener::from_std_tcp(listener)?,
        InheritedSocket::Unix(listener, path) => Listener::from_std_unix(listener, path)?,
    };
    Ok(Open {
        listener,
        speaks,
        tls,
        trust,
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

/// How a listener's connections begin.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub speaks: Protocol,
    /// With it, each connection begins with TLS, by the certificate that is in force then.
    pub tls: Option<Arc<Certificates>>,
    /// With it, a peer is who the system says.
    pub trust: Option<Rc<SystemUsers>>,
}

/// Accepts until the task is aborted.
pub(super) async fn accept(engine: Rc<Engine>, listener: Listener, terms: Terms) {
    let Terms { speaks, tls, trust } = terms;
    let mut door = trust.map(|users| Door::new(&engine, users, speaks));
    let mut reserve = Reserve::new();
    let mut accepted = 0_u32;
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let door = door.as_mut().zip(uid_of(peer));
                let acceptor = tls.as_ref().and_then(|held| held.acceptor());
                match door {
                    Some((door, uid)) => door.let_in(socket, peer, uid),
                    None => engine.serve(socket, peer, speaks, acceptor.as_ref(), None),
                }
                accepted = accepted.wrapping_add(1);
                if accepted.is_multiple_of(ACCEPTS_PER_TURN) {
                    yield_now().await; // those who are in have their turn, too
                }
            }
            Err(error) if is_starved(&error) => {
                engine.note_starved();
                reserve
                    .turn_one_away(&listener, &error, tls.is_some())
                    .await;
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

fn uid_of(peer: Peer) -> Option<u32> {
    match peer {
        Peer::Unix { uid } => uid,
        Peer::Tcp(_) => None,
    }
}

/// Where peers are who the system says. A connection is not served before it is known who that is, so that
/// whatever comes first may count on it; others do not wait for it.
struct Door {
    engine: Rc<Engine>,
    users: Rc<SystemUsers>,
    speaks: Protocol,
    waiting: JoinSet<()>,
}

impl Door {
    fn new(engine: &Rc<Engine>, users: Rc<SystemUsers>, speaks: Protocol) -> Self {
        Self {
            engine: Rc::clone(engine),
            users,
            speaks,
            waiting: JoinSet::new(),
        }
    }

    fn let_in(&mut self, socket: Socket, peer: Peer, uid: u32) {
        while self.waiting.try_join_next().is_some() {}
        let speaks = self.speaks;
        if let Some(user) = self.users.known(uid) {
            return self.engine.serve(socket, peer, speaks, None, user);
        }
        if self.waiting.len() >= WAITING_MAX {
            warn!(%peer, "too many connections wait for the names of their system users: it is not trusted");
            return self.engine.serve(socket, peer, speaks, None, None);
        }
        let (engine, users) = (Rc::clone(&self.engine), Rc::clone(&self.users));
        self.waiting.spawn_local(async move {
            let user = users.look_up(uid).await.unwrap_or_else(|error| {
                warn!(%peer, %error, "the name of the system user cannot be found out: the peer is not trusted");
                None
            });
            engine.serve(socket, peer, speaks, None, user);
        });
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

    async fn turn_one_away(&mut self, listener: &Listener, error: &io::Error, tls: bool) {
        if self
            .told_at
            .is_none_or(|at| at.elapsed() > TELL_AGAIN_AFTER)
        {
            warn!(%listener, %error, "no file descriptor left: turning connections away; raise LimitNOFILE or lower limits.max_connections");
            self.told_at = Some(Instant::now());
        }
        self.kept = None;
        let taken = tokio::time::timeout(RETRY_AFTER, listener.accept()).await;
        // Where TLS comes first, no word would be understood.
        if let Ok(Ok((socket, _))) = taken
            && !tls
        {
            socket.dismiss(
                b"The server is full: no file descriptor is left. Please try again later.\n",
            );
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
/// Connections of a listener that may wait until it is known who they are.
const WAITING_MAX: usize = 64;
/// Everyone on this machine may chat, as by TCP on 127.0.0.1.
const CHAT_SOCKET_MODE: u32 = 0o666;
/// How long to wait when not even the reserve could be had, or accepting fails for an unknown reason.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// The log is told again after this long.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);

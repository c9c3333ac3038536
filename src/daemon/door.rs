//! Between a listener and the engine: what has to be found out about a connection before it is served, so
//! that all that comes counts for the right one. Whoever needs that waits here, in a task of their own and not
//! for long; others pass.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tracing::{debug, warn};

use super::certificates::Certificates;
use super::engine::Engine;
use super::proxy_header::{self, Behind, HEADER_BYTES_MAX};
use super::system_users::SystemUsers;
use super::transport::{AheadError, Peer, Socket, take_ahead};
use crate::config::{AddressBlock, Protocol};
use crate::hub::name::Nick;

/// How a listener's connections begin.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub speaks: Protocol,
    /// With it, each connection begins with TLS, by the certificate that is in force then.
    pub tls: Option<Arc<Certificates>>,
    /// With it, a peer is who the system says.
    pub trust: Option<Rc<SystemUsers>>,
    /// Whose connections begin with a PROXY header, ahead of TLS.
    pub proxies: Vec<AddressBlock>,
}

/// The door behind one listener.
#[derive(Debug)]
pub(super) struct Door {
    inner: Rc<Inner>,
    waiting: JoinSet<()>,
}

#[derive(Debug)]
struct Inner {
    engine: Rc<Engine>,
    terms: Terms,
    /// When the log was last told of a proxy that does not do its part.
    told_at: Cell<Option<Instant>>,
}

impl Door {
    pub(super) fn new(engine: Rc<Engine>, terms: Terms) -> Self {
        Self {
            inner: Rc::new(Inner {
                engine,
                terms,
                told_at: Cell::new(None),
            }),
            waiting: JoinSet::new(),
        }
    }

    /// Serves a connection, perhaps a little later.
    pub(super) fn let_in(&mut self, socket: Socket, peer: Peer) {
        while self.waiting.try_join_next().is_some() {}
        let terms = &self.inner.terms;
        match (peer, &terms.trust) {
            (Peer::Tcp(address), _) if terms.proxies.iter().any(|it| it.has(address.ip())) => {
                self.let_in_from_proxy(socket, peer);
            }
            (Peer::Unix { uid: Some(uid) }, Some(users)) => {
                let users = Rc::clone(users);
                self.let_in_user(socket, peer, uid, users);
            }
            (Peer::Tcp(_) | Peer::Unix { .. }, _) => self.inner.serve(socket, peer, None),
        }
    }

    fn let_in_from_proxy(&mut self, socket: Socket, proxy: Peer) {
        if self.waiting.len() >= PROXIED_WAITING_MAX {
            self.inner.tell(proxy, &"too many connections wait for it");
            return; // without a word: nobody knows yet what is spoken there
        }
        let inner = Rc::clone(&self.inner);
        self.waiting.spawn_local(async move {
            let header = take_ahead(socket, HEADER_BYTES_MAX, proxy_header::look);
            match timeout(HEADER_TIMEOUT, header).await {
                Ok(Ok((socket, Behind::Somebody(address)))) => {
                    debug!(%proxy, peer = %address, "connected by a proxy");
                    inner.serve(socket, Peer::Tcp(address), None);
                }
                Ok(Ok((socket, Behind::Proxy))) => inner.serve(socket, proxy, None),
                Ok(Err(AheadError::Ended)) => debug!(%proxy, "closed ahead of its PROXY header"),
                Ok(Err(error)) => inner.tell(proxy, &error),
                Err(_) => inner.tell(proxy, &"it did not come in time"),
            }
        });
    }

    fn let_in_user(&mut self, socket: Socket, peer: Peer, uid: u32, users: Rc<SystemUsers>) {
        let inner = Rc::clone(&self.inner);
        if let Some(user) = users.known(uid) {
            return inner.serve(socket, peer, user);
        }
        if self.waiting.len() >= USERS_WAITING_MAX {
            warn!(%peer, "too many connections wait for the names of their system users: it is not trusted");
            return inner.serve(socket, peer, None);
        }
        self.waiting.spawn_local(async move {
            let user = users.look_up(uid).await.unwrap_or_else(|error| {
                warn!(%peer, %error, "the name of the system user cannot be found out: the peer is not trusted");
                None
            });
            inner.serve(socket, peer, user);
        });
    }
}

impl Inner {
    fn serve(&self, socket: Socket, peer: Peer, user: Option<Nick>) {
        let acceptor = self.terms.tls.as_ref().and_then(|held| held.acceptor());
        let speaks = self.terms.speaks;
        self.engine
            .serve(socket, peer, speaks, acceptor.as_ref(), user);
    }

    /// A connection of a proxy is closed: once a minute, because then all of them may be.
    fn tell(&self, proxy: Peer, why: &dyn std::fmt::Display) {
        let now = Instant::now();
        let told_at = self.told_at.get();
        if told_at.is_none_or(|at| now.duration_since(at) > TELL_AGAIN_AFTER) {
            self.told_at.set(Some(now));
            warn!(%proxy, %why, "a connection of a proxy without a PROXY header is closed; told once a minute");
        }
    }
}

/// Connections of a listener that may wait until it is known who they are: a directory may be asked.
const USERS_WAITING_MAX: usize = 64;
/// Connections of a listener that may wait for their PROXY header, which comes with the first packet.
const PROXIED_WAITING_MAX: usize = 1024;
/// How long that header may take. The PROXY protocol wants at least 3 s, the time of one packet sent again.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// The log is told again after this long.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);

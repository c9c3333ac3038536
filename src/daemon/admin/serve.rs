//! Connections to the admin socket: accepted within bounds, served one request each, and let
//! finish at the end. The kernel says who is at the other end.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::patience::Patience;
use super::rights::{self, Peer};
use super::{AdminState, openapi};

/// Connections at a time of root and the daemon's own user; others cannot use these up.
const OWNERS_MAX: usize = 16;
/// Connections at a time of everyone else together.
const OTHERS_MAX: usize = 16;
/// Of these, the share of one uid: a user who only holds connections open does not keep an operator
/// who is a member of `[admin] group` out.
const OTHERS_MAX_PER_UID: usize = 4;
/// From the connection to the end of the request's head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest head of a request, and most bytes of a body read ahead.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection's whole life: a peer that does not read its answer is left after this. While the daemon is
/// at work for it, or it takes piece after piece of a long answer, it begins anew.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(30);
/// At the end, for requests that are being answered.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(2);
/// Pause when accept fails, which is mostly for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the admin API until `shutdown` resolves; then what is being answered is finished, for
/// at most two seconds.
pub async fn serve(listener: UnixListener, state: AdminState, shutdown: impl Future<Output = ()>) {
    warn_of_missing_group(&state).await;
    let router = openapi::router(state);
    let mut seats = Seats::default();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => admit(stream, &mut seats, &router, &mut connections),
                Err(error) => {
                    tracing::warn!(%error, "the admin socket cannot accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    // Those that are late are cut off when `connections` is dropped.
    let _ = tokio::time::timeout(DRAIN_TIME_MAX, finished).await;
}

async fn warn_of_missing_group(state: &AdminState) {
    let group = state.reloader.config().admin.group.clone();
    let looked_up = group.clone();
    let exists = tokio::task::spawn_blocking(move || rights::group_exists(&looked_up)).await;
    if !exists.unwrap_or(false) {
        tracing::info!(
            group,
            "the group of [admin] group does not exist: only root and chatd's own user may change things"
        );
    }
}

/// Who may have a connection: so many for the owners, so many for everyone else, of whom each uid
/// has its own share.
struct Seats {
    owners: Arc<Semaphore>,
    others: Arc<Semaphore>,
    /// One for each uid that was seen, as long as it has a connection.
    shares: HashMap<u32, Arc<Semaphore>>,
}

/// The right to one connection; given back when it is dropped.
struct Seat {
    _of_all: OwnedSemaphorePermit,
    _of_uid: Option<OwnedSemaphorePermit>,
}

impl Default for Seats {
    fn default() -> Self {
        Self {
            owners: Arc::new(Semaphore::new(OWNERS_MAX)),
            others: Arc::new(Semaphore::new(OTHERS_MAX)),
            shares: HashMap::new(),
        }
    }
}

impl Seats {
    fn take(&mut self, peer: Peer) -> Option<Seat> {
        if peer.is_owner() {
            return Some(Seat {
                _of_all: Arc::clone(&self.owners).try_acquire_owned().ok()?,
                _of_uid: None,
            });
        }
        self.shares
            .retain(|_, share| share.available_permits() < OTHERS_MAX_PER_UID);
        let share = self
            .shares
            .entry(peer.uid)
            .or_insert_with(|| Arc::new(Semaphore::new(OTHERS_MAX_PER_UID)));
        Some(Seat {
            _of_uid: Some(Arc::clone(share).try_acquire_owned().ok()?),
            _of_all: Arc::clone(&self.others).try_acquire_owned().ok()?,
        })
    }
}

fn admit(stream: UnixStream, seats: &mut Seats, router: &Router, connections: &mut JoinSet<()>) {
    let peer = match peer_of(&stream) {
        Ok(peer) => peer,
        Err(error) => {
            tracing::warn!(%error, "a peer of the admin socket is unknown");
            return;
        }
    };
    let Some(seat) = seats.take(peer) else {
        tracing::warn!(
            uid = peer.uid,
            pid = peer.pid,
            "too many admin connections: one was refused"
        );
        dismiss(&stream);
        return;
    };
    let router = router.clone();
    connections.spawn(async move {
        let patience = Patience::default();
        let served = one_request(stream, peer, patience.clone(), router);
        tokio::pin!(served);
        while tokio::time::timeout(CONNECTION_TIME_MAX, &mut served)
            .await
            .is_err()
        {
            if !patience.lasts() {
                tracing::debug!(
                    uid = peer.uid,
                    pid = peer.pid,
                    "an admin connection took too long"
                );
                break;
            }
        }
        drop(seat);
    });
}

fn peer_of(stream: &UnixStream) -> io::Result<Peer> {
    let credentials = stream.peer_cred()?;
    Ok(Peer {
        uid: credentials.uid(),
        gid: credentials.gid(),
        pid: credentials.pid(),
    })
}

/// Says why, without waiting.
fn dismiss(stream: &UnixStream) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
        content-type: application/json\r\nconnection: close\r\ncontent-length: 73\r\n\r\n\
        {\"code\":\"busy\",\"text\":\"too many admin connections at a time; try again\"}\n";
    // Straight to the kernel: tokio says WouldBlock for a socket that it has just met. A peer that
    // cannot be told is closed all the same.
    let _ = socket2::SockRef::from(stream).send(BUSY);
}

/// One request per connection: that bounds its life simply, and connecting costs microseconds.
async fn one_request(stream: UnixStream, peer: Peer, patience: Patience, router: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(patience.clone());
        router.clone().oneshot(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, uid = peer.uid, pid = peer.pid, "an admin connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(uid: u32) -> Peer {
        Peer {
            uid,
            gid: uid,
            pid: None,
        }
    }

    #[test]
    fn a_user_who_holds_connections_open_keeps_nobody_else_out() {
        let own = rustix::process::geteuid().as_raw();
        let (eve, ana) = (own + 1, own + 2);
        let mut seats = Seats::default();
        let held: Vec<Seat> = std::iter::from_fn(|| seats.take(peer(eve))).collect();
        assert_eq!(held.len(), OTHERS_MAX_PER_UID);
        assert!(seats.take(peer(ana)).is_some(), "ana has her own share");
        assert!(seats.take(peer(own)).is_some(), "owners have theirs");
        drop(held);
        assert!(seats.take(peer(eve)).is_some(), "a seat is given back");
    }

    #[test]
    fn all_others_together_have_a_bound_too() {
        let own = rustix::process::geteuid().as_raw();
        let mut seats = Seats::default();
        let uids = (own + 1)..=(own + 100);
        let held: Vec<Seat> = uids.filter_map(|uid| seats.take(peer(uid))).collect();
        assert_eq!(held.len(), OTHERS_MAX);
        assert!(seats.take(peer(own)).is_some(), "owners have theirs");
    }
}

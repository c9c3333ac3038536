//! Connections to the admin socket: accepted within bounds, served one request each, and let
//! finish at the end. The kernel says who is at the other end.

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

use super::rights::{self, Peer};
use super::{AdminState, openapi};

/// Connections at a time of root and the daemon's own user; others cannot use these up.
const OWNERS_MAX: usize = 16;
/// Connections at a time of everyone else together.
const OTHERS_MAX: usize = 16;
/// From the connection to the end of the request's head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest head of a request, and most bytes of a body read ahead.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// A connection's whole life: a peer that does not read its answer is left after this.
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
    let seats = Seats::default();
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => admit(stream, &seats, &router, &mut connections),
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

struct Seats {
    owners: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Default for Seats {
    fn default() -> Self {
        Self {
            owners: Arc::new(Semaphore::new(OWNERS_MAX)),
            others: Arc::new(Semaphore::new(OTHERS_MAX)),
        }
    }
}

impl Seats {
    fn take(&self, peer: Peer) -> Option<OwnedSemaphorePermit> {
        let seats = if peer.is_owner() {
            &self.owners
        } else {
            &self.others
        };
        Arc::clone(seats).try_acquire_owned().ok()
    }
}

fn admit(stream: UnixStream, seats: &Seats, router: &Router, connections: &mut JoinSet<()>) {
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
        let served = one_request(stream, peer, router);
        if tokio::time::timeout(CONNECTION_TIME_MAX, served)
            .await
            .is_err()
        {
            tracing::debug!(
                uid = peer.uid,
                pid = peer.pid,
                "an admin connection took too long"
            );
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
async fn one_request(stream: UnixStream, peer: Peer, router: Router) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
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

//! What holds for every request before a handler sees it: it does not come from a web page, and
//! it ends in time.

use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::failure::Failure;
use super::rights::Peer;

/// Longest time that a request may take, its body included.
pub(super) const REQUEST_TIME_MAX: Duration = Duration::from_secs(10);

/// Refuses what a browser sends. No browser speaks to a Unix socket, but proxies that put one on
/// a port do exist, and then any page could give orders (as with DNS rebinding).
pub(super) async fn refuse_foreign(request: Request, next: Next) -> Response {
    if is_foreign(request.headers(), request.uri()) {
        // Neither Origin nor path: both are free text.
        let peer = request.extensions().get::<Peer>();
        let (uid, pid) = (peer.map(|peer| peer.uid), peer.and_then(|peer| peer.pid));
        tracing::warn!(uid, pid, "an admin request of foreign origin was refused");
        return Failure::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "the admin socket serves no web pages: send no Origin, and no Host but localhost or chatd",
        )
        .into_response();
    }
    next.run(request).await
}

fn is_foreign(headers: &HeaderMap, uri: &Uri) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    headers.contains_key(ORIGIN)
        || !hosts.all(|host| host.to_str().is_ok_and(is_ours))
        || uri
            .authority()
            .is_some_and(|authority| !is_ours(authority.as_str()))
}

fn is_ours(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    ["", "localhost", "chatd"].contains(&name)
}

/// Ends a request that takes too long.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(REQUEST_TIME_MAX, next.run(request))
        .await
        .unwrap_or_else(|_| {
            Failure::new(
                StatusCode::GATEWAY_TIMEOUT,
                "timed_out",
                format!(
                    "no answer within {} s: the daemon is overloaded or stuck",
                    REQUEST_TIME_MAX.as_secs()
                ),
            )
            .into_response()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_mean_this_daemon_are_hosts() {
        for ours in ["", "localhost", "chatd", "localhost:80"] {
            assert!(is_ours(ours), "{ours}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1",
            "localhost:x",
        ] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}

//! Connections on which TLS is still being agreed on: how many there may be, what becomes of those that
//! fail, and a log that a scanner cannot fill.

use std::time::Duration;

use tracing::{debug, info, warn};

use super::core::Core;
use crate::daemon::shard::TlsFailure;
use crate::daemon::transport::Peer;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::id::SessionId;
use crate::hub::input::{Input, QuitReason};

/// What is known of all handshakes.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    /// Under way now.
    open: usize,
    failed: Told,
    turned_away: Told,
}

/// Something that is told once a minute at most.
#[derive(Debug, Default)]
struct Told {
    at: Option<Duration>,
    /// Since then.
    untold: u64,
}

impl Told {
    /// Whether it is time to tell; then also how many have not been told since the last time.
    fn tell(&mut self, now: Duration) -> Option<u64> {
        if self.at.is_some_and(|at| now < at + TELL_AGAIN_AFTER) {
            self.untold += 1;
            return None;
        }
        self.at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

impl Core {
    /// Whether one more connection may begin to agree on TLS. Who may not is closed at once, is counted
    /// as refused, and logged.
    pub(super) fn may_handshake(&mut self, peer: Peer) -> bool {
        let max = self.config.tls.max_handshakes;
        if self.handshakes.open < max {
            return true;
        }
        self.counters.refused += 1;
        let now = self.now().uptime;
        if let Some(more) = self.handshakes.turned_away.tell(now) {
            warn!(target: TARGET, %peer, max, more, "too many TLS handshakes at once: connections are turned away; see tls.max_handshakes");
        }
        false
    }

    pub(super) fn handshake_begins(&mut self) {
        self.handshakes.open += 1;
    }

    /// TLS was agreed on: what the peer says is heard from now on.
    pub(super) fn secured(&mut self, slot: u32, certificate: Option<&[u8]>) {
        let Some(connection) = self.connections.get_mut(slot as usize) else {
            return;
        };
        if !std::mem::replace(&mut connection.is_handshaking, false) {
            return;
        }
        let (session, peer) = (connection.session, connection.peer);
        self.handshakes.open -= 1;
        let certificate = certificate.map(Fingerprint::of);
        let shown = certificate.map(tracing::field::display);
        info!(target: TARGET, %session, %peer, tls = true, certificate = shown, "connected");
        if let Some(certificate) = certificate {
            let now = self.now();
            self.input(
                now,
                Input::Certified {
                    session,
                    certificate,
                },
            );
        }
    }

    /// TLS has failed, on the way to it or later.
    pub(super) fn tls_failed(&mut self, session: SessionId, why: TlsFailure) {
        let reason = match why {
            TlsFailure::Timeout => QuitReason::HandshakeTimeout,
            TlsFailure::Broken(why) => QuitReason::TlsFailed(why.into()),
        };
        self.end(session, &reason);
    }

    /// A connection is over on which nothing was said yet: scanners do this all day, so they share a
    /// line in the log.
    pub(super) fn handshake_ended(&mut self, session: SessionId, peer: Peer, reason: &QuitReason) {
        self.handshakes.open -= 1;
        let detail = match reason {
            QuitReason::TlsFailed(why) | QuitReason::Failed(why) => Some(why.as_ref()),
            QuitReason::Closed
            | QuitReason::Quit(_)
            | QuitReason::HandshakeTimeout
            | QuitReason::SendQueueExceeded { .. }
            | QuitReason::Unreadable
            | QuitReason::TooManyFaults
            | QuitReason::PingTimeout
            | QuitReason::LoginTimeout
            | QuitReason::Flooding
            | QuitReason::ServerFull
            | QuitReason::TooManyFromAddress
            | QuitReason::TooFastFromAddress
            | QuitReason::Kicked(_)
            | QuitReason::LoggedOut
            | QuitReason::Shutdown => None,
        };
        let reason = reason.code();
        debug!(target: TARGET, %session, %peer, reason, detail, "ended before TLS was agreed on");
        let now = self.now().uptime;
        if let Some(more) = self.handshakes.failed.tell(now) {
            info!(target: TARGET, %peer, reason, detail, more, "no TLS agreed on; told once a minute, with how many more there were");
        }
    }
}

const TARGET: &str = "chatd::connection";
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);

//! Connections on which TLS is still being agreed on: how many there may be, what becomes of those that
//! fail, and a log that a scanner cannot fill.

use std::collections::HashMap;
use std::time::Duration;

use tracing::{debug, info, warn};

use super::core::Core;
use crate::daemon::shard::TlsFailure;
use crate::daemon::transport::Peer;
use crate::hub::address::Network;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::id::SessionId;
use crate::hub::input::{Input, Origin, QuitReason};

/// What is known of all handshakes.
#[derive(Debug, Default)]
pub(super) struct Handshakes {
    underway: Underway,
    failed: Told,
    turned_away: Told,
}

/// Handshakes under way now.
#[derive(Debug, Default)]
struct Underway {
    all: usize,
    /// Of each network that has some, loopback left out: behind it may stand a proxy for everybody.
    by_network: HashMap<Network, usize>,
}

impl Underway {
    /// Whether there may be one more, of at most `max`: one network takes an eighth of them, so that who
    /// opens connections and says nothing keeps out no others.
    fn has_room_for(&self, peer: Peer, max: usize) -> bool {
        let share = (max / SHARES).max(SHARE_MIN);
        let taken = network(peer).and_then(|network| self.by_network.get(&network));
        self.all < max && taken.is_none_or(|&taken| taken < share)
    }

    fn begin(&mut self, peer: Peer) {
        self.all += 1;
        if let Some(network) = network(peer) {
            *self.by_network.entry(network).or_insert(0) += 1;
        }
    }

    fn end(&mut self, peer: Peer) {
        self.all -= 1;
        let Some(network) = network(peer) else {
            return;
        };
        let taken = self.by_network.get_mut(&network);
        let taken = taken.expect("what ends has begun");
        *taken -= 1;
        if *taken == 0 {
            self.by_network.remove(&network);
        }
    }
}

fn network(peer: Peer) -> Option<Network> {
    let network = Network::of(Origin::Ip(peer.ip()?))?;
    (!network.is_loopback()).then_some(network)
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
        if self.handshakes.underway.has_room_for(peer, max) {
            return true;
        }
        self.counters.refused += 1;
        let now = self.now().uptime;
        if let Some(more) = self.handshakes.turned_away.tell(now) {
            warn!(target: TARGET, %peer, max, more, "too many TLS handshakes at once, in all or from one address: connections are turned away; see tls.max_handshakes");
        }
        false
    }

    pub(super) fn handshake_begins(&mut self, peer: Peer) {
        self.handshakes.underway.begin(peer);
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
        self.handshakes.underway.end(peer);
        let certificate = certificate.map(Fingerprint::of);
        if certificate.is_some() {
            connection.protocol.certified();
        }
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
        self.handshakes.underway.end(peer);
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
            | QuitReason::Banned(_)
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
/// Networks that together may take all handshakes there are.
const SHARES: usize = 8;
/// Handshakes of one network at a time, at least: several people may come from one.
const SHARE_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_leaves_room_for_the_others() {
        let peer = |address: &str| Peer::Tcp(address.parse().unwrap());
        let mut underway = Underway::default();
        let (ours, theirs) = ("[2001:db8::1]:1", "[2001:db8:0:1::1]:1");
        for _ in 0..10 {
            assert!(underway.has_room_for(peer(ours), 80));
            underway.begin(peer(ours));
        }
        assert!(!underway.has_room_for(peer("[2001:db8::2]:2"), 80));
        assert!(underway.has_room_for(peer(theirs), 80));
        assert!(!underway.has_room_for(peer(theirs), 10), "of all");
        for _ in 0..60 {
            assert!(underway.has_room_for(peer("127.0.0.1:1"), 80));
            underway.begin(peer("127.0.0.1:1"));
        }
        underway.end(peer(ours));
        assert!(underway.has_room_for(peer(ours), 80));
        for _ in 0..9 {
            underway.end(peer(ours));
        }
        assert!(underway.by_network.is_empty());
    }
}

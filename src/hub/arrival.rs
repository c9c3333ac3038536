//! Connections that come: whether there is room for one more, in all and from where it comes, and who is behind
//! one that a gateway has opened for somebody else.

use super::Hub;
use super::address::{Network, Source};
use super::change::Change;
use super::ending::Connection;
use super::flood::Gauge;
use super::id::{SessionId, UserKey};
use super::input::{Origin, QuitReason};
use super::output::Output;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn connected(&mut self, session: SessionId, origin: Origin, key: UserKey) {
        let source = Source::of(origin);
        if let Some(former) = self.hub.state.sessions.in_slot(session.slot) {
            // The engine has used the slot again, so the former connection is over.
            self.end(former, QuitReason::Closed, Connection::Gone);
        }
        let now_us = self.now_us();
        if let Some(reason) = self.turn_away(source.network(), now_us) {
            self.outputs.push(Output::Close { session, reason });
            return;
        }
        self.hub.state.apply(Change::Connected {
            session,
            source,
            key,
            at: self.now.unix,
        });
        self.hub.timers.connected(session.slot, now_us);
        let index = session.slot as usize;
        if self.hub.gauges.len() <= index {
            self.hub.gauges.resize(index + 1, Gauge::default());
        }
        self.hub.gauges[index] = Gauge::default();
    }

    /// The session is another's than it seemed: of whoever comes from there, whom all limits of addresses are about
    /// from now on, and no more of the gateway. What the gateway's connection has proved says nothing of them.
    pub(super) fn introduced(&mut self, session: SessionId, origin: Origin) {
        let Some(gateway) = self.hub.state.session(session) else {
            return;
        };
        if gateway.user.is_some() {
            return; // who somebody is does not change any more
        }
        let (gateway, source) = (gateway.network(), Source::of(origin));
        let now_us = self.now_us();
        // Whoever is behind it uses up nothing of the gateway's, or one of them could shut out all others.
        if let Some(gateway) = gateway.filter(|network| !network.is_loopback()) {
            let per_minute = self.hub.settings.connects_per_minute;
            self.hub.pace.give_back(&gateway, 1, per_minute);
        }
        let from_elsewhere = source.network().filter(|it| Some(*it) != gateway);
        if let Some(reason) = self.turn_away_from(from_elsewhere, now_us) {
            return self.end(session, reason, Connection::Open);
        }
        self.hub.state.apply(Change::Introduced { session, source });
    }

    /// Why one more connection is too many.
    fn turn_away(&mut self, network: Option<Network>, now_us: u64) -> Option<QuitReason> {
        let hub = &*self.hub;
        if hub.stopping {
            Some(QuitReason::Shutdown)
        } else if hub.state.sessions.len() >= hub.settings.max_connections {
            Some(QuitReason::ServerFull)
        } else {
            self.turn_away_from(network, now_us)
        }
    }

    /// Why one more from there is too many.
    fn turn_away_from(&mut self, network: Option<Network>, now_us: u64) -> Option<QuitReason> {
        let Hub {
            settings,
            state,
            pace,
            ..
        } = &mut *self.hub;
        let per_minute = settings.connects_per_minute;
        let per_ip_max = settings.max_connections_per_ip;
        let are_from = |network: Network| state.sessions.networks.count(network);
        if per_ip_max > 0 && network.is_some_and(|it| are_from(it) >= per_ip_max) {
            Some(QuitReason::TooManyFromAddress)
        } else if let Some(ban) = network.and_then(|it| state.rules.ban_of_address(it)) {
            Some(QuitReason::Banned(ban.reason.clone()))
        } else if let Some(network) = network
            && !network.is_loopback()
            && pace.take(network, now_us, 1, per_minute).is_err()
        {
            Some(QuitReason::TooFastFromAddress)
        } else {
            None
        }
    }
}

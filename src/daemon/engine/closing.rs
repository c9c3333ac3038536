//! How a connection ends: its peer is told of everything that it said, then why it ends, and so is the
//! log.

use tracing::field::display;
use tracing::info;

use super::connection::Connection;
use super::core::Core;
use super::log_pace::Others;
use crate::hub::id::SessionId;
use crate::hub::input::QuitReason;

impl Core {
    /// Closes a connection whose session is over, at once or as soon as the peer has been told of
    /// everything that it said.
    pub(super) fn close(&mut self, session: SessionId, reason: &QuitReason) {
        // The hub counts them no more, so there must be a bound of their own.
        let may_wait = matches!(reason, QuitReason::Closed | QuitReason::Quit(_))
            && self.history.leaving() < self.config.limits.hub.max_connections;
        match self.open(session) {
            Some(connection) if may_wait && connection.acks_awaited > 0 => {
                connection.is_leaving = true;
                self.history.leaves(session, reason.clone());
            }
            Some(_) | None => self.close_now(session, reason),
        }
    }

    /// Tells the peer why, and lets its shard close the connection once that has left.
    pub(super) fn close_now(&mut self, session: SessionId, reason: &QuitReason) {
        let now = self.now();
        let mut last_words = Vec::new();
        let Some(connection) = self
            .connections
            .get_mut(session.slot as usize)
            .filter(|connection| connection.session == session && !connection.is_closing)
        else {
            return;
        };
        match reason {
            // The one has gone, the other has been told by its protocol.
            QuitReason::Closed
            | QuitReason::Unreadable
            | QuitReason::Failed(_)
            | QuitReason::TlsFailed(_)
            | QuitReason::HandshakeTimeout => {}
            QuitReason::SendQueueExceeded { .. }
            | QuitReason::Quit(_)
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
            | QuitReason::Shutdown => {
                connection
                    .protocol
                    .render_close(&self.facts, reason, &mut last_words);
            }
        }
        connection.is_closing = true;
        *self.counters.ended.entry(reason.code()).or_default() += 1;
        if std::mem::replace(&mut connection.is_handshaking, false) {
            let peer = connection.peer;
            self.handshake_ended(session, peer, reason);
        } else {
            // Who was somebody has a line in any case.
            let others = match connection.nick {
                Some(_) => Some(None),
                None => self.log_paces.ended.admit(now.uptime).map(Others::field),
            };
            if let Some(others) = others {
                let seconds = now.uptime.saturating_sub(connection.connected_at).as_secs();
                log_end(connection, reason, seconds, others);
            }
        }
        let how = self.how_to_finish(now);
        self.shards.finish(session.slot, &last_words, how);
    }
}

/// The line an operator looks for: who, from where, for how long, and why it ended.
fn log_end(connection: &Connection, reason: &QuitReason, seconds: u64, others: Option<u64>) {
    let (detail, queued_bytes) = match reason {
        QuitReason::Failed(text) | QuitReason::TlsFailed(text) => (Some(display(text)), None),
        QuitReason::SendQueueExceeded { queued_bytes } => (None, Some(*queued_bytes)),
        QuitReason::Closed
        | QuitReason::Quit(_)
        | QuitReason::Unreadable
        | QuitReason::TooManyFaults
        | QuitReason::PingTimeout
        | QuitReason::HandshakeTimeout
        | QuitReason::LoginTimeout
        | QuitReason::Flooding
        | QuitReason::ServerFull
        | QuitReason::TooManyFromAddress
        | QuitReason::TooFastFromAddress
        | QuitReason::Kicked(_)
        | QuitReason::Banned(_)
        | QuitReason::LoggedOut
        | QuitReason::Shutdown => (None, None),
    };
    info!(
        target: "chatd::connection",
        session = %connection.session,
        nick = %connection.nick(),
        peer = %connection.peer,
        reason = %reason.code(),
        detail,
        queued_bytes,
        seconds,
        bytes_read = connection.bytes_read,
        others,
        "ended",
    );
}

//! What the log says of a session's life, beside that it began and ended.

use tracing::field::DisplayValue;
use tracing::{field, info, warn};

use super::core::Core;
use crate::daemon::transport::Peer;
use crate::hub::fingerprint::Fingerprint;
use crate::hub::id::SessionId;
use crate::hub::name::Nick;
use crate::hub::output::Audit;

impl Core {
    /// Connections are called in other lines as the hub says here.
    pub(super) fn audit(&mut self, audit: Audit) {
        match audit {
            Audit::LoggedIn {
                session,
                nick,
                sessions,
            } => {
                info!(target: "chatd::connection", %session, %nick, sessions, "logged in");
            }
            Audit::PeerTrusted { session, account } => {
                info!(target: "chatd::connection", %session, %account, "logged in by peer credentials");
            }
            Audit::CertificateAccepted {
                session,
                account,
                certificate,
            } => log_certificate(session, &account, certificate),
            Audit::Authenticated { session, account } => {
                info!(target: "chatd::connection", %session, %account, "authenticated");
            }
            Audit::LoginFailed {
                session,
                account,
                code,
            } => {
                let (peer, account) = (self.peer(session), account.map(field::display));
                info!(target: "chatd::connection", %session, peer, account, code, "login refused");
            }
            Audit::LoginsSlowed {
                session,
                account,
                count,
            } => {
                let (peer, account) = (self.peer(session), account.map(field::display));
                info!(target: "chatd::connection", %session, peer, account, count, "logins slowed down");
            }
            Audit::Registered { session, account } => {
                info!(target: "chatd::connection", %session, %account, "registered");
            }
            Audit::PasswordChanged { session, account } => {
                info!(target: "chatd::connection", %session, %account, "password changed");
            }
            Audit::Operator {
                session,
                nick,
                name,
            } => self.log_operator(session, &nick, name.as_deref()),
            Audit::Resigned { session, nick } => {
                info!(target: "chatd::connection", %session, %nick, "is a server operator no more");
            }
            Audit::NickChanged {
                session,
                sessions,
                old,
                new,
            } => {
                info!(target: "chatd::connection", %session, %old, %new, "nick changed");
                self.renamed(&sessions, &new);
            }
            Audit::Detached { session, nick } => {
                info!(target: "chatd::connection", %session, %nick, "keeps its place");
            }
            Audit::Gone { nick } => info!(target: "chatd::connection", %nick, "has not come back"),
            Audit::RoomOpened { room } => info!(target: "chatd::room", %room, "opened"),
            Audit::RoomClosed { room } => info!(target: "chatd::room", %room, "closed"),
            Audit::Moderated { session, deed } => self.log_deed(session, &deed),
            Audit::Throttled { session } => self.log_throttled(session),
        }
    }

    fn log_throttled(&mut self, session: SessionId) {
        let nick = self
            .open(session)
            .map_or("-", |connection| connection.nick());
        warn!(target: "chatd::connection", %session, %nick, "throttled: commands come faster than allowed");
    }

    fn peer(&mut self, session: SessionId) -> Option<DisplayValue<Peer>> {
        let connection = self.open(session)?;
        Some(field::display(connection.peer))
    }

    fn log_operator(&mut self, session: SessionId, nick: &Nick, name: Option<&str>) {
        let peer = self.peer(session);
        match name {
            Some(name) => {
                info!(target: "chatd::connection", %session, peer, %nick, name, "is a server operator from now on");
            }
            None => {
                warn!(target: "chatd::connection", %session, peer, %nick, "gave a wrong name or password for a server operator");
            }
        }
    }

    fn renamed(&mut self, sessions: &[SessionId], nick: &Nick) {
        for &session in sessions {
            if let Some(connection) = self.open(session) {
                connection.nick = Some(nick.clone());
                connection.protocol.renamed(nick);
            }
        }
    }
}

fn log_certificate(session: SessionId, account: &Nick, certificate: Fingerprint) {
    info!(target: "chatd::connection", %session, %account, %certificate, "logs in by certificate");
}

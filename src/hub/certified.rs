//! Logging in by a certificate that the session's peer has shown: whose it is was for the registry to tell, and
//! `authenticate.rs` asked. An operator who takes it back ends the sessions that logged in by it.

use super::change::Change;
use super::ending::Connection;
use super::fingerprint::Fingerprint;
use super::id::SessionId;
use super::input::QuitReason;
use super::name::Nick;
use super::output::Audit;
use super::turn::Turn;

impl Turn<'_> {
    pub(super) fn certified(&mut self, session: SessionId, certificate: Fingerprint) {
        if self.hub.state.session(session).is_some() {
            self.hub.state.apply(Change::Certified {
                session,
                certificate,
            });
        }
    }

    /// Ahead of the login, which nothing refuses any more.
    pub(super) fn admit_by_certificate(
        &mut self,
        session: SessionId,
        account: &Nick,
        certificate: Fingerprint,
    ) {
        self.hub
            .state
            .apply(Change::AdmittedByCertificate { session });
        self.audit(Audit::CertificateAccepted {
            session,
            account: account.clone(),
            certificate,
        });
    }

    pub(super) fn end_certified(&mut self, fingerprint: Fingerprint) {
        let sessions = self.hub.state.sessions.iter();
        let by_it = sessions
            .filter(|(_, it)| it.is_by_certificate() && it.certificate() == Some(fingerprint));
        let by_it: Vec<SessionId> = by_it.map(|(session, _)| session).collect();
        for session in by_it {
            self.end(session, QuitReason::LoggedOut, Connection::Open);
        }
    }
}

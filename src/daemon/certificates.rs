//! The certificate in force: read at the start, replaced by a reload, and warned of before it expires.
//! Connections that are open keep what they began with.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

use super::clock::Clock;
use super::logging::LIFE;
use crate::config::Config;
use crate::tls::{Acceptor, Certificate, TlsError};

/// Why TLS cannot be had: everything that is wrong with its files.
#[derive(Debug, thiserror::Error)]
pub struct Unusable(Vec<TlsError>);

impl Unusable {
    /// One line for each mistake.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|error| format!("TLS: {error}"))
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("; "))
    }
}

/// Holds what listeners begin TLS with; `None` where none has TLS.
#[derive(Debug)]
pub struct Certificates {
    clock: Clock,
    held: Mutex<Option<Acceptor>>,
}

impl Certificates {
    /// Reads what the config names.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(config: &Config, clock: Clock) -> Result<Self, Unusable> {
        let certificates = Self {
            clock,
            held: Mutex::new(None),
        };
        let first = certificates.read_again(config)?;
        certificates.replace(first);
        Ok(certificates)
    }

    /// Reads the files again, and changes nothing yet.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read_again(&self, config: &Config) -> Result<Option<Acceptor>, Unusable> {
        if !config.listen.iter().any(|listen| listen.tls) {
            return Ok(None);
        }
        let held = self.acceptor();
        let held = held.as_ref().map(Acceptor::certificate);
        let read = Acceptor::load(&config.tls, self.now_s(), held);
        read.map(Some).map_err(Unusable)
    }

    /// From now on connections begin with this.
    pub fn replace(&self, acceptor: Option<Acceptor>) {
        if let Some(acceptor) = &acceptor {
            let Certificate {
                subject,
                fingerprint,
                ..
            } = acceptor.certificate();
            info!(target: LIFE, %subject, sha256 = %fingerprint, "TLS certificate in force");
        }
        *self.held() = acceptor;
    }

    /// What a connection begins with.
    #[must_use]
    pub fn acceptor(&self) -> Option<Acceptor> {
        self.held().clone()
    }

    /// What an operator should know of its end.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        self.acceptor()?.certificate().expiry_warning(self.now_s())
    }

    /// Whole days until the certificate expires.
    #[must_use]
    pub fn days_left(&self) -> Option<i64> {
        Some(self.acceptor()?.certificate().days_left(self.now_s()))
    }

    /// Warns of the end once a day, without end.
    pub async fn tend(&self) {
        loop {
            if let Some(warning) = self.warning() {
                warn!(target: LIFE, "{warning}");
            }
            sleep(DAY).await;
        }
    }

    fn now_s(&self) -> i64 {
        i64::try_from(self.clock.now().unix.0 / 1000).unwrap_or(i64::MAX)
    }

    fn held(&self) -> MutexGuard<'_, Option<Acceptor>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const DAY: Duration = Duration::from_secs(86_400);

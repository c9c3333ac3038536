//! Reading the config again while the daemon runs, for SIGHUP, `systemctl reload` and
//! `chatctl reload` alike: all or nothing, and told in full either way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::certificates::{Certificates, Unusable};
use super::engine::handle::{EngineGone, EngineHandle};
use super::logging::level::LevelError;
use super::logging::{LIFE, Logging};
use super::systemd;
use crate::config::{
    self, Changes, Config, EffectiveKey, Loaded, Problems, Sources, after_reload, changes,
};

/// Why nothing was reloaded.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    #[error(transparent)]
    Config(#[from] Problems),
    #[error(transparent)]
    Tls(#[from] Unusable),
    #[error(transparent)]
    Engine(#[from] EngineGone),
    #[error(transparent)]
    Level(#[from] LevelError),
}

/// Knows the config in force and how to get the next.
#[derive(Debug)]
pub struct Reloader {
    sources: Sources,
    engine: EngineHandle,
    logging: Logging,
    certificates: Arc<Certificates>,
    held: Mutex<Held>,
    /// One reload at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Held {
    /// As the daemon was started: the values of all keys that need a restart.
    started: Loaded,
    /// As the files are since the last reload: the values of all others.
    read: Loaded,
    in_force: Arc<Config>,
}

impl Reloader {
    /// With the config that the daemon was started with.
    #[must_use]
    pub fn new(
        sources: Sources,
        started: Loaded,
        engine: EngineHandle,
        logging: Logging,
        certificates: Arc<Certificates>,
    ) -> Self {
        let in_force = Arc::new(started.config.clone());
        Self {
            sources,
            engine,
            logging,
            certificates,
            held: Mutex::new(Held {
                read: started.clone(),
                started,
                in_force,
            }),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Reads the config again and brings into force what does not need a restart. Tells systemd
    /// and the log.
    ///
    /// # Errors
    /// [`ReloadError`]; then nothing has changed.
    pub async fn reload(&self) -> Result<Changes, ReloadError> {
        let _turn = self.turn.lock().await;
        systemd::reloading();
        let outcome = self.read_and_apply().await;
        systemd::ready();
        match &outcome {
            Ok(changes) => tell(changes),
            Err(ReloadError::Config(problems)) => {
                for problem in problems.lines() {
                    tracing::error!(target: LIFE, problem, "a mistake in the config");
                }
                let mistakes = problems.count();
                tracing::error!(target: LIFE, mistakes, "not reloaded, nothing has changed");
            }
            Err(ReloadError::Tls(unusable)) => {
                for problem in unusable.lines() {
                    tracing::error!(target: LIFE, "{problem}");
                }
                tracing::error!(target: LIFE, "not reloaded, nothing has changed: the TLS certificate from before stays in force");
            }
            Err(error) => {
                tracing::error!(target: LIFE, %error, "not reloaded, nothing has changed");
            }
        }
        outcome
    }

    /// The config in force.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.held().in_force)
    }

    /// The certificate in force.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// The file that was read last.
    #[must_use]
    pub fn file(&self) -> Option<std::path::PathBuf> {
        self.held().read.file.clone()
    }

    /// What is allowed but should be known, of the config as it was read last.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.held().read.warnings.clone()
    }

    /// Keys whose value in the file waits for a restart.
    #[must_use]
    pub fn waiting_for_restart(&self) -> Vec<String> {
        let held = self.held();
        changes(&held.started, &held.read).needs_restart
    }

    /// Every value in force and where it came from: those that need a restart are as they were at
    /// the start, whatever the file says now.
    #[must_use]
    pub fn effective(&self) -> Vec<EffectiveKey> {
        let held = self.held();
        let keys_of = |loaded: &Loaded, needs_restart| {
            let keys = loaded.effective.clone().into_iter();
            keys.filter(move |key| key.needs_restart == needs_restart)
        };
        // In the order of the reference, which the started config has; operators may have come since, or gone.
        let mut read = keys_of(&held.read, false).collect::<Vec<_>>();
        let mut effective = Vec::new();
        for key in &held.started.effective {
            match read.iter().position(|fresh| fresh.key == key.key) {
                Some(index) => effective.push(read.remove(index)),
                None if key.needs_restart => effective.push(key.clone()),
                None => {}
            }
        }
        effective.append(&mut read);
        effective
    }

    async fn read_and_apply(&self) -> Result<Changes, ReloadError> {
        let fresh = config::load(&self.sources)?;
        let (changed, in_force) = {
            let held = self.held();
            let changed = Changes {
                applied: changes(&held.read, &fresh).applied,
                needs_restart: changes(&held.started, &fresh).needs_restart,
            };
            let in_force = after_reload(&held.started.config, &fresh.config);
            (changed, Arc::new(in_force))
        };
        // Read before anything changes, and in force after all that can still fail.
        let acceptor = self.certificates.read_again(&in_force)?;
        self.engine.reconfigure(Arc::clone(&in_force)).await?;
        if changed.applied.iter().any(|key| key == "log.level") {
            self.logging.set_configured_level(&in_force.log.level)?;
        }
        self.certificates.replace(acceptor);
        let mut held = self.held();
        held.read = fresh;
        held.in_force = in_force;
        Ok(changed)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(changes: &Changes) {
    let applied = changes.applied.join(", ");
    tracing::info!(target: LIFE, applied, "reloaded the config");
    if !changes.needs_restart.is_empty() {
        let keys = changes.needs_restart.join(", ");
        tracing::warn!(target: LIFE, keys, "these keys take effect after a restart");
    }
}

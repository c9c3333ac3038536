//! What the daemon knows of itself beside its config: since when it runs, whether it serves, where
//! it listens. Written by `run()`, read by the admin API.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::clock::Clock;
use super::nofile::OpenFiles;
use crate::wire::admin::{Listener, State};

/// Shared by `run()` and the admin API.
#[derive(Debug)]
pub struct DaemonState {
    pub clock: Clock,
    pub open_files: OpenFiles,
    stage: Mutex<State>,
    listeners: Mutex<Vec<Listener>>,
    stop: watch::Sender<bool>,
}

impl DaemonState {
    /// A daemon that is starting.
    #[must_use]
    pub fn new(clock: Clock, open_files: OpenFiles) -> Self {
        Self {
            clock,
            open_files,
            stage: Mutex::new(State::Starting),
            listeners: Mutex::default(),
            stop: watch::Sender::new(false),
        }
    }

    /// How far it is.
    #[must_use]
    pub fn stage(&self) -> State {
        *held(&self.stage)
    }

    /// It serves now, or stops now.
    pub fn set_stage(&self, stage: State) {
        *held(&self.stage) = stage;
    }

    /// Where it listens.
    #[must_use]
    pub fn listeners(&self) -> Vec<Listener> {
        held(&self.listeners).clone()
    }

    /// One more place where it listens.
    pub fn add_listener(&self, listener: Listener) {
        held(&self.listeners).push(listener);
    }

    /// Asks the daemon to stop gracefully, as SIGTERM does.
    pub fn ask_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns once someone has asked to stop.
    pub async fn stop_asked(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives in `self`, so this ends only with a yes.
        let _ = stop.wait_for(|asked| *asked).await;
    }
}

/// The guarded values are replaced whole, so that a panic leaves none half done.
fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

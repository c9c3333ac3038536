//! The first lines of the log: what this daemon is, what it can hold, and what it found.

use tracing::{info, warn};

use super::logging::LIFE;
use super::nofile::{self, OpenFiles};
use crate::config::Loaded;
use crate::registry::Registry;
use crate::store::Store;

/// What an operator wants to see first: which program, which config, how much it can hold.
pub(super) fn tell_start(loaded: &Loaded, files: OpenFiles) {
    let file = loaded.file.as_ref().map(|file| file.display().to_string());
    let file = file.as_deref().unwrap_or("none, running on defaults");
    info!(target: LIFE, version = %env!("CARGO_PKG_VERSION"), config = %file, "starting");
    let allowed = files.connections_allowed(nofile::RESERVE);
    let wanted = loaded.config.limits.hub.max_connections;
    info!(
        target: LIFE,
        limit = files.now,
        limit_before = files.soft_before,
        "the limit on open files allows {allowed} connections; limits.max_connections is {wanted}",
    );
    for warning in files.shortage(wanted).iter().chain(&loaded.warnings) {
        warn!(target: LIFE, "{warning}");
    }
}

/// That a history was found and how long it is, or that there was none: nobody should miss that.
pub(super) fn tell_history(store: Option<&Store>) {
    let Some(store) = store else {
        info!(target: LIFE, "no history is kept");
        return;
    };
    let status = store.handle().status();
    let path = status.path.display();
    info!(target: LIFE, %path, messages = status.messages, "history opened");
}

/// That the accounts were found and how many they are, or that there was no registry, and who may read it.
pub(super) fn tell_registry(registry: &Registry) {
    let opening = registry.opening();
    let path = opening.path.display();
    let (accounts, rooms, rules) = (opening.accounts, opening.rooms, opening.rules);
    let what = if opening.is_new { "begun" } else { "opened" };
    info!(target: LIFE, %path, accounts, rooms, rules, "registry {what}");
    if opening.mode & OTHERS != 0 {
        let mode = opening.mode;
        warn!(
            target: LIFE,
            %path,
            "others may read or write the registry (mode {mode:o}): chmod 600, and look at who has copied it",
        );
    }
}

/// What the group and the others may do with a file.
const OTHERS: u32 = 0o077;

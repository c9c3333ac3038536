//! What a reload changes: which keys come into force at once, and which wait for a restart. Both
//! answers follow from the table of keys.

use std::collections::BTreeMap;

use super::Config;
use super::keys::CONFIG_KEYS;
use super::load::{EffectiveKey, Loaded};

/// The keys whose value differs between two configs, by when the new value comes into force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// In force after the reload.
    pub applied: Vec<String>,
    /// Waiting for a restart.
    pub needs_restart: Vec<String>,
}

/// Compares two configs. To name also what has been waiting for a restart since an earlier reload,
/// compare with the config that is in force: see [`after_reload`].
#[must_use]
pub fn changes(old: &Loaded, new: &Loaded) -> Changes {
    let before = by_name(old);
    let after = by_name(new);
    let value = |keys: &BTreeMap<&str, &EffectiveKey>, name: &str| {
        keys.get(name).map(|key| key.value.clone())
    };
    // In the order of the reference; then what only the old one had (a listener that is gone).
    let gone = old
        .effective
        .iter()
        .filter(|key| !after.contains_key(key.key.as_str()));
    let mut changes = Changes::default();
    for key in new.effective.iter().chain(gone) {
        if value(&before, &key.key) == value(&after, &key.key) {
            continue;
        }
        let list = match key.needs_restart {
            true => &mut changes.needs_restart,
            false => &mut changes.applied,
        };
        list.push(key.key.clone());
    }
    changes
}

/// The config that is in force once a running daemon has reloaded: the new values of all keys that
/// a reload may change, and the running values of all others.
#[must_use]
pub fn after_reload(running: &Config, new: &Config) -> Config {
    let mut config = running.clone();
    for key in CONFIG_KEYS.iter().filter(|key| !key.needs_restart()) {
        key.kind.copy(new, &mut config);
    }
    let (hub, new) = (&mut config.limits.hub, &new.limits.hub);
    hub.opers.clone_from(&new.opers);
    hub.server_nick.clone_from(&new.server_nick);
    config
}

fn by_name(loaded: &Loaded) -> BTreeMap<&str, &EffectiveKey> {
    loaded
        .effective
        .iter()
        .map(|key| (key.key.as_str(), key))
        .collect()
}

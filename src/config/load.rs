//! Loading: find the file, read it, lay `--set` over it, check all, and remember where each value
//! came from. The one place where the config meets the file system.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::check::{Checked, Draft};
use super::file;
use super::keys::{Key, LISTEN_KEYS, OPER_KEYS, Section};
use super::kind::Kind;
use super::listen::ListenDraft;
use super::opers::OperDraft;
use super::paths::{self, Environment};
use super::problem::{Place, Problem, Problems};
use super::{Accounts, Config, Endpoint, set};

use crate::hub::account::Require;

/// What a config is made of. Kept by the daemon, so that a reload asks the same sources again.
#[derive(Clone, Debug)]
pub struct Sources {
    /// `--config`: the file must exist. Without it [`paths::config_file`] looks for one.
    pub file: Option<PathBuf>,
    /// `--set KEY=VALUE`, in order; later ones win, and all win over the file.
    pub sets: Vec<String>,
    pub environment: Environment,
}

/// A checked config, and what there is to tell about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    /// The file that was read; `None` when there is none and chatd runs on its defaults.
    pub file: Option<PathBuf>,
    /// Every key that has a value, in the order of the reference.
    pub effective: Vec<EffectiveKey>,
    /// What is allowed but should be known, in sentences.
    pub warnings: Vec<String>,
}

/// One value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveKey {
    /// `limits.rate`, `listen[0].port`
    pub key: String,
    /// In TOML's notation.
    pub value: String,
    pub source: Source,
    /// Whether a change needs a restart; the others take effect on reload.
    pub needs_restart: bool,
    /// Whether the value is the hash of a password, for whoever may read the file only.
    pub is_secret: bool,
}

impl EffectiveKey {
    /// The value for everybody on the machine.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self.is_secret && self.value != NONE {
            true => "(hidden)",
            false => &self.value,
        }
    }
}

/// No password, in TOML's notation.
const NONE: &str = "\"\"";

/// Where a value came from. Displays as `default`, `/etc/chatd/chat.toml:12` or `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File { path: Arc<str>, line: usize },
    Set,
}

/// Loads the config.
///
/// # Errors
/// All mistakes of the file and of `--set`.
pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
    let file = paths::config_file(sources.file.as_deref(), &sources.environment, |path| {
        path.exists()
    });
    let bytes = file.as_deref().map_or_else(|| Ok(Vec::new()), file::read);
    let (bytes, unread) = match bytes {
        Ok(bytes) => (bytes, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    build(file, &bytes, unread, sources)
}

fn build(
    file: Option<PathBuf>,
    bytes: &[u8],
    unread: Option<Problem>,
    sources: &Sources,
) -> Result<Loaded, Problems> {
    let defaults = Config::defaults(&paths::directories(&sources.environment));
    let mut draft = Draft::new(defaults);
    let (document, syntax) = file::parse(bytes);
    draft.file(&document, syntax);

    let mut problems: Vec<Problem> = unread.into_iter().collect();
    for argument in &sources.sets {
        match set::parse(argument) {
            Ok(section) => draft.section(&section),
            Err(problem) => problems.push(problem),
        }
    }
    let checked = draft.finish();
    problems.extend(checked.problems.iter().cloned());
    if !problems.is_empty() {
        return Err(Problems::new(file, problems));
    }
    Ok(Loaded {
        effective: effective(&checked, file.as_ref()),
        warnings: warnings(&checked, file.as_ref()),
        config: checked.config,
        file,
    })
}

fn effective(checked: &Checked, file: Option<&PathBuf>) -> Vec<EffectiveKey> {
    let path: Arc<str> = file.map_or_else(|| "".into(), |file| file.to_string_lossy().into());
    let mut keys = Vec::new();
    for section in Section::ALL {
        for key in section.keys() {
            keys.extend(one(key, &checked.config, section.name(), checked, &path));
        }
        if section == Section::Oper {
            for (index, oper) in checked.config.limits.hub.opers.iter().enumerate() {
                let draft = OperDraft::from(oper);
                let here = format!("oper[{index}]");
                let of_oper = OPER_KEYS.iter();
                keys.extend(of_oper.filter_map(|key| one(key, &draft, &here, checked, &path)));
            }
        }
        if section == Section::Listen {
            for (index, listen) in checked.config.listen.iter().enumerate() {
                let draft = ListenDraft::from(listen);
                let here = format!("listen[{index}]");
                let of_listener = LISTEN_KEYS.iter();
                keys.extend(of_listener.filter_map(|key| one(key, &draft, &here, checked, &path)));
            }
        }
    }
    keys
}

fn one<T>(
    key: &Key<T>,
    target: &T,
    prefix: &str,
    checked: &Checked,
    path: &Arc<str>,
) -> Option<EffectiveKey> {
    let name = format!("{prefix}.{}", key.name);
    let source = match checked.origins.get(&name) {
        Some(Place::File { line, .. }) => Source::File {
            path: Arc::clone(path),
            line: *line,
        },
        Some(Place::Set) => Source::Set,
        Some(Place::WholeFile | Place::Default) | None => Source::Default,
    };
    Some(EffectiveKey {
        value: key.kind.show(target)?,
        key: name,
        source,
        needs_restart: key.needs_restart(),
        is_secret: matches!(key.kind, Kind::Secret(..)),
    })
}

/// Without TLS nothing protects a listener but the network it is on, and accounts that may be required; and
/// memory that hashing passwords takes must be there.
fn warnings(checked: &Checked, file: Option<&PathBuf>) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(text) = hash_memory_warning(&checked.config.accounts, memory_of_machine()) {
        let key = "accounts.hash_memory".to_owned();
        let place = checked.origins.get(&key).copied();
        warnings.push(Problem::new(place.unwrap_or(Place::Default), key, text).line(file));
    }
    for (index, listen) in checked.config.listen.iter().enumerate() {
        let Endpoint::Tcp { address, .. } = &listen.at else {
            continue;
        };
        if !address.to_canonical().is_loopback() && !listen.tls {
            let key = format!("listen[{index}].address");
            let place = checked.origins.get(&key).copied();
            let text = match checked.config.limits.hub.require_account {
                Require::None => format!(
                    "{} is open to other machines: whoever reaches it may read and speak, \
                     and nothing is encrypted; see tls, and accounts.require",
                    listen.at
                ),
                Require::Remote | Require::All => format!(
                    "{} is open to other machines, and nothing is encrypted: whoever sees the traffic \
                     sees passwords too; see tls",
                    listen.at
                ),
            };
            warnings.push(Problem::new(place.unwrap_or(Place::Default), key, text).line(file));
        }
    }
    warnings
}

/// Whether logins could take more than half of a machine's memory, in bytes.
fn hash_memory_warning(accounts: &Accounts, machine: usize) -> Option<String> {
    let at_once = accounts.hash_memory.saturating_mul(accounts.hash_threads);
    (at_once > machine / 2).then(|| {
        format!(
            "logins may take {} MiB at once (times accounts.hash_threads), more than half of this machine's {} MiB",
            at_once >> 20,
            machine >> 20
        )
    })
}

/// In bytes, without swap.
fn memory_of_machine() -> usize {
    let info = rustix::system::sysinfo();
    let units = usize::try_from(info.totalram).unwrap_or(usize::MAX);
    units.saturating_mul(usize::try_from(info.mem_unit).unwrap_or(usize::MAX))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
            Self::Set => f.write_str("--set"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_memory_is_for_more_than_logins() {
        let accounts = Accounts {
            path: PathBuf::new(),
            hash_memory: 64 << 20,
            hash_passes: 1,
            hash_threads: 4,
            hash_queue: 1,
            external: super::super::External::default(),
        };
        assert_eq!(hash_memory_warning(&accounts, 512 << 20), None);
        let text = hash_memory_warning(&accounts, 511 << 20).unwrap();
        assert!(
            text.contains("256 MiB") && text.contains("511 MiB"),
            "{text}"
        );
        assert!(memory_of_machine() > 1 << 20);
    }
}

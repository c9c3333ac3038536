//! What is found while a config is checked: where each value was written, which were refused, and
//! every mistake. Knows the table of keys, so that a misspelt name can be told what was meant.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Form, RawEntry, RawSection};
use super::keys::{Key, Section};
use super::problem::{Place, Problem, nearest, shown};

/// What was found while checking.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) origins: BTreeMap<String, Place>,
    /// Keys whose value was refused: what depends on them is not judged.
    refused: BTreeSet<String>,
    pub(super) problems: Vec<Problem>,
}

impl Notes {
    /// Notes a mistake at the first of these keys that was written somewhere.
    pub(super) fn problem(&mut self, at: &[&str], key: &str, text: impl Into<String>) {
        let place = at
            .iter()
            .find_map(|key| self.origins.get(*key))
            .copied()
            .unwrap_or(Place::Default);
        self.problems.push(Problem::new(place, key, text));
    }

    /// Whether a key of this listener or operator was refused.
    pub(super) fn refused_within(&self, item: &str) -> bool {
        self.refused.iter().any(|key| key.starts_with(item))
    }

    pub(super) fn any_refused(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.refused.contains(*key))
    }

    pub(super) fn put<T>(
        &mut self,
        keys: &[&Key<T>],
        target: &mut T,
        prefix: &str,
        entry: &RawEntry,
    ) {
        let Some(key) = keys.iter().find(|key| key.name == entry.key) else {
            let names = keys.iter().map(|key| key.name);
            return self.unknown_key(names, prefix, entry);
        };
        let name = format!("{prefix}.{}", key.name);
        match key.kind.put(target, &entry.value) {
            Ok(()) => {
                self.origins.insert(name, entry.value_place);
            }
            Err(text) => {
                self.problems
                    .push(Problem::new(entry.value_place, name.clone(), text));
                self.refused.insert(name);
            }
        }
    }

    fn unknown_key<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
        prefix: &str,
        entry: &RawEntry,
    ) {
        let mut text = "unknown key".to_owned();
        if let Some(meant) = nearest(&entry.key, names) {
            text.push_str(&format!("; did you mean \"{meant}\"?"));
        } else if let Some(section) = Section::with_key(&entry.key).next() {
            text.push_str(&format!("; it belongs in {}", bracketed(section)));
        }
        let key = format!("{prefix}.{}", plain(&entry.key));
        self.problems.push(Problem::new(entry.key_place, key, text));
    }

    pub(super) fn unknown_section(&mut self, raw: &RawSection) {
        let scalar = raw.form == Form::Scalar;
        let mut text = match scalar {
            true => "unknown key outside any section".to_owned(),
            false => "unknown section".to_owned(),
        };
        let homes = Section::with_key(&raw.name).next().filter(|_| scalar);
        if let Some(section) = homes {
            text.push_str(&format!("; it belongs in {}", bracketed(section)));
        } else {
            let names = Section::ALL.into_iter().map(Section::name);
            let meant = nearest(&raw.name, names.clone());
            text.push_str(&meant.map_or_else(
                || format!("; there are {}", names.collect::<Vec<_>>().join(", ")),
                |name| format!("; did you mean \"{name}\"?"),
            ));
        }
        self.problems
            .push(Problem::new(raw.place, plain(&raw.name), text));
    }

    pub(super) fn wrong_form(&mut self, raw: &RawSection, text: impl Into<String>) {
        self.problems
            .push(Problem::new(raw.place, raw.name.clone(), text));
    }
}

fn bracketed(section: Section) -> String {
    match section {
        Section::Listen | Section::Oper => format!("[[{}]]", section.name()),
        Section::Server
        | Section::Tls
        | Section::Http
        | Section::Irc
        | Section::Limits
        | Section::History
        | Section::Accounts
        | Section::External
        | Section::Log
        | Section::Admin => format!("[{}]", section.name()),
    }
}

/// A key as it was written; in quotes when it is no plain word.
fn plain(key: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.len() <= 60 && key.chars().all(word) {
        key.to_owned()
    } else {
        shown(key)
    }
}

//! Which nicks and which people belong to accounts, for all accounts at once and whether or not anybody
//! is here, so that a guest's nick is decided on without asking. With a million accounts this must be
//! small: a nick is kept as the first 64 bits of its hash, so an account costs two numbers. Two nicks of
//! one hash are as unlikely as a collision of owners; all that would happen is that a free nick is refused.

use std::collections::{BTreeSet, VecDeque};

use sha2::{Digest, Sha256};

use super::history::OwnerId;
use super::name::Nick;

/// Who is held for an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    nicks: BTreeSet<u64>,
    owners: BTreeSet<OwnerId>,
    /// Whose accounts were removed since the start, the latest last.
    removed: VecDeque<OwnerId>,
}

/// Most owners of removed accounts that are remembered, 8 bytes each; beyond it the oldest are forgotten. All
/// are looked at when a guest logs in with a key.
const REMOVED_MAX: usize = 4096;

impl Held {
    pub(super) fn add(&mut self, name: &Nick, owner: OwnerId) {
        self.nicks.insert(hash(name.key()));
        self.owners.insert(owner);
    }

    pub(super) fn remove(&mut self, name: &Nick, owner: OwnerId) {
        self.nicks.remove(&hash(name.key()));
        self.owners.remove(&owner);
        if self.removed.len() >= REMOVED_MAX {
            self.removed.pop_front();
        }
        self.removed.push_back(owner);
    }

    /// Whether the nick belongs to an account.
    pub(super) fn has_nick(&self, nick: &Nick) -> bool {
        !self.nicks.is_empty() && self.nicks.contains(&hash(nick.key()))
    }

    /// Whether the person has an account, or had one that was removed, so that a key alone does not make
    /// anybody them.
    pub(super) fn has_owner(&self, owner: OwnerId) -> bool {
        self.owners.contains(&owner) || self.removed.contains(&owner)
    }
}

/// From the keys of nicks and their owners.
impl<K: AsRef<str>> FromIterator<(K, OwnerId)> for Held {
    fn from_iter<T: IntoIterator<Item = (K, OwnerId)>>(accounts: T) -> Self {
        // Sets made from sorted lists are filled densely, which saves a third of their memory.
        let (nicks, owners): (Vec<u64>, Vec<OwnerId>) = accounts
            .into_iter()
            .map(|(key, owner)| (hash(key.as_ref()), owner))
            .unzip();
        Self {
            nicks: nicks.into_iter().collect(),
            owners: owners.into_iter().collect(),
            removed: VecDeque::new(),
        }
    }
}

fn hash(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    u64::from_be_bytes(*digest.first_chunk().expect("a SHA-256 has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nick_is_held_in_every_spelling() {
        let nick = |text| Nick::parse(text).unwrap();
        let mut held: Held = [("ana", OwnerId(1))].into_iter().collect();
        assert!(held.has_nick(&nick("ANA")) && held.has_owner(OwnerId(1)));
        held.add(&nick("Ben"), OwnerId(2));
        assert!(held.has_nick(&nick("ben")) && !held.has_nick(&nick("cho")));
        held.remove(&nick("ana"), OwnerId(1));
        assert!(!held.has_nick(&nick("ana")));
    }

    #[test]
    fn the_owners_of_the_accounts_removed_last_are_remembered() {
        let ana = Nick::parse("ana").unwrap();
        let mut held = Held::default();
        let last = REMOVED_MAX as u64 + 1;
        for owner in (1..=last).map(OwnerId) {
            held.add(&ana, owner);
            held.remove(&ana, owner);
        }
        assert!(!held.has_owner(OwnerId(1)));
        assert!(held.has_owner(OwnerId(2)) && held.has_owner(OwnerId(last)));
        assert_eq!(held.removed.len(), REMOVED_MAX);
    }
}

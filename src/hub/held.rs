//! Which nicks and which people belong to accounts, for all accounts at once and whether or not anybody
//! is here, so that a guest's nick is decided on without asking. With a million accounts this must be
//! small: a nick is kept as the first 64 bits of its hash, so an account costs two numbers. Two nicks of
//! one hash are as unlikely as a collision of owners; all that would happen is that a free nick is refused.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::history::OwnerId;
use super::name::Nick;

/// Who is held for an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    nicks: BTreeSet<u64>,
    /// Whose accounts were removed, too.
    owners: BTreeSet<OwnerId>,
}

impl Held {
    pub(super) fn add(&mut self, name: &Nick, owner: OwnerId) {
        self.nicks.insert(hash(name.key()));
        self.owners.insert(owner);
    }

    /// The nick is free again; the person is not to be reached by a key alone, ever.
    pub(super) fn remove(&mut self, name: &Nick) {
        self.nicks.remove(&hash(name.key()));
    }

    /// As [`remove`](Self::remove), of accounts that were removed before the start.
    #[must_use]
    pub fn with_removed(mut self, owners: impl IntoIterator<Item = OwnerId>) -> Self {
        self.owners.extend(owners);
        self
    }

    /// Whether the nick belongs to an account.
    pub(super) fn has_nick(&self, nick: &Nick) -> bool {
        !self.nicks.is_empty() && self.nicks.contains(&hash(nick.key()))
    }

    /// Whether the person has an account, or had one that was removed, so that a key alone does not make
    /// anybody them.
    pub(super) fn has_owner(&self, owner: OwnerId) -> bool {
        self.owners.contains(&owner)
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
        held.remove(&nick("ana"));
        assert!(!held.has_nick(&nick("ana")));
        assert!(held.has_owner(OwnerId(1)), "whoever has the key");
        let held = held.with_removed([OwnerId(3)]);
        assert!(held.has_owner(OwnerId(3)));
    }
}

//! Where each account was last logged in to from, so that its owner is known there again. Bounded, and only as
//! long as the daemon runs: after a start everybody is new once.

use std::collections::BTreeMap;

use super::address::Source;
use super::name::Nick;

/// Places of one account; beyond that the oldest gives way.
const PLACES_MAX: usize = 4;

/// Accounts that are remembered; beyond that those give way whose last login is the longest ago.
const ACCOUNTS_MAX: usize = 10_000;

/// The usual places of all accounts.
#[derive(Debug, Default)]
pub(super) struct UsualPlaces {
    accounts: BTreeMap<Nick, Usual>,
    /// By the serial of their last login.
    by_age: BTreeMap<u64, Nick>,
    serial: u64,
}

#[derive(Debug)]
struct Usual {
    /// The latest last.
    places: Vec<Source>,
    age: u64,
}

impl UsualPlaces {
    pub(super) fn knows(&self, account: &Nick, source: Source) -> bool {
        let usual = self.accounts.get(account);
        usual.is_some_and(|usual| usual.places.contains(&source))
    }

    /// The account was logged in to from there.
    pub(super) fn note(&mut self, account: &Nick, source: Source) {
        self.serial += 1;
        let usual = self.accounts.entry(account.clone());
        let usual = usual.or_insert(Usual {
            places: Vec::new(),
            age: self.serial,
        });
        usual.places.retain(|place| *place != source);
        if usual.places.len() >= PLACES_MAX {
            usual.places.remove(0);
        }
        usual.places.push(source);
        self.by_age.remove(&usual.age);
        usual.age = self.serial;
        self.by_age.insert(self.serial, account.clone());
        if self.by_age.len() > ACCOUNTS_MAX
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.accounts.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_places_of_the_last_accounts_are_known() {
        let mut usual = UsualPlaces::default();
        let ana = Nick::parse("ana").unwrap();
        let from = |uid: u32| Source::User(uid.to_be_bytes());
        for uid in [1, 2, 1, 3, 4, 5] {
            usual.note(&ana, from(uid));
        }
        assert!(!usual.knows(&ana, from(2)));
        assert!([1, 3, 4, 5].iter().all(|&uid| usual.knows(&ana, from(uid))));
        for number in 1..ACCOUNTS_MAX {
            usual.note(&Nick::parse(&format!("n{number}")).unwrap(), from(1));
        }
        assert!(usual.knows(&ana, from(5)));
        usual.note(&Nick::parse("ben").unwrap(), from(1));
        assert!(!usual.knows(&ana, from(5)));
        assert_eq!(usual.accounts.len(), ACCOUNTS_MAX);
        assert_eq!(usual.by_age.len(), ACCOUNTS_MAX);
    }
}

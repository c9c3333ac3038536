//! What the passwords of all accounts cost to compare, so that a name that nobody has costs what an account
//! would. After a change of the config's cost each account keeps its old one until its next login; a name that
//! is unknown then takes one of those in use, in proportion to how many accounts have it, and always the same
//! one for the same name, as an account does.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::hub::name::Nick;

use super::hash::HashCost;

/// How many accounts there are of each cost: as many rows as the config ever had costs.
#[derive(Debug)]
pub(super) struct Costs {
    accounts: BTreeMap<HashCost, u64>,
    /// Which name takes which is nobody else's to know. It stays the same across starts.
    key: [u8; 32],
}

impl Costs {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self {
            accounts: BTreeMap::new(),
            key,
        }
    }

    /// An account has this hash from now on. One that is not ours is passed over.
    pub(super) fn add(&mut self, hash: &str) {
        if let Some(cost) = HashCost::of(hash) {
            *self.accounts.entry(cost).or_default() += 1;
        }
    }

    /// An account has this hash no more.
    pub(super) fn remove(&mut self, hash: &str) {
        if let Some(cost) = HashCost::of(hash)
            && let Some(count) = self.accounts.get_mut(&cost)
        {
            *count -= 1;
            if *count == 0 {
                self.accounts.remove(&cost);
            }
        }
    }

    /// What a name costs that has no password; `None` where no account has one.
    pub(super) fn of_unknown(&self, name: &Nick) -> Option<HashCost> {
        let total: u64 = self.accounts.values().sum();
        let mut at = self.draw(name).checked_rem(total)?;
        let found = self.accounts.iter().find(|&(_, &count)| {
            let is_here = at < count;
            at = at.saturating_sub(count);
            is_here
        });
        found.map(|(&cost, _)| cost)
    }

    fn draw(&self, name: &Nick) -> u64 {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(name.key().as_bytes());
        let digest = digest.finalize();
        u64::from_be_bytes(*digest.first_chunk().expect("a SHA-256 has 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::book::{Book, NewAccount};
    use super::super::passwords::Prepared;
    use super::super::schema;
    use super::super::scram::Salts;
    use super::*;
    use crate::hub::secret::Secret;
    use crate::hub::time::UnixMillis;

    const OLD: HashCost = HashCost {
        memory_kib: 8,
        passes: 1,
    };
    const NEW: HashCost = HashCost {
        memory_kib: 16,
        passes: 2,
    };

    fn nick(number: u32) -> Nick {
        Nick::parse(&format!("n{number}")).unwrap()
    }

    fn of(cost: HashCost) -> Prepared {
        let password = Secret::new("correct horse").unwrap();
        Prepared {
            hash: cost.decoy(),
            scram: Salts::new([7; 32]).keys(&nick(0), &password),
        }
    }

    #[test]
    fn unknown_names_cost_what_accounts_do_in_proportion() {
        let mut costs = Costs::new([7; 32]);
        assert_eq!(costs.of_unknown(&nick(0)), None);
        for _ in 0..3 {
            costs.add(&OLD.decoy());
        }
        costs.add("$argon2i$v=19$m=8,t=1,p=1$AA$AA");
        assert!((0..100).all(|number| costs.of_unknown(&nick(number)) == Some(OLD)));
        costs.add(&NEW.decoy());
        let cheap = |costs: &Costs| {
            let all = (0..4000).map(|number| costs.of_unknown(&nick(number)));
            all.filter(|&cost| cost == Some(OLD)).count()
        };
        let before = cheap(&costs);
        assert!((2800..3200).contains(&before), "{before}");
        assert_eq!(cheap(&costs), before, "the same for the same name");
        for _ in 0..3 {
            costs.remove(&OLD.decoy());
        }
        assert_eq!(cheap(&costs), 0);
    }

    #[test]
    fn the_book_counts_what_it_writes_down_and_finds_it_again() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, 0).unwrap();
        let mut book = Book::new(connection).unwrap();
        for number in 0..3 {
            book.add(&NewAccount {
                name: &nick(number),
                owner: None,
                password: Some(&of(OLD)),
                invitation: None,
                at: UnixMillis(1),
            })
            .unwrap();
        }
        let id = |number| book.account(&nick(number)).unwrap().unwrap().id;
        let (first, second, third) = (id(0), id(1), id(2));
        book.set_password(first, &of(NEW)).unwrap();
        book.rehash(second, &OLD.decoy(), &of(NEW)).unwrap();
        book.rehash(second, &OLD.decoy(), &of(NEW)).unwrap(); // has changed meanwhile
        assert_eq!(book.costs.accounts, [(OLD, 1), (NEW, 2)].into());
        book.remove(third).unwrap();
        assert_eq!(book.costs.accounts, [(NEW, 2)].into());
        let again = Book::new(book.connection).unwrap();
        assert_eq!(again.costs.accounts, book.costs.accounts);
        assert_eq!(again.costs.key, book.costs.key);
    }
}

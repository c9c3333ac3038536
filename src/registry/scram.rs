//! What SCRAM-SHA-256 (RFC 5802 and 7677) needs of a password: two keys, which are kept beside its Argon2 hash.
//! With them a client proves that it knows the password without sending it, and nobody can log in who has read
//! them. Salts are drawn by a keyed hash of the name, so that a name that nobody has shows one like all others,
//! and the same each time.

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::hub::account::{AccountAnswer, ScramChallenge, ScramSignature};
use crate::hub::name::Nick;
use crate::hub::secret::Secret;
use crate::hub::time::UnixMillis;

use super::book::Book;
use super::clerk::{Clerk, failed};
use super::passwords::Prepared;

/// Rounds of PBKDF2 for new keys: some milliseconds here, and of the client. RFC 7677 wants 4096 at least.
const ITERATIONS: u32 = 10_000;

/// What is kept of a password for SCRAM.
#[derive(Clone, PartialEq)]
pub(super) struct ScramKeys {
    salted: Salted,
    stored: [u8; 32],
    server: [u8; 32],
}

/// How a key is made of a password.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Salted {
    salt: [u8; 16],
    iterations: u32,
}

/// With what the salts of all names are drawn.
#[derive(Clone, PartialEq)]
pub(super) struct Salts([u8; 32]);

impl Salts {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// What is made of a name's password; it takes some milliseconds.
    pub(super) fn keys(&self, name: &Nick, password: &Secret) -> ScramKeys {
        ScramKeys::of(password, self.salted(name))
    }

    /// What a name is shown that has no keys, and what new keys are made with.
    fn salted(&self, name: &Nick) -> Salted {
        let drawn = mac(&self.0, name.key());
        Salted {
            salt: *drawn.first_chunk().expect("a SHA-256 has 32 bytes"),
            iterations: ITERATIONS,
        }
    }

    /// Keys that nobody has: what is compared when there are none.
    fn decoy(&self, name: &Nick) -> ScramKeys {
        ScramKeys {
            salted: self.salted(name),
            stored: self.0,
            server: self.0,
        }
    }
}

impl Salted {
    fn challenge(self) -> ScramChallenge {
        let Self { salt, iterations } = self;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).expect("a running Linux always gives random bytes");
        ScramChallenge {
            salt,
            iterations,
            nonce,
        }
    }
}

impl ScramKeys {
    fn of(password: &Secret, salted: Salted) -> Self {
        let Salted { salt, iterations } = salted;
        let password = password.reveal().as_bytes();
        let mut key = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt, iterations, &mut key);
        Self {
            salted,
            stored: Sha256::digest(mac(&key, "Client Key")).into(),
            server: mac(&key, "Server Key"),
        }
    }

    /// What the client is told in turn, if its proof is right.
    fn judge(&self, auth_message: &str, proof: &[u8; 32]) -> Option<ScramSignature> {
        let mut client_key = mac(&self.stored, auth_message);
        for (byte, proof) in client_key.iter_mut().zip(proof) {
            *byte ^= proof;
        }
        let stored = Sha256::digest(client_key);
        let is_right = bool::from(stored.as_slice().ct_eq(&self.stored));
        is_right.then(|| ScramSignature(mac(&self.server, auth_message)))
    }
}

impl std::fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScramKeys(hidden)")
    }
}

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts(hidden)")
    }
}

impl Book {
    /// An account's; `None` where it has none, for it has no password, or had its last from an older chatd and
    /// nobody has logged in by that since.
    pub(super) fn scram_keys(&self, account: i64) -> rusqlite::Result<Option<ScramKeys>> {
        let mut found = self.connection.prepare_cached(
            "SELECT salt, iterations, stored_key, server_key FROM scram WHERE account = ?1",
        )?;
        let found = found.query_row([account], |row| {
            Ok(ScramKeys {
                salted: Salted {
                    salt: row.get(0)?,
                    iterations: row.get(1)?,
                },
                stored: row.get(2)?,
                server: row.get(3)?,
            })
        });
        found.optional()
    }
}

/// Writes down the keys of a password that an account has, if it still has that hash of it.
pub(super) fn add_scram_keys(
    connection: &Connection,
    account: i64,
    password: &Prepared,
) -> rusqlite::Result<()> {
    let keys = &password.scram;
    let Salted { salt, iterations } = keys.salted;
    let added = connection.execute(
        "INSERT OR REPLACE INTO scram (account, salt, iterations, stored_key, server_key)
         SELECT id, ?3, ?4, ?5, ?6 FROM account WHERE id = ?1 AND password = ?2",
        params![
            account,
            password.hash,
            salt,
            iterations,
            keys.stored,
            keys.server
        ],
    );
    added.map(|_| ())
}

impl Clerk {
    pub(super) fn begin_scram(&self, name: &Nick) -> AccountAnswer {
        match self.find_scram_keys(name) {
            Ok((_, keys)) => AccountAnswer::ScramChallenge(keys.salted.challenge()),
            Err(error) => failed(&error),
        }
    }

    pub(super) fn check_scram(
        &mut self,
        name: &Nick,
        auth_message: &str,
        proof: &[u8; 32],
        at: UnixMillis,
    ) -> AccountAnswer {
        let (account, keys) = match self.find_scram_keys(name) {
            Ok(found) => found,
            Err(error) => return failed(&error),
        };
        let signature = keys.judge(auth_message, proof);
        let row = match self.book.account(name) {
            Ok(row) => row,
            Err(error) => return failed(&error),
        };
        match (row, signature) {
            (Some(row), Some(signature)) if account == Some(row.id) => {
                let answer = self.let_in(row, at);
                if let AccountAnswer::Account(account) = answer {
                    return AccountAnswer::ScramProved { account, signature };
                }
                answer
            }
            (Some(row), _) => {
                self.count_failure(row.id);
                AccountAnswer::Wrong
            }
            (None, _) => AccountAnswer::Wrong,
        }
    }

    /// Those of an account and its id, or where there are none, some that nobody has. Both take as long.
    fn find_scram_keys(&self, name: &Nick) -> rusqlite::Result<(Option<i64>, ScramKeys)> {
        let account = self.book.account(name)?.map(|row| row.id);
        let keys = self.book.scram_keys(account.unwrap_or_default())?;
        let decoy = self.shared.hashing.salts.decoy(name);
        Ok(match keys {
            Some(keys) => (account, keys),
            None => (None, decoy),
        })
    }
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange that RFC 7677 shows.
    #[test]
    fn the_example_of_the_rfc_is_right_and_nothing_else() {
        let salted = Salted {
            salt: [
                0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36,
                0xfa, 0x81,
            ],
            iterations: 4096,
        };
        let auth_message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
             c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let proof = [
            0x74, 0x7c, 0xdb, 0x65, 0xaa, 0x56, 0x22, 0x4e, 0x23, 0x52, 0x13, 0x7e, 0x52, 0xd7,
            0xbd, 0xca, 0xd6, 0xa0, 0xf7, 0x38, 0xdf, 0x30, 0x78, 0x2c, 0xaa, 0x69, 0xa2, 0xcf,
            0xb0, 0x27, 0x75, 0x54,
        ];
        let signature = [
            0xea, 0xba, 0xe2, 0x4d, 0x10, 0x62, 0xdb, 0x75, 0xa9, 0x45, 0x1f, 0xf0, 0xb6, 0xea,
            0x7e, 0x98, 0xc8, 0x54, 0x65, 0x49, 0xff, 0x74, 0x1e, 0x67, 0x2d, 0x32, 0x51, 0xb2,
            0x39, 0x7d, 0xe4, 0x6e,
        ];
        let keys = ScramKeys::of(&Secret::new("pencil").unwrap(), salted);
        let judged = keys.judge(auth_message, &proof);
        assert_eq!(judged, Some(ScramSignature(signature)));
        let other = ScramKeys::of(&Secret::new("pen").unwrap(), salted);
        assert_eq!(other.judge(auth_message, &proof), None);
        assert_eq!(keys.judge(&auth_message[1..], &proof), None);
        let mut wrong = proof;
        wrong[31] ^= 1;
        assert_eq!(keys.judge(auth_message, &wrong), None);
    }

    #[test]
    fn a_name_has_one_salt_in_all_spellings() {
        let salts = Salts::new([7; 32]);
        let salted = |name| salts.salted(&Nick::parse(name).unwrap());
        assert_eq!(salted("Ana"), salted("ana"));
        assert_ne!(salted("ana"), salted("ben"));
        let other = Salts::new([8; 32]).salted(&Nick::parse("ana").unwrap());
        assert_ne!(salted("ana"), other);
    }
}

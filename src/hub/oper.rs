//! Who may become a server operator by a name and a password of the config, and how such passwords are held: as
//! their Argon2id hash or their SHA-256, which are never printed.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::account::AccountAnswer;
use super::secret::Secret;

/// The SHA-256 of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash(pub [u8; 32]);

/// One name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oper {
    pub name: String,
    pub password: OperPassword,
}

/// What a password is compared with.
#[derive(Clone, PartialEq, Eq)]
pub enum OperPassword {
    Sha256(PasswordHash),
    /// Argon2id in PHC's form. Comparing takes so long that the registry's threads do it.
    Argon2(Arc<str>),
}

/// Most of them.
pub const OPERS_MAX: usize = 64;

impl PasswordHash {
    #[must_use]
    pub fn of(password: &str) -> Self {
        Self(Sha256::digest(password).into())
    }

    /// Whether it is that of this password. Takes the same time wherever they differ.
    #[must_use]
    pub fn fits(&self, password: &str) -> bool {
        let other = Self::of(password);
        let pairs = self.0.iter().zip(other.0);
        pairs.fold(0, |differing, (own, other)| differing | (own ^ other)) == 0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

impl fmt::Debug for OperPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperPassword(hidden)")
    }
}

impl OperPassword {
    fn fits(&self, password: &str) -> bool {
        match self {
            Self::Sha256(hash) => hash.fits(password),
            Self::Argon2(_) => false,
        }
    }

    fn argon2(&self) -> Option<&Arc<str>> {
        match self {
            Self::Sha256(_) => None,
            Self::Argon2(hash) => Some(hash),
        }
    }
}

/// What can be said at once of a name and a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    Known(bool),
    /// The password has to be compared with this hash. Where `known` says already whether it is right, only so
    /// that it takes as long as for another name.
    Compare {
        hash: Arc<str>,
        known: Option<bool>,
    },
}

/// Whether one of `opers` has this name and password.
pub(super) fn judge(opers: &[Oper], name: &str, password: &Secret) -> Judgement {
    let is_known = is_one_of(opers, name, password);
    let slow = |it: &Oper| Some((it.name == name, Arc::clone(it.password.argon2()?)));
    let mut slow: Vec<(bool, Arc<str>)> = opers.iter().filter_map(slow).collect();
    slow.sort_by_key(|(is_named, _)| !is_named);
    match slow.into_iter().next() {
        None => Judgement::Known(is_known),
        Some((is_named, hash)) => Judgement::Compare {
            hash,
            known: (!is_named).then_some(is_known),
        },
    }
}

/// What the answer to a [`Judgement::Compare`] comes to.
pub(super) fn known_or(known: Option<bool>, answer: AccountAnswer) -> AccountAnswer {
    let is_compared = matches!(answer, AccountAnswer::Right | AccountAnswer::Wrong);
    match known.filter(|_| is_compared) {
        Some(true) => AccountAnswer::Right,
        Some(false) => AccountAnswer::Wrong,
        None => answer,
    }
}

fn is_one_of(opers: &[Oper], name: &str, password: &Secret) -> bool {
    let password = password.reveal();
    // A name that is none takes as long as one that is.
    let fitting = opers.iter().filter(|it| it.password.fits(password));
    fitting.filter(|it| it.name == name).count() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_must_fit_together() {
        let opers = [("ana", "correct horse"), ("ben", "battery")].map(|(name, password)| Oper {
            name: name.to_owned(),
            password: OperPassword::Sha256(PasswordHash::of(password)),
        });
        let may = |name, password| is_one_of(&opers, name, &Secret::new(password).unwrap());
        assert!(may("ana", "correct horse") && may("ben", "battery"));
        assert!(!may("ana", "battery") && !may("ANA", "correct horse") && !may("eve", "battery"));
        assert!(!format!("{opers:?}").contains("horse"));
        assert_eq!(
            format!("{:?}", PasswordHash::of("x")),
            "PasswordHash(hidden)"
        );
        assert_eq!(format!("{:?}", opers[0].password), "OperPassword(hidden)");
    }

    #[test]
    fn with_one_slow_hash_every_name_takes_its_time() {
        let oper = |name: &str, password| Oper {
            name: name.to_owned(),
            password,
        };
        let opers = [
            oper(
                "ana",
                OperPassword::Sha256(PasswordHash::of("correct horse")),
            ),
            oper("ben", OperPassword::Argon2("one".into())),
            oper("cho", OperPassword::Argon2("two".into())),
        ];
        let judged = |name| judge(&opers, name, &Secret::new("correct horse").unwrap());
        let compare = |hash: &str, known| Judgement::Compare {
            hash: hash.into(),
            known,
        };
        assert_eq!(judged("ana"), compare("one", Some(true)));
        assert_eq!(judged("eve"), compare("one", Some(false)));
        assert_eq!(judged("ben"), compare("one", None));
        assert_eq!(judged("cho"), compare("two", None));
    }
}

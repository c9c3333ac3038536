//! Who may become a server operator by a name and a password of the config, and how such passwords are held:
//! as their SHA-256, which is never printed.

use std::fmt;

use sha2::{Digest, Sha256};

use super::secret::Secret;

/// The SHA-256 of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash(pub [u8; 32]);

/// One name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oper {
    pub name: String,
    pub password: PasswordHash,
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

/// Whether one of `opers` has this name and password.
pub(super) fn is_one_of(opers: &[Oper], name: &str, password: &Secret) -> bool {
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
            password: PasswordHash::of(password),
        });
        let may = |name, password| is_one_of(&opers, name, &Secret::new(password).unwrap());
        assert!(may("ana", "correct horse") && may("ben", "battery"));
        assert!(!may("ana", "battery") && !may("ANA", "correct horse") && !may("eve", "battery"));
        assert!(!format!("{opers:?}").contains("horse"));
        assert_eq!(format!("{:?}", opers[0].password), "PasswordHash(hidden)");
    }
}

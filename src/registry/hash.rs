//! Passwords to Argon2id hashes and back to yes or no; tokens and invitations to SHA-256. What an unknown
//! name is compared with takes as long as what a known one is.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use sha2::{Digest, Sha256};

use crate::hub::secret::Secret;

use super::error::RegistryError;

/// What a hash costs, from the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HashCost {
    /// KiB of memory, 8 or more.
    pub memory_kib: u32,
    /// Passes over it, 1 or more.
    pub passes: u32,
}

impl HashCost {
    fn argon2(self) -> Result<Argon2<'static>, RegistryError> {
        let params = Params::new(self.memory_kib, self.passes, 1, None);
        let params = params.map_err(|error| RegistryError::Hash(error.to_string()))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    /// A new hash with a salt of its own, in PHC's form.
    ///
    /// # Errors
    /// [`RegistryError::Hash`], when there is not enough memory.
    pub(super) fn hash(self, password: &Secret) -> Result<String, RegistryError> {
        let hash = self.argon2()?.hash_password(password.reveal().as_bytes());
        let hash = hash.map_err(|error| RegistryError::Hash(error.to_string()))?;
        Ok(hash.to_string())
    }

    /// The cost of a hash that we made; `None` of any other.
    pub(super) fn of(hash: &str) -> Option<Self> {
        let hash = PasswordHash::new(hash).ok()?;
        let params = Params::try_from(&hash).ok()?;
        let is_ours = hash.algorithm.as_str() == "argon2id" && params.p_cost() == 1;
        is_ours.then(|| Self {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
        })
    }

    /// Whether a hash was made at this cost.
    pub(super) fn made(self, hash: &str) -> bool {
        Self::of(hash) == Some(self)
    }

    /// A hash that no password has, at this cost: what is compared when there is no account.
    pub(super) fn decoy(self) -> String {
        format!(
            "$argon2id$v=19$m={},t={},p=1${}${}",
            self.memory_kib,
            self.passes,
            "A".repeat(22),
            "A".repeat(43)
        )
    }
}

/// Whether this is the password. It takes as long as its hash cost, right or wrong.
pub(super) fn is_password(password: &Secret, hash: &str) -> bool {
    // A text that can be no password is compared all the same, so that it takes as long.
    let prepared = password.as_password();
    let password = prepared.as_ref().unwrap_or(password);
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let verified = Argon2::default().verify_password(password.reveal().as_bytes(), &hash);
    verified.is_ok() && prepared.is_ok()
}

/// Under what a token or an invitation is kept. It is 256 random bits, so one SHA-256 is as good as many.
pub(super) fn hash_of_secret(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.reveal().as_bytes()).into()
}

/// Draws a token or an invitation: a word that says what it is, and 256 random bits.
pub(super) fn draw_secret(kind: &str) -> Secret {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("a running Linux always gives random bytes");
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Secret::new(&format!("chatd_{kind}_{digits}")).expect("it is short")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: HashCost = HashCost {
        memory_kib: 8,
        passes: 1,
    };

    fn password(text: &str) -> Secret {
        Secret::new(text).unwrap().as_password().unwrap()
    }

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let hash = CHEAP.hash(&password("correct horse")).unwrap();
        assert!(is_password(&password("correct horse"), &hash));
        assert!(!is_password(&password("battery staple"), &hash));
        assert!(!is_password(&password("correct horse"), &CHEAP.decoy()));
        assert!(!is_password(&password("correct horse"), "no hash at all"));
        assert_ne!(hash, CHEAP.hash(&password("correct horse")).unwrap());
    }

    #[test]
    fn the_decoy_costs_what_a_hash_costs() {
        let dearer = HashCost {
            memory_kib: 16,
            passes: 2,
        };
        for cost in [CHEAP, dearer] {
            let hash = cost.hash(&password("correct horse")).unwrap();
            assert!(cost.made(&hash) && cost.made(&cost.decoy()));
            assert_eq!(hash.len(), cost.decoy().len());
        }
        assert!(!dearer.made(&CHEAP.decoy()) && !CHEAP.made("$argon2i$v=19$m=8,t=1,p=1$AA$AA"));
    }
}

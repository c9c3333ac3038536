//! What proves who somebody is: passwords, tokens, invitations. They are never printed, also not by
//! `Debug`, and their memory is overwritten when they are dropped.

use std::fmt;

use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::Profile;
use zeroize::Zeroizing;

/// A secret text of 1 to [`Secret::MAX_BYTES`] bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Why a text is no password. It never says anything about the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordError {
    /// Fewer than so many characters.
    TooShort { chars_min: usize },
    /// A control character, or one that Unicode's rules for passwords (RFC 8265, OpaqueString) forbid.
    NotAllowed,
}

impl Secret {
    /// Longest secret, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// `None` when `text` is empty or longer than [`Self::MAX_BYTES`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        fits.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for whoever checks it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As a password is compared: one that was typed on another keyboard, with letters composed in
    /// another way, is the same (RFC 8265, OpaqueString).
    ///
    /// # Errors
    /// [`PasswordError::NotAllowed`].
    pub fn as_password(&self) -> Result<Self, PasswordError> {
        let prepared = OpaqueString::new().enforce(self.reveal());
        let prepared = prepared.map_err(|_| PasswordError::NotAllowed)?;
        Ok(Self(Zeroizing::new(prepared.into_owned())))
    }

    /// The same, to be somebody's password from now on. One that is theirs already may be shorter.
    ///
    /// # Errors
    /// A [`PasswordError`], also when it has fewer than `chars_min` characters.
    pub fn as_new_password(&self, chars_min: usize) -> Result<Self, PasswordError> {
        let prepared = self.as_password()?;
        if prepared.reveal().chars().count() < chars_min {
            return Err(PasswordError::TooShort { chars_min });
        }
        Ok(prepared)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("correct horse").unwrap();
        assert!(!format!("{secret:?}").contains("horse"));
        assert_eq!(Secret::new(""), None);
        assert_eq!(Secret::new(&"x".repeat(Secret::MAX_BYTES + 1)), None);
    }

    #[test]
    fn a_password_is_the_same_however_its_letters_were_composed() {
        let password = |text: &str| Secret::new(text).unwrap().as_new_password(8);
        assert_eq!(password("pa\u{e9}sword"), password("pae\u{301}sword"));
        assert_ne!(password("Password"), password("password"));
        assert_eq!(
            password("seven77"),
            Err(PasswordError::TooShort { chars_min: 8 })
        );
        assert_eq!(password("\u{1b}passwords"), Err(PasswordError::NotAllowed));
    }
}

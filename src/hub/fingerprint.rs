//! What a certificate is known by: the SHA-256 of its DER form, as `openssl x509 -fingerprint -sha256`
//! shows it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER form.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

/// 64 hexadecimal digits in lower case.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Also with a colon between the bytes and in upper case, as other tools write it.
impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|&sign| sign != ':')
            .map(|sign| sign.to_digit(16))
            .collect::<Option<_>>()
            .ok_or(NoFingerprint)?;
        let pairs: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8))
            .collect();
        if digits.len() != 64 {
            return Err(NoFingerprint);
        }
        Ok(Self(pairs.try_into().map_err(|_| NoFingerprint)?))
    }
}

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFingerprint;

impl fmt::Display for NoFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
    }
}

impl std::error::Error for NoFingerprint {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_back_in_either_spelling() {
        let print = Fingerprint::of(b"abc");
        let text = print.to_string();
        assert!(text.starts_with("ba7816bf"), "{text}");
        let pairs: Vec<String> = print.0.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(text.parse(), Ok(print));
        assert_eq!(pairs.join(":").parse(), Ok(print));
        for wrong in [
            "",
            "ba78",
            &text[1..],
            &text.replace('b', "x"),
            &format!("{text}00"),
        ] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
        }
    }
}

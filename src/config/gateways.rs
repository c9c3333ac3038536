//! Gateways of IRC, `[irc]`: who may say by WEBIRC for whom a connection was opened.

use std::net::IpAddr;

use super::Irc;
use super::field::Field;
use super::notes::Notes;
use super::problem::shown;
use crate::hub::fingerprint::Fingerprint;

impl Irc {
    /// Whether a peer is a gateway, by where it comes from and by its password or its certificate.
    #[must_use]
    pub fn is_gateway(
        &self,
        address: IpAddr,
        password: &str,
        certificate: Option<Fingerprint>,
    ) -> bool {
        let by_certificate = certificate.is_some_and(|it| self.gateway_certificates.contains(&it));
        let by_password =
            self.gateway_password_sha256 == Some(Fingerprint::of(password.as_bytes()));
        let is_from_there = self.gateways.iter().any(|it| it.has(address));
        is_from_there && (by_password || by_certificate)
    }

    /// An address alone is no proof.
    pub(super) fn check(&self, notes: &mut Notes) {
        let keys = [
            "irc.gateways",
            "irc.gateway_password_sha256",
            "irc.gateway_certificates",
        ];
        let has_proof =
            self.gateway_password_sha256.is_some() || !self.gateway_certificates.is_empty();
        if !self.gateways.is_empty() && !has_proof && !notes.any_refused(&keys) {
            let text =
                "needs gateway_password_sha256 or gateway_certificates: how do they prove it?";
            notes.problem(&keys[..1], keys[0], text);
        }
    }
}

impl Field<String> for Option<Fingerprint> {
    fn get(&self) -> Option<String> {
        Some(self.map_or_else(String::new, |it| it.to_string()))
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = match value.as_str() {
            "" => None,
            // It may be the password itself.
            text => Some(
                text.parse()
                    .map_err(|_| "must have 64 hexadecimal digits")?,
            ),
        };
        Ok(())
    }
}

impl Field<Vec<String>> for Vec<Fingerprint> {
    fn get(&self) -> Option<Vec<String>> {
        Some(self.iter().map(Fingerprint::to_string).collect())
    }
    fn put(&mut self, value: Vec<String>) -> Result<(), String> {
        if value.len() > CERTIFICATES_MAX {
            return Err(format!("must be at most {CERTIFICATES_MAX} fingerprints"));
        }
        let parsed = value.iter().map(|text| fingerprint(text));
        *self = parsed.collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    text.parse()
        .map_err(|_| format!("must have 64 hexadecimal digits, not {}", shown(text)))
}

const CERTIFICATES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_comes_from_where_it_should_and_proves_it() {
        let mut irc = Irc::default();
        Field::put(&mut irc.gateways, vec!["192.0.2.1".to_owned()]).unwrap();
        irc.gateway_password_sha256 = Some(Fingerprint::of(b"correct horse"));
        let shown = Fingerprint::of(b"a certificate");
        let [there, elsewhere] = ["192.0.2.1", "192.0.2.2"].map(|it| it.parse().unwrap());
        assert!(irc.is_gateway(there, "correct horse", None));
        assert!(!irc.is_gateway(elsewhere, "correct horse", None));
        assert!(!irc.is_gateway(there, "", Some(shown)));
        irc.gateway_certificates = vec![shown];
        assert!(irc.is_gateway(there, "", Some(shown)));
        assert!(!irc.is_gateway(there, "", Some(Fingerprint::of(b"another"))));
        irc.gateway_password_sha256 = None;
        assert!(!irc.is_gateway(there, "", None));
    }
}

//! A certificate that vouches for itself: enough for a lab, where everybody is given the file or its
//! fingerprint.

use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::ServerName;

use super::Certificate;

/// A new certificate and its key, both in PEM form.
pub struct SelfSigned {
    pub certificate: Certificate,
    pub certificate_pem: String,
    pub key_pem: String,
}

/// Without the key.
impl std::fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelfSigned")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl SelfSigned {
    /// Makes one for these host names and addresses, good for so many days from the day before `now_s`
    /// (seconds since the Unix epoch): clocks differ.
    ///
    /// # Errors
    /// What is wrong with a name.
    pub fn make(names: &[String], days: u32, now_s: i64) -> Result<Self, String> {
        if let Some(name) = names.iter().find(|name| !is_name(name)) {
            return Err(format!("{name} is neither a host name nor an address"));
        }
        let mut params = CertificateParams::new(names.to_vec()).map_err(|it| it.to_string())?;
        let first = names.first().map_or("chatd", String::as_str);
        params.distinguished_name.push(DnType::CommonName, first);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let today = Duration::from_secs(u64::try_from(now_s).unwrap_or(0));
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + today.saturating_sub(DAY);
        params.not_after = epoch + today + DAY * days;
        let key = KeyPair::generate().map_err(|error| error.to_string())?;
        let made = params
            .self_signed(&key)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            certificate: Certificate::parse(made.der()).ok_or("it cannot be read back")?,
            certificate_pem: made.pem(),
            key_pem: key.serialize_pem(),
        })
    }
}

/// Whether a client could look for it; `*.` stands for any one label.
fn is_name(name: &str) -> bool {
    ServerName::try_from(name.strip_prefix("*.").unwrap_or(name)).is_ok()
}

const DAY: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_could_look_for_is_a_name() {
        let make = |name: &str| SelfSigned::make(&[name.to_owned()], 1, 0);
        for good in ["chat.example", "*.example", "192.0.2.7", "2001:db8::1"] {
            assert_eq!(make(good).unwrap().certificate.names, [good]);
        }
        for bad in [
            "",
            "chat example",
            "chat.example:12231",
            "https://chat.example",
        ] {
            let why = make(bad).unwrap_err();
            assert!(why.contains("neither a host name"), "{why}");
        }
    }
}

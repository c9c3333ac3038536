//! A certificate that vouches for itself: enough for a lab, where everybody is given the file or its
//! fingerprint.

use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

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

const DAY: Duration = Duration::from_secs(86_400);

//! What people want to know of a certificate.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::DateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Fingerprint;

/// So many days before it expires a certificate is warned of: enough to renew it by hand.
pub const EXPIRY_WARNING_DAYS: i64 = 14;

const DAY_S: i64 = 86_400;

/// A certificate, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// `CN=chat.example`
    pub subject: String,
    pub issuer: String,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Validity, both ends included; seconds since the Unix epoch.
    pub not_before_s: i64,
    pub not_after_s: i64,
    pub fingerprint: Fingerprint,
}

impl Certificate {
    /// Reads the DER form; `None` when it is none.
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names.map_or_else(Vec::new, |extension| {
            extension
                .value
                .general_names
                .iter()
                .filter_map(name)
                .collect()
        });
        let validity = parsed.validity();
        Some(Self {
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            names,
            not_before_s: validity.not_before.timestamp(),
            not_after_s: validity.not_after.timestamp(),
            fingerprint: Fingerprint::of(der),
        })
    }

    /// Whole days until it expires; below 0 once it has.
    #[must_use]
    pub fn days_left(&self, now_s: i64) -> i64 {
        (self.not_after_s - now_s).div_euclid(DAY_S)
    }

    /// What an operator should know of its end, once that is near.
    #[must_use]
    pub fn expiry_warning(&self, now_s: i64) -> Option<String> {
        let day = date(self.not_after_s);
        match self.days_left(now_s) {
            ..0 => Some(format!(
                "the TLS certificate has expired on {day}: clients refuse it; renew it, then chatctl reload"
            )),
            0 => Some(format!(
                "the TLS certificate expires within a day, on {day}; renew it, then chatctl reload"
            )),
            days @ 1..=EXPIRY_WARNING_DAYS => Some(format!(
                "the TLS certificate expires in {days} days, on {day}; renew it, then chatctl reload"
            )),
            _ => None,
        }
    }
}

/// `2026-11-26`, UTC.
pub(super) fn date(unix_s: i64) -> String {
    DateTime::from_timestamp(unix_s, 0).map_or_else(
        || "a day out of reach".to_owned(),
        |at| at.format("%F").to_string(),
    )
}

/// Host names and addresses; what else a certificate may be for means nothing here.
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(|bytes| Ipv4Addr::from(bytes).to_string());
            let v6 = <[u8; 16]>::try_from(*bytes).map(|bytes| Ipv6Addr::from(bytes).to_string());
            v4.or(v6).ok()
        }
        GeneralName::OtherName(..)
        | GeneralName::RFC822Name(_)
        | GeneralName::X400Address(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::EDIPartyName(_)
        | GeneralName::URI(_)
        | GeneralName::RegisteredID(_)
        | GeneralName::Invalid(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Certificate {
        let names = ["chat.example".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Certificate::parse(made.cert.der()).unwrap()
    }

    #[test]
    fn names_and_addresses_are_read() {
        assert_eq!(sample().names, ["chat.example", "127.0.0.1"]);
        assert_eq!(Certificate::parse(b"no certificate"), None);
    }

    #[test]
    fn the_end_is_warned_of_two_weeks_ahead() {
        let certificate = sample();
        let warning =
            |days: i64| certificate.expiry_warning(certificate.not_after_s - days * DAY_S);
        assert_eq!(warning(15), None);
        assert!(warning(14).unwrap().contains("in 14 days"));
        assert!(warning(0).unwrap().contains("within a day"));
        assert!(warning(-1).unwrap().contains("has expired"));
    }
}

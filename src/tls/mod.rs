//! Certificates and keys: reading them from PEM files, judging them before they are used, and what
//! rustls needs of them. `chatd` serves by it, `chatctl` connects by it, and both check by it. No
//! socket is touched here, and no secret is ever part of an error.

mod certificate;
mod files;
mod self_signed;
mod server;

pub use certificate::{Certificate, EXPIRY_WARNING_DAYS};
pub use files::{TlsError, read_certificates, read_key};
pub use self_signed::SelfSigned;
pub use server::Acceptor;

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use crate::hub::fingerprint::Fingerprint;

/// The ciphers and curves in use: those of ring that rustls offers by default, for TLS 1.2 and 1.3.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

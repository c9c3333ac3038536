//! TLS as a server: what `[tls]` names, read and judged, ready to accept connections.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection, WebPkiClientVerifier};
use rustls::{InconsistentKeys, RootCertStore, ServerConfig};

use super::certificate::{Certificate, date};
use super::files::{TlsError, read_certificates, read_key};
use super::provider;
use crate::config;
use crate::config::ClientCertificates;

/// Begins TLS on connections that were accepted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Acceptor {
    config: Arc<ServerConfig>,
    certificate: Arc<Certificate>,
}

impl Acceptor {
    /// Reads the files that the config names; `now_s` is seconds since the Unix epoch. A certificate
    /// that is in use already (`held`) may have expired since: taking it away would help nobody.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(
        tls: &config::Tls,
        now_s: i64,
        held: Option<&Certificate>,
    ) -> Result<Self, Vec<TlsError>> {
        let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else {
            return Err(vec![TlsError::Needed]);
        };
        let mut errors = Vec::new();
        let mut note = |error| errors.push(error);
        let chain = read_certificates(certificate).map_err(&mut note).ok();
        let facts = chain.as_deref().and_then(|chain| {
            judge(certificate, chain, now_s, held)
                .map_err(&mut note)
                .ok()
        });
        let key_der = read_key(key).map_err(&mut note).ok();
        let verifier = verifier(tls).map_err(&mut note).ok();
        let (Some(chain), Some(facts), Some(key_der), Some(verifier)) =
            (chain, facts, key_der, verifier)
        else {
            return Err(errors);
        };
        let config = server_config(chain, key_der, verifier, certificate, key)
            .map_err(|error| vec![error])?;
        Ok(Self {
            config: Arc::new(config),
            certificate: Arc::new(facts),
        })
    }

    /// The server's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Begins with one connection.
    #[must_use]
    pub fn accept(&self) -> UnbufferedServerConnection {
        UnbufferedServerConnection::new(Arc::clone(&self.config))
            .expect("a config with the default fragment size is taken")
    }
}

fn judge(
    path: &Path,
    chain: &[CertificateDer<'_>],
    now_s: i64,
    held: Option<&Certificate>,
) -> Result<Certificate, TlsError> {
    let own = chain.first().and_then(|der| Certificate::parse(der));
    let own = own.ok_or_else(|| TlsError::NoCertificate(path.to_owned()))?;
    let (path, is_held) = (path.to_owned(), held == Some(&own));
    if own.not_after_s < now_s && !is_held {
        let on = date(own.not_after_s);
        return Err(TlsError::Expired { path, on });
    }
    if own.not_before_s > now_s {
        let on = date(own.not_before_s);
        return Err(TlsError::NotYetValid { path, on });
    }
    Ok(own)
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key_der: PrivateKeyDer<'static>,
    verifier: Arc<dyn ClientCertVerifier>,
    certificate: &Path,
    key: &Path,
) -> Result<ServerConfig, TlsError> {
    let provider = provider();
    let asks_for_certificate = verifier.offer_client_auth();
    provider
        .key_provider
        .load_private_key(key_der.clone_key())
        .map_err(|_| TlsError::NoKey(key.to_owned()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for TLS 1.2 and 1.3")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key_der)
        .map_err(|error| {
            let (certificate, key) = (certificate.to_owned(), key.to_owned());
            if error == rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) {
                TlsError::Mismatch { certificate, key }
            } else {
                unusable(certificate, &error.to_string())
            }
        })?;
    if asks_for_certificate {
        // A resumed session shows no certificate, so one that has expired since would still be let in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

/// Who may come in by its certificate.
fn verifier(tls: &config::Tls) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let path = match (&tls.client_ca, tls.client_certificates) {
        (Some(path), ClientCertificates::Optional | ClientCertificates::Required) => path,
        (None, _) | (_, ClientCertificates::None) => {
            return Ok(WebPkiClientVerifier::no_client_auth());
        }
    };
    let mut roots = RootCertStore::empty();
    for root in read_certificates(path)? {
        let added = roots.add(root);
        added.map_err(|error| unusable(path.clone(), &error.to_string()))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    if tls.client_certificates == ClientCertificates::Optional {
        builder = builder.allow_unauthenticated();
    }
    let built = builder.build();
    built.map_err(|error| unusable(path.clone(), &error.to_string()))
}

fn unusable(path: PathBuf, why: &str) -> TlsError {
    TlsError::Unusable {
        path,
        why: why.to_owned(),
    }
}

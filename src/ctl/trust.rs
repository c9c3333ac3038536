//! TLS as a client: whom to trust, what to show, and how to say what went wrong. All commands that
//! chat come through here, and `chatctl cert show` looks at a server's certificate without trusting it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args as Group;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::tls::{self, Certificate, Fingerprint};

/// The options about TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Group)]
pub struct Trust {
    /// Speak TLS with the server, as the address tls:HOST:PORT does.
    #[arg(id = "tls", long = "tls", global = true, help_heading = super::args::COMMON)]
    pub wanted: bool,
    /// Trust the server when this PEM file vouches for it, instead of those whom this machine trusts.
    #[arg(long, global = true, help_heading = super::args::COMMON, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Trust the server when its certificate has this SHA-256 fingerprint, whoever vouches for it.
    #[arg(long, global = true, help_heading = super::args::COMMON, value_name = "SHA256")]
    pub tls_pin: Option<Fingerprint>,
    /// Show the server this certificate (PEM); --tls-key must be given too.
    #[arg(long, global = true, help_heading = super::args::COMMON, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The private key of --tls-cert.
    #[arg(long, global = true, help_heading = super::args::COMMON, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// The pin was not given, but told by the daemon's admin socket.
    #[arg(skip)]
    pub pin_is_told: bool,
}

/// Why there is no TLS with a server.
#[derive(Debug, thiserror::Error)]
pub enum TlsFailure {
    /// Nobody listens there, or the way there is broken.
    #[error(transparent)]
    Socket(#[from] io::Error),
    /// The server or our own files are not to be trusted or used; the text says what to do.
    #[error("{0}")]
    Trust(String),
    #[error(
        "the certificate of {host} is another than --tls-pin says: it was renewed, or somebody else answers. Ask who runs the server"
    )]
    WrongPin { host: String },
}

impl Trust {
    /// Whether any of the options asks for TLS.
    #[must_use]
    pub fn asks_for_tls(&self) -> bool {
        self.wanted || *self != Self::default()
    }

    /// Connects to `HOST:PORT`, agrees on TLS and makes sure of the server.
    ///
    /// # Errors
    /// [`TlsFailure`].
    pub async fn connect(&self, address: &str) -> Result<TlsStream<TcpStream>, TlsFailure> {
        let config = self.client_config().map_err(TlsFailure::Trust)?;
        handshake(address, config).await.map_err(|failure| match failure {
            TlsFailure::WrongPin { host } if self.pin_is_told => TlsFailure::Trust(format!(
                "{host} shows another certificate than chatd's admin socket tells of: it was renewed this moment, or another program answers on this port. Try again, and see chatctl doctor"
            )),
            failure => failure,
        })
    }

    fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = tls::provider();
        let verifier = match (&self.tls_pin, &self.ca) {
            (None, _) => Verifier {
                pin: None,
                authority: Some(self.authority(&provider)?),
                provider: Arc::clone(&provider),
            },
            (Some(pin), None) => Verifier {
                pin: Some(*pin),
                authority: None,
                provider: Arc::clone(&provider),
            },
            (Some(pin), Some(_)) => Verifier {
                pin: Some(*pin),
                authority: Some(self.authority(&provider)?),
                provider: Arc::clone(&provider),
            },
        };
        let builder = builder(provider, verifier);
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(builder.with_no_client_auth()),
            (Some(certificate), Some(key)) => {
                let chain = tls::read_certificates(certificate).map_err(|it| it.to_string())?;
                let key = tls::read_key(key).map_err(|it| it.to_string())?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| format!("{}: {error}", certificate.display()))
            }
            (Some(_), None) => Err("--tls-cert needs --tls-key, its private key".to_owned()),
            (None, Some(_)) => Err("--tls-key needs --tls-cert, its certificate".to_owned()),
        }
    }

    fn authority(
        &self,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<WebPkiServerVerifier>, String> {
        let mut roots = RootCertStore::empty();
        match &self.ca {
            Some(path) => {
                let trusted = tls::read_certificates(path).map_err(|error| error.to_string())?;
                roots.add_parsable_certificates(trusted);
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            return Err("this machine trusts nobody by itself: install the package ca-certificates, or say whom to trust with --ca or --tls-pin".to_owned());
        }
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        builder.build().map_err(|error| error.to_string())
    }
}

/// The certificates that a server shows, its own first, whether they are to be trusted or not.
///
/// # Errors
/// [`TlsFailure`].
pub async fn shown_by(address: &str) -> Result<Vec<CertificateDer<'static>>, TlsFailure> {
    let provider = tls::provider();
    let anyone = Verifier {
        pin: None,
        authority: None,
        provider: Arc::clone(&provider),
    };
    let config = builder(provider, anyone).with_no_client_auth();
    let stream = handshake(address, config).await?;
    let (_, connection) = stream.get_ref();
    let shown = connection.peer_certificates().unwrap_or_default();
    Ok(shown.iter().map(|it| it.clone().into_owned()).collect())
}

fn builder(
    provider: Arc<CryptoProvider>,
    verifier: Verifier,
) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has ciphers for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
}

async fn handshake(
    address: &str,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, TlsFailure> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| TlsFailure::Trust(format!("{host} is no name of a host")))?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| {
        let inner = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
        match inner {
            Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
                TlsFailure::WrongPin {
                    host: host.to_owned(),
                }
            }
            Some(inner) => TlsFailure::Trust(explain(inner, host)),
            None if error.kind() == io::ErrorKind::UnexpectedEof => TlsFailure::Trust(format!(
                "{host} closed the connection before TLS was agreed on: it may be full, or speak no TLS"
            )),
            None => TlsFailure::Socket(error),
        }
    })
}

/// Whether a server with TLS 1.3 has found fault with our certificate, which it tells only once we take
/// TLS as agreed on: then, in words.
#[must_use]
pub fn refuses_us(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?.downcast_ref::<Error>()?;
    matches!(inner, Error::AlertReceived(_)).then(|| explain(inner, "the server"))
}

/// What is wrong, and what to do.
fn explain(error: &Error, host: &str) -> String {
    match error {
        Error::InvalidCertificate(why) => distrust(why, host),
        Error::AlertReceived(AlertDescription::CertificateRequired) => format!(
            "{host} lets nobody in without a certificate: show yours with --tls-cert and --tls-key"
        ),
        Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::DecryptError,
        ) => format!("{host} does not accept the certificate of --tls-cert ({error})"),
        Error::InvalidMessage(_) => {
            format!("{host} does not speak TLS on this port: leave out --tls, or name another port")
        }
        error => format!("no TLS with {host}: {error}"),
    }
}

fn distrust(why: &CertificateError, host: &str) -> String {
    match why {
        CertificateError::UnknownIssuer => format!(
            "nobody whom you trust vouches for the certificate of {host}. Get it from who runs the server, and name its file with --ca, or its fingerprint with --tls-pin"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!(
            "the certificate of {host} has expired: tell who runs the server, and look at your clock"
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {host} is not valid yet: is your clock right?")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!(
                "the certificate is not for {host}: use a name that it is for (chatctl cert show lists them), or --tls-pin"
            )
        }
        CertificateError::Other(why) if is_authority(why) => format!(
            "the certificate of {host} is an authority's own, which no server may show: use --tls-pin, or make one with `chatctl cert self-signed`"
        ),
        why => format!("the certificate of {host} cannot be trusted: {why}"),
    }
}

/// rustls hands on by this name what it has no word of its own for.
fn is_authority(why: &OtherError) -> bool {
    why.to_string() == "CaUsedAsEndEntity"
}

/// Trusts whom an authority vouches for, or who has one certificate, or both; with neither, anyone: to
/// look at a certificate, never to chat.
#[derive(Debug)]
struct Verifier {
    pin: Option<Fingerprint>,
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self
            .pin
            .is_some_and(|pin| pin != Fingerprint::of(end_entity))
        {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        match &self.authority {
            Some(authority) => authority.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The pin for a certificate that the daemon of this machine has told by its admin socket.
#[must_use]
pub fn pinned(sha256: &str) -> Trust {
    Trust {
        wanted: true,
        tls_pin: sha256.parse().ok(),
        pin_is_told: true,
        ..Trust::default()
    }
}

/// A certificate in words, one field each.
#[must_use]
pub fn fields(certificate: &Certificate, now_s: i64) -> Vec<(&'static str, String)> {
    let date = |unix_s: i64| {
        chrono::DateTime::from_timestamp(unix_s, 0)
            .map_or_else(|| unix_s.to_string(), |at| at.format("%FT%TZ").to_string())
    };
    let left = match certificate.days_left(now_s) {
        days @ ..0 => format!("expired {} days ago", -days),
        days => format!("in {days} days"),
    };
    vec![
        ("subject", certificate.subject.clone()),
        ("issuer", certificate.issuer.clone()),
        ("names", certificate.names.join(" ")),
        ("valid from", date(certificate.not_before_s)),
        (
            "expires",
            format!("{}, {left}", date(certificate.not_after_s)),
        ),
        ("sha256", certificate.fingerprint.to_string()),
    ]
}

//! Certificates made for a test, and a peer that speaks TLS.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatd::tls;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use serde_json::Value;

use super::PATIENCE;

/// An authority and what it vouches for, as PEM files in a directory.
pub(crate) struct Authority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one; its certificate is `NAME.pem` in the directory.
    pub(crate) fn new(directory: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(directory.join(format!("{name}.pem")), certificate.pem()).unwrap();
        Self {
            directory: directory.to_owned(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Writes `NAME.pem` and `NAME.key` for 127.0.0.1 and localhost, good for so many days from now.
    /// Returns the certificate's fingerprint.
    pub(crate) fn issue(&self, name: &str, days: i64) -> String {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let day = |from_now: i64| {
            let days = chrono::Utc::now().timestamp() / 86_400 + from_now;
            let secs = u64::try_from(days).unwrap() * 86_400;
            rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(secs)
        };
        params.not_before = day(-100);
        params.not_after = day(days);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(name, "pem"), certificate.pem()).unwrap();
        let path = self.file(name, "key");
        fs::write(&path, key.serialize_pem()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        tls::Fingerprint::of(certificate.der()).to_string()
    }

    /// Writes `NAME.pem` and `NAME.key` of another authority, for 127.0.0.1.
    pub(crate) fn issue_itself(&self, name: &str) {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(self.file(name, "pem"), certificate.pem()).unwrap();
        fs::write(self.file(name, "key"), key.serialize_pem()).unwrap();
    }

    pub(crate) fn file(&self, name: &str, ending: &str) -> PathBuf {
        self.directory.join(format!("{name}.{ending}"))
    }

    /// A `[[listen]]` with TLS on a free port, and `[tls]` with these files and more keys.
    pub(crate) fn config(&self, name: &str, more: &str) -> String {
        format!(
            "[[listen]]\naddress = \"127.0.0.1\"\nport = 0\ntls = true\n\
             [tls]\ncertificate = {:?}\nkey = {:?}\n{more}\n",
            self.file(name, "pem"),
            self.file(name, "key")
        )
    }

    /// What a client needs that trusts this authority alone and shows this certificate, if any.
    pub(crate) fn client(&self, authority: &str, shows: Option<&str>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_file_iter(self.file(authority, "pem")).unwrap() {
            roots.add(root.unwrap()).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shows {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let chain = CertificateDer::pem_file_iter(self.file(name, "pem")).unwrap();
                let key = PrivateKeyDer::from_pem_file(self.file(name, "key")).unwrap();
                builder
                    .with_client_auth_cert(chain.map(Result::unwrap).collect(), key)
                    .unwrap()
            }
        };
        Arc::new(config)
    }
}

/// A peer of the v1 dialect over TLS.
pub(crate) struct TlsPeer {
    stream: StreamOwned<ClientConnection, TcpStream>,
    received: Vec<u8>,
}

impl TlsPeer {
    /// Connects and takes the greeting.
    pub(crate) fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::connect_behind(address, config, "")
    }

    /// As [`Self::connect`], where something is said ahead of TLS.
    pub(crate) fn connect_behind(
        address: SocketAddr,
        config: &Arc<ClientConfig>,
        ahead: &str,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        stream.write_all(ahead.as_bytes())?;
        let name = ServerName::from(address.ip());
        let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
        let mut peer = Self {
            stream: StreamOwned::new(connection, stream),
            received: Vec::new(),
        };
        peer.line()?;
        Ok(peer)
    }

    /// As [`Self::connect`], logs in as `nick` and enters the default room.
    pub(crate) fn join(address: SocketAddr, config: &Arc<ClientConfig>, nick: &str) -> Self {
        let mut peer = Self::connect(address, config).expect("TLS");
        peer.say(&serde_json::json!({"type": "hello", "v": 1, "nick": nick}));
        peer.hear(|it| it["type"] == "join" && it["nick"] == nick);
        peer
    }

    pub(crate) fn say(&mut self, object: &Value) {
        self.stream
            .write_all(format!("{object}\n").as_bytes())
            .expect("a server that reads");
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Ok(String::from_utf8(line)
                    .expect("UTF-8")
                    .trim_end()
                    .to_owned());
            }
            let mut buffer = [0; 65536];
            match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.received.extend_from_slice(&buffer[..count]),
            }
        }
    }

    /// Skips to the next object that is meant.
    pub(crate) fn hear(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line().expect("an open stream");
            let object: Value = serde_json::from_str(&line).expect("an object per line");
            if object["type"] == "ping" {
                self.say(&serde_json::json!({"type": "pong"}));
            } else if is_meant(&object) {
                return object;
            }
        }
    }

    /// Reads to the end, which must be said by TLS, not only by TCP; returns the last line.
    pub(crate) fn until_the_end(mut self) -> String {
        let mut last = String::new();
        loop {
            match self.line() {
                Ok(line) => last = line,
                Err(error) => {
                    // rustls says otherwise when close_notify is missing.
                    assert_eq!(error.to_string(), "unexpected end of file", "{last}");
                    return last;
                }
            }
        }
    }

    /// Whether the handshake took up an earlier session of the same client.
    pub(crate) fn has_resumed(&self) -> bool {
        self.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.stream.sock
    }
}

//! Reading certificates and keys from PEM files, and what may be wrong with them, in words that say
//! what to do.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be had with these files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {why}", path.display())]
    Unreadable {
        path: PathBuf,
        kind: io::ErrorKind,
        why: String,
    },
    #[error("{}: is not a regular file", .0.display())]
    NoFile(PathBuf),
    #[error("{}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    #[error("{}: holds no private key in PEM form that can be used (-----BEGIN PRIVATE KEY-----, without a passphrase)", .0.display())]
    NoKey(PathBuf),
    #[error("{}: everyone on this machine may read this key; chmod o= {}", .0.display(), .0.display())]
    OpenKey(PathBuf),
    #[error("{}: is not the key of the certificate in {}", key.display(), certificate.display())]
    Mismatch { certificate: PathBuf, key: PathBuf },
    #[error("{}: has expired on {on}; renew it", path.display())]
    Expired { path: PathBuf, on: String },
    #[error("{}: is not valid before {on}; is the clock right?", path.display())]
    NotYetValid { path: PathBuf, on: String },
    #[error("{}: holds a certificate that cannot be used: {why}", path.display())]
    Unusable { path: PathBuf, why: String },
    /// A reload took the files away while a listener needs them.
    #[error(
        "a listener with TLS is open until the next restart, so tls.certificate and tls.key must stay"
    )]
    Needed,
}

/// Reads all certificates of a PEM file, the server's own first.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::NoCertificate(path.to_owned()))
}

/// Reads the private key of a PEM file, which nobody but its owner and a group may read.
///
/// # Errors
/// When it cannot be read, others can, or there is none.
pub fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    if look_at(path)?.mode() & 0o007 != 0 {
        return Err(TlsError::OpenKey(path.to_owned()));
    }
    let bytes = read(path)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| TlsError::NoKey(path.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    look_at(path)?;
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Makes sure that it is a file: opening a pipe would wait until somebody writes to it.
fn look_at(path: &Path) -> Result<Metadata, TlsError> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(TlsError::NoFile(path.to_owned()));
    }
    Ok(metadata)
}

fn unreadable(path: &Path, error: &io::Error) -> TlsError {
    let kind = error.kind();
    let why = if kind == io::ErrorKind::NotFound {
        "there is no such file".to_owned()
    } else if kind == io::ErrorKind::PermissionDenied {
        "may not be read by this user".to_owned()
    } else {
        error.to_string()
    };
    TlsError::Unreadable {
        path: path.to_owned(),
        kind,
        why,
    }
}

/// Far more than a chain or the certificates of all public authorities take.
const FILE_BYTES_MAX: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_and_a_directory_are_refused_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let made = Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(&pipe)
            .status();
        assert!(made.unwrap().success());
        for path in [pipe.as_path(), directory.path()] {
            let refused = TlsError::NoFile(path.to_owned());
            assert_eq!(read_certificates(path), Err(refused.clone()));
            assert_eq!(read_key(path).err(), Some(refused));
        }
    }
}

//! `chatctl cert`: makes a self-signed certificate, and shows any.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::time::timeout;

use crate::ctl::args::cert::Cert;
use crate::ctl::clock;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::new_file::{NewFile, unusable};
use crate::ctl::remark::remark;
use crate::ctl::render::{self, Output};
use crate::ctl::trust::{self, TlsFailure};
use crate::tls::{self, Certificate, SelfSigned};

/// Carries out one of the family.
///
/// # Errors
/// When a file exists already, cannot be read or written, holds no certificate, or no server answers.
pub async fn run(output: Output, cert: &Cert, limit: Duration) -> Result<()> {
    match cert {
        Cert::SelfSigned {
            names,
            days,
            dir,
            force,
        } => self_signed(output, names, *days, dir, *force),
        Cert::Show { of } => show(output, of, limit).await,
    }
}

fn self_signed(output: Output, names: &[String], days: u32, dir: &Path, force: bool) -> Result<()> {
    let made = SelfSigned::make(names, days, clock::now().timestamp())
        .map_err(|why| Failure::new(Exit::Usage, why))?;
    let dir = fs::canonicalize(dir).map_err(|error| unusable(dir, &error))?;
    let (certificate, key) = (dir.join("chatd.pem"), dir.join("chatd.key"));
    let there = [&certificate, &key].into_iter().find(|path| path.exists());
    if let Some(path) = there.filter(|_| !force) {
        let text = format!("{} exists already; --force replaces it", path.display());
        return Err(Failure::new(Exit::Failed, text).into());
    }
    // A key without its certificate would be no use, so neither has its name before both are written.
    let key_file = write(&key, &made.key_pem, force)?;
    let certificate_file = write(&certificate, &made.certificate_pem, force)?;
    certificate_file.let_everybody_read()?; // it is no secret, and chatd may be another user
    key_file.finish()?;
    certificate_file.finish()?;
    tell(output, &made.certificate)?;
    remark(&format!(
        "for chatd's config (chatd must be able to read the key: chown chatd: {key}):\n\
         [tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\nand in a [[listen]]: tls = true",
        certificate = certificate.display(),
        key = key.display()
    ));
    Ok(())
}

/// Readable by its owner only, and not under its name yet.
fn write(path: &Path, text: &str, force: bool) -> Result<NewFile> {
    let mut file = if force {
        NewFile::replace(path)?
    } else {
        NewFile::create(path)?
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
    written.map_err(|error| unusable(path, &error))?;
    Ok(file)
}

async fn show(output: Output, of: &str, limit: Duration) -> Result<()> {
    let path = Path::new(of);
    let shown = if path.exists() || !of.contains(':') {
        tls::read_certificates(path)
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?
    } else {
        let late = || Failure::new(Exit::TimedOut, format!("{of} does not answer"));
        let shown = timeout(limit, trust::shown_by(of))
            .await
            .map_err(|_| late())?;
        shown.map_err(|error| match error {
            TlsFailure::Socket(error) => Failure::new(Exit::Unreachable, format!("{of}: {error}")),
            failure @ (TlsFailure::Trust(_) | TlsFailure::WrongPin { .. }) => {
                Failure::new(Exit::Failed, failure.to_string())
            }
        })?
    };
    let own = shown.first().and_then(|der| Certificate::parse(der));
    let own = own.ok_or_else(|| Failure::new(Exit::Failed, format!("{of}: no certificate")))?;
    tell(output, &own)
}

fn tell(output: Output, certificate: &Certificate) -> Result<()> {
    let fields = trust::fields(certificate, clock::now().timestamp());
    let mut json = serde_json::Map::new();
    for (name, value) in &fields {
        json.insert(name.replace(' ', "_"), json!(value));
    }
    json.insert("names".to_owned(), json!(certificate.names));
    render::record(output, &json, &fields)
}

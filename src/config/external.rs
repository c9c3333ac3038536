//! Who else is asked whether a password is right: `[accounts.external]`.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::field::Field;
use super::notes::Notes;
use super::problem::shown;

/// `[accounts.external]`: with neither a command nor a URL nobody else is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// The program and its arguments; empty for none.
    pub command: Vec<String>,
    pub url: Option<CheckUrl>,
    /// How long a check may take, with its wait for others, 100 ms to 1 min. Default 5 s.
    pub timeout: Duration,
    /// How long a password that was right need not be checked again, up to 1 day; zero is never. Default 1 min.
    pub cache: Duration,
    /// Checks at a time. Default 4.
    pub concurrency: usize,
    /// Passwords that may wait for that. Default 64.
    pub queue: usize,
}

/// An `http` URL on this machine, which no resolver and no network has a say in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckUrl {
    text: String,
    pub address: SocketAddr,
}

impl CheckUrl {
    /// What stands behind the address: a path and perhaps a query.
    #[must_use]
    pub fn path(&self) -> &str {
        let rest = &self.text[SCHEME.len()..];
        rest.find('/').map_or("/", |slash| &rest[slash..])
    }

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(SCHEME)?;
        let authority = rest.split('/').next()?;
        let address: SocketAddr = authority.parse().ok()?;
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&byte));
        let is_usable = is_plain && address.ip().is_loopback() && address.port() != 0;
        is_usable.then(|| Self {
            text: text.to_owned(),
            address,
        })
    }
}

impl Field<String> for Option<CheckUrl> {
    fn get(&self) -> Option<String> {
        Some(
            self.as_ref()
                .map_or_else(String::new, |url| url.text.clone()),
        )
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        *self = match value.as_str() {
            "" => None,
            text => Some(CheckUrl::parse(text).ok_or_else(|| {
                format!(
                    "must be http:// with an address of this machine and a port, such as \"http://127.0.0.1:8000/check\", \
                     because passwords travel there as they are; not {}",
                    shown(text)
                )
            })?),
        };
        Ok(())
    }
}

impl Field<Self> for Vec<String> {
    fn get(&self) -> Option<Self> {
        Some(self.clone())
    }
    fn put(&mut self, value: Self) -> Result<(), String> {
        *self = value;
        Ok(())
    }
}

/// A program by its whole path: there is no shell and no search.
pub(super) fn check_command(command: &[String]) -> Result<(), String> {
    if let Some(program) = command.first()
        && !Path::new(program).is_absolute()
    {
        return Err(format!(
            "must begin with an absolute path, not {}",
            shown(program)
        ));
    }
    if command.iter().any(|word| word.contains('\0')) {
        return Err("must have no NUL in it".to_owned());
    }
    Ok(())
}

impl External {
    pub(super) fn check(&self, login_timeout: Duration, notes: &mut Notes) {
        let keys = ["accounts.external.url", "accounts.external.command"];
        if !self.command.is_empty() && self.url.is_some() && !notes.any_refused(&keys) {
            let text = "stands beside command; only one of them can have the last word";
            notes.problem(&keys, keys[0], text);
        }
        let keys = ["accounts.external.timeout", "limits.login_timeout"];
        let is_asked = !self.command.is_empty() || self.url.is_some();
        if is_asked && self.timeout >= login_timeout && !notes.any_refused(&keys) {
            let text = "must be below limits.login_timeout, or who logs in is disconnected before there is an answer";
            notes.problem(&keys, keys[0], text);
        }
    }
}

impl Default for External {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            url: None,
            timeout: Duration::from_secs(5),
            cache: Duration::from_secs(60),
            concurrency: 4,
            queue: 64,
        }
    }
}

const SCHEME: &str = "http://";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_on_this_machine() {
        let url = CheckUrl::parse("http://127.0.0.1:8000/check?a=1").unwrap();
        assert_eq!(url.address, "127.0.0.1:8000".parse().unwrap());
        assert_eq!(url.path(), "/check?a=1");
        assert_eq!(CheckUrl::parse("http://[::1]:80").unwrap().path(), "/");
        for other in [
            "http://10.0.0.1:80/",
            "http://localhost:80/",
            "http://127.0.0.1/",
            "http://127.0.0.1:0/",
            "https://127.0.0.1:443/",
            "http://u:p@127.0.0.1:80/",
            "http://127.0.0.1:80/a b",
            "http://127.0.0.1:80?a",
        ] {
            assert_eq!(CheckUrl::parse(other), None, "{other}");
        }
    }
}

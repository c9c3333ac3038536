//! Where the daemon is: the addresses that a chat command may be given, and where to look without.
//! Without `--server` the daemon of this machine is asked over its admin socket where it listens,
//! so that a changed port needs no option; when it does not answer, the default port is tried.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Result;

use super::admin_client::Admin;
use super::exit::{Exit, Failure};
use super::trust::{self, Trust};
use crate::wire::admin::{Listener, Status, TlsStatus};

/// chatd's default port for chatting.
const DEFAULT_PORT: u16 = 12231;

/// How long to ask the local daemon where it listens.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// Where to chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// Host and port, `[…]` around an IPv6 address.
    Tcp(String),
    /// The same over TLS.
    Tls { address: String, trust: Trust },
    /// A Unix socket.
    Unix(PathBuf),
}

impl Server {
    /// Whether a certificate of ours is shown there.
    #[must_use]
    pub fn is_shown_certificate(&self) -> bool {
        matches!(self, Self::Tls { trust, .. } if trust.tls_cert.is_some())
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        if let Some(rest) = text.strip_prefix("tls:") {
            let rest = rest.strip_prefix("//").unwrap_or(rest);
            return match rest.parse()? {
                Self::Tcp(address) => Ok(Self::Tls {
                    address,
                    trust: Trust::default(),
                }),
                Self::Tls { .. } | Self::Unix(_) => {
                    Err("expected tls:HOST or tls:HOST:PORT".into())
                }
            };
        }
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            return Err("expected HOST, HOST:PORT, tls:HOST:PORT or unix:PATH".into());
        }
        if text.ends_with(']') || !text.contains(':') {
            return Ok(Self::Tcp(format!("{text}:{DEFAULT_PORT}")));
        }
        let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
        if host.contains(':') && !host.starts_with('[') {
            return Err(format!(
                "write an IPv6 address in brackets: [{text}]:{DEFAULT_PORT}"
            ));
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 && !host.is_empty() => Ok(Self::Tcp(text.to_owned())),
            Ok(_) | Err(_) => Err(format!(
                "{text} has no port from 1 to 65535 behind the colon"
            )),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Tls { address, .. } => write!(f, "tls:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How to find the server: by the name that was given for it, or by asking this machine's daemon.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    pub named: Option<Server>,
    pub trust: Trust,
    pub admin: Admin,
}

impl Whereabouts {
    /// The server to chat with: the one named, else this machine's, whose certificate is known by its
    /// admin socket.
    ///
    /// # Errors
    /// Exit 2 when TLS is asked for on a Unix socket.
    pub async fn server(&self) -> Result<Server> {
        match (&self.named, self.trust.asks_for_tls()) {
            (Some(Server::Tcp(address) | Server::Tls { address, .. }), true) => Ok(Server::Tls {
                address: address.clone(),
                trust: self.trust.clone(),
            }),
            (Some(Server::Unix(_)), true) => {
                let text = "TLS is for HOST:PORT; a Unix socket needs none";
                Err(Failure::new(Exit::Usage, text).into())
            }
            (Some(server), false) => Ok(server.clone()),
            (None, _) => {
                let default = || Server::Tcp(format!("127.0.0.1:{DEFAULT_PORT}"));
                let found = self.told().await.unwrap_or_else(default);
                Ok(self.with_trust(found))
            }
        }
    }

    /// Where it is by now, after a restart or with a renewed certificate. `None` when it was named, and
    /// when the daemon does not answer.
    pub async fn found_again(&self) -> Option<Server> {
        if self.named.is_some() {
            return None;
        }
        let found = self.told().await?;
        Some(self.with_trust(found))
    }

    /// Where this machine's daemon says that it listens.
    async fn told(&self) -> Option<Server> {
        let asked: Result<Status> = self.admin.within(ASK_TIMEOUT).get("/v1/status").await;
        let status = asked.ok()?;
        let tls = status.tls.as_ref();
        let wanted = self.trust.asks_for_tls();
        let listeners = || status.listeners.iter();
        let preferred = listeners().filter(|listener| listener.tls == wanted);
        let mut addresses = preferred.chain(listeners());
        addresses.find_map(|listener| chat_address(listener, tls))
    }

    fn with_trust(&self, found: Server) -> Server {
        match found {
            Server::Tls {
                address,
                trust: known,
            } => {
                let mut trust = self.trust.clone();
                if trust.ca.is_none() && trust.tls_pin.is_none() {
                    trust.tls_pin = known.tls_pin;
                    trust.pin_is_told = known.pin_is_told;
                }
                Server::Tls { address, trust }
            }
            Server::Tcp(address) if self.trust.asks_for_tls() => Server::Tls {
                address,
                trust: self.trust.clone(),
            },
            other => other,
        }
    }
}

/// The address to connect to for chatting at a listener; one that listens everywhere is reached on
/// loopback. With TLS, the certificate must be the one that the daemon has told of.
#[must_use]
pub fn chat_address(listener: &Listener, tls: Option<&TlsStatus>) -> Option<Server> {
    if listener.protocol != "chat" {
        return None;
    }
    match (reached_at(listener)?, tls) {
        (Server::Tcp(address), Some(tls)) if listener.tls => Some(Server::Tls {
            address,
            trust: trust::pinned(&tls.sha256),
        }),
        _ if listener.tls => None,
        (server, _) => Some(server),
    }
}

/// The address to connect to for a listener of any protocol.
#[must_use]
pub fn reached_at(listener: &Listener) -> Option<Server> {
    if listener.address.starts_with('/') {
        return Some(Server::Unix(listener.address.clone().into()));
    }
    let mut address: std::net::SocketAddr = listener.address.parse().ok()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(Server::Tcp(address.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_hosts_with_or_without_port_or_sockets() {
        for (text, server) in [
            ("chat.example", "chat.example:12231"),
            ("chat.example:99", "chat.example:99"),
            ("[::1]", "[::1]:12231"),
            ("[::1]:99", "[::1]:99"),
            ("unix:/run/chat.sock", "unix:/run/chat.sock"),
            ("tls:chat.example", "tls:chat.example:12231"),
            ("tls://[::1]:99", "tls:[::1]:99"),
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), server);
        }
        for text in [
            "",
            "a b",
            "host:",
            "host:0",
            "host:99999",
            ":99",
            "::1",
            "tls:",
            "tls:unix:/a",
        ] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        let at = |protocol: &str, address: &str| {
            let listener = Listener {
                protocol: protocol.into(),
                address: address.into(),
                tls: false,
            };
            chat_address(&listener, None)
        };
        assert_eq!(
            at("chat", "0.0.0.0:99"),
            Some(Server::Tcp("127.0.0.1:99".into()))
        );
        assert_eq!(at("chat", "[::]:99"), Some(Server::Tcp("[::1]:99".into())));
        assert_eq!(
            at("chat", "/run/chat.sock"),
            Some(Server::Unix("/run/chat.sock".into()))
        );
        assert_eq!(at("irc", "127.0.0.1:6667"), None);
    }
}

//! Where the daemon is: the addresses that a chat command may be given, and where to look without.
//! Without `--server` the daemon of this machine is asked over its admin socket where it listens,
//! so that a changed port needs no option; when it does not answer, the default port is tried.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::admin_client::Admin;
use crate::wire::admin::{Listener, Status};

/// chatd's default port for chatting.
const DEFAULT_PORT: u16 = 12231;

/// How long to ask the local daemon where it listens.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// Where to chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// Host and port, `[…]` around an IPv6 address.
    Tcp(String),
    /// A Unix socket.
    Unix(PathBuf),
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            return Err("expected HOST, HOST:PORT or unix:PATH".into());
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
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The server to chat with: the one named, else this machine's.
pub async fn server(named: Option<&Server>, admin: &Admin) -> Server {
    if let Some(server) = named {
        return server.clone();
    }
    let status: Option<Status> = admin.within(ASK_TIMEOUT).get("/v1/status").await.ok();
    status
        .and_then(|status| status.listeners.iter().find_map(chat_address))
        .unwrap_or_else(|| Server::Tcp(format!("127.0.0.1:{DEFAULT_PORT}")))
}

/// The address to connect to for chatting at a listener; one that listens everywhere is reached on
/// loopback.
#[must_use]
pub fn chat_address(listener: &Listener) -> Option<Server> {
    if listener.protocol != "chat" {
        return None;
    }
    reached_at(listener)
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
        ] {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), server);
        }
        for text in ["", "a b", "host:", "host:0", "host:99999", ":99", "::1"] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        let at = |protocol: &str, address: &str| {
            chat_address(&Listener {
                protocol: protocol.into(),
                address: address.into(),
                tls: false,
            })
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

//! One `[[listen]]` as it was written, and the endpoint that it means. Whether it goes together with
//! the others is for `listeners.rs`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::field::Field;
use super::{AddressBlock, Endpoint, Listen, Protocol, Trust};

/// Where a listener listens when it does not say.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PORT: u16 = 12231;
const IRC_PORT: u16 = 6667;
/// RFC 7194.
const IRC_TLS_PORT: u16 = 6697;
/// Those that need no right of root's.
const HTTP_PORT: u16 = 8080;
const HTTPS_PORT: u16 = 8443;

/// One `[[listen]]` as written: what is `None` was left out.
#[derive(Clone, Debug)]
pub(super) struct ListenDraft {
    pub(super) protocol: Protocol,
    pub(super) address: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) unix: UnixPath,
    pub(super) tls: bool,
    pub(super) trust: Trust,
    pub(super) proxies: Vec<AddressBlock>,
}

/// The path of a Unix socket, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct UnixPath(pub(super) Option<PathBuf>);

impl Default for ListenDraft {
    fn default() -> Self {
        Self {
            protocol: Protocol::Chat,
            address: None,
            port: None,
            unix: UnixPath(None),
            tls: false,
            trust: Trust::None,
            proxies: Vec::new(),
        }
    }
}

impl From<&Listen> for ListenDraft {
    fn from(listen: &Listen) -> Self {
        let empty = Self {
            protocol: listen.protocol,
            tls: listen.tls,
            trust: listen.trust,
            proxies: listen.proxies.clone(),
            ..Self::default()
        };
        match &listen.at {
            Endpoint::Tcp { address, port } => Self {
                address: Some(*address),
                port: Some(*port),
                ..empty
            },
            Endpoint::Unix { path } => Self {
                unix: UnixPath(Some(path.clone())),
                ..empty
            },
        }
    }
}

impl Field<String> for UnixPath {
    fn get(&self) -> Option<String> {
        self.0.as_ref().and_then(Field::get)
    }
    fn put(&mut self, value: String) -> Result<(), String> {
        Field::put(self.0.insert(PathBuf::new()), value)
    }
}

impl ListenDraft {
    /// Where clients look for what is spoken here.
    fn usual_port(&self) -> u16 {
        match (self.protocol, self.tls) {
            (Protocol::Chat, _) => PORT,
            (Protocol::Irc, false) => IRC_PORT,
            (Protocol::Irc, true) => IRC_TLS_PORT,
            (Protocol::Http, false) => HTTP_PORT,
            (Protocol::Http, true) => HTTPS_PORT,
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        match &self.unix.0 {
            Some(path) => Endpoint::Unix { path: path.clone() },
            None => Endpoint::Tcp {
                address: self.address.unwrap_or(ADDRESS),
                port: self.port.unwrap_or_else(|| self.usual_port()),
            },
        }
    }
}

/// What a daemon listens on when nobody says.
pub(super) fn default_listeners() -> Vec<Listen> {
    vec![Listen {
        protocol: Protocol::Chat,
        at: ListenDraft::default().endpoint(),
        tls: false,
        trust: Trust::None,
        proxies: Vec::new(),
    }]
}

//! Who is at the other end, as far as the kernel knows.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// The other end of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Its address and port.
    Tcp(SocketAddr),
    /// Its uid, as the kernel vouches; `None` where it would not say.
    Unix { uid: Option<u32> },
}

impl Peer {
    /// Its IP address, for limits per address; `None` on a Unix socket.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix { .. } => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix { uid: Some(uid) } => write!(f, "unix:uid={uid}"),
            Self::Unix { uid: None } => f.write_str("unix"),
        }
    }
}

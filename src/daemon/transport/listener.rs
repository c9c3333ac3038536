//! Sockets that listen, and the connections fresh from them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net as std_unix;
use std::path::PathBuf;
use std::task::{Context, Poll};

use socket2::{Domain, Protocol, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::{Peer, ReadHalf, WriteHalf};

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    /// With the path that it is bound to.
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Listens on an IP address. Port 0 lets the system choose one.
    ///
    /// An IPv6 listener takes IPv6 only, so that `::` and `0.0.0.0` can stand side by side.
    ///
    /// # Errors
    /// The system's: the port is in use, needs root, or the address is not this machine's.
    pub fn bind_tcp(address: SocketAddr, backlog: u32) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            Domain::for_address(address),
            Type::STREAM.nonblocking(),
            Some(Protocol::TCP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        Ok(Self::Tcp(TcpListener::from_std(socket.into())?))
    }

    /// Takes over a TCP socket that listens already.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std_tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(TcpListener::from_std(listener)?))
    }

    /// Takes over a Unix socket that listens already on `path`.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std_unix(listener: std_unix::UnixListener, path: PathBuf) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(UnixListener::from_std(listener)?, path))
    }

    /// The next connection.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(stream, address)| Socket::Tcp(stream, address)),
            Self::Unix(listener, _) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Socket::Unix(stream)),
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(error) => write!(f, "tcp ({error})"),
            },
            Self::Unix(_, path) => path.display().fmt(f),
        }
    }
}

/// A connection as it was accepted, not yet split.
#[derive(Debug)]
pub enum Socket {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Socket {
    /// Who connected.
    #[must_use]
    pub fn peer(&self) -> Peer {
        match self {
            Self::Tcp(_, address) => Peer::Tcp(*address),
            Self::Unix(stream) => Peer::Unix {
                uid: stream.peer_cred().ok().map(|peer| peer.uid()),
            },
        }
    }

    /// Gets ready for serving: small writes leave at once, and the kernel finds peers that vanished
    /// without a word even where their protocol cannot be asked.
    ///
    /// # Errors
    /// The system's; the peer may have gone already.
    pub fn prepare(&self) -> io::Result<()> {
        let Self::Tcp(stream, _) = self else {
            return Ok(());
        };
        stream.set_nodelay(true)?;
        let keepalive = socket2::TcpKeepalive::new()
            .with_time(KEEPALIVE_IDLE)
            .with_interval(KEEPALIVE_INTERVAL)
            .with_retries(KEEPALIVE_PROBES);
        socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
    }

    /// Says one last thing without waiting, and closes. What the kernel does not take at once is lost.
    pub fn dismiss(self, last_words: &[u8]) {
        // Straight to the kernel: tokio would say WouldBlock for a socket that it has just met.
        let sent = match &self {
            Self::Tcp(stream, _) => socket2::SockRef::from(stream).send(last_words),
            Self::Unix(stream) => socket2::SockRef::from(stream).send(last_words),
        };
        drop(sent); // a peer that cannot be told is closed all the same
    }

    /// The two halves.
    #[must_use]
    pub fn split(self) -> (ReadHalf, WriteHalf) {
        match self {
            Self::Tcp(stream, _) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Tcp(read), WriteHalf::Tcp(write))
            }
            Self::Unix(stream) => {
                let (read, write) = stream.into_split();
                (ReadHalf::Unix(read), WriteHalf::Unix(write))
            }
        }
    }
}

/// A silent TCP peer is probed by the kernel after this long,
const KEEPALIVE_IDLE: std::time::Duration = std::time::Duration::from_secs(120);
/// then this often,
const KEEPALIVE_INTERVAL: std::time::Duration = std::time::Duration::from_secs(30);
/// and given up after this many probes without an answer.
const KEEPALIVE_PROBES: u32 = 4;

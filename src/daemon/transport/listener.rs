//! Sockets that listen.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net as std_unix;
use std::path::PathBuf;
use std::time::Duration;

use rustix::net::{self, SocketFlags, sockopt};
use socket2::{Domain, Protocol, SockRef, TcpKeepalive, Type};

use super::{Peer, Socket, Watched};

/// A socket that listens.
#[derive(Debug)]
pub struct Listener {
    socket: Watched,
    family: Family,
}

#[derive(Debug)]
enum Family {
    Tcp,
    /// With the path that it is bound to.
    Unix(PathBuf),
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
        Self::from_std_tcp(socket.into())
    }

    /// Takes over a TCP socket that listens already.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std_tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        prepare(&SockRef::from(&listener))?;
        Self::new(listener.into(), Family::Tcp)
    }

    /// Takes over a Unix socket that listens already on `path`.
    ///
    /// # Errors
    /// The system's.
    pub fn from_std_unix(listener: std_unix::UnixListener, path: PathBuf) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Self::new(listener.into(), Family::Unix(path))
    }

    fn new(socket: OwnedFd, family: Family) -> io::Result<Self> {
        Ok(Self {
            socket: Watched::new(socket)?,
            family,
        })
    }

    /// The next connection. Safe to give up waiting for.
    ///
    /// # Errors
    /// accept(2)'s: of the connection that is lost, or of a lack of descriptors or memory.
    pub async fn accept(&self) -> io::Result<(Socket, Peer)> {
        loop {
            poll_fn(|cx| self.socket.poll_readable(cx)).await?;
            match self.socket.try_read(|| self.accept_one()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                accepted => return accepted,
            }
        }
    }

    fn accept_one(&self) -> io::Result<(Socket, Peer)> {
        let listener = self.socket.descriptor();
        let flags = SocketFlags::CLOEXEC;
        match self.family {
            Family::Tcp => {
                let (socket, address) = net::acceptfrom_with(listener, flags)?;
                let address = address.ok_or(io::ErrorKind::NotConnected)?;
                let address = SocketAddr::try_from(address)?;
                Ok((Socket::new(socket), Peer::Tcp(address)))
            }
            Family::Unix(_) => {
                let socket = net::accept_with(listener, flags)?;
                let credentials = sockopt::socket_peercred(&socket).ok();
                let uid = credentials.map(|peer| peer.uid.as_raw());
                Ok((Socket::new(socket), Peer::Unix { uid }))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.family {
            Family::Tcp => match SockRef::from(self.socket.descriptor()).local_addr() {
                Ok(address) => match address.as_socket() {
                    Some(address) => address.fmt(f),
                    None => f.write_str("tcp"),
                },
                Err(error) => write!(f, "tcp ({error})"),
            },
            Family::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Small writes leave at once, and the kernel finds peers that vanished without a word even where
/// their protocol cannot be asked. Set on the listener, because on Linux every connection inherits
/// it: that saves five system calls for each.
fn prepare(listener: &SockRef<'_>) -> io::Result<()> {
    listener.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_PROBES);
    listener.set_tcp_keepalive(&keepalive)
}

/// A silent TCP peer is probed by the kernel after this long,
const KEEPALIVE_IDLE: Duration = Duration::from_secs(120);
/// then this often,
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// and given up after this many probes without an answer.
const KEEPALIVE_PROBES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_inherit_what_is_set_on_the_listener() {
        let listener = Listener::bind_tcp(([127, 0, 0, 1], 0).into(), 16).unwrap();
        let address: SocketAddr = listener.to_string().parse().unwrap();
        let _peer = std::net::TcpStream::connect(address).unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let socket = SockRef::from(&socket);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), KEEPALIVE_IDLE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_PROBES);
    }
}

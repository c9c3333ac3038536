//! Where the load goes: the server's address, whether it is a loopback one, and its process.
//! Nothing is sent to a server that is not local before the operator has said yes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use anyhow::Result;
use rustix::io::Errno;
use rustix::net::sockopt::Timeout;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, socket_with, sockopt,
};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use crate::ctl::exit::{Exit, Failure};
use crate::ctl::locate::{self, Server};
use crate::wire::admin::Status;

/// A receive buffer that is soon full, for clients that shall not read.
const SMALL_BUFFER_BYTES: usize = 4096;

/// A server that was found.
#[derive(Clone, Debug)]
pub struct Target {
    address: Address,
    /// Addresses of this machine from which to connect.
    sources: u32,
    /// How long a connection may take where it is waited for.
    patience: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server().fmt(f)
    }
}

impl Target {
    /// Finds the server, and makes sure that somebody answers.
    ///
    /// # Errors
    /// 2 when it is not local and `yes` is not given, 3 when nobody answers within `patience`.
    pub async fn find(
        server: &Server,
        yes: bool,
        sources: u32,
        patience: Duration,
    ) -> Result<Self> {
        let addresses = match server {
            Server::Unix(path) => vec![Address::Unix(path.clone())],
            Server::Tls { .. } => {
                let text = "the bench speaks no TLS: name a listener without";
                return Err(Failure::new(Exit::Usage, text).into());
            }
            Server::Tcp(name) => lookup_host(name)
                .await
                .map_err(|error| unreachable(server, &error.to_string()))?
                .map(Address::Tcp)
                .collect(),
        };
        if !yes && !addresses.iter().all(Address::is_local) {
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "{server} is not a loopback address; a bench is a heavy load for a server and the \
                     network before it. If both are yours to load, say --yes"
                ),
            )
            .into());
        }
        let mut why = "it has no address".to_owned();
        for address in addresses {
            match timeout(patience, address.probe()).await {
                Ok(Ok(())) => return Self::at(address, sources, patience),
                Ok(Err(error)) => why = error.to_string(),
                Err(_) => why = "no answer".to_owned(),
            }
        }
        Err(unreachable(server, &why).into())
    }

    fn at(address: Address, sources: u32, patience: Duration) -> Result<Self> {
        let is_ipv4_loopback =
            matches!(&address, Address::Tcp(SocketAddr::V4(address)) if address.ip().is_loopback());
        if sources > 1 && !is_ipv4_loopback {
            let text = "--sources needs a server on 127.0.0.1 or another address of 127.0.0.0/8";
            return Err(Failure::new(Exit::Usage, text).into());
        }
        Ok(Self {
            address,
            sources,
            patience,
        })
    }

    /// As chatctl's other commands name it.
    #[must_use]
    pub fn server(&self) -> Server {
        match &self.address {
            Address::Tcp(address) => Server::Tcp(address.to_string()),
            Address::Unix(path) => Server::Unix(path.clone()),
        }
    }

    /// The process behind it, when it is the chatd that gave this status.
    #[must_use]
    pub fn pid(&self, status: &Status) -> Option<i32> {
        let listens_here = status.listeners.iter().any(|listener| {
            locate::reached_at(listener).is_some_and(|server| server == self.server())
        });
        let pid = i32::try_from(status.pid).ok()?;
        listens_here.then_some(pid)
    }

    /// Starts to connect the client with this number. A `small` one has room for few bytes that it
    /// has not read.
    ///
    /// # Errors
    /// What the system says.
    pub fn connect(&self, number: u32, small: bool) -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        match &self.address {
            Address::Tcp(address) => {
                let family = match address {
                    SocketAddr::V4(_) => AddressFamily::INET,
                    SocketAddr::V6(_) => AddressFamily::INET6,
                };
                let socket = socket_with(family, SocketType::STREAM, flags, None)?;
                sockopt::set_tcp_nodelay(&socket, true)?;
                if small {
                    sockopt::set_socket_recv_buffer_size(&socket, SMALL_BUFFER_BYTES)?;
                }
                if self.sources > 1 {
                    let last = 1 + number % self.sources;
                    let source = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 0)) + last);
                    bind(&socket, &SocketAddr::new(IpAddr::V4(source), 0))?;
                }
                match connect(&socket, address) {
                    Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
                    Err(error) => Err(error.into()),
                }
            }
            Address::Unix(path) => {
                // A Unix socket whose backlog is full says so at once, instead of connecting later:
                // so this one waits, by the clock for sending that connecting obeys too.
                let flags = SocketFlags::CLOEXEC;
                let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
                sockopt::set_socket_timeout(&socket, Timeout::Send, Some(self.patience))?;
                match connect(&socket, &SocketAddrUnix::new(path)?) {
                    Ok(()) => {}
                    Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                    Err(error) => return Err(error.into()),
                }
                rustix::io::ioctl_fionbio(&socket, true)?;
                Ok(socket)
            }
        }
    }
}

impl Address {
    fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    async fn probe(&self) -> io::Result<()> {
        match self {
            Self::Tcp(address) => TcpStream::connect(address).await.map(drop),
            Self::Unix(path) => UnixStream::connect(path).await.map(drop),
        }
    }
}

fn unreachable(server: &Server, why: &str) -> Failure {
    Failure::new(
        Exit::Unreachable,
        format!("no server answers on {server}: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use rustix::net::listen;

    use super::*;

    #[test]
    fn a_server_that_takes_nobody_in_is_not_waited_for_without_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("full.sock");
        let flags = SocketFlags::CLOEXEC;
        let listener = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap();
        bind(&listener, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        listen(&listener, 0).unwrap();
        let target = Target {
            address: Address::Unix(path),
            sources: 1,
            patience: Duration::from_millis(20),
        };
        // One fits the queue of those that nobody has accepted.
        let waiting = target.connect(0, false).unwrap();
        let late = target.connect(1, false).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        drop(waiting);
    }
}

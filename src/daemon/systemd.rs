//! What the daemon tells systemd (sd_notify(3)) and gets from it (socket activation). Without
//! `NOTIFY_SOCKET` and `LISTEN_FDS` everything here does nothing, and nothing else asks whether
//! systemd is there.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use sd_notify::NotifyState;
use socket2::{Domain, SockRef, Type};

use super::engine::handle::EngineHandle;
use super::inherited;
use crate::config::Endpoint;
use crate::hub::view::Counts;

/// How often the status line is looked at; it is sent only when it has changed.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// The daemon serves.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A reload begins; [`ready`] ends it.
pub fn reloading() {
    // systemd 253 and newer want the time beside it (Type=notify-reload).
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The daemon stops, for this reason.
pub fn stopping(why: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(&one_line(why))]);
}

/// The daemon cannot start or go on; `systemctl status` shows why.
pub fn failed(why: &str) {
    tell(&[NotifyState::Status(&one_line(why))]);
}

/// Keeps the status line (`37 users, 4 rooms`) current and the watchdog content, for ever. Run it
/// as a task once the engine runs.
///
/// Each sign of life is asked from the engine's own loop first, so that a stuck loop is noticed:
/// then no sign is sent, and systemd acts when `WatchdogSec=` has passed.
pub async fn tend(engine: EngineHandle) {
    // Half of the watchdog's time, as sd_watchdog_enabled(3) advises.
    let watchdog = sd_notify::watchdog_enabled().map(|limit| limit / 2);
    tokio::join!(keep_watchdog(&engine, watchdog), keep_status(&engine));
}

async fn keep_watchdog(engine: &EngineHandle, every: Option<Duration>) {
    let Some(every) = every.filter(|every| !every.is_zero()) else {
        return;
    };
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if engine.heartbeat().await.is_ok() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

async fn keep_status(engine: &EngineHandle) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    let mut ticks = tokio::time::interval(STATUS_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut told = String::new();
    loop {
        ticks.tick().await;
        let Ok(counts) = engine.counts().await else {
            continue;
        };
        let status = status_line(counts);
        if status != told {
            tell(&[NotifyState::Status(&status)]);
            told = status;
        }
    }
}

/// `37 users, 4 rooms`
#[must_use]
pub fn status_line(counts: Counts) -> String {
    let plural = |count: usize, noun: &str| match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    };
    format!(
        "{}, {}",
        plural(counts.users, "user"),
        plural(counts.rooms, "room")
    )
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}

/// A line feed would begin another assignment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A listening socket that the service manager opened.
#[derive(Debug)]
pub struct Inherited {
    /// `FileDescriptorName=`, or the unit's name.
    pub name: String,
    pub socket: InheritedSocket,
}

/// Its kind and where it listens. Non-blocking.
#[derive(Debug)]
pub enum InheritedSocket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

/// The inherited sockets that nobody has claimed yet.
#[derive(Debug, Default)]
pub struct Activation {
    unclaimed: Vec<Inherited>,
}

impl Activation {
    /// Takes the inherited sockets over. Call once, before listeners are bound.
    ///
    /// # Errors
    /// The environment or a descriptor is not as sd_listen_fds(3) has it; the text says which.
    pub fn take() -> io::Result<Self> {
        let unclaimed = inherited::take()?
            .into_iter()
            .map(|(descriptor, name)| classify(descriptor, name))
            .collect::<io::Result<_>>()?;
        Ok(Self { unclaimed })
    }

    /// The inherited socket that listens at a place of the config, if there is one.
    pub fn claim(&mut self, place: &Endpoint) -> Option<Inherited> {
        let index = self
            .unclaimed
            .iter()
            .position(|inherited| inherited.is_at(place))?;
        Some(self.unclaimed.remove(index))
    }

    /// Those with this name that no place of the config has claimed: the unit's file says where
    /// they listen.
    pub fn claim_named(&mut self, name: &str) -> Vec<Inherited> {
        let (named, rest) = std::mem::take(&mut self.unclaimed)
            .into_iter()
            .partition(|inherited| inherited.name == name);
        self.unclaimed = rest;
        named
    }

    /// Names and places of what is left, for a warning; they are closed.
    #[must_use]
    pub fn leftovers(self) -> Vec<String> {
        self.unclaimed
            .iter()
            .map(|inherited| format!("{} ({})", inherited.address(), inherited.name))
            .collect()
    }
}

impl Inherited {
    /// `127.0.0.1:12231`, or a path.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.socket {
            InheritedSocket::Tcp(_, address) => address.to_string(),
            InheritedSocket::Unix(_, path) => path.display().to_string(),
        }
    }

    fn is_at(&self, place: &Endpoint) -> bool {
        match (&self.socket, place) {
            (InheritedSocket::Tcp(_, here), Endpoint::Tcp { address, port }) => {
                *here == SocketAddr::new(*address, *port)
            }
            (InheritedSocket::Unix(_, here), Endpoint::Unix { path }) => here == path,
            (InheritedSocket::Tcp(..), Endpoint::Unix { .. })
            | (InheritedSocket::Unix(..), Endpoint::Tcp { .. }) => false,
        }
    }
}

fn classify(descriptor: OwnedFd, name: String) -> io::Result<Inherited> {
    let wrong = |what: &str| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!(
                "the inherited descriptor `{name}` is {what}; chatd takes listening stream sockets (ListenStream=)"
            ),
        )
    };
    let socket = SockRef::from(&descriptor);
    let kind = socket.r#type().map_err(|_| wrong("no socket"))?;
    if kind != Type::STREAM || !socket.is_listener()? {
        return Err(wrong("no listening stream socket"));
    }
    socket.set_nonblocking(true)?;
    let domain = socket.domain()?;
    let socket = if domain == Domain::UNIX {
        let listener = UnixListener::from(descriptor);
        let address = listener.local_addr()?;
        let path = address
            .as_pathname()
            .ok_or_else(|| wrong("a Unix socket without a path"))?
            .to_owned();
        InheritedSocket::Unix(listener, path)
    } else if domain == Domain::IPV4 || domain == Domain::IPV6 {
        let listener = TcpListener::from(descriptor);
        let address = listener.local_addr()?;
        InheritedSocket::Tcp(listener, address)
    } else {
        return Err(wrong("neither TCP nor Unix"));
    };
    Ok(Inherited { name, socket })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn activation() -> (Activation, SocketAddr, PathBuf, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chat.sock");
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = tcp.local_addr().unwrap();
        let unix = UnixListener::bind(&path).unwrap();
        let unclaimed = vec![
            classify(tcp.into(), "chat".to_owned()).unwrap(),
            classify(unix.into(), "admin".to_owned()).unwrap(),
        ];
        (Activation { unclaimed }, address, path, directory)
    }

    #[test]
    fn inherited_sockets_are_found_by_the_place_they_listen_at() {
        let (mut activation, address, path, _directory) = activation();
        let (ip, port) = (address.ip(), address.port());
        let elsewhere = Endpoint::Tcp {
            address: ip,
            port: port ^ 1,
        };
        assert!(activation.claim(&elsewhere).is_none());
        let tcp = activation
            .claim(&Endpoint::Tcp { address: ip, port })
            .unwrap();
        assert_eq!(tcp.address(), address.to_string());
        assert!(activation.claim(&Endpoint::Unix { path }).is_some());
        assert_eq!(activation.leftovers(), [""; 0]);
    }

    #[test]
    fn inherited_sockets_are_found_by_name_and_the_rest_is_told() {
        let (mut activation, address, path, _directory) = activation();
        assert_eq!(
            activation.claim_named("chat")[0].address(),
            address.to_string()
        );
        assert_eq!(
            activation.leftovers(),
            [format!("{} (admin)", path.display())]
        );
    }

    #[test]
    fn what_does_not_listen_is_refused_by_name() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let error = classify(one.into(), "odd".to_owned())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`odd` is no listening stream socket"),
            "{error}"
        );
    }

    #[test]
    fn the_status_line_counts() {
        let counts = Counts {
            sessions: 9,
            users: 37,
            rooms: 1,
        };
        assert_eq!(status_line(counts), "37 users, 1 room");
    }
}

//! Who holds a port or a socket, as far as the system shows it to us: read from `/proc`, best
//! effort, only to make an error message useful. Decides nothing.

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Who holds a port or a socket, as far as the system shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Only root and the holder's own user may see it.
    pub pid: Option<u32>,
    /// The program's name.
    pub name: Option<String>,
    pub uid: Option<u32>,
}

impl Holder {
    pub(super) fn new(pid: Option<u32>, uid: Option<u32>) -> Self {
        let name = pid.and_then(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).ok());
        Self {
            pid,
            name: name.map(|name| name.trim_end().to_owned()),
            uid,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, &self.name, self.uid) {
            (Some(pid), Some(name), _) => write!(f, "pid {pid} ({})", name.escape_debug()),
            (Some(pid), None, _) => write!(f, "pid {pid}"),
            (None, _, Some(uid)) => write!(
                f,
                "a process of uid {uid}; which one, `ss -ltnp` tells root or that user"
            ),
            (None, _, None) => f.write_str("a process that only root can see"),
        }
    }
}

/// Who listens where `wanted` would, best effort; `None` when nobody is seen to.
#[must_use]
pub fn who_holds(wanted: SocketAddr) -> Option<Holder> {
    let tables = [
        fs::read_to_string("/proc/net/tcp"),
        fs::read_to_string("/proc/net/tcp6"),
    ];
    let holding = tables
        .iter()
        .flatten()
        .flat_map(|table| table.lines().filter_map(ListenRow::parse))
        .find(|row| row.bars(wanted))?;
    Some(Holder::new(
        pid_with_socket(holding.inode),
        Some(holding.uid),
    ))
}

/// A listening socket in proc_net_tcp(5).
struct ListenRow {
    address: SocketAddr,
    uid: u32,
    inode: u64,
}

impl ListenRow {
    fn parse(line: &str) -> Option<Self> {
        const LISTEN: &str = "0A";
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        if *fields.get(3)? != LISTEN {
            return None;
        }
        Some(Self {
            address: parse_hex_address(fields.get(1)?)?,
            uid: fields.get(7)?.parse().ok()?,
            inode: fields.get(9)?.parse().ok()?,
        })
    }

    /// Whether nobody else may listen at `wanted` beside it.
    fn bars(&self, wanted: SocketAddr) -> bool {
        let (here, there) = (self.address.ip().to_canonical(), wanted.ip().to_canonical());
        self.address.port() == wanted.port()
            && (here == there || here.is_unspecified() || there.is_unspecified())
    }
}

/// `0100007F:2FC7`: groups of four bytes in the machine's byte order.
fn parse_hex_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    for start in (0..address.len()).step_by(8) {
        let group = u32::from_str_radix(address.get(start..start + 8)?, 16).ok()?;
        bytes.extend(group.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?)),
        16 => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn pid_with_socket(inode: u64) -> Option<u32> {
    let wanted = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|process| process.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| {
            let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else {
                return false; // gone, or another user's
            };
            descriptors
                .flatten()
                .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
                .any(|target| target.as_os_str() == wanted.as_str())
        })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_holder_of_a_port_is_found() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let holder = who_holds(address).unwrap();
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(holder.to_string().starts_with("pid "), "{holder}");
        let everywhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
        assert_eq!(who_holds(everywhere), Some(holder));
        let other = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 9).into(), address.port());
        assert_eq!(who_holds(other), None);
    }

    #[test]
    fn a_holder_that_cannot_be_seen_is_told_as_such() {
        let holder = Holder {
            pid: None,
            name: None,
            uid: Some(33),
        };
        assert!(holder.to_string().contains("a process of uid 33"));
    }
}

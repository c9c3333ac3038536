//! How many connections come from where. One household or one machine counts as one origin: an
//! IPv4 address, or the /64 that an IPv6 host can choose its addresses from.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::input::Origin;

/// Connections by network; peers on a Unix socket have none and are not counted.
#[derive(Debug, Default)]
pub(super) struct Networks {
    counts: BTreeMap<Network, u32>,
}

impl Networks {
    pub(super) fn count(&self, network: Network) -> usize {
        self.counts.get(&network).copied().unwrap_or(0) as usize
    }

    pub(super) fn add(&mut self, network: Network) {
        *self.counts.entry(network).or_insert(0) += 1;
    }

    pub(super) fn remove(&mut self, network: Network) {
        let count = self
            .counts
            .get_mut(&network)
            .expect("what is removed was added");
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&network);
        }
    }

    /// Connections counted.
    pub(super) fn total(&self) -> usize {
        self.counts.values().map(|&count| count as usize).sum()
    }
}

/// One origin. In octets, because every session keeps one and they need no alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Network {
    V4([u8; 4]),
    /// The upper 64 bits.
    V6([u8; 8]),
}

impl Network {
    /// `None` for a peer on a Unix socket.
    #[must_use]
    pub fn of(origin: Origin) -> Option<Self> {
        let Origin::Ip(address) = origin else {
            return None;
        };
        Some(Self::from(address))
    }

    /// Its first `bits` bits, the others zero; at most 32 or 64 count.
    #[must_use]
    pub fn masked(self, bits: u8) -> Self {
        match self {
            Self::V4(octets) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32)));
                Self::V4((u32::from_be_bytes(octets) & mask.unwrap_or(0)).to_be_bytes())
            }
            Self::V6(octets) => {
                let mask = u64::MAX.checked_shl(64 - u32::from(bits.min(64)));
                Self::V6((u64::from_be_bytes(octets) & mask.unwrap_or(0)).to_be_bytes())
            }
        }
    }

    /// Whether it is this machine's own loopback.
    #[must_use]
    pub fn is_loopback(self) -> bool {
        match self {
            Self::V4([first, ..]) => first == 127,
            // ::1 is alone with :: in its /64.
            Self::V6(upper) => upper == [0; 8],
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        // A dual-stack listener sees an IPv4 peer as ::ffff:a.b.c.d.
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        }
    }
}

/// The first address of it.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(octets) => Ipv4Addr::from(octets).fmt(f),
            Self::V6(upper) => {
                let mut octets = [0; 16];
                octets[..8].copy_from_slice(&upper);
                Ipv6Addr::from(octets).fmt(f)
            }
        }
    }
}

/// Where a session comes from, as far as it can be told from others. In octets for the same reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Network(Network),
    /// Whoever has this uid on this machine, by a Unix socket.
    User([u8; 4]),
    /// A Unix socket's peer of whom nothing is known; and where [`told_apart`](Self::told_apart) says so.
    Machine,
}

impl Source {
    pub(super) fn of(origin: Origin) -> Self {
        match (Network::of(origin), origin) {
            (Some(network), _) => Self::Network(network),
            (None, Origin::Local { uid: Some(uid) }) => Self::User(uid.to_be_bytes()),
            (None, Origin::Local { uid: None } | Origin::Ip(_)) => Self::Machine,
        }
    }

    /// `None` for a peer on a Unix socket.
    pub(super) fn network(self) -> Option<Network> {
        match self {
            Self::Network(network) => Some(network),
            Self::User(_) | Self::Machine => None,
        }
    }

    /// On loopback anybody may be behind any address.
    pub(super) fn told_apart(self) -> Self {
        match self {
            Self::Network(network) if network.is_loopback() => Self::Machine,
            Self::Network(_) | Self::User(_) | Self::Machine => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Network {
        Network::of(Origin::Ip(text.parse().unwrap())).unwrap()
    }

    #[test]
    fn a_64_and_an_ipv4_address_in_ipv6_clothes_are_one_origin() {
        let mut networks = Networks::default();
        for address in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "10.0.0.1"] {
            networks.add(from(address));
        }
        assert_eq!(networks.count(from("2001:db8:0:1::9")), 2);
        assert_eq!(networks.count(from("2001:db8:0:2::9")), 0);
        assert_eq!(networks.count(from("::ffff:10.0.0.1")), 1);
        assert_eq!(Network::of(Origin::Local { uid: None }), None);
        networks.remove(from("::ffff:10.0.0.1"));
        assert_eq!(networks.total(), 2);
        assert_eq!(
            networks.counts.len(),
            1,
            "a network without connections costs nothing"
        );
    }
}

//! How many connections come from where. One household or one machine counts as one origin: an
//! IPv4 address, or the /64 that an IPv6 host can choose its addresses from.

use std::collections::BTreeMap;
use std::net::IpAddr;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Network {
    V4([u8; 4]),
    /// The upper 64 bits.
    V6([u8; 8]),
}

impl Network {
    /// `None` for a peer on a Unix socket.
    pub(super) fn of(origin: Origin) -> Option<Self> {
        let Origin::Ip(address) = origin else {
            return None;
        };
        // A dual-stack listener sees an IPv4 peer as ::ffff:a.b.c.d.
        Some(match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
        })
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
        assert_eq!(Network::of(Origin::Local), None);
        networks.remove(from("::ffff:10.0.0.1"));
        assert_eq!(networks.total(), 2);
        assert_eq!(
            networks.counts.len(),
            1,
            "a network without connections costs nothing"
        );
    }
}

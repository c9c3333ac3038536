//! How many connections come from where. One household or one machine counts as one origin: an
//! IPv4 address, or the /64 that an IPv6 host can choose its addresses from.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::input::Origin;

/// Connections by origin; peers on a Unix socket are not counted.
#[derive(Debug, Default)]
pub(super) struct Origins {
    counts: BTreeMap<Network, usize>,
}

impl Origins {
    pub(super) fn count(&self, origin: Origin) -> usize {
        Network::of(origin)
            .and_then(|network| self.counts.get(&network).copied())
            .unwrap_or(0)
    }

    pub(super) fn add(&mut self, origin: Origin) {
        if let Some(network) = Network::of(origin) {
            *self.counts.entry(network).or_insert(0) += 1;
        }
    }

    pub(super) fn remove(&mut self, origin: Origin) {
        let Some(network) = Network::of(origin) else {
            return;
        };
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
        self.counts.values().sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Network {
    V4(u32),
    /// The upper 64 bits.
    V6(u64),
}

impl Network {
    fn of(origin: Origin) -> Option<Self> {
        let Origin::Ip(address) = origin else {
            return None;
        };
        // A dual-stack listener sees an IPv4 peer as ::ffff:a.b.c.d.
        Some(match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Origin {
        Origin::Ip(text.parse().unwrap())
    }

    #[test]
    fn a_64_and_an_ipv4_address_in_ipv6_clothes_are_one_origin() {
        let mut origins = Origins::default();
        for address in ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "10.0.0.1"] {
            origins.add(from(address));
        }
        origins.add(Origin::Local);
        assert_eq!(origins.count(from("2001:db8:0:1::9")), 2);
        assert_eq!(origins.count(from("2001:db8:0:2::9")), 0);
        assert_eq!(origins.count(from("::ffff:10.0.0.1")), 1);
        assert_eq!(origins.count(Origin::Local), 0);
        origins.remove(from("::ffff:10.0.0.1"));
        assert_eq!(origins.total(), 2);
        assert_eq!(
            origins.counts.len(),
            1,
            "an origin without connections costs nothing"
        );
    }
}

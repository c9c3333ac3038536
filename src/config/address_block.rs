//! Addresses that begin with the same bits, as a list of a listener's proxies names them. Exact to the
//! single address, unlike the blocks that rules are about: who is trusted is no neighbour.

use std::fmt;
use std::net::IpAddr;

use super::field::Field;
use super::problem::shown;

/// One address, or all that begin with the same bits: `127.0.0.1`, `10.1.0.0/16`, `::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressBlock {
    /// Bits behind the first `bits` are zero.
    address: IpAddr,
    /// 1 to 32 or 128.
    bits: u8,
}

impl AddressBlock {
    /// Whether the address is in it. An IPv4 address in IPv6 clothes is an IPv4 address.
    #[must_use]
    pub fn has(self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.bits) == self.address
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let max = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(max), str::parse).ok()?;
        let is_exact = masked(address, bits) == address && address.to_canonical() == address;
        ((1..=max).contains(&bits) && is_exact).then_some(Self { address, bits })
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        match (self.address, self.bits) {
            (IpAddr::V4(_), 32) | (IpAddr::V6(_), 128) => Ok(()),
            (IpAddr::V4(_) | IpAddr::V6(_), bits) => write!(f, "/{bits}"),
        }
    }
}

impl Field<Vec<String>> for Vec<AddressBlock> {
    fn get(&self) -> Option<Vec<String>> {
        Some(self.iter().map(AddressBlock::to_string).collect())
    }
    fn put(&mut self, value: Vec<String>) -> Result<(), String> {
        let block = |text: &String| AddressBlock::parse(text).ok_or_else(|| not_a_block(text));
        if value.len() > BLOCKS_MAX {
            return Err(format!("must be at most {BLOCKS_MAX} addresses"));
        }
        *self = value.iter().map(block).collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32)));
            IpAddr::V4((address.to_bits() & mask.unwrap_or(0)).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128)));
            IpAddr::V6((address.to_bits() & mask.unwrap_or(0)).into())
        }
    }
}

fn not_a_block(text: &str) -> String {
    format!(
        "must have addresses such as \"127.0.0.1\" or the first of a block such as \"10.1.0.0/16\", not {}",
        shown(text)
    )
}

/// Every connection is compared with each of them.
const BLOCKS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn has(block: &str, address: &str) -> bool {
        let block = AddressBlock::parse(block).expect("a block");
        block.has(address.parse().expect("an address"))
    }

    #[test]
    fn a_block_has_what_begins_with_the_same_bits() {
        assert!(has("10.1.0.0/16", "10.1.255.3"));
        assert!(has("10.1.0.0/16", "::ffff:10.1.0.9"));
        assert!(!has("10.1.0.0/16", "10.2.0.0"));
        assert!(has("127.0.0.1", "127.0.0.1"));
        assert!(!has("127.0.0.1", "127.0.0.2"));
        assert!(has("::1", "::1"));
        assert!(!has("::1", "::2"), "an IPv6 host is not its /64");
        assert!(has("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!has("0.0.0.0/1", "::1"), "of the other kind");
    }

    #[test]
    fn a_block_is_written_as_it_is_meant() {
        for text in ["10.1.0.0/16", "127.0.0.1", "::1", "2001:db8::/32"] {
            let block = AddressBlock::parse(text).expect("a block");
            assert_eq!(block.to_string(), text);
        }
        for wrong in [
            "",
            "localhost",
            "10.1.0.1/16",
            "10.1.0.0/33",
            "10.1.0.0/",
            "0.0.0.0/0",
            "::/0",
            "::1/129",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(AddressBlock::parse(wrong), None, "{wrong}");
        }
    }
}

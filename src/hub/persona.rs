//! What IRC shows of a user beside the nick: who they say they are, and a cloak instead of where they come
//! from. Users who never say so and whom nobody on IRC has seen yet have none.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use smol_str::{SmolStr, format_smolstr};

use super::address::Network;
use super::name::Nick;

/// One user as IRC shows them; shared by all their events until something of it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// At most [`Persona::USERNAME_BYTES`] bytes of ASCII without `!`, `@` and spaces.
    pub username: SmolStr,
    /// See [`CloakKey::cloak`].
    pub host: SmolStr,
    /// At most [`Persona::REALNAME_BYTES`] bytes, one line.
    pub realname: Arc<str>,
    pub is_bot: bool,
    /// The account that they are logged in to.
    pub account: Option<Nick>,
}

/// What users say of themselves with their login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    pub username: SmolStr,
    pub realname: Arc<str>,
}

impl Persona {
    pub const USERNAME_BYTES: usize = 12;
    pub const REALNAME_BYTES: usize = 150;
    /// Of those who do not say.
    pub const USERNAME: &str = "~u";
}

/// Makes cloaks that nobody without it can tell addresses from.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CloakKey(pub u128);

impl std::fmt::Debug for CloakKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CloakKey(hidden)")
    }
}

impl CloakKey {
    /// The host that is shown instead of a network, `None` of a peer on a Unix socket: the same for the same
    /// network, as long as the key is the same.
    #[must_use]
    pub fn cloak(self, network: Option<Network>) -> SmolStr {
        let Some(network) = network else {
            return SmolStr::new_static("local");
        };
        if network.is_loopback() {
            return SmolStr::new_static("localhost");
        }
        let mut hash = Sha256::new();
        hash.update(self.0.to_be_bytes());
        match network {
            Network::V4(octets) => hash.update(octets),
            Network::V6(octets) => hash.update(octets),
        }
        let digest = hash.finalize();
        let first = digest.first_chunk().expect("a SHA-256 has 32 bytes");
        format_smolstr!("{:016x}.ip", u64::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn cloak(key: u128, address: &str) -> SmolStr {
        let address: IpAddr = address.parse().unwrap();
        CloakKey(key).cloak(Some(address.into()))
    }

    #[test]
    fn a_cloak_hides_the_address_and_is_the_same_for_the_same_network() {
        assert_eq!(cloak(1, "192.0.2.1"), cloak(1, "::ffff:192.0.2.1"));
        assert_ne!(cloak(1, "192.0.2.1"), cloak(1, "192.0.2.2"));
        assert_ne!(cloak(1, "192.0.2.1"), cloak(2, "192.0.2.1"));
        assert_eq!(cloak(1, "2001:db8::1"), cloak(1, "2001:db8::2"));
        assert_eq!(cloak(1, "127.0.0.1"), "localhost");
        assert_eq!(CloakKey(1).cloak(None), "local");
    }
}

//! Whom a rule is about: an account, everyone whose nick fits a mask, everyone whom IRC shows in some way, or everyone
//! who comes from some addresses. Parsed once from a text, and shown as the same text.

use std::cell::OnceCell;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use smol_str::{SmolStr, StrExt as _};

use crate::hub::address::Network;
use crate::hub::glob::glob;
use crate::hub::name::{NameError, Nick};
use crate::hub::persona::CloakKey;

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Whoever is logged in to it, whatever they are called.
    Account(Nick),
    /// Whoever is called so; `*` stands for any letters and `?` for one. Folded as nicks are.
    Nick(Mask),
    /// Whoever IRC shows so, as `nick!username@host`.
    Host(Arc<HostMask>),
    /// Whoever comes from there.
    Address(Block),
}

/// Three patterns, of which all must fit. The host is a cloak, so this is not about addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostMask {
    nick: Mask,
    username: Mask,
    host: Mask,
}

/// A pattern, of nicks in their folded form, of the rest in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask(Arc<str>);

/// Addresses that begin with the same bits. An IPv6 block is a /64 or larger: what is smaller is one host's
/// to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    network: Network,
    bits: u8,
}

/// Why a text names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectError {
    Name(NameError),
    /// A mask of wildcards only, or the network 0.0.0.0/0 or ::/0.
    Everybody,
    /// More bits than such an address has, or no number.
    Bits {
        max: u8,
    },
    /// The operators included.
    Loopback,
}

/// What would be one, as the end of a sentence.
impl fmt::Display for SubjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(_) => f.write_str(
                "it is a nick or NICK!USERNAME@HOST, perhaps with * and ?, an address, perhaps with /BITS, or \
                 account:NAME",
            ),
            Self::Everybody => f.write_str("it would be everybody"),
            Self::Bits { max } => write!(f, "behind the / is a number from 1 to {max}"),
            Self::Loopback => f.write_str("it would be everybody on this machine"),
        }
    }
}

/// Who somebody is, as rules look at them.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Traits<'a> {
    pub(in crate::hub) nick: &'a Nick,
    pub(in crate::hub) account: Option<&'a Nick>,
    /// Of each of their sessions that has one.
    pub(in crate::hub) networks: &'a [Network],
    pub(in crate::hub) shown: Shown<'a>,
}

/// As what IRC shows somebody beside their nick. Most rules ask for nothing of it, and a cloak takes a hash.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct Shown<'a> {
    pub(in crate::hub) username: &'a str,
    /// The host, once it is known.
    pub(in crate::hub) host: &'a OnceCell<SmolStr>,
    /// Which it is the cloak of.
    pub(in crate::hub) network: Option<Network>,
    pub(in crate::hub) cloak_key: CloakKey,
}

impl Shown<'_> {
    fn host(&self) -> &str {
        let cloak = || self.cloak_key.cloak(self.network);
        self.host.get_or_init(cloak)
    }
}

const ACCOUNT: &str = "account:";

impl Subject {
    /// Longest text of one, in bytes.
    pub const MAX_BYTES: usize = Nick::MAX_BYTES + HostMask::REST_BYTES_MAX;

    /// From `account:NAME`, an address with or without `/BITS`, `NICK!USERNAME@HOST`, or a nick; the last two perhaps
    /// with `*` and `?`.
    ///
    /// # Errors
    /// [`SubjectError`] says what is wrong. Also where a nick is the text of something else once it is folded, as
    /// `１０.0.0.1` is: rules are kept, shown and ended by that text.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let subject = Self::read(text)?;
        if Self::read(&subject.to_string())? == subject {
            Ok(subject)
        } else {
            Err(SubjectError::Name(NameError::NotAllowed))
        }
    }

    fn read(text: &str) -> Result<Self, SubjectError> {
        if let Some(name) = text.strip_prefix(ACCOUNT) {
            let name = Nick::parse(name).map_err(SubjectError::Name)?;
            return Ok(Self::Account(name));
        }
        if let Some((nick, rest)) = text.split_once('!') {
            let mask = HostMask::parse(nick, rest)?;
            return Ok(match mask.nick_alone() {
                // Two texts for one thing would be two rules.
                Some(nick) => Self::Nick(nick.clone()),
                None => Self::Host(Arc::new(mask)),
            });
        }
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        match address.parse::<IpAddr>() {
            Ok(address) => Block::new(address, bits).map(Self::Address),
            Err(_) => Mask::parse(text).map(Self::Nick),
        }
    }

    pub(in crate::hub) fn fits(&self, who: Traits<'_>) -> bool {
        match self {
            Self::Account(name) => who.account == Some(name),
            Self::Nick(mask) => mask.fits(who.nick.key()),
            Self::Host(mask) => mask.fits(who),
            Self::Address(block) => who.networks.iter().any(|&it| block.has(it)),
        }
    }

    /// Whether nobody is left out.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        matches!(self, Self::Host(mask) if mask.is_everybody())
    }

    /// Whether it is about where people come from.
    #[must_use]
    pub fn is_address(&self) -> bool {
        matches!(self, Self::Address(_))
    }

    /// Whether it is about the addresses of a connection that is nobody yet.
    pub(in crate::hub) fn has_address(&self, network: Network) -> bool {
        matches!(self, Self::Address(block) if block.has(network))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "{ACCOUNT}{}", name.key()),
            Self::Nick(mask) => f.write_str(&mask.0),
            Self::Host(mask) => write!(f, "{}!{}@{}", mask.nick.0, mask.username.0, mask.host.0),
            Self::Address(block) => block.fmt(f),
        }
    }
}

impl HostMask {
    /// Longest username and host of a mask.
    const PART_BYTES_MAX: usize = 64;
    const REST_BYTES_MAX: usize = 2 * Self::PART_BYTES_MAX + 2;

    /// `rest` is `USERNAME@HOST`. Unlike a mask of nicks, one of these may fit everybody: rooms are closed in that way,
    /// but for the exempt.
    fn parse(nick: &str, rest: &str) -> Result<Self, SubjectError> {
        let (username, host) = rest
            .split_once('@')
            .ok_or(SubjectError::Name(NameError::Character('!')))?;
        let nick = match Mask::parse(nick) {
            Err(SubjectError::Everybody) => Mask("*".into()),
            parsed => parsed?,
        };
        Ok(Self {
            nick,
            username: Self::part(username)?,
            host: Self::part(host)?,
        })
    }

    fn part(text: &str) -> Result<Mask, SubjectError> {
        let max = Self::PART_BYTES_MAX;
        if text.is_empty() {
            return Err(SubjectError::Name(NameError::Empty));
        }
        if text.len() > max {
            return Err(SubjectError::Name(NameError::TooLong { max }));
        }
        let is_bad = |it: &char| !it.is_ascii_graphic() || matches!(it, '!' | '@' | ',');
        if let Some(bad) = text.chars().find(is_bad) {
            return Err(SubjectError::Name(NameError::Character(bad)));
        }
        Ok(Mask(text.to_ascii_lowercase().into()))
    }

    fn fits(&self, who: Traits<'_>) -> bool {
        self.nick.fits(who.nick.key())
            && self
                .username
                .fits(&who.shown.username.to_ascii_lowercase_smolstr())
            && (self.host.is_anything() || self.host.fits(who.shown.host()))
    }

    fn is_everybody(&self) -> bool {
        let parts = [&self.nick, &self.username, &self.host];
        parts.into_iter().all(Mask::is_anything)
    }

    /// Whether only the nick matters, which is this one then.
    fn nick_alone(&self) -> Option<&Mask> {
        let is_alone = self.username.is_anything() && self.host.is_anything();
        Some(&self.nick).filter(|nick| is_alone && !nick.is_anything())
    }
}

impl Mask {
    fn is_anything(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'*')
    }

    fn parse(text: &str) -> Result<Self, SubjectError> {
        let is_wild = |letter: char| matches!(letter, '*' | '?');
        if !text.contains(is_wild) {
            let nick = Nick::parse(text).map_err(SubjectError::Name)?;
            return Ok(Self(nick.key().into()));
        }
        if text.chars().all(is_wild) {
            return Err(SubjectError::Everybody);
        }
        if text.chars().count() > Nick::MAX_CHARS {
            let max = Nick::MAX_CHARS;
            return Err(SubjectError::Name(NameError::TooLong { max }));
        }
        let mut folded = String::with_capacity(text.len());
        for piece in text.split_inclusive(is_wild) {
            let letters = piece.trim_end_matches(is_wild);
            if !letters.is_empty() {
                let nick = Nick::parse(letters).map_err(SubjectError::Name)?;
                folded.push_str(nick.key());
            }
            folded.push_str(&piece[letters.len()..]);
        }
        Ok(Self(folded.into()))
    }

    /// Takes time proportional to the product of both lengths at worst, which are bounded.
    fn fits(&self, key: &str) -> bool {
        glob(&self.0, key)
    }
}

impl Block {
    fn new(address: IpAddr, bits: Option<&str>) -> Result<Self, SubjectError> {
        let network = Network::from(address);
        let max = match network {
            Network::V4(_) => 32,
            Network::V6(_) => 64,
        };
        let bits = match bits {
            None => max,
            Some(text) => match text.parse() {
                Ok(bits) if bits <= max => bits,
                // A whole address is written with 128 bits.
                Ok(128) if max == 64 => max,
                Ok(_) | Err(_) => return Err(SubjectError::Bits { max }),
            },
        };
        if bits == 0 {
            return Err(SubjectError::Everybody);
        }
        let block = Self {
            network: network.masked(bits),
            bits,
        };
        let loopback = [Network::V4([127, 0, 0, 1]), Network::V6([0; 8])];
        if loopback.into_iter().any(|it| block.has(it)) {
            return Err(SubjectError::Loopback);
        }
        Ok(block)
    }

    fn has(self, network: Network) -> bool {
        network.masked(self.bits) == self.network
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.network)?;
        match (self.network, self.bits) {
            (Network::V4(_), 32) => Ok(()),
            (_, bits) => write!(f, "/{bits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        Subject::parse(text).unwrap()
    }

    fn network(text: &str) -> Network {
        Network::from(text.parse::<IpAddr>().unwrap())
    }

    fn fits(mask: &str, nick: &str) -> bool {
        let who = Traits {
            nick: &Nick::parse(nick).unwrap(),
            account: None,
            networks: &[],
            shown: Shown {
                username: "~u",
                host: &OnceCell::new(),
                network: None,
                cloak_key: CloakKey::default(),
            },
        };
        subject(mask).fits(who)
    }

    #[test]
    fn host_masks_fit_as_irc_shows_people() {
        for mask in [
            "ana!*@*",
            "a*!~U@LOCAL",
            "*!*@loc?l",
            "*!~u@*",
            "*!*@*",
            "**!*@*",
        ] {
            assert!(fits(mask, "Ana"), "{mask}");
        }
        for mask in ["ben!*@*", "ana!u@*", "*!*@localhost", "ana!~u@*.ip"] {
            assert!(!fits(mask, "Ana"), "{mask}");
        }
        assert_eq!(subject("Ana!*@*"), subject("ana"));
        assert_eq!(subject("Ana!X@*").to_string(), "ana!x@*");
        assert!(subject("**!*@**").is_everybody() && !subject("*!~u@*").is_everybody());
    }

    #[test]
    fn masks_fit_whole_nicks_in_every_spelling() {
        for (mask, nick) in [
            ("ana", "ANA"),
            ("ANA", "ana"),
            ("a*", "a"),
            ("a*", "Anabel"),
            ("*bel", "anabel"),
            ("a*b*l", "anabel"),
            ("a?a", "ana"),
            ("*a*a*", "banana"),
            ("한?", "한글"),
            ("*spam*", "xXSPAMXx"),
        ] {
            assert!(fits(mask, nick), "{mask} {nick}");
        }
        for (mask, nick) in [
            ("ana", "anabel"),
            ("a?", "a"),
            ("a?a", "anna"),
            ("*bel", "bela"),
            ("a*b*l", "anabeln"),
        ] {
            assert!(!fits(mask, nick), "{mask} {nick}");
        }
    }

    #[test]
    fn no_mask_takes_long() {
        let mask = "*a".repeat(15);
        let nick = "a".repeat(31) + "b";
        assert!(!fits(&mask, &nick));
    }

    #[test]
    fn blocks_hold_the_addresses_that_begin_alike() {
        let Subject::Address(block) = subject("192.0.2.77/24") else {
            panic!("an address");
        };
        assert_eq!(block.to_string(), "192.0.2.0/24");
        assert!(block.has(network("192.0.2.1")) && block.has(network("::ffff:192.0.2.9")));
        assert!(!block.has(network("192.0.3.1")) && !block.has(network("2001:db8::1")));
        assert_eq!(subject("192.0.2.7").to_string(), "192.0.2.7");
        assert_eq!(
            subject("2001:db8::7").to_string(),
            "2001:db8::/64",
            "one host"
        );
        assert_eq!(subject("2001:db8::7/128"), subject("2001:db8::/64"));
        let Subject::Address(block) = subject("2001:db8::/29") else {
            panic!("an address");
        };
        assert!(block.has(network("2001:dbf:1::1")) && !block.has(network("2001:dc0::1")));
    }

    #[test]
    fn nobody_bans_everybody_or_this_machine() {
        for text in ["*", "**?", "0.0.0.0/0", "::/0"] {
            assert_eq!(Subject::parse(text), Err(SubjectError::Everybody), "{text}");
        }
        for text in ["127.0.0.1", "127.0.0.0/8", "::1", "96.0.0.0/3"] {
            assert_eq!(Subject::parse(text), Err(SubjectError::Loopback), "{text}");
        }
        for (text, max) in [
            ("192.0.2.0/33", 32),
            ("2001:db8::/65", 64),
            ("10.0.0.0/x", 32),
        ] {
            assert_eq!(Subject::parse(text), Err(SubjectError::Bits { max }));
        }
        for text in [
            "",
            "a b",
            "account:",
            "account:a*",
            "a!b",
            "a!@c",
            "a!b@",
            "a!b c@d",
        ] {
            assert!(matches!(Subject::parse(text), Err(SubjectError::Name(_))));
        }
    }

    #[test]
    fn what_would_be_shown_as_something_else_is_none() {
        let not_allowed = SubjectError::Name(NameError::NotAllowed);
        let too_long = SubjectError::Name(NameError::TooLong { max: 32 });
        let long = format!("{0}*{0}", "ﬃ".repeat(10));
        for (text, error) in [
            ("１０.0.0.1", not_allowed),
            ("１２７.0.0.1", SubjectError::Loopback),
            ("１０.0.0.0/33", SubjectError::Bits { max: 32 }),
            (&*long, too_long),
        ] {
            assert_eq!(Subject::parse(text), Err(error), "{text}");
        }
        assert_eq!(subject("ＡＮＡ*").to_string(), "ana*");
    }

    #[test]
    fn what_is_shown_parses_again() {
        for text in [
            "account:Ana",
            "a*?",
            "Ana",
            "A!b@C.ip",
            "10.0.0.0/8",
            "2001:db8::/32",
        ] {
            let it = subject(text);
            assert_eq!(subject(&it.to_string()), it);
            assert!(it.to_string().len() <= Subject::MAX_BYTES);
        }
    }
}

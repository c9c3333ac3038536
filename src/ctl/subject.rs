//! Whom a rule is about, looked at before anything is asked, so that a slip is told with the command line in
//! view. What passes here may still be refused: which letters a nick may have, the server knows.

use std::net::{IpAddr, Ipv6Addr};

/// What would be one.
const EXPECTED: &str = "it is a nick or NICK!USERNAME@HOST, perhaps with * and ?, an address, perhaps with /BITS, or account:NAME";

/// No nick is longer, in bytes, however its letters are composed.
const NICK_BYTES_MAX: usize = 384;

/// What no nick has, as other things begin or go on with it.
const NEVER_IN_NICKS: [char; 5] = ['@', '#', ',', ':', '!'];

/// The text itself, where it may be a subject.
///
/// # Errors
/// A sentence for the user.
pub fn parse(text: &str) -> Result<String, String> {
    if let Some(name) = text.strip_prefix("account:") {
        return if is_nick(name) && !name.contains(is_wild) {
            Ok(text.to_owned())
        } else {
            Err(EXPECTED.to_owned())
        };
    }
    if let Some((nick, rest)) = text.split_once('!') {
        let parts = rest.split_once('@');
        let is_part = |it: &str| is_nick(it) && it.is_ascii();
        let is_mask = parts.is_some_and(|(user, host)| is_part(user) && is_part(host));
        return if is_nick(nick) && is_mask {
            Ok(text.to_owned())
        } else {
            Err(EXPECTED.to_owned())
        };
    }
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    if let Ok(address) = address.parse::<IpAddr>() {
        return block(address, bits).map(|()| text.to_owned());
    }
    if !text.is_empty() && text.chars().all(is_wild) {
        return Err("it would be everybody".to_owned());
    }
    if !is_nick(text) {
        return Err(EXPECTED.to_owned());
    }
    Ok(text.to_owned())
}

fn is_wild(letter: char) -> bool {
    matches!(letter, '*' | '?')
}

fn is_nick(text: &str) -> bool {
    let is_refused = |letter: char| {
        letter.is_whitespace() || letter.is_control() || NEVER_IN_NICKS.contains(&letter)
    };
    !text.is_empty() && text.len() <= NICK_BYTES_MAX && !text.contains(is_refused)
}

fn block(address: IpAddr, bits: Option<&str>) -> Result<(), String> {
    let mapped = match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => address.to_ipv4_mapped(),
    };
    let address = mapped.map_or(address, IpAddr::V4);
    let (number, loopback, width, max) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 0x7f00_0001, 32, 32),
        IpAddr::V6(address) => (address.to_bits(), Ipv6Addr::LOCALHOST.to_bits(), 128, 64),
    };
    let bits = match bits.map(str::parse) {
        None => max,
        Some(Ok(128)) if max == 64 => max,
        Some(Ok(bits)) if bits <= max => bits,
        Some(_) => return Err(format!("behind the / is a number from 1 to {max}")),
    };
    if bits == 0 {
        return Err("it would be everybody".to_owned());
    }
    if number >> (width - bits) == loopback >> (width - bits) {
        return Err("it would be everybody on this machine".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_subject_passes_as_it_is() {
        for text in [
            "ana",
            "spam*",
            "a?a",
            "한?",
            "account:ana",
            "192.0.2.7",
            "192.0.2.0/24",
            "2001:db8::7",
            "2001:db8::/32",
            "2001:db8::7/128",
            "::ffff:192.0.2.7/32",
        ] {
            assert_eq!(parse(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_none_is_told_in_words() {
        for text in [
            "",
            "two words",
            "#lobby",
            "@ana",
            "a!b",
            "a!b@",
            "a!b@c@d",
            "account:",
            "account:a*",
            "ana\n",
            "300.1.1.1:5",
        ] {
            assert_eq!(parse(text).unwrap_err(), EXPECTED, "{text}");
        }
        for text in ["*", "*?", "0.0.0.0/0", "::/0"] {
            let said = parse(text).unwrap_err();
            assert_eq!(said, "it would be everybody", "{text}");
        }
        for text in [
            "127.0.0.1",
            "127.0.0.0/8",
            "::1",
            "96.0.0.0/3",
            "::ffff:127.0.0.1",
        ] {
            assert!(parse(text).unwrap_err().ends_with("this machine"), "{text}");
        }
        for (text, max) in [
            ("192.0.2.0/33", "32"),
            ("2001:db8::/65", "64"),
            ("10.0.0.0/x", "32"),
        ] {
            assert!(parse(text).unwrap_err().ends_with(max), "{text}");
        }
    }
}

//! What a proxy says ahead of everything else: for whom it has opened the connection. The PROXY protocol,
//! versions 1 and 2 (haproxy.org, doc/proxy-protocol.txt). Pure: bytes in, meaning out.

use std::net::SocketAddr;

use ppp::{v1, v2};

use super::transport::Look;

/// For whom a connection was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// For whoever came from there.
    Somebody(SocketAddr),
    /// For nobody else: the proxy looks whether we are well, or cannot say.
    Proxy,
}

/// Why there is no header.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("it begins with something else")]
    Missing,
    #[error("version 1: {0}")]
    V1(#[from] v1::BinaryParseError),
    #[error("version 2: {0}")]
    V2(#[from] v2::ParseError),
    #[error("version 2: it is longer than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    #[error("version 2: it is about datagrams")]
    Datagrams,
}

/// Most bytes of a header that are read. The addresses take 232 at most, what proxies add a few hundred.
pub(super) const HEADER_BYTES_MAX: usize = 4096;

/// Finds the header that the first bytes of a connection must be.
///
/// # Errors
/// [`HeaderError`]; what has no header within [`HEADER_BYTES_MAX`] is refused.
pub(super) fn look(bytes: &[u8]) -> Result<Look<Behind>, HeaderError> {
    if begins_alike(bytes, v2::PROTOCOL_PREFIX) {
        look_for_v2(bytes)
    } else if begins_alike(bytes, v1::PROTOCOL_PREFIX.as_bytes()) {
        look_for_v1(bytes)
    } else {
        Err(HeaderError::Missing)
    }
}

/// Whether they are the same as far as there are bytes of both.
fn begins_alike(bytes: &[u8], prefix: &[u8]) -> bool {
    bytes.iter().zip(prefix).all(|(a, b)| a == b)
}

/// A line. Only a whole one is parsed: the parser cannot always tell what is incomplete from what is wrong.
fn look_for_v1(bytes: &[u8]) -> Result<Look<Behind>, HeaderError> {
    let line = &bytes[..bytes.len().min(V1_BYTES_MAX)];
    if !line.ends_with(b"\r\n") && !line.windows(2).any(|pair| pair == b"\r\n") {
        return match line.len() {
            V1_BYTES_MAX => Err(v1::BinaryParseError::Parse(v1::ParseError::HeaderTooLong).into()),
            _ => Ok(Look::Incomplete),
        };
    }
    let header = v1::Header::try_from(line)?;
    let meaning = match header.addresses {
        v1::Addresses::Tcp4(it) => somebody(it.source_address, it.source_port),
        v1::Addresses::Tcp6(it) => somebody(it.source_address, it.source_port),
        v1::Addresses::Unknown => Behind::Proxy,
    };
    let bytes = header.header.len();
    Ok(Look::Complete { bytes, meaning })
}

fn look_for_v2(bytes: &[u8]) -> Result<Look<Behind>, HeaderError> {
    let Some(&[high, low]) = bytes.get(V2_LENGTH_AT..V2_FIXED_BYTES) else {
        return Ok(Look::Incomplete);
    };
    let whole = V2_FIXED_BYTES + usize::from(u16::from_be_bytes([high, low]));
    if whole > HEADER_BYTES_MAX {
        return Err(HeaderError::TooLong);
    }
    let Some(bytes) = bytes.get(..whole) else {
        return Ok(Look::Incomplete);
    };
    let header = v2::Header::try_from(bytes)?;
    let meaning = match (header.command, header.addresses) {
        // What such a header says of addresses is to be ignored.
        (v2::Command::Local, _) => Behind::Proxy,
        (v2::Command::Proxy, _) if header.protocol == v2::Protocol::Datagram => {
            return Err(HeaderError::Datagrams);
        }
        (v2::Command::Proxy, v2::Addresses::IPv4(it)) => {
            somebody(it.source_address, it.source_port)
        }
        (v2::Command::Proxy, v2::Addresses::IPv6(it)) => {
            somebody(it.source_address, it.source_port)
        }
        (v2::Command::Proxy, v2::Addresses::Unspecified | v2::Addresses::Unix(_)) => Behind::Proxy,
    };
    let bytes = whole;
    Ok(Look::Complete { bytes, meaning })
}

fn somebody(address: impl Into<std::net::IpAddr>, port: u16) -> Behind {
    Behind::Somebody(SocketAddr::new(address.into(), port))
}

/// The longest line, its end included.
const V1_BYTES_MAX: usize = 107;
/// Where the length stands of what follows the fixed part.
const V2_LENGTH_AT: usize = 14;
const V2_FIXED_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(bytes: &[u8]) -> (usize, Behind) {
        match look(bytes) {
            Ok(Look::Complete { bytes, meaning }) => (bytes, meaning),
            other => panic!("{other:?} to {bytes:?}"),
        }
    }

    fn from(address: &str) -> Behind {
        Behind::Somebody(address.parse().unwrap())
    }

    fn v2(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let mut header = v2::PROTOCOL_PREFIX.to_vec();
        header.extend([command, family]);
        header.extend(u16::try_from(addresses.len()).unwrap().to_be_bytes());
        header.extend(addresses);
        header
    }

    const FOUR: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80];

    #[test]
    fn a_line_names_an_address() {
        let line = b"PROXY TCP4 192.0.2.7 10.0.0.1 4660 80\r\n";
        let with_more = [line, &b"NICK ana\r\n"[..]].concat();
        assert_eq!(complete(&with_more), (line.len(), from("192.0.2.7:4660")));
        let line = b"PROXY TCP6 2001:db8::7 ::1 4660 80\r\n";
        assert_eq!(complete(line), (line.len(), from("[2001:db8::7]:4660")));
        assert_eq!(complete(b"PROXY UNKNOWN\r\n"), (15, Behind::Proxy));
    }

    #[test]
    fn a_binary_header_names_an_address() {
        let mut header = v2(0x21, 0x11, &FOUR);
        assert_eq!(complete(&header), (28, from("192.0.2.7:4660")));
        header.extend(b"\x16\x03\x01");
        assert_eq!(complete(&header).0, 28, "what follows is not its own");
        let mut six = [0; 39];
        six[15] = 1;
        six[33] = 9;
        assert_eq!(complete(&v2(0x21, 0x21, &six)).1, from("[::1]:9"));
        assert_eq!(complete(&v2(0x20, 0x11, &FOUR)).1, Behind::Proxy, "LOCAL");
        assert_eq!(complete(&v2(0x20, 0x00, &[])).1, Behind::Proxy, "LOCAL");
        assert_eq!(complete(&v2(0x21, 0x00, &[])).1, Behind::Proxy, "UNSPEC");
    }

    #[test]
    fn a_header_may_come_byte_by_byte() {
        let headers: [&[u8]; 3] = [
            b"PROXY TCP4 192.0.2.7 10.0.0.1 4660 80\r\n",
            b"PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n",
            &v2(0x21, 0x11, &FOUR),
        ];
        for header in headers {
            for length in 1..header.len() {
                assert_eq!(look(&header[..length]), Ok(Look::Incomplete), "{length}");
            }
            assert_eq!(complete(header).0, header.len());
        }
    }

    #[test]
    fn what_is_no_header_is_refused_at_once() {
        for bytes in [&b"GET / HTTP/1.1\r\n"[..], b"\r\n\r\n\0\r\nQUIX", b"P\r\n"] {
            assert_eq!(look(bytes), Err(HeaderError::Missing), "{bytes:?}");
        }
        for line in [
            "PROXY TCP4 192.0.2.7 10.0.0.1 66000 80\r\n",
            "PROXY TCP4 ana 10.0.0.1 1 80\r\n",
            "PROXY TCP9 192.0.2.7 10.0.0.1 1 80\r\n",
            "PROXY\r\n",
        ] {
            let refused = look(line.as_bytes()).unwrap_err();
            assert!(matches!(refused, HeaderError::V1(_)), "{line}: {refused}");
        }
        let long = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 200]].concat();
        assert!(matches!(look(&long), Err(HeaderError::V1(_))));
        assert_eq!(look(&v2(0x21, 0x11, &[0; 5000])), Err(HeaderError::TooLong));
        assert_eq!(look(&v2(0x21, 0x12, &FOUR)), Err(HeaderError::Datagrams));
        for header in [v2(0x31, 0x11, &FOUR), v2(0x21, 0x11, &FOUR[..4])] {
            assert!(matches!(look(&header), Err(HeaderError::V2(_))));
        }
    }
}

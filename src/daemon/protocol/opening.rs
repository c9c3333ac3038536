//! Whether a peer begins with a request of HTTP where something else is spoken. A page in a browser may send such a
//! request to any port, with a body of its choice: what it wants said there must not be read as what its user says.

/// The first bytes of a connection, as many as it takes to know.
#[derive(Debug, Default)]
pub(super) struct Opening {
    bytes: [u8; BYTES],
    len: u8,
}

impl Opening {
    /// Takes note of what has come next. Says whether all that has come begins a request.
    pub(super) fn is_http(&mut self, more: &[u8]) -> bool {
        let len = usize::from(self.len);
        let taken = more.len().min(BYTES - len);
        if taken == 0 {
            return false;
        }
        self.bytes[len..len + taken].copy_from_slice(&more[..taken]);
        self.len += taken as u8;
        let begun = &self.bytes[..len + taken];
        METHODS.iter().any(|method| begun.starts_with(method))
    }
}

/// What the peer is told.
pub(super) const NOT_HTTP: &str = "HTTP is not spoken here";

/// Methods that browsers know, and the others of RFC 9110 and 5789. None of them is a verb here, and no object
/// begins so.
const METHODS: [&[u8]; 9] = [
    b"CONNECT ",
    b"DELETE ",
    b"GET ",
    b"HEAD ",
    b"OPTIONS ",
    b"PATCH ",
    b"POST ",
    b"PUT ",
    b"TRACE ",
];

/// The longest of them.
const BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_beginning_however_it_is_cut() {
        for method in METHODS {
            assert!(method.len() <= BYTES);
            for cut in 0..method.len() {
                let mut opening = Opening::default();
                assert!(!opening.is_http(&method[..cut]));
                assert!(opening.is_http(&method[cut..]));
            }
        }
        for other in [
            "NICK ana",
            "POSTER x",
            "{\"type\":\"GET \"}",
            "GETS",
            "\r\nGET /",
            "get ",
        ] {
            let mut opening = Opening::default();
            assert!(!opening.is_http(other.as_bytes()), "{other}");
            assert!(!opening.is_http(b"GET / HTTP/1.1\r\n"), "{other}");
        }
    }
}

//! The head of a request: collected from a stream that is cut anywhere, within a bound, and parsed once it is
//! there as a whole.

use httparse::{EMPTY_HEADER, Request, Status};

use super::answer::Answer;

/// A head that has come in part.
#[derive(Debug, Default)]
pub(super) struct Collector {
    bytes: Vec<u8>,
}

/// What a request asks for, as far as anybody here wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    /// As it was written, with its query.
    pub(super) target: String,
    /// HTTP/1.1, not 1.0.
    pub(super) is_current: bool,
    headers: Vec<(String, String)>,
}

impl Collector {
    /// Most bytes of a head. Browsers send one or two thousand, cookies included.
    pub(super) const BYTES_MAX: usize = 8 * 1024;
    /// Most headers.
    pub(super) const HEADERS_MAX: usize = 64;

    /// Takes the bytes of a head off the front of these. `None` when it has not come as a whole.
    ///
    /// # Errors
    /// The answer to what is no head, or too long.
    pub(super) fn take(&mut self, rest: &mut &[u8]) -> Option<Result<Head, Answer>> {
        let is_first = self.bytes.is_empty();
        let before = self.bytes.len();
        let more = &rest[..rest.len().min(Self::BYTES_MAX - before)];
        self.bytes.extend_from_slice(more);
        let Some(end) = end_of_head(&self.bytes, before) else {
            if self.bytes.len() >= Self::BYTES_MAX {
                return Some(Err(Answer::too_large()));
            }
            // What is no HTTP at all is told so at once; the rest is looked at when it is there.
            let parsed = if is_first { parse(&self.bytes) } else { None };
            *rest = &[];
            return parsed.filter(Result::is_err);
        };
        *rest = &rest[end - before..];
        let bytes = std::mem::take(&mut self.bytes);
        // Nothing but lines that are not folded ends in an empty one.
        Some(parse(&bytes[..end]).unwrap_or_else(|| Err(Answer::bad("this is no request"))))
    }

    /// Bytes held.
    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.len()
    }
}

impl Head {
    /// The values of a header, in their order; `name` is in lower case.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.headers.iter().filter(move |(known, _)| known == name);
        headers.map(|(_, value)| value.as_str())
    }

    /// The elements of a header that is a list.
    pub(super) fn elements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let elements = self.values(name).flat_map(|value| value.split(','));
        elements
            .map(str::trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether a list has this word, in any case.
    pub(super) fn has(&self, name: &str, word: &str) -> bool {
        self.elements(name).any(|it| it.eq_ignore_ascii_case(word))
    }

    /// The value of a header that may stand there once.
    pub(super) fn only<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut values = self.values(name);
        values.next().filter(|_| values.next().is_none())
    }
}

/// Where the empty line ends, looking at what is new and the little before it that may belong to it.
fn end_of_head(bytes: &[u8], before: usize) -> Option<usize> {
    let from = before.saturating_sub(EMPTY_LINE.len() - 1);
    let at = bytes[from..]
        .windows(EMPTY_LINE.len())
        .position(|window| window == EMPTY_LINE)?;
    Some(from + at + EMPTY_LINE.len())
}

fn parse(bytes: &[u8]) -> Option<Result<Head, Answer>> {
    let mut headers = [EMPTY_HEADER; Collector::HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(Status::Complete(_)) => Some(head(&request)),
        Ok(Status::Partial) => None,
        Err(httparse::Error::TooManyHeaders) => Some(Err(Answer::too_large())),
        Err(httparse::Error::Version) => Some(Err(Answer::bad("only HTTP/1.1 is spoken here"))),
        Err(_) => Some(Err(Answer::bad("this is no request of HTTP/1.1"))),
    }
}

fn head(request: &Request<'_, '_>) -> Result<Head, Answer> {
    let headers = request.headers.iter().map(|header| {
        // Values are ASCII; what is not may be from before that was agreed on.
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        (header.name.to_ascii_lowercase(), value)
    });
    let head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        is_current: request.version == Some(1),
        headers: headers.collect(),
    };
    if head.is_current && head.only("host").is_none() {
        return Err(Answer::bad("a request has one Host"));
    }
    Ok(head)
}

const EMPTY_LINE: &[u8] = b"\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "GET /chat?a=1 HTTP/1.1\r\nHost: chat.example\r\nX-List: a, B\r\nx-list:c,,\r\n\r\n";

    /// Read in pieces of so many bytes; and how many bytes were left.
    fn read_in(pieces: usize, bytes: &[u8]) -> (Option<Result<Head, Answer>>, usize) {
        let mut collector = Collector::default();
        let mut taken = 0;
        for piece in bytes.chunks(pieces) {
            let mut rest = piece;
            let head = collector.take(&mut rest);
            taken += piece.len() - rest.len();
            if head.is_some() {
                return (head, bytes.len() - taken);
            }
        }
        (None, bytes.len() - taken)
    }

    fn status(bytes: &[u8]) -> u16 {
        let (read, _) = read_in(usize::MAX, bytes);
        read.expect("something").expect_err("a refusal").status()
    }

    #[test]
    fn a_head_is_read_and_what_follows_is_left() {
        let bytes = [HEAD, "more"].concat();
        for pieces in [1, 2, 3, 5, usize::MAX] {
            let (head, _) = read_in(pieces, bytes.as_bytes());
            let head = head.expect("a head").expect("a good one");
            assert_eq!((&*head.method, &*head.target), ("GET", "/chat?a=1"));
            assert!(head.is_current);
            assert_eq!(head.only("host"), Some("chat.example"));
            assert_eq!(head.elements("x-list").collect::<Vec<_>>(), ["a", "B", "c"]);
            assert!(head.has("x-list", "b") && !head.has("x-list", "d"));
            assert_eq!(head.only("x-list"), None, "there are two");
        }
        assert_eq!(read_in(usize::MAX, bytes.as_bytes()).1, 4);
        assert_eq!(read_in(1, &HEAD.as_bytes()[..HEAD.len() - 1]), (None, 0));
    }

    #[test]
    fn what_is_no_head_is_refused_at_once() {
        assert_eq!(status(b"\x16\x03\x01\x02\0\x01"), 400, "TLS");
        assert_eq!(status(b"{\"type\":\"login\"}"), 400);
        assert_eq!(status(b"NICK ana\r\nUSER a 0 * :a\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status(b"GET / HTTP/1.1\r\n\r\n"), 400, "no Host");
        let two = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n";
        assert_eq!(status(two), 400);
        let folded = b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n";
        assert_eq!(status(folded), 400);
    }

    #[test]
    fn a_head_is_bounded() {
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(Collector::BYTES_MAX));
        assert_eq!(status(long.as_bytes()), 431);
        let many = "X: y\r\n".repeat(Collector::HEADERS_MAX + 1);
        assert_eq!(
            status(format!("GET / HTTP/1.1\r\n{many}\r\n").as_bytes()),
            431
        );
        let mut collector = Collector::default();
        for byte in long.as_bytes() {
            collector.take(&mut &[*byte][..]);
            assert!(collector.held_bytes() <= Collector::BYTES_MAX);
        }
    }
}

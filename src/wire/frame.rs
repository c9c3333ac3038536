//! JSON objects out of a byte stream: cut anywhere, glued together, with or without white space
//! between them. The splitter finds where an object begins and ends and reads each byte once; it
//! knows nothing of what an object says, and owns no memory unless an object has come in part.
//!
//! An object that cannot be delivered is reported once, skipped to its end, and the stream goes
//! on behind it. Only after [`SKIP_BYTES_MAX`] skipped bytes is the stream given up.

use std::borrow::Cow;
use std::mem;

/// Deepest nesting of objects and lists in one object, itself included. The protocol needs two.
pub const DEPTH_MAX: u32 = 32;

/// Most bytes skipped to find the end of one bad object or one run of garbage.
pub const SKIP_BYTES_MAX: usize = 1024 * 1024;

/// Longest object that a client should accept from a server, in bytes: far more than a server
/// with the default limits ever sends.
pub const SERVER_OBJECT_BYTES_MAX: usize = 1024 * 1024;

/// Why there is no object where one should be, as a sentence for people. After all but the last the stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Bytes between objects that are not white space. Reported once for each run of them, which
    /// ends at a line feed or a `{`.
    #[error("A JSON object was expected, which begins with {{.")]
    NotAnObject,
    /// Longer than the limit.
    #[error("The object is longer than {max} bytes.")]
    TooLong { max: usize },
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("The object is nested deeper than {DEPTH_MAX} levels.")]
    TooDeep,
    /// A raw line feed within a string, which JSON does not allow. The stream goes on behind it,
    /// so that an object with a quote too few costs one line and not the whole stream.
    #[error("A line ends within a string; write line breaks as \\n.")]
    OpenString,
    /// Not UTF-8.
    #[error("The object is not valid UTF-8.")]
    NotUtf8,
    /// No end was found within [`SKIP_BYTES_MAX`]. Nothing comes after it.
    #[error("No end was found to what cannot be read.")]
    Lost,
}

impl FrameError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::TooLong { .. } => "frame_too_long",
            Self::TooDeep => "nested_too_deep",
            Self::OpenString => "open_string",
            Self::NotUtf8 => "invalid_utf8",
            Self::Lost => "unreadable",
        }
    }
}

/// Cuts a stream into objects. See the [module](self) for what it promises.
#[derive(Debug, Default)]
pub struct Splitter {
    place: Place,
    scan: Scan,
    /// The beginning of an object that has come in part.
    carry: Vec<u8>,
    /// Bytes skipped so far while in `Place::Garbage` or `Place::BadObject`.
    skipped: usize,
}

/// Where in the stream the splitter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    Object,
    /// In an object that has been reported and is skipped to its end.
    BadObject,
    Garbage,
    Lost,
}

impl Splitter {
    /// At the beginning of a stream of objects.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next object, or why there is none; `None` when all of `input` has been used up. What has
    /// been read is cut off the front of `input`, so callers loop until `None`. An object that is
    /// whole in `input` is borrowed from it. `frame_bytes` bounds one object and the memory held.
    ///
    /// # Errors
    /// A [`FrameError`]; the caller goes on with the next call, also after [`FrameError::Lost`],
    /// which uses up everything that comes.
    pub fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
        frame_bytes: usize,
    ) -> Option<Result<Cow<'a, str>, FrameError>> {
        while !input.is_empty() {
            let step = match self.place {
                Place::Between => self.begin(input).map(Err),
                Place::Object => self.object(input, frame_bytes),
                Place::BadObject => self.skip_object(input).map(Err),
                Place::Garbage => self.skip_garbage(input).map(Err),
                Place::Lost => {
                    *input = &[];
                    None
                }
            };
            if step.is_some() {
                return step;
            }
        }
        None
    }

    /// Bytes of memory held for an object that has come in part.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.carry.capacity()
    }

    fn begin(&mut self, input: &mut &[u8]) -> Option<FrameError> {
        let white = input.iter().take_while(|byte| is_white(**byte)).count();
        *input = &input[white..];
        match input.first()? {
            b'{' => {
                self.scan = Scan::default();
                self.place = Place::Object;
                None
            }
            _ => {
                self.skip_from(Place::Garbage);
                Some(FrameError::NotAnObject)
            }
        }
    }

    fn object<'a>(
        &mut self,
        input: &mut &'a [u8],
        frame_bytes: usize,
    ) -> Option<Result<Cow<'a, str>, FrameError>> {
        let room = frame_bytes.saturating_sub(self.carry.len());
        let within = &input[..room.min(input.len())];
        let (used, found) = self.scan.run(within);
        let bytes = take(input, used);
        let (error, place) = match found {
            Found::End => {
                self.place = Place::Between;
                return Some(self.complete(bytes));
            }
            Found::More if used < room => {
                self.carry.extend_from_slice(bytes);
                return None;
            }
            Found::More => (FrameError::TooLong { max: frame_bytes }, Place::BadObject),
            Found::TooDeep => (FrameError::TooDeep, Place::BadObject),
            Found::OpenString => (FrameError::OpenString, Place::Between),
        };
        self.carry = Vec::new();
        self.skip_from(place);
        Some(Err(error))
    }

    fn complete<'a>(&mut self, bytes: &'a [u8]) -> Result<Cow<'a, str>, FrameError> {
        let text = if self.carry.is_empty() {
            str::from_utf8(bytes).ok().map(Cow::Borrowed)
        } else {
            let mut whole = mem::take(&mut self.carry);
            whole.extend_from_slice(bytes);
            String::from_utf8(whole).ok().map(Cow::Owned)
        };
        text.ok_or(FrameError::NotUtf8)
    }

    fn skip_object(&mut self, input: &mut &[u8]) -> Option<FrameError> {
        let within = &input[..self.may_skip().min(input.len())];
        let (used, found) = self.scan.run(within);
        take(input, used);
        match found {
            Found::End | Found::OpenString => {
                self.place = Place::Between;
                None
            }
            Found::More | Found::TooDeep => self.count_skipped(used),
        }
    }

    fn skip_garbage(&mut self, input: &mut &[u8]) -> Option<FrameError> {
        let within = &input[..self.may_skip().min(input.len())];
        let end = within.iter().position(|byte| matches!(byte, b'\n' | b'{'));
        take(input, end.unwrap_or(within.len()));
        if end.is_none() {
            return self.count_skipped(within.len());
        }
        self.place = Place::Between;
        None
    }

    /// Goes on at `place`, with nothing skipped yet.
    fn skip_from(&mut self, place: Place) {
        self.place = place;
        self.skipped = 0;
    }

    fn may_skip(&self) -> usize {
        SKIP_BYTES_MAX - self.skipped
    }

    fn count_skipped(&mut self, bytes: usize) -> Option<FrameError> {
        self.skipped += bytes;
        if self.skipped < SKIP_BYTES_MAX {
            return None;
        }
        self.place = Place::Lost;
        Some(FrameError::Lost)
    }
}

/// How far into an object the splitter has read.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    depth: u32,
    within: Within,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Structure,
    String,
    /// Behind a backslash in a string.
    Escape,
}

enum Found {
    /// The bytes are used up.
    More,
    /// The last byte used ended the object.
    End,
    /// The last byte used went past [`DEPTH_MAX`]; reported at each such byte.
    TooDeep,
    /// The last byte used is a line feed in a string.
    OpenString,
}

impl Scan {
    /// Reads on. Whether brackets match in kind is left to the JSON parser: here they only count.
    /// Returns the number of bytes used, and what stopped it.
    fn run(&mut self, bytes: &[u8]) -> (usize, Found) {
        for (position, byte) in bytes.iter().enumerate() {
            match (self.within, byte) {
                (Within::Structure, b'"') => self.within = Within::String,
                (Within::Structure, b'{' | b'[') => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return (position + 1, Found::TooDeep);
                    }
                }
                (Within::Structure, b'}' | b']') => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (position + 1, Found::End);
                    }
                }
                (Within::String, b'"') => self.within = Within::Structure,
                (Within::String, b'\\') => self.within = Within::Escape,
                (Within::String | Within::Escape, b'\n') => {
                    return (position + 1, Found::OpenString);
                }
                (Within::Escape, _) => self.within = Within::String,
                (Within::Structure | Within::String, _) => {}
            }
        }
        (bytes.len(), Found::More)
    }
}

/// The line of plain text that a server sends first. A client reads it, then uses a [`Splitter`]
/// for all that follows.
#[derive(Debug, Default)]
pub struct Greeting {
    carry: Vec<u8>,
}

impl Greeting {
    /// Longest greeting kept, in bytes; what is longer is cut off.
    pub const BYTES_MAX: usize = 4096;

    /// At the beginning of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The line without its end, once it is whole; what follows it stays in `input`. Bytes that are
    /// not UTF-8 are replaced by U+FFFD.
    pub fn next(&mut self, input: &mut &[u8]) -> Option<String> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let bytes = take(input, end.unwrap_or(input.len()));
        let room = Self::BYTES_MAX - self.carry.len();
        self.carry
            .extend_from_slice(&bytes[..room.min(bytes.len())]);
        end?;
        take(input, 1);
        Some(self.so_far())
    }

    /// What has come of the line: the last words of a server that closed before ending it.
    #[must_use]
    pub fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.carry).trim_end().to_owned()
    }
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count);
    *input = rest;
    taken
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All that a splitter says of a stream that comes in these pieces, and the most memory it held.
    fn split(pieces: &[&[u8]], frame_bytes: usize) -> (Vec<Result<String, FrameError>>, usize) {
        let mut splitter = Splitter::new();
        let mut found = Vec::new();
        let mut held = 0;
        for piece in pieces {
            let mut rest = *piece;
            while let Some(step) = splitter.next(&mut rest, frame_bytes) {
                found.push(step.map(Cow::into_owned));
                held = held.max(splitter.held_bytes());
            }
            assert!(rest.is_empty());
            held = held.max(splitter.held_bytes());
        }
        (found, held)
    }

    fn whole(stream: impl AsRef<[u8]>) -> Vec<Result<String, FrameError>> {
        split(&[stream.as_ref()], 64).0
    }

    fn object(text: &str) -> Result<String, FrameError> {
        Ok(text.to_owned())
    }

    #[test]
    fn glued_and_spaced_objects_come_one_by_one() {
        assert_eq!(
            whole("{}{\"a\":[{}]}\n \t\r\n{\"b\":\"}{\\\"\\\\\"}"),
            [
                object("{}"),
                object("{\"a\":[{}]}"),
                object("{\"b\":\"}{\\\"\\\\\"}")
            ]
        );
    }

    #[test]
    fn an_object_that_is_whole_in_the_input_is_borrowed_and_none_is_held() {
        let mut splitter = Splitter::new();
        let mut input: &[u8] = b"{\"a\":1}";
        let found = splitter.next(&mut input, 64);
        assert!(matches!(found, Some(Ok(Cow::Borrowed("{\"a\":1}")))));
        assert_eq!(splitter.held_bytes(), 0);
    }

    #[test]
    fn the_carry_is_freed_with_the_object() {
        let mut splitter = Splitter::new();
        assert_eq!(
            splitter.next(&mut "{\"name\":\"\u{d55c}".as_bytes(), 64),
            None
        );
        assert!(splitter.held_bytes() > 0);
        assert!(splitter.next(&mut b"\"}".as_slice(), 64).is_some());
        assert_eq!(splitter.held_bytes(), 0);
    }

    #[test]
    fn a_run_of_garbage_is_one_error_and_ends_at_a_line_or_an_object() {
        assert_eq!(
            whole("GET / HTTP/1.1\r\nHost: x\r\n\r\n]]{}"),
            [
                Err(FrameError::NotAnObject),
                Err(FrameError::NotAnObject),
                Err(FrameError::NotAnObject),
                object("{}")
            ]
        );
    }

    #[test]
    fn an_object_of_the_longest_length_passes_and_one_byte_more_is_skipped() {
        let longest = format!("{{\"a\":\"{}\"}}", "x".repeat(64 - 8));
        let too_long = format!("{{\"a\":\"{}\"}}", "{".repeat(64 - 7));
        assert_eq!(
            whole(format!("{too_long}{longest}")),
            [Err(FrameError::TooLong { max: 64 }), object(&longest)]
        );
    }

    #[test]
    fn too_deep_nesting_is_one_error_and_skipped() {
        let deepest = format!("{}{}", "{".repeat(32), "}".repeat(32));
        let bomb = format!("{{\"a\":{}{}}}", "[".repeat(50), "]".repeat(50));
        let (found, _) = split(&[format!("{bomb}{deepest}").as_bytes()], 1000);
        assert_eq!(found, [Err(FrameError::TooDeep), object(&deepest)]);
    }

    #[test]
    fn an_open_string_costs_its_line_only() {
        assert_eq!(
            whole("{\"text\":\"no end}\n{\"a\":1}"),
            [Err(FrameError::OpenString), object("{\"a\":1}")]
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_spoil_their_object_only() {
        assert_eq!(
            whole(b"{\"a\":\"\xff\"}{}"),
            [Err(FrameError::NotUtf8), object("{}")]
        );
    }

    #[test]
    fn a_stream_without_an_end_is_given_up_and_stays_so() {
        for endless in ["{\"a\":\"", "xx"] {
            let mut stream = endless.as_bytes().to_vec();
            stream.resize(2 * SKIP_BYTES_MAX, b'x');
            stream.extend(b"\"}\n{}");
            let (found, held) = split(&[&stream], 64);
            assert_eq!(found.last(), Some(&Err(FrameError::Lost)), "{endless}");
            assert_eq!(
                found.len(),
                2,
                "one error when it begins, one when it is given up"
            );
            assert_eq!(held, 0);
        }
    }

    #[test]
    fn the_greeting_is_a_line_and_the_rest_stays() {
        let mut greeting = Greeting::new();
        assert_eq!(greeting.next(&mut b"Welcome to ".as_slice()), None);
        let mut input: &[u8] = b"chatd {1}\r\n{}";
        assert_eq!(
            greeting.next(&mut input).as_deref(),
            Some("Welcome to chatd {1}")
        );
        assert_eq!(input, b"{}");
    }

    /// Streams that look like what the splitter has to deal with.
    fn stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => "\\{\"(type|text|\u{e9}|\u{d55c}|\u{1f600})\":(\"[a-z{}\\[\\]\u{d55c}]{0,9}(\\\\[\"n\\\\])?\"|[0-9]{1,3}|null|\\[\\]|\\{\\})\\}"
                .prop_map(String::into_bytes),
            2 => "[ \t\r\n]{0,3}".prop_map(String::into_bytes),
            1 => "[{}\\[\\]\"\\\\a\n]{0,9}".prop_map(String::into_bytes),
            1 => Just([b'{', b'"', 0xff, b'"', b'}'].to_vec()),
            1 => (1_usize..60).prop_map(|depth| [b"{\"a\":".as_slice(), &b"[".repeat(depth), &b"]".repeat(depth), b"}"].concat()),
            1 => (1_usize..200).prop_map(|length| [b"{\"a\":\"".as_slice(), &b"y".repeat(length), b"\"}"].concat()),
            1 => proptest::collection::vec(any::<u8>(), 0..20),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn where_the_stream_is_cut_changes_nothing_and_memory_is_bounded(
            bytes in stream(),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                pieces.push(&bytes[from..cut]);
                from = cut;
            }
            let (in_one, _) = split(&[&bytes], 64);
            let (in_pieces, held) = split(&pieces, 64);
            prop_assert_eq!(&in_one, &in_pieces);
            prop_assert!(held <= 2 * 64, "{} bytes held", held);
            let (byte_by_byte, _) = split(&bytes.chunks(1).collect::<Vec<_>>(), 64);
            prop_assert_eq!(&in_one, &byte_by_byte);
        }

        #[test]
        fn every_object_comes_out_whatever_is_between(
            values in proptest::collection::vec("\\PC{0,20}", 1..10),
            white in "[ \t\r\n]{0,3}",
        ) {
            let objects: Vec<String> = values
                .iter()
                .map(|value| serde_json::json!({ "text": value }).to_string())
                .collect();
            let (found, _) = split(&[objects.join(&white).as_bytes()], 1000);
            let expected: Vec<_> = objects.into_iter().map(Ok).collect();
            prop_assert_eq!(found, expected);
        }
    }
}

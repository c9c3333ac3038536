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
mod tests;

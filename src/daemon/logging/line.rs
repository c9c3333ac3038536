//! One log line on its way: from the formatter, with control characters escaped, through the queue
//! to the writer thread, and there to its sink. A line carries the sink's tag as its first byte,
//! because one queue and one thread serve both.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use tracing::{Event, Level, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use super::files::{LogFiles, PENDING_BYTES_MAX};
use crate::wire::terminal::is_steering;

/// Where a line ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sink {
    File,
    Stderr,
}

impl Sink {
    fn tag(self) -> u8 {
        match self {
            Self::File => b'F',
            Self::Stderr => b'E',
        }
    }
}

/// Queues each line for one sink.
#[derive(Clone, Debug)]
pub(super) struct ToSink {
    sink: Sink,
    queue: NonBlocking,
    colour: bool,
}

impl ToSink {
    pub(super) fn new(sink: Sink, queue: &NonBlocking) -> Self {
        Self {
            sink,
            queue: queue.clone(),
            colour: false,
        }
    }

    /// Lets the formatter's own colour sequences pass.
    pub(super) fn with_colour(self, colour: bool) -> Self {
        Self { colour, ..self }
    }
}

impl<'a> MakeWriter<'a> for ToSink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for ToSink {
    /// The formatter writes each line with one call.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let escaped = escape(&text, self.colour);
        let mut tagged = Vec::with_capacity(1 + escaped.len());
        tagged.push(self.sink.tag());
        tagged.extend_from_slice(escaped.as_bytes());
        self.queue.write_all(&tagged)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the writer thread owns. It never fails: a line that cannot be written is counted.
pub(super) struct Sinks {
    files: Option<LogFiles>,
    /// Lines for stderr that are written together.
    pending: Vec<u8>,
}

impl Sinks {
    pub(super) fn new(files: Option<LogFiles>) -> Self {
        Self {
            files,
            pending: Vec::new(),
        }
    }

    fn write_pending(&mut self) {
        // Nobody is left to be told when stderr is gone.
        let _ = io::stderr().write_all(&self.pending);
        self.pending.clear();
    }
}

impl Write for Sinks {
    fn write(&mut self, tagged: &[u8]) -> io::Result<usize> {
        if let Some((tag, line)) = tagged.split_first() {
            if *tag == Sink::Stderr.tag() {
                self.pending.extend_from_slice(line);
                if self.pending.len() >= PENDING_BYTES_MAX {
                    self.write_pending();
                }
            } else if let Some(files) = &mut self.files {
                files.write_line(line);
            }
        }
        Ok(tagged.len())
    }

    /// Called by the writer thread when its queue is empty.
    fn flush(&mut self) -> io::Result<()> {
        self.write_pending();
        if let Some(files) = &mut self.files {
            files.settle();
        }
        Ok(())
    }
}

/// A line is a line: whatever would begin another, move a terminal's cursor or turn the reading
/// direction is written as an escape. The formatter escapes ESC in values itself, so that with
/// `colour` only its own are left.
fn escape(line: &str, colour: bool) -> Cow<'_, str> {
    let body = line.strip_suffix('\n').unwrap_or(line);
    let is_bad = |c: char| is_forging(c) && !(colour && c == '\u{1b}');
    if !body.contains(is_bad) {
        return Cow::Borrowed(line);
    }
    let mut escaped = String::with_capacity(line.len() + 16);
    for c in body.chars() {
        if is_bad(c) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "{}", c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped.push('\n');
    Cow::Owned(escaped)
}

/// Marks of direction too: in a log they belong to no text that needs them.
fn is_forging(c: char) -> bool {
    (c != '\t' && is_steering(c)) || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// A line for the journal: no time, and the priority before it as sd-daemon(3) has it.
#[derive(Debug)]
pub(super) struct JournalLine(Format<Full, ()>);

impl Default for JournalLine {
    fn default() -> Self {
        Self(Format::default().without_time().with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for JournalLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(context, writer, event)
    }
}

/// syslog(3)'s number for a level.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_a_line_of_its_own() {
        assert_eq!(
            escape("nick=a\n2026 ERROR forged\n", false),
            "nick=a\\n2026 ERROR forged\n"
        );
        assert_eq!(escape("a\r\u{85}b\n", false), "a\\r\\u{85}b\n");
    }

    #[test]
    fn a_value_cannot_drive_the_terminal_or_turn_the_text() {
        assert_eq!(escape("\u{1b}[2J\n", false), "\\u{1b}[2J\n");
        assert_eq!(
            escape("a\u{202e}b\u{2066}\n", false),
            "a\\u{202e}b\\u{2066}\n"
        );
        assert_eq!(
            escape("\u{1b}[32mINFO\u{1b}[0m\n", true),
            "\u{1b}[32mINFO\u{1b}[0m\n"
        );
    }

    #[test]
    fn other_text_is_left_alone() {
        assert!(matches!(escape("안녕 ana\tben\n", false), Cow::Borrowed(_)));
    }
}

//! What happened on a shard's sockets, for the owner. The bytes of all reads of one turn stand in one
//! buffer, so that ten thousand idle connections need none of their own.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// One thing that happened on one connection.
#[derive(Debug)]
pub enum Report {
    /// The peer sent the bytes that [`Reports::bytes`] gives for this range.
    Received { slot: u32, bytes: Range<usize> },
    /// TLS was agreed on, and the peer may have shown a certificate that was found good: its DER form.
    Secured {
        slot: u32,
        certificate: Option<Box<[u8]>>,
    },
    /// TLS has failed: nothing more can be read. An alert to the peer may still be on its way.
    TlsFailed { slot: u32, why: TlsFailure },
    /// The peer sends no more. It may still be listening.
    Closed { slot: u32 },
    /// The system gave the connection up.
    Failed { slot: u32, error: io::Error },
    /// More waited for a peer that does not read than may. What had not begun to leave was dropped.
    Overflowed { slot: u32, queued_bytes: usize },
    /// The connection is closed, and its slot may be used again. Always the last word on it.
    Gone { slot: u32, bytes_written: u64 },
}

/// How TLS failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The peer took too long to agree on it.
    Timeout,
    /// What was wrong, in rustls's words.
    Broken(String),
}

/// Reports in the order in which things happened.
#[derive(Debug)]
pub struct Reports {
    list: VecDeque<Report>,
    buffer: Vec<u8>,
    used: usize,
}

impl Reports {
    /// Room for the reads of one turn, at least one of `read_bytes`.
    #[must_use]
    pub fn new(read_bytes: usize) -> Self {
        Self {
            list: VecDeque::new(),
            buffer: vec![0; read_bytes.max(BUFFER_BYTES)],
            used: 0,
        }
    }

    /// The next one.
    pub fn next_report(&mut self) -> Option<Report> {
        self.list.pop_front()
    }

    /// The bytes of a `Received`, until the next turn is collected.
    #[must_use]
    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Whether all have been taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Makes the buffer free again; all reports must have been taken.
    pub fn begin(&mut self) {
        debug_assert!(self.list.is_empty(), "a report would lose its bytes");
        self.used = 0;
    }

    pub(super) fn push(&mut self, report: Report) {
        self.list.push_back(report);
    }

    /// Room for one read of at most `read_bytes`, unless too much has been read in this turn.
    pub(super) fn space(&mut self, read_bytes: usize) -> Option<&mut [u8]> {
        let end = self.buffer.len().min(self.used + read_bytes);
        Some(&mut self.buffer[self.used..end]).filter(|space| !space.is_empty())
    }

    /// Notes a read of `count` bytes into the last `space`.
    pub(super) fn received(&mut self, slot: u32, count: usize) {
        let bytes = self.used..self.used + count;
        self.used = bytes.end;
        self.list.push_back(Report::Received { slot, bytes });
    }
}

/// Bytes read in one turn at most: enough for a burst of thousands of messages. It is only touched as
/// far as it is used.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

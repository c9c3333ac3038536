//! What waits to be written to one peer: slices shared with the other members of its rooms, and
//! bytes of its own. It writes without ever waiting, and exists only while something waits.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};

use super::way::Way;

/// The queue of one peer. Its bound is kept by its owner, who knows whom to tell.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The slice being written, perhaps in part.
    head: Bytes,
    /// The slices after it.
    rest: VecDeque<Bytes>,
    /// Bytes for this peer alone, behind all slices; they grow together into one slice.
    own: Vec<u8>,
    bytes: usize,
    /// Whether `head` lacks its beginning because the kernel took only a part of it.
    head_begun: bool,
}

/// How a write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub bytes: usize,
    /// Whether the kernel takes no more now.
    pub blocked: bool,
}

impl Outbox {
    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Queues what the kernel did not take of these slices, of which it took so many bytes; nothing else may
    /// wait.
    pub(super) fn push_rest(&mut self, slices: &[Bytes], mut taken: usize) {
        for slice in slices {
            if taken >= slice.len() {
                taken -= slice.len();
                continue;
            }
            self.head_begun |= taken > 0;
            self.push_shared(slice.slice(taken..));
            taken = 0;
        }
    }

    /// Queues a slice that others may share.
    pub(super) fn push_shared(&mut self, slice: Bytes) {
        self.bytes += slice.len();
        self.seal_own();
        self.push_slice(slice);
    }

    /// Queues bytes for this peer alone.
    pub(super) fn push_own(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.own.extend_from_slice(bytes);
    }

    /// Queues all that waits in another queue, of which nothing has begun to leave.
    pub(super) fn append(&mut self, mut other: Self) {
        self.seal_own();
        other.seal_own();
        self.bytes += other.bytes;
        if !other.head.is_empty() {
            self.push_slice(other.head);
        }
        other
            .rest
            .into_iter()
            .for_each(|slice| self.push_slice(slice));
    }

    /// Drops everything that has not begun to leave, down to the end of the object that has:
    /// so that a last word still makes sense to a peer whose queue was too long.
    pub(super) fn forget_unbegun(&mut self) {
        self.rest = VecDeque::new();
        self.own = Vec::new();
        let end_of_object = self
            .head
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        self.head
            .truncate(if self.head_begun { end_of_object } else { 0 });
        self.bytes = self.head.len();
    }

    /// Writes as much as is taken.
    ///
    /// # Errors
    /// The kernel's, other than `WouldBlock`: the connection is no more.
    pub(super) fn write_to(&mut self, peer: &mut Way<'_>) -> io::Result<Written> {
        self.seal_own();
        let mut written = Written {
            bytes: 0,
            blocked: false,
        };
        while self.bytes > 0 {
            match self.write_once(peer) {
                Ok(count) => {
                    self.advance(count);
                    written.bytes += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    written.blocked = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Writes one object (up to its `\n`) in one call, for peers that take one object per read.
    ///
    /// # Errors
    /// As [`Self::write_to`].
    pub(super) fn write_object_to(&mut self, peer: &mut Way<'_>) -> io::Result<Written> {
        self.seal_own();
        let object = match self.head.iter().position(|&byte| byte == b'\n') {
            Some(end) => &self.head[..=end],
            None => &self.head[..],
        };
        match peer.write(object) {
            Ok(count) => {
                let blocked = count < object.len();
                self.advance(count);
                Ok(Written {
                    bytes: count,
                    blocked,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Written {
                bytes: 0,
                blocked: true,
            }),
            Err(error) => Err(error),
        }
    }

    fn write_once(&self, peer: &mut Way<'_>) -> io::Result<usize> {
        if self.rest.is_empty() {
            return peer.write(&self.head);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_PER_CALL];
        slices[0] = IoSlice::new(&self.head);
        let mut used = 1;
        for (slot, slice) in slices[1..].iter_mut().zip(&self.rest) {
            *slot = IoSlice::new(slice);
            used += 1;
        }
        peer.write_vectored(&slices[..used])
    }

    fn advance(&mut self, mut count: usize) {
        self.bytes -= count;
        while count >= self.head.len() {
            count -= self.head.len();
            self.head_begun = false;
            match self.rest.pop_front() {
                Some(next) => self.head = next,
                None => {
                    self.head = Bytes::new();
                    return;
                }
            }
        }
        if count > 0 {
            self.head.advance(count);
            self.head_begun = true;
        }
    }

    fn seal_own(&mut self) {
        if !self.own.is_empty() {
            let own = Bytes::from(std::mem::take(&mut self.own));
            self.push_slice(own);
        }
    }

    fn push_slice(&mut self, slice: Bytes) {
        if self.head.is_empty() {
            self.head = slice;
        } else {
            self.rest.push_back(slice);
        }
    }
}

/// Slices handed to the kernel in one call. Linux takes 1024 at most; a turn rarely queues more than
/// a few, and 64 of them fit comfortably on the stack.
const SLICES_PER_CALL: usize = 64;

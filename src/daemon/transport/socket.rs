//! One connection's socket: a descriptor that reads and writes without ever waiting. As small as the
//! descriptor, because there are as many as there are people.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{self, RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown};

/// A connected socket. Dropping it closes the connection.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Takes over a connected stream socket, which need not be non-blocking: every call says so.
    #[must_use]
    pub fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// Reads what is there, as far as it fits; 0 is the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is there; any other error ends the connection.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, _) = retry(|| net::recv(&self.0, &mut *buffer, RecvFlags::DONTWAIT))?;
        Ok(count)
    }

    /// As [`Self::read`], of a socket by its descriptor, but what is read stays there to be read again.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(super) fn peek(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
        let flags = RecvFlags::DONTWAIT.union(RecvFlags::PEEK);
        let (count, _) = retry(|| net::recv(socket, &mut *buffer, flags))?;
        Ok(count)
    }

    /// Writes as much as the kernel takes.
    ///
    /// # Errors
    /// `WouldBlock` when it takes nothing; any other error ends the connection.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        retry(|| net::send(&self.0, bytes, SEND))
    }

    /// As [`Self::write`], from several slices (at most 1024, Linux's bound) in one call.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut nothing_else = SendAncillaryBuffer::default();
        retry(|| net::sendmsg(&self.0, slices, &mut nothing_else, SEND))
    }

    /// Tells the peer that nothing more comes; it may go on sending.
    pub fn finish(&self) {
        net::shutdown(&self.0, Shutdown::Write).ok(); // a peer that has gone need not be told
    }

    /// Says one last thing, and closes. What the kernel does not take at once is lost.
    pub fn dismiss(self, last_words: &[u8]) {
        self.write(last_words).ok(); // a peer that cannot be told is closed all the same
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> Self {
        socket.0
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// `NOSIGNAL`: a peer that has gone is an error here, not a signal to the process.
const SEND: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    Ok(rustix::io::retry_on_intr(&mut call)?)
}

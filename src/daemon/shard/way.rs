//! The way to one peer: its socket, or TLS on it. Outboxes and rounds write here and need not know.

use std::io::{self, IoSlice};

use crate::daemon::transport::{Socket, Tls, TlsBuffers};

/// Where bytes for one peer go.
#[derive(Debug)]
pub(super) struct Way<'a> {
    socket: &'a Socket,
    tls: Option<&'a mut Tls>,
    buffers: &'a mut TlsBuffers,
    /// System calls so far.
    pub calls: usize,
}

impl<'a> Way<'a> {
    pub(super) fn new(
        socket: &'a Socket,
        tls: Option<&'a mut Tls>,
        buffers: &'a mut TlsBuffers,
    ) -> Self {
        Self {
            socket,
            tls,
            buffers,
            calls: 0,
        }
    }

    /// Writes as much as is taken at once. Over TLS, encrypted bytes of it may still wait then.
    ///
    /// # Errors
    /// `WouldBlock` when nothing is taken; any other error ends the connection.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            None => {
                self.calls += 1;
                self.socket.write(bytes)
            }
            Some(tls) => tls.write(self.socket, self.buffers, bytes, &mut self.calls),
        }
    }

    /// As [`Self::write`], several slices at once.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else {
            self.calls += 1;
            return self.socket.write_vectored(slices);
        };
        // Copied together: a record of its own for each would cost more.
        let mut gathered = std::mem::take(&mut self.buffers.gathered);
        gathered.clear();
        for slice in slices {
            let room = GATHERED_BYTES - gathered.len();
            gathered.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        let taken = tls.write(self.socket, self.buffers, &gathered, &mut self.calls);
        self.buffers.gathered = gathered;
        taken
    }

    /// Whether encrypted bytes wait for the kernel.
    pub(super) fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.unsent_bytes() > 0)
    }
}

/// Most bytes that are copied together for one system call.
const GATHERED_BYTES: usize = 64 * 1024;

//! One connection of the load tool: its socket, its client, and what is half read or half written.

use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use crate::ctl::bench::protocol::Client;

/// How a client shall read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Whatever comes, at once.
    Always,
    /// Nothing any more, as soon as it is in.
    UntilIn,
}

/// A connection and its client.
#[derive(Debug)]
pub struct Peer {
    /// `None` when it is closed.
    pub socket: Option<OwnedFd>,
    pub client: Client,
    /// The beginning of a line whose end has not come.
    pub carry: Vec<u8>,
    /// Bytes of the client's `out` that are written.
    pub written: usize,
    /// Whether the kernel had no room, or is still connecting.
    pub waits_to_write: bool,
    pub reading: Reading,
}

impl Peer {
    /// A client whose connection is on its way.
    #[must_use]
    pub fn new(socket: OwnedFd, client: Client, reading: Reading) -> Self {
        Self {
            socket: Some(socket),
            client,
            carry: Vec::new(),
            written: 0,
            waits_to_write: true,
            reading,
        }
    }

    /// Writes as much as the kernel takes.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn write(&mut self) -> Result<(), Errno> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        while let Some(rest) = self.client.out.get(self.written..)
            && !rest.is_empty()
        {
            match send(socket, rest, SendFlags::NOSIGNAL) {
                Ok(length) => self.written += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.client.out.clear();
        self.written = 0;
        Ok(())
    }
}

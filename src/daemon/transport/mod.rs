//! Bytes in, bytes out: the sockets that peers connect by, TCP and Unix, behind one type each for
//! listening, reading and writing. Knows neither the hub nor any protocol.
//!
//! A connection is split in two owned halves: its task reads, the engine writes. Dropping the write
//! half ends the peer's stream (`shutdown(2)`), which is how a connection is closed politely.

mod listener;
mod peer;

pub use listener::{Listener, Socket};
pub use peer::Peer;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{tcp, unix};

/// The half that a connection's task reads from.
#[derive(Debug)]
pub enum ReadHalf {
    Tcp(tcp::OwnedReadHalf),
    Unix(unix::OwnedReadHalf),
}

impl ReadHalf {
    /// Reads what is there into `buffer`; `Ready(Ok(0))` is the end of the stream.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut read = ReadBuf::new(buffer);
        let polled = match self {
            Self::Tcp(half) => Pin::new(half).poll_read(cx, &mut read),
            Self::Unix(half) => Pin::new(half).poll_read(cx, &mut read),
        };
        polled.map_ok(|()| read.filled().len())
    }
}

/// The half that the engine writes to, without ever waiting.
#[derive(Debug)]
pub enum WriteHalf {
    Tcp(tcp::OwnedWriteHalf),
    Unix(unix::OwnedWriteHalf),
}

impl WriteHalf {
    /// Writes as much as the kernel takes. `WouldBlock` when it takes nothing, and also for a socket
    /// whose first readiness tokio has not seen yet.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write(bytes),
            Self::Unix(half) => half.try_write(bytes),
        }
    }

    /// As [`Self::try_write`], from several slices.
    pub fn try_write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(half) => half.try_write_vectored(slices),
            Self::Unix(half) => half.try_write_vectored(slices),
        }
    }

    /// Whether the kernel may take bytes again; arranges to be woken when it does.
    pub fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(half) => half.as_ref().poll_write_ready(cx),
            Self::Unix(half) => half.as_ref().poll_write_ready(cx),
        }
    }
}

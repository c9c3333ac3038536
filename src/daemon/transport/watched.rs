//! A descriptor that tokio watches for us. Alone in this file because tokio asks for an `unsafe`
//! promise: that the descriptor stays open and the same. Owning it, and giving it away only together with the
//! watch, keeps it.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor, and whether there may be something to read from it.
#[derive(Debug)]
pub struct Watched(AsyncFd<OwnedFd>);

impl Watched {
    /// Begins to watch a descriptor, which must be non-blocking or never block when readable.
    ///
    /// # Errors
    /// The system's: it cannot be watched, or no memory is left.
    pub fn new(descriptor: OwnedFd) -> io::Result<Self> {
        // SAFETY: `AsyncFd` owns the descriptor until it ends the watch, nobody else can reach it to close or
        // replace it, and an `OwnedFd` always names the same one.
        let watched = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
        Ok(Self(watched?))
    }

    /// The descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &OwnedFd {
        self.0.get_ref()
    }

    /// The descriptor, watched no more.
    #[must_use]
    pub fn into_descriptor(self) -> OwnedFd {
        self.0.into_inner()
    }

    /// Ready while there may be something to read.
    pub fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read_ready(cx).map_ok(drop)
    }

    /// Reads if there may be something to read. When `read` finds nothing and says `WouldBlock`,
    /// there is nothing until the system tells again.
    ///
    /// # Errors
    /// Those of `read`; `WouldBlock` when it was not even tried.
    pub fn try_read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.0.try_io(Interest::READABLE, |_| read())
    }
}

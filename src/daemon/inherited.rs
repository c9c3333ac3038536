//! Takes over the sockets that a service manager opened for us (sd_listen_fds(3)). Alone in this
//! file because a descriptor that arrives as a bare number can only be owned by `unsafe`.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The inherited descriptors with their names, at the first call; nothing at any other.
///
/// # Errors
/// The environment variables contradict each other, or a descriptor is not open.
pub fn take() -> io::Result<Vec<(OwnedFd, String)>> {
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(Vec::new());
    }
    let inherited = sd_notify::listen_fds_with_names()?;
    // SAFETY: LISTEN_PID names this very process, so the service manager opened these numbers for
    // it before it began, they are open (their flags were just set), nothing else in this process
    // owns them, and `TAKEN` lets them be owned only once.
    Ok(inherited
        .map(|(number, name)| (unsafe { OwnedFd::from_raw_fd(number) }, name))
        .collect())
}

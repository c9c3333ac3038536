//! A thread of the registry that panics takes the process with it: without it, nobody could log in, and
//! nobody would say why.

use std::thread;

/// Ends the process when it is dropped by a panic.
pub(super) struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            std::process::abort();
        }
    }
}

//! Unix signals as the daemon means them. A handler only sets a flag; everything else happens in
//! the loop that asks for the next one. SIGPIPE is ignored by Rust's runtime already.

use std::io;
use std::pin::Pin;

use futures_core::Stream;
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The first SIGTERM or SIGINT: say good-bye, flush, end with exit code 0.
    Stop,
    /// A further one: end at once, with exit code 1, as queued lines may be lost.
    StopNow,
    /// SIGHUP: read the config again.
    Reload,
    /// SIGUSR1: open the log files anew.
    ReopenLogs,
}

/// The signals of this process, from the call of [`Signals::listen`] on.
pub struct Signals {
    arriving: signal_hook_tokio::Signals,
    stopping: bool,
}

impl Signals {
    /// Takes over the four signals. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// The system's: no descriptors are left.
    pub fn listen() -> io::Result<Self> {
        let arriving = signal_hook_tokio::Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])?;
        Ok(Self {
            arriving,
            stopping: false,
        })
    }

    /// The next signal. Several of one kind that arrive together may count as one. May be
    /// dropped and called again without losing any.
    pub async fn next(&mut self) -> Signal {
        loop {
            let number =
                std::future::poll_fn(|cx| Pin::new(&mut self.arriving).poll_next(cx)).await;
            match number {
                Some(SIGHUP) => return Signal::Reload,
                Some(SIGUSR1) => return Signal::ReopenLogs,
                Some(_) if self.stopping => return Signal::StopNow,
                Some(_) => {
                    self.stopping = true;
                    return Signal::Stop;
                }
                // Only an explicit close ends the stream, and nobody has the handle for it.
                None => std::future::pending().await,
            }
        }
    }
}

impl std::fmt::Debug for Signals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signals")
            .field("stopping", &self.stopping)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;

    /// One test, because signals belong to the whole process.
    #[tokio::test]
    async fn each_signal_has_its_meaning_and_a_second_stop_is_final() {
        let mut signals = Signals::listen().unwrap();
        raise(SIGHUP).unwrap();
        assert_eq!(signals.next().await, Signal::Reload);
        raise(SIGUSR1).unwrap();
        assert_eq!(signals.next().await, Signal::ReopenLogs);
        raise(SIGTERM).unwrap();
        assert_eq!(signals.next().await, Signal::Stop);
        raise(SIGHUP).unwrap();
        assert_eq!(signals.next().await, Signal::Reload);
        raise(SIGINT).unwrap();
        assert_eq!(signals.next().await, Signal::StopNow);
    }
}

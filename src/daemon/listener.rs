//! Accepting connections. The loop waits for the kernel only, never for anything that a peer
//! controls, and lives through having no file descriptor left.

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::engine::Engine;
use super::transport::Listener;
use crate::config::Protocol;

/// Accepts until the task is aborted.
pub(super) async fn accept(engine: Rc<Engine>, listener: Listener, speaks: Protocol) {
    let mut reserve = Reserve::new();
    loop {
        match poll_fn(|cx| listener.poll_accept(cx)).await {
            Ok(socket) => engine.serve(socket, speaks),
            Err(error) if is_starved(&error) => {
                engine.note_starved();
                reserve.turn_one_away(&listener, &error).await;
            }
            // The peer had gone before it was accepted: nothing to do.
            Err(error) => debug!(%listener, %error, "accept failed"),
        }
    }
}

/// One file descriptor kept back, so that a connection can still be taken and turned away when all
/// others are in use. Left in the backlog, it would wait without a word, and wake us for ever.
struct Reserve {
    kept: Option<File>,
    told_at: Option<Instant>,
}

impl Reserve {
    fn new() -> Self {
        Self {
            kept: open_reserve(),
            told_at: None,
        }
    }

    async fn turn_one_away(&mut self, listener: &Listener, error: &io::Error) {
        if self
            .told_at
            .is_none_or(|at| at.elapsed() > TELL_AGAIN_AFTER)
        {
            warn!(%listener, %error, "no file descriptor left: turning connections away; raise LimitNOFILE or lower limits.max_connections");
            self.told_at = Some(Instant::now());
        }
        self.kept = None;
        let taken = tokio::time::timeout(RETRY_AFTER, poll_fn(|cx| listener.poll_accept(cx))).await;
        if let Ok(Ok(socket)) = taken {
            socket.dismiss(
                b"The server is full: no file descriptor is left. Please try again later.\n",
            );
        }
        self.kept = open_reserve();
        if self.kept.is_none() {
            sleep(RETRY_AFTER).await;
        }
    }
}

fn open_reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_starved(error: &io::Error) -> bool {
    let starved = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error
        .raw_os_error()
        .is_some_and(|code| starved.iter().any(|errno| errno.raw_os_error() == code))
}

/// How long to wait when not even the reserve could be had.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// The log is told again after this long.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(60);

//! The task of one connection: it reads when there is something to read, writes when the kernel
//! takes bytes again after it had not, keeps the pace for old clients, and sees the connection to its
//! end. One hand-written future, so that ten thousand idle ones stay small.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::Engine;
use crate::daemon::transport::ReadHalf;
use crate::hub::id::SessionId;
use crate::hub::input::QuitReason;

/// One connection's task. Finishes when the connection is closed and forgotten.
#[derive(Debug)]
pub(super) struct ConnectionTask {
    engine: Rc<Engine>,
    session: SessionId,
    read: ReadHalf,
    /// Runs while a paced peer must not be sent its next object yet.
    pace: Option<Pin<Box<Sleep>>>,
    /// Runs once the connection is closing: when it is over, so is the connection.
    deadline: Option<Pin<Box<Sleep>>>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    /// The hub has forgotten the session; what is queued still goes out, within the grace period.
    Draining,
    /// Everything was sent and the peer was told; it may still be sending.
    Lingering,
}

impl ConnectionTask {
    pub(super) fn new(engine: Rc<Engine>, session: SessionId, read: ReadHalf) -> Self {
        Self {
            engine,
            session,
            read,
            pace: None,
            deadline: None,
            stage: Stage::Serving,
        }
    }
}

impl Future for ConnectionTask {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let task = self.get_mut();
        task.know_waker(cx);
        loop {
            let before = task.stage;
            let polled = match task.stage {
                Stage::Serving => task.serve(cx),
                Stage::Draining => task.drain(cx),
                Stage::Lingering => task.linger(cx),
            };
            if polled.is_ready() {
                task.engine.core().remove(task.session);
                return Poll::Ready(());
            }
            if task.stage == before {
                return Poll::Pending;
            }
        }
    }
}

impl ConnectionTask {
    /// Serves the peer; never ready: it ends by moving to another stage.
    fn serve(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.write(cx);
        let reads = self.engine.core().config().limits.reads_per_turn;
        for _ in 0..reads {
            if self.begin_draining_if_closing() || self.engine.core().hold_back(cx.waker()) {
                return Poll::Pending;
            }
            ready!(self.read_once(cx));
        }
        if !self.begin_draining_if_closing() {
            cx.waker().wake_by_ref(); // there may be more, after everyone else's turn
        }
        Poll::Pending
    }

    /// Reads once and hands the bytes to the engine.
    fn read_once(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut core = self.engine.core();
        let mut buffer = core.take_read_buffer();
        let polled = self.read.poll_read(cx, &mut buffer);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Ok(0)) => core.end(self.session, &QuitReason::Closed),
            Poll::Ready(Ok(count)) => core.receive(self.session, &buffer[..*count]),
            Poll::Ready(Err(error)) => {
                core.end(self.session, &QuitReason::Failed(error.to_string().into()));
            }
        }
        core.give_back_read_buffer(buffer);
        polled.map(drop)
    }

    /// Sends what is queued, until it is sent, cannot be sent, or the grace period is over.
    fn drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.write(cx);
        let mut core = self.engine.core();
        let Some(connection) = core.connection(self.session) else {
            return Poll::Ready(());
        };
        if connection.write.is_none() {
            return Poll::Ready(());
        }
        let is_sent = connection.outbox.is_empty();
        if is_sent {
            connection.write = None; // says to the peer that nothing more comes
        }
        let is_stuck = connection.is_blocked;
        if (is_sent || is_stuck) && core.is_crowded() {
            return Poll::Ready(()); // those who have been let in come before those who go
        }
        drop(core);
        if is_sent {
            self.stage = Stage::Lingering;
            self.deadline = Some(Box::pin(sleep(LINGER)));
            return Poll::Pending;
        }
        poll_timer(&mut self.deadline, cx)
    }

    /// Lets the peer finish: closing while its bytes are unread would reset the connection, and it
    /// might lose our last words.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut discarded = [0; 512];
        for _ in 0..LINGER_READS {
            match self.read.poll_read(cx, &mut discarded) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return poll_timer(&mut self.deadline, cx),
            }
        }
        Poll::Ready(()) // it still talks: it does not listen
    }

    /// Writes where the engine's flush does not: to a peer whose socket was full, and to one that
    /// takes an object at a time. All others are left to the flush, which writes once per turn.
    fn write(&mut self, cx: &mut Context<'_>) {
        loop {
            let mut core = self.engine.core();
            let Some(connection) = core.connection(self.session) else {
                return;
            };
            let Some(write) = &connection.write else {
                return;
            };
            if connection.is_blocked {
                // An error shows at the next write, which ends the session.
                if write.poll_writable(cx).is_pending() {
                    return;
                }
                connection.is_blocked = false;
                if !connection.is_paced() {
                    core.flush(self.session.slot);
                    continue;
                }
            }
            if !connection.is_paced() || connection.outbox.is_empty() {
                return;
            }
            let pause = core.config().limits.old_client_pace;
            drop(core);
            if poll_timer(&mut self.pace, cx).is_pending() {
                return;
            }
            self.engine.core().flush_object(self.session);
            self.pace = Some(Box::pin(sleep(pause)));
        }
    }

    fn begin_draining_if_closing(&mut self) -> bool {
        let mut core = self.engine.core();
        let is_closing = core
            .connection(self.session)
            .is_none_or(|connection| connection.is_closing);
        if is_closing {
            let grace = core.config().server.shutdown_grace;
            self.stage = Stage::Draining;
            self.deadline = Some(Box::pin(sleep(grace)));
        }
        is_closing
    }

    /// Tells the engine how to wake this task. The waker stays the same for a task's whole life.
    fn know_waker(&self, cx: &Context<'_>) {
        let mut core = self.engine.core();
        if let Some(connection) = core.connection(self.session)
            && connection.waker.is_none()
        {
            connection.waker = Some(cx.waker().clone());
        }
    }
}

/// Ready when the timer has run out or there is none.
fn poll_timer(timer: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    if let Some(running) = timer {
        ready!(running.as_mut().poll(cx));
        *timer = None;
    }
    Poll::Ready(())
}

/// How long a peer may take to close its side after we have closed ours.
const LINGER: Duration = Duration::from_secs(1);
/// Reads of what a peer still sends after the end, before it is cut off.
const LINGER_READS: usize = 64;

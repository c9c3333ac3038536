//! The ways to write one batch to every hearer, and the clock around them. Each way promises that
//! the whole batch was taken by the kernel; a short write is an error, not a smaller figure.

use std::io::{self, IoSlice};
use std::net::TcpStream;

use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
use rustix::time::{ClockId, clock_gettime};

use super::hearers::Hearers;
use super::ring::Ring;

/// How a batch is written.
pub(crate) enum Way {
    /// `send(2)`, a call per socket.
    Send,
    /// `sendmsg(2)` with the batch in two slices, a call per socket.
    Sendmsg,
    /// `io_uring`: the sends of all sockets in one submission.
    Ring(Box<Ring>),
}

impl Way {
    /// All of them by name; an error where the system refuses.
    pub(crate) fn all() -> [(&'static str, io::Result<Self>); 3] {
        let ring = Ring::new().map(|ring| Self::Ring(Box::new(ring)));
        [
            ("send", Ok(Self::Send)),
            ("sendmsg of 2", Ok(Self::Sendmsg)),
            ("io_uring", ring),
        ]
    }

    fn write(&mut self, sockets: &[TcpStream], batch: &[u8]) -> io::Result<()> {
        match self {
            Self::Send => {
                for socket in sockets {
                    whole(send(socket, batch, SendFlags::NOSIGNAL)?, batch)?;
                }
                Ok(())
            }
            Self::Sendmsg => {
                let (front, back) = batch.split_at(batch.len() / 2);
                let slices = [IoSlice::new(front), IoSlice::new(back)];
                for socket in sockets {
                    let mut control = SendAncillaryBuffer::default();
                    let sent = sendmsg(socket, &slices, &mut control, SendFlags::NOSIGNAL)?;
                    whole(sent, batch)?;
                }
                Ok(())
            }
            Self::Ring(ring) => ring.write(sockets, batch),
        }
    }
}

/// Writes `batch` to everyone `rounds` times and returns nanoseconds of this thread's CPU time per
/// socket and round. Between the rounds the hearers read everything, unmeasured, as in a room where
/// the next message comes when the last was heard.
pub(crate) fn measure(
    way: &mut Way,
    hearers: &Hearers,
    batch: &[u8],
    rounds: usize,
) -> io::Result<f64> {
    let mut spent_ns = 0;
    for round in 0..=rounds {
        hearers.announce(batch.len() * hearers.count());
        let begun = thread_cpu_ns();
        way.write(hearers.sockets(), batch)?;
        if round > 0 {
            spent_ns += thread_cpu_ns() - begun; // the first only warms up
        }
        hearers.wait()?;
    }
    Ok(spent_ns as f64 / (rounds * hearers.count()) as f64)
}

/// Fails unless everything was taken.
pub(crate) fn whole(sent: usize, batch: &[u8]) -> io::Result<()> {
    if sent == batch.len() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "only {sent} of {} bytes fitted into a socket",
        batch.len()
    )))
}

fn thread_cpu_ns() -> i64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

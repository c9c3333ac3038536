//! What all scenarios do: bring clients in, wait until it is quiet, and see them out again. Every wait
//! has a bound, and each ends at once when the operator interrupts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::meter::Process;
use super::net::Net;
use super::net::peer::Reading;
use super::progress::Progress;
use super::protocol::Place;
use crate::ctl::clock;
use crate::ctl::exit::{Exit, Failure};

/// It is quiet when nothing has come for so long. A server may gather the news of who came and went
/// before it tells a room: chatd for up to 200 ms. What comes after that belongs to the bill too.
const QUIET: Duration = Duration::from_millis(500);

/// Longest wait for quiet.
const QUIET_MAX: Duration = Duration::from_secs(20);

/// Longest wait at the end until the server has let everyone go.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// A wish of the operator to stop. The second signal ends the process at once, as if there were no
/// handler.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on SIGINT and SIGTERM are a wish.
    ///
    /// # Errors
    /// What the system says.
    pub fn listen() -> io::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_default(signal, Arc::clone(&flag))?;
            flag::register(signal, Arc::clone(&flag))?;
        }
        Ok(Self(flag))
    }

    /// Whether it has been wished.
    #[must_use]
    pub fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A run: its connections and what is looked at meanwhile.
#[derive(Debug)]
pub struct Run {
    pub net: Net,
    pub server: Option<Process>,
    pub progress: Progress,
    pub interrupt: Interrupt,
    /// How long the server may let a client wait on its way in.
    pub patience: Duration,
    /// Clients on their way in at a time.
    pub concurrency: usize,
}

impl Run {
    /// Brings in `count` clients more, each to its place. They count from 0 for `place`.
    ///
    /// # Errors
    /// When the server turns one away, closes a connection, or lets everyone wait too long.
    pub fn admit(&mut self, count: usize, place: impl Fn(u32) -> (Place, Reading)) -> Result<()> {
        let before = self.net.ready();
        let mut places = (0..).map(place).take(count);
        let mut started = 0_usize;
        let mut moved_ns = clock::monotonic_ns();
        self.progress.begin("connecting");
        loop {
            // Who came in earlier may have been cut off meanwhile.
            let entered = self.net.ready().saturating_sub(before);
            if entered == count {
                return Ok(());
            }
            while started.saturating_sub(entered) < self.concurrency
                && let Some((place, reading)) = places.next()
            {
                self.net
                    .open(place, reading)
                    .with_context(|| format!("client {started} cannot connect"))?;
                started += 1;
            }
            self.net.turn(None, &mut |_, _, _| {})?;
            let now_ns = clock::monotonic_ns();
            if self.net.ready().saturating_sub(before) != entered {
                moved_ns = now_ns;
            }
            let (done, all) = (entered as u64, count as u64);
            self.progress.show(now_ns, (done, all), || {
                format!("{done} of {all} clients are in")
            });
            self.check_entry(entered, count, Duration::from_nanos(now_ns - moved_ns))?;
        }
    }

    fn check_entry(&self, entered: usize, count: usize, silence: Duration) -> Result<()> {
        let failure = |exit, why: &str| {
            let text = format!("only {entered} of {count} clients are in: {why}");
            Err(Failure::new(exit, text).into())
        };
        if let Some(end) = self.net.first_end() {
            return failure(Exit::Failed, &end);
        }
        if self.interrupt.came() {
            return failure(Exit::Failed, "interrupted");
        }
        if silence > self.patience {
            let seconds = self.patience.as_secs_f32();
            let why =
                format!("the server let all others wait for {seconds} s; --timeout waits longer");
            return failure(Exit::TimedOut, &why);
        }
        Ok(())
    }

    /// Why the run should end early.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        if self.interrupt.came() {
            return Some("interrupted".to_owned());
        }
        self.net.first_end()
    }

    /// Reads until nothing more comes: what the arrival of so many has set off.
    ///
    /// # Errors
    /// What the system says about the event loop.
    pub fn settle(&mut self) -> Result<()> {
        let begun_ns = clock::monotonic_ns();
        let (mut heard, mut heard_ns) = (self.net.bytes_read(), begun_ns);
        loop {
            self.net.turn(None, &mut |_, _, _| {})?;
            let now_ns = clock::monotonic_ns();
            if self.net.bytes_read() != heard {
                (heard, heard_ns) = (self.net.bytes_read(), now_ns);
            }
            let quiet = Duration::from_nanos(now_ns - heard_ns);
            let all = Duration::from_nanos(now_ns - begun_ns);
            if quiet > QUIET || all > QUIET_MAX || self.interrupt.came() {
                return Ok(());
            }
        }
    }

    /// Everyone says good-bye and goes; what the server still says is for nobody.
    pub fn leave(&mut self) {
        self.progress.begin("leaving");
        self.net.say_good_bye();
        let begun_ns = clock::monotonic_ns();
        while self.net.discard().unwrap_or(0) > 0 {
            let waited = Duration::from_nanos(clock::monotonic_ns() - begun_ns);
            if waited > LEAVE_MAX {
                break;
            }
        }
        self.progress.end();
    }
}

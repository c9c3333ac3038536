//! What a stretch of a run costs: time, the server's CPU and memory, and the tool's own CPU.
//! The CPU clock of a process counts all its threads in nanoseconds, and with them the work that the
//! kernel does within its system calls.

use std::fs;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

use crate::ctl::clock;
use crate::ctl::exit::{Exit, Failure};

/// The process of a server.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pub pid: i32,
    cpu_clock: ClockId,
}

impl Process {
    /// The process with this number.
    ///
    /// # Errors
    /// When there is none, or it may not be looked at.
    pub fn find(pid: i32) -> Result<Self, Failure> {
        let found =
            clock_getcpuclockid(Pid::from_raw(pid)).map(|cpu_clock| Self { pid, cpu_clock });
        found
            .ok()
            .filter(|process| process.cpu_ns().is_some() && process.rss_kib().is_some())
            .ok_or_else(|| {
                let text = format!("there is no process {pid} to measure");
                Failure::new(Exit::NotFound, text)
            })
    }

    /// CPU time so far; `None` when it has ended.
    fn cpu_ns(self) -> Option<u64> {
        cpu_ns(self.cpu_clock)
    }

    /// Memory that it holds, in KiB; `None` when it has ended.
    #[must_use]
    pub fn rss_kib(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

fn cpu_ns(clock: ClockId) -> Option<u64> {
    let time = clock_gettime(clock).ok()?;
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    Some(seconds * 1_000_000_000 + u64::try_from(time.tv_nsec()).ok()?)
}

/// The clocks at the start of a stretch.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    server: Option<Process>,
    begun_ns: u64,
    server_cpu_ns: Option<u64>,
    own_cpu_ns: u64,
    rss_kib: Option<u64>,
}

/// What a stretch took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    pub seconds: f64,
    pub server: Option<ServerUsed>,
    /// Share of the time in which the tool itself was on a CPU.
    pub client_busy: f64,
}

/// What it took of the server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerUsed {
    pub pid: i32,
    pub cpu_ns: u64,
    /// Share of the time in which it was on a CPU; with several threads it may be above 1.
    pub busy: f64,
    pub rss_kib_before: u64,
    pub rss_kib_after: u64,
}

impl Meter {
    /// Starts here.
    #[must_use]
    pub fn start(server: Option<Process>) -> Self {
        let rss_kib = server.and_then(Process::rss_kib);
        Self {
            server,
            rss_kib,
            own_cpu_ns: own_cpu_ns(),
            begun_ns: clock::monotonic_ns(),
            server_cpu_ns: server.and_then(Process::cpu_ns),
        }
    }

    /// What was used since the start. A server that has ended meanwhile is left out.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shares, for people")]
    pub fn stop(&self) -> Used {
        let server_cpu_ns = self.server.and_then(Process::cpu_ns);
        let wall_ns = (clock::monotonic_ns() - self.begun_ns).max(1) as f64;
        let own_cpu_ns = own_cpu_ns() - self.own_cpu_ns;
        let server = || {
            let process = self.server?;
            let cpu_ns = server_cpu_ns?.saturating_sub(self.server_cpu_ns?);
            Some(ServerUsed {
                pid: process.pid,
                cpu_ns,
                busy: cpu_ns as f64 / wall_ns,
                rss_kib_before: self.rss_kib?,
                rss_kib_after: process.rss_kib()?,
            })
        };
        Used {
            seconds: wall_ns / 1e9,
            server: server(),
            client_busy: own_cpu_ns as f64 / wall_ns,
        }
    }
}

fn own_cpu_ns() -> u64 {
    cpu_ns(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_measured_and_a_missing_one_named() {
        let me = Process::find(i32::try_from(std::process::id()).unwrap()).unwrap();
        let meter = Meter::start(Some(me));
        let begun = me.cpu_ns().unwrap();
        while me.cpu_ns().unwrap() < begun + 1_000_000 {}
        let used = meter.stop();
        let server = used.server.unwrap();
        assert!(server.cpu_ns >= 1_000_000, "{used:?}");
        assert!(server.rss_kib_after > 0, "{used:?}");
        assert!(used.client_busy > 0.0 && used.seconds > 0.0, "{used:?}");
        let missing = Process::find(i32::MAX).unwrap_err();
        assert_eq!(missing.exit, Exit::NotFound);
    }
}

//! The floor of this disk: what keeping costs when nothing is left of a server but the append and the
//! `fdatasync`. So many writers, of which each waits for its line before it has the next, put their
//! lines into one queue; a loop takes what waits, up to a batch, writes it in one call, synchronises
//! it, and lets its writers go on. There is no network and no second thread. Nothing of chatd takes part.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use hdrhistogram::Histogram;
use rustix::fs::fdatasync;
use serde_json::json;

/// Measure what a line costs at least that is to be on the disk.
#[derive(Debug, Parser)]
struct Args {
    /// A directory on the disk
    #[arg(long, default_value = ".")]
    directory: PathBuf,
    /// Writers, each with one line on its way
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    writers: u32,
    /// Most lines of a batch; without it, all that wait
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    batch: Option<u32>,
    /// Bytes of a line
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    line_bytes: u32,
    /// Whether the file grows, as a log does, or has its length already
    #[arg(long, value_enum, default_value_t)]
    file: Kind,
    /// How long to measure, in milliseconds
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    duration_ms: u64,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Each batch makes it longer: its length is written down as well.
    #[default]
    Grows,
    /// It is written over from the beginning again.
    Fixed,
}

/// Bytes of a file that is written over: long enough that no block is written twice at once.
const FIXED_BYTES: usize = 64 * 1024 * 1024;

/// Longest time that is told apart, in nanoseconds.
const LONGEST_NS: u64 = 3_600_000_000_000;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "disk: {}: {error}", args.directory.display());
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let path = args
        .directory
        .join(format!("disk-{}.tmp", std::process::id()));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)?;
    let measured = Loop::new(args, file).and_then(|mut it| it.run(args));
    std::fs::remove_file(&path)?;
    report(args, &measured?)
}

/// The file, and the writers whose lines wait, by the time since when they do.
struct Loop {
    file: File,
    at: usize,
    is_fixed: bool,
    waiting: VecDeque<Instant>,
    batch: usize,
    lines: Vec<u8>,
    line_bytes: usize,
}

struct Measured {
    seconds: f64,
    lines: u64,
    commits: u64,
    latency_ns: Histogram<u64>,
}

impl Loop {
    fn new(args: &Args, mut file: File) -> io::Result<Self> {
        let is_fixed = args.file == Kind::Fixed;
        if is_fixed {
            // Written, not only reserved: the first write to a reserved block changes the file's map.
            file.write_all(&vec![b'.'; FIXED_BYTES])?;
            file.sync_all()?;
            file.seek(SeekFrom::Start(0))?;
        }
        let batch = args.batch.unwrap_or(args.writers).min(args.writers) as usize;
        let line_bytes = args.line_bytes as usize;
        Ok(Self {
            file,
            at: 0,
            is_fixed,
            waiting: VecDeque::new(),
            batch,
            lines: vec![b'x'; batch * line_bytes],
            line_bytes,
        })
    }

    fn run(&mut self, args: &Args) -> io::Result<Measured> {
        let mut measured = Measured {
            seconds: 0.0,
            lines: 0,
            commits: 0,
            latency_ns: Histogram::new_with_bounds(1, LONGEST_NS, 3).map_err(io::Error::other)?,
        };
        let begun = now();
        let end = begun + Duration::from_millis(args.duration_ms);
        self.waiting.extend((0..args.writers).map(|_| now()));
        let mut kept = begun;
        while kept < end {
            kept = self.commit(&mut measured)?;
        }
        measured.seconds = (kept - begun).as_secs_f64();
        Ok(measured)
    }

    /// Keeps a batch; its writers have their next lines at once.
    fn commit(&mut self, measured: &mut Measured) -> io::Result<Instant> {
        let count = self.batch.min(self.waiting.len());
        let bytes = count * self.line_bytes;
        if self.is_fixed && self.at + bytes > FIXED_BYTES {
            self.at = 0;
            self.file.seek(SeekFrom::Start(0))?;
        }
        self.at += bytes;
        self.file.write_all(&self.lines[..bytes])?;
        fdatasync(&self.file)?;
        let kept = now();
        for since in self.waiting.drain(..count) {
            let waited = u64::try_from((kept - since).as_nanos()).unwrap_or(u64::MAX);
            measured.latency_ns.saturating_record(waited);
        }
        self.waiting.extend((0..count).map(|_| kept));
        measured.lines += count as u64;
        measured.commits += 1;
        Ok(kept)
    }
}

#[expect(clippy::disallowed_methods, reason = "the bench has no other clock")]
fn now() -> Instant {
    Instant::now()
}

/// One object, with the names that `chatctl bench durable` has for the same things.
fn report(args: &Args, measured: &Measured) -> io::Result<()> {
    let micros = |quantile| {
        let ns = measured.latency_ns.value_at_quantile(quantile);
        (ns as f64 / 100.0).round() / 10.0
    };
    let object = json!({
        "scenario": "disk",
        "file": if args.file == Kind::Fixed { "fixed" } else { "grows" },
        "writers": args.writers,
        "batch": args.batch.unwrap_or(args.writers),
        "line_bytes": args.line_bytes,
        "seconds": measured.seconds,
        "messages": measured.lines,
        "commits": measured.commits,
        "acks_per_s": measured.lines as f64 / measured.seconds,
        "commit_us": measured.seconds * 1e6 / measured.commits as f64,
        "latency_us": {
            "from": "sent",
            "p50": micros(0.5),
            "p90": micros(0.9),
            "p99": micros(0.99),
            "p999": micros(0.999),
            "max": (measured.latency_ns.max() as f64 / 100.0).round() / 10.0,
            "count": measured.latency_ns.len(),
        },
    });
    writeln!(io::stdout(), "{object}")
}

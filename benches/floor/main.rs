//! The floor of this machine: what one delivery costs when nothing is left of a chat server but the
//! system calls that write. A loop hands the same batch of lines to N sockets, one call each; another
//! thread, on another core, reads them empty. What counts is the writing thread's CPU time.
//!
//! Here: the command line, the cases, and the report. Who hears is in `hearers`, the ways to write
//! are in `ways`. Nothing of chatd takes part but the length of its message line.

mod hearers;
mod ring;
mod ways;

use std::io::{self, Write};
use std::process::ExitCode;

use chatd::daemon::protocol::{Dialect, Facts, render_event};
use chatd::hub::command::MessageKind;
use chatd::hub::event::{Event, EventKind};
use chatd::hub::id::MessageId;
use chatd::hub::name::{Nick, RoomName};
use chatd::hub::settings::Settings;
use chatd::hub::time::UnixMillis;
use clap::Parser;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};

use hearers::Hearers;
use ways::Way;

/// Measure what a delivery costs at least on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// One JSON object per line instead of a table
    #[arg(long)]
    json: bool,
    /// Only prove that it runs: one small case, few rounds
    #[arg(long)]
    quick: bool,
    /// Measurements of each case; their median is told
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=100))]
    reps: u16,
    /// The core that writes and the core that reads
    #[arg(long, value_delimiter = ',', default_values_t = [0, 1])]
    cores: Vec<usize>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// A batch as a turn of the daemon would make it: so many lines to each of so many sockets.
#[derive(Clone, Copy, Debug)]
struct Shape {
    sockets: usize,
    lines: usize,
}

/// One line to 100; one and ten speakers with 64 messages each; rooms of 1000 and 9000.
const SHAPES: [Shape; 5] = [
    Shape::new(100, 1),
    Shape::new(100, 64),
    Shape::new(100, 640),
    Shape::new(1000, 64),
    Shape::new(9000, 64),
];

/// About the length of an IRC line with a text of 64 bytes.
const SHORT_LINE_BYTES: usize = 87;

/// Calls of each measurement: long against the clock's step and other threads' visits.
const CALLS: usize = 30_000;

impl Shape {
    const fn new(sockets: usize, lines: usize) -> Self {
        Self { sockets, lines }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args, out: &mut impl Write) -> io::Result<()> {
    raise_open_files();
    let [writer, reader] = args.cores[..] else {
        return Err(io::Error::other(
            "--cores wants two cores, such as --cores 0,1",
        ));
    };
    pin(writer)?;
    if !args.json {
        writeln!(
            out,
            "| way | sockets | lines | bytes a line | ns per delivery | least | most |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|")?;
    }
    let (shapes, calls) = if args.quick {
        (&SHAPES[1..2], 1_000)
    } else {
        (&SHAPES[..], CALLS)
    };
    for &shape in shapes {
        let mut hearers = Hearers::connect(shape.sockets, reader)?;
        for line_bytes in [SHORT_LINE_BYTES, message_line_bytes()] {
            let batch = vec![b'x'; shape.lines * line_bytes];
            for result in compare(&mut hearers, &batch, calls, args.reps)? {
                report(args.json, shape, line_bytes, &result, out)?;
            }
        }
    }
    Ok(())
}

/// What one way cost, in nanoseconds per call, or why it cannot be had here.
struct Measured {
    way: &'static str,
    call_ns: Result<Vec<f64>, String>,
}

/// Measures all ways in turn, again and again, so that a slow moment of the machine meets all.
fn compare(
    hearers: &mut Hearers,
    batch: &[u8],
    calls: usize,
    reps: u16,
) -> io::Result<Vec<Measured>> {
    let mut found = Vec::new();
    let mut ways = Vec::new();
    for (name, way) in Way::all() {
        found.push(Measured {
            way: name,
            call_ns: way
                .as_ref()
                .map_or_else(|error| Err(error.to_string()), |_| Ok(Vec::new())),
        });
        ways.push(way);
    }
    let rounds = calls.div_ceil(hearers.count()).max(3);
    for _ in 0..reps {
        for (measured, way) in found.iter_mut().zip(&mut ways) {
            if let (Ok(call_ns), Ok(way)) = (&mut measured.call_ns, way) {
                call_ns.push(ways::measure(way, hearers, batch, rounds)?);
            }
        }
    }
    Ok(found)
}

fn report(
    as_json: bool,
    shape: Shape,
    line_bytes: usize,
    measured: &Measured,
    out: &mut impl Write,
) -> io::Result<()> {
    let Shape { sockets, lines } = shape;
    let way = measured.way;
    match &measured.call_ns {
        Ok(call_ns) => {
            let per_line = |call_ns: f64| call_ns / lines as f64;
            let [median, least, most] = median_least_most(call_ns).map(per_line);
            if !as_json {
                return writeln!(
                    out,
                    "| {way} | {sockets} | {lines} | {line_bytes} | {median:.0} | {least:.0} | {most:.0} |"
                );
            }
            let times = json!({"ns_per_delivery": median, "least": least, "most": most, "n": call_ns.len()});
            write_object(out, way, shape, line_bytes, times)
        }
        Err(error) if as_json => {
            write_object(out, way, shape, line_bytes, json!({"unavailable": error}))
        }
        Err(error) => writeln!(
            out,
            "| {way} | {sockets} | {lines} | {line_bytes} | not to be had here: {error} | - | - |"
        ),
    }
}

fn write_object(
    out: &mut impl Write,
    way: &str,
    shape: Shape,
    line_bytes: usize,
    rest: Value,
) -> io::Result<()> {
    let mut object = json!({
        "bench": "floor",
        "way": way,
        "sockets": shape.sockets,
        "lines": shape.lines,
        "line_bytes": line_bytes,
    });
    if let (Value::Object(object), Value::Object(rest)) = (&mut object, rest) {
        object.extend(rest);
    }
    writeln!(out, "{object}")
}

fn median_least_most(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    let middle = f64::midpoint(sorted[last / 2], sorted[last.div_ceil(2)]);
    [middle, sorted[0], sorted[last]]
}

/// Our own line for a text of 64 bytes, as the daemon renders it; with names as `chatctl bench` has.
fn message_line_bytes() -> usize {
    let at = UnixMillis(1_795_424_400_000);
    let event = Event {
        at,
        id: MessageId::default().next(at.0),
        kind: EventKind::Message {
            room: RoomName::parse("#bench-k3f9-0").expect("a room's name"),
            from: Nick::parse("bench-k3f9-64").expect("a nick"),
            kind: MessageKind::Text,
            text: "x".repeat(64).into(),
            tags: None,
        },
        actor: None,
    };
    let facts = Facts {
        server_name: String::new(),
        software: String::new(),
        motd: String::new(),
        settings: Settings::default(),
        origins: Vec::new(),
        has_history: false,
        irc_autoreplay: 20,
        irc_sts: None,
        irc_password: None,
        irc_admin: String::new(),
        list_bytes: 0,
        utc_offset_seconds: 0,
        started_at: UnixMillis(0),
        now: at,
    };
    let mut line = Vec::new();
    render_event(Dialect::ChatV1, &facts, &event, &mut line);
    line.len()
}

fn pin(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores)
        .map_err(|error| io::Error::other(format!("cannot be pinned to core {core}: {error}")))
}

/// Both ends of each connection are in this process.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Refused, the old limit stays, and connecting tells when it is reached.
    let _ = setrlimit(Resource::Nofile, raised);
}

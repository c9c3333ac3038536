//! Joined clients that say nothing: what each keeps in the server's memory, and what waiting costs.
//! Those count that are still connected at the end of the wait.

use anyhow::Result;

use super::connect::place_of;
use crate::ctl::bench::args::Bench;
use crate::ctl::bench::meter::{Meter, Process};
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::report::{Report, ServerMemory};
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// Runs it.
///
/// # Errors
/// When not all clients come in.
pub fn run(run: &mut Run, args: &Bench, report: &mut Report) -> Result<()> {
    let count = args.connections.connections;
    let place = place_of(args);
    let rss_kib_before = run.server.and_then(Process::rss_kib);
    run.admit(count as usize, |number| (place(number), Reading::Always))?;
    run.settle()?;
    run.progress.begin("waiting");
    let meter = Meter::start(run.server);
    let begun_ns = clock::monotonic_ns();
    let all_ns = u64::try_from(args.duration.as_nanos()).unwrap_or(u64::MAX);
    loop {
        let now_ns = clock::monotonic_ns();
        let done_ns = now_ns - begun_ns;
        if done_ns >= all_ns {
            break;
        }
        report.cut_short = run.trouble();
        if report.cut_short.is_some() {
            break;
        }
        run.progress.show(now_ns, (done_ns, all_ns), || {
            format!("{count} clients say nothing")
        });
        run.net.turn(None, &mut |_, _, _| {})?;
    }
    let used = meter.stop();
    report.note(&used, &[("ms_per_s", 1e6, used.seconds)]);
    let held = run.net.ready() as u64;
    report.connections = Some(held);
    report.server_memory = report.server_memory.map(|memory| {
        let from_the_start = ServerMemory {
            rss_kib_before: rss_kib_before.unwrap_or(memory.rss_kib_before),
            ..memory
        };
        from_the_start.per_connection(held)
    });
    Ok(())
}

//! Clients connect, log in and join. Counted is all that the server does for them until it is quiet
//! again; their leaving is not.

use anyhow::Result;

use crate::ctl::bench::args::{Bench, Protocol};
use crate::ctl::bench::meter::Meter;
use crate::ctl::bench::net::peer::Reading;
use crate::ctl::bench::protocol::Place;
use crate::ctl::bench::report::{Report, ServerMemory, round};
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// Runs it.
///
/// # Errors
/// When not all clients come in.
#[expect(clippy::cast_precision_loss, reason = "rates, for people")]
pub fn run(run: &mut Run, args: &Bench, report: &mut Report) -> Result<()> {
    let count = args.connections.connections;
    let place = place_of(args);
    let meter = Meter::start(run.server);
    let begun_ns = clock::monotonic_ns();
    run.admit(count as usize, |number| (place(number), Reading::Always))?;
    let seconds = (clock::monotonic_ns() - begun_ns) as f64 / 1e9;
    // What the last one set off belongs to the bill; waiting for quiet is not part of the time.
    run.settle()?;
    report.cut_short = run.trouble();
    let used = meter.stop();
    report.note(&used, &[("us_per_connection", 1e3, f64::from(count))]);
    report.seconds = round(seconds, 4);
    report.connections = Some(u64::from(count));
    report.connections_per_s = Some(round(f64::from(count) / seconds, 1));
    report.server_memory = report
        .server_memory
        .map(|memory: ServerMemory| memory.per_connection(u64::from(count)));
    Ok(())
}

/// Where each client goes, by `--room-size`.
pub fn place_of(args: &Bench) -> impl Fn(u32) -> Place + use<> {
    let is_chat = args.protocol == Protocol::Chat;
    let size = args.connections.room_size;
    move |number| match number.checked_div(size) {
        Some(room) => Place::Room(room),
        None if is_chat => Place::Default,
        None => Place::Room(0),
    }
}

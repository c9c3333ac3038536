//! `chatctl bench`: puts a server under load and measures what it does, as `nats bench` and
//! `redis-benchmark` do for theirs.
//!
//! `args` is the command line, `check` what must be true before anything is sent, `target` where it
//! goes. `net` moves bytes for all connections in one thread, `protocol` says what they mean,
//! `scenario` who does what; `ledger`, `latency` and `meter` count, `report` tells.

pub mod args;
pub mod check;
pub mod latency;
pub mod layout;
pub mod ledger;
pub mod meter;
pub mod net;
pub mod order;
pub mod payload;
pub mod progress;
pub mod promises;
pub mod protocol;
pub mod report;
pub mod run;
pub mod scenario;
pub mod target;

use std::time::Duration;

use anyhow::{Context, Result};

use super::admin_client::Admin;
use super::args::Args;
use super::exit::{Exit, Failure};
use super::locate::Whereabouts;
use super::remark::remark;
use super::render;
use crate::wire::admin::Status;
use args::{Bench, Protocol, Scenario};
use meter::Process;
use net::Net;
use progress::Progress;
use protocol::Speech;
use protocol::names::Names;
use report::Report;
use run::{Interrupt, Run};
use scenario::{churn, connect, durable, fanout, idle};
use target::Target;

/// How long the server may let a client wait unless `--timeout` says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to ask the chatd of this machine for its process.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the bench and prints its result. It is printed also when something went wrong meanwhile;
/// then the exit code is 1.
///
/// # Errors
/// A failure by the contract of exit codes.
pub async fn run(bench: &Bench, args: &Args, whereabouts: &Whereabouts) -> Result<()> {
    let admin = &whereabouts.admin;
    check::options(bench, args.server.is_some())?;
    check::open_files(bench)?;
    let patience = args.timeout.unwrap_or(PATIENCE);
    let server = whereabouts.server().await?;
    let target = Target::find(&server, bench.yes, bench.sources, patience).await?;
    if bench.protocol == Protocol::Chat {
        check::welcome(bench, &target.server(), patience).await?;
    }
    let process = find_process(bench, &target, admin).await?;
    let mut report = Report {
        scenario: bench.scenario.name(),
        protocol: bench.protocol.name(),
        server: target.to_string(),
        ..Report::default()
    };
    let mut random = [0; 4];
    getrandom::fill(&mut random).context("no random numbers")?;
    let names = Names::new(bench.protocol, random);
    let speech = Speech::new(bench.protocol, names, bench.fanout.size as usize);
    let mut run = Run {
        net: Net::new(target, speech)?,
        server: process,
        progress: Progress::on_stderr(),
        interrupt: Interrupt::listen()?,
        patience,
        concurrency: bench.concurrency as usize,
    };
    // Nothing else runs in this thread's runtime, so the load may keep the thread to itself.
    let outcome = match bench.scenario {
        Scenario::Fanout => fanout::run(&mut run, bench, &mut report),
        Scenario::Connect => connect::run(&mut run, bench, &mut report),
        Scenario::Idle => idle::run(&mut run, bench, &mut report),
        Scenario::Churn => churn::run(&mut run, bench, &mut report),
        Scenario::Durable => durable::run(&mut run, bench, &mut report),
    };
    // Slow readers that were cut off are told of apart.
    let slow = report.slow.map_or(0, |slow| slow.cut_off as usize);
    report.cut_off = run.net.closed().saturating_sub(slow);
    run.leave();
    outcome?;
    tell(args.output, &report)
}

/// The process to measure: the one named, else that of the chatd of this machine.
async fn find_process(bench: &Bench, target: &Target, admin: &Admin) -> Result<Option<Process>> {
    if let Some(pid) = bench.pid {
        return Ok(Some(Process::find(pid)?));
    }
    let status: Option<Status> = admin.within(ASK_TIMEOUT).get("/v1/status").await.ok();
    let pid = status.and_then(|status| target.pid(&status));
    // It may run as somebody else, or in a container with numbers of its own.
    Ok(pid.and_then(|pid| Process::find(pid).ok()))
}

/// Prints the result, and fails when the server did not do all that it should.
fn tell(output: render::Output, report: &Report) -> Result<()> {
    render::record(output, report, &report.lines())?;
    let troubles = report.troubles();
    for trouble in &troubles {
        remark(trouble);
    }
    if troubles.is_empty() {
        Ok(())
    } else {
        Err(Failure::told(Exit::Failed).into())
    }
}

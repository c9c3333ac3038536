//! What became of the subscribers that did not read: whether the server cut them off, and whether it
//! told them why. They read again at the end, to hear it.

use std::time::Duration;

use anyhow::Result;

use crate::ctl::bench::layout::Layout;
use crate::ctl::bench::protocol::Stage;
use crate::ctl::bench::report::Slow;
use crate::ctl::bench::run::Run;
use crate::ctl::clock;

/// The code of chat's good-bye to whom reads too slowly.
const TOO_SLOW: &str = "send_queue_exceeded";

/// Who was cut off is at the end of its bytes by then.
const READ_MAX: Duration = Duration::from_secs(10);

/// Nobody else is cut off when nothing has come for so long.
const QUIET: Duration = Duration::from_millis(500);

/// Lets the slow subscribers read what is left for them.
///
/// # Errors
/// What the system says about the event loop.
pub fn read_out(run: &mut Run, layout: &Layout) -> Result<Slow> {
    run.progress.begin("slow readers");
    let slow = || (0..layout.subscribers).filter(|client| layout.is_slow(*client));
    for client in slow() {
        run.net.read_again(client as usize)?;
    }
    let is_closed = |run: &Run, client| run.net.client(client).stage == Stage::Closed;
    let begun_ns = clock::monotonic_ns();
    let (mut heard, mut heard_ns) = (0, begun_ns);
    while !slow().all(|client| is_closed(run, client as usize)) {
        run.net.turn(None, &mut |_, _, _| {})?;
        let now_ns = clock::monotonic_ns();
        if run.net.bytes_read() != heard {
            (heard, heard_ns) = (run.net.bytes_read(), now_ns);
        }
        let (quiet, all) = (now_ns - heard_ns, now_ns - begun_ns);
        if Duration::from_nanos(quiet) > QUIET
            || Duration::from_nanos(all) > READ_MAX
            || run.interrupt.came()
        {
            break;
        }
    }
    let mut result = Slow {
        asked: layout.slow,
        cut_off: 0,
        told: 0,
    };
    for client in slow().filter(|client| is_closed(run, *client as usize)) {
        let last_words = &run.net.client(client as usize).last_words;
        result.cut_off += 1;
        result.told += u32::from(last_words.as_ref().is_some_and(|it| it.code == TOO_SLOW));
    }
    Ok(result)
}

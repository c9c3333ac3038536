//! `chatctl wait --ready`: for scripts that start chatd and must not come too early.

use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, sleep};

use super::status::state_name;
use crate::ctl::admin_client::Admin;
use crate::ctl::exit::{Exit, Failure};
use crate::ctl::render::{self, Output};
use crate::wire::admin::{State, Status};

/// How long to wait unless `--timeout` says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(100);

/// Returns when the daemon takes connections. `find` is asked each time: the directory that its
/// socket will be in may not be there yet.
///
/// # Errors
/// Exit 6 when it does not within the time; exit 5 when it may not be asked.
pub async fn ready(
    find: &impl Fn() -> Admin,
    output: Output,
    timeout: Option<Duration>,
) -> Result<()> {
    let timeout = timeout.unwrap_or(TIMEOUT);
    let until = Instant::now() + timeout;
    let mut last = "it does not answer".to_owned();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let text = format!(
                "chatd was not ready within {} s: {last}",
                timeout.as_secs_f32()
            );
            return Err(Failure::new(Exit::TimedOut, text).into());
        }
        match find().within(left).get::<Status>("/v1/status").await {
            Ok(status) if status.state == State::Ready => {
                return render::sentence(output, &status, "ready");
            }
            Ok(status) => last = format!("it is {}", state_name(status.state)),
            Err(error) => match error.downcast_ref::<Failure>() {
                Some(failure) if failure.exit == Exit::NotPermitted => return Err(error),
                _ => last = error.to_string(),
            },
        }
        sleep(INTERVAL.min(left)).await;
    }
}

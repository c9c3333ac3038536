//! Waiting for one's turn to log in, where the server says that too many logins to the account have failed. It
//! takes whoever stays connected, by lot, so the wait is spent on the connection and the login sent again.

use std::cell::Cell;
use std::time::Duration;

use super::connection::Connection;
use super::login::Identity;
use crate::ctl::remark::remark;
use crate::wire::chat::{ClientBody, ClientMessage};

/// How long a login waits at most for its turn, where others guess at its account: by default a server ends
/// connections that take longer to log in.
const TURN_WAIT_MAX: Duration = Duration::from_secs(30);

/// How far a login has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) is_ungreeted: Cell<bool>,
    /// For its turn, as the server told; that is no part of the time that the server takes to answer.
    pub(super) waited: Cell<Duration>,
}

/// Whether the login was sent once more, after the wait that the server told.
pub(super) async fn takes_turn(
    connection: &mut Connection,
    identity: &Identity,
    wait_ms: Option<u64>,
    progress: &Progress,
) -> bool {
    let Some((wait_ms, proof)) = wait_ms.zip(identity.proof.as_ref()) else {
        return false;
    };
    if !progress
        .waits_for_turn(Duration::from_millis(wait_ms))
        .await
    {
        return false;
    }
    connection.send(&ClientMessage {
        id: None,
        body: ClientBody::Login {
            credentials: proof.credentials(),
        },
    });
    true
}

impl Progress {
    /// Whether it was not too long.
    async fn waits_for_turn(&self, wait: Duration) -> bool {
        let waited = self.waited.get().saturating_add(wait);
        if waited > TURN_WAIT_MAX {
            return false;
        }
        if self.waited.replace(waited).is_zero() {
            remark("too many logins to this account have failed; waiting for a turn");
        }
        tokio::time::sleep(wait).await;
        true
    }
}

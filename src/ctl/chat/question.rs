//! Asking on a connection of one's own: a question, and all parts of its answer. Keeps to the flood
//! limits as every request does; each part may take as long as the limit says.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::connection::{Connection, Lost};
use super::login::{Welcome, exit_of_loss};
use super::outbox::{Answered, Outbox};
use crate::ctl::exit::{Exit, Failure};
use crate::wire::chat::{ClientBody, ServerMessage};

/// What people are told where nothing is kept.
pub const NO_HISTORY: &str = "this server keeps no history";

/// How long to hear the server out after good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

/// Somebody who asks.
#[derive(Debug)]
pub struct Asker {
    connection: Connection,
    outbox: Outbox<()>,
    limit: Duration,
}

impl Asker {
    /// Over a connection that has just logged in.
    #[must_use]
    pub fn new(connection: Connection, welcome: &Welcome, limit: Duration) -> Self {
        Self {
            connection,
            outbox: Outbox::new(&welcome.limits, Instant::now()),
            limit,
        }
    }

    /// The parts of the answer, in order; at least one.
    ///
    /// # Errors
    /// A failure by the contract of exit codes.
    pub async fn ask(&mut self, body: ClientBody<'static>) -> Result<Vec<ServerMessage>, Failure> {
        self.outbox.push(body, ());
        let mut parts = Vec::new();
        while !self.outbox.is_empty() {
            // Flood control makes a question wait; that is not the server's silence.
            let now = Instant::now();
            let until = self.outbox.wake_at(now).unwrap_or(now).max(now) + self.limit;
            let Ok(heard) = timeout_at(until, self.next()).await else {
                let text = format!("no answer within {} s", self.limit.as_secs_f32());
                return Err(Failure::new(Exit::TimedOut, text));
            };
            let heard =
                heard.map_err(|lost| Failure::new(exit_of_loss(&lost), lost.to_string()))?;
            match self.outbox.answered(heard, Instant::now()) {
                Ok(Some(Answered {
                    answer: ServerMessage::Error { code, text, .. },
                    ..
                })) => return Err(Failure::answered(&code, text)),
                Ok(Some(Answered { answer, .. })) => parts.push(answer),
                // Too fast: it goes again by itself.
                Ok(None) => {}
                Err(event) => {
                    if let ServerMessage::Error { code, text, .. } = *event {
                        return Err(Failure::answered(&code, text));
                    }
                }
            }
        }
        Ok(parts)
    }

    /// The end of it.
    pub async fn say_good_bye(self) {
        self.connection.say_good_bye(FAREWELL).await;
    }

    /// The next object, writing what is due meanwhile.
    async fn next(&mut self) -> Result<ServerMessage, Lost> {
        loop {
            let now = Instant::now();
            while let Some(message) = self.outbox.next(now) {
                self.connection.send(&message);
            }
            let wake_at = self.outbox.wake_at(now).unwrap_or(now + self.limit);
            tokio::select! {
                heard = self.connection.next() => return heard,
                () = sleep_until(wake_at) => {}
            }
        }
    }
}

//! How fast to go: the server's flood control as the client models it, so as not to run into it.
//! Pure; time is passed in. A wrong guess costs a refusal and a wait, never a message.

use std::time::Duration;

use tokio::time::Instant;

use crate::wire::chat::{ClientBody, Limits};

/// Requests under way at once where there is no flood control.
pub const WINDOW_UNLIMITED: usize = 64;

/// Tokens of the burst that are never used: what the login has cost, and a little to spare for
/// requests that arrive closer together than they were sent.
const SPARE: f64 = 4.0;

/// The server's flood control as the client models it, so as not to run into it.
#[derive(Debug)]
pub struct Pace {
    rate: f64,
    burst: f64,
    tokens: f64,
    counted_at: Instant,
    held_until: Instant,
}

impl Pace {
    /// For a connection with these limits that has just logged in.
    #[must_use]
    pub fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            rate: limits.rate.max(0.0),
            burst: (limits.burst - SPARE).max(1.0),
            tokens: (limits.burst - SPARE).max(0.0),
            counted_at: now,
            held_until: now,
        }
    }

    /// Requests that may be under way at once.
    #[must_use]
    pub fn window(&self) -> usize {
        if self.rate > 0.0 { 1 } else { WINDOW_UNLIMITED }
    }

    /// When a token is there.
    #[must_use]
    pub fn ready_at(&self, now: Instant) -> Instant {
        let missing = 1.0 - self.tokens_at(now);
        if self.rate <= 0.0 || missing <= 0.0 {
            return self.held_until;
        }
        // A millisecond more, or rounding could ask again too early and spin.
        let wait = Duration::from_secs_f64((missing / self.rate).min(60.0));
        self.held_until.max(now + wait + Duration::from_millis(1))
    }

    fn tokens_at(&self, now: Instant) -> f64 {
        let gained = now.duration_since(self.counted_at).as_secs_f64() * self.rate;
        (self.tokens + gained).min(self.burst)
    }

    /// This request goes now.
    pub fn spend(&mut self, body: &ClientBody<'_>, now: Instant) {
        self.tokens = self.tokens_at(now) - cost(body);
        self.counted_at = now;
    }

    /// The server counts differently: it has nothing for us before this time.
    pub fn hold(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
        self.tokens = self.tokens.max(1.0);
    }
}

/// One token for each 200 messages that are asked for.
fn more_for(limit: Option<u64>) -> f64 {
    (limit.unwrap_or_default() / 200) as f64
}

/// What a request costs the server's flood control, as documented in `docs/chat-protocol.md`.
fn cost(body: &ClientBody<'_>) -> f64 {
    match body {
        ClientBody::Hello { .. }
        | ClientBody::Login { .. }
        | ClientBody::Password { .. }
        | ClientBody::Register { .. }
        | ClientBody::Nick { .. }
        | ClientBody::Join { .. }
        | ClientBody::Away { .. }
        | ClientBody::Edit { .. }
        | ClientBody::Delete { .. }
        | ClientBody::Invite { .. }
        | ClientBody::Kick { .. }
        | ClientBody::AddRule { .. }
        | ClientBody::EndRule { .. }
        | ClientBody::Grant { .. }
        | ClientBody::SetRoom { .. }
        | ClientBody::Unread => 2.0,
        ClientBody::Rules { .. } => 3.0,
        // And more in a large room, which is not known here.
        ClientBody::RenameRoom { .. } => 5.0,
        ClientBody::History { limit, .. } => 2.0 + more_for(*limit),
        ClientBody::Search { limit, .. } => 4.0 + more_for(*limit),
        ClientBody::Part { .. }
        | ClientBody::Send { .. }
        | ClientBody::Read { .. }
        | ClientBody::Topic { .. }
        | ClientBody::RoomChat { .. }
        | ClientBody::Ignore { .. }
        | ClientBody::Ignores
        | ClientBody::Rooms
        | ClientBody::Names { .. }
        | ClientBody::Users
        | ClientBody::Whois { .. }
        | ClientBody::ShowRoom { .. }
        | ClientBody::Ping => 1.0,
        ClientBody::Pong | ClientBody::Quit { .. } => 0.0,
    }
}

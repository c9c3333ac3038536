//! A login that comes back: after a loss it waits, connects and logs in again, for ever, as the
//! same user by the session's key. It says what happens and decides nothing else; entering rooms
//! again is its owner's business. `next` is cancel safe.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use super::connection::{Connection, Lost};
use super::event;
use super::login::{Arrival, Identity, LoginError, Welcome, login};
use crate::ctl::locate::{Server, Whereabouts};
use crate::wire::chat::{ClientMessage, ServerMessage};

/// What happens on a link.
#[derive(Debug)]
pub enum Happening {
    /// The server said something.
    Heard(ServerMessage),
    /// The connection is gone; the next attempt comes after this time.
    Lost { why: Lost, retry_in: Duration },
    /// The server has ended this session for good: there will be no attempt.
    Ended(Lost),
    /// Connected and logged in again.
    Back(Box<Welcome>),
    /// An attempt failed; the next comes after this time.
    StillAway { why: String, retry_in: Duration },
    /// The server would not log us in again: there will be no attempt until [`Link::retry_as`].
    Refused { text: String },
}

/// Longest time by which one message may overtake another one of the server's.
const OVERTAKING_MAX: Duration = Duration::from_secs(2);

/// Ids that are remembered for so long.
const FRESH_MAX: usize = 1000;

type Attempt = Pin<Box<dyn Future<Output = Result<(Connection, Welcome), LoginError>>>>;

enum State {
    Up(Box<Connection>),
    Waiting(Instant),
    Connecting(Attempt),
    Down,
}

/// The link to one server as one user.
pub struct Link {
    server: Server,
    /// Where to look for the server before each attempt.
    whereabouts: Option<Whereabouts>,
    identity: Identity,
    timeout: Duration,
    state: State,
    backoff: Backoff,
    /// Whether the server is asked to keep our place.
    resumes: bool,
    heard: Heard,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("server", &self.server)
            .field("is_up", &self.is_up())
            .finish_non_exhaustive()
    }
}

impl Link {
    /// A link over a connection that has just logged in; `timeout` bounds each later login.
    #[must_use]
    pub fn new(
        server: Server,
        connection: Connection,
        welcome: &Welcome,
        timeout: Duration,
    ) -> Self {
        Self {
            server,
            whereabouts: None,
            identity: Identity {
                nick: welcome.nick.clone(),
                key: Some(welcome.key.clone()),
                proof: welcome.proof.clone(),
            },
            timeout,
            state: State::Up(Box::new(connection)),
            backoff: Backoff::default(),
            resumes: false,
            heard: Heard::default(),
        }
    }

    /// Looks for the server again before each attempt: what its admin socket told of its port and
    /// certificate may have changed.
    #[must_use]
    pub fn found_by(mut self, whereabouts: &Whereabouts) -> Self {
        self.whereabouts = Some(whereabouts.clone());
        self
    }

    /// Asks the server at each login from now on to keep our place when the connection breaks, and to
    /// tell what was said meanwhile. The first login must have asked for it too.
    #[must_use]
    pub fn resuming(mut self) -> Self {
        self.resumes = true;
        self
    }

    /// Whether there is a connection.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// Queues an object; false when there is no connection to queue it on.
    pub fn send(&mut self, message: &ClientMessage<'_>) -> bool {
        match &mut self.state {
            State::Up(connection) => {
                connection.send(message);
                true
            }
            State::Waiting(_) | State::Connecting(_) | State::Down => false,
        }
    }

    /// The nick to log in with from now on.
    pub fn set_nick(&mut self, nick: &str) {
        nick.clone_into(&mut self.identity.nick);
    }

    /// Connects at once, with another nick and the key for it, if there is one.
    pub fn retry_as(&mut self, nick: &str, key: Option<String>) {
        self.identity = Identity {
            nick: nick.to_owned(),
            key,
            proof: None,
        };
        self.heard = Heard::default();
        self.state = State::Waiting(Instant::now());
    }

    /// The next thing that happens; never, when the link has ended.
    pub async fn next(&mut self) -> Happening {
        loop {
            match &mut self.state {
                State::Up(connection) => match connection.next().await {
                    Ok(message) => {
                        if let Some(msgid) = event::msgid(&message) {
                            self.heard.note(msgid, Instant::now());
                        }
                        return Happening::Heard(message);
                    }
                    Err(why) => return self.lost(why),
                },
                State::Waiting(until) => {
                    tokio::time::sleep_until(*until).await;
                    self.state = State::Connecting(self.attempt());
                }
                State::Connecting(attempt) => {
                    let result = attempt.await;
                    return self.attempted(result);
                }
                State::Down => std::future::pending().await,
            }
        }
    }

    fn attempt(&self) -> Attempt {
        let (former, identity, timeout) =
            (self.server.clone(), self.identity.clone(), self.timeout);
        let whereabouts = self.whereabouts.clone();
        let arrival = Arrival {
            enter: false,
            resume: self.resumes,
            since: self.heard.since().filter(|_| self.resumes),
        };
        Box::pin(async move {
            let found = match whereabouts {
                Some(whereabouts) => whereabouts.found_again().await,
                None => None,
            };
            let server = found.unwrap_or(former);
            login(&server, &identity, &arrival, timeout).await
        })
    }

    fn lost(&mut self, why: Lost) -> Happening {
        if is_final(&why) {
            self.state = State::Down;
            return Happening::Ended(why);
        }
        let retry_in = self.wait();
        Happening::Lost { why, retry_in }
    }

    fn attempted(&mut self, result: Result<(Connection, Welcome), LoginError>) -> Happening {
        match result {
            Ok((connection, welcome)) => {
                self.identity = Identity {
                    nick: welcome.nick.clone(),
                    key: Some(welcome.key.clone()),
                    proof: welcome.proof.clone(),
                };
                self.backoff.reset();
                self.state = State::Up(Box::new(connection));
                Happening::Back(Box::new(welcome))
            }
            Err(error) if error.is_about_nick() => {
                self.state = State::Down;
                Happening::Refused {
                    text: error.failure(&self.server).text,
                }
            }
            // Whoever holds out against a ban knocks for nothing.
            Err(
                LoginError::Refused { code, text } | LoginError::Lost(Lost::Bye { code, text }),
            ) if code == "banned" => {
                self.state = State::Down;
                Happening::Ended(Lost::Bye { code, text })
            }
            Err(error) => {
                let why = match &error {
                    LoginError::Lost(lost) => lost.to_string(),
                    LoginError::Refused { text, .. } => text.clone(),
                    LoginError::TimedOut(_) | LoginError::NotGreeted(_) => "no answer".to_owned(),
                };
                let retry_in = self.wait();
                Happening::StillAway { why, retry_in }
            }
        }
    }

    fn wait(&mut self) -> Duration {
        let wait = self.backoff.next_wait();
        self.state = State::Waiting(Instant::now() + wait);
        wait
    }
}

/// How far we have heard for sure. A private message may overtake a room's line by a moment, so what
/// came just before a connection broke says nothing about what came before it. Asking for a little more
/// than was missed is harmless: what is known already is not shown again.
#[derive(Debug, Default)]
struct Heard {
    /// The greatest id that is old enough, or the first one.
    sure: Option<String>,
    /// Later ones, and when they were heard.
    fresh: VecDeque<(Instant, String)>,
}

impl Heard {
    fn note(&mut self, msgid: &str, now: Instant) {
        while let Some((at, _)) = self.fresh.front()
            && (now.duration_since(*at) > OVERTAKING_MAX || self.fresh.len() >= FRESH_MAX)
            && let Some((_, msgid)) = self.fresh.pop_front()
        {
            self.sure = self.sure.take().max(Some(msgid));
        }
        self.fresh.push_back((now, msgid.to_owned()));
    }

    fn since(&self) -> Option<String> {
        let first = || self.fresh.front().map(|(_, msgid)| msgid.clone());
        self.sure.clone().or_else(first)
    }
}

/// Whether coming back would be wrong: an operator put us out, or we were too much for the server.
#[must_use]
pub fn is_final(lost: &Lost) -> bool {
    match lost {
        Lost::Bye { code, .. } => {
            matches!(
                code.as_str(),
                "kicked" | "banned" | "quit" | "flooding" | "too_many_faults"
            )
        }
        Lost::NotChatd => true,
        Lost::NoConnection(_)
        | Lost::NotTrusted(_)
        | Lost::Closed { .. }
        | Lost::Broken(_)
        | Lost::Silent(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_last_may_have_overtaken_something() {
        let start = Instant::now();
        let mut heard = Heard::default();
        assert_eq!(heard.since(), None);
        heard.note("1k83q4ck00001", start);
        heard.note("1k83q4ck00005", start);
        assert_eq!(heard.since().as_deref(), Some("1k83q4ck00001"));
        heard.note("1k83q4ck00004", start + OVERTAKING_MAX * 2);
        assert_eq!(heard.since().as_deref(), Some("1k83q4ck00005"));
    }
}
